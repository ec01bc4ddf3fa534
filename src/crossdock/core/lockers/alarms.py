"""What is wrong at a locker and stands until it is well again, or until somebody says so."""

from datetime import datetime, timedelta
from typing import Any, Final

from crossdock.base.ids import AccountId, BoxId, CabinetId
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.lockers import alarm_sql
from crossdock.core.lockers.errors import AlarmUnknown
from crossdock.core.lockers.model import CLOSES_BOX, Alarm, AlarmKind
from crossdock.db.tx import Tx

NOT_OPENED_S: Final = 15
"""A door whose lock got its current opens within a second or two."""
LEFT_OPEN_S: Final = 600
"""A cabinet's detail `left_open_s` says another time."""
OFFLINE_S: Final = 120
"""Shorter ones are a line that hiccups."""


async def raise_alarm(
    tx: Tx,
    *,
    account_id: AccountId,
    cabinet_id: CabinetId,
    cabinet: str,
    kind: AlarmKind,
    box: tuple[BoxId, str] | None = None,
    about: str = "",
    at: datetime | None = None,
    **facts: Any,
) -> bool:
    """Put it on the list and on the timeline; False when it stands already. `cabinet` is its number."""
    box_id, box_name = box or (None, None)
    if not await alarm_sql.insert(
        tx,
        account_id=account_id,
        cabinet_id=cabinet_id,
        box_id=box_id,
        kind=kind,
        about=about,
        facts=facts,
        at=at or tx.now,
    ):
        return False
    await _tell(tx, kinds.DOOR_ALARM, account_id, cabinet, box_name, kind, at or tx.now, HOUSE, facts)
    return True


async def well_again(tx: Tx, *, cabinet_id: CabinetId, kind: AlarmKind, box_id: BoxId | None = None) -> None:
    """What a door or a cabinet shows is over."""
    for alarm in await alarm_sql.clear(tx, cabinet_id=cabinet_id, box_id=box_id, kind=kind, by=HOUSE):
        await _tell_cleared(tx, alarm, HOUSE)


async def clear(
    tx: Tx, *, account_id: AccountId, alarm_id: int, actor: str, cabinet_id: CabinetId | None = None
) -> Alarm:
    """Somebody has looked: a box that was closed for it is open to couriers again.

    Errors: AlarmUnknown, also for one of another cabinet than the one that is named.
    """
    alarm = await alarm_sql.clear_one(tx, account_id=account_id, alarm_id=alarm_id, by=actor, cabinet_id=cabinet_id)
    if alarm is None:
        raise AlarmUnknown(id=alarm_id)
    if alarm.kind in CLOSES_BOX:
        await alarm_sql.reopen_box(tx, alarm_id=alarm_id)
    await _tell_cleared(tx, alarm, actor)
    return alarm


async def clear_box(tx: Tx, *, account_id: AccountId, box_id: BoxId, actor: str) -> bool:
    """Somebody has looked into a box that took nothing: whatever closed it is over. False when nothing did."""
    cleared = await alarm_sql.clear_box(tx, account_id=account_id, box_id=box_id, kinds=CLOSES_BOX, by=actor)
    for alarm in cleared:
        await _tell_cleared(tx, alarm, actor)
    return bool(cleared)


async def account_of(tx: Tx, alarm_id: int) -> AccountId:
    """Whose cabinet it is about. Errors: AlarmUnknown."""
    found = await alarm_sql.account_of(tx, alarm_id)
    if found is None:
        raise AlarmUnknown(id=alarm_id)
    return found


async def standing(tx: Tx, *, account_id: AccountId | None = None) -> list[Alarm]:
    """Oldest first; of all accounts when none is named."""
    return await alarm_sql.standing(tx, account_id=account_id)


async def look(tx: Tx) -> int:
    """By the clock: doors that did not open or are open for too long, cabinets that are away; how many are new.

    What is over and still stands, because it was raised in the moment in which it ended, is cleared first.
    """
    for alarm in await alarm_sql.clear_what_is_over(tx, by=HOUSE):
        await _tell_cleared(tx, alarm, HOUSE)
    found = [
        *await alarm_sql.not_opened(tx, before=tx.now - timedelta(seconds=NOT_OPENED_S)),
        *await alarm_sql.left_open(tx, default_s=LEFT_OPEN_S),
        *await alarm_sql.offline(tx, before=tx.now - timedelta(seconds=OFFLINE_S)),
    ]
    new = 0
    for one in found:
        new += await raise_alarm(
            tx,
            account_id=one.account_id,
            cabinet_id=one.cabinet_id,
            cabinet=one.cabinet_number,
            kind=one.kind,
            box=None if one.box_id is None else (one.box_id, one.box_name or ""),
            since=one.since.isoformat(),
        )
    return new


async def _tell_cleared(tx: Tx, alarm: Alarm, actor: str) -> None:
    at = (alarm.account_id, alarm.cabinet_number, alarm.box_name)
    await _tell(tx, kinds.DOOR_ALARM_CLEARED, *at, alarm.kind, tx.now, actor, {})


async def _tell(
    tx: Tx,
    event: str,
    account_id: AccountId,
    cabinet: str,
    box: str | None,
    kind: str,
    at: datetime,
    actor: str,
    facts: dict[str, Any],
) -> None:
    await events.append(
        tx,
        NewEvent(
            account_id=account_id,
            kind=event,
            subject=f"cabinet:{cabinet}",
            actor=actor if actor != HOUSE else cabinet,
            facts={"cabinet": cabinet, "box": box, "alarm": kind, **facts},
            happened_at=at,
        ),
    )
