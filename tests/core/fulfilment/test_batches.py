"""Goods come and go in parts, with lots, conditions, names and plates."""

from typing import Any

import pytest

from crossdock.core.fulfilment import commands, inbound
from crossdock.core.fulfilment.errors import OverReceipt
from crossdock.core.fulfilment.model import Receipt, counted
from crossdock.core.orders.errors import QuantityInvalid, StateForbids
from crossdock.core.orders.model import Order
from crossdock.core.transport import queries as transport
from crossdock.core.transport.errors import ParcelRepeated
from crossdock.core.transport.model import NewParcel
from crossdock.core.units.errors import (
    UnitHere,
    UnitNameless,
    UnitNotHere,
    UnitRepeated,
    UnitsMiscounted,
    UnitsUnnamed,
)
from crossdock.core.units.model import NewUnit
from tests.core.fulfilment.conftest import SKU, Floor
from tests.world import ACCOUNT, PARCEL_SERVICE


def sns(*codes: str) -> tuple[NewUnit, ...]:
    return tuple(NewUnit(sn=code) for code in codes)


async def units(floor: Floor) -> list[tuple[Any, ...]]:
    return await floor.world.rows("SELECT code, state FROM unit ORDER BY code")


async def facts(floor: Floor, order: Order, kind: str) -> list[dict[str, Any]]:
    return [facts for told, facts in await floor.told(order) if told == kind]


async def named(floor: Floor, *codes: str) -> None:
    """Pieces on the shelf that are called by these."""
    order = await floor.inbound({SKU: len(codes)})
    await floor.do(inbound.receive, order, receipts=[Receipt(line_key="1", quantity=len(codes), units=sns(*codes))])


# In -------------------------------------------------------------------------------


async def test_lots_and_conditions_of_one_line_in_one_batch(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10})
    receipts = [
        Receipt(line_key="1", quantity=4, lot="L1"),
        Receipt(line_key="1", quantity=2, lot="L1", condition="defective"),
        Receipt(line_key="1", quantity=3, plate="PLT0001"),
    ]
    await floor.do(inbound.receive, order, receipts=receipts)
    [told] = await facts(floor, order, "inbound.received")
    said = [(line["quantity"], line["lot"], line["condition"], line.get("plate")) for line in told["lines"]]
    assert said == [(4, "L1", "good", None), (2, "L1", "defective", None), (3, "", "good", "PLT0001")]
    await floor.do(inbound.close_inbound, order)
    [closed] = await facts(floor, order, "inbound.closed")
    assert sorted((line["quantity"], line["lot"], line["condition"]) for line in closed["lines"]) == [
        (2, "L1", "defective"),
        (3, "", "good"),
        (4, "L1", "good"),
    ]
    rows = "SELECT lot, condition, on_hand FROM stock ORDER BY lot, condition"
    assert await floor.world.rows(rows) == [("", "good", 3), ("L1", "defective", 2), ("L1", "good", 4)]
    await floor.world.verified()


async def test_more_than_was_announced_unless_its_owner_forbids_it(floor: Floor) -> None:
    order = await floor.inbound({SKU: 2})
    await floor.do(inbound.receive, order, receipts=counted({"1": 3}))
    assert await floor.on_shelf() == [(SKU, "", 3, 0)]
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE sub_inventory SET over_receipt = false WHERE account_id = 47 AND code = 'OWN-A'")
    strict = await floor.world.order("I-2", lines={SKU: 2}, kind="inbound", state="announced", dialect="hongxun")
    with pytest.raises(OverReceipt):
        await floor.do(
            inbound.receive,
            strict,
            receipts=[Receipt(line_key="1", quantity=2), Receipt(line_key="1", quantity=1, lot="L")],
        )
    await floor.do(inbound.receive, strict, receipts=counted({"1": 2}))
    with pytest.raises(OverReceipt):
        await floor.do(inbound.receive, strict, receipts=counted({"1": 1}))
    assert await floor.on_shelf() == [(SKU, "", 5, 0)]


async def test_pieces_with_names_come_in(floor: Floor) -> None:
    order = await floor.inbound({SKU: 3})
    phone = NewUnit(sn="SN0002", imei1="860000000000001")
    await floor.do(
        inbound.receive, order, receipts=[Receipt(line_key="1", quantity=2, units=(*sns("SN0001"), phone))]
    )
    [told] = await facts(floor, order, "inbound.received")
    assert told["lines"][0]["units"] == [
        {"code": "SN0001", "sn": "SN0001"},
        {"code": "SN0002", "sn": "SN0002", "imei1": "860000000000001"},
    ]
    assert await units(floor) == [("SN0001", "in_stock"), ("SN0002", "in_stock")]
    await floor.do(inbound.receive, order, receipts=[Receipt(line_key="1", quantity=1, lot="L", units=sns("SN0003"))])
    await floor.do(inbound.close_inbound, order)
    [closed] = await facts(floor, order, "inbound.closed")
    assert [(line["lot"], [unit["code"] for unit in line["units"]]) for line in closed["lines"]] == [
        ("", ["SN0001", "SN0002"]),
        ("L", ["SN0003"]),
    ]
    await floor.world.verified()


@pytest.mark.parametrize(
    ("receipt", "error"),
    [
        (Receipt(line_key="1", quantity=2, units=sns("SN0001")), UnitsMiscounted),
        (Receipt(line_key="1", quantity=1, units=(NewUnit(),)), UnitNameless),
        (Receipt(line_key="1", quantity=2, units=sns("SN0001", "SN0001")), UnitRepeated),
        (Receipt(line_key="1", quantity=1, units=sns("SN0009")), UnitHere),
    ],
)
async def test_pieces_that_cannot_be_those(floor: Floor, receipt: Receipt, error: type[Exception]) -> None:
    order = await floor.inbound({SKU: 9})
    await floor.do(inbound.receive, order, receipts=[Receipt(line_key="1", quantity=1, units=sns("SN0009"))])
    with pytest.raises(error):
        await floor.do(inbound.receive, order, receipts=[receipt])
    assert (await units(floor), await floor.on_shelf()) == ([("SN0009", "in_stock")], [(SKU, "", 1, 0)])


# Out ------------------------------------------------------------------------------


async def test_an_order_leaves_in_two_parts(floor: Floor) -> None:
    order = await floor.packed(service=PARCEL_SERVICE)
    first = await floor.do(
        commands.ship, order, quantities={"1": 1}, parcels=[NewParcel(mailno="T-1", pieces={"1": 1})]
    )
    assert (first.order.state, first.order.finished_at) == ("partly_shipped", None)
    assert await floor.on_shelf() == [(SKU, "", 1, 1), ("P-7001", "", 1, 1)]
    await floor.world.verified()

    second = await floor.do(commands.ship, order, parcels=[NewParcel(mailno="T-2"), NewParcel(mailno="T-3")])
    assert (second.order.state, second.order.batches) == ("shipped", 2)
    told = await facts(floor, order, "outbound.shipped")
    assert [(one["batch"], one["state"], len(one["parcels"])) for one in told] == [
        (1, "partly_shipped", 1),
        (2, "shipped", 2),
    ]
    [closed] = await facts(floor, order, "outbound.closed")
    assert (closed["ordered"], closed["shipped"], closed["batches"]) == (3, 3, 2)
    assert [line["quantity"] for line in closed["lines"]] == [2, 1]
    async with floor.world.desk.database.transaction(readonly=True) as tx:
        waybills = await transport.of_order(tx, account_id=ACCOUNT, order_id=order.id)
    assert [(one.mailno, one.batch) for one in waybills] == [("T-1", 1), ("T-2", 2), ("T-3", 2)]
    await floor.world.verified()


async def test_closed_short_after_a_part(floor: Floor) -> None:
    order = await floor.packed(service=PARCEL_SERVICE)
    await floor.do(commands.ship, order, quantities={"2": 1})
    closed = await floor.do(commands.close_outbound, order)
    assert closed.state == "shipped"
    assert await floor.do(commands.close_outbound, order) == closed
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 0, 0)]
    [told] = await facts(floor, order, "outbound.closed")
    assert (told["ordered"], told["shipped"]) == (3, 1)
    await floor.world.verified()


async def test_closed_with_nothing_shipped(floor: Floor) -> None:
    order = await floor.packed(service=PARCEL_SERVICE)
    assert (await floor.do(commands.close_outbound, order)).state == "unshipped"
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 1, 0)]
    [told] = await facts(floor, order, "outbound.closed")
    assert (told["shipped"], told["lines"]) == (0, [])
    with pytest.raises(StateForbids):
        await floor.do(commands.ship, order)
    await floor.world.verified()


@pytest.mark.parametrize("quantities", [{"1": 3}, {"1": -1}, {"1": 0}, {}])
async def test_parts_that_cannot_leave(floor: Floor, quantities: dict[str, int]) -> None:
    order = await floor.packed()
    with pytest.raises(QuantityInvalid):
        await floor.do(commands.ship, order, quantities=quantities)
    assert await floor.on_shelf() == [(SKU, "", 2, 2), ("P-7001", "", 1, 1)]


async def test_two_parcels_of_one_number(floor: Floor) -> None:
    order = await floor.packed()
    with pytest.raises(ParcelRepeated):
        await floor.do(commands.ship, order, parcels=[NewParcel(mailno="T-1"), NewParcel(mailno="T-1")])


async def test_named_pieces_leave_by_name(floor: Floor) -> None:
    await named(floor, "SN0001", "SN0002", "SN0003")
    order = await floor.world.order("N-1", lines={SKU: 2}, state="allocated", service=PARCEL_SERVICE)
    for step in (commands.start_picking, commands.start_packing, commands.finish_packing):
        await floor.do(step, order)
    for codes, error in (
        (["SN0001"], UnitsMiscounted),
        (["SN0001", "SN0001"], UnitsMiscounted),
        (["SN0001", "SN0009"], UnitNotHere),
    ):
        with pytest.raises(error):
            await floor.do(commands.ship, order, units={"1": codes})
    with pytest.raises(UnitsUnnamed):
        await floor.do(commands.ship, order)
    assert await floor.on_shelf() == [(SKU, "", 3, 2)]

    await floor.do(commands.ship, order, units={"1": ["SN0003", "SN0001"]})
    assert await units(floor) == [("SN0001", "shipped"), ("SN0002", "in_stock"), ("SN0003", "shipped")]
    [told] = await facts(floor, order, "outbound.shipped")
    assert sorted(unit["code"] for unit in told["lines"][0]["units"]) == ["SN0001", "SN0003"]
    await floor.world.verified()


async def test_a_piece_that_left_comes_back(floor: Floor) -> None:
    await named(floor, "SN0001")
    order = await floor.world.order("N-1", lines={SKU: 1}, state="allocated", service=PARCEL_SERVICE)
    for step in (commands.start_picking, commands.start_packing, commands.finish_packing):
        await floor.do(step, order)
    await floor.do(commands.ship, order, units={"1": ["SN0001"]})
    back = await floor.world.order("I-2", lines={SKU: 1}, kind="inbound", state="announced", dialect="hongxun")
    await floor.do(inbound.receive, back, receipts=[Receipt(line_key="1", quantity=1, units=sns("SN0001"))])
    assert await units(floor) == [("SN0001", "in_stock")]
    await floor.world.verified()
