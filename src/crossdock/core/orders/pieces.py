"""An order may leave as several parcels: its pieces, told apart by a serial."""

from typing import Final

from crossdock.base.ids import AccountId
from crossdock.core.orders import commands, piece_sql, queries
from crossdock.core.orders.errors import OrderOver, PieceUnknown, SerialTaken
from crossdock.core.orders.model import NewPiece, Order, Piece
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

FINAL_STATES: Final = frozenset({"shipped", "delivered", "returned", "unshipped", "finished", "cancelled", "deleted"})
"""What has left, or never will, is not split any more."""


async def add(tx: Tx, *, account_id: AccountId, order_id: int, piece: NewPiece) -> Piece:
    """Errors: OrderUnknown, OrderOver, SerialTaken."""
    order = await _open_order(tx, account_id, order_id)
    try:
        async with tx.savepoint():
            return await piece_sql.insert(tx, account_id=account_id, order_id=order.id, piece=piece)
    except ConstraintBroken as error:
        raise SerialTaken(serial=piece.serial) from error


async def change(tx: Tx, *, account_id: AccountId, piece_id: int, piece: NewPiece) -> Piece:
    """All of it anew; it stays with its order. Errors: PieceUnknown, OrderOver, SerialTaken."""
    found = await get(tx, account_id=account_id, piece_id=piece_id)
    await _open_order(tx, account_id, found.order_id)
    try:
        async with tx.savepoint():
            return await piece_sql.update(tx, account_id=account_id, piece_id=found.id, piece=piece)
    except ConstraintBroken as error:
        raise SerialTaken(serial=piece.serial) from error


async def get(tx: Tx, *, account_id: AccountId, piece_id: int) -> Piece:
    """Errors: PieceUnknown."""
    found = None
    if 0 < piece_id <= queries.ORDER_ID_MAX:
        found = await piece_sql.find(tx, account_id=account_id, piece_id=piece_id)
    if found is None:
        raise PieceUnknown(id=piece_id)
    return found


async def of_order(tx: Tx, order: Order) -> list[Piece]:
    """By serial."""
    return await piece_sql.of_order(tx, account_id=order.account_id, order_id=order.id)


async def _open_order(tx: Tx, account_id: AccountId, order_id: int) -> Order:
    order = await commands.locked(tx, account_id=account_id, order_id=order_id)
    if order.state in FINAL_STATES:
        raise OrderOver(id=order.id, number=order.number, state=order.state)
    return order
