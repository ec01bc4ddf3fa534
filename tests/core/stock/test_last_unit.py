"""Fifty want the last unit: one gets it."""

import asyncio
from collections import Counter as Tally
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.orders import commands, placing_sql
from crossdock.core.orders.model import Placed
from crossdock.core.orders.placing import Placing
from crossdock.core.stock.errors import OutOfStock
from crossdock.db.database import Database
from tests.core.orders.conftest import Counter, ask
from tests.world import ACCOUNT

SKU = "00131031"


async def checked(counter: Counter, answers: list[Placed | CrossdockError]) -> None:
    assert Tally(type(answer) for answer in answers) == {Placed: 1, OutOfStock: 49}
    assert await counter.on_shelf(SKU) == (1, 1)
    assert await counter.world.rows("SELECT count(*) FROM orders") == [(1,)]
    await counter.world.verified()


async def test_through_the_intake(counter: Counter) -> None:
    await counter.world.stock(SKU, 1)
    await checked(counter, await counter.put(*(counter.reserving(f"N-{number}", {SKU: 1}) for number in range(50))))


async def test_each_in_a_transaction_of_its_own(counter: Counter) -> None:
    await counter.world.stock(SKU, 1)
    placing = Placing(counter.world.desk.database)
    batches = await asyncio.gather(
        *(placing.place_many([counter.reserving(f"N-{number}", {SKU: 1})]) for number in range(50))
    )
    await checked(counter, [answer for batch in batches for answer in batch])


async def test_from_two_processes(counter: Counter) -> None:
    await counter.world.stock(SKU, 1)
    database = counter.world.desk.database
    async with Database(database.url, counter.world.clock, connections=4) as other:
        placings = [Placing(database), Placing(other)]
        batches = await asyncio.gather(
            *(
                placings[batch % 2].place_many(
                    [counter.reserving(f"N-{batch}-{number}", {SKU: 1}) for number in range(5)]
                )
                for batch in range(10)
            )
        )
    await checked(counter, [answer for batch in batches for answer in batch])


async def test_it_goes_between_the_look_and_the_write(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    await counter.world.stock(SKU, 1)
    placing, look = Placing(counter.world.desk.database), placing_sql.ask
    quicker: list[Placed | CrossdockError] = []

    async def ask_and_be_slow(*asked: Any, **more: Any) -> placing_sql.Found:
        found = await look(*asked, **more)
        monkeypatch.undo()
        quicker.extend(await placing.place_many([counter.reserving("N-2", {SKU: 1})]))
        return found

    monkeypatch.setattr(placing_sql, "ask", ask_and_be_slow)
    slower = await placing.place_many([counter.reserving("N-1", {SKU: 1}), ask("N-3")])
    assert [type(answer) for answer in (*quicker, *slower)] == [Placed, OutOfStock, Placed]
    assert await counter.on_shelf(SKU) == (1, 1)
    await counter.world.verified()


async def test_two_of_two_products_in_both_orders_do_not_lock_each_other_out(counter: Counter) -> None:
    """Buckets are locked by id, whatever the order of the lines."""
    await counter.world.stock(SKU, 10)
    await counter.world.stock("P-7001", 10)
    placing = Placing(counter.world.desk.database)
    asked = [{SKU: 1, "P-7001": 1}, {"P-7001": 1, SKU: 1}]
    batches = await asyncio.gather(
        *(placing.place_many([counter.reserving(f"N-{number}", asked[number % 2])]) for number in range(20))
    )
    assert Tally(type(answer) for batch in batches for answer in batch) == {Placed: 10, OutOfStock: 10}
    await counter.world.verified()


async def test_submitted_by_fifty_hands(counter: Counter) -> None:
    await counter.world.stock(SKU, 1)
    drafts = await counter.put(
        *(ask(f"N-{number}", {SKU: 1}, sub_inventory_id=counter.owner) for number in range(50))
    )

    async def submit(order_id: int) -> str:
        async with counter.world.desk.database.transaction() as tx:
            return (await commands.submit(tx, account_id=ACCOUNT, order_id=order_id, dialect="", actor="")).state

    states = await asyncio.gather(*(submit(draft.order.id) for draft in drafts if isinstance(draft, Placed)))
    assert Tally(states) == {"allocated": 1, "pending": 49}
    assert await counter.on_shelf(SKU) == (1, 1)
    await counter.world.verified()
