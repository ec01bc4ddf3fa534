"""What is told of a pick-up code whenever it changes."""

from typing import Any, Protocol

from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId


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


def stand(state: str, *, prepared: bool) -> dict[str, Any]:
    """As the history of its shop says where a code stands."""
    return {"state": state, "prepared": prepared}
