"""The counter of SHOP-12: parcels that lie there, and a phone in a clerk's hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Browser, Page, expect

from crossdock.console.counter.who import WORD_HEADER
from crossdock.core.fulfilment.model import Shipped
from crossdock.core.handover.model import PickUp
from tests.devices.brokers import WAIT_S_MAX
from tests.world import SHOP_SERVICE, World

NUMBER = "3096201701031645115932861"
CODE = "129322"
MANAGER, CLERK, STRANGER = ("xxx", "yyy"), ("clerk1", "clerk1pw"), ("other", "otherpw")
"""Of SHOP-12, SHOP-12 and SHOP-13, as examples/demo.toml has them."""
PHONE: Any = {"width": 390, "height": 844}
NO_LINE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_CONNECTION", "ERR_NETWORK")


@dataclass
class Shop:
    world: World

    async def parcel(
        self,
        number: str = NUMBER,
        code: str = CODE,
        *,
        name: str = "张三",
        mobile: str = "13800000001",
        pieces: int = 1,
        **changes: Any,
    ) -> PickUp:
        """A paid order waits under this code; `changes` are columns of its hand-over, or its order's payment."""
        await self.world.stock("00131031", pieces)
        order = await self.world.order(
            number,
            lines={"00131031": pieces},
            service=SHOP_SERVICE,
            state="allocated",
            recipient={"contact": name, "telephone": mobile},
        )
        shipped: Shipped = await self.world.ship(order.id)
        assert shipped.pick_up is not None
        await self.set(shipped.pick_up.id, key=code, **changes)
        return shipped.pick_up

    async def set(self, parcel_id: int, *, payment: str | None = None, **columns: Any) -> None:
        async with self.world.desk.database.transaction() as tx:
            for name, value in columns.items():
                await tx.execute(f"UPDATE handover SET {name} = %(v)s WHERE id = %(id)s", v=value, id=parcel_id)
            if payment is not None:
                await tx.execute(
                    "UPDATE orders SET payment = %(v)s WHERE id = (SELECT order_id FROM handover WHERE id = %(id)s)",
                    v=payment,
                    id=parcel_id,
                )

    async def rules(self, **rules: Any) -> None:
        """What the shop sets for itself."""
        async with self.world.desk.database.transaction() as tx:
            await tx.execute("UPDATE site SET settings = %(rules)s WHERE id = 12", rules=rules)
        self.world.desk.accounts.forget()

    async def history(self) -> list[tuple[str, str | None, str]]:
        """What was done with parcels: action, by whom, why."""
        return await self.world.rows(  # type: ignore[return-value]
            "SELECT a.action, s.username, a.reason FROM staff_action a LEFT JOIN staff s ON s.id = a.staff_id"
            " WHERE a.action IN ('stock_prepare', 'consume', 'rollback') ORDER BY a.id"
        )

    async def caller(self, who: tuple[str, str]) -> "Caller":
        client = httpx.AsyncClient(base_url=self.world.base_url, timeout=30, verify=False)
        answer = await client.post("/counter/login", json={"username": who[0], "password": who[1]})
        assert answer.status_code == 200, answer.text
        client.headers[WORD_HEADER] = answer.json()["word"]
        return Caller(client, answer.json()["id"])


@dataclass
class Caller:
    """Somebody logged in, without a browser."""

    client: httpx.AsyncClient
    id: int

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(f"/counter/{path}", **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.client.post(f"/counter/{path}", json={} if body is None else body, **more)


@asynccontextmanager
async def phone(
    browser: Browser, shop: Shop, *, language: str = "en", expected: tuple[str, ...] = (), **more: Any
) -> AsyncIterator[Page]:
    """Its page must not say anything on its console, refusals and `expected` apart."""
    context = await browser.new_context(
        viewport=PHONE, locale=language, base_url=shop.world.base_url, has_touch=True, **more
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(shop.world.clock.now())
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(WAIT_S_MAX * 1000)
    yield page
    await context.close()
    assert [
        text
        for text in said
        if "the server responded with a status of 4" not in text and not any(word in text for word in expected)
    ] == []


async def log_in(page: Page, who: tuple[str, str] = CLERK) -> None:
    await page.goto("/counter")
    await page.fill('#login [name="username"]', who[0])
    await page.fill('#login [name="password"]', who[1])
    await page.press('#login [name="password"]', "Enter")
    await expect(page.locator("#parcels")).to_be_visible()


async def scan(page: Page, text: str) -> None:
    """As a scanner does: it types wherever the page is, and ends with Enter."""
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
