"""Statements on packing reports. A batch goes in as arrays; rows come back by their position in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from crossdock.base import json
from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId, ProductId
from crossdock.core.packing.model import (
    OVERLAPS_SOUGHT,
    OVERLAPS_TOLD,
    SHOWN_MAX,
    PackingFilter,
    PackingReport,
    Warnings,
)
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx, columns


class LinkedOrder(Struct, frozen=True):
    position: int
    order_id: OrderId
    dialect: str


class OrderedGoods(Struct, frozen=True):
    order_id: OrderId
    product_id: ProductId | None
    sku: str
    quantity: int


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


_LINKED_ORDERS = """
SELECT wanted.position, found.id AS order_id, found.dialect
  FROM unnest(%(account_ids)s::bigint[], %(numbers)s::text[])
       WITH ORDINALITY AS wanted (account_id, number, position)
 CROSS JOIN LATERAL (
       SELECT id, dialect, 0 AS rank, state IN ('cancelled', 'deleted') AS gone
         FROM orders
        WHERE account_id = wanted.account_id AND kind = 'outbound' AND number = wanted.number
       UNION ALL
       SELECT id, dialect, 1, state IN ('cancelled', 'deleted')
         FROM orders
        WHERE account_id = wanted.account_id AND kind = 'outbound' AND reference = wanted.number
        ORDER BY rank, gone, id DESC
        LIMIT 1
       ) AS found
"""


async def linked_orders(tx: Tx, reports: Sequence[PackingReport]) -> dict[int, LinkedOrder]:
    """Position from 0 -> the outbound order of that number, else the newest living one of that reference.

    Index: orders_account_id_kind_number_key, orders_account_reference_idx.
    """
    found = await tx.many(
        LinkedOrder,
        _LINKED_ORDERS,
        account_ids=[report.account_id for report in reports],
        numbers=[report.order_number for report in reports],
    )
    return {order.position - 1: order for order in found}


async def ordered_goods(
    tx: Tx, *, account_ids: Sequence[AccountId], order_ids: Sequence[OrderId]
) -> list[OrderedGoods]:
    """What the lines of some orders come to, by product. Index: order_line_account_id_order_id_line_no_key."""
    return await tx.many(
        OrderedGoods,
        """
SELECT l.order_id, l.product_id, l.sku, sum(l.quantity)::bigint AS quantity
  FROM (SELECT DISTINCT account_id, order_id
          FROM unnest(%(account_ids)s::bigint[], %(order_ids)s::bigint[]) AS given (account_id, order_id)) AS wanted
  JOIN order_line l USING (account_id, order_id)
 GROUP BY l.order_id, l.product_id, l.sku
 ORDER BY l.order_id, l.sku
""",
        account_ids=list(account_ids),
        order_ids=list(order_ids),
    )


async def products_by_bar_code(
    tx: Tx, *, account_ids: Sequence[AccountId], codes: Sequence[str]
) -> dict[tuple[int, str], int]:
    """(account, bar code) -> product. Index: product_code_pkey."""
    rows = await tx.rows(
        """
SELECT c.account_id, c.code, c.product_id
  FROM unnest(%(account_ids)s::bigint[], %(codes)s::text[]) AS wanted (account_id, code)
  JOIN product_code c USING (account_id, code)
""",
        account_ids=list(account_ids),
        codes=list(codes),
    )
    return {(account_id, code): product_id for account_id, code, product_id in rows}


async def without_camera(tx: Tx, reports: Sequence[PackingReport]) -> set[int]:
    """Positions from 0 of those whose station nothing films. Index: camera_department_id_name_key."""
    rows = await tx.rows(
        """
SELECT given.position
  FROM unnest(%(department_ids)s::bigint[], %(stations)s::text[])
       WITH ORDINALITY AS given (department_id, station, position)
 WHERE NOT EXISTS (SELECT FROM camera c
                    WHERE c.department_id = given.department_id AND c.station = given.station AND c.enabled)
""",
        department_ids=[report.department_id for report in reports],
        stations=[report.station for report in reports],
    )
    return {position - 1 for (position,) in rows}


_INSERT = """
INSERT INTO packing (account_id, enterprise_id, department_id, order_number, order_id, station, operator, order_type,
                     filmed_from, filmed_to, ordered_at, reported_at, warnings)
SELECT account_id, enterprise_id, department_id, order_number, order_id, station, operator, order_type,
       filmed_from, filmed_to, ordered_at, %(now)s, warnings::jsonb
  FROM unnest(%(account_ids)s::bigint[], %(enterprise_ids)s::bigint[], %(department_ids)s::bigint[],
              %(order_numbers)s::text[], %(order_ids)s::bigint[], %(stations)s::text[], %(operators)s::text[],
              %(order_types)s::text[], %(filmed_from)s::timestamptz[], %(filmed_to)s::timestamptz[],
              %(ordered_at)s::timestamptz[], %(warnings)s::text[])
       WITH ORDINALITY AS given (account_id, enterprise_id, department_id, order_number, order_id, station, operator,
                                 order_type, filmed_from, filmed_to, ordered_at, warnings, position)
 ORDER BY enterprise_id, order_number, position
    ON CONFLICT ON CONSTRAINT packing_enterprise_id_order_number_key DO NOTHING
RETURNING enterprise_id, order_number, id
"""


async def insert(
    tx: Tx,
    reports: Sequence[PackingReport],
    *,
    order_ids: Sequence[OrderId | None],
    warnings: Sequence[Warnings],
) -> dict[tuple[EnterpriseId, str], PackingId]:
    """(enterprise, number) of those that are new; of two with one number in a batch the first.

    Written in the order of the constraint's key, so that two batches cannot wait for each other.
    """
    rows = await tx.rows(
        _INSERT,
        now=tx.now,
        account_ids=[report.account_id for report in reports],
        enterprise_ids=[report.enterprise_id for report in reports],
        department_ids=[report.department_id for report in reports],
        order_numbers=[report.order_number for report in reports],
        order_ids=list(order_ids),
        stations=[report.station for report in reports],
        operators=[report.operator for report in reports],
        order_types=[report.order_type for report in reports],
        filmed_from=[report.filmed_from for report in reports],
        filmed_to=[report.filmed_to for report in reports],
        ordered_at=[report.ordered_at for report in reports],
        warnings=[json.text(told) for told in warnings],
    )
    return {(EnterpriseId(enterprise_id), number): PackingId(id) for enterprise_id, number, id in rows}


async def insert_items(tx: Tx, packings: Sequence[tuple[PackingId, PackingReport]]) -> None:
    """All items of several packings, numbered from 1 in each."""
    items = [
        (packing_id, line_no, item)
        for packing_id, report in packings
        for line_no, item in enumerate(report.items, start=1)
    ]
    await tx.execute(
        """
INSERT INTO packing_item (packing_id, line_no, goods_code, goods_name, price, quantity, box_number, batch_number,
                          scanned_at, attributes)
SELECT packing_id, line_no, goods_code, goods_name, price, quantity, box_number, batch_number,
       scanned_at, attributes::jsonb
  FROM unnest(%(packing_ids)s::bigint[], %(line_nos)s::integer[], %(goods_codes)s::text[], %(goods_names)s::text[],
              %(prices)s::numeric[], %(quantities)s::numeric[], %(box_numbers)s::text[], %(batch_numbers)s::text[],
              %(scanned_at)s::timestamptz[], %(attributes)s::text[])
       AS given (packing_id, line_no, goods_code, goods_name, price, quantity, box_number, batch_number,
                 scanned_at, attributes)
""",
        packing_ids=[packing_id for packing_id, _, _ in items],
        line_nos=[line_no for _, line_no, _ in items],
        goods_codes=[item.goods_code for _, _, item in items],
        goods_names=[item.goods_name for _, _, item in items],
        prices=[item.price for _, _, item in items],
        quantities=[item.quantity for _, _, item in items],
        box_numbers=[item.box_number for _, _, item in items],
        batch_numbers=[item.batch_number for _, _, item in items],
        scanned_at=[item.scanned_at for _, _, item in items],
        attributes=[json.text(item.attributes) for _, _, item in items],
    )


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


async def warn(tx: Tx, warnings: Mapping[PackingId, Warnings]) -> None:
    """Put in place of what was told of these reports; they are this transaction's own."""
    await tx.execute(
        """
UPDATE packing p SET warnings = given.warnings::jsonb
  FROM unnest(%(packing_ids)s::bigint[], %(warnings)s::text[]) AS given (packing_id, warnings)
 WHERE p.id = given.packing_id
""",
        packing_ids=list(warnings),
        warnings=[json.text(told) for told in warnings.values()],
    )


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
