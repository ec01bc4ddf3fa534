"""Imports: a file of rows, what each of them would do, what it did, and how that is undone."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct, field

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.accounts.model import Account, Site
from crossdock.core.bulk.cells import Column, Values
from crossdock.db.tx import Tx

KindName = Literal["products", "stock", "orders", "staff"]
Mode = Literal["rows", "all"]
"""`rows`: each by itself, what fails is told beside it. `all`: all of them or none, in one transaction."""
State = Literal["checking", "checked", "running", "done", "refused", "undoing", "undone", "dropped"]
Status = Literal["waiting", "done", "failed", "undone"]
Deed = Literal["created", "changed", "unchanged"]

MOVES: Final[dict[State, frozenset[State]]] = {
    "checking": frozenset({"checked", "dropped"}),
    "checked": frozenset({"running", "dropped"}),
    "running": frozenset({"done", "refused"}),
    "refused": frozenset({"running", "dropped"}),
    "done": frozenset({"undoing"}),
    "undoing": frozenset({"undone"}),
    "undone": frozenset(),
    "dropped": frozenset(),
}
"""`state -> allowed next states`. A refused one did nothing: it may be tried again."""
ALL_ROWS_MAX: Final = 5_000
"""Of an import of mode `all`: its transaction holds what it touches until the last row."""
LISTED_MAX: Final = 200
FILE_NAME_CHARACTERS_MAX: Final = 200


class Run(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    site_id: SiteId | None
    """What a row that names no place means."""
    kind: KindName
    mode: Mode
    state: State
    file_name: str
    headings: list[str]
    rows: int
    looked_at: int
    """By the dry run."""
    wrong: int
    """Of those, what it would refuse."""
    worked: int
    """Rows that were imported or refused."""
    failed: int
    undone: int
    kept: int
    """Rows that could not be undone."""
    actor: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None


class Row(Struct, frozen=True, kw_only=True):
    """One row of the file, in the words of the file."""

    row_no: int
    """As a spreadsheet counts."""
    unit: int
    """The first row of those that belong together, as the lines of one order."""
    given: dict[str, str]
    would: str | None
    """What the dry run would do: a Deed."""
    wrong: str | None
    """Or why it would not."""
    unusable: bool
    """It is wrong as it stands, whatever is on record."""
    status: Status
    deed: str | None
    reason: str | None
    target: int | None
    """What it became: the id of a product, bucket, order or person."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Outcome(Struct, frozen=True, kw_only=True):
    """What a unit did, with what is needed to undo it."""

    deed: Deed
    target: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


class Ground(Struct, frozen=True, kw_only=True):
    """What all rows of an import share."""

    run_id: int = 0
    """0 for an export."""
    account: Account
    site: Site | None
    hidden: dict[int, str] = field(default_factory=dict)
    """Row number -> the hash of a password."""

    @property
    def actor(self) -> str:
        return f"import {self.run_id}"


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of thing that is imported."""

    name: KindName
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns that say what a row is about; another row about the same is refused, or belongs to it."""
    joined: bool = False
    """Whether rows about the same make one thing together, as lines an order."""
    apply: Callable[[Tx, Ground, Sequence[tuple[int, Values]], OrderId], Awaitable[Outcome]]
    """Row numbers and values of one unit; the id that an order of it would have. Errors: any refusal of the core."""
    undo: Callable[[Tx, Ground, Row], Awaitable[None]]
    """Errors: ChangedSince, and any refusal of the core."""
    exported: tuple[str, ...]
    """Headings of an export: those that an import takes, and more to read."""
    page: Callable[[Tx, Ground, int], Awaitable[tuple[list[dict[str, str]], int]]]
    """Rows after a place, and the next place; 0 is the beginning, and the end."""
