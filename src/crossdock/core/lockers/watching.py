"""What operators see of cabinets, and what they say of a box."""

from crossdock.base.ids import AccountId, BoxId, CabinetId, SiteId
from crossdock.core.lockers import alarm_sql, alarms, sql, watching_sql
from crossdock.core.lockers.errors import BoxClosed, BoxInOrder, BoxUnknown, CabinetUnknown
from crossdock.core.lockers.model import Alarm, Box, Compartment, Task, Watched
from crossdock.db.tx import Tx


async def cabinets(
    tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None = None, after: int = 0, limit: int
) -> list[Watched]:
    """By id, from the one behind `after` on; of all accounts when none is named."""
    return await watching_sql.watched(tx, account_id=account_id, site_id=site_id, after=after, limit=limit)


async def cabinet(
    tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None = None, cabinet_id: CabinetId
) -> Watched:
    """Errors: CabinetUnknown, also for one that is not within reach."""
    found = await watching_sql.watched(tx, account_id=account_id, site_id=site_id, cabinet_id=cabinet_id, limit=1)
    if not found:
        raise CabinetUnknown(number=str(cabinet_id))
    return found[0]


async def compartments(tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, limit: int) -> list[Compartment]:
    """By lock address: board by board, lock by lock."""
    return await watching_sql.compartments(tx, account_id=account_id, cabinet_id=cabinet_id, limit=limit)


async def compartment(tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, box_id: BoxId) -> Compartment:
    """Errors: BoxUnknown."""
    found = await watching_sql.compartments(tx, account_id=account_id, cabinet_id=cabinet_id, box_id=box_id, limit=1)
    if not found:
        raise BoxUnknown(box=str(box_id))
    return found[0]


async def tasks(tx: Tx, *, account_id: AccountId, box_id: BoxId, limit: int) -> list[Task]:
    """What was asked of a door, newest first; questions for its state are left out."""
    return await watching_sql.tasks(tx, account_id=account_id, box_id=box_id, limit=limit)


async def warnings(tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, limit: int) -> list[Alarm]:
    """Those that stand at a cabinet, oldest first."""
    return await alarm_sql.standing_at(tx, account_id=account_id, cabinet_id=cabinet_id, limit=limit)


async def mark_broken(
    tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, box_id: BoxId, reason: str, actor: str
) -> None:
    """Nothing is put into this box until `mark_sound`; what lies in it can be taken. An alarm says so.

    Errors: CabinetUnknown, BoxUnknown, BoxClosed.
    """
    asked = await cabinet(tx, account_id=account_id, cabinet_id=cabinet_id)
    box = await _held(tx, asked, box_id)
    if not await alarms.raise_alarm(
        tx,
        account_id=asked.account_id,
        cabinet_id=asked.id,
        cabinet=asked.number,
        kind="broken",
        box=(box.id, box.name),
        reason=reason,
        by=actor,
    ):
        raise BoxClosed(box=box.name)
    await sql.close_box(tx, box_id=box.id, reason="broken")


async def mark_sound(tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, box_id: BoxId, actor: str) -> None:
    """Somebody has looked: couriers may have this box again. Errors: CabinetUnknown, BoxUnknown, BoxInOrder."""
    asked = await cabinet(tx, account_id=account_id, cabinet_id=cabinet_id)
    box = await _held(tx, asked, box_id)
    if not await alarms.clear_box(tx, account_id=account_id, box_id=box.id, actor=actor):
        raise BoxInOrder(box=box.name)
    await sql.close_box(tx, box_id=box.id, reason=None)


async def _held(tx: Tx, cabinet: Watched, box_id: BoxId) -> Box:
    """The box, held for this transaction. Errors: BoxUnknown."""
    box = await sql.lock_box_of(tx, cabinet_id=cabinet.id, box_id=box_id)
    if box is None:
        raise BoxUnknown(box=str(box_id))
    return box
