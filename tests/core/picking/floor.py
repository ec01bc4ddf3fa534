"""A warehouse floor: shelves with goods, totes, orders that have their stock, and people who walk."""

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from crossdock.base.ids import StaffId
from crossdock.core.orders.model import Order
from crossdock.core.picking import commands, queries
from crossdock.core.picking.model import Method, Pick, Preview, Progress, Wave, WaveFilter
from crossdock.core.places import commands as places
from crossdock.core.places import queries as place_queries
from crossdock.core.places.model import Location, LocationKind
from tests.world import ACCOUNT, WAREHOUSE, World

SKU = "00131031"
OTHER_SKU = "P-7001"
HERE: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE}


class Floor:
    """`do` runs a command or query in a transaction of its own, for WH-GZ01 of the demo account."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.places: dict[str, Location] = {}
        self.people: list[StaffId] = []
        self._causes = itertools.count(1)

    @classmethod
    async def of(cls, world: World) -> "Floor":
        """With the locations of the demo."""
        floor = cls(world)
        floor.places = {one.code: one for one in await floor.do(place_queries.locations)}
        return floor

    async def do(self, function: Callable[..., Awaitable[Any]], **given: Any) -> Any:
        async with self.world.desk.database.transaction() as tx:
            return await function(tx, **{**HERE, **given})

    async def place(self, code: str, kind: LocationKind = "shelf", walk_order: int = 0) -> Location:
        self.places[code] = await self.do(places.open_location, code=code, kind=kind, walk_order=walk_order)
        return self.places[code]

    async def totes(self, *codes: str) -> None:
        for code in codes:
            await self.place(code, "tote")

    async def hire(self, people: int = 1) -> StaffId:
        """As many floor workers; the first of them."""
        rows = await self.world.rows(
            "INSERT INTO staff (account_id, site_id, username, password_hash, created_at, updated_at)"
            " SELECT 47, %(site)s, 'picker' || n, 'x', now(), now() FROM generate_series(1, %(people)s) AS n"
            " RETURNING id",
            site=WAREHOUSE,
            people=people,
        )
        self.people = [StaffId(row[0]) for row in rows]
        return self.people[0]

    async def hire_another(self) -> None:
        [(staff_id,)] = await self.world.rows(
            "INSERT INTO staff (account_id, site_id, username, password_hash, created_at, updated_at)"
            " VALUES (47, %(site)s, 'another', 'x', now(), now()) RETURNING id",
            site=WAREHOUSE,
        )
        self.people.append(StaffId(staff_id))

    async def shelve(self, sku: str, pieces: int, code: str | None, *, lot: str = "") -> int:
        """So many more pieces lie at a location, or are not put away (None); their bucket."""
        await self.world.stock(sku, pieces, lot=lot)
        [(stock_id,)] = await self.world.rows(
            "SELECT s.id FROM stock s JOIN product p ON p.id = s.product_id"
            " WHERE p.sku = %(sku)s AND s.lot = %(lot)s AND s.site_id = %(site)s",
            sku=sku,
            lot=lot,
            site=WAREHOUSE,
        )
        if code is not None:
            await self.do(
                places.move,
                stock_id=stock_id,
                from_location_id=None,
                to_location_id=self.places[code].id,
                quantity=pieces,
                cause=f"test:{next(self._causes)}",
            )
        return int(stock_id)

    async def order(self, number: str, lines: dict[str, int], **more: Any) -> Order:
        return await self.world.order(number, lines=lines, state="allocated", **more)

    async def wave(self, method: Method = "single", **wanted: Any) -> Wave:
        made: Wave = await self.do(commands.create_wave, wanted=WaveFilter(**wanted), method=method)
        return made

    async def preview(self, **wanted: Any) -> Preview:
        seen: Preview = await self.do(commands.preview_wave, wanted=WaveFilter(**wanted))
        return seen

    async def next(self, wave: Wave, person: int = 0) -> Pick | None:
        pick: Pick | None = await self.do(commands.next_task, wave_id=wave.id, staff_id=self.people[person])
        return pick

    async def pick(self, pick: Pick, tote: str, quantity: int | None = None, person: int = 0, **more: Any) -> None:
        await self.do(
            commands.confirm,
            task_id=pick.task_id,
            quantity=pick.left if quantity is None else quantity,
            tote_code=tote,
            staff_id=self.people[person],
            **more,
        )

    async def short(self, pick: Pick, reason: str = "not_found", person: int = 0, **more: Any) -> Any:
        return await self.do(
            commands.short, task_id=pick.task_id, reason=reason, staff_id=self.people[person], **more
        )

    async def state(self, number: str) -> str:
        [(state,)] = await self.world.rows("SELECT state FROM orders WHERE number = %(number)s", number=number)
        return str(state)

    async def progress(self, wave: Wave) -> Progress:
        seen: Progress = await self.do(queries.wave, wave_id=wave.id)
        return seen

    async def lies(self) -> Counter[tuple[str, str]]:
        """(location, sku) -> pieces."""
        rows = await self.world.rows(
            "SELECT l.code, p.sku, sum(x.quantity)::bigint FROM located x JOIN location l ON l.id = x.location_id"
            " JOIN stock s ON s.id = x.stock_id JOIN product p ON p.id = s.product_id GROUP BY 1, 2"
        )
        return Counter({(row[0], row[1]): int(row[2]) for row in rows})
