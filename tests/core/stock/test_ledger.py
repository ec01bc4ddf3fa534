"""Whatever is done in whatever order: buckets equal their moves, and what is set aside is what live orders hold."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import structs

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import OrderId
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import inbound as dock
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import LOCKED_STATES, OUTBOUND_MOVES, Placed
from crossdock.db.tx import Tx
from tests import served
from tests.core.orders.conftest import Counter
from tests.postgres import Databases
from tests.world import ACCOUNT, START, World

SKUS = ("00131031", "P-7001")
PIECES = st.integers(0, 4)
LINES = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)
STEPS = (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing, fulfilment.ship)


class Ledger:
    """A warehouse, and beside it a model of what it must hold: plain numbers."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.on_hand: defaultdict[str, int] = defaultdict(int)
        self.lines: dict[OrderId, dict[str, int]] = {}
        self.states: dict[OrderId, str] = {}
        self.inbound: dict[OrderId, str] = {}
        self.number = 0

    def held(self, sku: str) -> int:
        return sum(self.lines[id_].get(sku, 0) for id_, state in self.states.items() if state in LOCKED_STATES)

    def fits(self, lines: dict[str, int]) -> bool:
        return all(self.on_hand[sku] - self.held(sku) >= pieces for sku, pieces in lines.items())

    async def open(self, pieces: dict[str, int]) -> None:
        for sku, quantity in pieces.items():
            if quantity:
                await self.counter.world.stock(sku, quantity)
            self.on_hand[sku] = quantity

    async def place(self, lines: dict[str, int], state: str) -> None:
        self.number += 1
        asked = self.counter.reserving(f"N-{self.number}", lines)
        if state == "draft":
            asked = structs.replace(asked, state="draft")
        [answer] = await self.counter.put(asked)
        assert isinstance(answer, Placed) == (state == "draft" or self.fits(lines))
        if isinstance(answer, Placed):
            self.lines[answer.order.id], self.states[answer.order.id] = lines, state

    async def announce(self, lines: dict[str, int]) -> None:
        self.number += 1
        order = await self.counter.world.order(f"I-{self.number}", lines=lines, kind="inbound", state="announced")
        self.inbound[order.id] = "announced"
        self.lines[order.id] = lines

    async def receive(self, order_id: OrderId, pieces: list[int]) -> None:
        quantities = (
            dict(zip(("1", "2"), pieces, strict=False)) if len(self.lines[order_id]) > 1 else {"1": pieces[0]}
        )
        done = await self.do(dock.receive, order_id, receipts=counted(quantities))
        assert done == (self.inbound[order_id] != "closed" and any(quantities.values()))
        if done:
            for key, sku in enumerate(self.lines[order_id], start=1):
                self.on_hand[sku] += quantities[str(key)]
            self.inbound[order_id] = "receiving"

    async def close(self, order_id: OrderId) -> None:
        assert await self.do(dock.close_inbound, order_id)
        self.inbound[order_id] = "closed"

    async def submit(self, order_id: OrderId) -> None:
        before = self.states[order_id]
        fits = self.fits(self.lines[order_id])
        assert await self.do(orders.submit, order_id) == (before in ("draft", "pending", "allocated"))
        if before == "draft":
            self.states[order_id] = "allocated" if fits else "pending"

    async def cancel(self, order_id: OrderId) -> None:
        done = await self.do(orders.cancel, order_id)
        assert done == (self.states[order_id] != "shipped")
        if done:
            self.states[order_id] = "cancelled"

    async def hold(self, order_id: OrderId) -> None:
        done = await self.do(orders.put_on_hold, order_id, reason="")
        assert done == ("held" in OUTBOUND_MOVES[self.states[order_id]])
        if done:
            self.states[order_id] = "held"

    async def release(self, order_id: OrderId) -> None:
        fits = self.fits(self.lines[order_id])
        done = await self.do(orders.release, order_id)
        assert done == (self.states[order_id] == "held")
        if done:
            self.states[order_id] = "allocated" if fits else "pending"

    async def step(self, order_id: OrderId, step: int) -> None:
        before, after = (
            ({"allocated", "packing"}, {"picking"}, {"packing"}, {"packed"})[step],
            ("picking", "packing", "packed", "shipped")[step],
        )
        out_of_review = after == "shipped" and self.states[order_id] == "held" and self.fits(self.lines[order_id])
        done = await self.do(STEPS[step], order_id)
        assert done == (self.states[order_id] in before or out_of_review)
        if done:
            self.states[order_id] = after
            if after == "shipped":
                for sku, pieces in self.lines[order_id].items():
                    self.on_hand[sku] -= pieces

    async def do(self, command: Callable[..., Any], order_id: OrderId, **more: Any) -> bool:
        """Whether it was done; a refusal changes nothing."""
        try:
            async with self.counter.world.desk.database.transaction() as tx:
                await command(tx, account_id=ACCOUNT, order_id=order_id, dialect="house", actor="", **more)
        except CrossdockError:
            return False
        return True

    async def agrees(self) -> None:
        for sku in SKUS:
            assert await self.counter.on_shelf(sku) == (self.on_hand[sku], self.held(sku))
        wrong = await self.counter.world.rows(
            """
SELECT s.id FROM stock s LEFT JOIN stock_move m ON m.account_id = s.account_id AND m.stock_id = s.id
 GROUP BY s.id, s.on_hand, s.allocated
HAVING s.on_hand <> coalesce(sum(m.quantity), 0) OR s.allocated <> coalesce(sum(m.allocated), 0)
    OR s.allocated < 0 OR s.allocated > s.on_hand
"""
        )
        assert wrong == []


class Machine(RuleBasedStateMachine):
    """The rules; `ledger` and `loop` are set by the test."""

    ledger_of: Callable[[], Ledger]
    run_: Callable[[Coroutine[Any, Any, None]], None]

    @initialize(opening=st.fixed_dictionaries({sku: st.integers(0, 9) for sku in SKUS}))
    def begin(self, opening: dict[str, int]) -> None:
        self.ledger = type(self).ledger_of()
        self.do(self.ledger.open(opening))

    def do(self, story: Coroutine[Any, Any, None]) -> None:
        type(self).run_(story)

    def one_of(self, ids: dict[OrderId, str], pick: int) -> OrderId:
        return list(ids)[pick % len(ids)]

    @rule(lines=LINES, state=st.sampled_from(("draft", "allocated")))
    def place(self, lines: dict[str, int], state: str) -> None:
        self.do(self.ledger.place(lines, state))

    @rule(lines=LINES)
    def announce(self, lines: dict[str, int]) -> None:
        self.do(self.ledger.announce(lines))

    @precondition(lambda self: self.ledger.inbound)
    @rule(pick=st.integers(0, 99), pieces=st.lists(PIECES, min_size=2, max_size=2))
    def receive(self, pick: int, pieces: list[int]) -> None:
        self.do(self.ledger.receive(self.one_of(self.ledger.inbound, pick), pieces))

    @precondition(lambda self: self.ledger.inbound)
    @rule(pick=st.integers(0, 99))
    def close(self, pick: int) -> None:
        self.do(self.ledger.close(self.one_of(self.ledger.inbound, pick)))

    @precondition(lambda self: self.ledger.states)
    @rule(pick=st.integers(0, 99))
    def submit(self, pick: int) -> None:
        self.do(self.ledger.submit(self.one_of(self.ledger.states, pick)))

    @precondition(lambda self: self.ledger.states)
    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        self.do(self.ledger.cancel(self.one_of(self.ledger.states, pick)))

    @precondition(lambda self: self.ledger.states)
    @rule(pick=st.integers(0, 99))
    def hold(self, pick: int) -> None:
        self.do(self.ledger.hold(self.one_of(self.ledger.states, pick)))

    @precondition(lambda self: "held" in self.ledger.states.values())
    @rule(pick=st.integers(0, 99))
    def release(self, pick: int) -> None:
        held = {order_id: state for order_id, state in self.ledger.states.items() if state == "held"}
        self.do(self.ledger.release(self.one_of(held, pick)))

    @precondition(lambda self: self.ledger.states)
    @rule(pick=st.integers(0, 99), steps=st.integers(1, 4))
    def move_on(self, pick: int, steps: int) -> None:
        order_id = self.one_of(self.ledger.states, pick)
        for step in range(steps):
            self.do(self.ledger.step(order_id, step))

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "ledger"):
            self.do(self.ledger.agrees())

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.do(self.ledger.counter.world.verified())


@pytest.fixture
def machine(databases: Databases, tmp_path: Path) -> Iterator[type[Machine]]:
    """The rules on one demo database; each story begins with empty shelves."""
    url = databases.take_demo()
    with asyncio.Runner() as runner:
        opened = served.house(url, at=START, var=tmp_path)
        house, clock = runner.run(opened.__aenter__())
        world = World(house, clock)
        owner = runner.run(world.desk.accounts.sub_inventory(ACCOUNT, "OWN-A"))

        async def emptied() -> Ledger:
            async with world.desk.database.transaction() as tx:
                await _empty(tx)
            return Ledger(Counter(world, owner.id))

        class OnThisDatabase(Machine):
            ledger_of = staticmethod(lambda: runner.run(emptied()))
            run_ = staticmethod(runner.run)

        yield OnThisDatabase
        runner.run(opened.__aexit__(None, None, None))
    databases.give_back(url)


async def _empty(tx: Tx) -> None:
    await tx.execute(
        "TRUNCATE stock, stock_move, orders, order_line, event, callback, order_reference, order_tally CASCADE"
    )


def test_any_story(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to shrink a failing story takes minutes, and it is short as it is
            suppress_health_check=list(HealthCheck),
        ),
    )
