"""Statements on the parcels an order is split into."""

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.orders.model import NewPiece, Piece
from crossdock.db.tx import Tx, columns

PIECE = columns(Piece)


async def insert(tx: Tx, *, account_id: AccountId, order_id: OrderId, piece: NewPiece) -> Piece:
    return await tx.one(
        Piece,
        f"""
INSERT INTO parcel_piece (account_id, order_id, serial, reference, tracking_number, description, weight_g, length_mm,
                          width_mm, height_mm, created_at)
VALUES (%(account_id)s, %(order_id)s, %(serial)s, %(reference)s, %(tracking_number)s, %(description)s, %(weight_g)s,
        %(length_mm)s, %(width_mm)s, %(height_mm)s, %(now)s)
RETURNING {PIECE}
""",
        account_id=account_id,
        order_id=order_id,
        now=tx.now,
        **structs.asdict(piece),
    )


async def update(tx: Tx, *, account_id: AccountId, piece_id: int, piece: NewPiece) -> Piece:
    return await tx.one(
        Piece,
        f"""
UPDATE parcel_piece
   SET serial = %(serial)s, reference = %(reference)s, tracking_number = %(tracking_number)s,
       description = %(description)s, weight_g = %(weight_g)s, length_mm = %(length_mm)s, width_mm = %(width_mm)s,
       height_mm = %(height_mm)s
 WHERE account_id = %(account_id)s AND id = %(piece_id)s
RETURNING {PIECE}
""",
        account_id=account_id,
        piece_id=piece_id,
        **structs.asdict(piece),
    )


async def find(tx: Tx, *, account_id: AccountId, piece_id: int) -> Piece | None:
    return await tx.one_or_none(
        Piece,
        f"SELECT {PIECE} FROM parcel_piece WHERE account_id = %(account_id)s AND id = %(piece_id)s",
        account_id=account_id,
        piece_id=piece_id,
    )


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Piece]:
    """By serial. Index: parcel_piece_account_id_order_id_serial_key."""
    return await tx.many(
        Piece,
        f"SELECT {PIECE} FROM parcel_piece WHERE account_id = %(account_id)s AND order_id = %(order_id)s"
        " ORDER BY serial",
        account_id=account_id,
        order_id=order_id,
    )
