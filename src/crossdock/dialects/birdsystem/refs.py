"""`product_company_ref`: the goods of an uploaded row in one text, as three generations of the vendor wrote it.

Source: pages 546603152, 546406434, 836698152, 1021182124. Products are joined by `+`; nothing can be escaped.
Stocked goods: `ref*qty`, then `||ebayTransactionId||ebayItemNo||salesPrice` if need be; a product that another client
shares is `ownerClient#productId#D`. Goods that are passed on:

    Name||price||weight||property*qty
    Name##NameCN##SKU||price||weight||property||image*qty
    Name##NameCN##SKU*qty||price||weight||properties||image||salesPrice||HsCode||origin||ebayTransactionId||ebayItemNo

The newest is told by its quantity, which follows the head instead of ending the product.
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired

FIELD: Final = "product_company_ref"
ITEMS_MAX: Final = 1_000
"""Products of one row."""
QUANTITY_MAX: Final = 32_767
"""SMALLINT, as of a consignment's line."""
QUANTITY: Final = re.compile(r"(?P<rest>.*?)\*\s*(?P<quantity>[0-9]+)\s*", re.DOTALL)
SHARED: Final = re.compile(r"\s*(?P<owner>[^#]+)#(?P<product>[0-9]{1,18})#[Dd]\s*")

STOCKED_FIELDS: Final = ("ebay_transaction_id", "ebay_item_no", "sales_price")
FIRST: Final = ("price", "weight", "property")
SECOND: Final = (*FIRST, "image")
THIRD: Final = (*SECOND, "sales_price", "commodity_code", "origin", "ebay_transaction_id", "ebay_item_no")
"""What follows the head, by generation."""
HEAD: Final = ("name", "name_cn", "sku")


class Stocked(Struct, frozen=True, kw_only=True):
    """So many of a product that lies in the warehouse."""

    ref: str
    """Product id or SKU: the client's setting says which. Of a shared product the id."""
    quantity: int
    owner: str | None = None
    """The client that shares it."""
    ebay_transaction_id: str | None = None
    ebay_item_no: str | None = None
    sales_price: str | None = None


class PassedOn(Struct, frozen=True, kw_only=True):
    """Goods that are never stocked, described inline. Price in USD, weight in grams, both as they were sent."""

    name: str
    name_cn: str | None = None
    sku: str | None = None
    quantity: int
    price: str | None = None
    weight: str | None = None
    property: str | None = None
    """Names, comma-joined."""
    image: str | None = None
    sales_price: str | None = None
    commodity_code: str | None = None
    origin: str | None = None
    ebay_transaction_id: str | None = None
    ebay_item_no: str | None = None


def stocked(text: str) -> list[Stocked]:
    """Of LOCAL, DIRECT and RETURN. Errors: ValueRequired, ValueInvalid."""
    return [_stocked(item) for item in _items(text)]


def passed_on(text: str) -> list[PassedOn]:
    """Of AGENT_DIRECT. Errors: ValueRequired, ValueInvalid."""
    return [_passed_on(item) for item in _items(text)]


def _items(text: str) -> list[str]:
    items = [item.strip() for item in text.split("+")]
    if items == [""]:
        raise ValueRequired(field=FIELD)
    if len(items) > ITEMS_MAX or not all(items):
        raise ValueInvalid(field=FIELD)
    return items


def _stocked(item: str) -> Stocked:
    head, *more = item.split("||")
    ref, quantity = _counted(head)
    said = _named(STOCKED_FIELDS, more)
    shared = SHARED.fullmatch(ref)
    if shared is not None:
        return Stocked(ref=shared["product"], owner=shared["owner"].strip(), quantity=quantity, **said)
    if not ref:
        raise ValueInvalid(field=FIELD)
    return Stocked(ref=ref, quantity=quantity, **said)


def _passed_on(item: str) -> PassedOn:
    head, *more = item.split("||")
    if QUANTITY.fullmatch(head):
        head, quantity = _counted(head)
        said = _named(THIRD, more)
    else:
        rest, quantity = _counted(item)
        head, *more = rest.split("||")
        said = _named(SECOND if "##" in head else FIRST, more)
    names = _named(HEAD, head.split("##"))
    if "name" not in names:
        raise ValueInvalid(field=FIELD)
    return PassedOn(name=names.pop("name"), quantity=quantity, **names, **said)


def _counted(text: str) -> tuple[str, int]:
    """What stands before the quantity, and the quantity: 1 where there is none."""
    found = QUANTITY.fullmatch(text)
    if found is None:
        return text.strip(), 1
    digits = found["quantity"].lstrip("0") or "0"
    if len(digits) > len(str(QUANTITY_MAX)) or not 1 <= int(digits) <= QUANTITY_MAX:
        raise ValueInvalid(field=FIELD)
    return found["rest"].strip(), int(digits)


def _named(names: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """In step; empty ones are left out, and so are the last where fewer were written."""
    if len(values) > len(names):
        raise ValueInvalid(field=FIELD)
    return {name: text.strip() for name, text in zip(names, values, strict=False) if text.strip()}
