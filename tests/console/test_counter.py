"""The counter page in a real browser, at the size of a phone."""

import re
from typing import get_args

import pytest
from playwright.async_api import Browser, expect

from crossdock.console import words
from crossdock.console.app import STATIC_FILES
from crossdock.console.counter import door, texts, views
from crossdock.core.staff.model import ACTIONS
from tests.console.conftest import assert_accessible, picture
from tests.console.counters import CODE, Shop, log_in, phone, scan
from tests.world import World


@pytest.fixture
async def shop(world: World) -> Shop:
    return Shop(world)


async def test_a_parcel_is_handed_over_and_taken_back(shop: Shop, browser: Browser) -> None:
    await shop.parcel(pieces=2)
    async with phone(browser, shop) as page:
        await page.goto("/counter")
        await expect(page.locator("#login")).to_be_visible()
        await assert_accessible(page)
        await picture(page, "counter-login")
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(1)
        await expect(page.locator('[data-list="waiting"] b')).to_have_text("1")
        await assert_accessible(page)
        await picture(page, "counter-parcels")

        await scan(page, CODE)
        await expect(page.locator(".banner")).to_contain_text("Ready to hand over")
        await assert_accessible(page)
        await picture(page, "counter-parcel")
        await page.click("#hand")
        await expect(page.locator(".banner")).to_contain_text("Handed over")
        await expect(page.locator("#line-text")).to_have_text("All is sent")
        await assert_accessible(page)
        await picture(page, "counter-handed-over")
        assert await shop.history() == [("consume", "clerk1", "")]

        await page.click("#undo")
        await page.click("#why-do")
        await expect(page.locator("#why-note")).to_have_text("Please choose a reason or write one.")
        await page.click("text=Wrong parcel")
        await page.fill('[name="words"]', "two names alike")
        await assert_accessible(page)
        await picture(page, "counter-undo")
        await page.click("#why-do")
        await expect(page.locator(".banner")).to_contain_text("The hand-over is undone")
        assert (await shop.history())[1:] == [("rollback", "clerk1", "Wrong parcel: two names alike")]
    await shop.world.verified()


# Without a browser ----------------------------------------------------------------------


def test_every_text_is_translated_used_and_there() -> None:
    chinese = words.translations("zh")
    said = [*texts.PAGE_TEXTS.values(), *texts.SCRIPT_TEXTS.values(), *texts.ERROR_TEXTS.values()]
    said += [*texts.SLIP_TEXTS.values(), *texts.REASONS]
    assert [text for text in said if chinese.gettext(text) == text] == []
    scripts = "".join((STATIC_FILES / "counter" / f"{name}.js").read_text() for name in door.SCRIPTS)
    assert set(re.findall(r'say\("(\w+)"', scripts)) <= set(texts.SCRIPT_TEXTS)
    spoken = set(re.findall(r'"(\w+)"', scripts)) | {"paid", "canceled"}
    assert {name for name in texts.SCRIPT_TEXTS if not re.match(r"[whsa]_", name)} <= spoken
    assert {name for name, _ in texts.ERRORS.values()} == set(texts.ERROR_TEXTS)
    assert {f"h_{action}" for action in ACTIONS} <= set(texts.SCRIPT_TEXTS)
    assert {f"w_{warning}" for warning in get_args(views.Warning_) if warning} <= set(texts.SCRIPT_TEXTS)
