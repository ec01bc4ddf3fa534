"""Cabinets at the console: a picture of doors, and doors that a real broker and a simulated cabinet open."""

import asyncio
import re
from datetime import timedelta
from typing import Any, get_args
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import AccountId, BoxId, CabinetId
from crossdock.console.office import cabinets as page
from crossdock.core.lockers import alarms
from crossdock.core.lockers.asking import COMMAND_TTL
from crossdock.core.lockers.model import AlarmKind, Compartment
from crossdock.core.operators.model import REASON_CHARACTERS_MIN
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from tests.console.conftest import Locker, assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of, failed
from tests.devices.brokers import WAIT_S_MAX
from tests.statements import listed
from tests.world import ACCOUNT, CABINET, World

ELSEWHERE = """
INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP');
INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)
VALUES (190, 48, 'station', 'ST-02', 's', 'UTC', now(), now());
INSERT INTO cabinet (id, account_id, site_id, number, name, created_at, updated_at)
VALUES (500, 48, 190, 'other-cabinet', 'c', now(), now());
INSERT INTO box (id, account_id, cabinet_id, name, size, lock_address, created_at, updated_at)
VALUES (9000, 48, 500, '01', 'S', '0101', now(), now())
"""


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def door_05(world: World) -> str:
    [(cabinet_id, box_id)] = await world.rows(
        "SELECT b.cabinet_id, b.id FROM box b JOIN cabinet c ON c.id = b.cabinet_id"
        " WHERE c.number = %(number)s AND b.name = '05'",
        number=CABINET,
    )
    return f"cabinets/{cabinet_id}/doors/{box_id}"


async def asked_to(caller: Caller, door: str, deed: str, reason: str = "customer on the phone", **more: Any) -> Any:
    await caller.get(door)
    return await caller.post(door, deed=deed, reason=reason, **more)


def path_of(answer: Any) -> str:
    return str(answer.headers["location"]).removeprefix("/console/")


async def shows(caller: Caller, path: str, text: str) -> str:
    """Waits until the page does."""
    async with asyncio.timeout(WAIT_S_MAX):
        while text not in (found := (await caller.get(path)).text):
            await asyncio.sleep(0.02)
    return found


# A real broker, a simulated cabinet ---------------------------------------------------


async def test_a_door_is_open_only_when_the_cabinet_said_so(locker: Locker) -> None:
    office = Office(locker.world)
    caller, door = await office.as_operator(), await door_05(locker.world)
    operation_id = str(uuid4())
    answer = await asked_to(caller, door, "open", operation_id=operation_id)
    assert answer.status_code == 303
    await shows(caller, path_of(answer), "The cabinet has opened door 05, and the door was seen open.")
    assert locker.cabinet.openings == {"0105": 1}

    again = await asked_to(caller, door, "open", operation_id=operation_id)
    assert (again.status_code, path_of(again)) == (303, door)
    assert locker.cabinet.openings == {"0105": 1}
    [(command, who)] = await locker.world.rows("SELECT id, asked_by FROM door_command")
    assert who == "operator ada"
    assert (await office.history())[-1] == ("ada", "open_door", f"cabinet:{CABINET}", "customer on the phone")
    assert await locker.world.rows("SELECT after FROM operator_action WHERE action = 'open_door'") == [
        ({"box": "05", "command": command},)
    ]


async def test_a_cabinet_that_refuses_is_quoted(locker: Locker) -> None:
    office = Office(locker.world)
    caller, door = await office.as_operator(), await door_05(locker.world)
    locker.cabinet.refuse("door blocked")
    answer = await asked_to(caller, door, "open")
    await shows(caller, path_of(answer), "Door 05 was not opened. The cabinet says: door blocked")
    assert not locker.cabinet.openings


async def test_a_parcel_stays_on_record_when_its_door_is_opened_by_hand(locker: Locker) -> None:
    parcel = await locker.world.stored("100007")
    caller, door = await Office(locker.world).as_operator(), await door_05(locker.world)
    assert "100007" in (await caller.get(door.partition("/doors")[0])).text
    await shows(caller, path_of(await asked_to(caller, door, "open")), "The cabinet has opened door 05")
    assert await locker.world.rows("SELECT state FROM handover WHERE id = %(id)s", id=parcel.id) == [("stored",)]


async def test_in_a_browser(locker: Locker, browser: Browser) -> None:
    await locker.world.stored("100007")
    office = Office(locker.world)
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as screen:
        await screen.goto("/console/cabinets")
        await assert_accessible(screen)
        await screen.get_by_role("link", name=CABINET).click()
        await expect(screen.get_by_role("link", name="05 taken")).to_be_visible()
        await assert_accessible(screen)
        await screen.get_by_role("link", name="07 free").click()
        await screen.get_by_text("Open this door").click()
        await screen.get_by_label("Reason").first.fill("a courier is locked out")
        await assert_accessible(screen)
        await screen.get_by_role("button", name="Yes, open door 07").click()
        await expect(screen.get_by_text("The cabinet has opened door 07")).to_be_visible()
        await assert_accessible(screen)
        await picture(screen, "console-door")
        await screen.get_by_text("Mark it as out of order").click()
        await screen.get_by_label("Reason").last.fill("the hinge is bent")
        await screen.get_by_role("button", name="Yes, door 07 is out of order").click()
        await expect(screen.get_by_text("Door 07 is out of order now.")).to_be_visible()
        await screen.get_by_role("link", name=f"Cabinet {CABINET}").click()
        await expect(screen.get_by_role("link", name="07 out of order")).to_be_visible()
        await assert_accessible(screen)
        await picture(screen, "console-cabinet")
        await screen.set_viewport_size({"width": 360, "height": 780})
        await assert_accessible(screen)
        await picture(screen, "console-cabinet-phone")
        for address in ("/console/cabinets", screen.url):
            await screen.goto(address)
            assert await screen.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


# Without one --------------------------------------------------------------------------


async def test_an_absent_cabinet_opens_nothing(office: Office) -> None:
    caller, door = await office.as_operator(), await door_05(office.world)
    answer = await asked_to(caller, door, "open")
    told = (await caller.get(path_of(answer))).text
    assert "Door 05 was not opened: the cabinet is not online." in told
    assert "data-again" not in told


async def test_every_kind_of_warning_is_told(office: Office) -> None:
    caller, door = await office.as_operator(), await door_05(office.world)
    cabinet_id, _, box_id = door.removeprefix("cabinets/").partition("/doors/")
    async with office.world.desk.database.transaction() as tx:
        for kind in get_args(AlarmKind):
            await alarms.raise_alarm(
                tx,
                account_id=ACCOUNT,
                cabinet_id=CabinetId(int(cabinet_id)),
                cabinet=CABINET,
                kind=kind,
                box=None if kind == "offline" else (BoxId(int(box_id)), "05"),
            )
    shown = await caller.get(f"cabinets/{cabinet_id}")
    assert shown.status_code == 200
    for kind in ("offline", "left open", "opened without command", "opened after we had given up"):
        assert kind in shown.text, kind


async def test_it_is_waited_for_and_then_given_up(office: Office) -> None:
    await office.world.cabinet_online()
    caller, door = await office.as_operator(), await door_05(office.world)
    path = path_of(await asked_to(caller, door, "open"))
    for seconds, word in ((0, "has not answered yet"), (COMMAND_TTL.total_seconds() + 1, "has not answered yet")):
        office.world.clock.advance(timedelta(seconds=seconds))
        told = (await caller.get(path)).text
        assert word in told
        assert f'data-again="/console/{path}"' in told
    office.world.clock.advance(timedelta(milliseconds=1))
    told = (await caller.get(path)).text
    assert "The cabinet has not answered. Door 05 was not opened, as far as is known." in told
    assert "data-again" not in told


async def test_a_door_is_out_of_order_until_somebody_has_looked(office: Office) -> None:
    world = office.world
    caller, door = await office.as_operator(), await door_05(world)
    said = await caller.said(await asked_to(caller, door, "break", reason="the hinge is bent"))
    assert said == "Door 05 is out of order now."
    assert await world.rows("SELECT name, closed_for FROM box WHERE closed_for IS NOT NULL") == [("05", "broken")]
    assert await world.rows("SELECT kind, facts, cleared_at FROM alarm") == [
        ("broken", {"reason": "the hinge is bent", "by": "operator ada"}, None)
    ]
    twice = await asked_to(caller, door, "break")
    assert (twice.status_code, failed(twice)) == (409, "Door 05 is out of order already.")
    listed_ = (await caller.get(door.partition("/doors")[0])).text
    assert "the hinge is bent, operator ada" in listed_

    said = await caller.said(await asked_to(caller, door, "mend", reason="a new hinge"))
    assert said == "Door 05 is in order again."
    assert await world.rows("SELECT 1 FROM box WHERE closed_for IS NOT NULL") == []
    assert await world.rows("SELECT cleared_by FROM alarm") == [("operator ada",)]
    twice = await asked_to(caller, door, "mend")
    assert (twice.status_code, failed(twice)) == (409, "Door 05 is not marked as out of order.")
    assert [row[1:] for row in await office.history() if row[1].endswith("_door")] == [
        ("break_door", f"cabinet:{CABINET}", "the hinge is bent"),
        ("mend_door", f"cabinet:{CABINET}", "a new hinge"),
    ]


async def test_a_warning_ends_when_somebody_has_looked(office: Office) -> None:
    world = office.world
    caller, door = await office.as_operator(), await door_05(world)
    cabinet = door.partition("/doors")[0]
    await asked_to(caller, door, "break", reason="the hinge is bent")
    [(alarm,)] = await world.rows("SELECT id FROM alarm")
    await caller.get(cabinet)
    short = await caller.post(cabinet, warning=str(alarm), reason="x")
    assert short.status_code == 400
    operation_id = str(uuid4())
    fields = {"warning": str(alarm), "reason": "a new hinge", "operation_id": operation_id}
    assert await caller.said(await caller.post(cabinet, **fields)) == "The alarm is ended."
    assert (await caller.post(cabinet, **fields)).status_code == 303
    assert await world.rows("SELECT cleared_by FROM alarm") == [("operator ada",)]
    assert await world.rows("SELECT 1 FROM box WHERE closed_for IS NOT NULL") == []
    again = await caller.post(cabinet, warning=str(alarm), reason="a new hinge")
    assert (again.status_code, failed(again)) == (404, "This alarm has ended already.")
    assert (await office.history())[-1] == ("ada", "clear_alarm", f"cabinet:{CABINET}", "a new hinge")


async def test_a_warning_of_another_cabinet_is_not_ended(office: Office) -> None:
    world = office.world
    for statement in ELSEWHERE.split(";"):
        await world.rows(statement + " RETURNING 1")
    caller, door = await office.as_operator(), await door_05(world)
    await asked_to(caller, door, "break", reason="the hinge is bent")
    [(alarm,)] = await world.rows("SELECT id FROM alarm")
    assert (await caller.post("cabinets/500", warning=str(alarm), reason="why not")).status_code == 404
    theirs = await office.as_operator("bob", account_id=AccountId(48))
    await theirs.get("cabinets")
    for cabinet in ("cabinets/500", door.partition("/doors")[0]):
        assert (await theirs.post(cabinet, warning=str(alarm), reason="why not")).status_code == 404
    support = await office.as_support()
    await support.get("cabinets")
    assert (await support.post(door.partition("/doors")[0], warning=str(alarm), reason="x" * 5)).status_code == 403
    assert await world.rows("SELECT cleared_at FROM alarm") == [(None,)]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"reason": "x" * REASON_CHARACTERS_MIN}, 303),
        ({"reason": "x" * (REASON_CHARACTERS_MIN - 1)}, 400),
        ({"reason": "x" * REASON_CHARACTERS_MAX}, 303),
        ({"reason": "x" * (REASON_CHARACTERS_MAX + 1)}, 400),
        ({"deed": "burn"}, 400),
        ({"word": "0" * 64}, 403),
        ({"operation_id": "x"}, 400),
    ],
)
async def test_what_is_no_order_opens_nothing(office: Office, fields: dict[str, str], status: int) -> None:
    caller, door = await office.as_operator(), await door_05(office.world)
    await caller.get(door)
    answer = await caller.post(door, **{"deed": "open", "reason": "why not", **fields})
    assert answer.status_code == status
    asked = await office.world.rows("SELECT count(*) FROM door_command")
    assert asked == [(1 if status == 303 else 0,)]


async def test_who_sees_what_and_who_opens(office: Office) -> None:
    world, door = office.world, await door_05(office.world)
    for statement in ELSEWHERE.split(";"):
        await world.rows(statement + " RETURNING 1")
    support = await office.as_support()
    assert "other-cabinet" in (await support.get("cabinets")).text
    refused = await asked_to(support, door, "open")
    assert (refused.status_code, failed(refused)) == (
        403,
        "Support sees everything and changes nothing. Ask an operator.",
    )
    assert "Yes, open door" not in (await support.get(door)).text

    theirs = await office.as_operator("bob", account_id=AccountId(48))
    shown = (await theirs.get("cabinets")).text
    assert "other-cabinet" in shown
    assert CABINET not in shown
    for path in (door, door.partition("/doors")[0], f"cabinets/500/doors/{door.rpartition('/')[2]}"):
        assert (await theirs.get(path)).status_code == 404
    await theirs.get("cabinets/500/doors/9000")
    assert (await theirs.post(door, deed="open", reason="why not")).status_code == 404

    boss = await office.as_manager()
    assert CABINET not in (await boss.get("cabinets")).text
    assert (await boss.get(door)).status_code == 404
    assert await world.rows("SELECT 1 FROM door_command") == []


async def test_the_list_goes_on_from_a_key_and_costs_few_statements(office: Office) -> None:
    await office.world.rows(
        "INSERT INTO cabinet (account_id, site_id, number, name, created_at, updated_at)"
        " SELECT account_id, site_id, 'n-' || n, 'c', now(), now() FROM cabinet, generate_series(1, %(n)s) n"
        " RETURNING 1",
        n=page.screen.ROWS_MAX,
    )
    caller, door = await office.as_support(), await door_05(office.world)
    first = (await caller.get("cabinets")).text
    assert CABINET in first
    last = page.screen.ROWS_MAX
    assert f">n-{last - 1}<" in first
    assert f">n-{last}<" not in first
    [after] = re.findall(r'href="\?(after=[0-9]+)"', first)
    following = (await caller.get(f"cabinets?{after}")).text
    assert f">n-{last}<" in following
    assert "n-1<" not in following
    assert CABINET not in following
    with listed() as sent:
        await caller.get("cabinets")
        assert len(sent) == 2, sent
        sent.clear()
        await caller.get(door.partition("/doors")[0])
        assert len(sent) == 4, sent
        sent.clear()
        await caller.get(door)
        assert len(sent) == 4, sent
    assert len((await caller.get(door.partition("/doors")[0])).content) < 100_000


def test_columns_are_full_at_their_height_and_begin_anew_with_a_board() -> None:
    def box(name: str, size: str, lock_address: str) -> Compartment:
        facts: dict[str, Any] = dict.fromkeys(Compartment.__struct_fields__)
        return Compartment(**{**facts, "name": name, "size": size, "lock_address": lock_address})

    boxes = [box(str(number), "S", f"01{number:02x}") for number in range(page.COLUMN_HEIGHT + 1)]
    assert [len(column) for column in page.columns(boxes)] == [page.COLUMN_HEIGHT, 1]
    boxes = [box("1", "S", "0101"), box("2", "S", "0201")]
    assert [len(column) for column in page.columns(boxes)] == [1, 1]
    assert page.columns([]) == []
    shown = {box.size for box in boxes} | set(page.HEIGHTS)
    assert shown <= set(page.HEIGHTS)


async def test_an_alarm_that_has_no_reason_is_shown(office: Office) -> None:
    caller = await office.as_support()
    async with office.world.desk.database.transaction() as tx:
        [(account_id, cabinet_id)] = await tx.rows(
            "SELECT account_id, id FROM cabinet WHERE number = %(number)s", number=CABINET
        )
        await alarms.raise_alarm(tx, account_id=account_id, cabinet_id=cabinet_id, cabinet=CABINET, kind="offline")
    shown = await caller.get(f"cabinets/{cabinet_id}")
    assert (shown.status_code, "<h2>Alarms: 1</h2>" in shown.text) == (200, True)
