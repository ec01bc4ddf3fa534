"""The demo account's locker: signed calls in, a simulated cabinet behind, callbacks read from the database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import httpx

from crossdock.base.clock import HeldClock
from crossdock.core.accounts.model import Caller
from crossdock.core.events.model import Event, Receiver
from crossdock.core.lockers import commands
from crossdock.dialects.bestwond import auth, callbacks
from crossdock.edge.callback import Owed
from crossdock.edge.desk import Desk
from tests.world import CABINET, World

SECRET = "0123456789abcdef0123456789abcdef"
APP_ID = "bw_de2767d821f911e"
DEVICE = CABINET
NOW = datetime(2023, 7, 18, 7, 25, 31, tzinfo=UTC)


class Locker:
    def __init__(self, desk: Desk, client: httpx.AsyncClient, clock: HeldClock) -> None:
        self.desk = desk
        self.client = client
        self.clock = clock
        self.reason = ""
        """Why the cabinet refuses; empty: it accepts."""
        self.opened: list[str] = []
        """Lock addresses the cabinet has opened."""

    async def post(self, path: str, **fields: Any) -> Any:
        """The answer's JSON; signed, for the demo's cabinet unless another is named."""
        body = {"app_id": APP_ID, "device_number": DEVICE, "timestamps": 1689665130, **fields}
        response = await self.client.post(path, params={"sign": auth.sign(body, SECRET)}, json=body)
        assert response.status_code in (200, 201)
        return response.json()

    async def book(self, order_no: str = "100007", box_size: str = "S") -> Any:
        answer = await self.post("/api/iot/kd/set/save/order/", order_no=order_no, box_size=box_size)
        assert answer["code"] == 0
        return answer["data"]

    async def act(self, action_type: str, action_code: str, **fields: Any) -> Any:
        return await self.post(
            "/api/iot/kd/order/save/or/take/", action_type=action_type, action_code=action_code, **fields
        )

    async def save(self, save_code: str, box_size: str = "S") -> Any:
        return await self.act("save", save_code, box_size=box_size)

    async def boxes(self) -> dict[str, Any]:
        answer = await self.post("/api/iot/device/box/list/")
        return {row["box_name"]: row for row in answer["data"]}

    async def online(self, online: bool = True) -> None:
        async with self.desk.database.transaction() as tx:
            await commands.cabinet_seen(tx, number=DEVICE, online=online, at=tx.now)

    async def told(self) -> list[Any]:
        """The bodies of all callbacks owed so far, oldest first, as they would be sent now."""
        async with self.desk.database.transaction(readonly=True) as tx:
            pairs = await tx.rows("SELECT event_id, receiver_id FROM callback ORDER BY id")
            owed = [
                Owed(
                    event=await tx.one(Event, "SELECT * FROM event WHERE id = %(id)s", id=event_id),
                    receiver=await tx.one(Receiver, "SELECT * FROM receiver WHERE id = %(id)s", id=receiver_id),
                    credential=(await self.caller()).credential,
                    account=(await self.caller()).account,
                    attempt=1,
                )
                for event_id, receiver_id in pairs
            ]
        outgoing = [callbacks.compose(one, self.clock.now()) for one in owed]
        return [json.loads(one.body) for one in outgoing if one is not None]

    async def caller(self) -> Caller:
        found = await self.desk.accounts.caller(auth.NAME, APP_ID)
        assert found is not None
        return found

    async def run(self) -> None:
        """The cabinet: answers every command as it comes."""
        with self.desk.signals.waiting_for(commands.COMMANDS_TOPIC) as woken:
            while True:
                woken.clear()
                await self._answer_all()
                await woken.wait()

    async def _answer_all(self) -> None:
        async with self.desk.database.transaction() as tx:
            claimed = await commands.claim_commands(tx, limit=50)
        for command in claimed:
            if not self.reason:
                self.opened.append(command.lock_address)
            async with self.desk.database.transaction() as tx:
                await commands.answered(
                    tx,
                    cabinet_number=command.cabinet_number,
                    command_id=command.id,
                    accepted=not self.reason,
                    reason=self.reason or "ok",
                    happened_at=tx.now,
                )


@asynccontextmanager
async def opened_locker(world: World) -> AsyncIterator[Locker]:
    world.clock.set(NOW)
    locker = Locker(world.desk, world.client, world.clock)
    await locker.online()
    cabinet = asyncio.create_task(locker.run())
    yield locker
    cabinet.cancel()
    with suppress(asyncio.CancelledError):
        await cabinet
