"""`iposJson` of open.ovopark.storehouse.sendOrder, one packed order, and of open.ovopark.pos.sendOrder, one receipt.

Required is what the page does not mark with a cross. Numbers may come as texts and texts as numbers; null and
the empty text count as missing; unknown fields are ignored.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct

from crossdock.core.packing.model import ITEMS_SHOWN_MAX
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.errors import FieldMalformed, FieldMissing

TEXT_CHARACTERS_MAX: Final = 100
"""The page's length of every text, times included."""
INT_DIGITS_MAX: Final = 11
"""The page's length of every int."""
WHOLE_DIGITS_MAX: Final = 11
"""Of `goodsNums` by the page; `goodsPrice` has no length there and gets the same."""
FRACTION_DIGITS_MAX: Final = 20
"""More than a double prints; keeps 1e-999999 out of the database."""
GOODS_MAX: Final = ITEMS_SHOWN_MAX
"""Lines of one order; the page gives no number, and a longer one could not be shown."""
SKUS_MAX: Final = 20
"""Attributes of one line; the vendor knows a handful."""

PLACE_FIELDS: Final = ("depId", "shopId")
"""One of them must come; `depId` counts when both do."""
ORDER_REQUIRED: Final = ("orderNo", "machineId", "startTime", "endTime", "orderTime", "goods")
RECEIPT_REQUIRED: Final = ("machineId", "ticketId", "ticketTimeStr")
RECEIPT_CHARACTERS_MAX: Final = {"shopId": 60, "machineId": 60, "ticketId": 60}
"""Of a receipt by its page; other fields of it are read nowhere."""
RECEIPT_BYTES_MAX: Final = 131_072
"""Of a receipt as it is kept: a thousand lines; a page of searchPos has a hundred receipts."""
RECEIPT_ZEROS_MAX: Final = 20
"""Before or behind the digits of a number in a receipt: PostgreSQL writes all zeros of 1e131071 out."""
GOODS_REQUIRED: Final = ("goodsId", "goodsPrice", "goodsName", "goodsNums")

_INT = re.compile(rf"-?[0-9]{{1,{INT_DIGITS_MAX}}}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")


def _short(text: str) -> Decimal:
    """Errors: ValueError."""
    value = Decimal(text)
    if abs(value.adjusted()) > RECEIPT_ZEROS_MAX:
        raise ValueError(text)
    return value


_order_decoder = msgspec.json.Decoder(float_hook=Decimal)
_receipt_decoder = msgspec.json.Decoder(float_hook=_short)

Fields = dict[str, Any]


class Sku(Struct, frozen=True, kw_only=True):
    key_id: int | None
    value: str


class Goods(Struct, frozen=True, kw_only=True):
    goods_id: str
    price: Decimal
    name: str
    nums: Decimal
    box_no: str
    batch_no: str
    scan_time: str
    """No pattern is documented for it: whatever came."""
    skus: tuple[Sku, ...]


class SendOrder(Struct, frozen=True, kw_only=True):
    shop_id: str
    dep_id: int | None
    order_no: str
    user_name: str
    machine_id: str
    start_time: datetime
    end_time: datetime
    order_time: datetime
    order_type: str
    goods: tuple[Goods, ...]


class Receipt(Struct, frozen=True, kw_only=True):
    """What is read of a receipt; the rest is kept unread."""

    shop_id: str
    dep_id: int | None
    machine_id: str
    ticket_id: str
    ticket_time: datetime


def whole(text: str) -> int | None:
    """An int of the page's length; None when it is something else."""
    return int(text) if _INT.fullmatch(text) else None


def read_order(text: str) -> SendOrder:
    """What is missing is told before what is wrong. Errors: FieldMissing, FieldMalformed."""
    order = _object(text, _order_decoder)
    lines = _present(order)
    return SendOrder(
        shop_id=_text(order, "shopId"),
        dep_id=_whole(order, "depId"),
        order_no=_text(order, "orderNo"),
        user_name=_text(order, "userName"),
        machine_id=_text(order, "machineId"),
        start_time=_moment(order, "startTime"),
        end_time=_moment(order, "endTime"),
        order_time=_moment(order, "orderTime"),
        order_type=_text(order, "orderType"),
        goods=tuple(_goods(line, f"goods[{position}].") for position, line in enumerate(lines)),
    )


def read_receipt(text: str) -> Receipt:
    """`iposJson` of open.ovopark.pos.sendOrder. Errors: FieldMissing, FieldMalformed."""
    receipt = _object(text, _receipt_decoder)
    _require_place(receipt)
    _require(receipt, RECEIPT_REQUIRED, "")
    for name, characters_max in RECEIPT_CHARACTERS_MAX.items():
        if len(_text(receipt, name)) > characters_max:
            raise FieldMalformed(field=name)
    if len(text.encode(errors="surrogatepass")) > RECEIPT_BYTES_MAX:
        raise FieldMalformed(field="iposJson")
    if "\\u0000" in text:  # PostgreSQL keeps no NUL, and the rest of a receipt is kept unread
        raise FieldMalformed(field="iposJson")
    return Receipt(
        shop_id=_text(receipt, "shopId"),
        dep_id=_whole(receipt, "depId"),
        machine_id=_text(receipt, "machineId"),
        ticket_id=_text(receipt, "ticketId"),
        ticket_time=_moment(receipt, "ticketTimeStr"),
    )


def _object(text: str, decoder: msgspec.json.Decoder[Any]) -> Fields:
    try:
        found = decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise FieldMalformed(field="iposJson") from error
    if not isinstance(found, dict):
        raise FieldMalformed(field="iposJson")
    return found


def _present(order: Fields) -> list[Fields]:
    """The goods lines, when nothing that is required is missing. Errors: FieldMissing, FieldMalformed."""
    _require_place(order)
    _require(order, ORDER_REQUIRED, "")
    lines = _objects(order, "goods", "")
    if not lines:
        raise FieldMissing(field="goods")
    if len(lines) > GOODS_MAX:
        raise FieldMalformed(field="goods")
    for position, line in enumerate(lines):
        _require(line, GOODS_REQUIRED, f"goods[{position}].")
    return lines


def _goods(line: Fields, path: str) -> Goods:
    skus = _objects(line, "skus", path)
    if len(skus) > SKUS_MAX:
        raise FieldMalformed(field=f"{path}skus")
    return Goods(
        goods_id=_text(line, "goodsId", path),
        price=_number(line, "goodsPrice", path),
        name=_text(line, "goodsName", path),
        nums=_number(line, "goodsNums", path),
        box_no=_text(line, "boxNo", path),
        batch_no=_text(line, "batchNo", path),
        scan_time=_text(line, "scanTime", path),
        skus=tuple(
            Sku(
                key_id=_whole(sku, "skuKeyId", f"{path}skus[{position}]."),
                value=_text(sku, "skuValue", f"{path}skus[{position}]."),
            )
            for position, sku in enumerate(skus)
        ),
    )


def _require_place(found: Fields) -> None:
    if not any(_came(found, name) for name in PLACE_FIELDS):
        raise FieldMissing(field="/".join(PLACE_FIELDS))


def _require(found: Fields, names: tuple[str, ...], path: str) -> None:
    for name in names:
        if not _came(found, name):
            raise FieldMissing(field=f"{path}{name}")


def _came(found: Fields, name: str) -> bool:
    value = found.get(name)
    return value is not None and value != ""


def _objects(found: Fields, name: str, path: str) -> list[Fields]:
    if not _came(found, name):
        return []
    value = found[name]
    if not isinstance(value, list):
        raise FieldMalformed(field=f"{path}{name}")
    for position, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise FieldMalformed(field=f"{path}{name}[{position}]")
    return value


def _text(found: Fields, name: str, path: str = "") -> str:
    value = found.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise FieldMalformed(field=f"{path}{name}")
    text = str(value)
    if len(text) > TEXT_CHARACTERS_MAX or "\0" in text:  # PostgreSQL keeps no NUL
        raise FieldMalformed(field=f"{path}{name}")
    return text


def _whole(found: Fields, name: str, path: str = "") -> int | None:
    text = _text(found, name, path)
    if not text:
        return None
    value = whole(text)
    if value is None:
        raise FieldMalformed(field=f"{path}{name}")
    return value


def _number(found: Fields, name: str, path: str) -> Decimal:
    value = number(_text(found, name, path))
    if value is None:
        raise FieldMalformed(field=f"{path}{name}")
    return value


def number(text: str) -> Decimal | None:
    """A number of the page's length; None when it is something else."""
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return None if value.adjusted() >= WHOLE_DIGITS_MAX or -exponent > FRACTION_DIGITS_MAX else value


def _moment(found: Fields, name: str) -> datetime:
    at = words.moment(_text(found, name))
    if at is None:
        raise FieldMalformed(field=name)
    return at
