"""What every route is handed: the way to the core, and nothing global."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crossdock.base.clock import Clock
from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.base.objects import Objects
from crossdock.base.seal import Seal
from crossdock.core.accounts.book import AccountBook
from crossdock.core.handover import commands as handovers
from crossdock.core.handover.model import PickUp, Use
from crossdock.core.lockers.doors import Doors
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.model import NamedOrder, Placed, PlaceOrder, WithGoods
from crossdock.core.orders.placing import Placing, intake_key
from crossdock.core.packing.commands import report_many
from crossdock.core.packing.model import PackingReport, Reported
from crossdock.core.staff.model import Staff
from crossdock.core.staff.queries import staff_by_tokens
from crossdock.db.database import Database
from crossdock.db.intake import Intake
from crossdock.db.signals import Signals
from crossdock.edge.limits import Limiter


@dataclass(frozen=True)
class Desk:
    """`orders`, `packings` and `uses` commit in groups; everything else opens `database.transaction()` itself."""

    config: Config
    clock: Clock
    seal: Seal
    database: Database
    signals: Signals
    accounts: AccountBook
    """Accounts and their credentials, kept for a few seconds."""
    orders: Intake[PlaceOrder, Placed]
    packings: Intake[PackingReport, Reported]
    uses: Intake[Use, PickUp | None]
    """Pick-up codes that are used; None as `consume_many` says it."""
    tokens: Intake[str, Staff | None]
    """Whose token it is, asked of the database at each call, for all who call at the same time together."""
    goods: Intake[NamedOrder, WithGoods | None]
    """An order and what it is of, in the same way; None where the company has no such order."""
    objects: Objects
    """Files too large for a row."""
    doors: Doors
    """Asks a cabinet to open a door and waits for what it says."""
    limiter: Limiter
    """Who has asked how often; two servers in one process do not count for each other."""


@asynccontextmanager
async def open_desk(*, url: str, config: Config, clock: Clock, seal: Seal) -> AsyncIterator[Desk]:
    """Connections are made when they are needed: this does not fail when the database is away."""
    async with Database(url, clock, connections=config.pool_connections) as database, Signals(url) as signals:
        placing = Placing(database)

        async def report(reports: list[PackingReport]) -> list[Reported | CrossdockError]:
            async with database.autocommit() as tx:
                return await report_many(tx, reports)

        async def consume(uses: list[Use]) -> list[PickUp | CrossdockError | None]:
            async with database.transaction() as tx:
                return await handovers.consume_many(tx, uses)

        async def look_up(tokens: list[str]) -> list[Staff | CrossdockError | None]:
            async with database.autocommit() as tx:
                return [*await staff_by_tokens(tx, tokens=tokens)]

        async def read(named: list[NamedOrder]) -> list[WithGoods | CrossdockError | None]:
            async with database.autocommit() as tx:
                return [*await order_queries.with_goods(tx, named=named)]

        desk = Desk(
            config=config,
            clock=clock,
            seal=seal,
            database=database,
            signals=signals,
            accounts=AccountBook(database, seal),
            orders=Intake(placing.place_many, key=intake_key),
            packings=Intake(report, key=lambda report: (report.enterprise_id, report.order_number)),
            uses=Intake(consume, key=lambda _: None),
            tokens=Intake(look_up, key=lambda _: None),
            goods=Intake(read, key=lambda _: None),
            objects=Objects(config.storage_url, var=config.var),
            doors=Doors(database, signals),
            limiter=Limiter(config),
        )
        try:
            yield desk
        finally:
            await desk.orders.close()
            await placing.close()
            await desk.packings.close()
            await desk.uses.close()
