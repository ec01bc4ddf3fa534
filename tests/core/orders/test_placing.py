"""Orders come in together: each gets its own answer, and what is answered is on record whole."""

import asyncio
from collections import Counter as Tally
from typing import Any
from unittest.mock import AsyncMock

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import ProductId
from crossdock.core.accounts import master
from crossdock.core.accounts.model import Consignee
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.events.queries import timeline
from crossdock.core.orders import placing as module
from crossdock.core.orders import queries
from crossdock.core.orders.errors import OrderNumberTaken, StateForbids
from crossdock.core.orders.model import FIRST_STATES, MOVES, NewLine, Placed
from crossdock.core.orders.placing import Placing, intake_key
from crossdock.core.stock.errors import OutOfStock
from crossdock.db.database import Database
from crossdock.db.errors import ConstraintBroken, LockContested, ValueNotStorable
from tests.core.orders.conftest import Counter, ask, with_lines
from tests.world import ACCOUNT, COMPANY, START, WAREHOUSE

SKU = "00131031"


async def test_what_was_placed_is_on_record(counter: Counter) -> None:
    placed = await counter.placed(
        ask(
            "订单-1",
            {SKU: 2, "P-7001": 3},
            reference="R-1",
            recipient={"contact": "张三"},
            partner_fields={"a": [1, {"b": None}]},
            content_hash=b"\x00\xff",
            payment="pending",
        )
    )

    assert placed.fresh
    async with counter.world.desk.database.autocommit() as tx:
        found = await queries.order_by_number(tx, account_id=ACCOUNT, kind="outbound", number="订单-1")
        lines = await queries.lines(tx, account_id=ACCOUNT, order_id=found.id)
        [event] = await timeline(tx, account_id=ACCOUNT, order_id=found.id)
    assert found == placed.order
    assert (found.company_id, found.site_id, found.pieces, found.created_at) == (COMPANY, WAREHOUSE, 5, START)
    assert (found.recipient, found.partner_fields) == ({"contact": "张三"}, {"a": [1, {"b": None}]})
    assert [(line.line_no, line.sku, line.quantity, line.done) for line in lines] == [
        (1, SKU, 2, 0),
        (2, "P-7001", 3, 0),
    ]
    assert len(found.token) == 40
    assert (event.kind, event.actor, event.dialect) == ("order.placed", "test", "hongxun")
    assert event.facts == {"number": "订单-1", "kind": "outbound", "type": "LOCAL", "state": "draft", "pieces": 5}


async def test_without_a_number_the_id_is_the_number(counter: Counter) -> None:
    order = (await counter.placed(ask(None))).order
    assert order.number == str(order.id)


async def test_the_same_once_more_is_the_same_order(counter: Counter) -> None:
    first = await counter.placed(ask("N-1", {SKU: 1}, content_hash=b"same"))
    again = await counter.placed(ask("N-1", {SKU: 1}, content_hash=b"same"))

    assert (again.order, again.fresh) == (first.order, False)
    assert await counter.world.rows("SELECT count(*) FROM order_line") == [(1,)]
    assert await counter.world.rows("SELECT count(*) FROM event WHERE order_id IS NOT NULL") == [(1,)]


@pytest.mark.parametrize("hashes", [(b"one", b"other"), (b"one", None), (None, b"one"), (None, None)])
async def test_the_same_number_with_other_content_is_taken(counter: Counter, hashes: tuple[Any, Any]) -> None:
    await counter.placed(ask(content_hash=hashes[0]))

    refusal = await counter.refused(ask(content_hash=hashes[1]))

    assert (type(refusal), refusal.facts) == (OrderNumberTaken, {"number": "N-1"})


async def test_a_number_is_free_for_another_kind(counter: Counter) -> None:
    await counter.placed(ask("N-1"))
    assert (await counter.placed(ask("N-1", kind="inbound", state="announced"))).fresh


async def test_fifty_of_one_number_at_once(counter: Counter) -> None:
    answers = await counter.put(*(ask("N-1", content_hash=b"same") for _ in range(50)))

    placed = [answer for answer in answers if isinstance(answer, Placed)]
    assert Tally(answer.fresh for answer in placed) == {True: 1, False: 49}
    assert len({answer.order.id for answer in placed}) == 1


async def test_two_processes_and_one_number(counter: Counter) -> None:
    """Nobody's intake keeps them apart here: the constraint does, and the late one finds the early one."""
    url = counter.world.desk.database.url
    async with Database(url, counter.world.clock, connections=4) as other:
        placings = [Placing(counter.world.desk.database), Placing(other)]
        answers: list[list[Placed | CrossdockError]] = await asyncio.gather(
            *(
                placings[turn % 2].place_many(
                    [
                        ask(f"N-{number}", {SKU: 1}, content_hash=b"same")
                        for number in (range(5) if turn % 3 else (4, 3, 2))
                    ]
                )
                for turn in range(12)
            )
        )

    fresh = [
        answer.order.number for batch in answers for answer in batch if isinstance(answer, Placed) and answer.fresh
    ]
    assert sorted(fresh) == [f"N-{number}" for number in range(5)]
    assert all(isinstance(answer, Placed) for batch in answers for answer in batch)
    assert await counter.world.rows("SELECT count(*), count(DISTINCT order_id) FROM order_line") == [(5, 5)]


async def test_one_bad_order_fails_alone(counter: Counter) -> None:
    """One is refused by the command, one breaks a rule of the database, one cannot be stored at all."""
    twice = (NewLine(line_key="1", sku=SKU, quantity=1), NewLine(line_key="1", sku=SKU, quantity=1))

    answers = await counter.put(
        ask("A"), ask("B", {"nothing": 1}), ask("C"), with_lines("D", *twice), ask("E"), ask("F\0")
    )

    kinds = [type(answer) for answer in answers]
    assert kinds == [Placed, ProductUnknown, Placed, ConstraintBroken, Placed, ValueNotStorable]
    assert await counter.world.rows("SELECT number FROM orders ORDER BY number") == [("A",), ("C",), ("E",)]


async def test_all_unknown_products_are_named_once(counter: Counter) -> None:
    lines = [NewLine(line_key=str(key), sku=sku, quantity=1) for key, sku in enumerate(("X", SKU, "Y", "X"))]
    refusal = await counter.refused(with_lines("N-1", *lines))
    assert (type(refusal), refusal.facts) == (ProductUnknown, {"sku": "X, Y"})


async def test_lines_name_products_by_id_as_well(counter: Counter) -> None:
    both = (
        NewLine(line_key="1", product_id=ProductId(2989068), quantity=1),
        NewLine(line_key="2", sku=SKU, quantity=2),
    )
    placed, refused = await counter.put(
        with_lines("N-1", *both),
        with_lines("N-2", NewLine(line_key="1", product_id=ProductId(1), quantity=1), both[1]),
    )
    assert isinstance(placed, Placed)
    assert (type(refused), refused.facts) == (ProductUnknown, {"id": "1"})
    assert await counter.world.rows("SELECT product_id, sku FROM order_line ORDER BY line_no") == [(2989068, SKU)] * 2


@pytest.mark.parametrize("kind", ["outbound", "inbound", "return", "transfer", "transport"])
async def test_an_order_begins_in_one_of_its_first_states(counter: Counter, kind: Any) -> None:
    states = {state for moves in MOVES.values() for state in moves} | {"", "no state"}
    allowed = FIRST_STATES.get(kind, frozenset())
    answers = await counter.put(*(ask(f"N-{state}", kind=kind, state=state) for state in sorted(states)))
    assert {answer.order.state for answer in answers if isinstance(answer, Placed)} == allowed
    assert {type(answer) for answer in answers if not isinstance(answer, Placed)} == {StateForbids}


# Stock ---------------------------------------------------------------------------


async def test_an_order_takes_all_its_stock_or_none(counter: Counter) -> None:
    await counter.world.stock(SKU, 5)
    await counter.world.stock("P-7001", 1)

    refusal = await counter.refused(counter.reserving("A", {SKU: 2, "P-7001": 2}))
    assert (type(refusal), refusal.facts) == (OutOfStock, {"sku": "P-7001", "available": 1, "wanted": 2})
    assert await counter.on_shelf(SKU) == (5, 0)
    assert await counter.world.rows("SELECT 1 FROM orders") == []

    assert (await counter.placed(counter.reserving("A", {SKU: 2, "P-7001": 1}))).order.state == "allocated"
    assert [await counter.on_shelf(sku) for sku in (SKU, "P-7001")] == [(5, 2), (1, 1)]
    await counter.world.verified()


async def test_in_a_batch_the_first_come_gets_it_and_a_smaller_one_the_rest(counter: Counter) -> None:
    await counter.world.stock(SKU, 5)

    answers = await counter.put(
        *(counter.reserving(name, {SKU: count}) for name, count in zip("ABC", (4, 2, 1), strict=True))
    )

    assert [type(answer) for answer in answers] == [Placed, OutOfStock, Placed]
    assert await counter.on_shelf(SKU) == (5, 5)
    await counter.world.verified()


@pytest.mark.parametrize(
    ("lot", "condition", "owner"), [("L2", "good", "OWN-A"), ("", "defective", "OWN-A"), ("", "good", "OWN-B")]
)
async def test_other_goods_are_not_taken(counter: Counter, lot: str, condition: Any, owner: str) -> None:
    await counter.world.stock(SKU, 5, lot="L1")
    sub = await counter.world.desk.accounts.sub_inventory(ACCOUNT, owner)
    line = NewLine(line_key="1", sku=SKU, quantity=1, lot=lot, condition=condition, sub_inventory_id=sub.id)
    assert isinstance(await counter.refused(with_lines("N-1", line, state="allocated")), OutOfStock)


async def test_lots_are_taken_in_the_order_of_their_names(counter: Counter) -> None:
    for lot in ("L3", "L1", "L2"):
        await counter.world.stock(SKU, 2, lot=lot)
    await counter.placed(counter.reserving("A", {SKU: 3}))
    taken = await counter.world.rows("SELECT lot, allocated FROM stock ORDER BY lot")
    assert taken == [("L1", 2), ("L2", 1), ("L3", 0)]


async def test_one_that_is_refused_keeps_no_stock_from_the_next(counter: Counter) -> None:
    """The last unit is not held back for an order whose reference turns out to be taken."""
    await counter.world.stock(SKU, 1)
    await counter.placed(ask(None, unique_reference="R-1"))

    answers = await counter.put(
        counter.reserving(None, {SKU: 1}, unique_reference="R-1"), counter.reserving("B", {SKU: 1})
    )

    assert [type(answer).__name__ for answer in answers] == ["ReferenceTaken", "Placed"]


def test_who_may_share_a_batch() -> None:
    assert intake_key(ask(None)) is None
    assert intake_key(ask("N-1")) == intake_key(ask("N-1", dialect="birdsystem"))
    assert intake_key(ask("N-1")) != intake_key(ask("N-1", kind="inbound"))
    assert intake_key(ask(None, unique_reference="R")) == intake_key(ask(None, unique_reference="R"))


@pytest.mark.parametrize("unique_reference", [None, "R-1"])
async def test_what_is_known_of_a_consignee_stands_where_the_order_is_silent(
    counter: Counter, unique_reference: str | None
) -> None:
    async with counter.world.desk.database.transaction() as tx:
        await master.put_consignee(
            tx,
            Consignee(
                account_id=ACCOUNT,
                code="C-1",
                name="",
                recipient={"contact": "on record", "city": "Southport"},
                partner_fields={},
            ),
        )
    asked = {"recipient": {"contact": "said"}, "recipient_otherwise": {"city": "nobody's"}}
    known = await counter.placed(ask("N-1", consignee="C-1", unique_reference=unique_reference, **asked))
    assert known.order.recipient == {"contact": "said", "city": "Southport"}
    nobody = await counter.placed(ask("N-2", consignee="C-2", **asked))
    assert nobody.order.recipient == {"contact": "said", "city": "nobody's"}
    assert await counter.world.rows("SELECT recipient ->> 'city' FROM orders ORDER BY id") == [
        ("Southport",),
        ("nobody's",),
    ]


async def test_the_tally_is_folded_after_so_many_batches(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the background, so that nobody waits for it; while the database does not fold, orders are placed all the
    same."""
    monkeypatch.setattr(module, "FOLDED_EACH", 4)
    placing = Placing(counter.world.desk.database)

    async def tallied(batches: int, *, first: int) -> list[tuple[bool]]:
        for number in range(first, first + batches):
            await placing.place_many([ask(f"N-{number}", {SKU: 1})])
        await placing.close()
        return await counter.world.rows("SELECT block IS NULL FROM order_tally")

    assert len(await tallied(3, first=1)) >= 3
    assert await tallied(1, first=4) == [(True,)]
    monkeypatch.setattr(module.tally, "fold", AsyncMock(side_effect=LockContested()))
    assert len(await tallied(4, first=5)) == 5
    await counter.world.verified()
