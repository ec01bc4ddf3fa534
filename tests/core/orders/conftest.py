"""Short ways to orders: asked in one line, answered by the intake."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec import structs

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import SubInventoryId
from crossdock.core.orders.model import NewLine, Placed, PlaceOrder
from tests.world import ACCOUNT, COMPANY, WAREHOUSE, World


def ask(number: str | None = "N-1", lines: Mapping[str, int] | None = None, **facts: Any) -> PlaceOrder:
    """An outbound draft of the demo account; `lines` is sku -> pieces."""
    return PlaceOrder(
        **{
            "account_id": ACCOUNT,
            "company_id": COMPANY,
            "kind": "outbound",
            "number": number,
            "dialect": "hongxun",
            "type": "LOCAL",
            "state": "draft",
            "site_id": WAREHOUSE,
            "lines": tuple(
                NewLine(line_key=str(key), sku=sku, quantity=quantity)
                for key, (sku, quantity) in enumerate((lines or {}).items(), start=1)
            ),
            "actor": "test",
            **facts,
        }
    )


def with_lines(number: str | None, *lines: NewLine, **facts: Any) -> PlaceOrder:
    return structs.replace(ask(number, **facts), lines=lines)


class Counter:
    """Where orders are handed in; `owner` is OWN-A."""

    def __init__(self, world: World, owner: SubInventoryId) -> None:
        self.world = world
        self.owner = owner

    async def put(self, *asked: PlaceOrder) -> list[Placed | CrossdockError]:
        """All at the same moment; an answer or an error of ours for each."""
        answers: Sequence[Any] = await asyncio.gather(
            *(self.world.desk.orders.put(one) for one in asked), return_exceptions=True
        )
        for answer in answers:
            assert isinstance(answer, Placed | CrossdockError), answer
        return list(answers)

    async def placed(self, asked: PlaceOrder) -> Placed:
        [answer] = await self.put(asked)
        assert isinstance(answer, Placed), answer
        return answer

    async def refused(self, asked: PlaceOrder) -> CrossdockError:
        [answer] = await self.put(asked)
        assert isinstance(answer, CrossdockError), answer
        return answer

    def reserving(
        self, number: str | None = "N-1", lines: Mapping[str, int] | None = None, **facts: Any
    ) -> PlaceOrder:
        """One that takes its stock at once."""
        return ask(number, lines, state="allocated", sub_inventory_id=self.owner, **facts)

    async def on_shelf(self, sku: str) -> tuple[int, int]:
        """on hand, allocated"""
        [(on_hand, allocated)] = await self.world.rows(
            "SELECT coalesce(sum(s.on_hand), 0)::bigint, coalesce(sum(s.allocated), 0)::bigint"
            "  FROM product p LEFT JOIN stock s ON s.product_id = p.id WHERE p.sku = %(sku)s",
            sku=sku,
        )
        return on_hand, allocated


@pytest.fixture
async def counter(quiet_world: World) -> Counter:
    owner = await quiet_world.desk.accounts.sub_inventory(ACCOUNT, "OWN-A")
    return Counter(quiet_world, owner.id)
