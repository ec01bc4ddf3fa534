"""The counter of a shop: a served world with known tokens."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from crossdock.core.handover.model import PickUp
from crossdock.edge.desk import Desk
from tests.dialects.heidian import shop
from tests.world import World


@dataclass(frozen=True)
class Counter:
    world: World

    @property
    def desk(self) -> Desk:
        return self.world.desk

    async def get(self, path: str, *, by: str | None = "clerk1", **more: Any) -> httpx.Response:
        return await self.ask("GET", path, by=by, **more)

    async def post(self, path: str, body: Any = None, *, by: str | None = "clerk1", **more: Any) -> httpx.Response:
        given = {} if body is None else {"json": body}
        return await self.ask("POST", path, by=by, **given, **more)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        by: str | None = "clerk1",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        own = {} if by is None else {"authorization": f"stafftoken {shop.TOKENS[by]}"}
        return await self.world.client.request(method, path, headers={**own, **(headers or {})}, **more)

    async def pick_up(self, key: str = "129322", state: str = "unused", **more: Any) -> PickUp:
        return await shop.pick_up(self.world, key, state, **more)


@pytest.fixture
async def counter(world: World) -> Counter:
    for username, token in shop.TOKENS.items():
        await world.staff_token(username, token)
    return Counter(world)
