"""What goes onto a manifest, what is refused at the door, and what leaves when it is closed."""

import asyncio
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.calling_off import CallOff, call_off
from crossdock.core.fulfilment.errors import CancelWaiting, StationHasNoCabinet
from crossdock.core.manifests import closing, commands, model, queries
from crossdock.core.manifests.errors import (
    ManifestEmpty,
    ManifestFull,
    ManifestOver,
    ManifestUnknown,
    ParcelElsewhere,
    ParcelHere,
    ParcelNotOn,
    ParcelNotPacked,
    ParcelsStuck,
    ParcelUnknown,
    TakerTooLong,
)
from crossdock.core.manifests.model import DRIVER_CHARACTERS_MAX, VEHICLE_CHARACTERS_MAX
from crossdock.core.orders import commands as orders
from crossdock.core.papers import gathering
from tests.core.manifests.conftest import PLACE, SKU, WORKER, Door
from tests.world import ACCOUNT, LOCKER_SERVICE, PARCEL_SERVICE, SHOP, SHOP_SERVICE, World


async def asked_to_call_off(world: World, number: str) -> None:
    async with world.desk.database.transaction() as tx:
        await call_off(
            tx, account_id=ACCOUNT, wanted=CallOff(number=number, content_hash=b"x"), dialect="hongxun", actor="x"
        )


async def test_each_parcel_goes_to_its_destination_and_leaves_with_it(door: Door) -> None:
    order = await door.packed("N-1")
    await door.packed("N-2", numbers=("CN-2",))
    await door.packed("L-1", service=LOCKER_SERVICE)
    await door.packed("S-1", service=SHOP_SERVICE)
    await door.packed("X-1", service=None)
    assert [(one.destination, one.method, one.waiting) for one in await door.waiting()] == [
        ("静安店 SHOP-12", "shop", 1),
        ("Locker station 1 ST-01", "locker", 1),
        ("飞鸟小包", "parcel", 2),
        ("", "", 1),
    ]
    first = await door.load(str(order.id))
    assert (first.number, first.destination, first.orders) == ("N-1", "飞鸟小包", 1)
    second = await door.load("CN-2")
    assert (second.manifest_id, second.orders, second.missing) == (first.manifest_id, 2, 0)
    others = {(await door.load(code)).manifest_id for code in ("L-1", "S-1", "X-1")}
    assert len(others | {first.manifest_id}) == 4
    assert [(one.waiting, one.parcels) for one in await door.waiting()] == [(0, 1), (0, 1), (0, 2), (0, 1)]

    closed = await door.close(first.manifest_id, driver="Dana Driver", vehicle="XX-123")
    assert (closed.manifest.state, closed.manifest.parcels, closed.left) == ("closed", 2, [])
    assert (closed.manifest.driver, closed.manifest.vehicle) == ("Dana Driver", "XX-123")
    for manifest_id in others:
        assert (await door.close(manifest_id)).manifest.state == "closed"
    assert {state for _, state in await door.states()} == {"shipped"}
    assert await door.world.rows("SELECT mailno FROM waybill") == [("CN-2",)]
    assert await door.world.rows("SELECT place, state FROM handover ORDER BY place") == [
        ("locker", "booked"),
        ("shop", "unused"),
    ]
    assert await door.waiting() == []
    [told] = await door.world.rows(
        "SELECT after FROM staff_action WHERE action = 'close_manifest' ORDER BY id LIMIT 1"
    )
    assert told[0] == {
        "manifest_id": first.manifest_id,
        "orders": 2,
        "left": 0,
        "driver": "Dana Driver",
        "vehicle": "XX-123",
    }
    await door.world.verified()


async def test_the_next_parcel_begins_the_next_manifest(door: Door) -> None:
    await door.packed("N-1")
    first = await door.load("N-1")
    await door.close(first.manifest_id)
    await door.packed("N-2")
    assert (await door.load("N-2")).manifest_id != first.manifest_id
    async with door.world.desk.database.autocommit() as tx:
        [only] = await queries.manifests(tx, **PLACE, limit=10)
        assert await queries.manifests(tx, **PLACE, before=only.id, limit=10) == []
    assert only.id == first.manifest_id


async def test_what_is_refused_at_the_door(door: Door) -> None:
    order = await door.packed("N-1")
    await door.packed("N-2")
    shelf = await door.world.order("N-3", lines={SKU: 1})
    await door.packed("L-1", service=LOCKER_SERVICE)
    first = await door.load("N-1")
    locker = await door.load("L-1")
    refused: list[tuple[str, int | None, type[CrossdockError]]] = [
        ("nobody", None, ParcelUnknown),
        ("9" * 40, None, ParcelUnknown),
        (str(shelf.id), None, ParcelNotPacked),
        ("N-1", None, ParcelHere),
        (str(order.id), first.manifest_id, ParcelHere),
        ("N-2", locker.manifest_id, ParcelElsewhere),
        ("N-2", 9_999, ManifestUnknown),
        ("N-2", 10**20, ManifestUnknown),
    ]
    for code, manifest_id, error in refused:
        with pytest.raises(error):
            await door.load(code, manifest_id)
    with pytest.raises(ParcelUnknown):
        await door.load("N-2", site_id=SHOP)
    await asked_to_call_off(door.world, "N-2")
    with pytest.raises(CancelWaiting):
        await door.load("N-2")
    assert [one.number for one in await door.parcels(first.manifest_id)] == ["N-1"]
    assert (await door.manifest(first.manifest_id)).parcels == 1


async def test_a_station_without_a_cabinet_is_refused_before_the_van_comes(door: Door) -> None:
    await door.packed("L-1", service=LOCKER_SERVICE)
    async with door.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE cabinet SET in_service = false")
    with pytest.raises(StationHasNoCabinet):
        await door.load("L-1")
    assert await door.world.rows("SELECT 1 FROM manifest") == []


async def test_an_order_of_several_parcels_is_whole_when_each_was_scanned(door: Door) -> None:
    await door.packed("N-1", numbers=("CN-1", "CN-2", "CN-3"))
    first = await door.load("CN-2")
    assert first.missing == 2
    with pytest.raises(ParcelHere):
        await door.load("CN-2")
    assert (await door.load("CN-1")).missing == 1
    with pytest.raises(ParcelsStuck) as refusal:
        await door.close(first.manifest_id)
    assert refusal.value.facts["numbers"] == "N-1"
    [parcel] = await door.parcels(first.manifest_id)
    assert (parcel.missing, parcel.why) == (1, "parts")
    assert (await door.load("CN-3")).missing == 0
    await door.close(first.manifest_id)
    assert await door.world.rows("SELECT mailno, box_no FROM waybill ORDER BY mailno") == [
        ("CN-1", "1"),
        ("CN-2", "2"),
        ("CN-3", "3"),
    ]
    assert (await door.manifest(first.manifest_id)).parcels == 1


async def test_a_parcel_comes_off_and_may_go_on_again(door: Door) -> None:
    order = await door.packed("N-1")
    loaded = await door.load("N-1")
    for _ in range(2):
        assert await door.unload(loaded.manifest_id, order, operation_id="op-1") == "N-1"
    assert (await door.manifest(loaded.manifest_id)).parcels == 0
    with pytest.raises(ParcelNotOn):
        await door.unload(loaded.manifest_id, order)
    with pytest.raises(ManifestEmpty):
        await door.close(loaded.manifest_id)
    assert [one.waiting for one in await door.waiting()] == [1]
    await door.load("N-1")
    await door.close(loaded.manifest_id)
    with pytest.raises(ParcelNotOn):
        await door.unload(loaded.manifest_id, order)
    await door.packed("N-2")
    with pytest.raises(ManifestOver):
        await door.load("N-2", loaded.manifest_id)


async def test_a_repeat_of_any_step_changes_nothing(door: Door) -> None:
    await door.packed("N-1")
    loaded = [await door.load("N-1", operation_id="op-1") for _ in range(3)]
    assert loaded[0] == loaded[1] == loaded[2]
    for _ in range(3):
        closed = await door.close(loaded[0].manifest_id, driver="Dana Driver")
        assert (closed.manifest.state, closed.manifest.parcels) == ("closed", 1)
    assert await door.world.rows("SELECT count(*) FROM event WHERE kind = 'outbound.shipped'") == [(1,)]
    assert await door.world.rows("SELECT count(*) FROM staff_action WHERE action = 'close_manifest'") == [(1,)]
    await door.world.verified()


async def test_a_closing_that_was_stopped_is_completed_by_the_next(door: Door) -> None:
    found = [await door.packed(f"N-{at}") for at in range(1, 4)]
    for order in found:
        loaded = await door.load(order.number)
    manifest_id = loaded.manifest_id
    async with door.world.desk.database.transaction() as tx:
        await closing.begin(tx, **PLACE, staff_id=WORKER, manifest_id=manifest_id, driver="Dana Driver")
    async with door.world.desk.database.transaction() as tx:
        of = {"manifest_id": manifest_id, "order_id": found[0].id, "actor": "floor1"}
        await closing.send_off(tx, account_id=ACCOUNT, **of)  # type: ignore[arg-type]
    assert (await door.manifest(manifest_id)).state == "closing"
    await door.packed("N-9")
    with pytest.raises(ManifestOver):
        await door.load("N-9", manifest_id)
    with pytest.raises(ManifestOver):
        await door.unload(manifest_id, found[1])
    assert (await door.load("N-9")).manifest_id != manifest_id
    closed = await door.close(manifest_id, driver="Somebody Else")
    assert (closed.manifest.parcels, closed.manifest.driver, closed.left) == (3, "Dana Driver", [])
    assert await door.world.rows("SELECT count(*) FROM event WHERE kind = 'outbound.shipped'") == [(3,)]
    await door.world.verified()


async def test_what_cannot_go_is_named_before_anything_leaves(door: Door) -> None:
    for number in ("N-1", "N-2", "N-3"):
        loaded = await door.load((await door.packed(number)).number)
    await asked_to_call_off(door.world, "N-2")
    async with door.world.desk.database.transaction() as tx:
        [(order_id,)] = await tx.rows("SELECT id FROM orders WHERE number = 'N-3'")
        await orders.cancel(tx, account_id=ACCOUNT, order_id=order_id, dialect="x", actor="x")
    with pytest.raises(ParcelsStuck) as refusal:
        await door.close(loaded.manifest_id)
    assert refusal.value.facts["numbers"] == "N-2, N-3"
    assert [(one.number, one.why) for one in await door.parcels(loaded.manifest_id)] == [
        ("N-3", "state"),
        ("N-2", "asked"),
        ("N-1", None),
    ]
    assert (await door.manifest(loaded.manifest_id)).state == "open"
    assert dict(await door.states())["N-1"] == "packed"


async def test_what_stops_meanwhile_is_left_behind_and_the_rest_goes(door: Door) -> None:
    for number in ("N-1", "N-2"):
        loaded = await door.load((await door.packed(number)).number)
    async with door.world.desk.database.transaction() as tx:
        await closing.begin(tx, **PLACE, staff_id=WORKER, manifest_id=loaded.manifest_id)
    await asked_to_call_off(door.world, "N-1")
    closed = await door.close(loaded.manifest_id)
    assert (closed.manifest.state, closed.manifest.parcels, closed.left) == ("closed", 1, ["N-1"])
    [left] = [one for one in await door.parcels(loaded.manifest_id) if one.state == "left"]
    assert (left.number, left.reason) == ("N-1", "CancelWaiting")
    assert dict(await door.states()) == {"N-1": "packed", "N-2": "shipped"}
    await door.world.verified()


async def test_a_parcel_that_is_stopped_while_its_manifest_closes_does_not_leave(door: Door) -> None:
    for number in ("N-1", "N-2"):
        loaded = await door.load((await door.packed(number)).number)
    async with door.world.desk.database.transaction() as tx:
        await closing.begin(tx, **PLACE, staff_id=WORKER, manifest_id=loaded.manifest_id)
        [(order_id,)] = await tx.rows("SELECT id FROM orders WHERE number = 'N-1'")
        await orders.put_on_hold(tx, account_id=ACCOUNT, order_id=order_id, reason="fraud", dialect="x", actor="x")
    closed = await door.close(loaded.manifest_id)
    assert (closed.manifest.parcels, closed.left) == (1, ["N-1"])
    assert dict(await door.states()) == {"N-1": "held", "N-2": "shipped"}
    await door.world.verified()


async def test_of_many_who_scan_at_once_one_loads_each_parcel(door: Door) -> None:
    numbers = [(await door.packed(f"N-{at}")).number for at in range(4)]
    answers = await asyncio.gather(*(door.load(number) for number in numbers * 3), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Loaded"] * 4 + ["ParcelHere"] * 8
    assert await door.world.rows("SELECT parcels, state FROM manifest") == [(4, "open")]
    [(manifest_id,)] = await door.world.rows("SELECT id FROM manifest")

    closed = await asyncio.gather(*(door.close(manifest_id) for _ in range(4)))
    assert [one.left for one in closed] == [[]] * 4
    assert await door.world.rows("SELECT parcels, state FROM manifest") == [(4, "closed")]
    assert await door.world.rows("SELECT count(*) FROM event WHERE kind = 'outbound.shipped'") == [(4,)]
    await door.world.verified()


async def test_scans_and_a_closing_that_race_leave_no_parcel_between(door: Door) -> None:
    loaded = await door.load((await door.packed("N-0")).number)
    numbers = [(await door.packed(f"N-{at}")).number for at in range(1, 5)]
    scans = [door.load(number) for number in numbers]
    await asyncio.gather(door.close(loaded.manifest_id), *scans)
    on = await door.world.rows(
        "SELECT o.number, p.state, m.state FROM manifest_parcel p JOIN manifest m ON m.id = p.manifest_id"
        " JOIN orders o ON o.id = p.order_id ORDER BY o.number"
    )
    assert len(on) == 5
    assert {row[1:] for row in on} <= {("shipped", "closed"), ("on", "open")}
    await door.world.verified()


async def test_an_order_that_left_otherwise_is_no_second_time_on_the_van(door: Door) -> None:
    order = await door.packed("N-1")
    loaded = await door.load("N-1")
    async with door.world.desk.database.transaction() as tx:
        await closing.begin(tx, **PLACE, staff_id=WORKER, manifest_id=loaded.manifest_id)
        await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order.id)
    closed = await door.close(loaded.manifest_id)
    assert (closed.manifest.parcels, closed.left) == (0, ["N-1"])
    [left] = await door.parcels(loaded.manifest_id)
    assert left.reason == "StateForbids shipped"


async def test_a_manifest_has_its_limits(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("N-1", "N-2", "N-3"):
        await door.packed(number)
    monkeypatch.setattr(commands, "PARCELS_MAX", 2)
    loaded = [await door.load(number) for number in ("N-1", "N-2")]
    with pytest.raises(ManifestFull):
        await door.load("N-3")
    for taker in ({"driver": "x" * (DRIVER_CHARACTERS_MAX + 1)}, {"vehicle": "x" * (VEHICLE_CHARACTERS_MAX + 1)}):
        with pytest.raises(TakerTooLong):
            await door.close(loaded[0].manifest_id, **taker)
    longest = {"driver": "x" * DRIVER_CHARACTERS_MAX, "vehicle": "x" * VEHICLE_CHARACTERS_MAX}
    assert (await door.close(loaded[0].manifest_id, **longest)).manifest.parcels == 2
    await door.load("N-3")
    assert model.PARCELS_MAX > 2


async def test_a_list_goes_on_from_its_last_key(door: Door) -> None:
    for at in range(3):
        loaded = await door.load((await door.packed(f"N-{at}")).number)
    await door.packed("L-1", service=LOCKER_SERVICE)
    first = await door.parcels(loaded.manifest_id, limit=2)
    rest = await door.parcels(loaded.manifest_id, limit=2, before=first[-1].id)
    assert [one.number for one in (*first, *rest)] == ["N-2", "N-1", "N-0"]
    [one] = await door.waiting(limit=1)
    [two] = await door.waiting(limit=1, after=one.key)
    assert (one.method, two.method) == ("locker", "parcel")
    assert await door.waiting(limit=1, after=two.key) == []


async def test_its_paper_names_all_that_goes_and_who_took_it(door: Door) -> None:
    order = await door.packed("N-1", numbers=("CN-1",))
    loaded = await door.load("N-1")
    await door.load((await door.packed("N-2")).number)
    await door.close(loaded.manifest_id, driver="Dana Driver", vehicle="XX-123")
    async with door.world.desk.database.transaction(readonly=True) as tx:
        paper = await gathering.manifest(tx, account_id=ACCOUNT, manifest_id=loaded.manifest_id)
        with pytest.raises(ManifestUnknown):
            await gathering.manifest(tx, account_id=ACCOUNT, manifest_id=loaded.manifest_id, site_id=SHOP)
    assert (paper.carrier, paper.taker) == ("飞鸟小包", "Dana Driver XX-123")
    assert next((line.order, line.number, line.tracking, line.weight_g) for line in paper.lines) == (
        str(order.id),
        "N-1",
        "CN-1",
        500,
    )
    assert order.service_id == PARCEL_SERVICE


async def test_nobody_loads_or_closes_what_is_another_place_s(door: Door) -> None:
    loaded = await door.load((await door.packed("N-1")).number)
    elsewhere: Any = PLACE | {"site_id": SHOP}
    with pytest.raises(ManifestUnknown):
        await closing.close(
            door.world.desk.database, **elsewhere, staff_id=WORKER, actor="x", manifest_id=loaded.manifest_id
        )
    async with door.world.desk.database.autocommit() as tx:
        assert await queries.destinations(tx, **elsewhere, limit=10) == []
        assert await queries.manifests(tx, **elsewhere, limit=10) == []
        assert await queries.ready(tx, **elsewhere) == 0
        assert await queries.ready(tx, **PLACE) == 1
