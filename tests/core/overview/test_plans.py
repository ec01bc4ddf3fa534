"""What the console asks for reads what it shows, not what is on record."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock

import pytest
from psycopg import AsyncCursor

from crossdock.core.orders import tally
from crossdock.core.overview import counts, finding, inbox, listing, order, stock
from crossdock.core.overview.model import LOOKED_AT_MAX, ListFilter, Sight, StockFilter
from tests.world import ACCOUNT, WAREHOUSE, World

ORDERS = 20_000
PAGE = 10
OF_A_PAGE = 120
"""Rows that a page of 10 may touch: each of them by its walk, by its key, and the names it is shown with."""
OF_A_SEARCH = 400
"""Of 51 that are found: each where it was found, by its key, and for what is shown of it; and all places."""
ALL = Sight(account_ids=[ACCOUNT])
HERE = Sight(account_ids=[ACCOUNT], site_id=WAREHOUSE)
DAYS = (0, 1, 30)
SINCE = datetime(2024, 8, 1, tzinfo=UTC)


@pytest.fixture
async def year(quiet_world: World) -> World:
    """Twenty thousand orders of a month, nearly all shipped, a hundred of each reference."""
    await quiet_world.stock("00131031", 1)
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute(
            """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, token, reference, site_id,
                    created_at, updated_at)
SELECT (240801 + mod(n, 30)) * 10000000000 + 360000000 + n, 47, 36, 'outbound', 'N-' || n, 'birdsystem', 'LOCAL',
       CASE WHEN mod(n, 500) = 0 THEN 'pending' WHEN mod(n, 3) = 0 THEN 'delivered' ELSE 'shipped' END, n::text,
       'R-' || n / 100, CASE WHEN mod(n, 1000) = 0 THEN 80 ELSE 12 END, %(since)s, %(since)s
  FROM generate_series(1, %(orders)s::bigint) n
""",
            since=SINCE,
            orders=ORDERS,
        )
        await tx.execute(
            """
INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
SELECT 47, 'order.placed', 'order:' || id, id, 'birdsystem', '', '{}', created_at, created_at FROM orders
"""
        )
        await tx.execute(
            """
INSERT INTO stock_move (account_id, stock_id, cause, quantity, allocated, order_id, moved_at)
SELECT 47, (SELECT min(id) FROM stock WHERE account_id = 47), 'pick:' || n, 0, 1,
       (240801 + mod(n, 30)) * 10000000000 + 360000000 + n, %(since)s
  FROM generate_series(1, %(orders)s::bigint) n
""",
            since=SINCE,
            orders=ORDERS,
        )
        await tally.fold(tx)
    async with quiet_world.desk.database.autocommit() as tx:
        await tx.execute("VACUUM (ANALYZE) orders, event, stock_move, order_tally, order_block")
    return quiet_world


@contextmanager
def explained() -> Iterator[list[dict[str, Any]]]:
    """The plan of each statement, with what it really did; the statements are answered all the same."""
    plans: list[dict[str, Any]] = []
    execute = AsyncCursor.execute

    async def both(cursor: Any, query: Any, params: Any = None, **rest: Any) -> Any:
        text = query if isinstance(query, str) else query.as_string(cursor)
        async with cursor.connection.cursor() as looking:
            await execute(looking, "EXPLAIN (ANALYZE, FORMAT JSON) " + text, params)
            [(plan,)] = await looking.fetchall()
        plans.append((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
        return await execute(cursor, query, params, **rest)

    with mock.patch.object(AsyncCursor, "execute", both):
        yield plans


def touched(plan: dict[str, Any]) -> int:
    """Rows of tables that a plan read, whether they fitted or not."""
    rows = 0
    if "Scan" in plan["Node Type"] and "Relation Name" in plan:
        looked = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        rows = plan["Actual Loops"] * sum(plan.get(name, 0) for name in looked)
    return int(rows + sum(touched(part) for part in plan.get("Plans", [])))


async def read(world: World, query: Any, **asked: Any) -> int:
    async with world.desk.database.autocommit() as tx:
        with explained() as plans:
            await query(tx, **asked)
    assert plans
    return sum(map(touched, plans))


async def test_rows_that_a_page_of_orders_touches(year: World) -> None:
    for sight, wanted, most in (
        (ALL, ListFilter(), OF_A_PAGE),
        (ALL, ListFilter(state="shipped"), OF_A_PAGE),
        (ALL, ListFilter(state="pending"), OF_A_PAGE),
        (ALL, ListFilter(since=date(2024, 8, 7), until=date(2024, 8, 9)), OF_A_PAGE),
        (ALL, ListFilter(state="shipped", until=date(2024, 8, 9)), OF_A_PAGE),
        (ALL, ListFilter(kind="outbound"), LOOKED_AT_MAX + OF_A_PAGE),
        (HERE, ListFilter(), LOOKED_AT_MAX + OF_A_PAGE),
        (HERE, ListFilter(state="shipped"), LOOKED_AT_MAX + OF_A_PAGE),
    ):
        assert await read(year, listing.orders, sight=sight, wanted=wanted, limit=PAGE) <= most, wanted


async def test_a_list_with_few_that_fit_is_read_to_its_end(year: World) -> None:
    """Page by page, short ones among them, each order once."""
    seen: list[int] = []
    before, pages = None, 0
    while True:
        async with year.desk.database.autocommit() as tx:
            page = await listing.orders(tx, sight=HERE, wanted=ListFilter(), before=before, limit=PAGE)
        seen += [row.id for row in page.rows]
        pages += 1
        if page.before is None:
            break
        before = page.before
    assert pages >= ORDERS // LOOKED_AT_MAX
    there = await year.rows("SELECT id FROM orders WHERE site_id = 80 ORDER BY id DESC")
    assert seen == [row[0] for row in there]


async def test_rows_that_a_search_touches(year: World) -> None:
    for text in ("N-77", "nothing", "2408010360000030", "R-77", "123456"):
        assert await read(year, finding.orders, sight=ALL, text=text) <= OF_A_SEARCH, text


async def test_rows_that_stock_and_its_ledger_touch(year: World) -> None:
    [(stock_id,)] = await year.rows("SELECT min(id) FROM stock")
    await year.rows(
        "WITH more AS (INSERT INTO stock (account_id, site_id, sub_inventory_id, product_id, lot)"
        " SELECT 47, 12, s.sub_inventory_id, s.product_id, n::text"
        " FROM stock s, generate_series(1, 20000) n WHERE s.id = %(id)s RETURNING 1) SELECT count(*) FROM more",
        id=stock_id,
    )
    async with year.desk.database.autocommit() as tx:
        await tx.execute("VACUUM (ANALYZE) stock")
    assert await read(year, stock.buckets, sight=ALL, wanted=StockFilter(), limit=PAGE) <= OF_A_PAGE
    assert await read(year, stock.buckets, sight=HERE, wanted=StockFilter(), limit=PAGE) <= LOOKED_AT_MAX + OF_A_PAGE
    where: Any = {"account_id": ACCOUNT, "site_id": WAREHOUSE, "stock_id": stock_id}
    assert await read(year, stock.sheet, **where, limit=PAGE) <= OF_A_PAGE
    assert await read(year, stock.sheet, **where, before=9_000, limit=PAGE) <= OF_A_PAGE


async def test_rows_that_the_page_of_an_order_touches(year: World) -> None:
    [(order_id,)] = await year.rows("SELECT max(id) FROM orders")
    assert await read(year, order.sheet, account_id=ACCOUNT, order_id=order_id, limit=PAGE) <= OF_A_PAGE


async def test_rows_that_the_dashboard_touches(year: World) -> None:
    year.clock.set(datetime(2024, 9, 1, tzinfo=UTC))
    with mock.patch.object(counts, "AGED_MAX", 1_000):
        for sight in (ALL, HERE):
            assert await read(year, counts.orders, sight=sight, days=DAYS) <= 40 * 2 + OF_A_PAGE
        async with year.desk.database.transaction() as tx:
            await tx.execute("UPDATE orders SET state = 'allocated' WHERE state = 'shipped'")
            await tally.fold(tx)
        async with year.desk.database.autocommit() as tx:
            await tx.execute("VACUUM (ANALYZE) orders, order_tally")
        for sight in (ALL, HERE):
            assert await read(year, counts.orders, sight=sight, days=DAYS) <= 1_000 + OF_A_PAGE
        async with year.desk.database.autocommit() as tx:
            [_, allocated] = await counts.orders(tx, sight=ALL, days=DAYS)
    assert allocated.total.number > 10_000
    assert [(older.number, older.more) for older in allocated.older] == [(500, True), (500, True), (0, False)]
    assert await read(year, inbox.waiting, sight=ALL) <= OF_A_PAGE
    assert await read(year, counts.receivers, sight=ALL) <= OF_A_PAGE
    assert await read(year, counts.last_event) <= 1
