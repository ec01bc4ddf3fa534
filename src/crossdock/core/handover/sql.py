"""Statements on hand-overs at a counter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId, StaffId
from crossdock.core.codes.model import OnlineShop
from crossdock.core.handover.model import PickUp, PickUpFilter, StaffName
from crossdock.core.orders.model import PAID
from crossdock.db.compose import SQL, Composable, Identifier, Placeholder
from crossdock.db.tx import Tx

SORTS: Final = frozenset({"id", "created_at", "updated_at", "used_at", "prepared_at"})

PICK_UPS = """
SELECT h.id, h.account_id, h.site_id, to_jsonb(sold) AS shop, h.order_id, h.order_number, h.key, h.state,
       h.full_name, h.mobile, h.prepared_at, h.prepared_by, preparer.username AS preparer, h.used_at, h.used_by,
       user_.username AS user_name, h.expires_at, h.canceled_at, h.rollbacks, h.shipped_here, h.partner_fields,
       h.created_at, h.updated_at
  FROM handover h
  LEFT JOIN staff preparer ON preparer.id = h.prepared_by
  LEFT JOIN staff user_ ON user_.id = h.used_by
  LEFT JOIN online_shop sold ON sold.id = h.shop_id
 WHERE h.place = 'shop'
"""
MEANT: Final = "coalesce(array_position(%(first)s::text[], h.state), 99), h.used_at DESC NULLS LAST, h.id DESC"
"""Of several codes with the same digits."""


class Row(Struct, frozen=True, kw_only=True):
    """Of PICK_UPS."""

    id: HandoverId
    account_id: AccountId
    site_id: SiteId
    shop: OnlineShop | None
    order_id: OrderId | None
    order_number: str
    key: str
    state: str
    full_name: str
    mobile: str
    prepared_at: datetime | None
    prepared_by: StaffId | None
    preparer: str | None
    used_at: datetime | None
    used_by: StaffId | None
    user_name: str | None
    expires_at: datetime | None
    canceled_at: datetime | None
    rollbacks: int
    shipped_here: bool
    partner_fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def pick_up_of(row: Row) -> PickUp:
    return PickUp(
        id=row.id,
        account_id=row.account_id,
        site_id=row.site_id,
        shop=row.shop,
        order_id=row.order_id,
        order_number=row.order_number,
        key=row.key,
        state=row.state,  # type: ignore[arg-type]  # the column's check constraint
        full_name=row.full_name,
        mobile=row.mobile,
        prepared_at=row.prepared_at,
        prepared_by=None if row.prepared_by is None else StaffName(row.prepared_by, row.preparer or ""),
        used_at=row.used_at,
        used_by=None if row.used_by is None else StaffName(row.used_by, row.user_name or ""),
        expires_at=row.expires_at,
        canceled_at=row.canceled_at,
        rollbacks=row.rollbacks,
        shipped_here=row.shipped_here,
        partner_fields=row.partner_fields,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def find(tx: Tx, *, account_id: AccountId, site_id: SiteId, handover_id: int) -> PickUp | None:
    row = await tx.one_or_none(
        Row,
        f"{PICK_UPS} AND h.account_id = %(account_id)s AND h.site_id = %(site_id)s AND h.id = %(id)s",
        account_id=account_id,
        site_id=site_id,
        id=handover_id,
    )
    return None if row is None else pick_up_of(row)


async def of_key(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, key: str, first: Sequence[str], lock: bool = False
) -> PickUp | None:
    """Of several with this key the one whose state comes first in `first`, then the newest by use or by issue.

    Index: handover_site_key_idx.
    """
    row = await tx.one_or_none(
        Row,
        f"{PICK_UPS} AND h.account_id = %(account_id)s AND h.site_id = %(site_id)s AND h.key = %(key)s"
        f" ORDER BY {MEANT} LIMIT 1 {'FOR NO KEY UPDATE OF h' if lock else ''}",
        account_id=account_id,
        site_id=site_id,
        key=key,
        first=list(first),
    )
    return None if row is None else pick_up_of(row)


async def lock(tx: Tx, *, account_id: AccountId, site_id: SiteId, handover_id: int) -> PickUp | None:
    row = await tx.one_or_none(
        Row,
        f"{PICK_UPS} AND h.account_id = %(account_id)s AND h.site_id = %(site_id)s AND h.id = %(id)s"
        " FOR NO KEY UPDATE OF h",
        account_id=account_id,
        site_id=site_id,
        id=handover_id,
    )
    return None if row is None else pick_up_of(row)


async def hold_order(tx: Tx, *, account_id: AccountId, site_id: SiteId, key: str, first: Sequence[str]) -> None:
    """As `held`, for one code."""
    await held(tx, [Named(account_id, site_id, key)], first=first)


class Named(NamedTuple):
    """What a clerk says of a code."""

    account_id: AccountId
    site_id: SiteId
    key: str


class Held(Struct, frozen=True, kw_only=True):
    id: OrderId
    number: str
    dialect: str
    kind: str
    site_id: SiteId | None
    state: str
    payment: str


async def held(tx: Tx, named: Sequence[Named], *, first: Sequence[str]) -> dict[OrderId, Held]:
    """Lock the orders of the codes that `of_keys` finds for these, in the order of their ids.

    Everybody holds an order before its code, so that two who need both do not wait for each other.
    Index: handover_site_key_idx.
    """
    rows = await tx.many(
        Held,
        f"""
SELECT o.id, o.number, o.dialect, o.kind, o.site_id, o.state, o.payment
  FROM {_NAMED}
 CROSS JOIN LATERAL (
       SELECT h.account_id, h.order_id FROM handover h
        WHERE h.account_id = named.account_id AND h.site_id = named.site_id AND h.key = named.key AND h.place = 'shop'
        ORDER BY {MEANT} LIMIT 1) AS code
  JOIN orders o ON o.account_id = code.account_id AND o.id = code.order_id
 ORDER BY o.id FOR NO KEY UPDATE OF o
""",
        **_arrays(named),
        first=list(first),
    )
    return {row.id: row for row in rows}


async def of_keys(tx: Tx, named: Sequence[Named], *, first: Sequence[str]) -> dict[Named, PickUp]:
    """As `of_key`; locked in the order given.

    Their orders are held already. Index: handover_site_key_idx.
    """
    rows = await tx.many(
        Row,
        f"""
SELECT code.* FROM {_NAMED}
 CROSS JOIN LATERAL ({PICK_UPS}
       AND h.account_id = named.account_id AND h.site_id = named.site_id AND h.key = named.key
     ORDER BY {MEANT}
     LIMIT 1 FOR NO KEY UPDATE OF h) AS code
""",
        **_arrays(named),
        first=list(first),
    )
    return {Named(row.account_id, row.site_id, row.key): pick_up_of(row) for row in rows}


_NAMED: Final = """
       unnest(%(account_ids)s::bigint[], %(site_ids)s::bigint[], %(keys)s::text[]) AS named (account_id, site_id, key)
"""


def _arrays(named: Sequence[Named]) -> dict[str, Any]:
    return {
        "account_ids": [one.account_id for one in named],
        "site_ids": [one.site_id for one in named],
        "keys": [one.key for one in named],
    }


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[PickUp]:
    """Unused ones before any other, then the newest first. Index: handover_account_id_order_id_idx."""
    rows = await tx.many(
        Row,
        f"{PICK_UPS} AND h.account_id = %(account_id)s AND h.order_id = %(order_id)s"
        " ORDER BY (h.state = 'unused') DESC, h.id DESC",
        account_id=account_id,
        order_id=order_id,
    )
    return [pick_up_of(row) for row in rows]


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    filter: PickUpFilter,
    order_by: str,
    start: int,
    limit: int,
) -> tuple[int, list[PickUp]]:
    """`order_by` is one of SORTS, with a leading `-` for the newest first. Index: handover_listed_idx."""
    params: dict[str, Any] = {"account_id": account_id, "site_id": site_id, "start": start, "limit": limit}
    conditions: list[Composable] = [SQL("h.account_id = %(account_id)s AND h.site_id = %(site_id)s")]
    for name, column, wanted in (
        ("ids", SQL("h.id"), filter.ids),
        ("prepared", SQL("(h.prepared_at IS NOT NULL)"), filter.prepared),
        ("order_ids", SQL("h.order_id"), filter.order_ids),
        ("keys", SQL("h.key"), filter.keys),
        ("states", SQL("h.state"), filter.states),
    ):
        if wanted is not None:
            conditions.append(SQL("{} = ANY ({}::{})").format(column, Placeholder(name), SQL(_ARRAYS[name])))
            params[name] = list(wanted)
    where = SQL(" AND ").join(conditions)
    column_name = order_by.removeprefix("-")
    if column_name not in SORTS:
        raise LookupError(order_by)
    direction = SQL("DESC NULLS LAST" if order_by.startswith("-") else "ASC NULLS FIRST")
    total = await tx.value(
        SQL("SELECT count(*) FROM handover h WHERE h.place = 'shop' AND {}").format(where), **params
    )
    rows = await tx.many(
        Row,
        SQL("{} AND {} ORDER BY {} {}, h.id DESC OFFSET %(start)s LIMIT %(limit)s").format(
            SQL(PICK_UPS), where, Identifier("h", column_name), direction
        ),
        **params,
    )
    return int(total), [pick_up_of(row) for row in rows]


_ARRAYS = {"ids": "bigint[]", "prepared": "boolean[]", "order_ids": "bigint[]", "keys": "text[]", "states": "text[]"}


async def insert(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    shop_id: int | None,
    order_id: OrderId,
    order_number: str,
    key: str,
    full_name: str,
    mobile: str,
    expires_at: datetime | None,
    used_since: datetime,
) -> HandoverId | None:
    """None when the digits are in use, or were used by this online shop or at this place since `used_since`.

    The place counts too, whichever online shop it was for: the clerk names the digits alone, and of two used
    ones a rollback could only guess which is meant.
    """
    id_ = await tx.value(
        """
INSERT INTO handover (account_id, site_id, place, shop_id, order_id, order_number, state, key, full_name, mobile,
                      expires_at, created_at, updated_at)
SELECT %(account_id)s, %(site_id)s, 'shop', %(shop_id)s, %(order_id)s, %(number)s, 'unused', %(key)s, %(full_name)s,
       %(mobile)s, %(expires_at)s, %(now)s, %(now)s
 WHERE NOT EXISTS (SELECT 1 FROM handover h
                    WHERE h.site_id = %(site_id)s AND h.key = %(key)s AND h.used_at >= %(used_since)s)
   AND NOT EXISTS (SELECT 1 FROM handover h
                    WHERE h.shop_id = %(shop_id)s AND h.key = %(key)s AND h.used_at >= %(used_since)s)
ON CONFLICT DO NOTHING
RETURNING id
""",
        account_id=account_id,
        site_id=site_id,
        shop_id=shop_id,
        order_id=order_id,
        number=order_number,
        key=key,
        full_name=full_name,
        mobile=mobile,
        expires_at=expires_at,
        used_since=used_since,
        now=tx.now,
    )
    return None if id_ is None else HandoverId(id_)


async def live_of_number(tx: Tx, *, account_id: AccountId, number: str) -> HandoverId | None:
    """The order's unused or used one. Index: handover_shop_order_key."""
    id_ = await tx.value(
        "SELECT id FROM handover WHERE account_id = %(account_id)s AND order_number = %(number)s"
        " AND place = 'shop' AND state IN ('unused', 'used')",
        account_id=account_id,
        number=number,
    )
    return None if id_ is None else HandoverId(id_)


async def set_prepared(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, staff_id: StaffId) -> None:
    await tx.execute(
        "UPDATE handover SET prepared_at = %(now)s, prepared_by = %(staff_id)s, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s AND prepared_at IS NULL",
        account_id=account_id,
        id=handover_id,
        staff_id=staff_id,
        now=tx.now,
    )


class Used(Struct, frozen=True, kw_only=True):
    """A code that is used now, by whom, and the order that is delivered with it."""

    account_id: AccountId
    site_id: SiteId
    id: HandoverId
    staff_id: StaffId
    reason: str
    operation_id: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    delivered: OrderId | None


_USE: Final = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(used)s::json) AS g (account_id bigint, site_id bigint, id bigint,
           staff_id bigint, reason text, operation_id text, before jsonb, after jsonb, delivered bigint)
), used AS (
    UPDATE handover h
       SET state = 'used', used_at = %(now)s, used_by = staff_id, updated_at = %(now)s,
           prepared_at = coalesce(prepared_at, %(now)s), prepared_by = coalesce(prepared_by, staff_id)
      FROM given WHERE h.account_id = given.account_id AND h.id = given.id AND h.state = 'unused'
    RETURNING h.id, given.staff_id
), noted AS (
    INSERT INTO staff_action (account_id, site_id, staff_id, action, handover_id, reason, before, after,
                              operation_id, created_at)
    SELECT account_id, site_id, staff_id, 'consume', id, reason, before, after, operation_id, %(now)s
      FROM given ORDER BY id
), delivered AS (
    UPDATE orders o SET state = 'delivered', updated_at = %(now)s
      FROM given WHERE o.account_id = given.account_id AND o.id = given.delivered AND o.state = 'shipped'
    RETURNING o.id
)
SELECT used.id, staff.id, staff.username, (SELECT count(*) FROM delivered)
  FROM used JOIN staff ON staff.id = used.staff_id
"""


async def use(tx: Tx, used: Sequence[Used]) -> dict[HandoverId, StaffName]:
    """Live codes that the caller holds become used, with a row each in the history of their shops, and their
    orders, which it holds too, delivered. Who used them.

    Errors: LookupError where one of them was not held.
    """
    rows = await tx.rows(_USE, used=json.text(used), now=tx.now)
    deliver = sum(one.delivered is not None for one in used)
    if len(rows) != len(used) or any(delivered != deliver for *_, delivered in rows):
        raise LookupError(f"{len(used)} codes to use and {deliver} orders to deliver, found {rows}")
    return {HandoverId(id_): StaffName(staff_id, username) for id_, staff_id, username, _ in rows}


async def mark_unused(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, state: str) -> bool:
    """used -> `state`; False when its digits are live again elsewhere.

    They are looked for first, because a server that finds them by its unique index alone logs them.
    """
    marked = await tx.execute(
        """
UPDATE handover
   SET state = %(state)s, used_at = NULL, used_by = NULL, updated_at = %(now)s, rollbacks = rollbacks + 1,
       shipped_here = false,
       canceled_at = CASE WHEN %(state)s = 'canceled' THEN %(now)s ELSE canceled_at END
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'used'
   AND (%(state)s <> 'unused'
        OR NOT EXISTS (SELECT 1 FROM handover o
                        WHERE o.site_id = handover.site_id AND o.key = handover.key AND o.state = 'unused')
       AND NOT EXISTS (SELECT 1 FROM handover o
                        WHERE o.shop_id = handover.shop_id AND o.key = handover.key AND o.state = 'unused'))
""",
        account_id=account_id,
        id=handover_id,
        state=state,
        now=tx.now,
    )
    return marked == 1


async def payment_of(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> str | None:
    return await tx.value(  # type: ignore[no-any-return]
        "SELECT payment FROM orders WHERE account_id = %(account_id)s AND id = %(order_id)s",
        account_id=account_id,
        order_id=order_id,
    )


async def set_shipped_here(tx: Tx, *, account_id: AccountId, handover_id: HandoverId) -> None:
    await tx.execute(
        "UPDATE handover SET shipped_here = true WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=handover_id,
    )


class Due(Struct, frozen=True):
    id: HandoverId
    order_id: OrderId | None


_OVER: Final = "FROM handover WHERE place = 'shop' AND state = 'unused' AND expires_at <= %(now)s"
_OF_SHOP: Final = "AND account_id = %(account_id)s AND site_id = %(site_id)s"
IS_DUE: Final = f"EXISTS (SELECT {_OVER} {_OF_SHOP})"
"""Whether `due` would find any. Index: handover_expiry_idx."""
_DUE: Final = f"SELECT id, order_id {_OVER} {{}} ORDER BY expires_at LIMIT %(limit)s"


async def due(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int) -> list[Due]:
    """Index: handover_expiry_idx."""
    return await tx.many(
        Due,
        _DUE.format(_OF_SHOP),
        account_id=account_id,
        site_id=site_id,
        limit=limit,
        now=tx.now,
    )


async def due_everywhere(tx: Tx, *, limit: int) -> list[Due]:
    """Index: handover_expiry_idx."""
    return await tx.many(Due, _DUE.format(""), limit=limit, now=tx.now)


async def hold_orders(tx: Tx, order_ids: Sequence[OrderId]) -> None:
    await tx.execute(
        "SELECT id FROM orders WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE", ids=list(order_ids)
    )


class Expired(Struct, frozen=True):
    id: HandoverId
    account_id: AccountId
    site_id: SiteId
    order_id: OrderId | None
    order_number: str
    shop: OnlineShop | None
    prepared: bool
    set_aside_here: bool


async def expire(tx: Tx, ids: Sequence[HandoverId]) -> list[Expired]:
    """Those of the codes that are still unused; their orders are held already."""
    return await tx.many(
        Expired,
        """
WITH due AS (
    SELECT id FROM handover WHERE id = ANY (%(ids)s::bigint[]) AND state = 'unused' AND expires_at <= %(now)s
     ORDER BY id FOR NO KEY UPDATE
)
UPDATE handover h SET state = 'expired', updated_at = %(now)s FROM due WHERE h.id = due.id
RETURNING h.id, h.account_id, h.site_id, h.order_id, h.order_number, h.prepared_at IS NOT NULL AS prepared,
          (SELECT to_jsonb(sold) FROM online_shop sold WHERE sold.id = h.shop_id) AS shop,
          EXISTS (SELECT 1 FROM orders o WHERE o.account_id = h.account_id AND o.id = h.order_id
                     AND o.state = 'allocated' AND o.site_id = h.site_id) AS set_aside_here
""",
        ids=list(ids),
        now=tx.now,
    )


class Ready(Struct, frozen=True):
    account_id: AccountId
    order_id: OrderId


async def ready_without_code(tx: Tx, *, after: OrderId, limit: int) -> list[Ready]:
    """Paid orders whose goods are set aside in the very shop that hands them over. Index: orders_counter_idx."""
    return await tx.many(
        Ready,
        """
SELECT o.account_id, o.id AS order_id
  FROM delivery_service s
  JOIN orders o ON o.service_id = s.id AND o.kind = 'outbound' AND o.state = 'allocated'
 WHERE s.method = 'shop' AND s.site_id = o.site_id AND o.payment = ANY (%(paid)s::text[]) AND o.id > %(after)s
   AND NOT EXISTS (SELECT 1 FROM handover h
                    WHERE h.account_id = o.account_id AND h.order_id = o.id AND h.place = 'shop'
                      AND h.state IN ('unused', 'used'))
 ORDER BY o.id LIMIT %(limit)s
""",
        paid=sorted(PAID),
        after=after,
        limit=limit,
    )


async def online_shops(tx: Tx, *, domain: str, name: str) -> list[OnlineShop]:
    """All that go by this domain or this short name; an empty name is nobody's."""
    return await tx.many(
        OnlineShop,
        "SELECT id, account_id, name, domain, domains FROM online_shop"
        " WHERE domain = %(domain)s OR %(domain)s = ANY (domains) OR (lower(name) = %(name)s AND %(name)s <> '')",
        domain=domain,
        name=name,
    )
