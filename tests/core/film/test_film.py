"""Pieces of film are noted once, kept for their time and longer under a hold, and alarms are told once."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import CameraId
from crossdock.core.events import kinds
from crossdock.core.film import commands, queries
from crossdock.core.film.errors import CameraAmbiguous, CameraUnknown, OrderHeld, OrderNotHeld
from crossdock.core.film.model import FILM_DAYS, FILM_DAYS_MAX, HELD_AROUND, RECORDED_WITHIN, Camera, FilmPiece
from crossdock.core.film.model import film_days as days_of
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.packing.commands import report_many
from crossdock.core.staff.errors import ReasonTooLong
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.db.tx import Tx
from tests.core.packing.conftest import FILMED_FROM, report
from tests.world import ACCOUNT, START, World

CAMERA = CameraId(7001)
CLOCK_OF_1970 = -1_722_000_000_000
TEN = timedelta(seconds=10)
CLOCK_OF_1970 = -1_722_000_000_000


class Shelf:
    """Pieces of ten seconds, numbered from 0, and what is on record of them."""

    def __init__(self, world: World) -> None:
        self.world = world

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        return self.world.desk.database.transaction()

    async def camera(self) -> Camera:
        async with self.transaction() as tx:
            found = await queries.camera_state(tx, CAMERA)
        assert found is not None
        return found

    async def put(self, *numbers: float, **facts: Any) -> list[bool]:
        camera, noted = await self.camera(), []
        for number in numbers:
            async with self.transaction() as tx:
                noted.append(await commands.note_piece(tx, camera, piece(number, **facts)))
        return noted

    async def kept(self) -> list[str]:
        return [key for (key,) in await self.world.rows("SELECT object_key FROM film_piece ORDER BY started_at")]

    async def sweep(self, days: int = 1, limit: int = commands.SWEPT_AT_ONCE) -> list[str]:
        async with self.transaction() as tx:
            return await commands.sweep(tx, camera_id=CAMERA, days=days, limit=limit)

    async def between(self, since: float, until: float) -> list[str]:
        async with self.transaction() as tx:
            found = await queries.pieces_between(tx, CAMERA, FILMED_FROM + since * TEN, FILMED_FROM + until * TEN)
        return [one.object_key for one in found]

    async def events(self) -> Sequence[Any]:
        return await self.world.rows(
            "SELECT kind, facts FROM event WHERE kind LIKE 'camera.%%' OR kind LIKE 'film.%%' ORDER BY id"
        )


def piece(number: float, **facts: Any) -> FilmPiece:
    started_at = FILMED_FROM + number * TEN
    return FilmPiece(
        **{
            "account_id": ACCOUNT,
            "camera_id": CAMERA,
            "started_at": started_at,
            "ended_at": started_at + TEN,
            "object_key": f"film/{number}",
            "bytes": 1_000,
            "codec": "h264",
            "width": 384,
            "height": 224,
            **facts,
        }
    )


@pytest.fixture
def shelf(quiet_world: World) -> Shelf:
    return Shelf(quiet_world)


async def test_pieces_are_found_by_the_time_they_show(shelf: Shelf) -> None:
    assert await shelf.put(0, 1, 3) == [True] * 3
    assert await shelf.between(0.5, 0.6) == ["film/0"]
    assert await shelf.between(0.5, 1) == ["film/0", "film/1"]
    assert await shelf.between(2, 2.9) == []
    assert await shelf.between(2, 3) == ["film/3"]
    assert await shelf.between(4, 5) == []


async def test_no_two_pieces_of_a_camera_lie_over_each_other(shelf: Shelf) -> None:
    assert await shelf.put(0, 0.5, 1, -0.5) == [True, False, True, False]
    assert await shelf.kept() == ["film/0", "film/1"]


async def test_a_camera_is_online_while_it_is_recorded(shelf: Shelf) -> None:
    assert not (await shelf.camera()).online(FILMED_FROM)
    await shelf.put(0)
    camera = await shelf.camera()
    assert camera.online(FILMED_FROM + TEN + RECORDED_WITHIN - timedelta(seconds=1))
    assert not camera.online(FILMED_FROM + TEN + RECORDED_WITHIN)


async def test_a_failure_is_told_once_and_its_end_once(shelf: Shelf) -> None:
    camera = await shelf.camera()
    for _ in range(2):
        async with shelf.transaction() as tx:
            await commands.note_failure(tx, camera, "disk_full")
    failed = await shelf.camera()
    assert (failed.failure, failed.failed_at) == ("disk_full", START)
    await shelf.put(0, 1)
    assert (await shelf.camera()).failure is None
    facts = {"camera_id": 7001, "name": "Station 001", "station": "001", "failure": "disk_full"}
    assert await shelf.events() == [(kinds.CAMERA_FAILED, facts), (kinds.CAMERA_RECOVERED, facts)]


async def test_the_offset_of_its_clock_is_kept(shelf: Shelf) -> None:
    async with shelf.transaction() as tx:
        await commands.note_offset(tx, camera_id=CAMERA, offset_ms=CLOCK_OF_1970)
    camera = await shelf.camera()
    assert (camera.offset_ms, camera.offset_at) == (CLOCK_OF_1970, START)


async def test_cameras_are_found_by_name_and_id(shelf: Shelf) -> None:
    await shelf.world.rows(
        "INSERT INTO camera (account_id, department_id, station, name) VALUES (47, 130, '001', 'Station 001'),"
        " (47, 130, '001', 'Other') RETURNING 1"
    )
    async with shelf.transaction() as tx:
        assert (await queries.camera_named(tx, "Other")).department_id == 130
        assert (await queries.camera_named(tx, "7001")).name == "Station 001"
        with pytest.raises(CameraAmbiguous):
            await queries.camera_named(tx, "Station 001")
        with pytest.raises(CameraUnknown):
            await queries.camera_named(tx, "7")


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ({}, FILM_DAYS),
        ({"film_days": 1}, 1),
        ({"film_days": FILM_DAYS_MAX}, FILM_DAYS_MAX),
        *(({"film_days": wrong}, FILM_DAYS) for wrong in (0, FILM_DAYS_MAX + 1, True, "7", None)),
    ],
)
def test_a_site_says_for_how_long(said: dict[str, Any], days: int) -> None:
    assert days_of(said) == days


async def test_the_site_of_each_camera_counts(shelf: Shelf) -> None:
    await shelf.world.rows("UPDATE site SET settings = '{\"film_days\": 7}' WHERE code = 'WH-GZ01' RETURNING 1")
    async with shelf.transaction() as tx:
        assert (await commands.kept_days(tx))[CAMERA] == 7


async def test_film_goes_when_its_time_is_over_in_batches(shelf: Shelf) -> None:
    await shelf.put(0, 1, 2, 3)
    shelf.world.clock.set(FILMED_FROM + timedelta(days=1) + 3 * TEN)
    async with shelf.transaction() as tx:
        assert await commands.old(tx, camera_id=CAMERA, days=1) == commands.Old(CAMERA, 3, 3_000)
    assert await shelf.sweep(limit=2) == ["film/0", "film/1"]
    assert await shelf.sweep(limit=2) == ["film/2"]
    assert await shelf.sweep(limit=2) == []
    assert await shelf.kept() == ["film/3"]


async def test_a_hold_keeps_what_was_reported_and_a_minute_around_it(shelf: Shelf) -> None:
    order = await shelf.world.order("N-1", lines={"00131031": 1})
    around = int(HELD_AROUND / TEN)
    await shelf.put(*range(-10, 20))
    async with shelf.transaction() as tx:
        await commands.hold(tx, account_id=ACCOUNT, order_id=order.id, reason="claim 12", actor="x")
        await report_many(tx, [report("N-1")])  # reported only after it was held
    await shelf.sweep()

    first, last = -around - 1, 4 + around
    assert await shelf.kept() == [f"film/{number}" for number in range(first, last + 1)]

    async with shelf.transaction() as tx:
        await commands.release(tx, account_id=ACCOUNT, order_id=order.id, actor="y")
        [held] = await queries.holds_of_order(tx, account_id=ACCOUNT, order_id=order.id)
    assert (held.reason, held.held_by, held.released_by, held.released_at) == ("claim 12", "x", "y", START)
    assert len(await shelf.sweep()) == last - first + 1
    assert [kind for kind, _ in await shelf.events()] == [kinds.FILM_HELD, kinds.FILM_RELEASED]


async def test_an_order_is_held_once_and_may_be_held_again_later(shelf: Shelf) -> None:
    order = await shelf.world.order("N-1", lines={"00131031": 1})
    by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id, "actor": "x"}

    async def refused(deed: Any, **given: Any) -> type[CrossdockError] | None:
        try:
            async with shelf.transaction() as tx:
                await deed(tx, **{**by, **given})
        except CrossdockError as error:
            return type(error)
        return None

    assert await refused(commands.release) is OrderNotHeld
    assert await refused(commands.hold, reason="x" * (REASON_CHARACTERS_MAX + 1)) is ReasonTooLong
    assert await refused(commands.hold, reason="x", order_id=order.id + 1) is OrderUnknown
    assert await refused(commands.hold, reason="x" * REASON_CHARACTERS_MAX) is None
    assert await refused(commands.hold, reason="y") is OrderHeld
    assert await refused(commands.release) is None
    assert await refused(commands.hold, reason="z") is None


async def test_files_that_no_piece_has_are_told_apart(shelf: Shelf) -> None:
    await shelf.put(0)
    async with shelf.transaction() as tx:
        assert await commands.unknown_keys(tx, ["film/0", "film/1"]) == {"film/1"}
        assert await queries.bytes_kept(tx) == {CAMERA: (1_000, FILMED_FROM)}


async def test_a_sweep_waits_for_a_hold_that_is_being_placed(shelf: Shelf) -> None:
    order = await shelf.world.order("N-1", lines={"00131031": 1})
    async with shelf.transaction() as tx:
        await report_many(tx, [report("N-1")])
    await shelf.put(0)
    async with shelf.transaction() as tx:
        await commands.hold(tx, account_id=ACCOUNT, order_id=order.id, reason="claim", actor="x")
        sweeping = asyncio.create_task(shelf.sweep())
        async with asyncio.timeout(10):
            while not await shelf.world.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
        assert not sweeping.done()
    assert await sweeping == []
    assert await shelf.kept() == ["film/0"]


async def test_film_stays_that_of_the_station_where_it_was_taken(shelf: Shelf) -> None:
    """Its camera hangs somewhere else now, and another one hangs where it was."""
    order = await shelf.world.order("N-1", lines={"00131031": 1})
    async with shelf.transaction() as tx:
        await report_many(tx, [report("N-1")])
        await commands.hold(tx, account_id=ACCOUNT, order_id=order.id, reason="claim", actor="x")
    await shelf.put(0)
    await shelf.world.rows("UPDATE camera SET station = '002' WHERE id = 7001 RETURNING 1")
    [(other,)] = await shelf.world.rows(
        "INSERT INTO camera (account_id, department_id, station, name) VALUES (47, 123, '001', 'Other') RETURNING id"
    )
    await shelf.put(1)

    async def watched() -> list[int]:
        [(packing_id,)] = await shelf.world.rows("SELECT id FROM packing")
        async with shelf.transaction() as tx:
            found = await queries.cameras_of_packings(tx, account_id=ACCOUNT, packing_ids=[packing_id])
        return [one.id for one in found]

    assert await watched() == [CAMERA, other]
    assert await shelf.sweep() == ["film/1"]
    await shelf.world.rows("DELETE FROM film_piece RETURNING 1")
    assert await watched() == [other]
