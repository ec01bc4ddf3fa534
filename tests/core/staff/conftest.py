"""Two shops of one account, and a few people with cheap passwords."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from crossdock.base.clock import HeldClock
from crossdock.base.ids import AccountId, SiteId
from crossdock.base.seal import Seal
from crossdock.core.staff import commands, passwords, queries
from crossdock.core.staff.model import ActionFilter, SessionOpened, Staff
from crossdock.db.database import Database

ACCOUNT = AccountId(47)
SHOP = SiteId(12)
OTHER_SHOP = SiteId(13)
OTHER_ACCOUNT = AccountId(48)
SHOP_OF_OTHER_ACCOUNT = SiteId(21)

PLACES = """
INSERT INTO account (id, code, name, zone, currency) VALUES
    (47, 'demo', 'Demo', 'Asia/Shanghai', 'CNY'), (48, 'other', 'Other', 'UTC', 'GBP');
INSERT INTO site (id, account_id, kind, code, name, zone, active, created_at, updated_at) VALUES
    (12, 47, 'shop', 'SHOP-12', 'Twelve', 'Asia/Shanghai', true, now(), now()),
    (13, 47, 'shop', 'SHOP-13', 'Thirteen', 'Asia/Shanghai', true, now(), now()),
    (14, 47, 'shop', 'SHOP-14', 'Closed', 'Asia/Shanghai', false, now(), now()),
    (21, 48, 'shop', 'SHOP-12', 'Elsewhere', 'UTC', true, now(), now()),
    (80, 47, 'warehouse', 'WH', 'Warehouse', 'Asia/Shanghai', true, now(), now());
"""


@dataclass(frozen=True)
class Shops:
    database: Database
    clock: HeldClock
    seal: Seal

    async def hire(
        self,
        username: str,
        *,
        password: str = "pw",
        site_id: SiteId = SHOP,
        manager: bool = False,
        account_id: AccountId = ACCOUNT,
    ) -> Staff:
        password_hash = await passwords.hashed(password, profile=passwords.CHEAP)
        async with self.database.transaction() as tx:
            return await commands.create_staff(
                tx,
                account_id=account_id,
                site_id=site_id,
                username=username,
                password_hash=password_hash,
                manager=manager,
            )

    async def log_in(self, username: str, password: str = "pw") -> str:
        login = await commands.log_in(self.database, self.seal, username=username, password=password)
        return login.token

    async def open_session(self, username: str, password: str = "pw") -> SessionOpened:
        return await commands.open_session(self.database, username=username, password=password)

    async def of_session(self, token: str) -> Staff | None:
        async with self.database.transaction(readonly=True) as tx:
            return await queries.staff_by_session(tx, token=token)

    async def close_session(self, token: str) -> None:
        async with self.database.transaction() as tx:
            await commands.close_session(tx, token=token)

    async def do(self, deed: Callable[..., Awaitable[Staff]], person: Staff, **given: Any) -> Staff:
        """One deed in a transaction of its own."""
        async with self.database.transaction() as tx:
            return await deed(tx, staff_id=person.id, **given)

    async def of_token(self, token: str) -> Staff | None:
        async with self.database.transaction(readonly=True) as tx:
            return await queries.staff_by_token(tx, token=token)

    async def told(self, *, site_id: SiteId = SHOP) -> list[dict[str, Any]]:
        """The history of a shop, oldest first, but for logins and hires at the start."""
        async with self.database.transaction(readonly=True) as tx:
            _, rows = await queries.actions(
                tx, account_id=ACCOUNT, site_id=site_id, wanted=ActionFilter(), order_by="id", limit=100
            )
        return [
            {
                "who": row.username or row.actor,
                "action": row.action,
                "about": row.about_username,
                "before": row.before,
                "after": row.after,
                "reason": row.reason,
            }
            for row in rows
            if row.action != "login" and not (row.action == "create_staff" and row.staff_id is None)
        ]

    async def run(self, statement: str, **params: object) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(statement, **params)


@pytest.fixture
async def shops(database_url: str) -> AsyncIterator[Shops]:
    clock = HeldClock(datetime(2024, 8, 1, 12, tzinfo=UTC))
    async with Database(database_url, clock, connections=4) as database:
        made = Shops(database, clock, Seal(Fernet.generate_key().decode()))
        for statement in PLACES.strip().split(";\n"):
            await made.run(statement)
        yield made
