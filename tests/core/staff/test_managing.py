"""Who may manage whom, what becomes of tokens and sessions, and what the history says of it."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crossdock.base.errors import Denied, NotFound
from crossdock.base.ids import AccountId, SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.errors import SiteUnknown
from crossdock.core.accounts.model import Site
from crossdock.core.staff import commands, managing, passwords
from crossdock.core.staff.errors import (
    LoginLocked,
    LoginWrong,
    NotAClerk,
    NotAManager,
    PasswordUnusable,
    ReasonTooLong,
    StaffUnknown,
    UsernameTaken,
    UsernameUnusable,
)
from crossdock.core.staff.model import (
    PASSWORD_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    USERNAME_CHARACTERS_MAX,
    WRONG_PASSWORDS_MAX,
    Above,
    SessionOpened,
    Staff,
)
from tests.core.staff.conftest import ACCOUNT, OTHER_ACCOUNT, OTHER_SHOP, SHOP, SHOP_OF_OTHER_ACCOUNT, Shops

Deed = Callable[..., Awaitable[Staff]]
HASH = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA"
DEEDS: list[tuple[Deed, dict[str, Any]]] = [
    (managing.disable, {}),
    (managing.enable, {}),
    (managing.set_password, {"password_hash": HASH}),
    (managing.withdraw, {}),
    (managing.unlock, {}),
]
"""What a manager may do to a clerk."""


async def branch(shops: Shops) -> tuple[Staff, Staff]:
    """A manager and a clerk."""
    return await shops.hire("boss", manager=True), await shops.hire("clerk1")


async def logged_in(shops: Shops, username: str = "clerk1") -> tuple[str, SessionOpened]:
    return await shops.log_in(username), await shops.open_session(username)


async def state(shops: Shops) -> list[tuple[Any, ...]]:
    async with shops.database.transaction(readonly=True) as tx:
        return await tx.rows(
            "SELECT to_jsonb(s)::text, (SELECT count(*) FROM staff_action), (SELECT count(*) FROM staff_session)"
            " FROM staff s ORDER BY id"
        )


# Who may ------------------------------------------------------------------------------


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_manager_reaches_clerks_of_the_own_branch_only(
    shops: Shops, deed: Deed, given: dict[str, Any]
) -> None:
    boss, clerk = await branch(shops)
    other_boss = await shops.hire("boss2", manager=True)
    far = await shops.hire("far", site_id=OTHER_SHOP)
    foreign = await shops.hire("foreign", account_id=OTHER_ACCOUNT, site_id=SHOP_OF_OTHER_ACCOUNT)
    before = await state(shops)

    for person, error in ((far, StaffUnknown), (foreign, StaffUnknown), (other_boss, NotAClerk)):
        with pytest.raises(error):
            await shops.do(deed, person, by=boss, **given)
    with pytest.raises(StaffUnknown):
        async with shops.database.transaction() as tx:
            await deed(tx, staff_id=10**9, by=boss, **given)
    assert issubclass(StaffUnknown, NotFound)
    assert await state(shops) == before
    assert (await shops.do(deed, clerk, by=boss, **given)).id == clerk.id


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_clerk_manages_nobody(shops: Shops, deed: Deed, given: dict[str, Any]) -> None:
    _, clerk = await branch(shops)
    other = await shops.hire("clerk2")

    with pytest.raises(NotAManager):
        await shops.do(deed, other, by=clerk, **given)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staff SET manager = false WHERE username = 'boss'",
        "UPDATE staff SET active = false WHERE username = 'boss'",
    ],
)
@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_who_was_a_manager_a_moment_ago_is_none(
    shops: Shops, change: str, deed: Deed, given: dict[str, Any]
) -> None:
    boss, clerk = await branch(shops)
    await shops.run(change)

    with pytest.raises(NotAManager):
        await shops.do(deed, clerk, by=boss, **given)
    with pytest.raises(NotAManager):
        async with shops.database.transaction() as tx:
            await managing.hire(tx, by=boss, username="new", password_hash=HASH)


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_manager_who_was_moved_manages_there(shops: Shops, deed: Deed, given: dict[str, Any]) -> None:
    boss, clerk = await branch(shops)
    far = await shops.hire("far", site_id=OTHER_SHOP)
    await shops.do(managing.move, boss, site_id=OTHER_SHOP)

    with pytest.raises(StaffUnknown):
        await shops.do(deed, clerk, by=boss, **given)
    await shops.do(deed, far, by=boss, **given)


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_nobody_manages_oneself_but_to_log_out(shops: Shops, deed: Deed, given: dict[str, Any]) -> None:
    for person, error in zip(await branch(shops), (NotAClerk, NotAManager), strict=True):
        if deed is managing.withdraw:
            await shops.do(deed, person, by=person, **given)
        else:
            with pytest.raises(error):
                await shops.do(deed, person, by=person, **given)
    assert issubclass(NotAClerk, Denied)


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_the_operator_reaches_everybody(shops: Shops, deed: Deed, given: dict[str, Any]) -> None:
    boss, clerk = await branch(shops)
    foreign = await shops.hire("foreign", account_id=OTHER_ACCOUNT, site_id=SHOP_OF_OTHER_ACCOUNT)

    for person in (boss, clerk, foreign):
        assert (await shops.do(deed, person, by=None, **given)).id == person.id
    with pytest.raises(StaffUnknown):
        async with shops.database.transaction() as tx:
            await deed(tx, staff_id=10**9, by=None, **given)


# What is done -------------------------------------------------------------------------


async def test_a_manager_hires_a_clerk_for_the_own_branch(shops: Shops) -> None:
    boss, _ = await branch(shops)

    async with shops.database.transaction() as tx:
        made = await managing.hire(tx, by=boss, username="new", password_hash=HASH, reason="summer")

    assert (made.account_id, made.site_id, made.manager, made.active) == (ACCOUNT, SHOP, False, True)
    assert await shops.told() == [
        {
            "who": "boss",
            "action": "create_staff",
            "about": "new",
            "before": None,
            "after": {"role": "clerk", "active": True},
            "reason": "summer",
        }
    ]


async def test_who_is_disabled_is_out_everywhere_and_is_told_so(shops: Shops) -> None:
    boss, clerk = await branch(shops)
    token, session = await logged_in(shops)

    disabled = await shops.do(managing.disable, clerk, by=boss, reason="left")

    assert not disabled.active
    assert await shops.of_session(session.token) is None
    found = await shops.of_token(token)
    assert found == disabled, "told apart from a token that nobody has"
    with pytest.raises(LoginWrong):
        await shops.log_in("clerk1")
    assert await shops.told() == [
        {
            "who": "boss",
            "action": "disable_staff",
            "about": "clerk1",
            "before": {"active": True, "sessions": 1},
            "after": {"active": False, "sessions": 0},
            "reason": "left",
        }
    ]


async def test_who_is_enabled_again_logs_in_anew(shops: Shops) -> None:
    boss, clerk = await branch(shops)
    token, session = await logged_in(shops)
    await shops.do(managing.disable, clerk, by=boss)

    enabled = await shops.do(managing.enable, clerk, by=boss, reason="is back")

    assert enabled.active
    assert await shops.of_token(token) is None
    assert await shops.of_session(session.token) is None
    assert await shops.log_in("clerk1") != token
    assert (await shops.told())[-1] == {
        "who": "boss",
        "action": "enable_staff",
        "about": "clerk1",
        "before": {"active": False},
        "after": {"active": True},
        "reason": "is back",
    }


async def test_another_password_withdraws_token_and_sessions_and_forgets_wrong_ones(shops: Shops) -> None:
    boss, clerk = await branch(shops)
    token, session = await logged_in(shops)
    for _ in range(WRONG_PASSWORDS_MAX):
        with pytest.raises(LoginWrong):
            await shops.log_in("clerk1", "wrong")
    other = await passwords.hashed("other", profile=passwords.CHEAP)

    await shops.do(managing.set_password, clerk, by=boss, password_hash=other, reason="forgotten")

    assert await shops.of_token(token) is None
    assert await shops.of_session(session.token) is None
    assert await shops.log_in("clerk1", "other") != token
    with pytest.raises(LoginWrong):
        await shops.log_in("clerk1", "pw")
    assert await shops.told() == [
        {
            "who": "boss",
            "action": "set_password",
            "about": "clerk1",
            "before": {"token": True, "sessions": 1},
            "after": {"token": False, "sessions": 0},
            "reason": "forgotten",
        }
    ]


@pytest.mark.parametrize("who", ["boss", "clerk1", None])
async def test_logging_out_everywhere(shops: Shops, who: str | None) -> None:
    people = {person.username: person for person in await branch(shops)}
    token, session = await logged_in(shops)
    await shops.open_session("clerk1")

    await shops.do(managing.withdraw, people["clerk1"], by=people[who] if who else None, reason="a lost phone")

    assert await shops.of_token(token) is None
    assert await shops.of_session(session.token) is None
    assert await shops.log_in("clerk1") != token
    assert await shops.told() == [
        {
            "who": who or "operator",
            "action": "withdraw",
            "about": "clerk1",
            "before": {"token": True, "sessions": 2},
            "after": {"token": False, "sessions": 0},
            "reason": "a lost phone",
        }
    ]


async def test_a_lock_is_taken_away(shops: Shops) -> None:
    _, clerk = await branch(shops)
    for _ in range(WRONG_PASSWORDS_MAX):
        with pytest.raises(LoginWrong):
            await shops.log_in("clerk1", "wrong")

    await shops.do(managing.unlock, clerk, by=None, reason="called")

    await shops.log_in("clerk1")
    assert await shops.told() == [
        {
            "who": "operator",
            "action": "unlock",
            "about": "clerk1",
            "before": {"wrong_passwords": WRONG_PASSWORDS_MAX},
            "after": {"wrong_passwords": 0},
            "reason": "called",
        }
    ]


async def test_the_operator_gives_a_role(shops: Shops) -> None:
    _, clerk = await branch(shops)

    assert (await shops.do(managing.set_role, clerk, role="manager", reason="boss left")).manager
    assert not (await shops.do(managing.set_role, clerk, role="clerk")).manager

    assert [(row["who"], row["before"], row["after"], row["reason"]) for row in await shops.told()] == [
        ("operator", {"role": "clerk"}, {"role": "manager"}, "boss left"),
        ("operator", {"role": "manager"}, {"role": "clerk"}, ""),
    ]


async def test_the_operator_moves_somebody_and_both_shops_remember(shops: Shops) -> None:
    _, clerk = await branch(shops)
    token, session = await logged_in(shops)

    moved = await shops.do(managing.move, clerk, site_id=OTHER_SHOP, reason="ill there")

    assert moved.site_id == OTHER_SHOP
    assert await shops.of_token(token) == await shops.of_session(session.token) == moved
    assert await shops.told() == await shops.told(site_id=OTHER_SHOP)
    assert await shops.told() == [
        {
            "who": "operator",
            "action": "move_staff",
            "about": "clerk1",
            "before": {"shop": "SHOP-12"},
            "after": {"shop": "SHOP-13"},
            "reason": "ill there",
        }
    ]


@pytest.mark.parametrize("site_id", [SHOP_OF_OTHER_ACCOUNT, 80, 10**9])
async def test_nobody_is_moved_to_what_is_no_shop_of_the_account(shops: Shops, site_id: int) -> None:
    _, clerk = await branch(shops)
    before = await state(shops)

    with pytest.raises(SiteUnknown):
        await shops.do(managing.move, clerk, site_id=site_id)
    assert await state(shops) == before


async def test_what_changes_nothing_leaves_no_row(shops: Shops) -> None:
    boss, clerk = await branch(shops)

    await shops.do(managing.enable, clerk, by=boss)
    await shops.do(managing.unlock, clerk, by=boss)
    await shops.do(managing.set_role, clerk, role="clerk")
    await shops.do(managing.move, clerk, site_id=SHOP)
    assert await shops.told() == []
    await shops.do(managing.disable, clerk, by=boss)
    await shops.do(managing.disable, clerk, by=boss)
    assert [row["action"] for row in await shops.told()] == ["disable_staff"]


async def test_two_who_disable_one_clerk_are_one_row(shops: Shops) -> None:
    boss, clerk = await branch(shops)

    await asyncio.gather(*(shops.do(managing.disable, clerk, by=by) for by in (boss, None, boss, None)))

    assert [row["action"] for row in await shops.told()] == ["disable_staff"]


async def test_a_session_opened_while_somebody_is_disabled_does_not_stay(shops: Shops) -> None:
    boss, clerk = await branch(shops)

    answers = await asyncio.gather(
        *(shops.open_session("clerk1") for _ in range(3)),
        shops.do(managing.disable, clerk, by=boss),
        return_exceptions=True,
    )
    await shops.do(managing.enable, clerk, by=boss)

    for answer in answers:
        assert isinstance(answer, SessionOpened | Staff | LoginWrong)
        if isinstance(answer, SessionOpened):
            assert await shops.of_session(answer.token) is None


@pytest.mark.parametrize(("length", "fits"), [(REASON_CHARACTERS_MAX, True), (REASON_CHARACTERS_MAX + 1, False)])
async def test_a_reason_has_an_end(shops: Shops, length: int, fits: bool) -> None:
    boss, clerk = await branch(shops)
    if fits:
        await shops.do(managing.disable, clerk, by=boss, reason="x" * length)
    else:
        with pytest.raises(ReasonTooLong):
            await shops.do(managing.disable, clerk, by=boss, reason="x" * length)
        assert await shops.told() == []


UNUSABLE = ["", " ", " ann", "ann ", "a\tb", "a\nb", "a\x7fb", "x" * (USERNAME_CHARACTERS_MAX + 1)]


@pytest.mark.parametrize("username", UNUSABLE)
async def test_a_name_that_cannot_be_shown_is_nobodys(shops: Shops, username: str) -> None:
    with pytest.raises(UsernameUnusable):
        await shops.hire(username)


@pytest.mark.parametrize("username", ["a", "张三", "ann lee", "x" * USERNAME_CHARACTERS_MAX])
async def test_a_name_is_given_once(shops: Shops, username: str) -> None:
    await shops.hire(username)
    with pytest.raises(UsernameTaken):
        await shops.hire(username)


# A warehouse, and operators of one account ---------------------------------------------

WAREHOUSE, OTHER_WAREHOUSE, STATION = SiteId(80), SiteId(81), SiteId(90)
MORE_PLACES = """
INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at) VALUES
    (81, 47, 'warehouse', 'WH-2', 'Second', 'UTC', now(), now()),
    (90, 47, 'station', 'ST-1', 'Station', 'UTC', now(), now())
"""
ADA = Above(actor="operator ada", account_id=ACCOUNT)


async def site_of(shops: Shops, site_id: SiteId, account_id: AccountId = ACCOUNT) -> Site:
    async with shops.database.transaction(readonly=True) as tx:
        found = await accounts.site_by_id(tx, account_id=account_id, site_id=site_id)
    assert found is not None
    return found


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_manager_of_a_warehouse_manages_its_workers(shops: Shops, deed: Deed, given: dict[str, Any]) -> None:
    boss = await shops.hire("boss", manager=True, site_id=WAREHOUSE)
    worker = await shops.hire("worker", site_id=WAREHOUSE)
    clerk = await shops.hire("clerk1")
    with pytest.raises(StaffUnknown):
        await shops.do(deed, clerk, by=boss, **given)
    assert (await shops.do(deed, worker, by=boss, **given)).id == worker.id


@pytest.mark.parametrize(("deed", "given"), DEEDS, ids=lambda value: getattr(value, "__name__", ""))
async def test_an_operator_of_one_account_reaches_its_people_managers_too(
    shops: Shops, deed: Deed, given: dict[str, Any]
) -> None:
    boss = await shops.hire("boss", manager=True, site_id=WAREHOUSE)
    foreign = await shops.hire("foreign", account_id=OTHER_ACCOUNT, site_id=SHOP_OF_OTHER_ACCOUNT)
    before = await state(shops)
    with pytest.raises(StaffUnknown):
        await shops.do(deed, foreign, by=ADA, **given)
    for operators_deed, more in ((managing.set_role, {"role": "manager"}), (managing.move, {"site_id": SHOP})):
        with pytest.raises(StaffUnknown):
            await shops.do(operators_deed, foreign, by=ADA, **more)
    assert await state(shops) == before
    assert (await shops.do(deed, boss, by=ADA, **given)).id == boss.id
    assert {row["who"] for row in await shops.told(site_id=WAREHOUSE)} <= {"operator ada"}


async def test_an_operator_adds_people_to_shops_and_warehouses_of_the_account(shops: Shops) -> None:
    await shops.run(MORE_PLACES)
    given: dict[str, Any] = {"by": ADA, "password_hash": HASH, "role": "manager", "reason": "new here"}
    async with shops.database.transaction() as tx:
        made = await managing.place(tx, at=await site_of(shops, WAREHOUSE), username="boss", **given)
    assert (made.site_id, made.manager) == (WAREHOUSE, True)
    theirs = await site_of(shops, SHOP_OF_OTHER_ACCOUNT, OTHER_ACCOUNT)
    for elsewhere in (theirs, await site_of(shops, STATION)):
        with pytest.raises(SiteUnknown):
            async with shops.database.transaction() as tx:
                await managing.place(tx, at=elsewhere, username="other", **given)


async def test_somebody_is_moved_between_places_of_one_kind(shops: Shops) -> None:
    await shops.run(MORE_PLACES)
    worker = await shops.hire("worker", site_id=WAREHOUSE)
    for elsewhere in (SHOP, STATION):
        with pytest.raises(SiteUnknown):
            await shops.do(managing.move, worker, site_id=elsewhere, by=ADA)
    assert (await shops.do(managing.move, worker, site_id=OTHER_WAREHOUSE, by=ADA)).site_id == OTHER_WAREHOUSE
    for place in (WAREHOUSE, OTHER_WAREHOUSE):
        [row] = await shops.told(site_id=place)
        assert (row["who"], row["before"], row["after"]) == (
            "operator ada",
            {"warehouse": "WH"},
            {"warehouse": "WH-2"},
        )


async def test_a_deed_is_found_by_the_tap_that_asked_for_it(shops: Shops) -> None:
    worker = await shops.hire("worker", site_id=WAREHOUSE)
    await shops.do(managing.disable, worker, by=ADA, operation_id="tap-1")
    at: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE}
    async with shops.database.transaction() as tx:
        found = await commands.action_of(tx, **at, operation_id="tap-1")
        assert found is not None
        assert (found.action, found.actor, found.about_username) == ("disable_staff", "operator ada", "worker")
        assert await commands.action_of(tx, **at, operation_id="tap-2") is None


# The own password ---------------------------------------------------------------------


async def change(shops: Shops, staff: Staff, old: str, new: str, **more: Any) -> Staff:
    return await managing.change_password(
        shops.database, staff=staff, old=old, new=new, profile=passwords.CHEAP, **more
    )


async def test_who_knows_the_old_password_sets_another(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    token, session = await logged_in(shops)
    kept = await shops.open_session("clerk1")

    await change(shops, clerk, "pw", "other", kept_session=kept.token)

    assert await shops.of_token(token) is None
    assert await shops.of_session(session.token) is None
    assert await shops.of_session(kept.token) is not None
    await shops.log_in("clerk1", "other")
    assert await shops.told() == [
        {
            "who": "clerk1",
            "action": "set_password",
            "about": "clerk1",
            "before": {"token": True, "sessions": 2},
            "after": {"token": False, "sessions": 1},
            "reason": "",
        }
    ]


async def test_without_a_session_that_goes_on_all_end(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    _, session = await logged_in(shops)

    await change(shops, clerk, "pw", "other")

    assert await shops.of_session(session.token) is None


async def test_a_session_of_somebody_else_is_not_kept_and_not_ended(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    await shops.hire("clerk2")
    mine, theirs = await shops.open_session("clerk1"), await shops.open_session("clerk2")

    await change(shops, clerk, "pw", "other", kept_session=theirs.token)

    assert await shops.of_session(mine.token) is None
    assert await shops.of_session(theirs.token) is not None


async def test_wrong_old_passwords_count_as_those_of_logins(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    before = await state(shops)
    for _ in range(WRONG_PASSWORDS_MAX):
        with pytest.raises(LoginWrong):
            await change(shops, clerk, "wrong", "other")
    assert await state(shops) == before

    with pytest.raises(LoginLocked):
        await change(shops, clerk, "pw", "other")
    with pytest.raises(LoginLocked):
        await shops.log_in("clerk1")


@pytest.mark.parametrize(
    ("new", "fits"),
    [
        ("", False),
        ("1234567", False),
        ("12345678", True),
        ("x" * PASSWORD_CHARACTERS_MAX, True),
        ("x" * (PASSWORD_CHARACTERS_MAX + 1), False),
        ("1234567\0", False),
    ],
)
async def test_a_new_password_is_as_long_as_the_shop_asks(shops: Shops, new: str, fits: bool) -> None:
    clerk = await shops.hire("clerk1")
    if fits:
        await change(shops, clerk, "pw", new, characters_min=8)
        await shops.log_in("clerk1", new)
    else:
        with pytest.raises(PasswordUnusable):
            await change(shops, clerk, "pw", new, characters_min=8)


async def test_of_two_changes_at_one_time_one_wins(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")

    answers = await asyncio.gather(
        *(change(shops, clerk, "pw", new) for new in ("one", "other")), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["LoginWrong", "Staff"]


def test_every_deed_is_tested_here() -> None:
    """A new deed comes with the rules of who may do it."""
    deeds = {name for name, _ in inspect.getmembers(managing, inspect.iscoroutinefunction) if name[0] != "_"}
    own = {name for name in deeds if getattr(managing, name).__module__ == managing.__name__}
    others = {"hire", "place", "change_password", "set_role", "move"}
    by_the_setup_file = {"was_set_up"}
    assert own == {deed.__name__ for deed, _ in DEEDS} | others | by_the_setup_file
