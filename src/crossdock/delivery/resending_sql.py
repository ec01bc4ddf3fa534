"""Statements on ranges of callbacks that go again."""

from crossdock.base.ids import AccountId, CallbackId, ReceiverId
from crossdock.db.tx import Tx, columns
from crossdock.delivery.model import Choice, ResendRun, RunState

_RUN = columns(ResendRun)

_INSERT = f"""
INSERT INTO resend_run (account_id, receiver_id, states, since, until, first_id, last_id, found, actor, reason,
                        operation_id, created_at)
SELECT r.account_id, r.id, %(states)s, %(since)s, %(until)s, %(first_id)s, %(last_id)s, %(found)s, %(actor)s,
       %(reason)s, %(operation_id)s, %(now)s
  FROM receiver r WHERE r.id = %(receiver_id)s
ON CONFLICT (account_id, operation_id) WHERE operation_id IS NOT NULL DO NOTHING
RETURNING {_RUN}
"""


async def insert(
    tx: Tx, *, choice: Choice, found: int, actor: str, reason: str, operation_id: str | None
) -> ResendRun | None:
    """None when this operation began one before."""
    return await tx.one_or_none(
        ResendRun,
        _INSERT,
        receiver_id=choice.receiver_id,
        states=list(choice.states),
        since=choice.since,
        until=choice.until,
        first_id=choice.first_id,
        last_id=choice.last_id,
        found=found,
        actor=actor,
        reason=reason,
        operation_id=operation_id,
        now=tx.now,
    )


async def of_operation(tx: Tx, *, account_id: AccountId, operation_id: str) -> ResendRun:
    """Index: resend_run_operation_key."""
    return await tx.one(
        ResendRun,
        f"SELECT {_RUN} FROM resend_run WHERE account_id = %(account_id)s AND operation_id = %(operation_id)s",
        account_id=account_id,
        operation_id=operation_id,
    )


async def run(tx: Tx, *, account_id: AccountId | None, run_id: int, lock: bool = False) -> ResendRun | None:
    owned = "" if account_id is None else " AND account_id = %(account_id)s"
    return await tx.one_or_none(
        ResendRun,
        f"SELECT {_RUN} FROM resend_run WHERE id = %(id)s{owned}{' FOR UPDATE' if lock else ''}",
        id=run_id,
        account_id=account_id,
    )


async def of_receiver(
    tx: Tx, *, account_id: AccountId | None, receiver_id: ReceiverId, limit: int
) -> list[ResendRun]:
    """Newest first. Index: resend_run_receiver_id_idx."""
    owned = "" if account_id is None else " AND account_id = %(account_id)s"
    return await tx.many(
        ResendRun,
        f"SELECT {_RUN} FROM resend_run WHERE receiver_id = %(receiver_id)s{owned} ORDER BY id DESC LIMIT %(limit)s",
        account_id=account_id,
        receiver_id=receiver_id,
        limit=limit,
    )


async def advance(tx: Tx, *, run_id: int, count: int, at_id: CallbackId) -> None:
    await tx.execute(
        "UPDATE resend_run SET done = done + %(count)s, at_id = %(at_id)s WHERE id = %(id)s",
        id=run_id,
        count=count,
        at_id=at_id,
    )


async def end(tx: Tx, *, run_id: int, state: RunState) -> bool:
    """False when it had ended before."""
    touched = await tx.execute(
        "UPDATE resend_run SET state = %(state)s, finished_at = %(now)s WHERE id = %(id)s AND state = 'running'",
        id=run_id,
        state=state,
        now=tx.now,
    )
    return touched == 1
