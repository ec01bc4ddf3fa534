"""A box that a courier did not want is empty again, or closed until somebody has looked into it."""

from crossdock.core.lockers import alarms, sql
from crossdock.core.lockers.model import CLOSES_BOX, Box, Cabinet, Complaint
from crossdock.db.tx import Tx


async def leave_box(tx: Tx, *, cabinet: Cabinet, box: Box, complaint: Complaint) -> None:
    """`box` is held by this transaction, and its parcel was put elsewhere."""
    await sql.empty_box(tx, box_id=box.id, clear=cabinet.clears_on_take)
    if complaint not in CLOSES_BOX:
        return
    await sql.close_box(tx, box_id=box.id, reason=complaint)
    await alarms.raise_alarm(
        tx,
        account_id=cabinet.account_id,
        cabinet_id=cabinet.id,
        cabinet=cabinet.number,
        kind="occupied" if complaint == "occupied" else "dirty",
        box=(box.id, box.name),
    )
