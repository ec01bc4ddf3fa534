"""A counter and a cabinet whose buyers are told, and what is on record of it."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import json

from crossdock.base.ids import NoticeId
from crossdock.core.handover.model import PickUp
from crossdock.core.lockers.model import Parcel
from crossdock.core.notices import commands, queries
from crossdock.core.notices.model import Notice
from tests.core.handover.conftest import Counter
from tests.core.lockers.conftest import Lockers
from tests.world import LOCKER_SERVICE, SHOP_SERVICE, World

BUYER = {"contact": "张三", "telephone": "13800000001", "email": "buyer@example.com"}


class Told:
    def __init__(self, world: World) -> None:
        self.world = world
        self.counter = Counter(world)
        self.lockers = Lockers(world)

    async def open(self, *channels: str) -> None:
        """What the workers of this house can send by."""
        async with self.world.desk.database.transaction() as tx:
            await commands.open_channels(tx, channels)

    async def wish(self, table: str, id_: int, **settings: Any) -> None:
        """What a place (`site`) or an account asks for."""
        async with self.world.desk.database.transaction() as tx:
            await tx.execute(
                f"UPDATE {table} SET settings = settings || %(settings)s::jsonb WHERE id = %(id)s",
                settings=json.encode(settings).decode(),
                id=id_,
            )

    async def waiting(self, number: str = "N-1", **recipient: str) -> PickUp:
        """A parcel that is under way to SHOP-12, its code issued."""
        shipped = await self.world.shipped(number, service=SHOP_SERVICE, recipient={**BUYER, **recipient})
        assert shipped.pick_up is not None
        return shipped.pick_up

    async def ready(self, number: str = "N-1", **recipient: str) -> PickUp:
        """One that was set aside."""
        pick_up = await self.waiting(number, **recipient)
        prepared = await self.counter.prepare(pick_up)
        assert isinstance(prepared, PickUp)
        return prepared

    async def stored(self, number: str = "P-1", **recipient: str) -> Parcel:
        """One that lies in a box, of an order of ours."""
        shipped = await self.world.shipped(number, service=LOCKER_SERVICE, recipient={**BUYER, **recipient})
        assert shipped.parcel is not None
        await self.world.cabinet_online()
        await self.lockers.answer(await self.lockers.ask_store(shipped.parcel))
        return await self.lockers.parcel(number)

    async def notices(self, **only: Any) -> list[Notice]:
        """Oldest first."""
        async with self.world.desk.database.transaction() as tx:
            return (await queries.list_notices(tx, queries.only(**only)))[::-1]

    async def said(self) -> list[tuple[str, str, str, str]]:
        """kind, channel, recipient, state"""
        return [(one.kind, one.channel, one.recipient, one.state) for one in await self.notices()]

    async def resend(self, ids: Sequence[int]) -> None:
        async with self.world.desk.database.transaction() as tx:
            await commands.resend(tx, [NoticeId(id_) for id_ in ids])


@pytest.fixture
def told(quiet_world: World) -> Told:
    return Told(quiet_world)
