"""The floor of WH-GZ01: somebody with a handheld, with and without a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from playwright.async_api import Browser, Page

from tests.devices.brokers import WAIT_S_MAX
from tests.world import World

WORKER, BOSS = ("floor1", "floor1pw"), ("boss1", "boss1pw")
"""Of WH-GZ01, as examples/demo.toml has them."""
HANDHELD: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}


@dataclass
class Drawn:
    """One form of a page: where it goes and what it carries without being touched."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Drawn] = []
        self._open: Drawn | None = None
        self._select = ""
        self._button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Drawn(told.get("action", ""))
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag in {"input", "textarea"} and "name" in told:
            if told.get("type") not in {"checkbox", "radio"} or "checked" in told:
                self._open.fields[told["name"]] = told.get("value", "")
        elif tag == "select":
            self._select = told.get("name", "")
        elif tag == "option" and (self._select not in self._open.fields or "selected" in told):
            self._open.fields[self._select] = told.get("value", "")
        elif tag == "button":
            self._button = True

    def handle_data(self, data: str) -> None:
        if self._button and self._open is not None and data.strip():
            self._open.buttons.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "button":
            self._button = False


def forms(page: httpx.Response) -> list[Drawn]:
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms


@dataclass
class Hand:
    """Somebody logged in on the floor, without a browser; forms are sent as they were drawn."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def send(self, page: httpx.Response, action: str, button: str = "", **fields: Any) -> httpx.Response:
        """The first form of `page` that goes to `action`, and has this button; redirects are followed."""
        drawn = next(
            one for one in forms(page) if one.action == action and (not button or button in " ".join(one.buttons))
        )
        sent = drawn.fields | {name: str(value) for name, value in fields.items()}
        return await self.client.post(action, data=sent, follow_redirects=True)


@asynccontextmanager
async def hand(world: World, who: tuple[str, str] = WORKER) -> AsyncIterator[Hand]:
    async with httpx.AsyncClient(base_url=world.base_url, timeout=30) as client:
        answer = await client.post("/floor/login", data={"username": who[0], "password": who[1]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/floor"), answer.text
        yield Hand(client)


@asynccontextmanager
async def handheld(
    browser: Browser, world: World, *, who: tuple[str, str] = WORKER, language: str = "en", **more: Any
) -> AsyncIterator[Page]:
    """A browser in which `who` has logged in. It must not say anything on its console, refusals apart."""
    context = await browser.new_context(
        **{"viewport": HANDHELD, "locale": language, "base_url": world.base_url, **more}
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(world.clock.now())
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(WAIT_S_MAX * 1000)
    await page.goto("/floor/login")
    await page.fill('[name="username"]', who[0])
    await page.fill('[name="password"]', who[1])
    await page.press('[name="password"]', "Enter")
    await page.wait_for_url("**/floor")
    yield page
    await context.close()
    assert [text for text in said if "the server responded with a status of 4" not in text] == []


async def scan(page: Page, code: str) -> None:
    """As a scanner does: it types wherever the page is, and ends with Enter."""
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")
