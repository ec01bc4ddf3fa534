"""Statements on what lies at one shop's counter."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, HandoverId, SiteId
from crossdock.db.compose import SQL, Composable
from crossdock.db.tx import Tx


class Span(Struct, frozen=True, kw_only=True):
    day_from: datetime
    soon: datetime


class Place(Struct, frozen=True):
    """Where in a list a row stands: its moment there, and its id."""

    at: datetime
    id: int


class Counted(Struct, frozen=True, kw_only=True):
    waiting: int
    aside: int
    handed: int
    expiring: int


class Listed(Struct, frozen=True, kw_only=True):
    id: HandoverId
    order_number: str
    key: str
    state: str
    full_name: str
    mobile: str
    prepared_at: datetime | None
    used_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    pieces: int | None
    """None for a parcel without an order."""
    payment: str | None
    used_by: str | None
    listed_at: datetime
    """The moment the list is sorted by."""

    @property
    def place(self) -> Place:
        return Place(self.listed_at, self.id)


class _Sort(Struct, frozen=True):
    where: str
    at: str
    way: str


_LIVE: Final = "h.state = 'unused' AND (h.expires_at IS NULL OR h.expires_at > %(now)s)"
_SORTS: Final = {
    "waiting": _Sort(f"{_LIVE} AND h.prepared_at IS NULL", "created_at", "DESC"),
    "aside": _Sort(f"{_LIVE} AND h.prepared_at IS NOT NULL", "created_at", "DESC"),
    "handed": _Sort("h.state = 'used' AND h.used_at >= %(day_from)s", "used_at", "DESC"),
    "expiring": _Sort(
        "h.state = 'unused' AND h.expires_at > %(now)s AND h.expires_at <= %(soon)s", "expires_at", "ASC"
    ),
}
"""Index: handover_counter_idx for the first two, handover_counter_used_idx, handover_expiry_idx."""

_COUNTS = f"""
SELECT count(*) FILTER (WHERE h.state = 'unused' AND h.prepared_at IS NULL) AS waiting,
       count(*) FILTER (WHERE h.state = 'unused' AND h.prepared_at IS NOT NULL) AS aside,
       count(*) FILTER (WHERE h.state = 'used') AS handed,
       count(*) FILTER (WHERE h.state = 'unused' AND h.expires_at <= %(soon)s) AS expiring
  FROM handover h
 WHERE h.place = 'shop' AND h.account_id = %(account_id)s AND h.site_id = %(site_id)s
   AND (({_LIVE}) OR (h.state = 'used' AND h.used_at >= %(day_from)s))
"""


async def counts(tx: Tx, *, account_id: AccountId, site_id: SiteId, span: Span) -> Counted:
    """Index: handover_live_key and handover_counter_used_idx."""
    return await tx.one(
        Counted,
        _COUNTS,
        account_id=account_id,
        site_id=site_id,
        now=tx.now,
        day_from=span.day_from,
        soon=span.soon,
    )


_ROWS = """
SELECT h.id, h.order_number, h.key, h.state, h.full_name, h.mobile, h.prepared_at, h.used_at, h.expires_at,
       h.created_at, o.pieces, o.payment, s.username AS used_by, h.{at} AS listed_at
  FROM handover h
  LEFT JOIN orders o ON o.account_id = h.account_id AND o.id = h.order_id
  LEFT JOIN staff s ON s.id = h.used_by
 WHERE h.place = 'shop' AND h.account_id = %(account_id)s AND h.site_id = %(site_id)s
   AND {where} {after}
 ORDER BY h.{at} {way}, h.id {way} LIMIT %(limit)s
"""


async def listed(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, which: str, span: Span, after: Place | None, limit: int
) -> list[Listed]:
    params = {"account_id": account_id, "site_id": site_id, "day_from": span.day_from, "soon": span.soon}
    return await _rows(tx, _SORTS[which], after=after, limit=limit, params=params)


_SEARCH: Final = _Sort(
    "h.created_at >= %(since)s AND (h.order_number ILIKE %(part)s OR h.full_name ILIKE %(part)s"
    " OR (%(mobile_end)s <> '' AND h.mobile LIKE %(end)s))",
    "created_at",
    "DESC",
)


async def searched(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    text: str,
    mobile_end: str,
    since: datetime,
    after: Place | None,
    limit: int,
) -> list[Listed]:
    """Index: handover_counter_idx."""
    params = {
        "account_id": account_id,
        "site_id": site_id,
        "since": since,
        "part": f"%{_literally(text)}%",
        "mobile_end": mobile_end,
        "end": f"%{mobile_end}",
    }
    return await _rows(tx, _SEARCH, after=after, limit=limit, params=params)


async def of_number(tx: Tx, *, account_id: AccountId, site_id: SiteId, number: str) -> int | None:
    """Index: orders_account_id_kind_number_key, then handover_account_id_order_id_idx."""
    return await tx.value(  # type: ignore[no-any-return]
        "SELECT h.id FROM orders o JOIN handover h ON h.account_id = o.account_id AND h.order_id = o.id"
        " WHERE o.account_id = %(account_id)s AND o.kind = 'outbound' AND o.number = %(number)s"
        "   AND h.place = 'shop' AND h.site_id = %(site_id)s"
        " ORDER BY coalesce(array_position('{unused,used}', h.state), 9), h.id DESC LIMIT 1",
        account_id=account_id,
        site_id=site_id,
        number=number,
    )


async def _rows(tx: Tx, sort: _Sort, *, after: Place | None, limit: int, params: dict[str, Any]) -> list[Listed]:
    beyond: Composable = SQL("")
    if after is not None:
        sign = "<" if sort.way == "DESC" else ">"
        beyond = SQL(f"AND (h.{sort.at}, h.id) {sign} (%(after_at)s, %(after_id)s)")
        params = params | {"after_at": after.at, "after_id": after.id}
    statement = SQL(_ROWS).format(at=SQL(sort.at), where=SQL(sort.where), after=beyond, way=SQL(sort.way))
    return await tx.many(Listed, statement, **params, now=tx.now, limit=limit)


def _literally(text: str) -> str:
    """Percent signs and underscores that somebody typed mean themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
