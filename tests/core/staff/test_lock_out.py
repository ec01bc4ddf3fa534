"""Wrong passwords in a row lock a name: how many, for how long, and nobody is told whether the name exists."""

import asyncio
from datetime import timedelta

import pytest

from crossdock.base.errors import CrossdockError, TooManyRequests
from crossdock.core.staff import commands
from crossdock.core.staff.errors import LoginLocked, LoginWrong
from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX
from crossdock.db.database import Database
from tests.core.staff.conftest import Shops

WAYS = ("log_in", "open_session")


async def answer(shops: Shops, username: str, password: str, way: str = "log_in") -> CrossdockError | None:
    """The refusal; None for who is let in."""
    try:
        await getattr(shops, way)(username, password)
    except CrossdockError as refused:
        return refused
    return None


async def wrong(shops: Shops, username: str, count: int) -> None:
    for _ in range(count):
        assert type(await answer(shops, username, "wrong")) is LoginWrong


@pytest.mark.parametrize("way", WAYS)
async def test_one_wrong_password_less_locks_nobody(shops: Shops, way: str) -> None:
    await shops.hire("clerk1")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX - 1)

    assert await answer(shops, "clerk1", "pw", way) is None


@pytest.mark.parametrize("way", WAYS)
async def test_so_many_wrong_passwords_lock_out_the_right_one_too(shops: Shops, way: str) -> None:
    await shops.hire("clerk1")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)
    shops.clock.advance(timedelta(seconds=LOCKED_S - 1.5))

    refused = await answer(shops, "clerk1", "pw", way)

    assert isinstance(refused, LoginLocked)
    assert isinstance(refused, TooManyRequests)
    assert refused.facts == {"wait_s": 2}
    shops.clock.advance(timedelta(seconds=1.5))
    assert await answer(shops, "clerk1", "pw", way) is None


async def test_both_ways_of_logging_in_count_together(shops: Shops) -> None:
    await shops.hire("clerk1")
    for number in range(WRONG_PASSWORDS_MAX):
        assert type(await answer(shops, "clerk1", "wrong", WAYS[number % 2])) is LoginWrong

    assert [type(await answer(shops, "clerk1", "pw", way)) for way in WAYS] == [LoginLocked, LoginLocked]


async def test_a_right_password_begins_the_count_anew(shops: Shops) -> None:
    await shops.hire("clerk1")
    for way in WAYS:
        await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX - 1)
        assert await answer(shops, "clerk1", "pw", way) is None
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)

    assert type(await answer(shops, "clerk1", "pw")) is LoginLocked


async def test_wrong_passwords_with_a_long_pause_between_them_are_not_in_a_row(shops: Shops) -> None:
    await shops.hire("clerk1")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX - 1)
    shops.clock.advance(timedelta(seconds=LOCKED_S))
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX - 1)

    assert await answer(shops, "clerk1", "pw") is None


async def test_tries_while_it_is_locked_do_not_lock_it_longer(shops: Shops) -> None:
    await shops.hire("clerk1")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)
    shops.clock.advance(timedelta(seconds=LOCKED_S - 1))
    assert type(await answer(shops, "clerk1", "wrong")) is LoginLocked
    shops.clock.advance(timedelta(seconds=1))

    assert await answer(shops, "clerk1", "pw") is None


async def test_after_a_lock_there_are_as_many_tries_again(shops: Shops) -> None:
    await shops.hire("clerk1")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)
    shops.clock.advance(timedelta(seconds=LOCKED_S))
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)

    assert type(await answer(shops, "clerk1", "pw")) is LoginLocked


async def test_a_name_is_locked_alone(shops: Shops) -> None:
    await shops.hire("clerk1")
    await shops.hire("clerk2")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)

    assert await answer(shops, "clerk2", "pw") is None


async def test_nobody_can_tell_a_name_by_how_it_is_locked(shops: Shops) -> None:
    """One that is known, one that is not, one whose access was withdrawn."""
    await shops.hire("clerk1")
    await shops.hire("away")
    await shops.run("UPDATE staff SET active = false WHERE username = 'away'")
    told = []
    for username in ("clerk1", "nobody", "away"):
        refusals = [await answer(shops, username, "wrong") for _ in range(WRONG_PASSWORDS_MAX + 2)]
        told.append([(type(refused), refused.facts) for refused in refusals if refused is not None])

    assert told[0] == told[1] == told[2]
    assert told[0][-1] == (LoginLocked, {"wait_s": LOCKED_S})


@pytest.mark.parametrize("username", ["clerk1", "nobody"])
async def test_fifty_wrong_passwords_at_once_get_no_more_guesses(shops: Shops, username: str) -> None:
    await shops.hire("clerk1")

    refused = await asyncio.gather(*(answer(shops, username, f"guess {number}") for number in range(50)))

    kinds = [type(one) for one in refused]
    assert kinds.count(LoginWrong) == WRONG_PASSWORDS_MAX
    assert kinds.count(LoginLocked) == 50 - WRONG_PASSWORDS_MAX


async def test_the_lock_holds_in_every_process_and_after_a_restart(shops: Shops, database_url: str) -> None:
    await shops.hire("clerk1")
    await wrong(shops, "clerk1", WRONG_PASSWORDS_MAX)

    async with Database(database_url, shops.clock, connections=2) as other:
        with pytest.raises(LoginLocked):
            await commands.open_session(other, username="clerk1", password="pw")


async def test_names_that_were_typed_are_not_kept(shops: Shops) -> None:
    await wrong(shops, "perhaps my password", 1)

    async with shops.database.transaction(readonly=True) as tx:
        [(row,)] = await tx.rows("SELECT to_jsonb(t)::text FROM login_try t")
    assert "perhaps" not in row


async def test_what_counts_no_more_is_swept(shops: Shops) -> None:
    await wrong(shops, "one", 1)
    shops.clock.advance(timedelta(seconds=1))
    await wrong(shops, "other", WRONG_PASSWORDS_MAX)
    shops.clock.advance(timedelta(seconds=LOCKED_S - 1))

    async with shops.database.transaction() as tx:
        await commands.sweep(tx)

    async with shops.database.transaction(readonly=True) as tx:
        assert await tx.rows("SELECT wrong FROM login_try") == [(WRONG_PASSWORDS_MAX,)]
    assert type(await answer(shops, "other", "pw")) is LoginLocked
