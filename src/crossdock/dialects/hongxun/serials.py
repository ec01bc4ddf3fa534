"""串码下发: the codes of the single pieces of an order, in as many messages as the customer likes."""

from typing import Any, Final

from crossdock.core.accounts.model import Caller
from crossdock.core.units import serials
from crossdock.core.units.model import AnnouncedSerial
from crossdock.dialects.hongxun.fields import Reader
from crossdock.dialects.hongxun.wire import LINES_MAX, PIECES_MAX, Call, object_reader
from crossdock.edge.desk import Desk

CODES_MAX: Final = 50_000
"""Of one product in one message; ours, so that one transaction stays short."""


async def serial_code_push(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """How many codes came and how many are to come. A message of before is no news; the order may come later.

    Errors: FieldsInvalid, SerialsTotalDiffers, SerialTaken, SerialsTooMany.
    """
    reader = object_reader(call.request)
    reader.kept()
    number = reader.text("customerOrderCode", required=True)
    transfer_type = reader.text("hkTransferDataType")
    reference = reader.text("customerReferenceNumber")
    total = reader.whole("totalCount", low=1, high=PIECES_MAX, reason="必须为正整数")
    current = reader.whole("currentCount", low=1, high=PIECES_MAX, reason="必须为正整数")
    left = reader.whole("surPlusCount", low=0, high=PIECES_MAX, reason="必须为非负整数")
    told = [
        serial for product in reader.objects("productList", entries_max=LINES_MAX) for serial in _serials(product)
    ]
    if told and len(told) != current:
        reader.complain("currentCount", f"与串码数量{len(told)}不一致")
    reader.finish()
    async with desk.database.transaction() as tx:
        counted = await serials.announce(
            tx,
            account_id=caller.account.id,
            order_number=number,
            total=total,
            serials=told,
            ended=left == 0,
            transfer_type=transfer_type,
            reference=reference,
        )
    return {"customerOrderCode": number, "receivedCount": counted.received, "totalCount": counted.total}


def _serials(product: Reader) -> list[AnnouncedSerial]:
    sku = product.text("customerProductCode", required=True)
    line = product.text("customerLineNumber")
    codes = product.text_list("snList", entries_max=CODES_MAX)
    return [AnnouncedSerial(sku=sku, code=code, line_key=line) for code in codes if code]
