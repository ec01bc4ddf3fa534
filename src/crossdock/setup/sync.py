"""One table after the other: what the file says of it against what is on record."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import structs

from crossdock.setup import sql, tables, values
from crossdock.setup.changes import Change, FieldChange
from crossdock.setup.errors import Path
from crossdock.setup.plan import Ref, Row, ZoneOf
from crossdock.setup.run import NOTHING, Run
from crossdock.setup.sql import Record
from crossdock.setup.tables import Table

GOES_TO = {"locker": "station", "shop": "shop"}
"""Method of a delivery service -> the kind of site its orders go to; parcels go to a door."""


async def table(run: Run, table: Table, rows: list[Row]) -> None:
    """Errors: SetupFileWrong, with everything that is wrong in this table."""
    rows = [await _resolved(run, table, row) for row in rows]
    run.stop_on_problems()
    _refuse_twins(run, table, rows)
    await _read(run, table, rows)
    new = [row for row in rows if run.on_record(table, row.values) is None]
    old = [row for row in rows if run.on_record(table, row.values) is not None]
    for row in old:
        await _refuse_other_identity(run, table, row)
    await _refuse_taken_ids(run, table, new)
    run.stop_on_problems()
    await _change(run, table, old)
    await _create(run, table, new)
    run.stop_on_problems()


async def _resolved(run: Run, table: Table, row: Row) -> Row:
    """With ids instead of references."""
    resolved = {
        column: await run.id_of(value, _place(table, row, column)) if isinstance(value, Ref) else value
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
    for record in await sql.by_key(run.tx, table, keys):
        run.remember(table, record, labels[tuple(record[column] for column in table.key)])


# Refusals -------------------------------------------------------------------------


def _refuse_twins(run: Run, table: Table, rows: list[Row]) -> None:
    ids = (("id",),) if table.numbered else ()
    for columns in dict.fromkeys((table.key, *table.unique, *ids)):
        seen: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            wanted = tuple(row.values.get(column) for column in columns)
            first = row if None in wanted else seen.setdefault(wanted, row)
            if first is not row:
                line = run.text.problem(first.path, "").line
                run.complain(
                    _place(table, row, columns[-1]),
                    f"the same one is given in line {line} already: keep one of them",
                )


async def _refuse_other_identity(run: Run, table: Table, row: Row) -> None:
    record = run.on_record(table, row.values) or {}
    if table.numbered and row.values.get("id", record["id"]) != record["id"]:
        run.complain((*row.path, "id"), f"{row.word} {row.label} has the id {record['id']}; an id never changes")
    for column in table.fixed:
        if row.values[column] != record[column]:
            before = await values.shown(run, column, record[column])
            run.complain(
                row.path,
                f"{row.word} {row.label} is on record with {column.removesuffix('_id')} {before},"
                " which never changes: choose another name, or correct where it stands",
            )


async def _refuse_taken_ids(run: Run, table: Table, new: list[Row]) -> None:
    wanted = {row.values["id"]: row for row in new if "id" in row.values}
    if not wanted or table.key == ("id",):
        return
    for record in await sql.by_id(run.tx, table, list(wanted)):
        owner = " ".join(str(record[column]) for column in table.key if not column.endswith("_id"))
        run.complain(
            (*wanted[record["id"]].path, "id"),
            f"{record['id']} is the id of {table.word} {owner} already: choose another",
        )


async def _check_place(run: Run, table: Table, row: Row, record: Record) -> None:
    """A locker service goes to a station, a shop service to a shop."""
    wanted = GOES_TO.get(record["method"]) if table is tables.DELIVERY_SERVICE else None
    if wanted is None:
        return
    if record["site_id"] is None:
        run.complain((*row.path, "site"), f"is missing: a {record['method']} service goes to a {wanted}")
        return
    site = await run.by_id(tables.SITE, record["site_id"])
    if site["kind"] != wanted:
        run.complain(
            (*row.path, "site"),
            f"{site['code']} is a {site['kind']}; a {record['method']} service goes to a {wanted}",
        )


def _place(table: Table, row: Row, column: str) -> Path:
    """Rows without an id are elements of a list: they have no field of their own."""
    return (*row.path, table.field_of(column)) if table.numbered else row.path


# Writing --------------------------------------------------------------------------


async def _change(run: Run, table: Table, rows: list[Row]) -> None:
    """Rows that differ in the same columns are written together."""
    groups: defaultdict[tuple[str, ...], list[Record]] = defaultdict(list)
    found = await asyncio.gather(*(_differing(run, table, row) for row in rows))
    for row, (changed, fields) in zip(rows, found, strict=True):
        if not changed:
            continue
        record = run.on_record(table, row.values) or {}
        record.update(changed)
        await _check_place(run, table, row, record)
        groups[tuple(changed)].append({"id": record["id"], **changed})
        run.changes.append(Change(new=False, kind=row.word, name=row.label, fields=tuple(fields)))
    run.stop_on_problems()
    if not run.dry_run:
        for columns, records in groups.items():
            await sql.update(run.tx, table, columns, records)


async def _differing(run: Run, table: Table, row: Row) -> tuple[Record, list[FieldChange]]:
    record = run.on_record(table, row.values) or {}
    changed: Record = {}
    fields = []
    for column, value in row.values.items():
        before = record[column]
        if not await values.same(run, value, before):
            changed[column] = await values.stored(run, value)
            fields.append(await values.change(run, table, column, before, value))
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
    await _check_place(run, table, row, given)
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
