"""A database that is away or takes no writes: partners are told in their own words, and the house goes on."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from crossdock.base.clock import SystemClock
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders import queries as orders
from crossdock.db.database import Database
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.journey.samples import Samples
from tests.journeys.asks import ASKS, NOT_STORED, Asker, refusals
from tests.journeys.conftest import MakePlace
from tests.journeys.processes import Place, copied
from tests.journeys.receiver import PartnerServer
from tests.world import ACCOUNT

WRITTEN = (
    "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM event), (SELECT count(*) FROM packing),"
    " (SELECT count(*) FROM handover), (SELECT count(*) FROM callback)"
)
DISK_MIB: Final = 160
JOBS_LISTEN = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN \"procrastinate%%'"


@pytest.fixture
def outside(data_parent: Path, demo_data: Path, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that Crossdock knows only by its address."""
    postgres = EmbeddedPostgres(copied(demo_data, data_parent / f"outside-{tmp_path.name}"))
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
def place(make_place: MakePlace, outside: EmbeddedPostgres) -> Place:
    return make_place(CROSSDOCK_DATABASE_URL=outside.url)


async def owe_something(place: Place, asker: Asker, partner: PartnerServer) -> None:
    """Two callbacks of one order to a partner that does not listen yet; both wait."""
    place.rows("UPDATE receiver SET url = %(url)s", url=f"http://127.0.0.1:{partner.port}/hongxun")
    await asker.ask("hongxun", "RK1")
    async with Database(place.database_url, SystemClock(), connections=1) as database:
        async with database.transaction() as tx:
            order = await orders.order_by_number(tx, account_id=ACCOUNT, kind="inbound", number="RK1")
        for pieces in (4, 6):
            async with database.transaction() as tx:
                await inbound.receive(
                    tx, account_id=ACCOUNT, order_id=order.id, receipts=counted({"10": pieces}), actor="dock 1"
                )


def assert_workers_go_on(place: Place, partner: PartnerServer) -> None:
    """Jobs listen again, and what was owed before arrives, in its order."""
    place.until_row(JOBS_LISTEN)
    with partner:
        place.until_told()
    told = [body["request"]["productList"][0]["quantity"] for path, body in partner.heard if "inOrderConfirm" in path]
    assert list(dict.fromkeys(told)) == [4, 6]


def takes_writes(place: Place, yes: bool) -> None:
    place.rows(f"ALTER SYSTEM SET default_transaction_read_only = {'off' if yes else 'on'}")
    place.rows("SELECT pg_reload_conf()")
    place.until(lambda: place.value("SHOW default_transaction_read_only") == ("off" if yes else "on"))


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65_536))


async def grown_until_refused(asker: Asker) -> tuple[int, tuple[int, Any]]:
    """How many orders were taken, and what the next one was answered."""
    taken = 0
    while True:
        status, said = await asker.ask("birdsystem", f"full {taken}")
        if not ASKS["birdsystem"].yes(said):
            return taken, (status, said)
        taken += 1


@pytest.mark.timeout(150)
async def test_while_it_is_stopped(place: Place, outside: EmbeddedPostgres, sample: Samples) -> None:
    server = place.serve()
    partner = PartnerServer()
    async with Asker(place.base_url, sample) as asker:
        await owe_something(place, asker, partner)
        before = place.rows(WRITTEN)

        outside.stop()
        await asker.all_refuse("away", refusals())
        assert place.health() == 503

        outside.start()
        place.until(lambda: place.health() == 200)
        assert place.rows(WRITTEN) == before, "nothing half done"
        await asker.all_say_yes("back")
        assert_workers_go_on(place, partner)

        outside.stop()
        outside.start()
        await asker.all_say_yes("nobody asked meanwhile")
    assert "Traceback" not in server.err
    assert not server.ended


@pytest.mark.timeout(150)
async def test_while_it_takes_no_writes(place: Place, outside: EmbeddedPostgres, sample: Samples) -> None:
    server = place.serve()
    partner = PartnerServer()
    async with Asker(place.base_url, sample) as asker:
        await owe_something(place, asker, partner)
        before = place.rows(WRITTEN)

        takes_writes(place, False)
        await asker.all_refuse("read only", refusals(stored=NOT_STORED))

        takes_writes(place, True)
        assert place.rows(WRITTEN) == before, "nothing half done"
        await asker.all_say_yes("writable")
    assert_workers_go_on(place, partner)
    assert place.findings() == []
    assert "Traceback" not in server.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    where = tmp_path / "disk"
    where.mkdir()
    asked = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=755", "tmpfs", str(where)],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {asked.stderr.strip()}")
    yield where
    subprocess.run(["umount", str(where)], check=True)


@pytest.mark.timeout(150)
async def test_while_its_disk_is_full(
    make_place: MakePlace, small_disk: Path, demo_data: Path, sample: Samples
) -> None:
    outside = EmbeddedPostgres(copied(demo_data, small_disk / "var"))
    outside.start()
    place = make_place(CROSSDOCK_DATABASE_URL=outside.url)
    try:
        server = place.serve()
        async with Asker(place.base_url, sample) as asker:
            await asker.all_say_yes("room")

            filler = small_disk / "filler"
            fill(filler)
            # What is on the last pages still fits: only growing fails.
            taken, refused = await grown_until_refused(asker)
            assert refused == refusals()["birdsystem"]

            filler.unlink()
            place.until(lambda: place.health() == 200)
            assert place.value("SELECT count(*) FROM orders WHERE reference LIKE 'full %%'") == taken
            await asker.all_say_yes("room again")
        assert place.findings() == []
        assert "Traceback" not in server.err
    finally:
        outside.stop()
