"""What people did, wherever it is kept."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, SiteId

Source = Literal["place", "console", "import"]
SOURCES: Final[tuple[Source, ...]] = ("place", "console", "import")
"""The histories of places, that of operators, and files that were taken in: of one moment they are told in this
order."""


class Key(Struct, frozen=True, kw_only=True, order=True):
    """Where a list of deeds goes on."""

    at: datetime
    rank: int
    """Of its source, in SOURCES."""
    id: int


class Told(Struct, frozen=True, kw_only=True):
    """One deed."""

    source: Source
    id: int
    at: datetime
    account_id: AccountId | None
    account: str | None
    """Its code; None is the whole platform's."""
    place: str | None
    """The code of the site whose history it stands in."""
    who: str
    """A user name, or what acted without one; empty for the system."""
    action: str
    about: str | None
    """A user name."""
    subject: str
    """In words: `cabinet:2100013075`, an order's number."""
    order_id: OrderId | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str

    @property
    def key(self) -> Key:
        return Key(at=self.at, rank=SOURCES.index(self.source), id=self.id)


class Wanted(Struct, frozen=True, kw_only=True):
    """Whose reach it is, and what is asked for. None is not asked."""

    account_id: AccountId | None
    """The only account within reach; None: all of them."""
    site_id: SiteId | None = None
    """The only place within reach: what operators did for the whole account is not."""
    person: str | None = None
    """Who did it, or to whom it was done, by user name."""
    actions: frozenset[str] | None = None
    since: datetime | None = None
    """This moment and later."""
    until: datetime | None = None
    """Before this moment."""
