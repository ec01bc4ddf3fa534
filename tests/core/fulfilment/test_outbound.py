"""Goods leave: step by step, all of the order, and into the right hands."""

import asyncio
from collections import Counter as Tally
from typing import Any

import pytest

from crossdock.base.ids import AccountId
from crossdock.core.fulfilment import commands
from crossdock.core.fulfilment.errors import StationHasNoCabinet
from crossdock.core.lockers.errors import ParcelTaken
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import OrderUnknown, StateForbids
from crossdock.core.orders.model import OUTBOUND_MOVES, may
from tests.core.fulfilment.conftest import SKU, Floor
from tests.world import ACCOUNT, LOCKER_SERVICE, PARCEL_SERVICE, SHOP_SERVICE

STEPS = {
    "released": commands.release_to_floor,
    "confirmed": commands.confirm,
    "labelled": commands.print_label,
    "picking": commands.start_picking,
    "packing": commands.start_packing,
    "packed": commands.finish_packing,
    "shipped": commands.ship,
}


async def test_from_the_shelf_out_of_the_house(floor: Floor) -> None:
    order = await floor.packed(service=PARCEL_SERVICE, partner_fields={"po": "7"})
    assert await floor.on_shelf() == [(SKU, "", 2, 2), ("P-7001", "", 1, 1)]

    shipped = await floor.do(commands.ship, order, tracking_number="T-1")

    assert (shipped.parcel, shipped.pick_up) == (None, None)
    assert (shipped.order.state, shipped.order.tracking_number, shipped.order.batches) == ("shipped", "T-1", 1)
    assert shipped.order.finished_at == floor.world.clock.now()
    assert await floor.on_shelf() == [(SKU, "", 0, 0), ("P-7001", "", 0, 0)]
    assert await floor.world.rows("SELECT quantity, done FROM order_line ORDER BY line_no") == [(2, 2), (1, 1)]
    common = {
        "number": "N-1",
        "type": "LOCAL",
        "site": "WH-GZ01",
        "sub_inventory": "OWN-A",
        "partner_fields": {"po": "7"},
        "tracking_number": "T-1",
        "lines": [
            {"line_key": key, "sku": sku, "quantity": quantity, "ordered": quantity}
            | {"lot": "", "condition": "good", "partner_fields": {}}
            for key, sku, quantity in (("1", SKU, 2), ("2", "P-7001", 1))
        ],
    }
    told = await floor.told(order)
    assert [kind for kind, _ in told] == ["order.placed", *["order.state"] * 3, "outbound.shipped", "outbound.closed"]
    for _, facts in told[-2:]:
        [parcel] = facts.pop("parcels")
        assert {name: value for name, value in parcel.items() if value not in (None, "")} == {
            "mailno": "T-1",
            "pieces": {"1": 2, "2": 1},
        }
        assert facts.pop("leg_id") is None
    assert told[-2][1] == {**common, "batch": 1, "state": "shipped"}
    assert told[-1][1] == {**common, "ordered": 3, "shipped": 3, "batches": 1}
    await floor.world.verified()


AT_THE_COUNTER = {("delivered", "shipped"), ("allocated", "shipped")}


@pytest.mark.parametrize("to", STEPS)
@pytest.mark.parametrize("state", OUTBOUND_MOVES)
async def test_each_step_from_each_state(floor: Floor, state: str, to: str) -> None:
    """As the table says; but some moves belong to the counter of a shop."""
    order = await floor.packed()
    if state == "held":
        await floor.do(orders.put_on_hold, order, reason="no box is large enough")
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s", state=state)
    before = len(await floor.told(order))
    if to in OUTBOUND_MOVES[state] and may("LOCAL", state, to) and (state, to) not in AT_THE_COUNTER:
        await floor.do(STEPS[to], order)
        assert await floor.world.rows("SELECT state FROM orders") == [(to,)]
    else:
        with pytest.raises(StateForbids):
            await floor.do(STEPS[to], order)
        assert len(await floor.told(order)) == before
        assert await floor.world.rows("SELECT state FROM orders") == [(state,)]


async def test_shipped_by_ten_hands_at_once(floor: Floor) -> None:
    order = await floor.packed(service=SHOP_SERVICE)
    answers = await asyncio.gather(*(floor.do(commands.ship, order) for _ in range(10)), return_exceptions=True)
    assert Tally(type(answer).__name__ for answer in answers) == {"Shipped": 1, "StateForbids": 9}
    assert await floor.world.rows("SELECT count(*) FROM handover") == [(1,)]
    await floor.world.verified()


async def test_others_ship_nothing_and_what_comes_in_is_not_shipped(floor: Floor) -> None:
    order = await floor.packed()
    with pytest.raises(OrderUnknown):
        await floor.do(commands.ship, order, account_id=AccountId(48))
    with pytest.raises(StateForbids):
        await floor.do(commands.ship, await floor.inbound({SKU: 1}))


# Into the right hands -----------------------------------------------------------------


async def test_to_a_locker(floor: Floor) -> None:
    shipped = await floor.do(commands.ship, await floor.packed(service=LOCKER_SERVICE))
    parcel = shipped.parcel
    assert (parcel.order_number, parcel.order_id, parcel.state) == ("N-1", shipped.order.id, "booked")
    assert (parcel.box_size, parcel.claimed_by) == ("S", None)
    await floor.world.verified()


async def test_to_a_shop(floor: Floor) -> None:
    order = await floor.packed(service=SHOP_SERVICE, recipient={"contact": "张三", "telephone": "138"})
    pick_up = (await floor.do(commands.ship, order)).pick_up
    [(shop_id,)] = await floor.world.rows("SELECT id FROM online_shop WHERE domain = 'super.heidianer.com'")
    assert pick_up.shop is not None
    assert (pick_up.order_number, pick_up.site_id, pick_up.shop.id, pick_up.state) == ("N-1", 12, shop_id, "unused")
    assert (pick_up.full_name, pick_up.mobile) == ("张三", "138")
    await floor.world.verified()


async def test_another_accounts_online_shop_is_not_ours(floor: Floor) -> None:
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'x', 'x', 'UTC', 'CNY')")
        await tx.execute("UPDATE online_shop SET account_id = 48")
    shipped = await floor.do(commands.ship, await floor.packed(service=SHOP_SERVICE))
    assert shipped.pick_up.shop is None


async def test_without_a_cabinet_in_service_nothing_leaves(floor: Floor) -> None:
    order = await floor.packed(service=LOCKER_SERVICE)
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE cabinet SET in_service = false")
    with pytest.raises(StationHasNoCabinet):
        await floor.do(commands.ship, order)
    assert await floor.on_shelf() == [(SKU, "", 2, 2), ("P-7001", "", 1, 1)]
    await floor.world.verified()


@pytest.mark.parametrize("order_first", [True, False])
async def test_a_parcel_a_partner_booked_before_is_the_one(floor: Floor, order_first: bool) -> None:
    """The courier has its codes already; whether it booked before or after the order was placed."""
    booked: Any = None
    if not order_first:
        booked = await floor.world.booked("N-1")
    order = await floor.packed(service=LOCKER_SERVICE)
    if order_first:
        booked = await floor.world.booked("N-1")

    parcel = (await floor.do(commands.ship, order)).parcel

    assert (parcel.id, parcel.save_code, parcel.claimed_by) == (booked.id, booked.save_code, booked.claimed_by)
    assert parcel.order_id == order.id
    assert await floor.world.rows("SELECT order_id FROM handover") == [(order.id,)]
    await floor.world.verified()


async def test_not_into_a_box_that_was_emptied_already(floor: Floor) -> None:
    await floor.world.cabinet_answers("accepted")
    parcel = await floor.world.stored("N-1")
    await floor.world.desk.doors.take(
        account_id=ACCOUNT, cabinet="2100013075", key=parcel.key, asked_by="", dialect="bestwond"
    )
    order = await floor.packed(service=LOCKER_SERVICE)
    with pytest.raises(ParcelTaken):
        await floor.do(commands.ship, order)
