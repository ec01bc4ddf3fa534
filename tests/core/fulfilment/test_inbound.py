"""Goods come in, in batches, as much as comes; then nothing more."""

import asyncio
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders.errors import LineUnknown, OrderUnknown, QuantityInvalid, StateForbids
from crossdock.core.orders.model import INBOUND_MOVES, NewLine, PlaceOrder
from tests.core.fulfilment.conftest import SKU, Floor
from tests.world import ACCOUNT, COMPANY, WAREHOUSE


async def test_two_batches_and_the_end(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10, "P-7001": 5}, type="CI", partner_fields={"po": "7"})

    first = await floor.do(inbound.receive, order, receipts=counted({"1": 4}))
    second = await floor.do(inbound.receive, order, receipts=counted({"1": 7, "2": 0}))
    closed = await floor.do(inbound.close_inbound, order)

    assert [(o.state, o.batches, o.finished_at) for o in (first, second, closed)] == [
        ("receiving", 1, None),
        ("receiving", 2, None),
        ("closed", 2, floor.world.clock.now()),
    ]
    assert await floor.on_shelf() == [(SKU, "", 11, 0)], "one more than announced, as it came"
    assert await floor.world.rows("SELECT sku, quantity, done FROM order_line ORDER BY line_no") == [
        (SKU, 10, 11),
        ("P-7001", 5, 0),
    ]

    def line(quantity: int) -> dict[str, Any]:
        return {
            "line_key": "1",
            "sku": SKU,
            "quantity": quantity,
            "ordered": 10,
            "lot": "",
            "condition": "good",
            "partner_fields": {},
        }

    common = {
        "number": "I-1",
        "type": "CI",
        "site": "WH-GZ01",
        "sub_inventory": "OWN-A",
        "partner_fields": {"po": "7"},
    }
    assert (await floor.told(order))[1:] == [
        ("inbound.received", {**common, "batch": 1, "lines": [line(4)]}),
        ("inbound.received", {**common, "batch": 2, "lines": [line(7)]}),
        ("inbound.closed", {**common, "lines": [line(11)], "ordered": 15, "received": 11, "batches": 2}),
    ]
    await floor.world.verified()


async def test_an_order_may_end_without_anything(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10})
    assert (await floor.do(inbound.close_inbound, order)).state == "closed"
    assert (await floor.told(order))[-1][1] | {"lines": [], "received": 0, "batches": 0} == (await floor.told(order))[
        -1
    ][1]


async def test_ending_again_changes_nothing(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10})
    first = await floor.do(inbound.close_inbound, order)
    assert await asyncio.gather(*(floor.do(inbound.close_inbound, order) for _ in range(5))) == [first] * 5
    assert len(await floor.told(order)) == 2


async def test_a_batch_with_a_name_comes_in_once(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10})
    again = [
        floor.do(inbound.receive, order, receipts=counted({"1": 3}), batch_key=key)
        for key in ("dock-1", "dock-2") * 5
    ]
    assert {(await one).state for one in again} == {"receiving"}
    assert await floor.on_shelf() == [(SKU, "", 6, 0)]
    assert len(await floor.told(order)) == 3, "placed, and two batches"


async def test_a_batch_with_a_name_at_once_comes_in_once(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10})
    await asyncio.gather(
        *(floor.do(inbound.receive, order, receipts=counted({"1": 3}), batch_key="dock-1") for _ in range(10))
    )
    assert await floor.on_shelf() == [(SKU, "", 3, 0)]
    await floor.world.verified()


async def test_ten_batches_at_once_are_ten_batches(floor: Floor) -> None:
    order = await floor.inbound({SKU: 10})
    await asyncio.gather(*(floor.do(inbound.receive, order, receipts=counted({"1": 1})) for _ in range(10)))
    assert sorted(facts["batch"] for kind, facts in await floor.told(order) if kind == "inbound.received") == list(
        range(1, 11)
    )
    assert await floor.on_shelf() == [(SKU, "", 10, 0)]
    await floor.world.verified()


async def test_lot_condition_and_owner_of_the_line_are_kept(floor: Floor) -> None:
    other = await floor.world.desk.accounts.sub_inventory(ACCOUNT, "OWN-B")
    placed = await floor.world.desk.orders.put(
        PlaceOrder(
            account_id=ACCOUNT,
            company_id=COMPANY,
            kind="inbound",
            number="I-1",
            dialect="hongxun",
            state="announced",
            site_id=WAREHOUSE,
            lines=(
                NewLine(
                    line_key="a", sku=SKU, quantity=1, lot="L1", condition="defective", sub_inventory_id=other.id
                ),
                NewLine(line_key="b", sku=SKU, quantity=1, lot="L2", sub_inventory_id=other.id),
            ),
        )
    )
    await floor.do(inbound.receive, placed.order, receipts=counted({"a": 1, "b": 2}))
    rows = await floor.world.rows("SELECT sub_inventory_id, lot, condition, on_hand FROM stock ORDER BY lot")
    assert rows == [(other.id, "L1", "defective", 1), (other.id, "L2", "good", 2)]


@pytest.mark.parametrize(
    ("quantities", "error"),
    [
        ({}, QuantityInvalid),
        ({"1": 0}, QuantityInvalid),
        ({"1": -1}, QuantityInvalid),
        ({"1": 1, "2": -1}, QuantityInvalid),
        ({"1": 1, "9": 1}, LineUnknown),
        ({SKU: 1}, LineUnknown),
    ],
)
async def test_what_cannot_have_come(floor: Floor, quantities: dict[str, int], error: type[CrossdockError]) -> None:
    order = await floor.inbound({SKU: 10, "P-7001": 5})
    with pytest.raises(error):
        await floor.do(inbound.receive, order, receipts=counted(quantities))
    assert (await floor.on_shelf(), len(await floor.told(order))) == ([], 1)


@pytest.mark.parametrize("state", INBOUND_MOVES)
async def test_in_each_state(floor: Floor, state: str) -> None:
    order = await floor.inbound({SKU: 10})
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s", state=state)
    if "receiving" in INBOUND_MOVES[state]:
        assert (await floor.do(inbound.receive, order, receipts=counted({"1": 1}))).state == "receiving"
    else:
        with pytest.raises(StateForbids):
            await floor.do(inbound.receive, order, receipts=counted({"1": 1}))
        assert await floor.on_shelf() == []


async def test_what_goes_out_does_not_come_in(floor: Floor) -> None:
    order = await floor.world.order("N-1", lines={SKU: 1})
    for command, more in ((inbound.receive, {"receipts": counted({"1": 1})}), (inbound.close_inbound, {})):
        with pytest.raises(StateForbids):
            await floor.do(command, order, **more)
    for command in (inbound.receive, inbound.close_inbound):
        with pytest.raises(OrderUnknown):
            await floor.do(
                command,
                order,
                account_id=AccountId(48),
                **({"receipts": []} if command is inbound.receive else {}),
            )
