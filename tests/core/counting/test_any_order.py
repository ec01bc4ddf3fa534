"""Whoever moves, counts, adjusts, orders and picks at once: the ledger and the locations say the same."""

import asyncio
import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.base.errors import CrossdockError
from crossdock.core.counting import commands, queries
from crossdock.core.places import queries as place_queries
from crossdock.core.shelving import commands as shelving
from tests.core.picking.floor import SKU, Floor
from tests.world import World

CODES = ("DOCK-1", "A-01-1", "A-01-2", "R-01")
PIECES = st.integers(1, 5)
CODE = st.sampled_from(CODES)
DEEDS = st.one_of(
    st.tuples(st.just("move"), CODE, CODE, PIECES),
    st.tuples(st.just("put_away"), st.sampled_from((None, "DOCK-1")), CODE, PIECES),
    st.tuples(st.just("count"), CODE, st.integers(0, 6)),
    st.tuples(st.just("adjust"), CODE, st.integers(-4, 4)),
    st.tuples(st.just("order"), PIECES),
    st.tuples(st.just("pick"), st.sampled_from(("TOTE-01", "TOTE-02"))),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(DEEDS, min_size=1, max_size=5), min_size=1, max_size=4))
async def test_after_any_deeds_at_once(quiet_world: World, rounds: list[list[tuple[Any, ...]]]) -> None:
    """Each round at once, one round after the other; what is refused changes nothing."""
    house = await House.of(quiet_world)
    for deeds in rounds:
        outcomes = await asyncio.gather(
            *(getattr(house, name)(*rest) for name, *rest in deeds), return_exceptions=True
        )
        assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, CrossdockError)] == []
        await quiet_world.verified()
        [(on_hand, lying)] = await quiet_world.rows(
            "SELECT s.on_hand, coalesce(sum(l.quantity), 0)::bigint FROM stock s"
            " LEFT JOIN located l ON l.stock_id = s.id WHERE s.id = %(id)s GROUP BY s.id",
            id=house.stock_id,
        )
        nowhere = [one.quantity for one in await house.lying() if one.location_id is None]
        assert on_hand == lying + sum(nowhere)


class House:
    _numbers = itertools.count(1)

    def __init__(self, floor: Floor, stock_id: int) -> None:
        self.floor, self.stock_id = floor, stock_id

    @classmethod
    async def of(cls, world: World) -> "House":
        """With some pieces in three places; what an earlier example left is there, too."""
        floor = await Floor.of(world)
        floor._causes = cls._numbers
        people = await world.rows("SELECT id FROM staff WHERE username = 'another'")
        if people:
            floor.people = [people[0][0]]
        else:
            await floor.hire_another()
        for code in ("DOCK-1", "A-01-1", None):
            stock_id = await floor.shelve(SKU, 5, code)
        return cls(floor, stock_id)

    def by(self) -> dict[str, Any]:
        return {"staff_id": self.floor.people[0], "operation_id": f"any-{next(self._numbers)}"}

    async def lying(self) -> list[Any]:
        return list(await self.floor.do(place_queries.where, stock_ids=[self.stock_id]))

    async def move(self, from_: str, to: str, quantity: int) -> None:
        await self._shelve(shelving.move, self.floor.places[from_].id, to, quantity)

    async def put_away(self, from_: str | None, to: str, quantity: int) -> None:
        await self._shelve(shelving.put_away, None if from_ is None else self.floor.places[from_].id, to, quantity)

    async def _shelve(self, command: Any, from_id: int | None, to: str, quantity: int) -> None:
        given = {"stock_id": self.stock_id, "from_location_id": from_id, "location_code": to, "quantity": quantity}
        await self.floor.do(command, **given, **self.by())

    async def count(self, code: str, counted: int) -> None:
        begun = await self.floor.do(commands.begin, location_code=code, staff_id=self.floor.people[0])
        here = {"count_id": begun.id}
        try:
            if counted:
                await self.floor.do(commands.scan, **here, code=SKU, quantity=counted, **self.by())
            seen = (await self.floor.do(queries.compared, **here)).fingerprint
            await self.floor.do(commands.book, **here, seen=seen, reasons={}, manager=True, **self.by())
        except CrossdockError:
            await self.floor.do(commands.leave, **here)

    async def adjust(self, code: str, quantity: int) -> None:
        where = {"stock_id": self.stock_id, "location_id": self.floor.places[code].id}
        await self.floor.do(commands.adjust, **where, quantity=quantity, reason="counted", **self.by())

    async def order(self, pieces: int) -> None:
        await self.floor.order(f"any-{next(self._numbers)}", {SKU: pieces})

    async def pick(self, tote: str) -> None:
        wave = await self.floor.wave("single", orders_max=1)
        pick = await self.floor.next(wave)
        if pick is not None:
            await self.floor.pick(pick, tote)
