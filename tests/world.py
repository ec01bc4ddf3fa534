"""The demo world behind a running server: arrange in a line, ask through the front door."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.app import House
from crossdock.base.clock import HeldClock
from crossdock.base.ids import AccountId, CompanyId, OrderId, ServiceId, SiteId, StaffId, SubInventoryId
from crossdock.base.tasks import stopped
from crossdock.core.accounts import master
from crossdock.core.audit import queries as audit
from crossdock.core.catalog import commands as catalog
from crossdock.core.catalog.model import NewProduct, ProductChange
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import inbound, waiting
from crossdock.core.fulfilment.model import Receipt, Shipped
from crossdock.core.lockers import commands as lockers
from crossdock.core.lockers.commands import COMMANDS_TOPIC
from crossdock.core.orders.model import NewLine, Order, PlaceOrder
from crossdock.core.staff.tokens import token_hash
from crossdock.core.stock import commands as stock
from crossdock.core.stock.model import Arrival
from crossdock.core.transport import commands as transport
from crossdock.core.transport.model import NewParcel
from crossdock.core.units.model import NewUnit
from crossdock.db.tx import Tx
from crossdock.edge.desk import Desk
from tests import served

ACCOUNT = AccountId(47)
COMPANY = CompanyId(36)
WAREHOUSE = SiteId(80)
SHOP = SiteId(12)
LOCKER_SERVICE = ServiceId(5867)
SHOP_SERVICE = ServiceId(2662)
PARCEL_SERVICE = ServiceId(5217)
CABINET = "2100013075"
START = datetime(2024, 8, 1, 23, 10, 41, tzinfo=UTC)
"""When Hongxun's samples were signed."""


class World:
    """Methods named in a case's `given` take words: `stock 00131031 10`."""

    def __init__(self, house: House, clock: HeldClock) -> None:
        self.house = house
        self.clock = clock
        self.account = ACCOUNT
        self.names: dict[str, Any] = {}
        """What a given line made, for tests that want its ids."""
        self._causes = itertools.count(1)
        self._stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._base_url: str | None = None
        self._client: httpx.AsyncClient | None = None

    @property
    def desk(self) -> Desk:
        return self.house.desk

    @property
    def client(self) -> httpx.AsyncClient:
        """To the server, which runs from the first `serve` on."""
        assert self._client is not None, "await world.serve() first, or use the fixture `world`"
        return self._client

    @property
    def base_url(self) -> str:
        assert self._base_url is not None, "await world.serve() first, or use the fixture `world`"
        return self._base_url

    async def serve(self) -> None:
        self._base_url = await self._stack.enter_async_context(served.listening(self.house.app))
        self._client = await self._stack.enter_async_context(served.client(self._base_url))

    async def close(self) -> None:
        for task in self._tasks:
            await stopped(task)
        await self._stack.aclose()

    async def given(self, line: str) -> Any:
        name, *words = line.split()
        return await getattr(self, name)(*words)

    # Arranging ---------------------------------------------------------------------

    async def stock(
        self, sku: str, quantity: int | str, sub: str = "OWN-A", lot: str = "", site_id: SiteId = WAREHOUSE
    ) -> None:
        """Pieces on the shelf of WH-GZ01, or of another place."""
        async with self.desk.database.transaction() as tx:
            owner = await self.desk.accounts.sub_inventory(ACCOUNT, sub)
            product_id = await tx.value("SELECT id FROM product WHERE account_id = 47 AND sku = %(sku)s", sku=sku)
            await stock.receive(
                tx,
                account_id=ACCOUNT,
                arrivals=[
                    Arrival(
                        site_id=site_id,
                        sub_inventory_id=owner.id,
                        product_id=product_id,
                        lot=lot,
                        quantity=int(quantity),
                    )
                ],
                cause=f"test:{next(self._causes)}",
            )

    async def order(
        self,
        number: str | None = None,
        *,
        lines: Mapping[str, int] | None = None,
        service: ServiceId | None = None,
        kind: str = "outbound",
        state: str = "draft",
        dialect: str = "birdsystem",
        **more: Any,
    ) -> Order:
        """An order on record, through the intake as every order."""
        sub = await self.desk.accounts.sub_inventory(ACCOUNT, more.pop("owner", "OWN-A"))
        new_lines = more.pop("new_lines", None)
        placed = await self.desk.orders.put(
            PlaceOrder(
                account_id=ACCOUNT,
                company_id=COMPANY,
                kind=kind,  # type: ignore[arg-type]
                number=number,
                dialect=dialect,
                type=more.pop("type", "LOCAL"),
                state=state,
                site_id=more.pop("site_id", WAREHOUSE),
                sub_inventory_id=SubInventoryId(sub.id),
                service_id=service,
                lines=new_lines
                or tuple(
                    NewLine(line_key=str(position), sku=sku, quantity=quantity)
                    for position, (sku, quantity) in enumerate((lines or {}).items(), start=1)
                ),
                recipient=more.pop("recipient", {"contact": "Alex Sample", "telephone": "01632 960123"}),
                **more,
            )
        )
        return placed.order

    async def shipped(
        self, number: str | None = None, *, service: ServiceId | None = PARCEL_SERVICE, **more: Any
    ) -> Shipped:
        """An order of one Nike that has left the warehouse."""
        await self.stock("00131031", 1)
        order = await self.order(number, lines={"00131031": 1}, service=service, state="allocated", **more)
        return await self.ship(order.id)

    async def set_aside(self, number: str, pieces: int = 1, **more: Any) -> Order:
        """A paid order whose Nike lie in SHOP-12, which hands them over; it has its code."""
        await self.stock("00131031", pieces, site_id=SHOP)
        order = await self.order(
            number, lines={"00131031": pieces}, service=SHOP_SERVICE, state="allocated", site_id=SHOP, **more
        )
        await waiting.issue_waiting(self.desk.database)
        return order

    async def tracked(self, tracking_number: str) -> Shipped:
        """A parcel from CN to GB has left the warehouse under this number of its carrier's."""
        await self.stock("00131031", 1)
        order = await self.order(
            lines={"00131031": 1},
            service=PARCEL_SERVICE,
            state="allocated",
            recipient={"contact": "Alex Sample", "country_iso": "GB"},
            partner_fields={"sender_country_iso": "CN"},
        )
        return await self.ship(order.id, tracking_number=tracking_number)

    async def ship(self, order_id: OrderId, *, tracking_number: str | None = None) -> Shipped:
        for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
            async with self.desk.database.transaction() as tx:
                await step(tx, account_id=ACCOUNT, order_id=order_id)
        async with self.desk.database.transaction() as tx:
            return await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order_id, tracking_number=tracking_number)

    async def user_token(self, username: str, token: str) -> None:
        """A user of an enterprise logged in before, and this came of it."""
        async with self.desk.database.transaction() as tx:
            await tx.execute(
                "UPDATE enterprise_user SET token_hash = %(hash)s, token_sealed = %(sealed)s"
                " WHERE username = %(username)s",
                username=username,
                hash=token_hash(token),
                sealed=self.desk.seal.seal(token),
            )

    async def film(self, camera_id: str, since: str, until: str) -> None:
        """The camera left film between two moments, as `2019-07-03T01:01:00+08:00`, in one piece."""
        async with self.desk.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO film_piece (account_id, camera_id, started_at, ended_at, object_key, bytes, codec,"
                " width, height, department_id, station) SELECT account_id, id, %(since)s, %(until)s, 'film/x', 1,"
                " 'h264', 2, 2, department_id, station FROM camera WHERE id = %(id)s",
                id=int(camera_id),
                since=datetime.fromisoformat(since),
                until=datetime.fromisoformat(until),
            )

    async def owner(self, code: str, name: str) -> None:
        async with self.desk.database.transaction() as tx:
            await master.put_sub_inventory(tx, account_id=ACCOUNT, code=code, name=name)
        self.desk.accounts.forget()

    async def product(self, sku: str, name: str) -> None:
        new = NewProduct(account_id=ACCOUNT, sku=sku, name=name, active=True)
        async with self.desk.database.transaction() as tx:
            await catalog.put_product(tx, new, lambda _: ProductChange(), dialect="house", actor="test")

    async def car(self, vin: str) -> Order:
        """A CAR-S5 of OWN-CAR stands in WH-GZ01."""
        await self.owner("OWN-CAR", "演示整车")
        await self.product("CAR-S5", "演示车型")
        order = await self.order(
            f"RK-{vin}", lines={"CAR-S5": 1}, kind="inbound", state="announced", dialect="hongxun", owner="OWN-CAR"
        )
        async with self.desk.database.transaction() as tx:
            unit = Receipt(line_key="1", quantity=1, units=(NewUnit(vin=vin),))
            return await inbound.receive(tx, account_id=ACCOUNT, order_id=order.id, receipts=[unit])

    async def leg(self, number: str, mailno: str = "", *, vin: str = "") -> Order:
        """A transport order of two P-7001, or of a car; dispatched where a carrier's number is given."""
        line = NewLine(
            line_key="1",
            sku="CAR-S5" if vin else "P-7001",
            quantity=1 if vin else 2,
            stocked=False,
            partner_fields={"vinNum": vin} if vin else {},
        )
        order = await self.order(
            number, kind="transport", state="announced", dialect="hongxun", type="10", new_lines=(line,)
        )
        if mailno:
            async with self.desk.database.transaction() as tx:
                by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}
                order = await transport.dispatch(tx, **by, parcels=[NewParcel(mailno=mailno)])
        return order

    async def parcel(self, number: str, *mailnos: str) -> Order:
        """An outbound order of as many P-7001 has left, one in each parcel."""
        await self.stock("P-7001", len(mailnos))
        order = await self.order(
            number, lines={"P-7001": len(mailnos)}, state="allocated", dialect="hongxun", type="20"
        )
        by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}
        async with self.desk.database.transaction() as tx:
            for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
                await step(tx, **by)
            parcels = [NewParcel(mailno=mailno, pieces={"1": 1}) for mailno in mailnos]
            return (await fulfilment.ship(tx, **by, parcels=parcels)).order

    async def cabinet_online(self, number: str = CABINET) -> None:
        async with self.desk.database.transaction() as tx:
            await lockers.cabinet_seen(tx, number=number, online=True, at=self.clock.now())

    async def cabinet_offline(self, number: str = CABINET) -> None:
        async with self.desk.database.transaction() as tx:
            await lockers.cabinet_seen(tx, number=number, online=False, at=self.clock.now())

    async def cabinet_fault(self, *words: str) -> None:
        """The reason it refuses every command, as its platform knows it."""
        async with self.desk.database.transaction() as tx:
            await tx.execute("UPDATE cabinet SET fault = %(fault)s", fault=" ".join(words))

    async def cabinet_answers(self, *words: str) -> None:
        """Online, and every command is answered: `accepted`, or the reason it is refused for."""
        await self.cabinet_online()
        verdict = " ".join(words) or "accepted"
        ready = asyncio.Event()
        self._tasks.add(asyncio.create_task(self._answer_commands(verdict, ready)))
        await ready.wait()

    async def booked(self, number: str, size: str = "S", claimed_by: str = "bw_de2767d821f911e") -> Any:
        """A parcel of that number is announced at the cabinet."""
        async with self.desk.database.transaction() as tx:
            parcel = await lockers.book(
                tx,
                account_id=ACCOUNT,
                cabinet=CABINET,
                order_number=number,
                box_size=size,
                claimed_by=claimed_by,
                dialect="bestwond",
                actor=claimed_by,
            )
        self.names[number] = parcel
        return parcel

    async def stored(self, number: str, size: str = "S") -> Any:
        """The parcel of that number lies in a box."""
        parcel = await self.booked(number, size)
        outcome = await self.desk.doors.store(
            account_id=ACCOUNT,
            cabinet=CABINET,
            save_code=parcel.save_code,
            box_size=size,
            asked_by="test",
            dialect="bestwond",
        )
        self.names[number] = outcome.parcel
        return outcome.parcel

    async def staff_token(self, username: str, token: str) -> None:
        """Somebody's token is this one."""
        from crossdock.core.staff.tokens import token_hash

        async with self.desk.database.transaction() as tx:
            await tx.execute(
                "UPDATE staff SET token_hash = %(hash)s, token_sealed = %(sealed)s WHERE username = %(username)s",
                username=username,
                hash=token_hash(token),
                sealed=self.desk.seal.seal(token),
            )

    async def pick_up(self, key: str, state: str = "unused") -> Any:
        """A paid order waits at SHOP-12 under these digits; or was picked up by xxx, expired, canceled."""
        shipped = await self.shipped(
            "3096201701031645115932861",
            service=SHOP_SERVICE,
            recipient={"contact": "张三", "telephone": "13800000001"},
        )
        assert shipped.pick_up is not None
        async with self.desk.database.transaction() as tx:
            await tx.execute("UPDATE handover SET key = %(key)s WHERE id = %(id)s", key=key, id=shipped.pick_up.id)
            if state == "used":
                from crossdock.core.handover import commands as handover

                await handover.consume(tx, account_id=ACCOUNT, site_id=SiteId(12), key=key, staff_id=StaffId(31))
            elif state != "unused":
                await tx.execute(
                    "UPDATE handover SET state = %(state)s, expires_at = CASE WHEN %(state)s = 'expired'"
                    " THEN %(now)s::timestamptz - interval '1 day' END,"
                    " canceled_at = CASE WHEN %(state)s = 'canceled' THEN %(now)s::timestamptz END"
                    " WHERE id = %(id)s",
                    state=state,
                    now=self.clock.now(),
                    id=shipped.pick_up.id,
                )
        self.names[key] = shipped
        return shipped

    # Looking -----------------------------------------------------------------------

    async def verified(self) -> None:
        """The ledger, the timeline, boxes and codes agree with each other."""
        async with self.desk.database.transaction() as tx:
            checked = await audit.verify(tx)
        assert [finding for check in checked for finding in check.findings] == []

    async def rows(self, statement: str, **params: Any) -> list[tuple[Any, ...]]:
        async with self.desk.database.autocommit() as tx:
            return await tx.rows(statement, **params)

    async def _answer_commands(self, verdict: str, ready: asyncio.Event) -> None:
        """The core's view of a cabinet, without a cabinet: each waiting command gets its answer."""
        with self.desk.signals.waiting_for(COMMANDS_TOPIC) as woken:
            ready.set()
            while True:
                woken.clear()
                async with self.desk.database.transaction() as tx:
                    await self._answer_waiting(tx, verdict)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await woken.wait()

    async def _answer_waiting(self, tx: Tx, verdict: str) -> None:
        for command in await lockers.claim_commands(tx, limit=100):
            await lockers.answered(
                tx,
                cabinet_number=command.cabinet_number,
                command_id=command.id,
                accepted=verdict == "accepted",
                reason=verdict,
                happened_at=self.clock.now(),
            )


@pytest.fixture
async def quiet_world(demo_database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The demo world without a server: for commands."""
    async with served.house(demo_database_url, at=START, var=tmp_path) as (house, clock):
        world = World(house, clock)
        yield world
        await world.close()


@pytest.fixture
async def world(quiet_world: World) -> World:
    """The demo world behind HTTP: `world.client`."""
    await quiet_world.serve()
    return quiet_world
