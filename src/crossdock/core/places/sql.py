"""Statements on locations, what lies in them, and how it came there."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, LocationId, OrderId, ProductId, SiteId, StaffId, StockId
from crossdock.core.places.model import Location, LocationKind, Lying, Moved, Shift
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx, columns

_LOCATION = columns(Location)
_MOVED = columns(Moved)
NOWHERE_LAST: Final = 2**63 - 1
"""Stands for "not put away" where heaps are listed by location."""


class Row(Struct, frozen=True, kw_only=True):
    stock_id: StockId
    location_id: LocationId
    quantity: int


class LyingFor(Row, frozen=True, kw_only=True):
    """A row of a bucket, seen by an order that takes from it."""

    code: str
    kind: LocationKind
    walk_order: int
    on_hand: int
    """Of the whole bucket."""
    picked: int
    """What was brought here for that order, less what was taken from here for it."""


async def by_code(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> Location | None:
    """Index: location_code_key."""
    return await tx.one_or_none(
        Location,
        f"SELECT {_LOCATION} FROM location"
        " WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND code = %(code)s",
        account_id=account_id,
        site_id=site_id,
        code=code,
    )


async def by_ids(tx: Tx, *, account_id: AccountId, site_id: SiteId, ids: Sequence[LocationId]) -> list[Location]:
    return await tx.many(
        Location,
        f"SELECT {_LOCATION} FROM location"
        " WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND id = ANY (%(ids)s::bigint[])",
        account_id=account_id,
        site_id=site_id,
        ids=list(ids),
    )


async def code_of(tx: Tx, account_id: AccountId, location_id: LocationId) -> str:
    code = await tx.value(
        "SELECT code FROM location WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=location_id,
    )
    return str(code or "")


async def of_site(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, kinds: Collection[LocationKind] | None
) -> list[Location]:
    """Index: location_code_key."""
    return await tx.many(
        Location,
        SQL(
            f"SELECT {_LOCATION} FROM location WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND active"
            " {} ORDER BY walk_order, code"
        ).format(SQL("" if kinds is None else "AND kind = ANY (%(kinds)s::text[])")),
        account_id=account_id,
        site_id=site_id,
        **({} if kinds is None else {"kinds": list(kinds)}),
    )


async def add(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str, kind: LocationKind, walk_order: int
) -> Location | None:
    """None when the code is taken."""
    return await tx.one_or_none(
        Location,
        "INSERT INTO location (account_id, site_id, code, kind, walk_order)"
        " VALUES (%(account_id)s, %(site_id)s, %(code)s, %(kind)s, %(walk_order)s)"
        f" ON CONFLICT ON CONSTRAINT location_code_key DO NOTHING RETURNING {_LOCATION}",
        account_id=account_id,
        site_id=site_id,
        code=code,
        kind=kind,
        walk_order=walk_order,
    )


async def lock_location(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, location_id: LocationId
) -> Location | None:
    """Against goods that are put there: the foreign key of their row waits."""
    return await tx.one_or_none(
        Location,
        f"SELECT {_LOCATION} FROM location"
        " WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND id = %(location_id)s FOR UPDATE",
        account_id=account_id,
        site_id=site_id,
        location_id=location_id,
    )


async def close(tx: Tx, *, account_id: AccountId, location_id: LocationId) -> Location:
    return await tx.one(
        Location,
        "UPDATE location SET active = false WHERE account_id = %(account_id)s AND id = %(location_id)s"
        f" RETURNING {_LOCATION}",
        account_id=account_id,
        location_id=location_id,
    )


async def pieces_in(tx: Tx, *, account_id: AccountId, location_id: LocationId) -> int:
    """Index: located_location_idx."""
    pieces = await tx.value(
        "SELECT sum(quantity)::bigint FROM located"
        " WHERE account_id = %(account_id)s AND location_id = %(location_id)s",
        account_id=account_id,
        location_id=location_id,
    )
    return int(pieces or 0)


# Moving -----------------------------------------------------------------------------


async def known(tx: Tx, *, account_id: AccountId, shifts: Sequence[Shift]) -> list[Moved]:
    """Those whose causes moved these buckets before. Index: location_move_cause_key."""
    return await tx.many(
        Moved,
        f"SELECT {_MOVED} FROM location_move WHERE account_id = %(account_id)s AND (cause, stock_id) IN"
        " (SELECT * FROM unnest(%(causes)s::text[], %(stocks)s::bigint[]))",
        account_id=account_id,
        causes=[shift.cause for shift in shifts],
        stocks=[shift.stock_id for shift in shifts],
    )


async def lying(tx: Tx, *, account_id: AccountId, stock_ids: Sequence[StockId]) -> list[Row]:
    """Of locked buckets. Index: located_pkey."""
    return await tx.many(
        Row,
        "SELECT stock_id, location_id, quantity FROM located"
        " WHERE account_id = %(account_id)s AND stock_id = ANY (%(stock_ids)s::bigint[])",
        account_id=account_id,
        stock_ids=list(stock_ids),
    )


async def lying_for(
    tx: Tx, *, account_id: AccountId, stock_ids: Sequence[StockId], order_id: OrderId
) -> list[LyingFor]:
    """Of locked buckets. Index: located_pkey, location_move_order_idx."""
    return await tx.many(
        LyingFor,
        """
SELECT l.stock_id, l.location_id, l.quantity, p.code, p.kind, p.walk_order, s.on_hand,
       coalesce(picked.pieces, 0) AS picked
  FROM located l
  JOIN stock s ON s.account_id = l.account_id AND s.id = l.stock_id
  JOIN location p ON p.account_id = l.account_id AND p.id = l.location_id
  LEFT JOIN LATERAL (
       SELECT sum(CASE WHEN m.to_location_id = l.location_id THEN m.quantity
                       WHEN m.from_location_id = l.location_id THEN -m.quantity END)::bigint AS pieces
         FROM location_move m
        WHERE m.account_id = l.account_id AND m.order_id = %(order_id)s AND m.stock_id = l.stock_id) picked ON true
 WHERE l.account_id = %(account_id)s AND l.stock_id = ANY (%(stock_ids)s::bigint[])
 ORDER BY l.stock_id, p.walk_order, p.code
""",
        account_id=account_id,
        stock_ids=list(stock_ids),
        order_id=order_id,
    )


_SHIFT = f"""
WITH now_there AS (
    SELECT * FROM unnest(%(there_stocks)s::bigint[], %(there_locations)s::bigint[], %(there)s::bigint[])
           AS g (stock_id, location_id, quantity)
), emptied AS (
    DELETE FROM located l USING now_there n
     WHERE l.account_id = %(account_id)s AND l.stock_id = n.stock_id AND l.location_id = n.location_id
       AND n.quantity = 0
), filled AS (
    INSERT INTO located (account_id, stock_id, location_id, quantity)
    SELECT %(account_id)s, stock_id, location_id, quantity FROM now_there WHERE quantity > 0
    ON CONFLICT ON CONSTRAINT located_pkey DO UPDATE SET quantity = excluded.quantity
)
INSERT INTO location_move (account_id, stock_id, from_location_id, to_location_id, quantity, cause, staff_id,
                           order_id, moved_at)
SELECT %(account_id)s, g.*, %(staff_id)s, %(order_id)s, %(now)s
  FROM unnest(%(stocks)s::bigint[], %(froms)s::bigint[], %(tos)s::bigint[], %(quantities)s::bigint[],
              %(causes)s::text[]) AS g
RETURNING {_MOVED}
"""


async def shift(
    tx: Tx,
    *,
    account_id: AccountId,
    shifts: Sequence[Shift],
    there: Mapping[tuple[StockId, LocationId | None], int] | Mapping[tuple[StockId, LocationId], int],
    staff_id: StaffId | None,
    order_id: OrderId | None,
) -> list[Moved]:
    """Write the moves, and what lies where after them: `there`. The buckets are locked."""
    touched = {
        (one.stock_id, place)
        for one in shifts
        for place in (one.from_location_id, one.to_location_id)
        if place is not None
    }
    places = sorted(touched)
    after: Mapping[Any, int] = there
    return await tx.many(
        Moved,
        _SHIFT,
        account_id=account_id,
        there_stocks=[place[0] for place in places],
        there_locations=[place[1] for place in places],
        there=[after[place] for place in places],
        stocks=[one.stock_id for one in shifts],
        froms=[one.from_location_id for one in shifts],
        tos=[one.to_location_id for one in shifts],
        quantities=[one.quantity for one in shifts],
        causes=[one.cause for one in shifts],
        staff_id=staff_id,
        order_id=order_id,
        now=tx.now,
    )


# Looking ----------------------------------------------------------------------------

_OF_BUCKET = """
       s.id AS stock_id, s.sub_inventory_id, sub.code AS owner, s.product_id, p.sku, p.name AS product_name, s.lot,
       s.condition, s.expires_on
"""
_GOODS = """
  JOIN sub_inventory sub ON sub.account_id = s.account_id AND sub.id = s.sub_inventory_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
"""
_PUT_OF_EACH = """
  LEFT JOIN LATERAL (SELECT sum(quantity)::bigint AS quantity FROM located
                      WHERE located.account_id = s.account_id AND located.stock_id = s.id) l ON true
"""
_PUT_OF_ALL = """
  LEFT JOIN (SELECT stock_id, sum(quantity)::bigint AS quantity FROM located
              WHERE account_id = %(account_id)s GROUP BY stock_id) l ON l.stock_id = s.id
"""
"""What of a bucket lies in locations: for a few buckets, and for all of an account at once."""


def _nowhere(put: str) -> str:
    return f"""
SELECT {_OF_BUCKET}, NULL::bigint AS location_id, NULL::text AS location, NULL::text AS kind,
       NULL::integer AS walk_order, s.on_hand - coalesce(l.quantity, 0) AS quantity
  FROM stock s {_GOODS} {put}
 WHERE s.account_id = %(account_id)s AND s.site_id = %(site_id)s AND s.on_hand > coalesce(l.quantity, 0)
"""


_SOMEWHERE = f"""
SELECT {_OF_BUCKET}, l.location_id, at.code AS location, at.kind, at.walk_order, l.quantity
  FROM located l
  JOIN location at ON at.account_id = l.account_id AND at.id = l.location_id
  JOIN stock s ON s.account_id = l.account_id AND s.id = l.stock_id {_GOODS}
 WHERE l.account_id = %(account_id)s AND at.site_id = %(site_id)s
"""


async def where(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    product_id: ProductId | None,
    stock_ids: Sequence[StockId] | None,
) -> list[Lying]:
    """Index: stock_bucket_key, located_pkey."""
    wanted = []
    params: dict[str, Any] = {}
    if product_id is not None:
        wanted.append("AND s.product_id = %(product_id)s")
        params["product_id"] = product_id
    if stock_ids is not None:
        wanted.append("AND s.id = ANY (%(stock_ids)s::bigint[])")
        params["stock_ids"] = list(stock_ids)
    which = " ".join(wanted)
    return await tx.many(
        Lying,
        f"{_SOMEWHERE} {which} UNION ALL {_nowhere(_PUT_OF_EACH)} {which}"
        " ORDER BY walk_order NULLS LAST, location, lot, stock_id",
        account_id=account_id,
        site_id=site_id,
        **params,
    )


async def contents(tx: Tx, *, account_id: AccountId, site_id: SiteId, location_id: LocationId) -> list[Lying]:
    """Index: located_location_idx."""
    return await tx.many(
        Lying,
        f"{_SOMEWHERE} AND l.location_id = %(location_id)s ORDER BY p.sku, s.lot, s.id",
        account_id=account_id,
        site_id=site_id,
        location_id=location_id,
    )


async def first_empty(tx: Tx, *, account_id: AccountId, site_id: SiteId, kind: LocationKind) -> Location | None:
    """Index: location_walk_idx, located_location_idx."""
    return await tx.one_or_none(
        Location,
        f"""
SELECT {columns(Location, "at")} FROM location at
 WHERE at.account_id = %(account_id)s AND at.site_id = %(site_id)s AND at.kind = %(kind)s AND at.active
   AND NOT EXISTS (SELECT 1 FROM located l WHERE l.account_id = at.account_id AND l.location_id = at.id)
 ORDER BY at.walk_order, at.code LIMIT 1
""",
        account_id=account_id,
        site_id=site_id,
        kind=kind,
    )


async def first_home(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stock_id: StockId, kinds: Sequence[LocationKind]
) -> Location | None:
    """Index: located_pkey."""
    return await tx.one_or_none(
        Location,
        f"""
SELECT {columns(Location, "at")}
  FROM located l JOIN location at ON at.account_id = l.account_id AND at.id = l.location_id
 WHERE l.account_id = %(account_id)s AND l.stock_id = %(stock_id)s AND at.site_id = %(site_id)s AND at.active
   AND at.kind = ANY (%(kinds)s::text[])
 ORDER BY array_position(%(kinds)s::text[], at.kind), at.walk_order, at.code LIMIT 1
""",
        account_id=account_id,
        site_id=site_id,
        stock_id=stock_id,
        kinds=list(kinds),
    )


async def heaps_at_docks(tx: Tx, *, account_id: AccountId, site_id: SiteId, most: int) -> int:
    """Index: location_walk_idx, located_location_idx."""
    return int(
        await tx.value(
            """
SELECT count(*) FROM (
    SELECT 1 FROM location at JOIN located l ON l.account_id = at.account_id AND l.location_id = at.id
     WHERE at.account_id = %(account_id)s AND at.site_id = %(site_id)s AND at.kind = 'dock'
     LIMIT %(most)s) AS heaps
""",
            account_id=account_id,
            site_id=site_id,
            most=most,
        )
    )


async def to_put_away(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    after: tuple[LocationId | None, StockId] | None,
    limit: int,
    product_id: ProductId | None,
    stock_ids: Sequence[StockId] | None,
) -> list[Lying]:
    """Index: located_location_idx; stock_bucket_key, located_pkey."""
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id, "limit": limit, "nowhere": NOWHERE_LAST}
    at_dock, nowhere, of_bucket = "", "", ""
    if product_id is not None:
        of_bucket, where["product_id"] = " AND s.product_id = %(product_id)s", product_id
    if stock_ids is not None:
        of_bucket, where["stock_ids"] = f"{of_bucket} AND s.id = ANY (%(stock_ids)s::bigint[])", list(stock_ids)
    if after is not None:
        where["after_location"], where["after_stock"] = after[0] or NOWHERE_LAST, after[1]
        at_dock = " AND (l.location_id, s.id) > (%(after_location)s, %(after_stock)s)"
        nowhere = " AND (%(nowhere)s, s.id) > (%(after_location)s, %(after_stock)s)"
    put = _PUT_OF_EACH if of_bucket else _PUT_OF_ALL
    return await tx.many(
        Lying,
        f"""
SELECT * FROM (
    ({_SOMEWHERE} AND at.kind = 'dock'{of_bucket}{at_dock} ORDER BY l.location_id, s.id LIMIT %(limit)s)
    UNION ALL
    ({_nowhere(put)}{of_bucket}{nowhere} ORDER BY s.id LIMIT %(limit)s)) AS heaps
 ORDER BY coalesce(location_id, %(nowhere)s), stock_id LIMIT %(limit)s
""",
        **where,
    )
