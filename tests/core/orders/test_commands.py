"""A draft grows, is handed to the warehouse, is called back."""

import asyncio
from typing import Any

import pytest

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.catalog.errors import ProductNotActive, ProductUnknown
from crossdock.core.events.queries import timeline
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import LineKeyTaken, OrderEmpty, OrderUnknown, StateForbids
from crossdock.core.orders.model import LOCKED_STATES, MOVES, NewLine, Order, OrderLine
from tests.core.orders.conftest import Counter, ask
from tests.world import ACCOUNT

SKU = "00131031"
NIKE, PHONE = ProductId(2989068), ProductId(2989352)
BY = {"dialect": "birdsystem", "actor": "erp"}


class Orders:
    """The commands on one order, each in a transaction of its own."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.database = counter.world.desk.database

    async def draft(self, lines: dict[str, int] | None = None, number: str = "N-1") -> Order:
        return (await self.counter.placed(ask(number, lines, sub_inventory_id=self.counter.owner))).order

    async def add(self, order_id: int, line: NewLine) -> OrderLine:
        async with self.database.transaction() as tx:
            return await commands.add_line(tx, account_id=ACCOUNT, order_id=order_id, line=line, **BY)

    async def submit(self, order_id: int) -> Order:
        async with self.database.transaction() as tx:
            return await commands.submit(tx, account_id=ACCOUNT, order_id=order_id, **BY)

    async def cancel(self, order_id: int, **more: Any) -> Order:
        async with self.database.transaction() as tx:
            return await commands.cancel(tx, account_id=ACCOUNT, order_id=order_id, **BY, **more)

    async def cancel_all(self, *order_ids: int) -> list[Order]:
        async with self.database.transaction() as tx:
            return await commands.cancel_all(tx, account_id=ACCOUNT, order_ids=order_ids, **BY)

    async def waiting(self) -> bool:
        """Whether somebody waits for a lock."""
        return bool(
            await self.counter.world.rows(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )

    async def read(self, order_id: int) -> tuple[Order, list[OrderLine]]:
        async with self.database.autocommit() as tx:
            order = await queries.order(tx, account_id=ACCOUNT, order_id=order_id)
            return order, await queries.lines(tx, account_id=ACCOUNT, order_id=order.id)

    async def force(self, order: Order, state: str) -> None:
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE orders SET state = %(state)s WHERE id = %(id)s", state=state, id=order.id)


@pytest.fixture
def orders(counter: Counter) -> Orders:
    return Orders(counter)


def line(product: ProductId = NIKE, quantity: int = 1, **more: Any) -> NewLine:
    return NewLine(**{"line_key": str(product), "product_id": product, "quantity": quantity, **more})


# Lines -----------------------------------------------------------------------------


async def test_lines_are_added_and_the_same_one_grows(orders: Orders) -> None:
    order = await orders.draft()
    await orders.add(order.id, line(NIKE, 2, partner_fields={"a": 1, "b": 1}))
    await orders.add(order.id, line(PHONE, 1))
    grown = await orders.add(order.id, line(NIKE, 3, partner_fields={"b": 2}))

    assert (grown.line_no, grown.quantity, grown.partner_fields) == (1, 5, {"a": 1, "b": 2})
    order, lines = await orders.read(order.id)
    assert [(entry.line_no, entry.sku, entry.quantity) for entry in lines] == [(1, SKU, 5), (2, "P-7001", 1)]
    assert order.pieces == 6


async def test_twenty_add_to_one_line_at_once(orders: Orders) -> None:
    order = await orders.draft()
    await asyncio.gather(*(orders.add(order.id, line(NIKE if turn % 2 else PHONE)) for turn in range(20)))
    order, lines = await orders.read(order.id)
    assert (order.pieces, sorted(entry.quantity for entry in lines)) == (20, [10, 10])
    assert sorted(entry.line_no for entry in lines) == [1, 2]


async def test_a_line_may_name_its_product_by_sku(orders: Orders) -> None:
    order = await orders.draft()
    assert (await orders.add(order.id, NewLine(line_key="1", sku=SKU, quantity=1))).product_id == NIKE


async def test_a_line_key_belongs_to_one_product(orders: Orders) -> None:
    order = await orders.draft()
    await orders.add(order.id, line(NIKE, line_key="1"))
    with pytest.raises(LineKeyTaken):
        await orders.add(order.id, line(PHONE, line_key="1"))
    assert (await orders.read(order.id))[0].pieces == 1


@pytest.mark.parametrize("unknown", [line(ProductId(1)), NewLine(line_key="1", sku="nothing", quantity=1)])
async def test_a_product_that_nobody_knows(orders: Orders, unknown: NewLine) -> None:
    order = await orders.draft()
    with pytest.raises(ProductUnknown):
        await orders.add(order.id, unknown)


@pytest.mark.parametrize("state", sorted(MOVES["outbound"].keys() - {"draft"}))
async def test_only_a_draft_grows(orders: Orders, state: str) -> None:
    order = await orders.draft()
    await orders.force(order, state)
    with pytest.raises(StateForbids):
        await orders.add(order.id, line())
    assert (await orders.read(order.id))[1] == []


@pytest.mark.parametrize("order_id", [-1, 0, 1, 2**63 - 1, 2**63, 10**40])
async def test_an_order_that_is_not_there(orders: Orders, order_id: int) -> None:
    for command in (orders.submit(order_id), orders.cancel(order_id), orders.add(order_id, line())):
        with pytest.raises(OrderUnknown):
            await command


# Submitting -------------------------------------------------------------------------


async def test_with_stock_it_is_allocated(orders: Orders) -> None:
    await orders.counter.world.stock(SKU, 3)
    order = await orders.draft({SKU: 2})
    assert (await orders.submit(order.id)).state == "allocated"
    assert await orders.counter.on_shelf(SKU) == (3, 2)
    await orders.counter.world.verified()


async def test_without_enough_of_everything_it_waits_and_holds_nothing(orders: Orders) -> None:
    await orders.counter.world.stock(SKU, 3)
    order = await orders.draft({SKU: 2, "P-7001": 1})
    assert (await orders.submit(order.id)).state == "pending"
    assert await orders.counter.on_shelf(SKU) == (3, 0)
    await orders.counter.world.verified()


@pytest.mark.parametrize("stocked", [0, 5])
async def test_submitting_again_changes_nothing(orders: Orders, stocked: int) -> None:
    if stocked:
        await orders.counter.world.stock(SKU, stocked)
    order = await orders.draft({SKU: 2})
    first = await orders.submit(order.id)
    await orders.counter.world.stock(SKU, 5)

    assert await asyncio.gather(*(orders.submit(order.id) for _ in range(10))) == [first] * 10

    assert (await orders.counter.on_shelf(SKU))[1] == (2 if stocked else 0)
    async with orders.database.autocommit() as tx:
        assert len(await timeline(tx, account_id=ACCOUNT, order_id=order.id)) == 2


async def test_ten_drafts_for_five_pieces(orders: Orders) -> None:
    await orders.counter.world.stock(SKU, 5)
    drafts = [await orders.draft({SKU: 1}, number=f"N-{number}") for number in range(10)]
    states = [order.state for order in await asyncio.gather(*(orders.submit(draft.id) for draft in drafts))]
    assert sorted(states) == ["allocated"] * 5 + ["pending"] * 5
    await orders.counter.world.verified()


async def test_an_empty_order_is_not_submitted(orders: Orders) -> None:
    order = await orders.draft()
    with pytest.raises(OrderEmpty):
        await orders.submit(order.id)


async def test_nor_one_of_a_product_that_is_out_of_use(orders: Orders) -> None:
    order = await orders.draft({SKU: 1})
    async with orders.database.transaction() as tx:
        await tx.execute("UPDATE product SET active = false WHERE sku = %(sku)s", sku=SKU)
    with pytest.raises(ProductNotActive):
        await orders.submit(order.id)


@pytest.mark.parametrize("state", sorted(MOVES["outbound"].keys() - {"draft", "pending", "allocated"}))
async def test_only_a_draft_is_submitted(orders: Orders, state: str) -> None:
    order = await orders.draft({SKU: 1})
    await orders.force(order, state)
    with pytest.raises(StateForbids):
        await orders.submit(order.id)


# Cancelling --------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(LOCKED_STATES - {"partly_shipped"}))
async def test_what_was_set_aside_is_free_again(orders: Orders, state: str) -> None:
    await orders.counter.world.stock(SKU, 3)
    order = await orders.draft({SKU: 2})
    await orders.submit(order.id)
    await orders.force(order, state)

    cancelled = await orders.cancel(order.id, reason="changed my mind")

    assert (cancelled.state, await orders.counter.on_shelf(SKU)) == ("cancelled", (3, 0))
    async with orders.database.autocommit() as tx:
        last = (await timeline(tx, account_id=ACCOUNT, order_id=order.id))[-1]
    assert last.facts == {"from": state, "to": "cancelled", "reason": "changed my mind"}
    await orders.counter.world.verified()


async def test_cancelling_again_changes_nothing(orders: Orders) -> None:
    await orders.counter.world.stock(SKU, 3)
    order = await orders.draft({SKU: 2})
    await orders.submit(order.id)

    answers = await asyncio.gather(*(orders.cancel(order.id) for _ in range(10)))

    assert {answer.state for answer in answers} == {"cancelled"}
    assert await orders.counter.on_shelf(SKU) == (3, 0)
    await orders.counter.world.verified()


async def test_several_are_cancelled_with_their_buckets_taken_in_one_order(orders: Orders) -> None:
    """Who waits for one bucket holds none behind it, or two callers would wait for each other."""
    first, last = "P-7001", SKU
    for sku in (first, last):
        await orders.counter.world.stock(sku, 5)
    rows = await orders.counter.world.rows(
        "SELECT s.id FROM stock s JOIN product p ON p.id = s.product_id WHERE p.sku = ANY (%(skus)s) ORDER BY s.id",
        skus=[first, last],
    )
    low, high = [row[0] for row in rows]
    by_bucket = {low: first, high: last}
    early = await orders.draft({by_bucket[high]: 2}, number="N-1")
    late = await orders.draft({by_bucket[low]: 2}, number="N-2")
    assert early.id < late.id, "the one that is cancelled first holds the bucket that is locked last"
    for order in (early, late):
        await orders.submit(order.id)

    async with orders.database.transaction() as tx:
        await tx.execute("SELECT 1 FROM stock WHERE id = %(id)s FOR NO KEY UPDATE", id=low)
        cancelling = asyncio.create_task(orders.cancel_all(late.id, early.id))
        while not await orders.waiting():
            await asyncio.sleep(0.01)
        await tx.execute("SELECT 1 FROM stock WHERE id = %(id)s FOR NO KEY UPDATE NOWAIT", id=high)

    assert [order.id for order in await cancelling] == [early.id, late.id]
    assert [await orders.counter.on_shelf(sku) for sku in (first, last)] == [(5, 0), (5, 0)]
    await orders.counter.world.verified()


async def test_several_are_cancelled_or_none(orders: Orders) -> None:
    free, gone = await orders.draft(number="N-1"), await orders.draft(number="N-2")
    await orders.force(gone, "shipped")
    with pytest.raises(StateForbids):
        await orders.cancel_all(free.id, gone.id)
    assert (await orders.read(free.id))[0].state == "draft"


@pytest.mark.parametrize("state", ["partly_shipped", "shipped", "delivered", "returned", "unshipped", "deleted"])
async def test_what_has_left_is_not_cancelled(orders: Orders, state: str) -> None:
    order = await orders.draft()
    await orders.force(order, state)
    with pytest.raises(StateForbids):
        await orders.cancel(order.id)


async def test_a_caller_may_be_allowed_less_than_the_table(orders: Orders) -> None:
    order = await orders.draft()
    await orders.force(order, "picking")
    with pytest.raises(StateForbids):
        await orders.cancel(order.id, from_states=("draft", "allocated"))
    assert (await orders.cancel(order.id, from_states=("picking",))).state == "cancelled"
    assert (await orders.cancel(order.id, from_states=("picking",))).state == "cancelled", "as it is"


# Delivered and back -------------------------------------------------------------------


async def test_only_what_is_under_way_is_delivered_and_only_what_is_delivered_comes_back(orders: Orders) -> None:
    order = await orders.draft()
    for state in MOVES["outbound"]:
        await orders.force(order, state)
        async with orders.database.transaction() as tx:
            delivered = await commands.deliver(tx, account_id=ACCOUNT, order_id=order.id, place="shop", **BY)
        assert (delivered.state if delivered else None) == ("delivered" if state == "shipped" else None)
        await orders.force(order, state)
        async with orders.database.transaction() as tx:
            under_way = await commands.undeliver(tx, account_id=ACCOUNT, order_id=order.id, **BY)
        assert (under_way.state if under_way else None) == ("shipped" if state == "delivered" else None)


async def test_another_account_touches_nothing(orders: Orders) -> None:
    order = await orders.draft({SKU: 1})
    other = AccountId(48)
    for command in (commands.submit, commands.cancel):
        with pytest.raises(OrderUnknown):
            async with orders.database.transaction() as tx:
                await command(tx, account_id=other, order_id=order.id, **BY)
    assert (await orders.read(order.id))[0] == order
