"""`iposJson` of open.ovopark.storehouse.sendOrder: one packed order.

Required is what the page does not mark with a cross. Numbers may come as texts and texts as numbers; null and
the empty text count as missing; unknown fields are ignored.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct

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
GOODS_MAX: Final = 2_000
"""Lines of one order; the page gives no number."""

PLACE_FIELDS: Final = ("depId", "shopId")
"""One of them must come; `depId` counts when both do."""
ORDER_REQUIRED: Final = ("orderNo", "machineId", "startTime", "endTime", "orderTime", "goods")
GOODS_REQUIRED: Final = ("goodsId", "goodsPrice", "goodsName", "goodsNums")

_INT = re.compile(rf"-?[0-9]{{1,{INT_DIGITS_MAX}}}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_decoder = msgspec.json.Decoder(float_hook=Decimal)

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


def whole(text: str) -> int | None:
    """An int of the page's length; None when it is something else."""
    return int(text) if _INT.fullmatch(text) else None


def read_order(text: str) -> SendOrder:
    """What is missing is told before what is wrong. Errors: FieldMissing, FieldMalformed."""
    order = _object(text)
    lines = _present(order)
    read = SendOrder(
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
    if read.end_time < read.start_time:
        raise FieldMalformed(field="endTime")
    return read


def _object(text: str) -> Fields:
    try:
        found = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise FieldMalformed(field="iposJson") from error
    if not isinstance(found, dict):
        raise FieldMalformed(field="iposJson")
    return found


def _present(order: Fields) -> list[Fields]:
    """The goods lines, when nothing that is required is missing. Errors: FieldMissing, FieldMalformed."""
    if not any(_came(order, name) for name in PLACE_FIELDS):
        raise FieldMissing(field="/".join(PLACE_FIELDS))
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
            for position, sku in enumerate(_objects(line, "skus", path))
        ),
    )


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
    text = _text(found, name, path)
    if not _NUMBER.fullmatch(text):
        raise FieldMalformed(field=f"{path}{name}")
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() >= WHOLE_DIGITS_MAX or -exponent > FRACTION_DIGITS_MAX:
        raise FieldMalformed(field=f"{path}{name}")
    return number


def _moment(found: Fields, name: str) -> datetime:
    at = words.moment(_text(found, name))
    if at is None:
        raise FieldMalformed(field=name)
    return at
