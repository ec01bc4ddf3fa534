"""A real browser before a served world, and a cabinet behind it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from crossdock.base.tasks import stopped
from crossdock.console.kiosk import screen_key
from crossdock.core.lockers import queries
from crossdock.core.lockers.model import Parcel
from crossdock.devices.access import CabinetKeys
from crossdock.devices.broker import EmbeddedBroker
from crossdock.devices.coordinator import Coordinator
from crossdock.devices.simulator import SimulatedCabinet
from tests.devices.brokers import WAIT_S_MAX
from tests.world import ACCOUNT, CABINET, World

CABINET_KEY = "cabinet-key-of-the-tests"
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = {"width": 390, "height": 844}
REFUSALS: Final = ("the server responded with a status of 4", "net::ERR_")
SCREENSHOTS = os.environ.get("CROSSDOCK_SCREENSHOTS")
"""A folder: pictures for docs/ are taken into it."""


def chromium() -> str:
    """Skips the test where no browser is installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return program


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    program = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        await browser.close()


@dataclass
class Locker:
    """A screen, and the cabinet whose it is."""

    world: World
    cabinet: SimulatedCabinet
    base: str

    @property
    def address(self) -> str:
        return f"{self.base}/kiosk/{CABINET}?key={screen_key(CABINET_KEY)}"

    async def parcel(self, number: str) -> Parcel:
        async with self.world.desk.database.transaction() as tx:
            found = await queries.parcel_by_number(tx, account_id=ACCOUNT, number=number)
        assert found is not None
        return found


@pytest.fixture
async def locker(world: World) -> AsyncIterator[Locker]:
    desk = world.desk
    async with desk.database.transaction() as tx:
        await tx.execute(
            "UPDATE cabinet SET key_sealed = %(sealed)s WHERE number = %(number)s",
            sealed=desk.seal.seal(CABINET_KEY),
            number=CABINET,
        )
        found = await queries.cabinet(tx, account_id=ACCOUNT, number=CABINET)
        locks = [box.lock_address for box in await queries.boxes(tx, cabinet_id=found.id)]
    async with EmbeddedBroker(0, CabinetKeys(desk.database, desk.seal).key_of) as broker:
        coordinator = Coordinator(desk.database, desk.signals, broker.address, world.clock)
        running = asyncio.create_task(coordinator.run())
        async with SimulatedCabinet(
            broker.cabinet_address, CABINET, locks, world.clock, close_after_s=None, key=CABINET_KEY
        ) as cabinet:
            async with asyncio.timeout(WAIT_S_MAX):
                while not (await world.rows("SELECT online FROM cabinet WHERE number = %(n)s", n=CABINET))[0][0]:
                    await asyncio.sleep(0.01)
            yield Locker(world, cabinet, world.base_url)
        await stopped(running)


@asynccontextmanager
async def screen(
    browser: Browser, *, language: str = "en", width: int = 800, height: int = 1280, **context_options: Any
) -> AsyncIterator[Page]:
    """A page that must not say anything on its console but that a request failed."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale=language, **context_options
    )
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(WAIT_S_MAX * 1000)
    yield page
    await context.close()
    assert [text for text in said if not any(refusal in text for refusal in REFUSALS)] == []


async def assert_accessible(page: Page) -> None:
    """axe-core finds nothing serious or critical on what is shown."""
    found = await Axe().run(page)
    violations = found.response["violations"]
    assert [
        (violation["id"], violation["impact"], [node["target"] for node in violation["nodes"]])
        for violation in violations
        if violation["impact"] in {"serious", "critical"}
    ] == []


async def picture(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
