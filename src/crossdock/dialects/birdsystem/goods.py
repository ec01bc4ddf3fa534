"""What lies in a consignment: products by a name of theirs, or goods described inline, which are not stocked."""

from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from crossdock.core.orders.model import NewLine
from crossdock.dialects.birdsystem import creating, values, words
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Values, empty

QUANTITY_MAX: Final = 32_767
"""SMALLINT on the page."""
LINES_MAX: Final = 1_000
"""Lines of one consignment of a batch; the pages give no limit."""
LINE_FIELDS: Final = ("sales_price", "ebay_transaction_id", "ebay_item_no", "country_of_origin")
TEXT_WIDTHS: Final[dict[str, int]] = {"product_name": 50, "product_name_cn": 50, "client_ref": 255, "brand": 50}
"""Of goods described inline; what is longer is cut, but for client_ref, which names something."""
REQUIRED: Final = ("product_name", "product_name_cn", "client_ref", "price_customs_export", "weight")
"""Of goods described inline, which have properties and a quantity, too."""
OPTIONAL: Final = ("sales_price", "attachment-url")
"""What an empty value takes away; not the brand, which is printed null also where there is one."""
ALIASES: Final[dict[str, str]] = {
    "name": "product_name",
    "name_cn": "product_name_cn",
    "price": "price_customs_export",
    "url": "attachment-url",
}
URL_WIDTH: Final = 1_000
PRICE_BELOW: Final = creating.DECIMALS_BELOW["sales_price"]
WEIGHT_BELOW: Final = creating.DECIMALS_BELOW["length"]
PROPERTIES_MAX: Final = 50
PROPERTY_WIDTH: Final = 100


class Named(Struct, frozen=True, kw_only=True):
    """Pieces of a product of the client's, by its id or by its SKU."""

    product_id: int | None = None
    sku: str = ""
    quantity: int
    fields: dict[str, Any]


def named(given: Values) -> tuple[Named, ...]:
    """`products` of a LOCAL, DIRECT or RETURN consignment. Errors: ValueRequired, ValueInvalid."""
    return tuple(_named(one) for one in objects("products", given))


def described(given: Values) -> tuple[NewLine, ...]:
    """`products` of an AGENT_DIRECT consignment; the same client_ref adds to its line.

    Errors: ValueRequired, ValueInvalid.
    """
    lines: dict[str, NewLine] = {}
    for one in objects("products", given):
        line = inline(one)
        before = lines.get(line.line_key)
        if before is not None:
            line = NewLine(
                line_key=line.line_key,
                sku=line.sku,
                stocked=False,
                quantity=before.quantity + line.quantity,
                partner_fields=before.partner_fields | line.partner_fields,
            )
        lines[line.line_key] = line
    return tuple(lines.values())


def inline(given: Values) -> NewLine:
    """Goods of an AGENT_DIRECT consignment. Errors: ValueRequired, ValueInvalid."""
    given = _spelt_right(given)
    fields = inline_fields(given)
    for name in REQUIRED:
        values.required(name, given.get(name))
    if "product_customs_property" not in fields:
        raise ValueRequired(field="product_customs_property")
    sku = str(fields.pop("client_ref"))
    return NewLine(
        line_key=sku, sku=sku, stocked=False, quantity=quantity(given.get("quantity")), partner_fields=fields
    )


def inline_fields(given: Values) -> dict[str, Any]:
    """What is given of goods described inline, each under its name of 5.8b. Errors: ValueInvalid."""
    given = _spelt_right(given)
    fields: dict[str, Any] = {}
    for name, width in TEXT_WIDTHS.items():
        if (text := values.text(name, given.get(name))) is not None:
            if name == "client_ref" and len(text) > width:
                raise ValueInvalid(field=name)
            fields[name] = text[:width]
    for name, below in (
        ("price_customs_export", PRICE_BELOW),
        ("sales_price", PRICE_BELOW),
        ("weight", WEIGHT_BELOW),
    ):
        if (amount := values.decimal(name, given.get(name), below=below)) is not None:
            fields[name] = str(amount)
    if (url := values.text("attachment-url", given.get("attachment-url"))) is not None:
        if len(url) > URL_WIDTH:
            raise ValueInvalid(field="attachment-url")
        fields["attachment-url"] = url
    if (properties := _properties(given.get("product_customs_property"))) is not None:
        fields["product_customs_property"] = properties
    return fields


def line_fields(given: Values) -> dict[str, Any]:
    """What a line by product carries beside its pieces. Errors: ValueInvalid."""
    fields: dict[str, Any] = {
        name: value for name in LINE_FIELDS if (value := values.text(name, given.get(name))) is not None
    }
    values.decimal("sales_price", given.get("sales_price"), below=PRICE_BELOW)
    type_ = values.word("product_type", given.get("product_type"))
    if type_ is not None:
        if type_ not in words.PRODUCT_TYPES:
            raise ValueInvalid(field="product_type")
        fields["product_type"] = words.PRODUCT_TYPES[type_]
    if values.flag("is_directional_shared_product", given.get("is_directional_shared_product")) == "1":
        fields["product_type"] = words.SHARED_PRODUCT_TYPE
    return fields


def changed_line_fields(given: Values) -> dict[str, Any]:
    """As `line_fields`; one that is given empty goes back to its default. Errors: ValueInvalid."""
    emptied: dict[str, Any] = {name: None for name in LINE_FIELDS if name in given}
    if "product_type" in given or "is_directional_shared_product" in given:
        emptied["product_type"] = words.PRODUCT_TYPE
    return emptied | line_fields(given)


def changed_inline_fields(given: Values) -> dict[str, Any]:
    """As `inline_fields`; what every line has stays. Errors: ValueRequired, ValueInvalid."""
    given = _spelt_right(given)
    for name in REQUIRED:
        if name in given:
            values.required(name, given[name])
    fields = inline_fields(given)
    if "product_customs_property" in given and "product_customs_property" not in fields:
        raise ValueRequired(field="product_customs_property")
    emptied: dict[str, Any] = {name: None for name in OPTIONAL if name in given}
    return emptied | fields


def quantity(value: Any) -> int:
    """Errors: ValueRequired, ValueInvalid."""
    pieces = values.whole("quantity", value)
    if pieces is None:
        raise ValueRequired(field="quantity")
    if not 1 <= pieces <= QUANTITY_MAX:
        raise ValueInvalid(field="quantity")
    return pieces


def objects(field: str, given: Values) -> list[Values]:
    """A list of objects, one at least. Errors: ValueRequired, ValueInvalid."""
    found = given.get(field)
    if empty(found) or found == []:
        raise ValueRequired(field=field)
    if not isinstance(found, list) or len(found) > LINES_MAX or not all(isinstance(one, dict) for one in found):
        raise ValueInvalid(field=field)
    return found


def amount(field: str, given: Values, *, below: Decimal = WEIGHT_BELOW) -> Decimal:
    """Errors: ValueRequired, ValueInvalid."""
    found = values.decimal(field, given.get(field), below=below)
    if found is None:
        raise ValueRequired(field=field)
    return found


def _named(given: Values) -> Named:
    product_id = values.whole("id", given.get("id"))
    sku = values.text("client_sku", given.get("client_sku")) or values.text("reference", given.get("reference"))
    if product_id is None and sku is None:
        raise ValueRequired(field="id")
    return Named(
        product_id=product_id,
        sku="" if sku is None else sku,
        quantity=quantity(given.get("quantity")),
        fields=line_fields(given),
    )


def _properties(value: Any) -> list[str] | None:
    """Ids or names, kept as sent. Errors: ValueInvalid."""
    if empty(value) or value == []:
        return None
    field = "product_customs_property"
    found = [values.text(field, one) for one in (value if isinstance(value, list) else [value])]
    kept = [text for text in found if text is not None]
    if len(kept) > PROPERTIES_MAX or any(len(text) > PROPERTY_WIDTH for text in kept):
        raise ValueInvalid(field=field)
    return kept or None


def _spelt_right(given: Values) -> Values:
    right = dict(given)
    for alias, name in ALIASES.items():
        if empty(right.get(name)) and not empty(right.get(alias)):
            right[name] = right[alias]
    return right
