"""A page of a list reads what it shows, not what is on record."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.core.orders.search import TABLE
from crossdock.core.search import Criterion, SortKey, _asked, _page
from tests.world import ACCOUNT, COMPANY, World

ORDERS = 20_000
POLLED = 40
PAGE = 10
LOOKED_AT_MAX = 150
"""Rows of `orders` that a page of 10 may touch: those of the page twice, and of a poll all that changed."""
OWN = (Criterion("dialect", "eq", "birdsystem"), Criterion("kind", "in", ["outbound", "return"]))
SINCE = datetime(2024, 8, 1, tzinfo=UTC)


@pytest.fixture
async def year(quiet_world: World) -> World:
    """Twenty thousand orders; nearly all are shipped or delivered, the last few changed lately."""
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute(
            """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, token, created_at, updated_at)
SELECT n, 47, 36, 'outbound', n::text, 'birdsystem', 'LOCAL',
       CASE WHEN mod(n, 500) = 0 THEN 'pending' WHEN mod(n, 3) = 0 THEN 'delivered' ELSE 'shipped' END, n::text,
       %(since)s, CASE WHEN n > %(orders)s - %(polled)s THEN %(since)s ELSE %(since)s - n * interval '1 minute' END
  FROM generate_series(1, %(orders)s::bigint) n
""",
            since=SINCE,
            orders=ORDERS,
            polled=POLLED,
        )
    async with quiet_world.desk.database.autocommit() as tx:
        await tx.execute("VACUUM (ANALYZE) orders")
    return quiet_world


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan.get("Relation Name") == "orders" and "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", []):
        yield from scans(part)


@pytest.mark.parametrize(
    ("criteria", "sort"),
    [
        ([Criterion("state", "in", ["shipped", "delivered", "returned"])], []),
        ([Criterion("state", "in", ["shipped", "delivered", "returned"])], [SortKey("id", True)]),
        ([Criterion("state", "in", ["pending"])], []),
        ([Criterion("state", "in", ["shipped"]), Criterion("type", "in", ["LOCAL"])], []),
        ([], []),
        ([Criterion("updated_at", "ge", SINCE)], [SortKey("updated_at")]),
        ([Criterion("updated_at", "ge", SINCE)], []),
        ([Criterion("updated_at", "ge", SINCE - timedelta(minutes=1)), Criterion("state", "in", ["shipped"])], []),
    ],
)
async def test_rows_that_a_page_touches(year: World, criteria, sort):
    shape, values = _asked(TABLE, {"account_id": ACCOUNT, "company_id": COMPANY}, [*OWN, *criteria], sort)
    async with year.desk.database.transaction() as tx:
        text = "EXPLAIN (ANALYZE, FORMAT JSON) " + _page(TABLE, shape, far=False)
        [(plan,)] = await tx.rows(text, **values, start=0, limit=PAGE)
    plan = json.loads(plan) if isinstance(plan, str) else plan

    touched = list(scans(plan[0]["Plan"]))
    assert touched
    rows = sum(
        scan["Actual Loops"]
        * (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) + scan.get("Rows Removed by Index Recheck", 0))
        for scan in touched
    )
    assert rows <= LOOKED_AT_MAX, plan
