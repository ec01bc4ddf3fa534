"""A page's log-in: a session that ends, one of a few, beside the token for programs."""

import asyncio
from datetime import timedelta

import pytest

from crossdock.core.staff import commands
from crossdock.core.staff.errors import LoginWrong
from crossdock.core.staff.model import SESSION_H, SESSIONS_MAX
from crossdock.core.staff.tokens import token_hash
from tests.core.staff.conftest import Shops


async def test_each_session_has_a_token_of_its_own(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")

    one, other = await shops.open_session("clerk1"), await shops.open_session("clerk1")

    assert one.token != other.token
    assert len(one.token) == 40
    for opened in (one, other):
        found = await shops.of_session(opened.token)
        assert found == opened.staff
        assert found.id == clerk.id
        assert found.last_login == shops.clock.now()


async def test_a_session_is_no_token_for_programs_and_the_reverse(shops: Shops) -> None:
    await shops.hire("clerk1")
    before = await shops.log_in("clerk1")
    opened = await shops.open_session("clerk1")

    assert await shops.log_in("clerk1") == before
    assert await shops.of_session(before) is None
    assert opened.token != before


async def test_a_session_ends_by_itself(shops: Shops) -> None:
    await shops.hire("clerk1")
    opened = await shops.open_session("clerk1")
    assert opened.ends_at == shops.clock.now() + timedelta(hours=SESSION_H)

    shops.clock.advance(timedelta(hours=SESSION_H) - timedelta(microseconds=1))
    assert await shops.of_session(opened.token) is not None
    shops.clock.advance(timedelta(microseconds=1))
    assert await shops.of_session(opened.token) is None


async def test_one_session_too_many_ends_the_oldest(shops: Shops) -> None:
    await shops.hire("clerk1")
    await shops.hire("clerk2")
    others = await shops.open_session("clerk2")
    tokens = [(await shops.open_session("clerk1")).token for _ in range(SESSIONS_MAX)]
    assert all([await shops.of_session(token) for token in tokens])

    newest = (await shops.open_session("clerk1")).token

    assert [await shops.of_session(token) is not None for token in tokens] == [False, *[True] * (SESSIONS_MAX - 1)]
    assert await shops.of_session(newest) is not None
    assert await shops.of_session(others.token) is not None


async def test_many_logins_at_one_time_leave_no_more_sessions_than_one_may_have(shops: Shops) -> None:
    await shops.hire("clerk1")

    opened = await asyncio.gather(*(shops.open_session("clerk1") for _ in range(SESSIONS_MAX)))
    more = await asyncio.gather(*(shops.open_session("clerk1") for _ in range(3)))

    good = [one for one in (*opened, *more) if await shops.of_session(one.token)]
    assert len(good) == SESSIONS_MAX
    assert all(one in good for one in more)


async def test_who_logs_out_is_out_here_and_nowhere_else(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    one, other = await shops.open_session("clerk1"), await shops.open_session("clerk1")

    await shops.close_session(one.token)
    await shops.close_session(one.token)
    await shops.close_session("never")

    assert await shops.of_session(one.token) is None
    assert await shops.of_session(other.token) is not None
    async with shops.database.transaction(readonly=True) as tx:
        rows = await tx.rows("SELECT action, staff_id FROM staff_action ORDER BY id")
    assert rows[1:] == [("login", clerk.id), ("login", clerk.id), ("logout", clerk.id)]


async def test_a_session_that_is_over_is_not_logged_out_of(shops: Shops) -> None:
    await shops.hire("clerk1")
    opened = await shops.open_session("clerk1")
    shops.clock.advance(timedelta(hours=SESSION_H))

    await shops.close_session(opened.token)

    async with shops.database.transaction(readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM staff_action WHERE action = 'logout'") == 0


async def test_a_withdrawn_access_ends_the_session(shops: Shops) -> None:
    await shops.hire("clerk1")
    opened = await shops.open_session("clerk1")

    await shops.run("UPDATE staff SET active = false")

    assert await shops.of_session(opened.token) is None


@pytest.mark.parametrize(("username", "password"), [("nobody", "pw"), ("clerk1", "PW"), ("Clerk1", "pw")])
async def test_who_is_not_let_in_has_no_session(shops: Shops, username: str, password: str) -> None:
    await shops.hire("clerk1")

    with pytest.raises(LoginWrong):
        await shops.open_session(username, password)

    async with shops.database.transaction(readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM staff_session") == 0


async def test_only_the_hash_of_its_token_is_kept(shops: Shops) -> None:
    await shops.hire("clerk1")
    opened = await shops.open_session("clerk1")

    async with shops.database.transaction(readonly=True) as tx:
        [(row, hashed)] = await tx.rows("SELECT to_jsonb(o)::text, token_hash FROM staff_session o")

    assert hashed == token_hash(opened.token)
    assert opened.token not in row


async def test_sessions_that_are_over_are_swept(shops: Shops) -> None:
    await shops.hire("clerk1")
    await shops.open_session("clerk1")
    shops.clock.advance(timedelta(seconds=1))
    opened = await shops.open_session("clerk1")
    shops.clock.advance(timedelta(hours=SESSION_H, seconds=-1))

    async with shops.database.transaction() as tx:
        await commands.sweep(tx)

    async with shops.database.transaction(readonly=True) as tx:
        assert await tx.rows("SELECT token_hash FROM staff_session") == [(token_hash(opened.token),)]
