"""Statements on packing reports that are on record."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId
from crossdock.core.packing.model import (
    OVERLAPS_SOUGHT,
    OVERLAPS_TOLD,
    SHOWN_MAX,
    PackingFilter,
    Warnings,
)
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx, columns


class PackingRow(Struct, frozen=True):
    """A row of `packing`, without its items."""

    id: PackingId
    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    order_number: str
    order_id: OrderId | None
    station: str
    operator: str
    order_type: str
    filmed_from: datetime
    filmed_to: datetime
    ordered_at: datetime
    reported_at: datetime
    warnings: Warnings


class ItemRow(Struct, frozen=True):
    packing_id: PackingId
    goods_code: str
    goods_name: str
    price: Decimal
    quantity: Decimal
    box_number: str
    batch_number: str
    scanned_at: datetime | None
    attributes: dict[str, Any]


_OVERLAPS = """
SELECT p.id, array_agg(other.order_number ORDER BY other.filmed_from, other.id)
  FROM packing p
 CROSS JOIN LATERAL (
       SELECT near.order_number, near.filmed_from, near.id
         FROM (SELECT o.order_number, o.filmed_from, o.filmed_to, o.id
                 FROM packing o
                WHERE o.department_id = p.department_id AND o.station = p.station AND o.filmed_from < p.filmed_to
                ORDER BY o.filmed_from DESC
                LIMIT %(sought)s) AS near
        WHERE near.filmed_to > p.filmed_from AND near.filmed_to >= near.filmed_from AND near.id <> p.id
        ORDER BY near.filmed_from, near.id
        LIMIT %(told)s) AS other
 WHERE p.id = ANY(%(packing_ids)s::bigint[]) AND p.filmed_to >= p.filmed_from
 GROUP BY p.id
"""


async def overlaps(tx: Tx, packing_ids: Sequence[PackingId]) -> dict[PackingId, list[str]]:
    """Packing -> order numbers whose windows at its station overlap its own, the first OVERLAPS_TOLD.

    Index: packing_station_idx, from the end of the window backwards over at most OVERLAPS_SOUGHT entries.
    """
    rows = await tx.rows(_OVERLAPS, packing_ids=list(packing_ids), sought=OVERLAPS_SOUGHT + 1, told=OVERLAPS_TOLD)
    return {PackingId(id): numbers for id, numbers in rows}


_PACKING = f"SELECT {columns(PackingRow)} FROM packing"


async def by_number(tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, number: str) -> PackingRow | None:
    """Index: packing_enterprise_id_order_number_key."""
    return await tx.one_or_none(
        PackingRow,
        f"{_PACKING} WHERE account_id = %(account_id)s AND enterprise_id = %(enterprise_id)s"
        " AND order_number = %(number)s",
        account_id=account_id,
        enterprise_id=enterprise_id,
        number=number,
    )


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[PackingRow]:
    """The first filmed first. Index: packing_account_id_order_id_idx."""
    return await tx.many(
        PackingRow,
        f"{_PACKING} WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY filmed_from, id",
        account_id=account_id,
        order_id=order_id,
    )


async def count(tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, wanted: PackingFilter) -> int:
    """At most SHOWN_MAX."""
    found_in, params = _found_in(account_id, enterprise_id, wanted)
    return int(
        await tx.value(
            SQL("SELECT count(*) FROM (SELECT 1 {} LIMIT %(most)s) AS found").format(found_in),
            **params,
            most=SHOWN_MAX,
        )
    )


async def found(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, wanted: PackingFilter, start: int, limit: int
) -> list[PackingRow]:
    """Index: packing_enterprise_id_order_number_key, packing_station_idx or packing_enterprise_idx."""
    found_in, params = _found_in(account_id, enterprise_id, wanted)
    return await tx.many(
        PackingRow,
        SQL("SELECT {} {} ORDER BY filmed_from DESC, id DESC OFFSET %(start)s LIMIT %(limit)s").format(
            SQL(columns(PackingRow)), found_in
        ),
        **params,
        start=start,
        limit=limit,
    )


def _found_in(
    account_id: AccountId, enterprise_id: EnterpriseId, wanted: PackingFilter
) -> tuple[Composed, dict[str, Any]]:
    given = {name: value for name, value in structs.asdict(wanted).items() if value is not None}
    conditions = [SQL("account_id = %(account_id)s AND enterprise_id = %(enterprise_id)s")]
    conditions += [SQL(_CONDITIONS[name]) for name in given]
    params = {"account_id": account_id, "enterprise_id": enterprise_id, **given}
    return SQL("FROM packing WHERE {}").format(SQL(" AND ").join(conditions)), params


_CONDITIONS = {
    "number": "order_number = %(number)s",
    "department_id": "department_id = %(department_id)s",
    "station": "station = %(station)s",
    "since": "filmed_from >= %(since)s",
    "until": "filmed_from <= %(until)s",
}


async def item_counts(tx: Tx, packing_ids: Sequence[PackingId]) -> dict[PackingId, int]:
    """Index: packing_item_pkey."""
    rows = await tx.rows(
        "SELECT packing_id, count(*) FROM packing_item WHERE packing_id = ANY(%(packing_ids)s::bigint[])"
        " GROUP BY packing_id",
        packing_ids=list(packing_ids),
    )
    return {PackingId(packing_id): count for packing_id, count in rows}


async def items_of(tx: Tx, packing_ids: Sequence[PackingId]) -> list[ItemRow]:
    """In the order they were reported. Index: packing_item_pkey."""
    return await tx.many(
        ItemRow,
        "SELECT packing_id, goods_code, goods_name, price, quantity, box_number, batch_number, scanned_at, attributes"
        "  FROM packing_item WHERE packing_id = ANY(%(packing_ids)s::bigint[]) ORDER BY packing_id, line_no",
        packing_ids=list(packing_ids),
    )
