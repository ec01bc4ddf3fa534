"""Statements that read across areas what a paper says. Nothing is written here."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId
from crossdock.core.orders.model import Measure
from crossdock.db.tx import Tx


class Place(Struct, frozen=True, kw_only=True):
    code: str
    name: str
    address: dict[str, Any]


class Head(Struct, frozen=True, kw_only=True):
    """An order, where it is packed, and where it goes."""

    id: OrderId
    number: str
    reference: str
    state: str
    recipient: dict[str, Any]
    tracking_number: str
    created_at: datetime
    measure: Measure | None
    zone: str
    service: str
    owner: str
    parcels: int
    tracking: list[str]
    """Of its parcels."""
    site: Place | None
    destination: Place | None
    """The shop or the station that it is fetched from."""


class Line(Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    lot: str
    quantity: int
    done: int


class Goods(Struct, frozen=True, kw_only=True):
    id: ProductId
    sku: str
    name: str
    codes: list[str]
    """Bar codes, in their order."""


_PLACE = "jsonb_build_object('code', {0}.code, 'name', {0}.name, 'address', {0}.address)"


async def head(tx: Tx, *, account_id: AccountId, order_id: int, site_id: SiteId | None) -> Head | None:
    """An outbound order; with `site_id`, of that place. Key: orders_pkey."""
    return await tx.one_or_none(
        Head,
        f"""
SELECT o.id, o.number, coalesce(o.reference, '') AS reference, o.state, o.recipient,
       coalesce(o.tracking_number, '') AS tracking_number, o.created_at, nullif(o.measure, '{{}}') AS measure,
       coalesce(s.zone, a.zone) AS zone, coalesce(d.name, '') AS service, coalesce(i.name, '') AS owner,
       coalesce(p.parcels, 0) AS parcels, coalesce(p.tracking, '{{}}') AS tracking,
       CASE WHEN s.id IS NOT NULL THEN {_PLACE.format("s")} END AS site,
       CASE WHEN t.id IS NOT NULL THEN {_PLACE.format("t")} END AS destination
  FROM orders o
  JOIN account a ON a.id = o.account_id
  LEFT JOIN site s ON s.account_id = o.account_id AND s.id = o.site_id
  LEFT JOIN delivery_service d ON d.id = o.service_id
  LEFT JOIN site t ON t.account_id = o.account_id AND t.id = d.site_id
  LEFT JOIN sub_inventory i ON i.account_id = o.account_id AND i.id = o.sub_inventory_id
  LEFT JOIN LATERAL (SELECT count(*) AS parcels, array_agg(tracking_number ORDER BY serial)
                              FILTER (WHERE tracking_number IS NOT NULL) AS tracking
                       FROM parcel_piece WHERE account_id = o.account_id AND order_id = o.id) p ON true
 WHERE o.account_id = %(account_id)s AND o.id = %(order_id)s AND o.kind = 'outbound'
   AND coalesce(o.site_id = %(site_id)s, %(site_id)s IS NULL)
""",
        account_id=account_id,
        order_id=order_id,
        site_id=site_id,
    )


async def lines(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[Line]:
    """As they were placed. Key: order_line_account_id_order_id_line_no_key."""
    return await tx.many(
        Line,
        """
SELECT l.sku, coalesce(p.name, l.sku) AS name, l.lot, l.quantity, l.done
  FROM order_line l
  LEFT JOIN product p ON p.account_id = l.account_id AND p.id = l.product_id
 WHERE l.account_id = %(account_id)s AND l.order_id = %(order_id)s
 ORDER BY l.line_no LIMIT %(limit)s
""",
        account_id=account_id,
        order_id=order_id,
        limit=limit,
    )


async def goods(tx: Tx, *, account_id: AccountId, ids: Sequence[int]) -> list[Goods]:
    """Key: product_pkey."""
    return await tx.many(
        Goods,
        """
SELECT p.id, p.sku, p.name,
       ARRAY (SELECT c.code FROM product_code c WHERE c.account_id = p.account_id AND c.product_id = p.id
               ORDER BY c.code LIMIT 100) AS codes
  FROM product p
 WHERE p.account_id = %(account_id)s AND p.id = ANY (%(ids)s::bigint[])
""",
        account_id=account_id,
        ids=list(ids),
    )


async def places(tx: Tx, *, account_id: AccountId, ids: Sequence[SiteId]) -> dict[SiteId, Place]:
    """Key: site_pkey."""
    rows = await tx.rows(
        "SELECT id, code, name, address FROM site WHERE account_id = %(account_id)s AND id = ANY (%(ids)s::bigint[])",
        account_id=account_id,
        ids=list(ids),
    )
    return {SiteId(id_): Place(code=code, name=name, address=address) for id_, code, name, address in rows}


class Walk(Struct, frozen=True, kw_only=True):
    """An open pick of a wave; without a location what is not put away."""

    walk_order: int
    location: str
    sku: str
    name: str
    lot: str
    expires_on: date | None
    quantity: int
    order: str
    tote: str


async def wave_site(
    tx: Tx, *, account_id: AccountId, wave_id: int, site_id: SiteId | None
) -> tuple[Place, str] | None:
    """Where a wave is picked, and the zone there; with `site_id`, only there. Key: wave_pkey."""
    rows = await tx.rows(
        "SELECT s.code, s.name, s.address, s.zone FROM wave w"
        " JOIN site s ON s.account_id = w.account_id AND s.id = w.site_id"
        " WHERE w.account_id = %(account_id)s AND w.id = %(wave_id)s AND coalesce(s.id = %(site_id)s, true)",
        account_id=account_id,
        wave_id=wave_id,
        site_id=site_id,
    )
    return (Place(code=rows[0][0], name=rows[0][1], address=rows[0][2]), str(rows[0][3])) if rows else None


async def walks(tx: Tx, *, account_id: AccountId, wave_id: int, limit: int) -> list[Walk]:
    """As they are walked; what is not put away comes last. Index: pick_task_account_id_wave_id_idx."""
    return await tx.many(
        Walk,
        """
SELECT coalesce(l.walk_order, 2147483647) AS walk_order, coalesce(l.code, '') AS location, p.sku, p.name, s.lot,
       s.expires_on, t.quantity - t.picked AS quantity, t.order_id::text AS order, coalesce(u.code, '') AS tote
  FROM pick_task t
  JOIN stock s ON s.account_id = t.account_id AND s.id = t.stock_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  LEFT JOIN location l ON l.account_id = t.account_id AND l.id = t.location_id
  LEFT JOIN LATERAL (SELECT tote.code FROM tote_use one
                       JOIN location tote ON tote.account_id = one.account_id AND tote.id = one.tote_id
                      WHERE one.account_id = t.account_id AND one.wave_id = t.wave_id AND one.order_id = t.order_id
                        AND one.freed_at IS NULL ORDER BY one.id DESC LIMIT 1) u ON true
 WHERE t.account_id = %(account_id)s AND t.wave_id = %(wave_id)s AND t.state = 'open' AND t.quantity > t.picked
 ORDER BY walk_order, location, p.sku, t.id LIMIT %(limit)s
""",
        account_id=account_id,
        wave_id=wave_id,
        limit=limit,
    )


class ManifestHead(Struct, frozen=True, kw_only=True):
    """Where a manifest begins and ends."""

    carrier: str
    taker: str
    """The driver and the vehicle, where they are known."""
    site: Place
    zone: str


class Loaded(Struct, frozen=True, kw_only=True):
    """An order on a manifest, or that left with it."""

    order: str
    number: str
    tracking: str
    recipient: str
    parcels: int
    weight_g: int
    """0: not known."""


async def manifest_head(
    tx: Tx, *, account_id: AccountId, manifest_id: int, site_id: SiteId | None
) -> ManifestHead | None:
    """With `site_id`, of that place. Key: manifest_pkey."""
    return await tx.one_or_none(
        ManifestHead,
        f"""
SELECT coalesce(d.name, t.name || ' ' || t.code, '') AS carrier, trim(m.driver || ' ' || m.vehicle) AS taker,
       {_PLACE.format("s")} AS site, s.zone
  FROM manifest m
  JOIN site s ON s.account_id = m.account_id AND s.id = m.site_id
  LEFT JOIN delivery_service d ON d.account_id = m.account_id AND d.id = m.service_id
  LEFT JOIN site t ON t.account_id = m.account_id AND t.id = m.to_site_id
 WHERE m.account_id = %(account_id)s AND m.id = %(manifest_id)s AND coalesce(s.id = %(site_id)s, true)
""",
        account_id=account_id,
        manifest_id=manifest_id,
        site_id=site_id,
    )


async def loaded(tx: Tx, *, account_id: AccountId, manifest_id: int, limit: int) -> list[Loaded]:
    """As they were scanned. Index: manifest_parcel_listed_idx."""
    return await tx.many(
        Loaded,
        """
SELECT o.id::text AS order, o.number, coalesce(o.tracking_number, '') AS tracking,
       coalesce(nullif(o.recipient ->> 'contact', ''), o.recipient ->> 'business_name', '') AS recipient,
       greatest(x.parcels, 1) AS parcels,
       coalesce(round(nullif((o.measure ->> 'weight_g')::numeric, 0)), x.weight_g, 0)::bigint AS weight_g
  FROM manifest_parcel p
  JOIN orders o ON o.account_id = p.account_id AND o.id = p.order_id
 CROSS JOIN LATERAL (SELECT count(*) AS parcels, round(sum(weight_g)) AS weight_g FROM parcel_piece
                      WHERE account_id = o.account_id AND order_id = o.id) x
 WHERE p.account_id = %(account_id)s AND p.manifest_id = %(manifest_id)s AND p.state IN ('on', 'shipped')
 ORDER BY p.id LIMIT %(limit)s
""",
        account_id=account_id,
        manifest_id=manifest_id,
        limit=limit,
    )
