"""A page far behind is the page that a walk past all before it would come to, and is found without that walk."""

import asyncio
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.base.ids import AccountId, CompanyId
from crossdock.core import search
from crossdock.core.orders import queries, tally
from crossdock.core.orders.model import Criterion, OrderPage, SortKey
from crossdock.core.orders.tally_sql import WIDTHS
from crossdock.db.database import Database
from tests import statements
from tests.core.accounts.test_isolation import SECOND_ACCOUNT
from tests.world import ACCOUNT, COMPANY, World

OTHER = AccountId(48)
STATES = ("draft", "pending", "shipped")
EVERY = Criterion("pieces", "ge", 0)
"""Fits all, and is not tallied: with it everything that fits is read and counted."""
INSERT = """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, token, created_at, updated_at)
SELECT n, account, company, 'outbound', n::text, dialect, 'LOCAL', state, n::text, now(), now()
  FROM unnest(%(ids)s::bigint[], %(accounts)s::bigint[], %(companies)s::int[], %(dialects)s::text[],
              %(states)s::text[]) AS given (n, account, company, dialect, state)
"""
READ = """
SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::bigint FROM pg_index WHERE indrelid = 'orders'::regclass
"""
"""Rows that this transaction has taken from indexes of `orders`."""
IDS = st.builds(
    lambda *parts: 1 + sum(part * width for part, width in zip(parts, (*WIDTHS, 1), strict=True)),
    *(st.integers(0, 2) for _ in WIDTHS),
    st.integers(0, 3),
)
"""Few in each block, few blocks in each wider one."""
ORDERS = st.dictionaries(
    IDS,
    st.tuples(
        st.sampled_from([(ACCOUNT, COMPANY)] * 4 + [(ACCOUNT, 37), (OTHER, COMPANY)]),
        st.sampled_from(("birdsystem", "hongxun")),
        st.sampled_from(STATES),
    ),
    min_size=5,
    max_size=30,
)
CRITERIA = st.lists(
    st.one_of(
        st.builds(lambda values: Criterion("state", "in", values), st.lists(st.sampled_from(STATES), max_size=3)),
        st.builds(lambda value: Criterion("state", "ne", value), st.sampled_from(STATES)),
        st.just(Criterion("dialect", "eq", "birdsystem")),
        st.builds(lambda values: Criterion("kind", "in", values), st.just(["outbound", "return"])),
        st.just(Criterion("type", "contains", "oca")),
    ),
    max_size=3,
)
SORTS = st.sampled_from(
    ([], [SortKey("id")], [SortKey("id", True)], [SortKey("id"), SortKey("id", True)], [SortKey("id", True)] * 2)
)


@pytest.fixture
async def house(quiet_world: World, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Two accounts, two companies of the first, no orders; every page after the first row is a deep one."""
    database = quiet_world.desk.database
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM orders")
        for statement in SECOND_ACCOUNT.split(";\n"):
            if statement.strip():
                await tx.execute(statement)
        await tx.execute("INSERT INTO company (id, name, currency, zone) VALUES (37, 'x', 'GBP', 'UTC')")
    monkeypatch.setattr(search, "SKIPPED_MAX", 0)
    return database


async def insert(database: Database, orders) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            INSERT,
            ids=list(orders),
            accounts=[house[0] for house, _, _ in orders.values()],
            companies=[house[1] for house, _, _ in orders.values()],
            dialects=[dialect for _, dialect, _ in orders.values()],
            states=[state for _, _, state in orders.values()],
        )


async def fold(database: Database) -> None:
    async with database.transaction() as tx:
        await tally.fold(tx)


async def page(database: Database, criteria, sort, start, limit, company: int | None = COMPANY) -> OrderPage:
    async with database.autocommit() as tx:
        return await queries.search(
            tx,
            account_id=ACCOUNT,
            company_id=None if company is None else CompanyId(company),
            criteria=criteria,
            sort=sort,
            start=start,
            limit=limit,
        )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=ORDERS,
    after=ORDERS,
    moved=st.integers(0, 9),
    criteria=CRITERIA,
    sort=SORTS,
    limit=st.sampled_from((0, 1, 3, None)),
    company=st.sampled_from((COMPANY, COMPANY, 37, None)),
)
async def test_it_is_the_page_of_a_walk(house: Database, before, after, moved, criteria, sort, limit, company):
    """Wherever it begins; partly folded, partly not, with orders that moved on and orders that went."""
    async with house.transaction() as tx:
        await tx.execute("DELETE FROM orders")
    await fold(house)
    await insert(house, before)
    await fold(house)
    await insert(house, {id_: order for id_, order in after.items() if id_ not in before})
    async with house.transaction() as tx:
        await tx.execute("UPDATE orders SET state = 'shipped' WHERE mod(id, 10) = %(moved)s", moved=moved)
        await tx.execute("DELETE FROM orders WHERE mod(id, 1000) = %(moved)s", moved=moved)

    every = await page(house, [*criteria, EVERY], sort, 0, None, company)

    assert len(every.orders) == every.total
    assert all(order.account_id == ACCOUNT for order in every.orders)
    for start in range(every.total + 2):
        shown = every.orders[start:] if limit is None else every.orders[start : start + limit]
        assert await page(house, criteria, sort, start, limit, company) == OrderPage(every.total, shown)


async def test_beside_writers_and_folds(house: Database):
    """Orders move between two states, are made and go; whoever asks for both states sees a page of one moment."""
    dice = random.Random(11)
    ids = [1 + number * 400 for number in range(60)]
    await insert(house, dict.fromkeys(ids, ((ACCOUNT, COMPANY), "birdsystem", "draft")))
    both = [Criterion("state", "in", ["draft", "pending"])]
    going, folds = True, Counter[str]()

    async def move() -> None:
        for _ in range(40):
            async with house.transaction() as tx:
                await tx.execute(
                    "UPDATE orders SET state = %(state)s WHERE id = ANY (%(ids)s::bigint[])",
                    state=dice.choice(("draft", "pending")),
                    ids=sorted(dice.sample(ids, 3)),
                )

    async def come_and_go() -> None:
        """One before all others: each page afterwards moves on by one."""
        for _ in range(30):
            await insert(house, {0: ((ACCOUNT, COMPANY), "birdsystem", "draft")})
            async with house.transaction() as tx:
                await tx.execute("DELETE FROM orders WHERE id = 0")

    async def read() -> None:
        while going:
            start = dice.randrange(1, 55)
            found = await page(house, both, [], start, 4)
            shown = [order.id for order in found.orders]
            assert (found.total, shown) in ((60, ids[start : start + 4]), (61, ids[start - 1 : start + 3]))
            folds[str(found.total)] += 1

    async def keep_folding() -> None:
        while going:
            await fold(house)

    others = [asyncio.create_task(one) for one in (read(), read(), keep_folding(), keep_folding())]
    await asyncio.gather(move(), move(), come_and_go())
    going = False
    await asyncio.gather(*others)

    assert folds.keys() == {"60", "61"}


async def test_a_far_page_reads_one_block(quiet_world: World):
    """What it reads does not grow with what lies before it."""
    database = quiet_world.desk.database
    orders = 20_000
    await insert(database, dict.fromkeys(range(1, orders + 1), ((ACCOUNT, COMPANY), "birdsystem", "shipped")))
    await fold(database)
    async with database.autocommit() as tx:
        await tx.execute("VACUUM (ANALYZE) orders, order_tally, order_block")

    read = {start: await _orders_read(database, start) for start in (2_000, 19_000)}

    assert max(read.values()) <= WIDTHS[-1] + 3 * 5


async def _orders_read(database: Database, start: int) -> int:
    """Rows of `orders` that were touched for a page of five."""
    async with database.transaction() as tx:
        before = await tx.value(READ)
        found = await queries.search(
            tx,
            account_id=ACCOUNT,
            company_id=COMPANY,
            criteria=[Criterion("state", "in", ["shipped", "draft"])],
            start=start,
            limit=5,
        )
        assert [order.id for order in found.orders] == list(range(start + 1, start + 6))
        return int(await tx.value(READ) - before)


@pytest.mark.parametrize(
    ("start", "leapt"), [(0, False), (search.SKIPPED_MAX, False), (search.SKIPPED_MAX + 1, True)]
)
@pytest.mark.parametrize("sort", [[], [SortKey("updated_at")]])
async def test_what_is_near_is_walked_to(quiet_world: World, start, leapt, sort):
    with statements.listed() as sent:
        await page(quiet_world.desk.database, [Criterion("state", "in", ["shipped"])], sort, start, 5)
    assert ("order_block" in sent[0]) is (leapt and not sort)
