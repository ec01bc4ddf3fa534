"""One table after the other: what the file says of it against what is on record."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from msgspec import structs

from crossdock.setup import people, refusals, sql, tables, values
from crossdock.setup.changes import Change, FieldChange
from crossdock.setup.plan import Ref, Row, ZoneOf
from crossdock.setup.run import NOTHING, Run
from crossdock.setup.sql import Record
from crossdock.setup.tables import Table


async def table(run: Run, table: Table, rows: list[Row]) -> None:
    """Errors: SetupFileWrong, with everything that is wrong in this table."""
    rows = [await _resolved(run, table, row) for row in rows]
    run.stop_on_problems()
    refusals.twins(run, table, rows)
    await _read(run, table, rows)
    new = [row for row in rows if run.on_record(table, row.values) is None]
    old = [row for row in rows if run.on_record(table, row.values) is not None]
    for row in old:
        await refusals.other_identity(run, table, row)
    if table.numbered and table.key != ("id",):
        await refusals.taken(run, table, new, ("id",))
    for columns in table.unique:
        await refusals.taken(run, table, rows, columns)
    if table is tables.ONLINE_SHOP:
        await refusals.taken_domains(run, rows)
    if table is tables.LOCKER_POLICY:
        await refusals.same_scope(run, rows)
    run.stop_on_problems()
    await _change(run, table, old)
    await _create(run, table, new)
    run.stop_on_problems()


async def _resolved(run: Run, table: Table, row: Row) -> Row:
    """With ids instead of references."""
    resolved = {
        column: await run.id_of(value, refusals.place_of(table, row, column)) if isinstance(value, Ref) else value
        for column, value in row.values.items()
    }
    otherwise = {
        column: ZoneOf(resolved["account_id"]) if isinstance(value, ZoneOf) else value
        for column, value in row.otherwise.items()
    }
    return structs.replace(row, values=resolved, otherwise=otherwise)


async def _read(run: Run, table: Table, rows: list[Row]) -> None:
    labels = {tuple(row.values[column] for column in table.key): row.label for row in rows}
    keys = [dict(zip(table.key, key, strict=True)) for key in labels]
    for record in await sql.by_columns(run.tx, table, table.key, keys):
        run.remember(table, record, labels[tuple(record[column] for column in table.key)])


# Writing --------------------------------------------------------------------------


async def _change(run: Run, table: Table, rows: list[Row]) -> None:
    """Rows that differ in the same columns are written together."""
    groups: defaultdict[tuple[str, ...], list[Record]] = defaultdict(list)
    written: list[tuple[Record, Record]] = []
    found = await asyncio.gather(*(_differing(run, table, row) for row in rows))
    for row, (changed, fields) in zip(rows, found, strict=True):
        if not changed:
            continue
        record = run.on_record(table, row.values) or {}
        written.append((dict(record), record))
        record.update(changed)
        await refusals.references(run, table, row, record)
        groups[tuple(changed)].append({"id": record["id"], **changed})
        run.changes.append(Change(new=False, kind=row.word, name=row.label, fields=tuple(fields)))
    run.stop_on_problems()
    if not run.dry_run:
        for columns, records in groups.items():
            await sql.update(run.tx, table, columns, records)
        if table is tables.STAFF:
            await people.changed(run, written)
        if table is tables.ENTERPRISE_USER:
            await people.users_changed(run, written)


async def _differing(run: Run, table: Table, row: Row) -> tuple[Record, list[FieldChange]]:
    record = run.on_record(table, row.values) or {}
    changed: Record = {}
    fields = []
    for column, value in row.values.items():
        before = record[column]
        if not await values.same(run, value, before):
            changed[column] = await values.stored(run, value)
            fields.append(await values.change(run, table, column, before, value))
            if changed[column] is not False:
                changed |= dict.fromkeys(table.withdraws.get(column, ()))
    return changed, fields


async def _create(run: Run, table: Table, rows: list[Row]) -> None:
    if not rows:
        return
    records = list(await asyncio.gather(*(_new_record(run, table, row) for row in rows)))
    run.stop_on_problems()
    if table.numbered:
        await _number(run, table, records)
    for row, record in zip(rows, records, strict=True):
        run.remember(table, record, row.label)
        run.changes.append(Change(new=True, kind=row.word, name=row.label))
    if not run.dry_run:
        await sql.insert(run.tx, table, records)


async def _new_record(run: Run, table: Table, row: Row) -> Record:
    given = {**table.defaults, **row.otherwise, **row.values}
    missing = [column for column in table.columns if column not in given]
    for column in missing:
        run.complain((*row.path, table.field_of(column)), f"is missing: a new {row.word} needs it")
    if missing:
        return given
    await refusals.references(run, table, row, given)
    return {column: await values.stored(run, value) for column, value in given.items()}


async def _number(run: Run, table: Table, records: list[Record]) -> None:
    """Ids of the file's own choice, and the next free ones for the rest; below NOTHING while nothing is written."""
    given = [record["id"] for record in records if "id" in record]
    without = [record for record in records if "id" not in record]
    ids: Iterable[int]
    if run.dry_run:
        ids = range(NOTHING - 1, NOTHING - 1 - len(without), -1)
    else:
        if given:
            await sql.skip_ids(run.tx, table, max(given))
        ids = await sql.new_ids(run.tx, table, len(without)) if without else []
    for record, number in zip(without, ids, strict=True):
        record["id"] = number
