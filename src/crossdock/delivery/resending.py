"""A range of callbacks goes again in the background: counted first, done step by step, stopped whenever it is asked.

Each step is one transaction with the note of how far it came: a worker that is killed is followed by another one.
"""

from typing import Final

from crossdock.base.ids import AccountId, ReceiverId
from crossdock.db.database import Database
from crossdock.db.tx import Tx
from crossdock.delivery import commands, queries, resending_sql
from crossdock.delivery.errors import NothingChosen, RunUnknown
from crossdock.delivery.model import Choice, ResendRun

JOB: Final = "resend"
"""Of jobs/: a range goes on from where it is."""
RUNS_SHOWN: Final = 10
"""Of one receiver, the newest."""


async def begin(
    tx: Tx,
    *,
    account_id: AccountId | None = None,
    choice: Choice,
    actor: str,
    reason: str,
    operation_id: str | None = None,
) -> ResendRun:
    """What the range holds now goes again; the same operation begins once. Callbacks made later are not in it.

    Errors: ReceiverUnknown, NothingChosen.
    """
    receiver = await queries.receiver(tx, choice.receiver_id, account_id=account_id)
    found = await queries.reckoned(tx, choice, account_id=account_id)
    if found.last_id is None:
        raise NothingChosen()
    whole = Choice(
        receiver_id=choice.receiver_id,
        states=choice.states,
        since=choice.since,
        until=choice.until,
        first_id=choice.first_id,
        last_id=found.last_id,
    )
    run = await resending_sql.insert(
        tx, choice=whole, found=found.count, actor=actor, reason=reason, operation_id=operation_id
    )
    if run is None:
        return await resending_sql.of_operation(tx, account_id=receiver.account_id, operation_id=operation_id or "")
    await tx.enqueue(JOB, lock=f"resend:{choice.receiver_id}", run_id=run.id)
    return run


async def stop(tx: Tx, *, account_id: AccountId | None = None, run_id: int) -> ResendRun:
    """What went again stays so; the rest is left. One that has ended stays as it is. Errors: RunUnknown."""
    await run(tx, account_id=account_id, run_id=run_id)
    await resending_sql.end(tx, run_id=run_id, state="stopped")
    return await run(tx, account_id=account_id, run_id=run_id)


async def run(tx: Tx, *, account_id: AccountId | None = None, run_id: int) -> ResendRun:
    """Errors: RunUnknown."""
    found = await resending_sql.run(tx, account_id=account_id, run_id=run_id)
    if found is None:
        raise RunUnknown(id=run_id)
    return found


async def runs_of(tx: Tx, *, account_id: AccountId | None = None, receiver_id: ReceiverId) -> list[ResendRun]:
    """The newest RUNS_SHOWN."""
    return await resending_sql.of_receiver(tx, account_id=account_id, receiver_id=receiver_id, limit=RUNS_SHOWN)


async def go_on(database: Database, *, run_id: int) -> ResendRun:
    """To its end, or until it is stopped. Errors: RunUnknown, Unavailable."""
    while await _step(database, run_id):
        pass
    async with database.autocommit() as tx:
        return await run(tx, run_id=run_id)


async def _step(database: Database, run_id: int) -> bool:
    """Whether there is more to do. Two workers at one run wait for each other."""
    async with database.transaction() as tx:
        found = await resending_sql.run(tx, account_id=None, run_id=run_id, lock=True)
        if found is None or found.state != "running":
            return False
        ids = await commands.resend_some(tx, account_id=found.account_id, choice=found.choice, after=found.at_id)
        if not ids:
            await resending_sql.end(tx, run_id=run_id, state="done")
            return False
        await resending_sql.advance(tx, run_id=run_id, count=len(ids), at_id=ids[-1])
        return True
