"""Statements on waybills, on where they were seen, and on who signed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.transport.model import NewNode, NewParcel, NewPicture, Picture, RouteNode, SignType, Waybill
from crossdock.db.tx import Tx, columns

_WAYBILL: Final = columns(Waybill)
_NODE: Final = """
n.id, n.waybill_id, w.mailno, n.code, n.happened_at, n.vin, n.operator, n.place, n.memo, n.planned_at, n.longitude,
n.latitude, n.actor, n.noted_at
"""


async def put(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    leg_id: OrderId | None,
    parcels: Sequence[NewParcel],
    batch: int | None,
    vehicle: str = "",
    planned_at: datetime | None = None,
) -> list[Waybill]:
    """Written, or brought up to date where the order has the number already. Key: account, mailno, order."""
    return await tx.many(
        Waybill,
        f"""
INSERT INTO waybill (account_id, order_id, leg_id, mailno, batch, box_no, carrier, vehicle, planned_at, weight_g,
                     length_mm, width_mm, height_mm, volume_cm3, created_at)
SELECT %(account_id)s, %(order_id)s, %(leg_id)s, g.*, %(now)s
  FROM (SELECT mailno, %(batch)s::int, box_no, carrier, %(vehicle)s, %(planned_at)s::timestamptz, weight_g,
               length_mm, width_mm, height_mm, volume_cm3
          FROM unnest(%(mailnos)s::text[], %(boxes)s::text[], %(carriers)s::text[], %(weights)s::numeric[],
                      %(lengths)s::numeric[], %(widths)s::numeric[], %(heights)s::numeric[], %(volumes)s::numeric[])
               AS p (mailno, box_no, carrier, weight_g, length_mm, width_mm, height_mm, volume_cm3)) g
ON CONFLICT ON CONSTRAINT waybill_account_id_mailno_order_id_key DO UPDATE
   SET leg_id = coalesce(excluded.leg_id, waybill.leg_id), batch = coalesce(waybill.batch, excluded.batch),
       carrier = coalesce(nullif(excluded.carrier, ''), waybill.carrier),
       vehicle = coalesce(nullif(excluded.vehicle, ''), waybill.vehicle),
       planned_at = coalesce(excluded.planned_at, waybill.planned_at)
RETURNING {columns(Waybill, of="waybill")}
""",
        account_id=account_id,
        order_id=order_id,
        leg_id=leg_id,
        batch=batch,
        vehicle=vehicle,
        planned_at=planned_at,
        mailnos=[parcel.mailno for parcel in parcels],
        boxes=[parcel.box_no for parcel in parcels],
        carriers=[parcel.carrier for parcel in parcels],
        weights=[parcel.weight_g for parcel in parcels],
        lengths=[parcel.length_mm for parcel in parcels],
        widths=[parcel.width_mm for parcel in parcels],
        heights=[parcel.height_mm for parcel in parcels],
        volumes=[parcel.volume_cm3 for parcel in parcels],
        now=tx.now,
    )


async def put_lines(tx: Tx, *, account_id: AccountId, lines: Mapping[tuple[int, int], int]) -> None:
    """Waybill and order line -> pieces in that parcel."""
    await tx.execute(
        """
INSERT INTO waybill_line (account_id, waybill_id, order_line_id, pieces)
SELECT %(account_id)s, * FROM unnest(%(waybills)s::bigint[], %(lines)s::bigint[], %(pieces)s::bigint[])
ON CONFLICT ON CONSTRAINT waybill_line_pkey DO UPDATE SET pieces = excluded.pieces
""",
        account_id=account_id,
        waybills=[waybill for waybill, _ in lines],
        lines=[line for _, line in lines],
        pieces=list(lines.values()),
    )


async def newest(tx: Tx, *, account_ids: Collection[AccountId], mailnos: Collection[str]) -> list[Waybill]:
    """Of each number the one given out last, for a carrier gives out its numbers again after a while.

    Index: waybill_account_id_mailno_order_id_key.
    """
    return await tx.many(
        Waybill,
        f"""
SELECT DISTINCT ON (mailno) {_WAYBILL} FROM waybill
 WHERE account_id = ANY (%(accounts)s::bigint[]) AND mailno = ANY (%(mailnos)s::text[])
 ORDER BY mailno, id DESC
""",
        accounts=list(account_ids),
        mailnos=list(mailnos),
    )


async def of_orders(tx: Tx, *, account_id: AccountId, order_ids: Collection[OrderId]) -> list[Waybill]:
    """Index: waybill_account_id_order_id_idx."""
    return await tx.many(
        Waybill,
        f"SELECT {_WAYBILL} FROM waybill WHERE account_id = %(account_id)s AND order_id = ANY (%(orders)s::bigint[])"
        " ORDER BY id",
        account_id=account_id,
        orders=list(order_ids),
    )


async def of_leg(tx: Tx, *, account_id: AccountId, leg_id: OrderId) -> list[Waybill]:
    """Those of a transport order, and of the outbound order of its number, whose leg it is.

    Indexes: orders_account_id_kind_number_key, waybill_account_id_order_id_idx.
    """
    return await tx.many(
        Waybill,
        f"""
SELECT {columns(Waybill, of="w")}
  FROM orders leg
  JOIN orders o ON o.account_id = leg.account_id AND o.kind IN ('transport', 'outbound') AND o.number = leg.number
  JOIN waybill w ON w.account_id = o.account_id AND w.order_id = o.id
 WHERE leg.account_id = %(account_id)s AND leg.id = %(leg)s
 ORDER BY w.id
""",
        account_id=account_id,
        leg=leg_id,
    )


async def legs(
    tx: Tx, *, account_ids: Collection[AccountId], order_ids: Collection[OrderId]
) -> dict[OrderId, OrderId]:
    """Outbound order -> the transport order of its number; a transport order is its own.

    Index: orders_account_id_kind_number_key.
    """
    rows = await tx.rows(
        """
SELECT o.id, leg.id
  FROM orders o
  JOIN orders leg ON leg.account_id = o.account_id AND leg.kind = 'transport' AND leg.number = o.number
 WHERE o.account_id = ANY (%(accounts)s::bigint[]) AND o.id = ANY (%(orders)s::bigint[])
   AND o.kind IN ('transport', 'outbound') AND leg.state <> 'cancelled'
""",
        accounts=list(account_ids),
        orders=list(order_ids),
    )
    return {OrderId(row[0]): OrderId(row[1]) for row in rows}


class Packed(Struct, frozen=True):
    waybill_id: int
    order_line_id: int
    pieces: int


async def packed(tx: Tx, *, account_id: AccountId, waybill_ids: Collection[int]) -> list[Packed]:
    """What lies in which parcel. Index: waybill_line_pkey."""
    return await tx.many(
        Packed,
        "SELECT waybill_id, order_line_id, pieces FROM waybill_line"
        " WHERE account_id = %(account_id)s AND waybill_id = ANY (%(ids)s::bigint[]) ORDER BY 1, 2",
        account_id=account_id,
        ids=list(waybill_ids),
    )


async def put_nodes(
    tx: Tx, *, account_id: AccountId, nodes: Sequence[tuple[int, NewNode]], actor: str
) -> list[RouteNode]:
    """Waybill and node; those that were not known, in the order of their own time. Key: route_node_once_key."""
    return await tx.many(
        RouteNode,
        f"""
WITH n AS (
    INSERT INTO route_node (account_id, waybill_id, code, happened_at, vin, operator, place, memo, planned_at,
                            longitude, latitude, actor, noted_at)
    SELECT %(account_id)s, g.*, %(actor)s, %(now)s
      FROM unnest(%(waybills)s::bigint[], %(codes)s::text[], %(happened)s::timestamptz[], %(vins)s::text[],
                  %(operators)s::text[], %(places)s::text[], %(memos)s::text[], %(planned)s::timestamptz[],
                  %(longitudes)s::text[], %(latitudes)s::text[]) AS g
    ON CONFLICT ON CONSTRAINT route_node_once_key DO NOTHING
    RETURNING *
)
SELECT {_NODE} FROM n JOIN waybill w ON w.account_id = n.account_id AND w.id = n.waybill_id
 ORDER BY n.happened_at, n.id
""",
        account_id=account_id,
        actor=actor,
        waybills=[waybill_id for waybill_id, _ in nodes],
        codes=[node.code for _, node in nodes],
        happened=[node.happened_at for _, node in nodes],
        vins=[node.vin for _, node in nodes],
        operators=[node.operator for _, node in nodes],
        places=[node.place for _, node in nodes],
        memos=[node.memo for _, node in nodes],
        planned=[node.planned_at for _, node in nodes],
        longitudes=[node.longitude for _, node in nodes],
        latitudes=[node.latitude for _, node in nodes],
        now=tx.now,
    )


async def nodes(tx: Tx, *, account_id: AccountId, waybill_ids: Collection[int]) -> list[RouteNode]:
    """In the order of their own time. Index: route_node_once_key."""
    return await tx.many(
        RouteNode,
        f"""
SELECT {_NODE} FROM route_node n JOIN waybill w ON w.account_id = n.account_id AND w.id = n.waybill_id
 WHERE n.account_id = %(account_id)s AND n.waybill_id = ANY (%(ids)s::bigint[])
 ORDER BY n.happened_at, n.id
""",
        account_id=account_id,
        ids=list(waybill_ids),
    )


async def put_pictures(
    tx: Tx, *, account_id: AccountId, waybill_id: int, pictures: Sequence[NewPicture]
) -> list[Picture]:
    """Those that the parcel had not yet. Key: proof_picture_account_id_waybill_id_digest_key."""
    return await tx.many(
        Picture,
        f"""
INSERT INTO proof_picture (account_id, waybill_id, digest, object_key, url, name, content_type, size_bytes, remark,
                           signed_at, created_at)
SELECT %(account_id)s, %(waybill_id)s, g.*, %(now)s
  FROM unnest(%(digests)s::bytea[], %(keys)s::text[], %(urls)s::text[], %(names)s::text[], %(types)s::text[],
              %(sizes)s::int[], %(remarks)s::text[], %(signed)s::timestamptz[]) AS g
ON CONFLICT ON CONSTRAINT proof_picture_account_id_waybill_id_digest_key DO NOTHING
RETURNING {columns(Picture)}
""",
        account_id=account_id,
        waybill_id=waybill_id,
        digests=[picture.digest for picture in pictures],
        keys=[picture.object_key for picture in pictures],
        urls=[picture.url for picture in pictures],
        names=[picture.name for picture in pictures],
        types=[picture.content_type for picture in pictures],
        sizes=[picture.size_bytes for picture in pictures],
        remarks=[picture.remark for picture in pictures],
        signed=[picture.signed_at for picture in pictures],
        now=tx.now,
    )


async def sign(
    tx: Tx, *, account_id: AccountId, waybill_id: int, sign_type: SignType, signer: str, signed_at: datetime
) -> Waybill | None:
    """None when it was signed for before."""
    return await tx.one_or_none(
        Waybill,
        f"""
UPDATE waybill SET sign_type = %(sign_type)s, signer = %(signer)s, signed_at = %(signed_at)s
 WHERE account_id = %(account_id)s AND id = %(id)s AND signed_at IS NULL
RETURNING {_WAYBILL}
""",
        account_id=account_id,
        id=waybill_id,
        sign_type=sign_type,
        signer=signer,
        signed_at=signed_at,
    )
