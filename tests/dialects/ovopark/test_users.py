"""Users of an enterprise: logging in, the token in its two headers, and who may ask with it."""

import asyncio
import re
from datetime import timedelta
from hashlib import md5
from typing import Any

import pytest

from crossdock.core.enterprises import commands as enterprises
from crossdock.core.enterprises.model import USERNAME_CHARACTERS_MAX
from crossdock.core.enterprises.passwords import digest
from crossdock.core.staff import passwords
from crossdock.core.staff import tries as staff_tries
from crossdock.core.staff.errors import LoginLocked
from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX
from crossdock.dialects.ovopark.routes import ENDPOINTS, FOR_USERS, SIGNED
from crossdock.dialects.ovopark.visitors import TOKEN_CHARACTERS_MAX
from tests.dialects.ovopark.conftest import Gate, signed

PASSWORD = "demo-packer01"
LOGIN = ("open.shopweb.security.mobileLogin", "v1")
STATES = ("open.shopweb.device.getDeviceStates", "v2")


async def answer(gate: Gate, username: str = "packer01", password: str = PASSWORD) -> dict[str, Any]:
    return await gate.send(data=signed(*LOGIN, userName=username, password=password))


async def code(gate: Gate, username: str = "packer01", password: str = PASSWORD) -> int:
    return int((await answer(gate, username, password))["stat"]["code"])


async def log_in(gate: Gate) -> str:
    return str((await answer(gate))["data"]["token"])


async def asked(gate: Gate, **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gate.code(data=signed(*STATES, id="7001"), headers=names)


async def user(gate: Gate, username: str, password: str, *, enterprise_id: int = 1) -> None:
    await gate.execute(
        "INSERT INTO enterprise_user (account_id, enterprise_id, username, password_hash, created_at, updated_at)"
        " VALUES (47, %(enterprise_id)s, %(username)s, %(hash)s, now(), now())",
        enterprise_id=enterprise_id,
        username=username,
        hash=await passwords.hashed(digest(password), profile=passwords.CHEAP),
    )


# Logging in -----------------------------------------------------------------------


async def test_one_token_for_every_login_and_both_readings_of_the_password(gate: Gate) -> None:
    token = await log_in(gate)

    assert re.fullmatch(r"[0-9A-F]{96}", token)
    assert (await answer(gate, password=md5(PASSWORD.encode()).hexdigest()))["data"]["token"] == token
    sso = await gate.send(data=signed("open.shopweb.security.ssoLogin", "v1", userName="packer01", password=PASSWORD))
    assert sso["data"]["token"] == token
    assert await asked(gate, authenticator=token) == 0


async def test_neither_password_nor_token_is_on_record_in_clear(gate: Gate) -> None:
    token = await log_in(gate)
    async with gate.desk.database.autocommit() as tx:
        [(row,)] = await tx.rows("SELECT to_jsonb(u)::text FROM enterprise_user u")

    assert "$argon2id$" in row
    for clear in (PASSWORD, md5(PASSWORD.encode()).hexdigest(), token, token.encode().hex()):
        assert clear not in row


async def test_a_password_that_looks_like_a_digest_is_one(gate: Gate) -> None:
    await user(gate, "hex", "0" * 32)

    assert await code(gate, "hex", "0" * 32) == 0
    assert await code(gate, "hex", digest("0" * 32)) == 0
    assert await code(gate, "hex", digest(digest("0" * 32))) == 103095


@pytest.mark.parametrize("name", ["nobody", "PACKER01", "packer01 ", "a\0b", "u" * (USERNAME_CHARACTERS_MAX + 1)])
async def test_names_that_nobody_has(gate: Gate, name: str) -> None:
    assert await code(gate, name) == 103094


async def test_the_longest_name_is_one(gate: Gate) -> None:
    await user(gate, "u" * USERNAME_CHARACTERS_MAX, "x")

    assert await code(gate, "u" * USERNAME_CHARACTERS_MAX, "x") == 0


@pytest.mark.parametrize("password", ["\0", "é" * 100_000, PASSWORD + " ", PASSWORD.upper()])
async def test_passwords_that_are_wrong(gate: Gate, password: str) -> None:
    assert await code(gate, password=password) == 103095


# Wrong passwords ------------------------------------------------------------------


async def test_so_many_wrong_passwords_lock_a_name(gate: Gate) -> None:
    for _ in range(WRONG_PASSWORDS_MAX - 1):
        assert await code(gate, password="x") == 103095
    assert await code(gate) == 0, "the right one, and the count begins anew"
    for _ in range(WRONG_PASSWORDS_MAX):
        assert (await answer(gate, password="x"))["result"] == "密码错误"

    locked = await answer(gate)
    assert (locked["stat"]["code"], locked["stat"]["codename"]) == (103095, "PASSWORD_ERROE")
    assert locked["result"] == "密码错误次数过多,请稍后再试"

    await user(gate, "other", "x")
    assert await code(gate, "other", "x") == 0
    gate.clock.advance(timedelta(seconds=LOCKED_S))
    stamp = {"_timestamp": f"{gate.clock.now() + timedelta(hours=8):%Y%m%d%H%M%S}"}
    assert await gate.code(data=signed(*LOGIN, userName="packer01", password=PASSWORD, **stamp)) == 0


async def test_many_guesses_at_once_are_not_more_than_few_one_by_one(gate: Gate) -> None:
    answers = await asyncio.gather(*(answer(gate, password=f"x{guess}") for guess in range(20)))

    assert sum(one["result"] == "密码错误" for one in answers) == WRONG_PASSWORDS_MAX


async def test_the_operator_ends_a_lock(gate: Gate) -> None:
    for _ in range(WRONG_PASSWORDS_MAX):
        await code(gate, password="x")
    async with gate.desk.database.transaction() as tx:
        assert await enterprises.unlock(tx, username="packer01") == WRONG_PASSWORDS_MAX

    assert await code(gate) == 0


async def test_names_at_counters_are_counted_for_themselves(gate: Gate) -> None:
    async with gate.desk.database.transaction() as tx:
        for _ in range(WRONG_PASSWORDS_MAX):
            await staff_tries.begin(tx, username="packer01")
    with pytest.raises(LoginLocked):
        async with gate.desk.database.transaction() as tx:
            await staff_tries.begin(tx, username="packer01")

    assert await code(gate) == 0


# The token ------------------------------------------------------------------------


async def test_the_two_headers_and_the_composite_form(gate: Gate) -> None:
    token = await log_in(gate)
    composite = f"{token} h5 1.0 SIMPLIFIED_CHINESE GMT+8:00"

    assert await asked(gate, authenticator=token) == 0
    assert await asked(gate, Ovo_Authorization=token) == 0
    assert await asked(gate, Ovo_Authorization=composite) == 0
    assert await asked(gate, authenticator=f"  {composite}") == 0
    assert await asked(gate, AUTHENTICATOR=token, Ovo_Authorization="x") == 0
    assert await asked(gate, authenticator="", Ovo_Authorization=token) == 0


@pytest.mark.parametrize("wrong", ["", "x", "{lower}", "{token}x", "h5 {token}", "{token},h5", "\xff", "{long}"])
async def test_tokens_that_are_none(gate: Gate, wrong: str) -> None:
    token = await log_in(gate)
    sent = wrong.format(token=token, lower=token.lower(), long="A" * (TOKEN_CHARACTERS_MAX + 1))

    call = signed(*STATES, id="7001")

    assert await gate.code(data=call, headers={"authenticator": sent.encode("latin-1")}) == 9990001
    if sent:
        both = {"authenticator": sent.encode("latin-1"), "ovo-authorization": token.encode()}
        assert await gate.code(data=call, headers=both) == 9990001, "the first counts"


async def test_no_token_and_one_in_the_parameters(gate: Gate) -> None:
    token = await log_in(gate)

    assert await asked(gate) == 9990001
    assert await gate.code(data=signed(*STATES, id="7001", authenticator=token)) == 9990001
    assert await gate.code(params=signed(*STATES, id="7001"), json={"authenticator": token}) == 9990001


async def test_a_token_ends_with_access_and_by_the_operator_and_another_one_is_given(gate: Gate) -> None:
    token = await log_in(gate)
    await gate.execute("UPDATE enterprise_user SET active = false")
    assert await asked(gate, authenticator=token) == 9990001
    assert await code(gate) == 103094
    await gate.execute("UPDATE enterprise_user SET active = true")
    assert await asked(gate, authenticator=token) == 0

    async with gate.desk.database.transaction() as tx:
        await enterprises.withdraw(tx, username="packer01")
    assert await asked(gate, authenticator=token) == 9990001
    other = await log_in(gate)
    assert other != token
    assert await asked(gate, authenticator=other) == 0


async def test_a_user_is_known_to_keys_that_may_act_for_the_enterprise(gate: Gate) -> None:
    await user(gate, "south", "x", enterprise_id=12)
    assert await code(gate, "south", "x") == 103094
    await gate.execute("INSERT INTO organisation_enterprise VALUES (1, 12)")
    south = str((await answer(gate, "south", "x"))["data"]["token"])
    north = await log_in(gate)

    assert await asked(gate, authenticator=north) == 0
    assert await asked(gate, authenticator=south) == 206005, "a user sees the own enterprise only"
    await gate.execute("DELETE FROM organisation_enterprise WHERE enterprise_id = 12")
    assert await asked(gate, authenticator=south) == 9990001


async def test_an_organisation_of_another_account_lends_nothing(gate: Gate) -> None:
    await gate.execute(
        "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'EUR')"
    )
    token = await log_in(gate)
    await gate.execute("UPDATE organisation SET account_id = 48 WHERE id = 1")

    assert await code(gate) == 103094
    assert await asked(gate, authenticator=token) == 9990001


@pytest.mark.parametrize(("method", "version"), sorted(SIGNED))
async def test_signed_methods_do_not_look_at_a_token(gate: Gate, method: str, version: str) -> None:
    assert await gate.code(data=signed(method, version), headers={"authenticator": "x"}) in (0, 100002)


@pytest.mark.parametrize(("method", "version"), sorted(FOR_USERS))
async def test_methods_of_users_ask_for_one_before_anything_else(gate: Gate, method: str, version: str) -> None:
    call = signed(method, version)

    refused = await gate.send(data=call)
    assert (refused["stat"]["code"], refused["stat"]["codename"]) == (9990001, "TOKEN_NOT_EXIST")
    assert refused["stat"]["gatewayParam"] == {"isGatewayReturn": False}
    assert await gate.code(data={**call, "_sig": "0" * 32}) == 7
    assert await gate.code(data=signed(method, "v9")) == 9


def test_every_method_is_of_one_kind() -> None:
    assert not SIGNED.keys() & FOR_USERS.keys()
    assert ENDPOINTS.keys() == SIGNED.keys() | FOR_USERS.keys()
