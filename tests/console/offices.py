"""The console: people of each role, logged in, with a browser or without."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any, Final
from uuid import uuid4

import httpx
import pyotp
from playwright.async_api import Browser, Page

from crossdock.base.ids import AccountId, OperatorId, SiteId
from crossdock.console.office.who import COOKIE
from crossdock.core.operators import commands, factor
from crossdock.core.operators.model import Role
from crossdock.core.staff import commands as staff
from crossdock.core.staff import passwords
from crossdock.core.staff.passwords import CHEAP
from tests.console.conftest import screen
from tests.world import ACCOUNT, WAREHOUSE, World

PASSWORD: Final = "a long password"
WORD = re.compile(r'name="word" value="([0-9a-f]{64})"')


@dataclass
class Office:
    world: World

    async def operator(
        self, name: str = "ada", *, role: Role = "operator", account_id: AccountId | None = None
    ) -> OperatorId:
        password_hash = await passwords.hashed(PASSWORD, profile=CHEAP)
        async with self.world.desk.database.transaction() as tx:
            made = await commands.add(
                tx, username=name, role=role, account_id=account_id, password_hash=password_hash
            )
        return made.id

    async def manager(
        self,
        name: str = "boss",
        *,
        site_id: SiteId = WAREHOUSE,
        manager: bool = True,
        account_id: AccountId = ACCOUNT,
    ) -> None:
        password_hash = await passwords.hashed(PASSWORD, profile=CHEAP)
        async with self.world.desk.database.transaction() as tx:
            await staff.create_staff(
                tx,
                account_id=account_id,
                site_id=site_id,
                username=name,
                password_hash=password_hash,
                manager=manager,
            )

    async def enrolled(self, name: str) -> str:
        """The secret of a second factor that is set up; no code of its is spent."""
        desk = self.world.desk
        async with desk.database.transaction() as tx:
            operator = await commands.known(tx, username=name)
            enrolment = await factor.enrol(tx, desk.seal, operator=operator)
            code = pyotp.TOTP(enrolment.secret).at(tx.now)
            await factor.confirm(tx, desk.seal, operator=operator, code=code)
            await tx.execute("UPDATE operator SET totp_step = 0 WHERE username = %(name)s", name=name)
        return enrolment.secret

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(self.world.clock.now())

    async def as_operator(self, name: str = "ada", *, account_id: AccountId | None = None) -> "Caller":
        """An operator with everything given."""
        await self.operator(name, account_id=account_id)
        secret = await self.enrolled(name)
        caller = self.nobody()
        await caller.log_in(name)
        answer = await caller.post("code", code=self.code(secret))
        assert answer.status_code == 303, answer.text
        return caller

    async def as_support(self, name: str = "sue", *, account_id: AccountId | None = None) -> "Caller":
        await self.operator(name, role="support", account_id=account_id)
        caller = self.nobody()
        await caller.log_in(name)
        return caller

    async def as_manager(self, name: str = "boss", **more: Any) -> "Caller":
        await self.manager(name, **more)
        caller = self.nobody()
        await caller.log_in(name)
        return caller

    def nobody(self) -> "Caller":
        return Caller(httpx.AsyncClient(base_url=self.world.base_url, timeout=30))

    async def history(self) -> list[tuple[Any, ...]]:
        """Of operators: who, what, about whom or what, why."""
        return await self.world.rows(
            "SELECT coalesce(o.username, a.actor), a.action, coalesce(b.username, a.subject), a.reason"
            " FROM operator_action a LEFT JOIN operator o ON o.id = a.operator_id"
            " LEFT JOIN operator b ON b.id = a.about_operator_id ORDER BY a.id"
        )


@dataclass
class Caller:
    """Somebody, without a browser. Redirects are not followed."""

    client: httpx.AsyncClient
    word: str = ""

    async def log_in(self, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        answer = await self.client.post("/console/login", data={"username": name, "password": password, **more})
        if answer.status_code == 303:
            await self.get(answer.headers["location"].removeprefix("/console").removeprefix("/"))
        return answer

    async def get(self, path: str = "", **more: Any) -> httpx.Response:
        answer = await self.client.get(f"/console/{path}".rstrip("/"), **more)
        if found := WORD.search(answer.text):
            self.word = found[1]
        return answer

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """With the session's word and an operation of its own, where none is given."""
        data = {"word": self.word, "operation_id": str(uuid4()), **fields}
        answer = await self.client.post(f"/console/{path}", data=data)
        if found := WORD.search(answer.text):
            self.word = found[1]
        return answer

    async def said(self, answer: httpx.Response) -> str:
        """The message that the page after a deed shows."""
        assert answer.status_code == 303, answer.text
        page = await self.client.get(answer.headers["location"])
        found = re.search(r'id="said"[^>]*>([^<]*)<', page.text)
        return unescape(found[1]) if found else ""


def failed(answer: httpx.Response) -> str:
    """What a screen says was refused."""
    found = re.search(r'id="failure"[^>]*>\s*(?:<div>\s*<strong>)?([^<]+)<', answer.text)
    return unescape(found[1]) if found else ""


@asynccontextmanager
async def desk_of(browser: Browser, office: Office, caller: Caller, **more: Any) -> AsyncIterator[Page]:
    """A browser with that session."""
    async with screen(browser, width=1280, height=800, base_url=office.world.base_url, **more) as page:
        [value] = [cookie.value for cookie in caller.client.cookies.jar if cookie.name == COOKIE]
        await page.context.add_cookies(
            [{"name": COOKIE, "value": value or "", "url": f"{office.world.base_url}/console"}]
        )
        yield page
