"""What a setup file asks for, as rows that refer to each other by name."""

from typing import Any

from msgspec import Struct, field

from crossdock.setup.errors import Path
from crossdock.setup.tables import CREDENTIAL, Table

MASKED_SHOWN = 4
"""So many characters of a key may be printed: in some dialects the key alone opens the door."""


class Ref(Struct, frozen=True):
    """Another row, by the key of its table; its place in the database is known when it was written."""

    table: Table
    key: tuple[Any, ...]

    @property
    def label(self) -> str:
        return masked(self.key[-1]) if self.table is CREDENTIAL else str(self.key[-1])


class Secret(Struct, frozen=True):
    """A text that is sealed when written; an empty one is none at all."""

    text: str

    def __repr__(self) -> str:
        return "Secret()"


class Password(Struct, frozen=True):
    """A text of which only a hash is written."""

    text: str

    def __repr__(self) -> str:
        return "Password()"


class InUse(Struct, frozen=True):
    """Whether a credential is good; on record stands since when it is not."""

    active: bool


class ZoneOf(Struct, frozen=True):
    """The zone of an account; of the row's own one while no id is known."""

    account: int = 0


class Row(Struct, frozen=True, kw_only=True):
    path: Path
    label: str
    word: str
    values: dict[str, Any]
    """Column -> plain value, Ref, Secret, Password or InUse; columns the file is silent about are absent."""
    otherwise: dict[str, Any] = field(default_factory=dict)
    """What a new row gets where the file is silent, before the table's own defaults."""


class OpeningStock(Struct, frozen=True, kw_only=True):
    path: Path
    account: Ref
    product: Ref
    site: Ref
    sub_inventory: Ref
    lot: str
    condition: Any
    quantity: int

    @property
    def cause(self) -> str:
        """Its name in the ledger, where a cause moves a bucket once."""
        places = (self.site.label, self.sub_inventory.label, self.product.label, self.lot, self.condition)
        return ":".join(("opening", *places))

    @property
    def label(self) -> str:
        """As `P-7001 at WH-GZ01/OWN-A: 10`."""
        shelf = "/".join(part for part in (self.site.label, self.sub_inventory.label, self.lot) if part)
        bad = "" if self.condition == "good" else f" {self.condition}"
        return f"{self.product.label} at {shelf}{bad}: {self.quantity}"


class Plan(Struct, frozen=True):
    rows: dict[str, list[Row]]
    """By the table's name, in the order of the file."""
    openings: list[OpeningStock]


def masked(key: str) -> str:
    return f"{key[:MASKED_SHOWN]}…" if len(key) > 2 * MASKED_SHOWN else "…"
