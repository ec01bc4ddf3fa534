"""Statements on manifests and on what is on them."""

from typing import Final

from crossdock.base.ids import AccountId, OrderId, SiteId, StaffId
from crossdock.core.manifests.model import (
    Destination,
    Listed,
    ListedParcel,
    Manifest,
    Parcel,
    ParcelState,
    Waiting,
)
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx, columns

_MANIFEST: Final = columns(Manifest)
_PARCEL: Final = columns(Parcel)
_NAMED: Final = """
       coalesce(d.name, s.name || ' ' || s.code, '') AS destination,
       coalesce(d.method, CASE s.kind WHEN 'station' THEN 'locker' ELSE s.kind END, '') AS method
"""
_NAMES: Final = """
  LEFT JOIN delivery_service d ON d.account_id = m.account_id AND d.id = m.service_id
  LEFT JOIN site s ON s.account_id = m.account_id AND s.id = m.to_site_id
"""
_SAME: Final = """
       account_id = %(account_id)s AND site_id = %(site_id)s AND service_id IS NOT DISTINCT FROM %(service_id)s
   AND to_site_id IS NOT DISTINCT FROM %(to_site_id)s AND state = 'open'
"""
_WHY: Final = """
       CASE WHEN p.state <> 'on' THEN NULL
            WHEN o.state NOT IN ('packed', 'labelled') THEN 'state'
            WHEN EXISTS (SELECT 1 FROM cancel_request c WHERE c.account_id = o.account_id AND c.number = o.number
                                                          AND c.state = 'asked') THEN 'asked'
            WHEN pieces.numbers > 1 AND cardinality(p.scanned) < pieces.numbers THEN 'parts' END
"""
_PIECES: Final = """
 CROSS JOIN LATERAL (SELECT count(DISTINCT x.tracking_number) AS numbers FROM parcel_piece x
                      WHERE x.account_id = o.account_id AND x.order_id = o.id AND x.tracking_number <> '') pieces
"""


class OnIt(Parcel, frozen=True, kw_only=True):
    """What is on a manifest, whichever it is, with the state of that."""

    manifest_state: str


async def open_one(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, to: Destination, staff_id: StaffId | None
) -> None:
    """Where there is none. Index: manifest_open_key."""
    await tx.execute(
        """
INSERT INTO manifest (account_id, site_id, service_id, to_site_id, opened_by, opened_at)
VALUES (%(account_id)s, %(site_id)s, %(service_id)s, %(to_site_id)s, %(staff_id)s, %(now)s)
ON CONFLICT (account_id, site_id, service_id, to_site_id) WHERE state = 'open' DO NOTHING
""",
        account_id=account_id,
        site_id=site_id,
        service_id=to.service_id,
        to_site_id=to.to_site_id,
        staff_id=staff_id,
        now=tx.now,
    )


async def count_in(tx: Tx, *, account_id: AccountId, site_id: SiteId, to: Destination, most: int) -> Manifest | None:
    """One more on the open one; None where there is none, or it is full. It is held. Index: manifest_open_key."""
    return await tx.one_or_none(
        Manifest,
        f"UPDATE manifest SET parcels = parcels + 1 WHERE {_SAME} AND parcels < %(most)s RETURNING {_MANIFEST}",
        account_id=account_id,
        site_id=site_id,
        service_id=to.service_id,
        to_site_id=to.to_site_id,
        most=most,
    )


async def open_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, to: Destination) -> Manifest | None:
    """Index: manifest_open_key."""
    return await tx.one_or_none(
        Manifest,
        f"SELECT {_MANIFEST} FROM manifest WHERE {_SAME}",
        account_id=account_id,
        site_id=site_id,
        service_id=to.service_id,
        to_site_id=to.to_site_id,
    )


async def count_out(tx: Tx, *, account_id: AccountId, manifest_id: int) -> bool:
    """One fewer, on an open one only. Key: manifest_pkey."""
    return bool(
        await tx.execute(
            "UPDATE manifest SET parcels = parcels - 1"
            " WHERE account_id = %(account_id)s AND id = %(manifest_id)s AND state = 'open'",
            account_id=account_id,
            manifest_id=manifest_id,
        )
    )


async def put(
    tx: Tx,
    *,
    account_id: AccountId,
    manifest_id: int,
    order_id: OrderId,
    scanned: list[str],
    staff_id: StaffId | None,
) -> Parcel | None:
    """None where it is on one. Index: manifest_parcel_live_key."""
    return await tx.one_or_none(
        Parcel,
        f"""
INSERT INTO manifest_parcel (account_id, manifest_id, order_id, scanned, staff_id, scanned_at)
VALUES (%(account_id)s, %(manifest_id)s, %(order_id)s, %(scanned)s, %(staff_id)s, %(now)s)
ON CONFLICT (account_id, order_id) WHERE state = 'on' DO NOTHING
RETURNING {_PARCEL}
""",
        account_id=account_id,
        manifest_id=manifest_id,
        order_id=order_id,
        scanned=scanned,
        staff_id=staff_id,
        now=tx.now,
    )


async def on_any(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> OnIt | None:
    """Of a held order. Index: manifest_parcel_live_key."""
    return await tx.one_or_none(
        OnIt,
        f"""
SELECT {columns(Parcel, of="p")}, m.state AS manifest_state
  FROM manifest_parcel p JOIN manifest m ON m.account_id = p.account_id AND m.id = p.manifest_id
 WHERE p.account_id = %(account_id)s AND p.order_id = %(order_id)s AND p.state = 'on'
""",
        account_id=account_id,
        order_id=order_id,
    )


async def add_scanned(tx: Tx, *, account_id: AccountId, parcel_id: int, code: str) -> Parcel:
    """One more parcel of a held order. Key: manifest_parcel_pkey."""
    return await tx.one(
        Parcel,
        "UPDATE manifest_parcel SET scanned = array_append(scanned, %(code)s)"
        f" WHERE account_id = %(account_id)s AND id = %(parcel_id)s RETURNING {_PARCEL}",
        account_id=account_id,
        parcel_id=parcel_id,
        code=code,
    )


async def end(
    tx: Tx,
    *,
    account_id: AccountId,
    manifest_id: int,
    order_id: OrderId,
    state: ParcelState,
    reason: str = "",
) -> bool:
    """Whether it was on it until now. Index: manifest_parcel_live_key."""
    return bool(
        await tx.execute(
            "UPDATE manifest_parcel SET state = %(state)s, reason = %(reason)s, ended_at = %(now)s"
            " WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND manifest_id = %(manifest_id)s"
            " AND state = 'on'",
            account_id=account_id,
            manifest_id=manifest_id,
            order_id=order_id,
            state=state,
            reason=reason,
            now=tx.now,
        )
    )


async def begin_closing(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    manifest_id: int,
    staff_id: StaffId | None,
    driver: str,
    vehicle: str,
) -> Manifest | None:
    """Of an open one with something on it. Key: manifest_pkey."""
    return await tx.one_or_none(
        Manifest,
        "UPDATE manifest SET state = 'closing', closed_by = %(staff_id)s, driver = %(driver)s, vehicle = %(vehicle)s"
        " WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND id = %(manifest_id)s AND state = 'open'"
        f" AND parcels > 0 RETURNING {_MANIFEST}",
        account_id=account_id,
        site_id=site_id,
        manifest_id=manifest_id,
        staff_id=staff_id,
        driver=driver,
        vehicle=vehicle,
    )


async def stuck(tx: Tx, *, account_id: AccountId, manifest_id: int, limit: int) -> list[str]:
    """Numbers of what is on it and cannot go. Index: manifest_parcel_listed_idx."""
    rows = await tx.rows(
        f"""
SELECT number FROM (
    SELECT p.id, o.number, {_WHY} AS why
      FROM manifest_parcel p JOIN orders o ON o.account_id = p.account_id AND o.id = p.order_id {_PIECES}
     WHERE p.account_id = %(account_id)s AND p.manifest_id = %(manifest_id)s AND p.state = 'on') looked
 WHERE why IS NOT NULL ORDER BY id LIMIT %(limit)s
""",
        account_id=account_id,
        manifest_id=manifest_id,
        limit=limit,
    )
    return [str(row[0]) for row in rows]


async def next_on(tx: Tx, *, account_id: AccountId, manifest_id: int, after: OrderId) -> OrderId | None:
    """The next order that is still on it, by id. Index: manifest_parcel_listed_idx."""
    found = await tx.value(
        "SELECT min(order_id) FROM manifest_parcel WHERE account_id = %(account_id)s"
        " AND manifest_id = %(manifest_id)s AND state = 'on' AND order_id > %(after)s",
        account_id=account_id,
        manifest_id=manifest_id,
        after=after,
    )
    return None if found is None else OrderId(found)


async def finish_closing(tx: Tx, *, account_id: AccountId, manifest_id: int) -> Manifest | None:
    """Of one that nothing is on any more. Key: manifest_pkey."""
    return await tx.one_or_none(
        Manifest,
        f"""
UPDATE manifest SET state = 'closed', closed_at = %(now)s, parcels = (
       SELECT count(*) FROM manifest_parcel p
        WHERE p.account_id = manifest.account_id AND p.manifest_id = manifest.id AND p.state = 'shipped')
 WHERE account_id = %(account_id)s AND id = %(manifest_id)s AND state = 'closing'
   AND NOT EXISTS (SELECT 1 FROM manifest_parcel p WHERE p.account_id = manifest.account_id
                      AND p.manifest_id = manifest.id AND p.state = 'on')
RETURNING {_MANIFEST}
""",
        account_id=account_id,
        manifest_id=manifest_id,
        now=tx.now,
    )


async def left_behind(tx: Tx, *, account_id: AccountId, manifest_id: int) -> list[str]:
    """Index: manifest_parcel_listed_idx."""
    rows = await tx.rows(
        "SELECT o.number FROM manifest_parcel p JOIN orders o ON o.account_id = p.account_id AND o.id = p.order_id"
        " WHERE p.account_id = %(account_id)s AND p.manifest_id = %(manifest_id)s AND p.state = 'left' ORDER BY p.id",
        account_id=account_id,
        manifest_id=manifest_id,
    )
    return [str(row[0]) for row in rows]


# Looking ----------------------------------------------------------------------------


async def one(tx: Tx, *, account_id: AccountId, site_id: SiteId, manifest_id: int) -> Listed | None:
    """Key: manifest_pkey."""
    return await tx.one_or_none(
        Listed,
        f"SELECT {columns(Manifest, of='m')}, {_NAMED} FROM manifest m {_NAMES}"
        " WHERE m.account_id = %(account_id)s AND m.site_id = %(site_id)s AND m.id = %(manifest_id)s",
        account_id=account_id,
        site_id=site_id,
        manifest_id=manifest_id,
    )


async def listed(tx: Tx, *, account_id: AccountId, site_id: SiteId, before: int | None, limit: int) -> list[Listed]:
    """Those that are not open, newest first. Index: manifest_listed_idx."""
    return await tx.many(
        Listed,
        SQL(
            f"SELECT {columns(Manifest, of='m')}, {_NAMED} FROM manifest m {_NAMES}"
            " WHERE m.account_id = %(account_id)s AND m.site_id = %(site_id)s AND m.state <> 'open' {}"
            " ORDER BY m.id DESC LIMIT %(limit)s"
        ).format(SQL("" if before is None else "AND m.id < %(before)s")),
        account_id=account_id,
        site_id=site_id,
        limit=limit,
        **({} if before is None else {"before": before}),
    )


async def waiting(tx: Tx, *, account_id: AccountId, site_id: SiteId, after: str, limit: int) -> list[Waiting]:
    """By key. Indexes: orders_packed_idx, manifest_open_key, manifest_parcel_live_key."""
    return await tx.many(
        Waiting,
        f"""
WITH ready AS MATERIALIZED (
    SELECT o.service_id, count(*) AS orders
      FROM orders o
      LEFT JOIN manifest_parcel p ON p.account_id = o.account_id AND p.order_id = o.id AND p.state = 'on'
     WHERE o.account_id = %(account_id)s AND o.site_id = %(site_id)s AND o.kind = 'outbound'
       AND o.state IN ('packed', 'labelled') AND p.id IS NULL
     GROUP BY o.service_id
), gathered AS (
    SELECT CASE WHEN d.method IN ('locker', 'shop') AND d.site_id IS NOT NULL THEN NULL ELSE r.service_id END
               AS service_id,
           CASE WHEN d.method IN ('locker', 'shop') THEN d.site_id END AS to_site_id,
           r.orders, NULL::bigint AS manifest_id, 0 AS parcels
      FROM ready r LEFT JOIN delivery_service d ON d.account_id = %(account_id)s AND d.id = r.service_id
     UNION ALL
    SELECT service_id, to_site_id, 0, id, parcels FROM manifest
     WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND state = 'open'
), m AS (
    SELECT %(account_id)s::bigint AS account_id, service_id, to_site_id, sum(orders)::bigint AS waiting,
           max(manifest_id) AS manifest_id, max(parcels) AS parcels,
           CASE WHEN to_site_id IS NOT NULL THEN 'b' || lpad(to_site_id::text, 19, '0')
                WHEN service_id IS NOT NULL THEN 'c' || lpad(service_id::text, 19, '0') ELSE 'd' END AS key
      FROM gathered GROUP BY service_id, to_site_id HAVING sum(orders) > 0 OR max(parcels) > 0
)
SELECT m.key, {_NAMED}, m.waiting, m.manifest_id, m.parcels
  FROM m {_NAMES}
 WHERE m.key > %(after)s ORDER BY m.key LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        after=after,
        limit=limit,
    )


async def parcels(
    tx: Tx, *, account_id: AccountId, manifest_id: int, before: int | None, limit: int
) -> list[ListedParcel]:
    """Without those that were taken off, newest first. Index: manifest_parcel_listed_idx."""
    return await tx.many(
        ListedParcel,
        SQL(
            f"""
SELECT {columns(Parcel, of="p")}, o.number, coalesce(o.tracking_number, '') AS tracking_number,
       coalesce(nullif(o.recipient ->> 'contact', ''), o.recipient ->> 'business_name', '') AS recipient,
       coalesce(by.username, '') AS by, pieces.numbers, {_WHY} AS why
  FROM (SELECT * FROM manifest_parcel m
         WHERE m.account_id = %(account_id)s AND m.manifest_id = %(manifest_id)s AND m.state <> 'off' {{}}
         ORDER BY m.id DESC LIMIT %(limit)s) p
  JOIN orders o ON o.account_id = p.account_id AND o.id = p.order_id {_PIECES}
  LEFT JOIN staff by ON by.id = p.staff_id
 ORDER BY p.id DESC
"""
        ).format(SQL("" if before is None else "AND m.id < %(before)s")),
        account_id=account_id,
        manifest_id=manifest_id,
        limit=limit,
        **({} if before is None else {"before": before}),
    )


async def ready(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """Index: orders_packed_idx."""
    found = await tx.value(
        "SELECT count(*) FROM orders WHERE account_id = %(account_id)s AND site_id = %(site_id)s"
        " AND kind = 'outbound' AND state IN ('packed', 'labelled')",
        account_id=account_id,
        site_id=site_id,
    )
    return int(found)
