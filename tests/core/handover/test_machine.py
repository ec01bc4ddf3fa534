"""Whatever is done at a counter in whatever order: code, order, money, shelf and history tell one story."""

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from crossdock.base.errors import CrossdockError
from crossdock.core.fulfilment import paying, waiting
from crossdock.core.handover import commands, queries
from crossdock.core.handover.model import PICK_UP_MOVES, PickUp
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import PAYMENT_MOVES, Order
from crossdock.db.tx import Tx
from tests import served
from tests.core.handover.conftest import Counter
from tests.postgres import Databases
from tests.world import ACCOUNT, SHOP_SERVICE, START, World

SKU = "00131031"
PIECES = 3
HOUR = timedelta(hours=1)


class Story:
    """One order of three Nike, out of the shop's own stock or sent to it, and what is known of its code."""

    def __init__(self, counter: Counter, *, own_stock: bool) -> None:
        self.counter = counter
        self.own_stock = own_stock
        self.order: Order
        self.state = ""
        """Of its code, as the refusals and answers said."""
        self.done: Tally[str] = Tally()
        self.taps = 0

    async def begin(self) -> None:
        world = self.counter.world
        if self.own_stock:
            self.order = await world.set_aside("N-1", PIECES)
        else:
            await world.stock(SKU, PIECES)
            order = await world.order("N-1", lines={SKU: PIECES}, service=SHOP_SERVICE, state="allocated")
            self.order = (await world.ship(order.id)).order
        code = await self.code()
        await self.counter.set(code, expires_at=world.clock.now() + HOUR * 20)
        self.state = code.state

    async def code(self) -> PickUp:
        found = await self.counter.do(queries.newest_of_order, account_id=ACCOUNT, order_id=self.order.id)
        assert isinstance(found, PickUp)
        return found

    async def at_the_counter(self, verb: str, *, repeat: bool) -> None:
        before = await self.code()
        self.taps += not repeat or not self.taps
        tap = f"{verb}-{self.taps}"
        try:
            after = await getattr(self.counter, verb)(before, operation_id=tap)
        except CrossdockError:
            assert await self.code() == before, "a refusal changes nothing"
            return
        if after != before:
            self.done[verb] += 1
            assert after.state in {*PICK_UP_MOVES[before.state], before.state}
        self.state = after.state

    async def with_the_order(self, command: Any, **more: Any) -> None:
        before, code = await self.read(), await self.code()
        given = {"account_id": ACCOUNT, "order_id": self.order.id, "dialect": "house", "actor": "", **more}
        try:
            await self.counter.do(command, **given)
        except CrossdockError:
            assert (await self.read(), await self.code()) == (before, code), "a refusal changes nothing"
            return
        after, now = await self.read(), await self.code()
        assert after.payment in {*PAYMENT_MOVES[before.payment], before.payment}
        assert now.id != code.id or now.state in {*PICK_UP_MOVES[code.state], code.state}

    async def later(self, hours: int) -> None:
        self.counter.world.clock.advance(HOUR * hours)
        await self.counter.do(commands.expire_everywhere)

    async def release(self) -> None:
        await self.with_the_order(orders.release)
        await waiting.issue_waiting(self.counter.world.desk.database)

    async def read(self) -> Order:
        found = await self.counter.do(orders.locked, account_id=ACCOUNT, order_id=self.order.id)
        assert isinstance(found, Order)
        return found

    async def agrees(self) -> None:
        world, order, code = self.counter.world, await self.read(), await self.code()
        [(on_hand, allocated)] = await world.rows(
            "SELECT coalesce(sum(on_hand), 0)::int, coalesce(sum(allocated), 0)::int FROM stock WHERE site_id = 12"
        )
        if self.own_stock:
            gone = order.pieces if order.state == "delivered" else 0
            assert (on_hand, allocated) == (PIECES - gone, order.pieces if order.state == "allocated" else 0)
        assert (code.state == "used") == (order.state == "delivered")
        assert code.state != "unused" or order.payment in ("paid", "partially_refunded")
        rows = await world.rows(
            "SELECT action, before ->> 'state', after ->> 'state' FROM staff_action WHERE handover_id = %(id)s"
            " ORDER BY id",
            id=code.id,
        )
        stands = [None] + [after for _, _, after in rows]
        assert [before for _, before, _ in rows] == stands[:-1], "each begins where the one before it ended"
        assert stands[-1] == code.state
        assert all(after in {*PICK_UP_MOVES[before], before} for _, before, after in rows[1:])
        assert code.rollbacks == sum(action == "rollback" for action, *_ in rows)


class Machine(RuleBasedStateMachine):
    """The rules; `story_of` and `run_` are set by the test."""

    story_of: Callable[[bool], Story]
    run_: Callable[[Coroutine[Any, Any, None]], None]

    @initialize(own_stock=st.booleans())
    def begin(self, own_stock: bool) -> None:
        self.story = type(self).story_of(own_stock)
        self.do(self.story.begin())

    def do(self, story: Coroutine[Any, Any, None]) -> None:
        type(self).run_(story)

    @rule(verb=st.sampled_from(("prepare", "consume", "consume", "roll_back", "roll_back")), repeat=st.booleans())
    def at_the_counter(self, verb: str, repeat: bool) -> None:
        self.do(self.story.at_the_counter(verb, repeat=repeat))

    @rule(pieces=st.integers(0, PIECES), number=st.integers(1, 3))
    def refund_some(self, pieces: int, number: int) -> None:
        off = {"1": pieces} if pieces else None
        self.do(self.story.with_the_order(paying.refund, reference=f"R-{number}", pieces=off))

    @rule(number=st.integers(1, 3))
    def pay(self, number: int) -> None:
        self.do(self.story.with_the_order(paying.pay, reference=f"T-{number}"))

    @rule()
    def cancel(self) -> None:
        self.do(self.story.with_the_order(orders.cancel))

    @rule()
    def hold(self) -> None:
        self.do(self.story.with_the_order(orders.put_on_hold, reason="looked at"))

    @rule()
    def release(self) -> None:
        self.do(self.story.release())

    @rule(hours=st.integers(1, 10))
    def later(self, hours: int) -> None:
        self.do(self.story.later(hours))

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "story"):
            self.do(self.story.agrees())

    def teardown(self) -> None:
        if hasattr(self, "story"):
            self.do(self.story.counter.world.verified())


@pytest.fixture
def machine(databases: Databases, tmp_path: Path) -> Iterator[type[Machine]]:
    """The rules on one demo database; each story begins without orders."""
    url = databases.take_demo()
    with asyncio.Runner() as runner:
        opened = served.house(url, at=START, var=tmp_path)
        house, clock = runner.run(opened.__aenter__())
        world = World(house, clock)

        async def emptied(own_stock: bool) -> Story:
            async with world.desk.database.transaction() as tx:
                await _empty(tx)
            clock.set(START)
            return Story(Counter(world), own_stock=own_stock)

        class OnThisDatabase(Machine):
            story_of = staticmethod(lambda own_stock: runner.run(emptied(own_stock)))
            run_ = staticmethod(runner.run)

        yield OnThisDatabase
        runner.run(opened.__aexit__(None, None, None))
    databases.give_back(url)


async def _empty(tx: Tx) -> None:
    await tx.execute(
        "TRUNCATE stock, stock_move, orders, order_line, event, callback, order_reference, order_tally, payment,"
        " handover, staff_action CASCADE"
    )


def test_any_story(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=15,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to shrink a failing story takes minutes, and it is short as it is
            suppress_health_check=list(HealthCheck),
        ),
    )
