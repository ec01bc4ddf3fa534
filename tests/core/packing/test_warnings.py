"""What is odd about a report is told beside it and on the timeline, and is no reason to refuse it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from crossdock.base.ids import EnterpriseId
from crossdock.core.packing.model import OVERLAPS_SOUGHT, OVERLAPS_TOLD, Reported
from crossdock.core.packing.queries import packing_by_number
from tests import statements
from tests.core.packing.conftest import ENTERPRISE, FILMED_FROM, Bench, report
from tests.world import ACCOUNT


def window(since_s: float, until_s: float) -> dict[str, datetime]:
    """Seconds after FILMED_FROM."""
    return {
        "filmed_from": FILMED_FROM + timedelta(seconds=since_s),
        "filmed_to": FILMED_FROM + timedelta(seconds=until_s),
    }


async def told_of(bench: Bench, number: str) -> dict[str, Any]:
    async with bench.transaction() as tx:
        found = await packing_by_number(tx, account_id=ACCOUNT, enterprise_id=ENTERPRISE, number=number)
    assert found is not None
    return found.warnings


async def test_a_window_that_runs_backwards(bench: Bench) -> None:
    answer = await bench.reported(report("N-1", **window(0, -90)))

    assert answer.warnings == {"window_reversed": {"seconds": 90}}
    assert await told_of(bench, "N-1") == answer.warnings
    [(facts,)] = await bench.rows("SELECT facts FROM event WHERE kind = 'packing.reported'")
    assert facts["warnings"] == answer.warnings
    assert (await bench.reported(report("N-2", **window(0, 0)))).warnings == {}


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ((0, 40), (40, 80), False),
        ((0, 40), (39, 80), True),
        ((40, 80), (0, 40), False),
        ((40, 80), (0, 41), True),
        ((0, 40), (0, 40), True),
        ((0, 400), (100, 110), True),
        ((100, 110), (0, 400), True),
        ((0, 40), (20, 20), True),
        ((0, 40), (0, 0), False),
        ((0, 40), (40, 40), False),
        ((40, 0), (10, 30), False),
        ((10, 30), (40, 0), False),
    ],
)
async def test_windows_of_one_station(
    bench: Bench, first: tuple[int, int], second: tuple[int, int], overlap: bool
) -> None:
    await bench.reported(report("N-1", **window(*first)))

    answer = await bench.reported(report("N-2", **window(*second)))

    assert ("window_overlaps" in answer.warnings) is overlap
    [(stored, facts)] = await bench.rows(
        "SELECT p.warnings, e.facts FROM packing p JOIN event e ON e.facts->>'number' = p.order_number"
        " WHERE p.order_number = 'N-2'"
    )
    assert stored == facts["warnings"] == answer.warnings
    assert ("window_overlaps" in await told_of(bench, "N-1")) is overlap, "whichever came in first"


async def test_windows_of_one_batch(bench: Bench) -> None:
    answers = await bench.report(report("N-1"), report("N-2"), report("N-3", **window(44, 50)), report("N-1"))

    told = [answer.warnings for answer in answers if isinstance(answer, Reported)]
    assert told == [{"window_overlaps": {"numbers": ["N-2"]}}, {"window_overlaps": {"numbers": ["N-1"]}}, {}]


async def test_other_stations_and_places_do_not_overlap(bench: Bench) -> None:
    await bench.reported(report("N-1"))

    elsewhere = await bench.reported(report("N-2", station="002"))
    foreign = await bench.reported(report("N-3", enterprise_id=EnterpriseId(12), department_id=130))

    assert elsewhere.warnings == {"no_camera": {"station": "002"}}
    assert foreign.warnings == {"no_camera": {"station": "001"}}


async def test_so_many_are_told_and_so_many_sought(bench: Bench) -> None:
    await bench.reported(report("LONG", **window(-1, 10_000)))
    short = [report(f"N-{position}", **window(position, position + 1)) for position in range(OVERLAPS_SOUGHT)]
    answers = await bench.report(*short)
    assert [answer.warnings for answer in answers if isinstance(answer, Reported)] == [
        {"window_overlaps": {"numbers": ["LONG"]}}
    ] * OVERLAPS_SOUGHT

    beyond = await bench.reported(report("LATE", **window(OVERLAPS_SOUGHT, OVERLAPS_SOUGHT + 1)))
    wide = await bench.reported(report("WIDE", **window(50, 90)))

    assert beyond.warnings == {}, "LONG is one start too far back"
    assert len(wide.warnings["window_overlaps"]["numbers"]) == OVERLAPS_TOLD


async def test_a_batch_costs_the_same_statements_whatever_its_size(bench: Bench) -> None:
    async def cost(*numbers: int) -> int:
        with statements.listed() as sent:
            await bench.report(
                *(report(f"N-{number}", **window(number * 60, number * 60 + 45)) for number in numbers)
            )
        return len(sent)

    await bench.order("N-1", lines={"00131031": 1})
    await bench.order("N-10", lines={"00131031": 1})

    assert await cost(1) == await cost(*range(10, 74))
