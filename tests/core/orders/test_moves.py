"""The state tables, walked: every move they allow is made, every other one is refused, and a final state stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.events.queries import timeline
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import FIRST_STATES, LOCKED_STATES, MOVES, TYPES_OF_MOVE, Kind, Order, may
from tests.core.orders.conftest import Counter, ask
from tests.world import ACCOUNT

FINAL = {
    "outbound": {"returned", "deleted"},
    "inbound": {"closed", "cancelled", "deleted"},
    "return": {"finished", "deleted"},
    "transfer": {"closed"},
    "transport": {"delivered", "refused", "cancelled"},
}
TYPES = ("LOCAL", "DIRECT", "AGENT_DIRECT", "CLIENT_DIRECT", "FBA")


async def moved(counter: Counter, order: Order, to: str) -> Order | StateForbids:
    try:
        async with counter.world.desk.database.transaction() as tx:
            return await commands.advance(tx, order, to=to, dialect="house", actor="test")
    except StateForbids as refusal:
        return refusal


async def placed_in(counter: Counter, kind: Kind, state: str, number: str, type_: str = "LOCAL") -> Order:
    first = sorted(FIRST_STATES[kind])[-1]
    order = (await counter.placed(ask(number, kind=kind, state=first, type=type_))).order
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s WHERE id = %(id)s", state=state, id=order.id)
        return await queries.order(tx, account_id=ACCOUNT, order_id=order.id)


@pytest.mark.parametrize("kind", MOVES)
async def test_every_move_is_as_the_table_says(counter: Counter, kind: Kind) -> None:
    moves = MOVES[kind]
    for source, allowed in moves.items():
        for to in [*moves, "no state"]:
            order = await placed_in(counter, kind, source, f"{source} to {to}")
            answer = await moved(counter, order, to)
            if to in allowed and may("LOCAL", source, to):
                assert isinstance(answer, Order), (source, to)
                assert answer.state == to
            else:
                assert isinstance(answer, StateForbids), (source, to)
                assert answer.facts == {"id": order.id, "number": order.number, "state": source, "wanted": to}


@pytest.mark.parametrize("source_to", TYPES_OF_MOVE, ids="-".join)
async def test_a_move_of_some_types_is_made_by_these_only(counter: Counter, source_to: tuple[str, str]) -> None:
    source, to = source_to
    made = set()
    for type_ in TYPES:
        order = await placed_in(counter, "outbound", source, f"{source} to {to} {type_}", type_)
        if isinstance(await moved(counter, order, to), Order):
            made.add(type_)
    assert made == TYPES_OF_MOVE[source_to]
    assert to in MOVES["outbound"][source]


@pytest.mark.parametrize("kind", MOVES)
def test_the_tables_are_whole(kind: Kind) -> None:
    moves = MOVES[kind]
    assert {to for allowed in moves.values() for to in allowed} <= moves.keys(), "no move leads out of the table"
    reached, frontier = set(FIRST_STATES[kind]), set(FIRST_STATES[kind])
    while frontier:
        frontier = {to for state in frontier for to in moves[state]} - reached
        reached |= frontier
    assert reached == moves.keys(), "every state can be reached from a first one"
    assert {state for state, allowed in moves.items() if not allowed} == FINAL[kind]
    assert moves.keys() >= LOCKED_STATES or kind != "outbound"


@pytest.mark.parametrize("kind", MOVES)
@given(data=st.data())
def test_no_walk_leaves_a_final_state(kind: Kind, data: st.DataObject) -> None:
    state = data.draw(st.sampled_from(sorted(FIRST_STATES[kind])))
    for _ in range(20):
        allowed = sorted(MOVES[kind][state])
        if not allowed:
            assert state in FINAL[kind]
            return
        assert state not in FINAL[kind]
        state = data.draw(st.sampled_from(allowed))


async def test_a_move_is_on_the_timeline_and_a_refused_one_is_not(counter: Counter) -> None:
    order = (await counter.placed(ask())).order
    await moved(counter, order, "pending")
    await moved(counter, order, "shipped")

    async with counter.world.desk.database.autocommit() as tx:
        events = await timeline(tx, account_id=ACCOUNT, order_id=order.id)
    assert [(event.kind, event.facts.get("to")) for event in events] == [
        ("order.placed", None),
        ("order.state", "pending"),
    ]


async def test_what_a_move_may_write_stays_until_it_is_written_again(counter: Counter) -> None:
    order = await placed_in(counter, "outbound", "packed", "N-1")
    desk = counter.world.desk
    async with desk.database.transaction() as tx:
        order = await commands.advance(
            tx, order, to="shipped", dialect="house", actor="", finished=True, batches=2, tracking_number="T-1"
        )
    finished_at = order.finished_at
    assert (finished_at, order.batches, order.tracking_number) == (counter.world.clock.now(), 2, "T-1")
    async with desk.database.transaction() as tx:
        order = await commands.advance(tx, order, to="delivered", dialect="house", actor="")
    assert (order.finished_at, order.batches, order.tracking_number) == (finished_at, 2, "T-1")
