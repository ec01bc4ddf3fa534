"""Statements on uploaded rows and tasks."""

from collections.abc import Sequence

from crossdock.base import json
from crossdock.base.ids import AccountId, CompanyId, OrderId
from crossdock.core.uploads.model import NewRow, Outcome, Task, UploadedRow
from crossdock.db.tx import Tx, columns

_TASK = columns(Task)
_ROW = columns(UploadedRow, of="r")


async def insert_rows(
    tx: Tx, *, account_id: AccountId, company_id: CompanyId, dialect: str, actor: str, rows: Sequence[NewRow]
) -> list[int]:
    found = await tx.rows(
        """
INSERT INTO temp_consignment (account_id, company_id, dialect, type, row_key, fields, actor, created_at, updated_at)
SELECT %(account_id)s, %(company_id)s, %(dialect)s, type, row_key, fields, %(actor)s, %(now)s, %(now)s
  FROM unnest(%(types)s::text[], %(row_keys)s::text[], %(fields)s::jsonb[])
  WITH ORDINALITY AS given (type, row_key, fields, position)
 ORDER BY position
RETURNING id
""",
        account_id=account_id,
        company_id=company_id,
        dialect=dialect,
        actor=actor,
        types=[row.type for row in rows],
        row_keys=[row.row_key for row in rows],
        fields=[json.text(row.fields) for row in rows],
        now=tx.now,
    )
    return sorted(int(row[0]) for row in found)


async def rows_to_convert(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    dialect: str,
    type_: str,
    row_ids: Sequence[int] | None,
    skip: int,
    limit: int,
) -> list[int]:
    """Index: temp_consignment_open_idx, or the primary key for rows that are named: these may be orders already."""
    chosen = "order_id IS NULL" if row_ids is None else "id = ANY (%(row_ids)s::bigint[])"
    found = await tx.rows(
        f"SELECT id FROM temp_consignment WHERE account_id = %(account_id)s AND company_id = %(company_id)s"
        f" AND dialect = %(dialect)s AND type = %(type_)s AND {chosen}"
        " ORDER BY id OFFSET %(skip)s LIMIT %(limit)s",
        account_id=account_id,
        company_id=company_id,
        dialect=dialect,
        type_=type_,
        row_ids=None if row_ids is None else list(row_ids),
        skip=skip,
        limit=limit,
    )
    return [int(row[0]) for row in found]


async def insert_task(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    dialect: str,
    kind: str,
    actor: str,
    row_ids: Sequence[int],
) -> Task:
    task = await tx.one(
        Task,
        f"""
INSERT INTO background_task (account_id, company_id, dialect, kind, actor, total, created_at, updated_at)
VALUES (%(account_id)s, %(company_id)s, %(dialect)s, %(kind)s, %(actor)s, %(total)s, %(now)s, %(now)s)
RETURNING {_TASK}
""",
        account_id=account_id,
        company_id=company_id,
        dialect=dialect,
        kind=kind,
        actor=actor,
        total=len(row_ids),
        now=tx.now,
    )
    await tx.execute(
        "INSERT INTO background_task_item (account_id, task_id, temp_consignment_id)"
        " SELECT %(account_id)s, %(task_id)s, id FROM unnest(%(row_ids)s::bigint[]) AS chosen (id)",
        account_id=account_id,
        task_id=task.id,
        row_ids=list(row_ids),
    )
    return task


async def task(tx: Tx, *, account_id: AccountId, company_id: CompanyId, task_id: int) -> Task | None:
    return await tx.one_or_none(
        Task,
        f"SELECT {_TASK} FROM background_task"
        " WHERE account_id = %(account_id)s AND company_id = %(company_id)s AND id = %(task_id)s",
        account_id=account_id,
        company_id=company_id,
        task_id=task_id,
    )


async def outcomes(tx: Tx, *, task_id: int) -> list[Outcome]:
    """Index: background_task_item_pkey."""
    return await tx.many(
        Outcome,
        "SELECT temp_consignment_id AS row_id, order_id, failure FROM background_task_item"
        " WHERE task_id = %(task_id)s AND done_at IS NOT NULL ORDER BY temp_consignment_id",
        task_id=task_id,
    )


async def begin(tx: Tx, *, task_id: int) -> Task | None:
    return await tx.one_or_none(
        Task,
        f"""
UPDATE background_task
   SET state = 'running', started_at = coalesce(started_at, %(now)s), updated_at = %(now)s
 WHERE id = %(task_id)s AND state <> 'finished'
RETURNING {_TASK}
""",
        task_id=task_id,
        now=tx.now,
    )


async def next_row(tx: Tx, *, task_id: int) -> UploadedRow | None:
    """Index: background_task_item_open_idx."""
    return await tx.one_or_none(
        UploadedRow,
        f"""
SELECT {_ROW} FROM background_task_item i
  JOIN temp_consignment r ON r.account_id = i.account_id AND r.id = i.temp_consignment_id
 WHERE i.task_id = %(task_id)s AND i.done_at IS NULL
 ORDER BY i.temp_consignment_id LIMIT 1
   FOR NO KEY UPDATE OF r, i
""",
        task_id=task_id,
    )


async def set_order(tx: Tx, *, row: UploadedRow, order_id: OrderId) -> None:
    await tx.execute(
        "UPDATE temp_consignment SET order_id = %(order_id)s, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=row.account_id,
        id=row.id,
        order_id=order_id,
        now=tx.now,
    )


async def close_item(tx: Tx, *, task_id: int, row_id: int, order_id: OrderId | None, failure: str | None) -> None:
    await tx.execute(
        """
WITH closed AS (
    UPDATE background_task_item SET order_id = %(order_id)s, failure = %(failure)s, done_at = %(now)s
     WHERE task_id = %(task_id)s AND temp_consignment_id = %(row_id)s AND done_at IS NULL
)
UPDATE background_task SET updated_at = %(now)s WHERE id = %(task_id)s
""",
        task_id=task_id,
        row_id=row_id,
        order_id=order_id,
        failure=failure,
        now=tx.now,
    )


async def finish(tx: Tx, *, task_id: int) -> None:
    await tx.execute(
        "UPDATE background_task SET state = 'finished', finished_at = %(now)s, updated_at = %(now)s"
        " WHERE id = %(task_id)s AND state <> 'finished'",
        task_id=task_id,
        now=tx.now,
    )
