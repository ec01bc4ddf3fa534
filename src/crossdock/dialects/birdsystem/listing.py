"""The parameters every list takes, and the columns a consignment list can be asked by."""

from typing import Any, Final

from msgspec import Struct

from crossdock.core.orders.model import Criterion, SortKey
from crossdock.dialects.birdsystem import auth, columns, filters, values
from crossdock.dialects.birdsystem.parameters import Parameters

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
"""More than this falls back to the default; it is not clamped."""
NO_LIMIT: Final = "-1"
DIGITS_MAX: Final = 18

PLAIN: Final = (
    "status",
    "type",
    "id",
    "consignment_product_reference",
    "sales_reference",
    "delivery_reference",
    "post_code",
    "contact",
    "sales_order_id",
    "custom_identity_reference",
)
"""Columns that `column=value` asks for; any other name is passed over."""

OWN: Final = (Criterion("dialect", "eq", auth.NAME), Criterion("kind", "eq", "outbound"))
"""What came in by another partner's calls is no consignment: it lacks most of the record."""


class Page(Struct, frozen=True):
    start: int
    limit: int | None
    """None means all."""


def page(given: Parameters) -> Page:
    """What is no number counts as not given."""
    limit = str(given.get("limit")).strip()
    return Page(
        start=_number(given.get("start")) or 0,
        limit=None if limit == NO_LIMIT else _limit(limit),
    )


def criteria(given: Parameters, *, zone: str) -> list[Criterion]:
    """`zone` is that of the times in a filter. Errors: BodyMalformed, ValueInvalid."""
    plain = [columns.equal(name, given.get(name)) for name in PLAIN if given.get(name) is not None]
    return [*OWN, *plain, *filters.criteria(given, zone=zone)]


def sort(given: Parameters) -> list[SortKey]:
    """Unknown properties are passed over. Errors: BodyMalformed, ValueInvalid for JSON of another shape."""
    keys: dict[str, SortKey] = {}
    for one in filters.elements("sort", given.get("sort")):
        name = one.get("property")
        if name in columns.COLUMNS and name not in columns.UNSORTED:
            field = columns.COLUMNS[name].field
            descending = str(one.get("direction", "")).upper() == "DESC"
            keys.setdefault(field, SortKey(field, descending))
    return list(keys.values())


def selected(given: Parameters) -> frozenset[str] | None:
    """The columns of `selectFields`, the key always among them; None for all."""
    wanted = values.text("selectFields", given.get("selectFields"))
    if wanted is None:
        return None
    return frozenset(name.strip() for name in wanted.split(",")) | {"id"}


def _limit(text: str) -> int:
    number = _number(text) or 0
    return number if 0 < number <= LIMIT_MAX else LIMIT_DEFAULT


def _number(value: Any) -> int | None:
    """Of very many digits the first are enough: no list is as long."""
    text = str(value).strip()
    return int(text[:DIGITS_MAX]) if text.isascii() and text.isdigit() else None
