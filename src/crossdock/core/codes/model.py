"""What is told of a pick-up code whenever it changes."""

from typing import Any, Protocol

from msgspec import Struct, field

from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId, StaffId


class OnlineShop(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    name: str
    domain: str
    domains: list[str] = field(default_factory=list)


class Code(Protocol):
    """Which one is meant."""

    @property
    def id(self) -> HandoverId: ...
    @property
    def account_id(self) -> AccountId: ...
    @property
    def site_id(self) -> SiteId: ...
    @property
    def order_id(self) -> OrderId | None: ...
    @property
    def order_number(self) -> str: ...
    @property
    def shop(self) -> OnlineShop | None: ...


class CodeChanged(Struct, frozen=True, kw_only=True):
    """Facts of every event about a code, and how it stands after it. The code itself is not among them."""

    handover_id: HandoverId
    number: str
    site_id: SiteId
    shop: OnlineShop | None
    """That sold it."""
    action: str
    """As the history of its shop calls it."""
    staff_id: StaffId | None
    """Who did it, by name the event's actor; None for nobody of the shop."""
    reason: str
    state: str
    prepared: bool


def stand(state: str, *, prepared: bool) -> dict[str, Any]:
    """As the history of its shop says where a code stands."""
    return {"state": state, "prepared": prepared}
