"""Statements of the setup file: one shape for every table, its names from setup/tables.py."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from crossdock.base import json
from crossdock.db.tx import Tx
from crossdock.setup.tables import Table

Record = dict[str, Any]
APPLY_LOCK = 0x5E70
"""The advisory lock that lets one apply after another; an arbitrary number of our own."""


async def wait_for_turn(tx: Tx) -> None:
    """Until the transaction ends, no other apply runs."""
    await tx.execute("SELECT pg_advisory_xact_lock(%(lock)s)", lock=APPLY_LOCK)


async def forbid_writing(tx: Tx) -> None:
    """For a dry run: one snapshot, and whoever writes is refused. Must be the transaction's first statement."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


async def by_columns(tx: Tx, table: Table, by: Sequence[str], wanted: Sequence[Record]) -> list[Record]:
    """The rows on record that have one of these combinations of values in the columns `by`."""
    columns = _all_columns(table)
    found = await tx.rows(
        f"SELECT {', '.join(columns)} FROM {table.name}"
        f" JOIN jsonb_to_recordset(%(wanted)s::jsonb) AS wanted ({_typed(_written(table, by))})"
        f" USING ({', '.join(by)})",
        wanted=json.text(wanted),
    )
    return [dict(zip(columns, row, strict=True)) for row in found]


async def shops_of_domains(tx: Tx, domains: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(domain, further domains) of the online shops that go by one of these."""
    found = await tx.rows(
        "SELECT domain, domains FROM online_shop WHERE domain = ANY (%(domains)s) OR domains && %(domains)s::text[]",
        domains=list(domains),
    )
    return [(row[0], row[1]) for row in found]


async def names_near(tx: Tx, table: Table, keys: Record, limit: int) -> list[str]:
    """Some values of the last key column where the others are as in `keys`: to propose what was meant."""
    *owners, last = table.key
    where = " AND ".join(f"{column} = %({column})s" for column in owners) or "TRUE"
    found = await tx.rows(
        f"SELECT {last}::text FROM {table.name} WHERE {where} ORDER BY {last} LIMIT %(limit)s",
        limit=limit,
        **{column: keys[column] for column in owners},
    )
    return [row[0] for row in found]


async def skip_ids(tx: Tx, table: Table, highest: int) -> None:
    """Ids made from now on are above `highest`."""
    await tx.execute(
        f"SELECT setval(sequence, %(highest)s) FROM pg_get_serial_sequence('{table.name}', 'id') AS sequence"
        " WHERE coalesce(pg_sequence_last_value(sequence::regclass), 0) < %(highest)s",
        highest=highest,
    )


async def new_ids(tx: Tx, table: Table, count: int) -> list[int]:
    found = await tx.rows(
        f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id')) FROM generate_series(1, %(count)s)",
        count=count,
    )
    return sorted(row[0] for row in found)


async def insert(tx: Tx, table: Table, records: Sequence[Record]) -> None:
    columns = _written(table, _all_columns(table))
    names = ", ".join(columns)
    stamps = (", created_at, updated_at", ", %(now)s, %(now)s") if table.stamped else ("", "")
    await tx.execute(
        f"INSERT INTO {table.name} ({names}{stamps[0]}) SELECT {names}{stamps[1]}"
        f" FROM jsonb_to_recordset(%(records)s::jsonb) AS given ({_typed(columns)})",
        records=json.text(records),
        now=tx.now,
    )


async def update(tx: Tx, table: Table, changed: Sequence[str], records: Sequence[Record]) -> None:
    """Write the `changed` columns of rows found by id; locked in the order of their ids first."""
    columns = _written(table, changed)
    settings = [f"{column} = given.{column}" for column in columns]
    if table.stamped:
        settings.append("updated_at = %(now)s")
    await tx.execute(
        f"""
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(records)s::jsonb) AS g (id bigint, {_typed(columns)})
), locked AS (
    SELECT id FROM {table.name} WHERE id IN (SELECT id FROM given) ORDER BY id FOR NO KEY UPDATE
)
UPDATE {table.name} t SET {", ".join(settings)}
  FROM given JOIN locked USING (id)
 WHERE t.id = given.id
""",
        records=json.text(records),
        now=tx.now,
    )


class Opened(Struct, frozen=True, kw_only=True):
    """Opening stock that is in the ledger."""

    product_id: int
    site_id: int
    sub_inventory_id: int
    lot: str
    condition: str
    quantity: int


async def opened(tx: Tx, *, account_id: int, causes: Sequence[str]) -> list[Opened]:
    """Index: stock_move_account_id_cause_stock_id_key."""
    return await tx.many(
        Opened,
        "SELECT s.product_id, s.site_id, s.sub_inventory_id, s.lot, s.condition, m.quantity"
        "  FROM stock_move m JOIN stock s ON s.account_id = m.account_id AND s.id = m.stock_id"
        " WHERE m.account_id = %(account_id)s AND m.cause = ANY (%(causes)s::text[])",
        account_id=account_id,
        causes=list(causes),
    )


def _all_columns(table: Table) -> dict[str, str]:
    return {"id": "bigint", **table.columns} if table.numbered else table.columns


def _written(table: Table, columns: Sequence[str] | dict[str, str]) -> dict[str, str]:
    return {column: _all_columns(table)[column] for column in columns}


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f"{column} {kind}" for column, kind in columns.items())
