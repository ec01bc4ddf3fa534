"""What every change of a pick-up code leaves behind, and how a code ends with its order."""

from typing import Any, Final

from msgspec import to_builtins

from crossdock.base.ids import AccountId, OrderId, StaffId
from crossdock.core.codes import sql
from crossdock.core.codes.model import Code, CodeChanged, stand
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.staff.commands import record_action
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.db.tx import Tx

KINDS: Final = {
    "issue": kinds.HANDOVER_ISSUED,
    "stock_prepare": kinds.HANDOVER_PREPARED,
    "consume": kinds.HANDOVER_USED,
    "rollback": kinds.HANDOVER_ROLLED_BACK,
    "expire": kinds.HANDOVER_EXPIRED,
    "cancel": kinds.HANDOVER_CANCELED,
}
"""What stands in the shop's history -> what the order's timeline tells."""


async def note(
    tx: Tx,
    about: Code,
    action: str,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    staff_id: StaffId | None = None,
    reason: str = "",
    operation_id: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
    **facts: Any,
) -> str:
    """One row in the shop's history and one on the order's timeline; who did it, by user name if it was staff."""
    actor = (
        await record_action(
            tx,
            account_id=about.account_id,
            site_id=about.site_id,
            staff_id=staff_id,
            action=action,
            handover_id=about.id,
            reason=reason,
            before=before,
            after=after,
            operation_id=operation_id,
        )
        or actor
    )
    event = told(about, action, after=after, staff_id=staff_id, reason=reason, dialect=dialect, actor=actor, **facts)
    await events.append(tx, event)
    return actor


def told(
    about: Code,
    action: str,
    *,
    after: dict[str, Any],
    staff_id: StaffId | None,
    reason: str,
    dialect: str,
    actor: str,
    **facts: Any,
) -> NewEvent:
    """What the order's timeline tells of a change."""
    changed = CodeChanged(
        handover_id=about.id,
        number=about.order_number,
        site_id=about.site_id,
        shop=about.shop,
        action=action,
        staff_id=staff_id,
        reason=reason,
        **after,
    )
    return NewEvent(
        account_id=about.account_id,
        kind=KINDS[action],
        subject=f"handover:{about.id}",
        order_id=about.order_id,
        dialect=dialect,
        actor=actor,
        facts={**to_builtins(changed), **facts},
    )


async def cancel(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, reason: str = "", dialect: str = HOUSE, actor: str = ""
) -> int:
    """The order, which the caller holds, will not be handed over: codes that nobody used are canceled.

    How many there were. A used one stays used: the goods are gone.
    """
    ended = await sql.cancel(tx, account_id=account_id, order_id=order_id)
    for code in ended:
        await note(
            tx,
            code,
            "cancel",
            before=stand(code.was, prepared=code.prepared),
            after=stand("canceled", prepared=code.prepared),
            reason=reason[:REASON_CHARACTERS_MAX],
            dialect=dialect,
            actor=actor,
        )
    return len(ended)
