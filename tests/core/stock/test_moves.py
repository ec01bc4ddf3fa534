"""The ledger itself: a move has a cause, a cause moves a bucket once, and a bucket never lies."""

import asyncio
from typing import Any

import pytest

from crossdock.base.ids import AccountId, OrderId, ProductId
from crossdock.core.stock import commands, queries, sql
from crossdock.core.stock.errors import NotSetAside, OutOfStock
from crossdock.core.stock.model import Arrival, Need, Reservation
from crossdock.core.stock.sql import Move
from crossdock.db.errors import ConstraintBroken
from tests.core.orders.conftest import Counter
from tests.world import ACCOUNT, WAREHOUSE

NIKE, PHONE = ProductId(2989068), ProductId(2989352)
SKU = "00131031"


def arrival(counter: Counter, quantity: int = 1, product: ProductId = NIKE, lot: str = "") -> Arrival:
    return Arrival(site_id=WAREHOUSE, sub_inventory_id=counter.owner, product_id=product, lot=lot, quantity=quantity)


def need(counter: Counter, quantity: int, **more: Any) -> Need:
    return Need(
        **{
            "site_id": WAREHOUSE,
            "sub_inventory_id": counter.owner,
            "product_id": NIKE,
            "sku": SKU,
            "quantity": quantity,
            **more,
        }
    )


async def receive(counter: Counter, cause: str, *arrivals: Arrival) -> None:
    async with counter.world.desk.database.transaction() as tx:
        await commands.receive(tx, account_id=ACCOUNT, arrivals=arrivals, cause=cause)


async def test_what_came_in_lies_on_the_shelf(counter: Counter) -> None:
    await receive(counter, "truck 1", arrival(counter, 2), arrival(counter, 3), arrival(counter, 1, PHONE, lot="L"))
    assert await counter.on_shelf(SKU) == (5, 0)
    assert await counter.on_shelf("P-7001") == (1, 0)
    moves = await counter.world.rows("SELECT cause, quantity FROM stock_move ORDER BY id")
    assert moves == [("truck 1:1", 2), ("truck 1:2", 3), ("truck 1:3", 1)]


async def test_a_repeated_cause_moves_nothing(counter: Counter) -> None:
    await receive(counter, "truck 1", arrival(counter, 2))
    with pytest.raises(ConstraintBroken) as caught:
        await receive(counter, "truck 1", arrival(counter, 2))
    assert caught.value.constraint == "stock_move_account_id_cause_stock_id_key"
    assert await counter.on_shelf(SKU) == (2, 0)
    await counter.world.verified()


async def test_ten_trucks_at_one_new_shelf(counter: Counter) -> None:
    """In both orders of the products: the buckets are made and locked in one order by all."""
    both = [arrival(counter, 1), arrival(counter, 1, PHONE)]
    await asyncio.gather(*(receive(counter, f"truck {n}", *(both if n % 2 else both[::-1])) for n in range(10)))
    assert await counter.on_shelf(SKU) == await counter.on_shelf("P-7001") == (10, 0)
    assert await counter.world.rows("SELECT count(*) FROM stock") == [(2,)]
    await counter.world.verified()


@pytest.mark.parametrize(("quantity", "allocated"), [(-3, 0), (0, 3), (0, -1), (-2, 1), (0, 0)], ids=str)
async def test_a_bucket_refuses_what_cannot_be(counter: Counter, quantity: int, allocated: int) -> None:
    """Less than nothing, more set aside than there is, given back what nobody holds, a move that moves nothing."""
    await receive(counter, "truck", arrival(counter, 2))
    [(stock_id,)] = await counter.world.rows("SELECT id FROM stock")
    with pytest.raises(ConstraintBroken):
        async with counter.world.desk.database.transaction() as tx:
            await sql.move(
                tx, [Move(account_id=ACCOUNT, stock_id=stock_id, cause="x", quantity=quantity, allocated=allocated)]
            )
    assert await counter.on_shelf(SKU) == (2, 0)


async def test_a_plan_shares_out_what_is_there_and_a_refused_one_gives_its_part_back(counter: Counter) -> None:
    await receive(counter, "truck", arrival(counter, 3, lot="L1"), arrival(counter, 1, lot="L2"))
    asked = [
        (need(counter, 2), need(counter, 3)),
        (need(counter, 3),),
        (need(counter, 1, lot="L1"),),
        (need(counter, 1, lot="L2"),),
        (need(counter, 1),),
    ]
    async with counter.world.desk.database.transaction() as tx:
        answers = await commands.plan(
            tx,
            [
                Reservation(account_id=ACCOUNT, order_id=OrderId(number), needs=needs)
                for number, needs in enumerate(asked)
            ],
        )
    assert [type(answer) for answer in answers] == [OutOfStock, tuple, OutOfStock, tuple, OutOfStock]
    first = answers[0]
    assert isinstance(first, OutOfStock)
    assert first.facts == {"sku": SKU, "available": 2, "wanted": 3}


async def test_another_accounts_reservation_finds_nothing(counter: Counter) -> None:
    await receive(counter, "truck", arrival(counter, 3))
    async with counter.world.desk.database.transaction() as tx:
        [answer] = await commands.plan(
            tx, [Reservation(account_id=AccountId(48), order_id=OrderId(1), needs=(need(counter, 1),))]
        )
    assert isinstance(answer, OutOfStock)


async def test_nothing_is_withdrawn_that_is_not_set_aside(counter: Counter) -> None:
    await receive(counter, "truck", arrival(counter, 3))
    order = (await counter.placed(counter.reserving("N-1", {SKU: 2}))).order
    [(line_id,)] = await counter.world.rows("SELECT id FROM order_line")
    with pytest.raises(NotSetAside):
        async with counter.world.desk.database.transaction() as tx:
            await commands.withdraw(tx, account_id=ACCOUNT, order_id=order.id, quantities={line_id: 3}, cause="x")
    assert await counter.on_shelf(SKU) == (3, 2)


async def test_no_need_is_no_statement(counter: Counter) -> None:
    async with counter.world.desk.database.transaction() as tx:
        assert await commands.plan(tx, []) == []
        assert await commands.plan(tx, [Reservation(account_id=ACCOUNT, order_id=OrderId(1), needs=())]) == [()]
        await commands.reserve(tx, takes={(ACCOUNT, OrderId(1)): ()}, line_ids={})
        await commands.release(tx, account_id=ACCOUNT, causes={OrderId(1): "x"})


async def test_reading_the_shelf(counter: Counter) -> None:
    await receive(
        counter, "truck", arrival(counter, 3, lot="B"), arrival(counter, 2, lot="A"), arrival(counter, 1, PHONE)
    )
    await counter.placed(counter.reserving("N-1", {SKU: 1}))

    async def rows(**filters: Any) -> tuple[int, list[tuple[Any, ...]]]:
        async with counter.world.desk.database.autocommit() as tx:
            total, found = await queries.stock_rows(tx, **{"account_id": ACCOUNT, "limit": 10, **filters})
        return total, [(row.sku, row.lot, row.on_hand, row.allocated) for row in found]

    a, b, phone = (SKU, "A", 2, 1), (SKU, "B", 3, 0), ("P-7001", "", 1, 0)
    assert await rows() == (3, [a, b, phone])
    assert await rows(start=1, limit=1) == (3, [b])
    assert await rows(start=3) == (3, [])
    assert await rows(start=9, skus=[SKU]) == (2, [])
    assert await rows(limit=0) == (3, [])
    assert await rows(skus=["P-7001", "nothing"]) == (1, [phone])
    assert await rows(skus=[]) == (0, [])
    assert await rows(site_codes=["WH-GZ01"], sub_inventory_codes=["OWN-A"], skus=[SKU]) == (2, [a, b])
    assert await rows(sub_inventory_codes=["OWN-B"]) == (0, [])
    assert await rows(account_id=AccountId(48)) == (0, [])
