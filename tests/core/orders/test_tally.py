"""The tally of orders equals what is there, whoever wrote last and whenever it was summed up."""

import asyncio
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.orders import queries, tally
from crossdock.core.orders.model import Criterion, SortKey
from crossdock.core.search import BRANCHES_MAX
from crossdock.db.database import Database
from tests import statements
from tests.world import ACCOUNT, COMPANY, World

STATES = ("draft", "pending", "allocated", "shipped")
INSERT = """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, token, created_at, updated_at)
SELECT n, 47, 36, 'outbound', n::text, dialect, type, state, n::text, now(), now()
  FROM unnest(%(ids)s::bigint[], %(dialects)s::text[], %(types)s::text[], %(states)s::text[])
       AS given (n, dialect, type, state)
"""
COUNTED = """
SELECT dialect, type, state, count(*) FROM orders WHERE account_id = 47 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
TALLIED = """
SELECT dialect, type, state, sum(orders)::bigint FROM order_tally WHERE account_id = 47
 GROUP BY 1, 2, 3 HAVING sum(orders) <> 0 ORDER BY 1, 2, 3
"""


async def agree(database: Database) -> int:
    """How many orders both say there are."""
    async with database.autocommit() as tx:
        both = await tx.rows(f"SELECT ARRAY({_rows(COUNTED)}), ARRAY({_rows(TALLIED)})")
    [(counted, tallied)] = both
    assert counted == tallied
    return sum(json.loads(row)[-1] for row in counted)


def _rows(statement: str) -> str:
    names = "dialect, type, state, orders"
    return f"SELECT jsonb_build_array({names})::text FROM ({statement}) r ({names})"


async def insert(database: Database, count: int, *, first: int = 1, state: str = "draft") -> None:
    async with database.transaction() as tx:
        await tx.execute(
            INSERT,
            ids=list(range(first, first + count)),
            dialects=["birdsystem"] * count,
            types=["LOCAL"] * count,
            states=[state] * count,
        )


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("insert"),
            st.lists(
                st.tuples(st.sampled_from(("birdsystem", "hongxun")), st.sampled_from(STATES)), min_size=1, max_size=5
            ),
        ),
        st.tuples(st.just("move"), st.tuples(st.sampled_from(STATES), st.sampled_from(STATES), st.integers(1, 4))),
        st.tuples(st.just("touch"), st.just(())),
        st.tuples(st.just("delete"), st.integers(1, 3)),
        st.tuples(st.just("fold"), st.just(())),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, rolled_back=st.sets(st.integers(0, 11), max_size=3))
async def test_after_any_steps(quiet_world: World, steps, rolled_back):
    database = quiet_world.desk.database
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM orders")
    number = 0
    for position, (name, what) in enumerate(steps):
        try:
            async with database.transaction() as tx:
                if name == "insert":
                    ids = list(range(number + 1, number + 1 + len(what)))
                    number += len(what)
                    await tx.execute(
                        INSERT,
                        ids=ids,
                        dialects=[one for one, _ in what],
                        types=["LOCAL"] * len(what),
                        states=[one for _, one in what],
                    )
                elif name == "move":
                    before, after, most = what
                    await tx.execute(
                        "UPDATE orders SET state = %(after)s WHERE id IN"
                        " (SELECT id FROM orders WHERE state = %(before)s ORDER BY id LIMIT %(most)s)",
                        before=before,
                        after=after,
                        most=most,
                    )
                elif name == "touch":
                    await tx.execute("UPDATE orders SET pieces = pieces + 1")
                elif name == "delete":
                    await tx.execute("DELETE FROM orders WHERE id <= %(most)s", most=what)
                else:
                    await tally.fold(tx)
                if position in rolled_back:
                    raise KeyError
        except KeyError:
            pass
        await agree(database)


async def test_concurrent_commits_and_folds(quiet_world: World):
    """Writers and folds cross each other; at every moment a reader sees as many as there are."""
    database, dice = quiet_world.desk.database, random.Random(7)
    await insert(database, 40)
    going = True

    async def move(states: list[tuple[int, str]]) -> None:
        for number, state in states:
            async with database.transaction() as tx:
                await tx.execute("UPDATE orders SET state = %(state)s WHERE id = %(id)s", state=state, id=number)

    async def fold() -> None:
        while going:
            async with database.transaction() as tx:
                await tally.fold(tx)

    async def read() -> None:
        while going:
            assert await agree(database) == 40

    movers = [move([(dice.randint(1, 40), dice.choice(STATES)) for _ in range(25)]) for _ in range(3)]
    others = [asyncio.create_task(one) for one in (fold(), fold(), read())]
    await asyncio.gather(*movers)
    going = False
    await asyncio.gather(*others)

    async with database.transaction() as tx:
        await tally.fold(tx)
    [(rows,)] = await quiet_world.rows("SELECT count(*) FROM order_tally")
    assert rows <= len(STATES)
    assert await agree(database) == 40


async def test_a_fold_keeps_one_row_for_each_sort(quiet_world: World):
    database = quiet_world.desk.database
    for first in (1, 4, 7):
        await insert(database, 3, first=first)
    async with database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = 'shipped'")

    async with database.transaction() as tx:
        assert await tally.fold(tx) == 4
    assert await quiet_world.rows("SELECT state, orders FROM order_tally") == [("shipped", 9)]
    async with database.transaction() as tx:
        assert await tally.fold(tx) == 0


@pytest.mark.parametrize(
    ("criteria", "counted"),
    [
        ((Criterion("state", "in", ["shipped"]), Criterion("kind", "eq", "outbound")), False),
        ((Criterion("dialect", "eq", "birdsystem"), Criterion("type", "ne", "FBA")), False),
        ((), False),
        ((Criterion("state", "in", ["shipped"]), Criterion("pieces", "ge", 0)), True),
        ((Criterion("updated_at.second", "in", []),), True),
    ],
)
async def test_what_is_tallied_is_not_counted(quiet_world: World, criteria, counted):
    async with quiet_world.desk.database.autocommit() as tx:
        with statements.listed() as sent:
            await queries.search(tx, account_id=ACCOUNT, company_id=COMPANY, criteria=criteria, limit=1)
    [statement] = sent
    assert ("FROM fitting" in statement) is counted
    assert ("order_tally" in statement) is not counted


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("start", "limit"), [(0, 5), (3, 4), (0, None), (17, 5)])
async def test_several_states_are_merged_in_order(quiet_world: World, descending, start, limit):
    """The same page as by any other way, also with a state asked for twice."""
    await insert(quiet_world.desk.database, 20)
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = (ARRAY['draft', 'pending', 'shipped'])[1 + mod(id, 3)]")
    wanted = Criterion("state", "in", ["shipped", "draft", "shipped"])
    slow = Criterion("pieces", "ge", 0)
    sort = [SortKey("id", descending)]

    async with quiet_world.desk.database.autocommit() as tx:
        merged = await queries.search(
            tx, account_id=ACCOUNT, company_id=COMPANY, criteria=[wanted], sort=sort, start=start, limit=limit
        )
        counted = await queries.search(
            tx, account_id=ACCOUNT, company_id=COMPANY, criteria=[wanted, slow], sort=sort, start=start, limit=limit
        )

    assert merged == counted
    assert merged.total == 13


@pytest.mark.parametrize("count", [BRANCHES_MAX, BRANCHES_MAX + 1])
async def test_how_many_walks_are_merged(quiet_world: World, count):
    await insert(quiet_world.desk.database, 3, state="s0")
    states = [f"s{number}" for number in range(count)]

    async with quiet_world.desk.database.autocommit() as tx:
        with statements.listed() as sent:
            page = await queries.search(
                tx, account_id=ACCOUNT, company_id=COMPANY, criteria=[Criterion("state", "in", states)], limit=2
            )

    assert (page.total, len(page.orders)) == (3, 2)
    assert sent[0].count("UNION ALL") == (count - 1 if count <= BRANCHES_MAX else 0)
