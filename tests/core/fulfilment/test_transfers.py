"""Goods change their owner where they lie."""

import asyncio
from typing import Any

import pytest

from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import Receipt
from crossdock.core.fulfilment.transfers import transfer
from crossdock.core.orders.errors import OrderNumberTaken
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import NewLine, Order, PlaceOrder
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.units.errors import UnitNotHere
from crossdock.core.units.model import NewUnit
from tests.core.fulfilment.conftest import SKU, Floor
from tests.world import ACCOUNT, COMPANY, WAREHOUSE


async def moved(
    floor: Floor, number: str = "W-1", *, pieces: int = 3, source: str = "OWN-A", target: str = "OWN-B", **more: Any
) -> Order:
    desk = floor.world.desk
    owner, heir = [await desk.accounts.sub_inventory(ACCOUNT, code) for code in (source, target)]
    [order_id] = await OrderIds(desk.database).take([COMPANY])
    async with desk.database.transaction() as tx:
        command = PlaceOrder(
            account_id=ACCOUNT,
            company_id=COMPANY,
            kind="transfer",
            number=number,
            dialect="hongxun",
            type="20",
            state="allocated",
            site_id=WAREHOUSE,
            sub_inventory_id=owner.id,
            lines=more.get("lines", (NewLine(line_key="1", sku=SKU, quantity=pieces),)),
            content_hash=more.get("content", b"1"),
        )
        units = more.get("units")
        return (await transfer(tx, command=command, order_id=order_id, target_id=heir.id, units=units)).order


async def shelf(floor: Floor) -> list[tuple[Any, ...]]:
    return await floor.world.rows(
        "SELECT sub.code, s.lot, s.on_hand, s.allocated FROM stock s"
        " JOIN sub_inventory sub ON sub.id = s.sub_inventory_id ORDER BY sub.code, s.lot"
    )


async def test_all_lots_move_and_the_order_is_closed(floor: Floor) -> None:
    await floor.world.stock(SKU, 2, lot="L1")
    await floor.world.stock(SKU, 2, lot="L2")
    order = await moved(floor)
    assert (order.kind, order.state, order.finished_at) == ("transfer", "closed", floor.world.clock.now())
    assert await shelf(floor) == [
        ("OWN-A", "L1", 0, 0),
        ("OWN-A", "L2", 1, 0),
        ("OWN-B", "L1", 2, 0),
        ("OWN-B", "L2", 1, 0),
    ]
    [facts] = [facts for kind, facts in await floor.told(order) if kind == "transfer.closed"]
    assert (facts["sub_inventory"], facts["target_sub_inventory"]) == ("OWN-A", "OWN-B")
    assert [(line["lot"], line["quantity"]) for line in facts["lines"]] == [("L1", 2), ("L2", 1)]
    await floor.world.verified()


async def test_again_moves_nothing(floor: Floor) -> None:
    await floor.world.stock(SKU, 6)
    assert (await moved(floor)).id == (await moved(floor)).id
    with pytest.raises(OrderNumberTaken):
        await moved(floor, content=b"2")
    assert await shelf(floor) == [("OWN-A", "", 3, 0), ("OWN-B", "", 3, 0)]


async def test_too_little_moves_nothing(floor: Floor) -> None:
    await floor.world.stock(SKU, 2)
    with pytest.raises(OutOfStock):
        await moved(floor)
    assert await shelf(floor) == [("OWN-A", "", 2, 0)]
    assert await floor.world.rows("SELECT count(*) FROM orders") == [(0,)]


async def test_pieces_with_names_go_along(floor: Floor) -> None:
    order = await floor.inbound({SKU: 3})
    units = tuple(NewUnit(sn=f"SN000{number}") for number in range(3))
    await floor.do(inbound.receive, order, receipts=[Receipt(line_key="1", quantity=3, units=units)])
    await moved(floor, pieces=2)
    rows = "SELECT u.code, sub.code FROM unit u JOIN stock s ON s.id = u.stock_id"
    owners = await floor.world.rows(f"{rows} JOIN sub_inventory sub ON sub.id = s.sub_inventory_id ORDER BY 1")
    assert owners == [("SN0000", "OWN-B"), ("SN0001", "OWN-B"), ("SN0002", "OWN-A")]
    await floor.world.verified()


async def named_pieces(floor: Floor) -> list[tuple[str, str]]:
    rows = "SELECT u.code, sub.code FROM unit u JOIN stock s ON s.id = u.stock_id"
    return await floor.world.rows(f"{rows} JOIN sub_inventory sub ON sub.id = s.sub_inventory_id ORDER BY 1")


async def three_named(floor: Floor) -> None:
    """SN0000 and SN0001 in lot A, SN0002 in lot B."""
    order = await floor.inbound({SKU: 3})
    units = tuple(NewUnit(sn=f"SN000{number}") for number in range(3))
    receipts = [
        Receipt(line_key="1", quantity=len(some), lot=lot, units=some)
        for lot, some in (("A", units[:2]), ("B", units[2:]))
    ]
    await floor.do(inbound.receive, order, receipts=receipts)


async def test_a_piece_that_is_named_goes_whichever_lot_it_lies_in(floor: Floor) -> None:
    await three_named(floor)
    lines = tuple(NewLine(line_key=str(number), sku=SKU, quantity=1) for number in (1, 2))
    order = await moved(floor, lines=lines, units={"2": ["SN0002"]})
    assert await named_pieces(floor) == [("SN0000", "OWN-B"), ("SN0001", "OWN-A"), ("SN0002", "OWN-B")]
    [facts] = [facts for kind, facts in await floor.told(order) if kind == "transfer.closed"]
    told = [(line["line_key"], line["lot"], [unit["sn"] for unit in line["units"]]) for line in facts["lines"]]
    assert sorted(told) == [("1", "A", ["SN0000"]), ("2", "B", ["SN0002"])]
    again = await moved(floor, lines=lines, units={"2": ["SN0002"]})
    assert again.id == order.id
    await floor.world.verified()


@pytest.mark.parametrize("units", [{"1": ["SN0009"]}, {"1": ["SN0001"], "2": ["SN0001"]}])
async def test_a_piece_that_is_not_there_moves_nothing(floor: Floor, units: dict[str, list[str]]) -> None:
    await three_named(floor)
    lines = tuple(NewLine(line_key=str(number), sku=SKU, quantity=1) for number in (1, 2))
    with pytest.raises(UnitNotHere):
        await moved(floor, lines=lines, units=units)
    assert {owner for _, owner in await named_pieces(floor)} == {"OWN-A"}


async def test_there_and_back_thirty_times_at_once(floor: Floor) -> None:
    await floor.world.stock(SKU, 5)
    await floor.world.stock(SKU, 5, sub="OWN-B")
    outcomes = await asyncio.gather(
        *(
            moved(floor, f"W-{turn}", pieces=1, source=f"OWN-{'AB'[turn % 2]}", target=f"OWN-{'BA'[turn % 2]}")
            for turn in range(30)
        ),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)} <= {OutOfStock}
    assert sum(row[2] for row in await shelf(floor)) == 10
    assert {state for (state,) in await floor.world.rows("SELECT state FROM orders")} == {"closed"}
    await floor.world.verified()
