"""What Batch-Update-Status names: consignments by id or by a reference, many joined in one value."""

from typing import Any, Final

from msgspec import Struct

from crossdock.dialects.birdsystem import values
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters

NAMED_MAX: Final = 1_000
"""Consignments one call may name: all are changed in one transaction. The pages give no limit."""
TARGETS: Final = frozenset({"PENDING", "CANCELLED", "WAITING_WAREHOUSE_RESPOND"})
"""The first two are all that the pages name; with the last the client of a return answers the warehouse."""

IDS: Final = "ids"
SALES_REFERENCES: Final = "sales_references"
IDENTITY_REFERENCES: Final = "custom_identity_references"
JOINED_BY: Final[dict[str, str]] = {IDS: "_", SALES_REFERENCES: "|", IDENTITY_REFERENCES: "|"}
ALIASES: Final[dict[str, str]] = {"custom_identity_reference": IDENTITY_REFERENCES}
"""Some pages write it without the last letter."""


class StatusChange(Struct, frozen=True, kw_only=True):
    target: str
    by: str
    """A key of JOINED_BY."""
    names: tuple[str, ...]
    """Without repeats, in the order they were given."""


def status_change(given: Parameters) -> StatusChange:
    """Errors: ValueRequired, ValueInvalid; exactly one of the three ways to name must be used."""
    target = values.word("status", given.get("status"))
    if target is None:
        raise ValueRequired(field="status")
    if target not in TARGETS:
        raise ValueInvalid(field="status")
    ways: dict[str, Any] = {}
    for name in (*ALIASES, *JOINED_BY):
        if given.get(name) is not None:
            ways[ALIASES.get(name, name)] = given.get(name)
    if not ways:
        raise ValueRequired(field=IDS)
    if len(ways) > 1:
        raise ValueInvalid(field=", ".join(sorted(ways)))
    [(by, value)] = ways.items()
    return StatusChange(target=target, by=by, names=_names(by, value))


def _names(by: str, value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(values.text(by, value)).split(JOINED_BY[by])
    texts = [values.text(by, part) for part in parts]
    names = tuple(dict.fromkeys(name.strip() for name in texts if name is not None and name.strip()))
    if not names:
        raise ValueRequired(field=by)
    if len(names) > NAMED_MAX:
        raise ValueInvalid(field=by)
    return names
