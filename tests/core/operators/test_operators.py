"""Operators: their names, their second factor, their history."""

import asyncio

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.operators import commands, deeds, factor, queries
from crossdock.core.operators.errors import (
    CodeSpent,
    OperationSpent,
    OperatorNameTaken,
    OperatorUnknown,
    ReasonTooShort,
    SecondFactorMissing,
    SecondFactorSet,
)
from crossdock.core.operators.model import REASON_CHARACTERS_MIN, Operator
from crossdock.core.staff.errors import LoginWrong, OperationIdInvalid, ReasonTooLong, UsernameUnusable
from crossdock.core.staff.model import OPERATION_ID_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from tests.console.offices import PASSWORD, Office
from tests.world import ACCOUNT, World


@pytest.fixture
def office(quiet_world: World) -> Office:
    return Office(quiet_world)


async def ada(office: Office) -> Operator:
    async with office.world.desk.database.autocommit() as tx:
        return await commands.known(tx, username="ada")


@pytest.mark.parametrize(
    ("name", "error"),
    [("ada", OperatorNameTaken), ("clerk1", OperatorNameTaken), (" x", UsernameUnusable), ("", UsernameUnusable)],
)
async def test_a_name_is_one_over_all_who_log_in(office: Office, name: str, error: type[CrossdockError]) -> None:
    await office.operator("ada")
    with pytest.raises(error):
        await office.operator(name)


async def test_of_many_who_give_one_code_one_gets_in(office: Office) -> None:
    await office.operator("ada")
    secret = await office.enrolled("ada")
    operator, desk, code = await ada(office), office.world.desk, office.code(secret)

    async def give() -> str:
        async with desk.database.transaction() as tx:
            await factor.check(tx, desk.seal, operator=operator, code=code)
        return "in"

    answers = await asyncio.gather(*(give() for _ in range(6)), return_exceptions=True)

    assert sorted(answer if isinstance(answer, str) else type(answer).__name__ for answer in answers) == [
        *[CodeSpent.__name__] * 5,
        "in",
    ]


async def test_a_factor_is_set_once_and_taken_away_by_the_command_line(office: Office) -> None:
    await office.operator("ada")
    desk = office.world.desk
    async with desk.database.transaction() as tx:
        with pytest.raises(SecondFactorMissing):
            await factor.check(tx, desk.seal, operator=await ada(office), code="123456")
        with pytest.raises(SecondFactorMissing):
            await factor.confirm(tx, desk.seal, operator=await ada(office), code="123456")
    await office.enrolled("ada")
    async with desk.database.transaction() as tx:
        with pytest.raises(SecondFactorSet):
            await factor.enrol(tx, desk.seal, operator=await ada(office))
        with pytest.raises(SecondFactorSet):
            await factor.confirm(tx, desk.seal, operator=await ada(office), code="123456")

    opened = await commands.log_in(desk.database, username="ada", password=PASSWORD)
    async with desk.database.transaction() as tx:
        await commands.reset_totp(tx, username="ada", reason="a lost phone")
    async with desk.database.autocommit() as tx:
        assert await queries.by_session(tx, token=opened.token) is None
    assert not (await ada(office)).second_factor
    assert (await office.history())[-1] == ("crossdock operators", "reset_totp", "ada", "a lost phone")


async def test_access_is_withdrawn_at_once(office: Office) -> None:
    await office.operator("sue", role="support")
    desk = office.world.desk
    opened = await commands.log_in(desk.database, username="sue", password=PASSWORD)
    assert opened.whole
    for active in (False, False, True):
        async with desk.database.transaction() as tx:
            await commands.set_active(tx, username="sue", active=active)
        async with desk.database.autocommit() as tx:
            assert await queries.by_session(tx, token=opened.token) is None
        if not active:
            with pytest.raises(LoginWrong):
                await commands.log_in(desk.database, username="sue", password=PASSWORD)
    await commands.log_in(desk.database, username="sue", password=PASSWORD)
    assert [row[1] for row in await office.history()] == [
        "add_operator",
        "login",
        "disable_operator",
        "enable_operator",
        "login",
    ]
    async with desk.database.transaction() as tx:
        with pytest.raises(OperatorUnknown):
            await commands.set_active(tx, username="nobody", active=False)


async def test_everybody_is_listed(office: Office) -> None:
    await office.operator("ada")
    await office.operator("sue", role="support", account_id=ACCOUNT)
    desk = office.world.desk
    for _ in range(5):
        with pytest.raises(LoginWrong):
            await commands.log_in(desk.database, username="ada", password="wrong")
    async with desk.database.autocommit() as tx:
        first, second = await queries.everybody(tx)
    assert (first.username, first.account, first.locked_until is not None) == ("ada", None, True)
    assert (second.username, second.account, second.locked_until, second.sessions) == ("sue", "demo", None, 0)
    async with desk.database.transaction() as tx:
        await commands.unlock(tx, username="ada", reason="asked by telephone")
    await commands.log_in(desk.database, username="ada", password=PASSWORD)


async def test_a_deed_has_its_edges(office: Office) -> None:
    await office.operator("ada")
    operator = await ada(office)
    for reason, error in (
        ("x" * (REASON_CHARACTERS_MIN - 1), ReasonTooShort),
        ("  a\t", ReasonTooShort),
        ("x" * (REASON_CHARACTERS_MAX + 1), ReasonTooLong),
    ):
        with pytest.raises(error):
            deeds.reason_given(reason)
    assert deeds.reason_given(" " + "x" * REASON_CHARACTERS_MIN) == "x" * REASON_CHARACTERS_MIN
    assert deeds.reason_given("x" * REASON_CHARACTERS_MAX)
    longest = "o" * OPERATION_ID_CHARACTERS_MAX
    async with office.world.desk.database.transaction() as tx:
        for wrong in ("", longest + "o"):
            with pytest.raises(OperationIdInvalid):
                await deeds.done_before(tx, by=operator, operation_id=wrong, action="hold")
        assert not await deeds.done_before(tx, by=operator, operation_id=longest, action="hold")
        await deeds.record(tx, by=operator, action="hold", account_id=ACCOUNT, operation_id=longest)
        assert await deeds.done_before(tx, by=operator, operation_id=longest, action="hold")
        for other in ({"action": "release"}, {"action": "hold", "subject": "order:2"}):
            with pytest.raises(OperationSpent):
                await deeds.done_before(tx, by=operator, operation_id=longest, **other)
