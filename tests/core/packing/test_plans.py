"""What a report costs does not grow with the reports on record."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.json import text as json_text
from crossdock.core.packing import commands, reporting_sql, sql
from crossdock.core.packing.model import OVERLAPS_SOUGHT, OVERLAPS_TOLD, PackingFilter
from tests.core.packing.conftest import ENTERPRISE, FILMED_FROM, Bench, report
from tests.world import ACCOUNT

REPORTS = 20_000
STATIONS = 4
BATCH = 8
PAGE = 10


@pytest.fixture(params=["known to the planner", "not yet known"])
async def busy(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """Five thousand windows at each of four stations, one behind the other."""
    async with bench.transaction() as tx:
        await tx.execute(
            """
INSERT INTO packing (account_id, enterprise_id, department_id, order_number, station, filmed_from, filmed_to,
                     ordered_at, reported_at)
SELECT 47, 1, 123, n::text, lpad((1 + n %% %(stations)s)::text, 3, '0'), began, began + interval '45 s', began, began
  FROM generate_series(1, %(reports)s::bigint) n, LATERAL (SELECT %(since)s - n * interval '15 s' AS began) at
""",
            reports=REPORTS,
            stations=STATIONS,
            since=FILMED_FROM,
        )
    if request.param == "known to the planner":
        async with bench.database.autocommit() as tx:
            await tx.execute("VACUUM (ANALYZE) packing")
    return bench


def touched(plan: dict[str, Any]) -> Iterator[float]:
    """Rows of `packing` that were read, those thrown away among them."""
    if plan.get("Relation Name") == "packing":
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield rows * plan["Actual Loops"]
    for part in plan.get("Plans", []):
        yield from touched(part)


async def rows_of(bench: Bench, statement: str, **params: Any) -> float:
    async with bench.transaction() as tx:
        [(plan,)] = await tx.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", **params)
    return sum(touched((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))


async def test_overlaps_are_found_without_a_scan(busy: Bench) -> None:
    began = [FILMED_FROM - timedelta(minutes=position) for position in range(BATCH)]
    windows = [report(f"NEW-{at}", filmed_from=at, filmed_to=at + timedelta(seconds=45)) for at in began]
    rows = json_text([commands._row(at, one, None, [], filmed=True) for at, one in enumerate(windows)])
    most: dict[str, int] = {"sought": OVERLAPS_SOUGHT, "told": OVERLAPS_TOLD}

    read = await rows_of(busy, reporting_sql._WRITE, rows=rows, now=FILMED_FROM, **most)
    assert 0 < read <= BATCH * (OVERLAPS_SOUGHT + 2)

    ids = [id_ for (id_,) in await busy.rows("SELECT id FROM packing WHERE order_number LIKE 'NEW-%%'")]
    assert len(ids) == BATCH
    read = await rows_of(busy, sql._OVERLAPS, packing_ids=ids, **most)
    assert 0 < read <= BATCH * (OVERLAPS_SOUGHT + 2)


@pytest.mark.parametrize(
    "wanted",
    [
        PackingFilter(),
        PackingFilter(number="777"),
        PackingFilter(department_id=123, station="001"),
        PackingFilter(until=FILMED_FROM - timedelta(hours=9)),
    ],
)
@pytest.mark.parametrize("busy", ["known to the planner"], indirect=True)
async def test_a_page_of_reports(busy: Bench, wanted: PackingFilter) -> None:
    found_in, params = sql._found_in(ACCOUNT, ENTERPRISE, wanted)
    async with busy.transaction() as tx:
        text = (
            sql.SQL("SELECT id {} ORDER BY filmed_from DESC, id DESC LIMIT 10").format(found_in).as_string(tx._conn)
        )

    assert 0 < await rows_of(busy, text, **params) <= 2 * PAGE
