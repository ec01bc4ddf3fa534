"""One bucket of WH-GZ01, and the locations of the demo."""

import itertools
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from crossdock.base.ids import StockId
from crossdock.core.places import commands, queries
from crossdock.core.places.model import Moved
from crossdock.db.tx import Tx
from tests.world import ACCOUNT, WAREHOUSE, World


@dataclass
class Shelves:
    world: World
    stock_id: StockId
    ids: dict[Any, Any]
    """By code; None is "not put away"."""
    place: Mapping[str, Any] = field(default_factory=lambda: {"account_id": ACCOUNT, "site_id": WAREHOUSE})
    causes: Any = field(default_factory=itertools.count)

    @classmethod
    async def of(cls, world: World, *, pieces: int, sku: str = "00131031") -> "Shelves":
        await world.stock(sku, pieces)
        [(stock_id,)] = await world.rows("SELECT max(id) FROM stock")
        async with world.desk.database.autocommit() as tx:
            found = await queries.locations(tx, account_id=ACCOUNT, site_id=WAREHOUSE)
        return cls(world, StockId(stock_id), {None: None, **{one.code: one.id for one in found}})

    def tx(self) -> AbstractAsyncContextManager[Tx]:
        return self.world.desk.database.transaction()

    def shift(self, from_: str | None, to: str | None, quantity: int, cause: str | None = None) -> dict[str, Any]:
        return {
            **self.place,
            "stock_id": self.stock_id,
            "from_location_id": self.ids[from_],
            "to_location_id": self.ids[to],
            "quantity": quantity,
            "cause": cause or f"test:{next(self.causes)}",
        }

    async def move(
        self, from_: str | None, to: str | None, quantity: int, cause: str | None = None, **more: Any
    ) -> Moved:
        async with self.tx() as tx:
            return await commands.move(tx, **self.shift(from_, to, quantity, cause), **more)

    async def adjust(self, at: str | None, quantity: int, cause: str | None = None) -> None:
        async with self.tx() as tx:
            await commands.adjust(
                tx,
                **self.place,
                stock_id=self.stock_id,
                location_id=self.ids[at],
                quantity=quantity,
                cause=cause or f"test:{next(self.causes)}",
            )

    async def lie(self) -> dict[str | None, int]:
        """Code -> pieces; None is "not put away"."""
        async with self.world.desk.database.autocommit() as tx:
            found = await queries.where(tx, **self.place, stock_ids=[self.stock_id])
        return {one.location: one.quantity for one in found}
