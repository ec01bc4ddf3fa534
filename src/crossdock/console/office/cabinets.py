"""Cabinets as a picture of their doors: what lies in them, and a door that is opened from a desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.base.ids import BoxId, CabinetId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, reader, writer
from crossdock.console.web import PageRequest
from crossdock.core.events.model import HOUSE
from crossdock.core.lockers import alarms, commands, watching
from crossdock.core.lockers.errors import AlarmUnknown, BoxClosed, BoxInOrder, BoxUnknown, CabinetUnknown
from crossdock.core.lockers.model import OFFLINE, Compartment, Task, Watched
from crossdock.core.operators import deeds
from crossdock.db.tx import Tx

HERE: Final = f"{PREFIX}/cabinets"
BOXES_SHOWN: Final = 300
"""Doors of one picture."""
TASKS_SHOWN: Final = 20
"""Of one door, the newest."""
COLUMN_HEIGHT: Final = 12
"""A column of the picture, in heights of the smallest door."""
HEIGHTS: Final[Mapping[str, int]] = {"SX": 1, "S": 1, "M": 2, "L": 3, "LX": 4, "screen": 3}
ANSWER_WITHIN: Final = timedelta(seconds=1)
"""After a command's end its answer may still be under way."""

Deed = Literal["open", "break", "mend"]

TEXTS: Final[Mapping[str, str]] = {
    "cabinets": "Cabinets",
    "cabinet": "Cabinet {number}",
    "number": "Cabinet",
    "place": "Place",
    "account": "Account",
    "line": "Connection",
    "online": "online",
    "offline": "offline",
    "never": "never heard",
    "heard": "Last heard",
    "out_of_service": "out of service",
    "fault": "It refuses every command: {fault}",
    "free": "free",
    "taken": "taken",
    "open": "door open",
    "broken": "out of order",
    "free_many": "Free",
    "taken_many": "Taken",
    "open_many": "Open",
    "broken_many": "Out of order",
    "off": "switched off",
    "occupied": "a courier found something in it",
    "dirty": "a courier found it dirty",
    "screen": "screen",
    "warnings": "Alarms",
    "no_warnings": "No alarm stands.",
    "since": "Since",
    "what": "What",
    "more_boxes": "These are its first {boxes} doors.",
    "no_boxes": "It has no doors. The setup file names them.",
    "door": "Door {name}",
    "size": "Size",
    "lock": "Lock",
    "state": "State",
    "the_door": "The door",
    "d_open": "is open",
    "d_closed": "is shut",
    "d_unknown": "was never seen to move",
    "parcel": "Parcel",
    "no_parcel": "Nothing lies in it, as far as is known.",
    "last_parcel": "Last parcel",
    "recalled": "It was called back: its courier fetches it.",
    "open_door": "Open this door",
    "open_why": "Whoever stands there can take what lies in it. The parcel stays on record as lying in this box.",
    "yes_open": "Yes, open door {name}",
    "break_door": "Mark it as out of order",
    "break_why": "Couriers put nothing into it any more. What lies in it can be taken.",
    "yes_break": "Yes, door {name} is out of order",
    "mend_door": "Mark it as in order",
    "mend_why": "Somebody has looked into it: couriers may put parcels into it again.",
    "yes_mend": "Yes, door {name} is in order",
    "set_off": "The setup file switches this box off (“enabled”). It takes no parcels until the file says otherwise.",
    "openings": "What was asked of this door",
    "no_openings": "Nothing yet.",
    "asked": "Asked",
    "by": "By",
    "purpose": "Why",
    "result": "Result",
    "seen_open": "Seen open",
    "seen_closed": "Seen closed",
    "p_store": "a courier brings a parcel",
    "p_move": "a courier wants another box",
    "p_take": "a parcel is fetched",
    "p_open": "opened by hand",
    "r_waiting": "waiting for the cabinet",
    "r_accepted": "opened",
    "r_refused": "refused: {reason}",
    "r_expired": "no answer",
    "waiting": "The cabinet was asked to open door {name} and has not answered yet.",
    "accepted": "The cabinet has opened door {name}.",
    "accepted_seen": "The cabinet has opened door {name}, and the door was seen open.",
    "refused": "Door {name} was not opened. The cabinet says: {reason}",
    "refused_offline": "Door {name} was not opened: the cabinet is not online.",
    "expired": "The cabinet has not answered. Door {name} was not opened, as far as is known.",
    "all": "All cabinets",
    "clear": "Somebody has looked",
    "clear_why": "The alarm ends. A door that it kept out of order takes parcels again.",
    "told_clear": "The alarm is ended.",
    "told_break": "Door {name} is out of order now.",
    "told_mend": "Door {name} is in order again.",
    "opened without command": "opened without command",
    "not opened": "not opened",
    "left open": "left open",
    "late answer": "opened after we had given up",
    "code entry locked": "code entry locked",
    "offline use": "opened wrongly while it was offline",
    "found_occupied": "something lies in it",
    "found_dirty": "dirty",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        AlarmUnknown: "This alarm has ended already.",
        CabinetUnknown: "There is no such cabinet here.",
        BoxUnknown: "This cabinet has no such door.",
        BoxClosed: "Door {box} is out of order already.",
        BoxInOrder: "Door {box} is not marked as out of order.",
    },
)
ENTRY: Final = Entry(path=HERE, title="Cabinets", operators=True)


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    who = await reader(request)
    async with who.desk.database.autocommit() as tx:
        found = await watching.cabinets(
            tx,
            account_id=who.scope.account_id,
            site_id=who.scope.site_id,
            after=screen.after(request) or 0,
            limit=screen.ROWS_MAX + 1,
        )
    return screen.show(
        request,
        who,
        SAYS,
        "office/cabinets.html",
        here=HERE,
        cabinets=screen.Rows.of(request, found, key=lambda cabinet: cabinet.id),
    )


@get(HERE + "/{cabinet_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, cabinet_id: FromPath[int]) -> Response[Any]:
    return await _one(request, await reader(request), cabinet_id)


@post(HERE + "/{cabinet_id:int}")
async def clear(request: PageRequest, cabinet_id: FromPath[int]) -> Response[Any]:
    """Somebody has looked at what a warning tells of."""
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        alarm_id = form.number("warning")
        reason = deeds.reason_given(form.text("reason"))
        async with who.desk.database.transaction() as tx:
            cabinet = await _cabinet(tx, who, cabinet_id)
            here = f"{HERE}/{cabinet.id}"
            deed_done: dict[str, Any] = {"action": "clear_alarm", "subject": cabinet.subject}
            if await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                return forms.done(request, who, here)
            alarm = await alarms.clear(
                tx,
                account_id=cabinet.account_id,
                cabinet_id=cabinet.id,
                alarm_id=alarm_id,
                actor=who.actor,
            )
            await deeds.record(
                tx,
                by=who.by,
                action="clear_alarm",
                account_id=cabinet.account_id,
                subject=cabinet.subject,
                reason=reason,
                after={"warning": alarm.kind, **({"box": alarm.box_name} if alarm.box_name else {})},
                operation_id=form.operation_id,
            )
        return forms.done(request, who, here, TEXTS["told_clear"])

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, cabinet_id, failure))


@get(HERE + "/{cabinet_id:int}/doors/{box_id:int}", media_type=MediaType.HTML)
async def door(request: PageRequest, cabinet_id: FromPath[int], box_id: FromPath[int]) -> Response[Any]:
    """With `command`, what came of that one stands on top."""
    return await _door(request, await reader(request), cabinet_id, box_id)


@post(HERE + "/{cabinet_id:int}/doors/{box_id:int}")
async def tend(request: PageRequest, cabinet_id: FromPath[int], box_id: FromPath[int]) -> Response[Any]:
    """A door is asked to open, marked as out of order, or as in order again."""
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        deed = form.text("deed")
        if deed not in ("open", "break", "mend"):
            raise FieldWrong(field="deed", value=deed)
        reason = deeds.reason_given(form.text("reason"))
        async with who.desk.database.transaction() as tx:
            cabinet = await _cabinet(tx, who, cabinet_id)
            of: dict[str, Any] = {"account_id": cabinet.account_id, "cabinet_id": cabinet.id}
            box = await watching.compartment(tx, **of, box_id=BoxId(min(box_id, forms.ID_MAX)))
            here = f"{HERE}/{cabinet.id}/doors/{box.id}"
            deed_done: dict[str, Any] = {"action": f"{deed}_door", "subject": cabinet.subject}
            if await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                return forms.done(request, who, here)
            after: dict[str, Any] = {"box": box.name}
            match deed:
                case "open":
                    command, _ = await commands.ask_open(
                        tx,
                        account_id=cabinet.account_id,
                        cabinet=cabinet.number,
                        lock_address=box.lock_address,
                        use_type="O",
                        asked_by=who.actor,
                        dialect=HOUSE,
                    )
                    after["command"] = command.id
                    here += f"?command={command.id}"
                case "break":
                    await watching.mark_broken(tx, **of, box_id=box.id, reason=reason, actor=who.actor)
                case "mend":
                    await watching.mark_sound(tx, **of, box_id=box.id, actor=who.actor)
            await deeds.record(
                tx,
                by=who.by,
                account_id=cabinet.account_id,
                **deed_done,
                order_id=box.order_id,
                reason=reason,
                after=after,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, here, TEXTS.get(f"told_{deed}", ""), name=box.name)

    return await forms.act(request, who, SAYS, do, lambda failure: _door(request, who, cabinet_id, box_id, failure))


async def _cabinet(tx: Tx, who: Somebody, cabinet_id: int) -> Watched:
    """Errors: CabinetUnknown."""
    return await watching.cabinet(
        tx,
        account_id=who.scope.account_id,
        site_id=who.scope.site_id,
        cabinet_id=CabinetId(min(cabinet_id, forms.ID_MAX)),
    )


async def _one(request: PageRequest, who: Somebody, cabinet_id: int, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        cabinet = await _cabinet(tx, who, cabinet_id)
        of: dict[str, Any] = {"account_id": cabinet.account_id, "cabinet_id": cabinet.id}
        boxes = await watching.compartments(tx, **of, limit=BOXES_SHOWN + 1)
        warnings = await watching.warnings(tx, **of, limit=screen.ROWS_MAX)
    shown = boxes[:BOXES_SHOWN]
    return screen.show(
        request,
        who,
        SAYS,
        "office/cabinet.html",
        here=f"{HERE}/{cabinet.id}",
        failure=failure,
        cabinet=cabinet,
        columns=columns(shown),
        box_ids={box.name: box.id for box in shown},
        more_boxes=len(boxes) > BOXES_SHOWN,
        warnings=warnings,
    )


async def _door(
    request: PageRequest, who: Somebody, cabinet_id: int, box_id: int, failure: Failure | None = None
) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        cabinet = await _cabinet(tx, who, cabinet_id)
        box = await watching.compartment(
            tx,
            account_id=cabinet.account_id,
            cabinet_id=cabinet.id,
            box_id=BoxId(min(box_id, forms.ID_MAX)),
        )
        tasks = await watching.tasks(tx, account_id=cabinet.account_id, box_id=box.id, limit=TASKS_SHOWN)
    command = request.query_params.get("command", "")
    asked = next((task for task in tasks if str(task.id) == command), None)
    now = who.desk.clock.now()
    told = None if asked is None else answer(asked, now)
    here = f"{HERE}/{cabinet.id}/doors/{box.id}"
    return screen.show(
        request,
        who,
        SAYS,
        "office/cabinet_door.html",
        here=here,
        failure=failure,
        scripts=("again",) if told == "waiting" else (),
        again=f"{here}?command={command}" if told == "waiting" else "",
        cabinet=cabinet,
        box=box,
        asked=asked,
        told=told,
        offline_says=OFFLINE,
        tasks=[(task, answer(task, now)) for task in tasks],
    )


Answer = Literal["waiting", "accepted", "refused", "expired"]


def answer(task: Task, now: datetime) -> Answer:
    """What became of it. Whoever asked may be gone: a sweep writes down only later that no answer came."""
    state = task.state
    if state == "waiting" or state == "sent":
        return "waiting" if now <= task.expires_at + ANSWER_WITHIN else "expired"
    return state


def columns(boxes: Sequence[Compartment]) -> list[list[Compartment]]:
    """As they stand beside each other: each board begins a column, and goes on in another when one is full."""
    found: list[list[Compartment]] = []
    height, board = 0, ""
    for box in boxes:
        if not found or box.lock_address[:2] != board or height + HEIGHTS[box.size] > COLUMN_HEIGHT:
            found.append([])
            height, board = 0, box.lock_address[:2]
        found[-1].append(box)
        height += HEIGHTS[box.size]
    return found


HANDLERS: Final = [listed, one, clear, door, tend]
