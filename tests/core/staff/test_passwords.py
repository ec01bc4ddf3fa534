"""Passwords at rest."""

import argon2
import pytest

from crossdock.core.staff import passwords


@pytest.mark.parametrize("password", ["yyy", "", " padded ", "密码", "x" * 4096, "nul\0inside"])
async def test_a_hash_fits_its_own_password_only(password: str) -> None:
    stored = await passwords.hashed(password, profile=passwords.CHEAP)

    assert await passwords.matches(password, stored)
    assert not await passwords.matches(password + "x", stored)


async def test_the_same_password_is_stored_differently_each_time() -> None:
    one, other = [await passwords.hashed("yyy", profile=passwords.CHEAP) for _ in range(2)]

    assert one != other


@pytest.mark.parametrize("profile", [passwords.STANDARD, passwords.CHEAP])
async def test_a_hash_carries_the_work_of_its_profile(profile: passwords.Profile) -> None:
    parameters = argon2.extract_parameters(await passwords.hashed("yyy", profile=profile))

    assert parameters.type is argon2.Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        profile.memory_kib,
        profile.passes,
        profile.lanes,
    )


async def test_nobodys_hash_costs_what_a_real_one_costs_and_fits_nothing() -> None:
    real = argon2.extract_parameters(await passwords.hashed("yyy"))

    assert argon2.extract_parameters(passwords.nobodys_hash()) == real
    assert not await passwords.matches("yyy", passwords.nobodys_hash())
    assert not await passwords.matches("", passwords.nobodys_hash())


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$", "pbkdf2_sha256$1$x$y"])
async def test_what_is_no_hash_fits_nothing(stored: str) -> None:
    assert not await passwords.matches("plain", stored)
