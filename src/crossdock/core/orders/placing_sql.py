"""The two statements that orders are placed with: what must be known first, and all that is written.

One round trip each, for one order or for a batch, so that a caller alone waits for the database twice, the second
time for its disk. Rows travel as JSON: an array for each column costs the server several times as much.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, CompanyId, OrderId, ProductId, SiteId, StockId, SubInventoryId
from crossdock.core.events import kinds
from crossdock.core.events import sql as events
from crossdock.core.orders.model import Kind, Order
from crossdock.core.orders.sql import Block, LineRow
from crossdock.core.stock import sql as stock
from crossdock.core.stock.model import Candidate
from crossdock.db.tx import Tx

Number = tuple[AccountId, Kind, str]
"""What an order goes by."""


class Goods(Struct, frozen=True, kw_only=True):
    """A product as a line names it, and where it is to come from, where it is to be set aside."""

    account_id: AccountId
    sku: str | None
    product_id: ProductId | None
    """Instead of the sku."""
    site_id: SiteId | None = None
    sub_inventory_id: SubInventoryId | None = None
    condition: str | None = None


class Taken(Struct, frozen=True, kw_only=True):
    """Pieces of a bucket that a line sets aside."""

    order_id: OrderId
    line_no: int
    stock_id: StockId
    quantity: int


class Shelved(Struct, frozen=True):
    products: list[tuple[AccountId, ProductId, str]] = []
    """Account, id, sku."""
    buckets: list[Candidate] = []
    """Not locked."""


class Found(Struct, frozen=True, kw_only=True):
    blocks: list[Block]
    """The numbers that were taken from each company's day."""
    numbers: bool = False
    """Whether one of the orders is on record."""
    goods: Shelved = Shelved()
    consignees: list[tuple[AccountId, str, dict[str, Any]]] = []
    """Account, code, what is known of them as a recipient."""


_COUNTED: Final = """
WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
counted AS (
    INSERT INTO order_counter (company_id, day, last)
    SELECT company.id, (%(now)s::timestamptz AT TIME ZONE company.zone)::date, wanted.value::int
      FROM unflushed, json_each_text(%(companies)s::json) AS wanted JOIN company ON company.id = wanted.key::int
     ORDER BY company.id
    ON CONFLICT ON CONSTRAINT order_counter_pkey DO UPDATE SET last = order_counter.last + excluded.last
    RETURNING company_id, day, last
)"""
_NAMED: Final = f""", named AS MATERIALIZED (
    SELECT wanted.*, p.id, p.sku AS known_sku
      FROM json_to_recordset(%(goods)s::json) AS wanted (account_id bigint, sku text, product_id bigint,
           site_id bigint, sub_inventory_id bigint, condition text)
     CROSS JOIN LATERAL (
           (SELECT id, sku FROM product
             WHERE product.account_id = wanted.account_id AND product.sku = wanted.sku OFFSET 0)
           UNION ALL
           (SELECT id, sku FROM product
             WHERE product.account_id = wanted.account_id AND product.id = wanted.product_id OFFSET 0)) p
), buckets AS (
    SELECT DISTINCT {stock.CANDIDATE}
      FROM named
     CROSS JOIN LATERAL (
           SELECT * FROM stock
            WHERE stock.account_id = named.account_id AND stock.product_id = named.id
              AND stock.site_id = named.site_id AND stock.sub_inventory_id = named.sub_inventory_id
              AND stock.condition = named.condition OFFSET 0) s
      JOIN site ON site.account_id = s.account_id AND site.id = s.site_id
)"""
_FOUND: Final = {
    "blocks": "(SELECT json_agg(counted) FROM counted)",
    "numbers": """EXISTS (
        SELECT 1 FROM json_to_recordset(%(numbers)s::json) AS wanted (account_id bigint, kind text, number text)
         WHERE EXISTS (SELECT 1 FROM orders
                        WHERE orders.account_id = wanted.account_id AND orders.kind = wanted.kind
                          AND orders.number = wanted.number OFFSET 0))""",
    "goods": """json_build_object(
        'products', (SELECT coalesce(json_agg(json_build_array(account_id, id, known_sku)), '[]') FROM named),
        'buckets', (SELECT coalesce(json_agg(buckets), '[]') FROM buckets))""",
    "consignees": """(
        SELECT coalesce(json_agg(json_build_array(known.account_id, known.code, known.recipient)), '[]')
          FROM json_to_recordset(%(consignees)s::json) AS wanted (account_id bigint, code text)
          JOIN consignee known ON known.account_id = wanted.account_id AND known.code = wanted.code)""",
}
"""What is looked for, each where it is asked for."""

_PLACED: Final = """
WITH placed AS (
    INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, site_id, sub_inventory_id,
                        service_id, reference, recipient, partner_fields, content_hash, payment, token, pieces,
                        return_action_id, created_at, updated_at)
    SELECT id, account_id, company_id, kind, number, dialect, type, state, site_id, sub_inventory_id,
           service_id, reference, recipient, partner_fields, decode(content_hash, 'base64'), payment, token, pieces,
           return_action_id, %(now)s, %(now)s
      FROM json_to_recordset(%(orders)s::json) AS asked (id bigint, account_id bigint, company_id int, kind text,
           number text, dialect text, type text, state text, site_id bigint, sub_inventory_id bigint,
           service_id bigint, reference text, recipient jsonb, partner_fields jsonb, content_hash text,
           payment text, token text, pieces bigint, return_action_id bigint)
    ON CONFLICT ON CONSTRAINT orders_account_id_kind_number_key DO NOTHING
    RETURNING id, account_id, kind, number, dialect, type, state, pieces
)"""
_LINES: Final = """, lines AS (
    INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, sub_inventory_id, lot,
                            condition, quantity, partner_fields)
    SELECT placed.account_id, order_id, line_no, line_key, product_id, sku, sub_inventory_id, lot, condition,
           quantity, partner_fields
      FROM json_to_recordset(%(lines)s::json) AS asked (order_id bigint, line_no int, line_key text,
           product_id bigint, sku text, sub_inventory_id bigint, lot text, condition text, quantity bigint,
           partner_fields jsonb)
      JOIN placed ON placed.id = order_id
     ORDER BY order_id, line_no
    RETURNING id, account_id, order_id, line_no
)"""
_TAKES: Final = f""", taken AS MATERIALIZED (
    SELECT lines.account_id, asked.stock_id, 'reserve:' || lines.order_id || ':' || lines.line_no AS cause,
           0::bigint AS quantity, asked.quantity AS allocated, lines.order_id, lines.id AS order_line_id
      FROM json_to_recordset(%(takes)s::json) AS asked (order_id bigint, line_no int, stock_id bigint,
           quantity bigint)
      JOIN lines ON lines.order_id = asked.order_id AND lines.line_no = asked.line_no
), held AS MATERIALIZED (
    SELECT id FROM stock WHERE id = ANY (ARRAY(SELECT stock_id FROM taken)) ORDER BY id FOR NO KEY UPDATE
), {stock.moved(given="taken", only="held")}"""
_TOLD: Final = f""", written AS (
    INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
    SELECT account_id, '{kinds.ORDER_PLACED}', 'order:' || id, id, dialect, actor.value,
           jsonb_build_object('number', number, 'kind', kind, 'type', type, 'state', state, 'pieces', pieces),
           %(now)s, %(now)s
      FROM placed JOIN json_each_text(%(actors)s::json) AS actor ON actor.key = placed.id::text
     ORDER BY id
    RETURNING id, account_id, kind, subject, order_id
), given AS (
    SELECT account_id, id AS order_id, dialect AS order_dialect FROM placed
), owed AS ({events.OWED})
SELECT ARRAY(SELECT id FROM placed), {events.SIGNALLED}
"""


async def ask(
    tx: Tx,
    *,
    companies: Mapping[CompanyId, int],
    numbers: Sequence[Number],
    goods: Collection[Goods],
    consignees: Collection[tuple[AccountId, str]],
) -> Found:
    """Takes so many numbers of each company's day, not flushed by itself (as sql.count_up), and looks."""
    given: dict[str, Any] = {"companies": json.text(companies)}
    if numbers:
        given["numbers"] = _rows(("account_id", "kind", "number"), numbers)
    if goods:
        given["goods"] = json.text(list(goods))
    if consignees:
        given["consignees"] = _rows(("account_id", "code"), consignees)
    found = await tx.value(_asking(bool(numbers), bool(goods), bool(consignees)), now=tx.now, **given)
    return _found.decode(found)


async def write(
    tx: Tx,
    orders: Sequence[Order],
    *,
    actors: Mapping[OrderId, str],
    lines: Sequence[LineRow],
    takes: Sequence[Taken],
) -> set[OrderId]:
    """The orders, their lines and what these set aside, an event each and the callbacks that are owed for it.

    Which orders are new: nothing is written of one whose number is on record already. In key order, and buckets in
    the order of their ids, against deadlocks. A bucket that has fewer pieces than are taken fails it all.
    """
    given: dict[str, Any] = {"orders": json.text(sorted(orders, key=_key)), "actors": json.text(actors)}
    if lines:
        given["lines"] = json.text(lines)
    if takes:
        given["takes"] = json.text(takes)
    [(placed, _)] = await tx.rows(_writing(lines=bool(lines), takes=bool(takes)), now=tx.now, **given)
    return set(placed)


@cache
def _asking(numbers: bool, goods: bool, consignees: bool) -> str:
    wanted = {"blocks": True, "numbers": numbers, "goods": goods, "consignees": consignees}
    found = ", ".join(f"'{name}', {_FOUND[name]}" for name, asked in wanted.items() if asked)
    return f"{_COUNTED}{_NAMED if goods else ''} SELECT json_build_object({found})::text"


@cache
def _writing(*, lines: bool, takes: bool) -> str:
    return _PLACED + (_LINES if lines else "") + (_TAKES if takes else "") + _TOLD


def _key(order: Order) -> Number:
    return order.account_id, order.kind, order.number


def _rows(names: Sequence[str], rows: Collection[Sequence[Any]]) -> str:
    return json.text([dict(zip(names, row, strict=True)) for row in rows])


_found = msgspec.json.Decoder(Found)
