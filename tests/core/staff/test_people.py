"""Hiring people and reading who is there, what was done and where."""

import asyncio
from datetime import timedelta

import pytest

from crossdock.base.ids import HandoverId
from crossdock.core.staff import commands, queries
from crossdock.core.staff.errors import UsernameTaken
from crossdock.core.staff.model import Action, ActionFilter, Staff, StaffFilter
from tests.core.staff.conftest import ACCOUNT, OTHER_SHOP, SHOP, Shops


async def test_a_name_is_given_once_over_all_shops(shops: Shops) -> None:
    await shops.hire("clerk1", site_id=OTHER_SHOP)

    with pytest.raises(UsernameTaken):
        await shops.hire("clerk1")

    assert (await shops.hire("Clerk1")).username == "Clerk1"


async def test_one_of_two_hires_of_a_name_wins(shops: Shops) -> None:
    answers = await asyncio.gather(shops.hire("clerk1"), shops.hire("clerk1"), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["Staff", "UsernameTaken"]


async def test_subordinates_are_the_others_of_the_place(shops: Shops) -> None:
    boss = await shops.hire("boss", manager=True)
    one, two = await shops.hire("one"), await shops.hire("two")
    await shops.hire("far", site_id=OTHER_SHOP)

    assert await people(shops, boss, StaffFilter()) == (2, ["one", "two"])
    assert await people(shops, boss, StaffFilter(), order_by="-id") == (2, ["two", "one"])
    assert await people(shops, boss, StaffFilter(), order_by="-username", limit=1) == (2, ["two"])
    assert await people(shops, boss, StaffFilter(), start=1, limit=5) == (2, ["two"])
    assert await people(shops, boss, StaffFilter(ids=(two.id, boss.id))) == (1, ["two"])
    assert await people(shops, boss, StaffFilter(username="one")) == (1, ["one"])
    await shops.run("UPDATE staff SET active = false WHERE id = %(id)s", id=one.id)
    assert await people(shops, boss, StaffFilter(active=False)) == (1, ["one"])
    assert await people(shops, boss, StaffFilter(ids=())) == (0, [])


async def test_an_order_that_is_not_offered_is_a_fault_of_ours(shops: Shops) -> None:
    boss = await shops.hire("boss", manager=True)

    with pytest.raises(LookupError):
        await people(shops, boss, StaffFilter(), order_by="password_hash")


async def test_the_history_is_newest_first_and_of_one_place(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    await shops.hire("far", site_id=OTHER_SHOP)
    shops.clock.advance(timedelta(minutes=1))
    await record(shops, clerk, "consume", HandoverId(1001))
    shops.clock.advance(timedelta(minutes=1))
    await record(shops, clerk, "rollback", HandoverId(1001), reason="wrong parcel")

    total, rows = await history(shops, ActionFilter())

    assert total == 3
    assert [row.action for row in rows] == ["rollback", "consume", "create_staff"]
    assert rows[0].staff_id == clerk.id
    assert rows[0].username == "clerk1"
    assert rows[0].handover_id == 1001
    assert rows[0].reason == "wrong parcel"
    assert rows[0].created_at == shops.clock.now()
    assert rows[2].staff_id is None
    assert rows[2].username is None
    assert rows[0].key is None


async def test_every_condition_on_the_history_narrows_it(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    await shops.run(
        "INSERT INTO handover (id, account_id, site_id, place, order_number, state, key, created_at, updated_at)"
        " VALUES (1001, 47, 12, 'shop', 'N-1', 'unused', '129322', now(), now())"
    )
    hired_at = shops.clock.now()
    shops.clock.advance(timedelta(seconds=1))
    await record(shops, clerk, "consume", HandoverId(1001))

    consumed = await history(shops, ActionFilter(actions=("consume",)))
    assert consumed[0] == 1
    assert consumed[1][0].key == "129322"
    assert consumed[1][0].order_number == "N-1"
    for wanted in (
        ActionFilter(ids=(consumed[1][0].id,)),
        ActionFilter(staff_ids=(clerk.id,)),
        ActionFilter(handover_ids=(1001,)),
        ActionFilter(keys=("129322", "000000")),
        ActionFilter(since=shops.clock.now()),
    ):
        assert await history(shops, wanted) == consumed, wanted
    for wanted in (
        ActionFilter(ids=()),
        ActionFilter(staff_ids=(clerk.id + 1,)),
        ActionFilter(handover_ids=(1002,)),
        ActionFilter(order_ids=(2894,)),
        ActionFilter(keys=("000000",)),
        ActionFilter(since=shops.clock.now() + timedelta(microseconds=1)),
        ActionFilter(until=hired_at - timedelta(microseconds=1)),
    ):
        assert await history(shops, wanted) == (0, []), wanted
    assert [row.action for row in (await history(shops, ActionFilter(until=hired_at)))[1]] == ["create_staff"]


async def test_only_shops_in_use_are_shown(shops: Shops) -> None:
    async with shops.database.transaction(readonly=True) as tx:
        sites = await queries.shops(tx, account_id=ACCOUNT)

    assert [site.id for site in sites] == [SHOP, OTHER_SHOP]


async def people(
    shops: Shops, boss: Staff, wanted: StaffFilter, *, order_by: str = "id", start: int = 0, limit: int = 10
) -> tuple[int, list[str]]:
    async with shops.database.transaction(readonly=True) as tx:
        total, rows = await queries.subordinates(
            tx,
            account_id=ACCOUNT,
            site_id=SHOP,
            but_not=boss.id,
            wanted=wanted,
            order_by=order_by,
            start=start,
            limit=limit,
        )
    return total, [row.username for row in rows]


async def history(shops: Shops, wanted: ActionFilter) -> tuple[int, list[Action]]:
    async with shops.database.transaction(readonly=True) as tx:
        return await queries.actions(tx, account_id=ACCOUNT, site_id=SHOP, wanted=wanted, limit=10)


async def record(shops: Shops, staff: Staff, action: str, handover_id: HandoverId, *, reason: str = "") -> None:
    async with shops.database.transaction() as tx:
        await commands.record_action(
            tx,
            account_id=ACCOUNT,
            site_id=SHOP,
            staff_id=staff.id,
            action=action,
            handover_id=handover_id,
            reason=reason,
        )
