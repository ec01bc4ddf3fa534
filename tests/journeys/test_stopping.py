"""SIGINT and SIGTERM end every command cleanly: exit code 0, nothing left running, the data kept."""

import asyncio
import os
import signal

import psycopg
import pytest

from crossdock.journey.samples import Samples
from tests.journeys.asks import ASKS, Asker
from tests.journeys.conftest import MakePlace
from tests.journeys.processes import Place, alive, children_of, processes_of

INT, TERM = signal.SIGINT, signal.SIGTERM
both = pytest.mark.parametrize("number", [INT, TERM], ids=["SIGINT", "SIGTERM"])
BLOCKED = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
WORKS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN \"procrastinate%%'"


def assert_nothing_runs(place: Place) -> None:
    """Neither a process of ours nor PostgreSQL; a last breath is allowed."""
    place.until(lambda: not processes_of(place.var))
    assert place.postgres.pid is None
    assert "Traceback" not in place.report()


@both
@pytest.mark.timeout(150)
async def test_a_server(place: Place, number: int, sample: Samples) -> None:
    server = place.serve()
    async with Asker(place.base_url, sample) as asker:
        _, said = await asker.ask("hongxun", "RK1")
        assert ASKS["hongxun"].yes(said)

    server.tell(number)

    assert server.wait().code == 0
    assert_nothing_runs(place)
    with place.postgres:
        assert place.rows("SELECT number FROM orders") == [("RK1",)]


@both
@pytest.mark.timeout(150)
async def test_a_server_of_several_processes(place: Place, number: int, sample: Samples) -> None:
    server = place.serve("--workers", "2")
    place.until_row(WORKS)
    async with Asker(place.base_url, sample) as asker:
        _, said = await asker.ask("hongxun", "RK1")
        assert ASKS["hongxun"].yes(said)
    children = children_of(server)
    assert len(children) == 3

    server.tell(number)

    assert server.wait().code == 0
    assert not [pid for pid in children if alive(pid)]
    assert_nothing_runs(place)
    with place.postgres:
        assert place.rows("SELECT number FROM orders") == [("RK1",)]


@pytest.mark.timeout(150)
def test_one_of_several_processes_is_killed_and_the_others_end(place: Place) -> None:
    server = place.serve("--workers", "2")
    place.until_row(WORKS)
    children = children_of(server)

    os.kill(children[-1], signal.SIGKILL)

    assert server.wait().code == 1
    assert not [pid for pid in children if alive(pid)]
    assert_nothing_runs(place)


@pytest.mark.timeout(150)
def test_the_first_of_several_processes_is_killed_and_the_others_end(place: Place) -> None:
    server = place.serve("--workers", "2")
    place.until_row(WORKS)
    children = children_of(server)

    server.kill()

    place.until(lambda: not [pid for pid in children if alive(pid)])
    assert_nothing_runs(place)
    assert place.serve(), "the port is free"


@pytest.mark.timeout(150)
def test_a_worker(place: Place) -> None:
    worker = place.start("worker")
    place.until(lambda: '"working"' in worker.err)

    worker.tell(TERM)

    assert worker.wait().code == 0
    assert_nothing_runs(place)


@pytest.mark.timeout(150)
def test_a_journey_that_serves(make_place: MakePlace) -> None:
    place = make_place()
    journey = place.start("journey")
    place.until(lambda: "Ctrl-C stops, the data stays" in journey.out)
    assert place.health() == 200
    orders = place.value("SELECT count(*) FROM orders")

    journey.tell(INT)

    assert journey.wait().code == 0
    assert_nothing_runs(place)
    with place.postgres:
        assert place.value("SELECT count(*) FROM orders") == orders > 0


@pytest.mark.timeout(150)
def test_a_journey_in_its_middle(place: Place) -> None:
    journey = place.start("journey")
    place.until(lambda: place.postgres.pid is not None and place.health() == 200)
    place.until_row("SELECT 1 FROM orders")

    journey.tell(INT)

    assert journey.wait().code == 128 + INT
    assert_nothing_runs(place)
    with place.postgres:
        assert place.findings() == []


@pytest.mark.timeout(150)
def test_a_server_that_is_starting(make_place: MakePlace) -> None:
    """It makes its data directory at that moment."""
    place = make_place()
    server = place.start("serve")
    place.until(lambda: (place.var / "postgres.new").exists() or (place.var / "postgres").exists())

    server.tell(TERM)
    server.tell(TERM)

    assert server.wait().code in (0, 128 + TERM)
    assert_nothing_runs(place)
    place.serve()


@pytest.mark.timeout(150)
async def test_a_request_is_answered_before_the_server_ends(place: Place, sample: Samples) -> None:
    server = place.serve()
    async with Asker(place.base_url, sample) as asker, asyncio.TaskGroup() as group:
        with psycopg.connect(place.database_url) as conn:
            conn.execute("LOCK TABLE orders")
            asked = group.create_task(asker.ask("hongxun", "RK1"))
            await asyncio.to_thread(place.until_row, BLOCKED)
            server.tell(TERM)
            await asyncio.to_thread(place.until, lambda: place.health() is None)
    assert ASKS["hongxun"].yes(asked.result()[1])
    assert server.wait().code == 0
