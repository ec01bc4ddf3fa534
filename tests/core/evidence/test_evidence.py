"""What is known of a parcel is read whole, in a few statements, without its secrets, and says where there is more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import to_builtins

from crossdock.base import json
from crossdock.base.ids import OrderId, SiteId, StaffId
from crossdock.core.evidence import model, queries
from crossdock.core.evidence.model import FILM_INCOMPLETE, GAP_TOLD, NO_FILM, Evidence, Gap
from crossdock.core.film import commands as film
from crossdock.core.handover import commands as handover
from crossdock.core.packing.commands import report_many
from crossdock.core.transport import pictures, readings
from crossdock.core.transport.model import NewPicture, Reading
from tests import statements
from tests.core.packing.conftest import FILMED_FROM, item, report
from tests.world import ACCOUNT, START, World

NUMBER = "N-1"
KEY = "029322"
STATEMENTS_MAX = 15
SECOND = timedelta(seconds=1)
WINDOW = Gap(FILMED_FROM, FILMED_FROM + 44 * SECOND)
CLERK: dict[str, Any] = {"account_id": ACCOUNT, "site_id": SiteId(12), "staff_id": StaffId(32)}


async def told(world: World, order_id: OrderId, **how: Any) -> Evidence:
    async with world.desk.database.transaction(readonly=True) as tx:
        return await queries.evidence(tx, account_id=ACCOUNT, order_id=order_id, **how)


async def packed(world: World, number: str = NUMBER, *items: Any, **facts: Any) -> None:
    async with world.desk.database.transaction() as tx:
        await report_many(tx, [report(number, *items, **facts)])


async def filmed(world: World, since: timedelta, until: timedelta, name: str = "a") -> None:
    await world.rows(
        "INSERT INTO film_piece SELECT 47, 7001, %(since)s, %(until)s, %(name)s, 1, 'h264', 2, 2, 123, '001'"
        " RETURNING 1",
        since=FILMED_FROM + since,
        until=FILMED_FROM + until,
        name=f"film/{name}",
    )


async def collected(world: World) -> OrderId:
    """An order that was packed, weighed, pictured, and handed over at a counter."""
    shipped = await world.pick_up(KEY)
    order = shipped.order
    await packed(world, order.number)
    async with world.desk.database.transaction() as tx:
        await handover.prepare(tx, **CLERK, handover_id=shipped.pick_up.id)
    async with world.desk.database.transaction() as tx:
        await handover.consume(tx, **CLERK, key=KEY)
        await film.hold(tx, account_id=ACCOUNT, order_id=order.id, reason="claim 12", actor="x")
    return order.id  # type: ignore[no-any-return]


async def test_a_parcel_from_the_packing_bench_to_the_hand_of_its_buyer(quiet_world: World) -> None:
    found = await told(quiet_world, await collected(quiet_world))
    assert (found.read_at, found.cut) == (quiet_world.clock.now(), ())
    [one] = found.packings
    assert [scanned.goods_code for scanned in one.packing.items] == ["00131031"]
    [hand_over] = found.hand_overs
    assert (hand_over.place, hand_over.state, hand_over.prepared_by, hand_over.used_by) == (
        "shop",
        "used",
        "clerk1",
        "clerk1",
    )
    assert [deed.action for deed in found.deeds] == ["issue", "stock_prepare", "consume"]
    assert [hold.reason for hold in found.holds] == ["claim 12"]
    packing = next(event for event in found.events if event.kind == "packing.reported")
    assert (packing.happened_at, packing.learned_at) == (WINDOW.until, START)
    assert found.lines[0].order_id == found.order.id


async def test_a_parcel_on_its_way_was_weighed_and_pictured(
    quiet_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await quiet_world.parcel("L-1", "T-1")
    side = Decimal(100)
    reading = Reading(
        mailno="T-1",
        device="dws",
        weight_g=Decimal(900),
        length_mm=side,
        width_mm=side,
        height_mm=side,
        volume_cm3=Decimal(1000),
        measured_at=START,
    )
    async with quiet_world.desk.database.transaction() as tx:
        await readings.read(tx, account_id=ACCOUNT, site_id=SiteId(80), reading=reading)
        shown = NewPicture(digest=b"x" * 32, object_key="proof/x", content_type="image/png")
        await pictures.prove(tx, account_ids=[ACCOUNT], mailno="T-1", pictures=[shown])
    found = await told(quiet_world, order.id)
    assert [(one.weight_g, one.device) for one in found.readings] == [(Decimal(900), "dws")]
    assert [one.object_key for one in found.pictures] == ["proof/x"]
    assert [one.mailno for one in found.waybills] == ["T-1"]
    limits = {"WAYBILLS_MAX": "waybills", "READINGS_MAX": "readings", "PICTURES_MAX": "pictures"}
    await assert_cut(quiet_world, order.id, limits, monkeypatch)


async def test_a_camera_that_was_moved_shows_what_it_saw_where_it_was(quiet_world: World) -> None:
    order_id = await collected(quiet_world)
    await filmed(quiet_world, -SECOND, 20 * SECOND)
    await quiet_world.rows("UPDATE camera SET station = '002' WHERE id = 7001 RETURNING 1")
    await quiet_world.rows(
        "INSERT INTO film_piece SELECT 47, 7001, %(at)s, %(at)s + interval '60 s', 'x', 1, 'h264', 2, 2, 123, '002'"
        " RETURNING 1",
        at=FILMED_FROM + 20 * SECOND,
    )
    [one] = (await told(quiet_world, order_id)).packings
    [view] = one.views
    assert (view.filmed_to, view.gaps) == (FILMED_FROM + 20 * SECOND, (Gap(FILMED_FROM + 20 * SECOND, WINDOW.until),))


async def test_doors_that_opened_for_a_parcel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.cabinet_answers()
    order = await world.order("P-1", lines={"00131031": 1})
    parcel = await world.stored("P-1")
    await world.rows("UPDATE handover SET order_id = %(id)s WHERE id = %(h)s RETURNING 1", id=order.id, h=parcel.id)
    found = await told(world, order.id)
    assert [(door.purpose, door.state, door.handover_id) for door in found.doors] == [
        ("store", "accepted", parcel.id)
    ]
    assert found.hand_overs[0].box == parcel.box_name
    said = json.text(to_builtins(found))
    assert parcel.key not in said
    assert parcel.save_code not in said
    await world.rows(
        "INSERT INTO door_event (account_id, cabinet_id, command_id, sequence, kind, facts, happened_at, learned_at)"
        " SELECT account_id, cabinet_id, id, 'x', 'opened', '{}', asked_at, asked_at FROM door_command RETURNING 1"
    )
    await assert_cut(world, order.id, {"DOORS_MAX": "doors"}, monkeypatch)
    [report_of_door] = (await told(world, order.id)).door_reports
    assert (report_of_door.kind, report_of_door.command_id) == ("opened", found.doors[0].id)


async def test_no_code_secret_or_recipient_is_told(quiet_world: World) -> None:
    order_id = await collected(quiet_world)
    [(token,)] = await quiet_world.rows("SELECT token FROM orders WHERE id = %(id)s", id=order_id)
    person = {"contact": "Zhang San"}
    await quiet_world.rows(
        "UPDATE orders SET recipient = %(facts)s, partner_fields = %(facts)s WHERE id = %(id)s RETURNING 1",
        id=order_id,
        facts=person,
    )
    await quiet_world.rows(
        "UPDATE event SET facts = %(facts)s"
        " WHERE id = (SELECT max(id) FROM event WHERE order_id = %(id)s) RETURNING 1",
        id=order_id,
        facts={
            "page": f"https://shop/t/{token}",
            "deep": [{"code": KEY, "secret": "s3cret", "recipient": person, "partner_fields": person}],
            "sku": "kept",
        },
    )
    found = await told(quiet_world, order_id)
    said = json.text(to_builtins(found))
    assert f'"{KEY}"' not in said
    assert token not in said
    assert "s3cret" not in said
    assert "Zhang San" not in said
    assert found.events[-1].facts["sku"] == "kept"
    assert found.hand_overs[0].code == "0****2"


# Film -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("film_of", "warnings", "gaps"),
    [
        ([], {NO_FILM: {}}, [WINDOW]),
        ([(-9 * SECOND, -SECOND)], {NO_FILM: {}}, [WINDOW]),
        ([(-SECOND, 45 * SECOND)], {}, []),
        ([(timedelta(0), 20 * SECOND), (20 * SECOND + GAP_TOLD, 44 * SECOND)], {}, []),
        (
            [(timedelta(0), 20 * SECOND), (24 * SECOND, 44 * SECOND)],
            {FILM_INCOMPLETE: {"missing_s": 4.0}},
            [Gap(FILMED_FROM + 20 * SECOND, FILMED_FROM + 24 * SECOND)],
        ),
        (
            [(timedelta(0), 44 * SECOND - GAP_TOLD - timedelta(milliseconds=1))],
            {FILM_INCOMPLETE: {"missing_s": 0.2}},
            [Gap(WINDOW.until - GAP_TOLD - timedelta(milliseconds=1), WINDOW.until)],
        ),
    ],
)
async def test_what_film_there_is_of_a_window(
    quiet_world: World, film_of: list[Any], warnings: dict[str, Any], gaps: list[Gap]
) -> None:
    order = await quiet_world.order(NUMBER, lines={"00131031": 1})
    await packed(quiet_world)
    for number, (since, until) in enumerate(film_of):
        await filmed(quiet_world, since, until, str(number))
    [one] = (await told(quiet_world, order.id)).packings
    assert one.packing.warnings == warnings
    [view] = one.views
    assert (view.name, list(view.gaps)) == ("Station 001", gaps)


async def test_the_clock_of_the_camera_stands_beside_its_film(quiet_world: World) -> None:
    order = await quiet_world.order(NUMBER, lines={"00131031": 1})
    await packed(quiet_world)
    await filmed(quiet_world, -3 * SECOND, 60 * SECOND)
    async with quiet_world.desk.database.transaction() as tx:
        await film.note_offset(tx, camera_id=7001, offset_ms=90_000)  # type: ignore[arg-type]
    [view] = (await told(quiet_world, order.id, around=2 * SECOND)).packings[0].views
    assert (view.offset_ms, view.offset_at) == (90_000, START)
    assert (view.filmed_from, view.filmed_to) == (FILMED_FROM - 3 * SECOND, FILMED_FROM + 60 * SECOND)


async def test_a_window_that_runs_backwards_or_that_nobody_films(quiet_world: World) -> None:
    order = await quiet_world.order(NUMBER, lines={"00131031": 1})
    await packed(quiet_world, filmed_to=FILMED_FROM - SECOND)
    await packed(quiet_world, enterprise_id=12, department_id=130)
    warnings = [(set(one.packing.warnings), one.views) for one in (await told(quiet_world, order.id)).packings]
    assert warnings == [({"window_reversed"}, ()), ({"no_camera", NO_FILM}, ())]


# Bounds ---------------------------------------------------------------------------


async def test_it_is_read_in_a_few_statements(quiet_world: World) -> None:
    order_id = await collected(quiet_world)
    async with quiet_world.desk.database.transaction(readonly=True) as tx:
        with statements.listed() as sent:
            await queries.evidence(tx, account_id=ACCOUNT, order_id=order_id)
    assert len(sent) <= STATEMENTS_MAX, sent


@pytest.mark.parametrize(
    ("limit", "cut"),
    [
        ("LINES_MAX", "lines"),
        ("EVENTS_MAX", "events"),
        ("ACTIONS_MAX", "deeds"),
        ("HOLDS_MAX", "holds"),
        ("HANDOVERS_MAX", "hand_overs"),
        ("PACKINGS_MAX", "packings"),
        ("ITEMS_MAX", "items"),
        ("VIEWS_MAX", "views"),
    ],
)
async def test_what_is_more_than_the_limit_is_left_out_and_said(
    quiet_world: World, monkeypatch: pytest.MonkeyPatch, limit: str, cut: str
) -> None:
    order_id = await collected(quiet_world)
    whole = await told(quiet_world, order_id)

    def count(found: Evidence) -> int:
        if cut == "items":
            return sum(len(one.packing.items) for one in found.packings)
        if cut == "views":
            return sum(len(one.views) for one in found.packings)
        return len(getattr(found, cut))

    there = count(whole)
    monkeypatch.setattr(model, limit, there)
    assert (await told(quiet_world, order_id)).cut == ()
    monkeypatch.setattr(model, limit, there - 1)
    less = await told(quiet_world, order_id)
    assert (count(less), cut in less.cut) == (there - 1, True)


async def assert_cut(
    world: World, order_id: OrderId, limits: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limit -> the field that it bounds: one more is left out, and that is said."""
    whole = await told(world, order_id)
    for limit, cut in limits.items():
        there = len(getattr(whole, cut))
        assert there > 0, cut
        for most in (there, there - 1):
            with monkeypatch.context() as patched:
                patched.setattr(model, limit, most)
                found = await told(world, order_id)
            assert (len(getattr(found, cut)), cut in found.cut) == (most, most < there), cut


async def test_of_many_gaps_the_rest_is_one(quiet_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await quiet_world.order(NUMBER, lines={"00131031": 1})
    await packed(quiet_world, NUMBER, item())
    for number in range(4):
        await filmed(quiet_world, number * 10 * SECOND, (number * 10 + 8) * SECOND, str(number))
    monkeypatch.setattr(queries, "GAPS_MAX", 4)
    [view] = (await told(quiet_world, order.id)).packings[0].views
    assert len(view.gaps) == 4
    monkeypatch.setattr(queries, "GAPS_MAX", 2)
    [view] = (await told(quiet_world, order.id)).packings[0].views
    assert len(view.gaps) == 3
    assert view.gaps[-1] == Gap(FILMED_FROM + 28 * SECOND, WINDOW.until)
