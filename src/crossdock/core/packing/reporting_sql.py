"""The two statements that packing reports are taken with: what must be known first, and all that is written.

One round trip each, for one report or for a batch. Rows travel as JSON, see orders/placing_sql.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId, ProductId
from crossdock.core.events import kinds
from crossdock.core.events import sql as events
from crossdock.core.packing.model import OVERLAPS, OVERLAPS_SOUGHT, OVERLAPS_TOLD, PackedItem, Warnings
from crossdock.db.tx import Tx


class Asked(Struct, frozen=True, kw_only=True):
    """What a report names; `position` counts from 0 in its batch."""

    position: int
    account_id: AccountId
    number: str
    department_id: int
    station: str
    codes: list[str]
    """Of its goods."""


class OrderedGoods(Struct, frozen=True, kw_only=True):
    product_id: ProductId | None
    sku: str
    quantity: int


class LinkedOrder(Struct, frozen=True, kw_only=True):
    position: int
    order_id: OrderId
    dialect: str
    goods: list[OrderedGoods]
    """What its lines come to, by product."""
    bar_codes: dict[str, int]
    """Of the report's goods: bar code -> product."""


class Found(Struct, frozen=True, kw_only=True):
    orders: list[LinkedOrder]
    unfilmed: list[int]
    """Positions of those whose station nothing films."""


class Near(Struct, frozen=True, kw_only=True):
    """Another report of the same batch, at the same station at the same time."""

    order_number: str
    filmed_from: datetime


class Row(Struct, frozen=True, kw_only=True):
    """A report as it is written, with what is known of it before its neighbours on record are looked at."""

    position: int
    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    order_number: str
    order_id: OrderId | None
    order_dialect: str | None
    station: str
    operator: str
    order_type: str
    filmed_from: str
    """ISO 8601, as the timeline tells it."""
    filmed_to: str
    ordered_at: datetime
    warnings: Warnings
    near: list[Near]
    dialect: str
    actor: str
    items: tuple[PackedItem, ...]


class Stored(Struct, frozen=True, kw_only=True):
    position: int
    packing_id: PackingId
    warnings: Warnings


_LOOK: Final = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(asked)s::json) AS g (position int, account_id bigint, number text,
           department_id bigint, station text, codes json)
), linked AS MATERIALIZED (
    SELECT given.position, given.account_id, given.codes, found.id AS order_id, found.dialect
      FROM given
     CROSS JOIN LATERAL (
           SELECT id, dialect, 0 AS rank, state IN ('cancelled', 'deleted') AS gone
             FROM orders
            WHERE account_id = given.account_id AND kind = 'outbound' AND number = given.number
           UNION ALL
           SELECT id, dialect, 1, state IN ('cancelled', 'deleted')
             FROM orders
            WHERE account_id = given.account_id AND kind = 'outbound' AND reference = given.number
            ORDER BY rank, gone, id DESC
            LIMIT 1) AS found
)
SELECT json_build_object(
    'orders', (
        SELECT coalesce(json_agg(json_build_object(
                   'position', position, 'order_id', order_id, 'dialect', dialect,
                   'goods', (
                       SELECT coalesce(json_agg(summed ORDER BY sku), '[]')
                         FROM (SELECT product_id, sku, sum(quantity)::bigint AS quantity FROM order_line l
                                WHERE l.account_id = linked.account_id AND l.order_id = linked.order_id
                                GROUP BY product_id, sku) AS summed),
                   'bar_codes', (
                       SELECT coalesce(json_object_agg(c.code, c.product_id), '{}')
                         FROM (SELECT DISTINCT value FROM json_array_elements_text(linked.codes)) AS packed
                         JOIN product_code c ON c.account_id = linked.account_id AND c.code = packed.value))), '[]')
          FROM linked),
    'unfilmed', (
        SELECT coalesce(json_agg(position), '[]') FROM given
         WHERE NOT EXISTS (SELECT FROM camera c
                            WHERE c.department_id = given.department_id AND c.station = given.station
                              AND c.enabled)))::text
"""
_WRITE: Final = f"""
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS g (position int, account_id bigint, enterprise_id bigint,
           department_id bigint, order_number text, order_id bigint, order_dialect text, station text, operator text,
           order_type text, filmed_from timestamptz, filmed_to timestamptz, ordered_at timestamptz, warnings jsonb,
           near json, dialect text, actor text, items json)
), warned AS MATERIALIZED (
    SELECT given.*, CASE WHEN beside.numbers IS NULL THEN warnings
                         ELSE warnings || jsonb_build_object('{OVERLAPS}',
                              jsonb_build_object('numbers', beside.numbers)) END AS told
      FROM given
      LEFT JOIN LATERAL (
           SELECT array_agg(order_number ORDER BY filmed_from, id) AS numbers
             FROM (SELECT order_number, filmed_from, id
                     FROM (SELECT o.order_number, o.filmed_from, o.filmed_to, o.id
                             FROM packing o
                            WHERE o.department_id = given.department_id AND o.station = given.station
                              AND o.filmed_from < given.filmed_to
                            ORDER BY o.filmed_from DESC
                            LIMIT %(sought)s) AS on_record
                    WHERE filmed_to > given.filmed_from AND filmed_to >= filmed_from
                      AND order_number <> given.order_number
                    UNION ALL
                   SELECT beside.order_number, beside.filmed_from, NULL
                     FROM json_to_recordset(given.near) AS beside (order_number text, filmed_from timestamptz)
                    WHERE NOT EXISTS (SELECT FROM packing o
                                       WHERE o.enterprise_id = given.enterprise_id
                                         AND o.order_number = beside.order_number)
                    ORDER BY filmed_from, id LIMIT %(told)s) AS near
           ) AS beside ON given.filmed_to >= given.filmed_from
), fresh AS (
    INSERT INTO packing (account_id, enterprise_id, department_id, order_number, order_id, station, operator,
                         order_type, filmed_from, filmed_to, ordered_at, reported_at, warnings)
    SELECT account_id, enterprise_id, department_id, order_number, order_id, station, operator, order_type,
           filmed_from, filmed_to, ordered_at, %(now)s, told
      FROM warned
     ORDER BY enterprise_id, order_number
        ON CONFLICT ON CONSTRAINT packing_enterprise_id_order_number_key DO NOTHING
    RETURNING id, enterprise_id, order_number
), stored AS MATERIALIZED (
    SELECT fresh.id AS packing_id, warned.* FROM fresh JOIN warned USING (enterprise_id, order_number)
), packed AS (
    INSERT INTO packing_item (packing_id, line_no, goods_code, goods_name, price, quantity, box_number, batch_number,
                              scanned_at, attributes)
    SELECT packing_id, line_no, goods_code, goods_name, price, quantity, box_number, batch_number, scanned_at,
           attributes
      FROM stored
     CROSS JOIN LATERAL ROWS FROM (
           json_to_recordset(stored.items) AS (goods_code text, goods_name text, price numeric, quantity numeric,
                box_number text, batch_number text, scanned_at timestamptz, attributes jsonb)
           ) WITH ORDINALITY AS item (goods_code, goods_name, price, quantity, box_number, batch_number, scanned_at,
                attributes, line_no)
), written AS (
    INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
    SELECT account_id, '{kinds.PACKING_REPORTED}', coalesce('order:' || order_id, 'packing:' || order_number),
           order_id, dialect, actor,
           jsonb_build_object('number', order_number, 'station', station, 'operator', operator,
                              'filmed_from', said.filmed_from, 'filmed_to', said.filmed_to, 'warnings', told),
           stored.filmed_to, %(now)s
      FROM stored
      JOIN json_to_recordset(%(rows)s::json) AS said (position int, filmed_from text, filmed_to text) USING (position)
     ORDER BY position
    RETURNING id, account_id, kind, subject, order_id
), owed AS ({events.OWED})
SELECT (SELECT coalesce(json_agg(json_build_object('position', position, 'packing_id', packing_id, 'warnings', told)),
                        '[]')::text
          FROM stored), {events.SIGNALLED}
"""


async def look(tx: Tx, asked: Sequence[Asked]) -> Found:
    """The outbound order of each number, else the newest living one of that reference; stations without a camera.

    Index: orders_account_id_kind_number_key, orders_account_reference_idx, camera_department_id_name_key,
    order_line_account_id_order_id_line_no_key, product_code_pkey.
    """
    return _found.decode(await tx.value(_LOOK, asked=json.text(asked)))


async def write(tx: Tx, rows: Sequence[Row]) -> list[Stored]:
    """Those that are new, with their items, an event each and the callbacks that are owed for it.

    No two rows have one number. Windows at the same station that overlap are told as a warning, the first
    OVERLAPS_TOLD. Written in the order of the key, so that two batches cannot wait for each other. Index:
    packing_station_idx, from the end of the window backwards over at most OVERLAPS_SOUGHT entries.
    """
    [(stored, _)] = await tx.rows(
        _WRITE, rows=json.text(rows), sought=OVERLAPS_SOUGHT, told=OVERLAPS_TOLD, now=tx.now
    )
    return _stored.decode(stored)


_found: msgspec.json.Decoder[Found] = msgspec.json.Decoder(Found)
_stored: msgspec.json.Decoder[list[Stored]] = msgspec.json.Decoder(list[Stored])
