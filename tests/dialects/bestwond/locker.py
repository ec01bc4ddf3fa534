"""The demo account's locker: signed calls in, a cabinet behind, callbacks read from the database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from crossdock.base.clock import HeldClock
from crossdock.base.tasks import stopped
from crossdock.core.accounts.model import Caller
from crossdock.core.events.model import Event, Receiver
from crossdock.core.lockers import commands
from crossdock.devices.coordinator import Coordinator
from crossdock.devices.simulator import SimulatedCabinet
from crossdock.dialects.bestwond import auth, callbacks
from crossdock.edge.callback import Owed
from crossdock.edge.desk import Desk
from tests.devices.brokers import WAIT_S_MAX, running
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
        self.speaks = asyncio.Event()
        """Cleared: the cabinet has heard its commands and does not answer yet."""
        self.speaks.set()
        self.opened: list[str] = []
        """Lock addresses the cabinet has opened."""

    async def post(self, path: str, **fields: Any) -> Any:
        """The answer's JSON; signed, by the demo's app for the demo's cabinet unless others are named."""
        return await self.send(path, {"app_id": APP_ID, "device_number": DEVICE, "timestamps": 1689665130, **fields})

    async def send(self, path: str, body: dict[str, Any]) -> Any:
        """As `post`, with exactly these fields."""
        response = await self.client.post(path, params={"sign": auth.sign(body, SECRET)}, json=body)
        assert response.status_code in (200, 201), response.text
        answer = response.json()
        assert set(answer) <= {"code", "msg", "data", "des"}
        assert response.status_code == (201 if 1_300_000 < answer["code"] < 1_400_000 else 200)
        return answer

    async def other_app(self, app_id: str, *, account_id: int = 47) -> None:
        """One more key with the same secret."""
        async with self.desk.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO account (id, code, name, zone, currency) VALUES (%(id)s, 'other', '', 'UTC', 'CNY')"
                " ON CONFLICT DO NOTHING",
                id=account_id,
            )
            await tx.execute(
                "INSERT INTO credential (account_id, dialect, key, secret_sealed)"
                " VALUES (%(account_id)s, 'bestwond', %(key)s, %(sealed)s)",
                account_id=account_id,
                key=app_id,
                sealed=self.desk.seal.seal(SECRET),
            )

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
        account = (await self.caller()).account
        async with self.desk.database.transaction(readonly=True) as tx:
            pairs = await tx.rows("SELECT event_id, receiver_id FROM callback ORDER BY id")
            found = [
                (
                    await tx.one(Event, "SELECT * FROM event WHERE id = %(id)s", id=event_id),
                    await tx.one(Receiver, "SELECT * FROM receiver WHERE id = %(id)s", id=receiver_id),
                )
                for event_id, receiver_id in pairs
            ]
        owed = [
            Owed(
                event=event,
                receiver=receiver,
                credential=await self.desk.accounts.credential(receiver.credential_id)
                if receiver.credential_id
                else None,
                account=account,
                attempt=1,
            )
            for event, receiver in found
        ]
        outgoing = [callbacks.compose(one, self.clock.now()) for one in owed]
        return [json.loads(one.body) for one in outgoing if one is not None]

    async def caller(self) -> Caller:
        found = await self.desk.accounts.caller(auth.NAME, APP_ID)
        assert found is not None
        return found

    async def value(self, statement: str, **params: Any) -> Any:
        async with self.desk.database.autocommit() as tx:
            return await tx.value(statement, **params)

    async def until(self, statement: str, expected: Any, **params: Any) -> None:
        """Wait for what another task writes."""
        async with asyncio.timeout(WAIT_S_MAX):
            while await self.value(statement, **params) != expected:
                await asyncio.sleep(0.01)

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
        await self.speaks.wait()
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
    """With a cabinet that is the core's view of one only."""
    world.clock.set(NOW)
    locker = Locker(world.desk, world.client, world.clock)
    await locker.online()
    cabinet = asyncio.create_task(locker.run())
    yield locker
    await stopped(cabinet)


@asynccontextmanager
async def wired_locker(world: World, directory: Path) -> AsyncIterator[tuple[Locker, SimulatedCabinet]]:
    """With the simulated cabinet on a line of MQTT, as `crossdock serve` has real ones."""
    world.clock.set(NOW)
    locker = Locker(world.desk, world.client, world.clock)
    locks = [row[0] for row in await world.rows("SELECT lock_address FROM box ORDER BY id")]
    async with running("amqtt", directory) as broker:
        coordinator = Coordinator(world.desk.database, world.desk.signals, broker.address, world.clock)
        task = asyncio.create_task(coordinator.run())
        async with SimulatedCabinet(
            broker.cabinet_address, DEVICE, locks, world.clock, close_after_s=None, resend_s=0.1
        ) as cabinet:
            await locker.until("SELECT online FROM cabinet WHERE number = %(number)s", True, number=DEVICE)
            yield locker, cabinet
        await stopped(task)
