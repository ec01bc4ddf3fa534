"""The demo cabinet, short ways to its doors, and a cabinet that answers when the test says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.lockers import commands, queries
from crossdock.core.lockers.doors import Doors
from crossdock.core.lockers.model import Box, Cabinet, DoorCommand, DoorOutcome, Parcel
from tests.world import ACCOUNT, CABINET, World

APP = "bw_de2767d821f911e"
ASKED = {"account_id": ACCOUNT, "cabinet": CABINET, "asked_by": APP, "dialect": "bestwond"}


class Lockers:
    def __init__(self, world: World) -> None:
        self.world = world
        self.doors = world.desk.doors

    def impatient(self) -> Doors:
        """Doors that give a cabinet no time at all."""
        return Doors(self.world.desk.database, self.world.desk.signals, wait_s=0)

    async def do(self, command: Callable[..., Awaitable[Any]], **given: Any) -> Any:
        """One command in a transaction of its own."""
        async with self.world.desk.database.transaction() as tx:
            return await command(tx, **given)

    async def parcel(self, number: str) -> Parcel:
        found = await self.do(queries.parcel_by_number, account_id=ACCOUNT, number=number)
        assert isinstance(found, Parcel)
        return found

    async def cabinet(self) -> Cabinet:
        found = await self.do(queries.cabinet, account_id=ACCOUNT, number=CABINET)
        assert isinstance(found, Cabinet)
        return found

    async def box(self, name: str) -> Box:
        found = await self.do(queries.box, cabinet_id=(await self.cabinet()).id, name=name)
        assert isinstance(found, Box)
        return found

    async def store(self, parcel: Parcel, size: str = "S", **more: Any) -> DoorOutcome:
        return await self.doors.store(**{**ASKED, "save_code": parcel.save_code, "box_size": size, **more})

    async def take(self, parcel: Parcel, **more: Any) -> DoorOutcome:
        return await self.doors.take(**{**ASKED, "key": parcel.key, **more})

    async def ask_store(self, parcel: Parcel, size: str = "S") -> DoorCommand:
        command, _ = await self.do(commands.ask_store, **ASKED, save_code=parcel.save_code, box_size=size)
        assert isinstance(command, DoorCommand)
        return command

    async def ask_take(self, parcel: Parcel) -> DoorCommand:
        command, _ = await self.do(commands.ask_take, **ASKED, key=parcel.key)
        assert isinstance(command, DoorCommand)
        return command

    async def answer(self, command: DoorCommand, *, accepted: bool = True, **more: Any) -> None:
        await self.do(
            commands.answered,
            **{
                "cabinet_number": CABINET,
                "command_id": command.id,
                "accepted": accepted,
                "reason": "ok" if accepted else "jammed",
                "happened_at": self.world.clock.now(),
                **more,
            },
        )

    async def stored(self, number: str, size: str = "S") -> Parcel:
        """A parcel of that number in a box, without waiting for anybody."""
        parcel = await self.world.booked(number, size)
        await self.world.cabinet_online()
        await self.answer(await self.ask_store(parcel, size))
        return await self.parcel(number)

    async def commands(self) -> list[tuple[str, str]]:
        """purpose, state"""
        return [
            (purpose, state)
            for purpose, state in await self.world.rows("SELECT purpose, state FROM door_command ORDER BY id")
        ]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        return [
            row[0]
            for row in await self.world.rows("SELECT facts FROM event WHERE kind = %(kind)s ORDER BY id", kind=kind)
        ]


async def together(*asked: Awaitable[DoorOutcome]) -> list[DoorOutcome | CrossdockError]:
    """All at the same moment."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        assert isinstance(answer, DoorOutcome | CrossdockError), answer
    return list(answers)  # type: ignore[arg-type]


@pytest.fixture
def lockers(quiet_world: World) -> Lockers:
    return Lockers(quiet_world)
