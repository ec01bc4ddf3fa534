"""Keeping uploaded rows, and making orders of them one after the other, each in a transaction of its own."""

from collections.abc import Sequence
from typing import Final

from crossdock.base.ids import AccountId, CompanyId, OrderId
from crossdock.core.uploads import sql
from crossdock.core.uploads.errors import RowUnknown
from crossdock.core.uploads.model import NewRow, Task, UploadedRow
from crossdock.db.tx import Tx

TASK_ROWS_MAX: Final = 10_000
"""Of one task; what is left is asked for by the next."""
FAILURE_CHARS_MAX: Final = 500


async def keep(
    tx: Tx, *, account_id: AccountId, company_id: CompanyId, dialect: str, actor: str, rows: Sequence[NewRow]
) -> list[int]:
    """The rows' ids, in order."""
    return await sql.insert_rows(
        tx, account_id=account_id, company_id=company_id, dialect=dialect, actor=actor, rows=rows
    )


async def start(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    dialect: str,
    actor: str,
    job: str,
    type_: str,
    row_ids: Sequence[int] | None = None,
    skip: int = 0,
) -> Task:
    """A task for these rows, or for all of the type that are no orders yet but the first `skip`.

    `job` is enqueued with `task_id`, in this transaction. Errors: RowUnknown.
    """
    rows = await sql.rows_to_convert(
        tx,
        account_id=account_id,
        company_id=company_id,
        dialect=dialect,
        type_=type_,
        row_ids=row_ids,
        skip=skip,
        limit=TASK_ROWS_MAX,
    )
    if row_ids is not None and (missing := sorted(set(row_ids) - set(rows))):
        raise RowUnknown(ids=missing)
    task = await sql.insert_task(
        tx,
        account_id=account_id,
        company_id=company_id,
        dialect=dialect,
        kind=job,
        actor=actor,
        row_ids=rows,
    )
    await tx.enqueue(job, lock=f"{job}:{task.id}", task_id=task.id)
    return task


async def begin(tx: Tx, *, task_id: int) -> Task | None:
    """The task, running from now on; None for one that is finished. Begun again after an interruption it goes on."""
    return await sql.begin(tx, task_id=task_id)


async def next_row(tx: Tx, *, task_id: int) -> UploadedRow | None:
    """The next row nothing was done with in this task, held for this transaction; None when there is none."""
    return await sql.next_row(tx, task_id=task_id)


async def converted(tx: Tx, *, task_id: int, row: UploadedRow, order_id: OrderId) -> None:
    """In the transaction that placed the order."""
    await sql.set_order(tx, row=row, order_id=order_id)
    await sql.close_item(tx, task_id=task_id, row_id=row.id, order_id=order_id, failure=None)


async def failed(tx: Tx, *, task_id: int, row: UploadedRow, failure: str) -> None:
    """The row stays, and may be converted by another task."""
    failure = failure[:FAILURE_CHARS_MAX]
    await sql.close_item(tx, task_id=task_id, row_id=row.id, order_id=None, failure=failure)


async def finish(tx: Tx, *, task_id: int) -> None:
    """All rows are done with."""
    await sql.finish(tx, task_id=task_id)
