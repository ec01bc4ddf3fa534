"""What a row cannot be beside the file's other rows and those on record. The run collects the complaints."""

from typing import Any

from crossdock.setup import sql, tables, values
from crossdock.setup.errors import Path
from crossdock.setup.plan import Ref, Row
from crossdock.setup.run import NOTHING, Run, key_of
from crossdock.setup.sql import Record
from crossdock.setup.tables import Table

GOES_TO = {"locker": "station", "shop": "shop"}
"""Method of a delivery service -> the kind of site its orders go to; parcels go to a door."""


def twins(run: Run, table: Table, rows: list[Row]) -> None:
    ids = (("id",),) if table.numbered else ()
    for columns in dict.fromkeys((table.key, *table.unique, *ids)):
        seen: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            wanted = tuple(row.values.get(column) for column in columns)
            first = row if None in wanted else seen.setdefault(wanted, row)
            if first is not row:
                line = run.text.problem(first.path, "").line
                run.complain(
                    place_of(table, row, columns[-1]),
                    f"the same one is given in line {line} already: keep one of them",
                )


async def other_identity(run: Run, table: Table, row: Row) -> None:
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


async def taken(run: Run, table: Table, rows: list[Row], columns: tuple[str, ...]) -> None:
    """What another row on record has already, be it that this file would take it away there."""
    wanted: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        held = tuple(row.values.get(column) for column in columns)
        if None not in held:
            wanted[held] = row
    keys = [dict(zip(columns, held, strict=True)) for held in wanted]
    for record in await sql.by_columns(run.tx, table, columns, keys) if keys else ():
        row = wanted[tuple(record[column] for column in columns)]
        if key_of(table, record) == key_of(table, row.values):
            continue
        field = table.field_of(columns[-1])
        owner = " ".join(str(record[column]) for column in table.key if not column.endswith("_id"))
        elsewhere = "" if columns == ("id",) else ", or change it there in an earlier apply"
        run.complain(
            (*row.path, field),
            f"{record[columns[-1]]} is the {field} of {table.word} {owner} already: choose another{elsewhere}",
        )


async def taken_domains(run: Run, rows: list[Row]) -> None:
    wanted = {domain: row for row in rows for domain in (row.values["domain"], *row.values.get("domains", ()))}
    for owner, further in await sql.shops_of_domains(run.tx, list(wanted)):
        for domain in {owner, *further} & wanted.keys():
            row = wanted[domain]
            own = row.values["domain"]
            if own != owner:
                place = (*row.path, "domain" if domain == own else "domains")
                run.complain(place, f"{domain} is a domain of online shop {owner} already: take it out")


async def same_scope(run: Run, rows: list[Row]) -> None:
    """Of two policies for the same station and size nobody could say which one counts."""
    table = tables.LOCKER_POLICY
    accounts = sorted({row.values["account_id"] for row in rows})
    wanted = [{"account_id": account_id} for account_id in accounts]
    policies = {
        key_of(table, record): record for record in await sql.by_columns(run.tx, table, ("account_id",), wanted)
    }
    paths = {key_of(table, row.values): row.path for row in rows}
    for row in rows:
        key = key_of(table, row.values)
        policies[key] = {**table.defaults, **policies.get(key, {}), **row.values}
    first: dict[tuple[Any, ...], str] = {}
    for key, policy in sorted(policies.items(), key=lambda item: paths.get(item[0], ())):
        scope = (policy["account_id"], policy["site_id"], policy["box_size"])
        name = first.setdefault(scope, policy["name"])
        if name != policy["name"] and key in paths:
            run.complain(paths[key], f"locker policy {name} is for the same station and size: keep one of them")


async def references(run: Run, table: Table, row: Row, record: Record) -> None:
    """What a row refers to must be of the right kind, and of its own account."""
    if table is tables.DELIVERY_SERVICE:
        await _check_way(run, row, record)
    if table is tables.LOCKER_POLICY:
        await _check_policy(run, row, record)
    if table is tables.RECEIVER and record["credential_id"] is not None:
        credential = await run.by_id(tables.CREDENTIAL, record["credential_id"])
        if credential["account_id"] != record["account_id"]:
            run.complain((*row.path, "credential"), "is a key of another account: name one of this account")


async def _check_way(run: Run, row: Row, record: Record) -> None:
    """A locker service goes to a station, a shop service to a shop, with parcels of an online shop."""
    wanted = GOES_TO.get(record["method"])
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
    domain = row.values.get("rules", {}).get("online_shop")
    if wanted == "shop" and domain is not None:
        await _check_online_shop(run, str(domain), record["account_id"], (*row.path, "rules", "online_shop"))


async def _check_policy(run: Run, row: Row, record: Record) -> None:
    if record["site_id"] is not None:
        site = await run.by_id(tables.SITE, record["site_id"])
        if site["kind"] != "station":
            run.complain((*row.path, "station"), f"{site['code']} is a {site['kind']}: name a station")
    if record["remind_h"] is not None and record["remind_h"] >= record["keep_h"]:
        run.complain((*row.path, "remind_hours"), f"must be less than keep_hours, which is {record['keep_h']}")


async def _check_online_shop(run: Run, domain: str, account_id: int, place: Path) -> None:
    shop_id = await run.id_of(Ref(tables.ONLINE_SHOP, (domain,)), place)
    if shop_id != NOTHING and (await run.by_id(tables.ONLINE_SHOP, shop_id))["account_id"] != account_id:
        run.complain(place, f"{domain} is an online shop of another account: name one of this account")


def place_of(table: Table, row: Row, column: str) -> Path:
    """Rows without an id are elements of a list: they have no field of their own."""
    return (*row.path, table.field_of(column)) if table.numbered else row.path
