"""What a client may say of a product: the columns, how wide they are, and what the core keeps of them."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from crossdock.core.catalog.model import NewProduct, ProductChange
from crossdock.dialects.birdsystem import values
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.errors import NothingToUpdate, ValueInvalid
from crossdock.dialects.birdsystem.parameters import Values

CUT_WIDTHS: Final[dict[str, int]] = {
    "name": 100,
    "name_customs": 100,
    "material": 50,
    "usage": 50,
    "brand": 100,
    "color": 100,
    "model": 100,
    "note": 100,
    "description": 65_535,
    "shape_type": 50,
}
"""Free text in characters, cut silently. `brand` is 50 wide on one page and 100 on another."""
REFUSED_WIDTHS: Final[dict[str, int]] = {"client_ref": 50, "url": 500, "commodity_code": 50}
"""What names something: cut, it would name something else. `url` is 50 wide on one page and 500 on another."""
COUNTRY: Final = "country_of_origin"
COUNTRY_CHARACTERS: Final = 2
SHAPES: Final = frozenset({"NORMAL_SHAPE", "RREGULAR_SHAPE", "IRREGULAR_SHAPE"})
"""The page prints the second; answered as sent."""
MONEY_BELOW: Final = Decimal(10**6)
"""FLOAT(8,2)."""
MONEY: Final = ("price_customs_export", "price_customs_import", "sales_price", "company_product-cost")
PRICE: Final = "company_product-price"
"""The core's price of a product."""
SIZE_BELOW: Final = Decimal(10**8)
"""DECIMAL(10,2)."""
SIZES: Final[dict[str, str]] = {
    "weight": "weight_g",
    "length": "length_mm",
    "width": "width_mm",
    "depth": "height_mm",
}
"""Grams and millimetres, to the core's whole ones; what was sent is kept beside them."""
WHOLE_MAX: Final[dict[str, int]] = {
    "customs_category_id": 10**10 - 1,
    "company_product-low_stock_level": 99_999,
    "inventory_time": 999,
}
FLAGS: Final = ("company_product-is_shared_internal",)
PROPERTIES: Final = "product_product_customs_property"
PROPERTIES_MAX: Final = 100
SERIAL: Final = "is_need_to_record_sn"

REQUIRED: Final = ("name", "name_customs", "price_customs_export")
PREPARING, ACTIVE, DELETED = "PREPARING", "ACTIVE", "DELETED"
STATUSES: Final = (PREPARING, ACTIVE, DELETED)


class Said(Struct, frozen=True, kw_only=True):
    """What was sent, every value known to fit its column; an empty text took its column's value away."""

    core: dict[str, Any]
    """By the core's names."""
    kept: dict[str, Any]
    """By the wire's names; None takes the value away."""
    client_ref: str | UnsetType | None
    status: str | UnsetType


def said(given: Values) -> Said:
    """Errors: ValueInvalid, for the first field that is wrong."""
    status = values.word("status", given.get("status"))
    if status is not None and status not in STATUSES:
        raise ValueInvalid(field="status")
    kept = _kept(given)
    return Said(
        core=_core(given, kept),
        kept=kept,
        client_ref=_named("client_ref", given) if "client_ref" in given else UNSET,
        status=UNSET if status is None else status,
    )


def new(given: Values, client: Client) -> NewProduct:
    """Errors: ValueRequired, ValueInvalid."""
    for name in REQUIRED:
        values.required(name, given.get(name))
    asked = said(given)
    if asked.status == DELETED:
        raise ValueInvalid(field="status")
    return NewProduct(
        account_id=client.account.id,
        sku=asked.client_ref or None,
        active=asked.status == ACTIVE,
        partner_fields={name: value for name, value in asked.kept.items() if value is not None},
        **asked.core,
    )


def change(asked: Said) -> ProductChange:
    """Of anything but a deletion. Errors: NothingToUpdate, ValueRequired."""
    if not asked.core and not asked.kept and asked.client_ref is UNSET and asked.status is UNSET:
        raise NothingToUpdate()
    for name in REQUIRED:
        values.required(name, asked.core.get(name, asked.kept.get(name, "kept")))
    return ProductChange(
        sku=UNSET if asked.client_ref is UNSET or asked.client_ref is None else asked.client_ref,
        active=UNSET if asked.status is UNSET else asked.status == ACTIVE,
        partner_fields=asked.kept,
        **asked.core,
    )


def _core(given: Values, kept: Mapping[str, Any]) -> dict[str, Any]:
    core: dict[str, Any] = {name: _cut(name, given) or "" for name in ("name", "name_customs") if name in given}
    for name, column in SIZES.items():
        if name in given:
            core[column] = int(Decimal(kept[name] or 0).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if PRICE in given:
        core["price"] = values.decimal(PRICE, given[PRICE], below=MONEY_BELOW) or Decimal(0)
    if SERIAL in given:
        core["serial_tracked"] = values.flag(SERIAL, given[SERIAL]) == "1"
    return core


def _kept(given: Values) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in CUT_WIDTHS.keys() - {"name", "name_customs", "shape_type"}:
        if name in given:
            kept[name] = _cut(name, given)
    for name in REFUSED_WIDTHS.keys() - {"client_ref"}:
        if name in given:
            kept[name] = _named(name, given)
    for name, below in (*((name, MONEY_BELOW) for name in MONEY), *((name, SIZE_BELOW) for name in SIZES)):
        if name in given:
            amount = values.decimal(name, given[name], below=below)
            kept[name] = None if amount is None else str(amount)
    for name, most in WHOLE_MAX.items():
        if name in given:
            kept[name] = _whole(name, given[name], most)
    for name in FLAGS:
        if name in given:
            kept[name] = values.flag(name, given[name])
    if "shape_type" in given:
        kept["shape_type"] = _shape(given["shape_type"])
    if COUNTRY in given:
        kept[COUNTRY] = _country(given[COUNTRY])
    if PROPERTIES in given:
        kept[PROPERTIES] = _properties(given[PROPERTIES])
    return kept


def _cut(name: str, given: Values) -> str | None:
    text = values.text(name, given.get(name))
    return None if text is None else text[: CUT_WIDTHS[name]]


def _named(name: str, given: Values) -> str | None:
    text = values.text(name, given.get(name))
    if text is not None and len(text) > REFUSED_WIDTHS[name]:
        raise ValueInvalid(field=name)
    return text


def _whole(name: str, value: Any, most: int) -> int | None:
    number = values.whole(name, value)
    if number is not None and number > most:
        raise ValueInvalid(field=name)
    return number


def _shape(value: Any) -> str | None:
    word = values.word("shape_type", value)
    if word is not None and word not in SHAPES:
        raise ValueInvalid(field="shape_type")
    return word


def _country(value: Any) -> str | None:
    word = values.word(COUNTRY, value)
    if word is not None and len(word) != COUNTRY_CHARACTERS:
        raise ValueInvalid(field=COUNTRY)
    return word


def _properties(value: Any) -> list[int] | None:
    """Their ids; a single one stands for a list of one."""
    listed = value if isinstance(value, list) else [value]
    if len(listed) > PROPERTIES_MAX:
        raise ValueInvalid(field=PROPERTIES)
    numbers = [number for one in listed if (number := values.whole(PROPERTIES, one)) is not None]
    return numbers or None
