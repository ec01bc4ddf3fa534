"""The history of what people do at the console: operators in their own, managers in that of their warehouse."""

from typing import Any

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.operators import sql
from crossdock.core.operators.errors import OperationSpent, ReasonTooShort
from crossdock.core.operators.model import REASON_CHARACTERS_MIN, Operator
from crossdock.core.staff import commands as staff_commands
from crossdock.core.staff.errors import OperationIdInvalid, ReasonTooLong
from crossdock.core.staff.model import OPERATION_ID_CHARACTERS_MAX, REASON_CHARACTERS_MAX, Staff
from crossdock.db.tx import Tx


async def done_before(tx: Tx, *, by: Operator | Staff, operation_id: str, action: str, subject: str = "") -> bool:
    """Whether this tap did its deed already. Whoever asks for the same one waits until this transaction ends.

    `subject` is what it was done to, or the beginning of that. Errors: OperationIdInvalid; OperationSpent when the
    tap did something else, so that nobody is told that this was done.
    """
    if not 0 < len(operation_id) <= OPERATION_ID_CHARACTERS_MAX:
        raise OperationIdInvalid(characters_max=OPERATION_ID_CHARACTERS_MAX)
    if isinstance(by, Staff):
        found = await staff_commands.action_of(
            tx, account_id=by.account_id, site_id=by.site_id, operation_id=operation_id
        )
        done = None if found is None else sql.Done(found.action, str((found.after or {}).get("subject", "")))
    else:
        await sql.lock_operation(tx, operator_id=by.id, operation_id=operation_id)
        done = await sql.operation_done(tx, operator_id=by.id, operation_id=operation_id)
    if done is not None and (done.action != action or not done.subject.startswith(subject)):
        raise OperationSpent(action=done.action)
    return done is not None


async def record(
    tx: Tx,
    *,
    by: Operator | Staff,
    action: str,
    account_id: AccountId | None,
    subject: str = "",
    order_id: OrderId | None = None,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    operation_id: str | None = None,
) -> None:
    """One row, never changed. `subject` is what it was done to, in words: an order's number, a cabinet's.

    A manager's row has the subject in `after`. Errors: ReasonTooLong, OperationIdInvalid.
    """
    if isinstance(by, Staff):
        told = {**({"subject": subject} if subject else {}), **(after or {})}
        await staff_commands.record_action(
            tx,
            account_id=by.account_id,
            site_id=by.site_id,
            staff_id=by.id,
            action=action,
            reason=reason,
            before=before,
            after=told or None,
            operation_id=operation_id,
        )
        return
    await note(
        tx,
        by,
        action,
        account_id=account_id,
        subject=subject,
        order_id=order_id,
        reason=reason,
        before=before,
        after=after,
        operation_id=operation_id,
    )


async def note(
    tx: Tx,
    by: Operator | None,
    action: str,
    *,
    actor: str = "",
    about: Operator | None = None,
    account_id: AccountId | None = None,
    subject: str = "",
    order_id: OrderId | None = None,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    operation_id: str | None = None,
) -> None:
    """A row of the operators' own history; `by` None is `actor`. Errors: ReasonTooLong, OperationIdInvalid."""
    if len(reason) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(characters_max=REASON_CHARACTERS_MAX)
    if operation_id is not None and not 0 < len(operation_id) <= OPERATION_ID_CHARACTERS_MAX:
        raise OperationIdInvalid(characters_max=OPERATION_ID_CHARACTERS_MAX)
    await sql.add_action(
        tx,
        operator_id=None if by is None else by.id,
        actor=actor,
        action=action,
        account_id=account_id,
        subject=subject,
        order_id=order_id,
        about_operator_id=None if about is None else about.id,
        reason=reason,
        before=before,
        after=after,
        operation_id=operation_id,
    )


def reason_given(reason: str) -> str:
    """Of what has to be confirmed. Errors: ReasonTooShort, ReasonTooLong."""
    said = reason.strip()
    if len(said) < REASON_CHARACTERS_MIN:
        raise ReasonTooShort(characters_min=REASON_CHARACTERS_MIN)
    if len(said) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(characters_max=REASON_CHARACTERS_MAX)
    return said
