"""Taking what tills report. No stock moves: a receipt is there to find the film of a sale."""

from crossdock.base.ids import AccountId, EnterpriseId, ReceiptId
from crossdock.core.tills import sql
from crossdock.core.tills.errors import ReceiptReported, ReceiptUnknown, TakingsReported
from crossdock.core.tills.model import NewReceipt, Takings
from crossdock.db.tx import Tx


async def report_receipt(tx: Tx, receipt: NewReceipt) -> ReceiptId:
    """Keep a receipt, once by its number in the enterprise. Errors: ReceiptReported."""
    receipt_id = await sql.insert(tx, receipt)
    if receipt_id is None:
        raise ReceiptReported(number=receipt.number)
    return receipt_id


async def delete_receipt(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, department_id: int, number: str, actor: str = ""
) -> None:
    """Nobody finds it any more, its number is free again, and it stays on record. Errors: ReceiptUnknown."""
    if not await sql.delete(
        tx,
        account_id=account_id,
        enterprise_id=enterprise_id,
        department_id=department_id,
        number=number,
        actor=actor,
    ):
        raise ReceiptUnknown(number=number)


async def report_takings(tx: Tx, takings: Takings, *, replace: bool = False) -> None:
    """Keep what a place took in one hour or day; with `replace` in place of what was said of it before.

    Errors: TakingsReported.
    """
    if not await sql.put_takings(tx, takings, replace=replace):
        raise TakingsReported(begins_at=takings.begins_at.isoformat())
