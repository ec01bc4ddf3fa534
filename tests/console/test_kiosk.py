"""A cabinet's screen, in a real browser: a courier stores, a customer takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from typing import get_args

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from crossdock.console import kiosk, words
from crossdock.console.kiosk import screen_key
from crossdock.core.lockers import commands as lockers
from crossdock.core.lockers.asking import MOVE_WITHIN
from crossdock.core.lockers.model import SIZES, Complaint, Screen
from tests.console.conftest import CABINET_KEY, Locker, assert_accessible, picture, screen
from tests.world import ACCOUNT, CABINET

KEPT = {"cookie": f"{kiosk.COOKIE}={screen_key(CABINET_KEY)}"}


async def tap(page: Page, code: str) -> None:
    for digit in code:
        await page.click(f'[data-digit="{digit}"]')


@asynccontextmanager
async def late(page: Page, path: str) -> AsyncIterator[None]:
    """The answer to one such request comes after what is done in here."""
    done = asyncio.Event()

    async def hold(route: Route) -> None:
        await done.wait()
        await route.continue_()

    await page.route(f"**/{path}", hold)
    async with page.expect_response(f"**/{path}") as answer:
        yield
        done.set()
    await (await answer.value).finished()
    await page.evaluate("new Promise((then) => setTimeout(then, 50))")
    await page.unroute(f"**/{path}")


async def test_a_courier_stores_and_a_customer_takes(locker: Locker, browser: Browser) -> None:
    parcel = await locker.world.booked("P", "S")
    async with screen(browser) as page:
        await page.goto(locker.address)
        assert page.url == f"{locker.base}/kiosk/{CABINET}"
        await assert_accessible(page)
        await picture(page, "kiosk-start")

        await tap(page, parcel.save_code)
        await expect(page.locator("#sizes")).to_be_visible()
        await expect(page.locator('[data-size="S"]')).to_have_attribute("aria-pressed", "true")
        await assert_accessible(page)
        await picture(page, "kiosk-size")
        await page.click('[data-size="S"]')
        await expect(page.locator("#box")).to_have_text("05")
        await expect(page.locator("#what")).to_have_text("Put the parcel in and close the door.")
        await assert_accessible(page)
        await picture(page, "kiosk-store")
        assert (await locker.parcel("P")).state == "stored"
        locker.cabinet.close_door("0105")
        await expect(page.locator("#shut")).to_have_text("The door is shut.")
        await expect(page.locator("#entry")).to_be_visible()

        await page.keyboard.type(parcel.key)
        await page.keyboard.press("Enter")
        await expect(page.locator("#box")).to_have_text("05")
        await expect(page.locator("#what")).to_have_text("Take your parcel and close the door.")
        await picture(page, "kiosk-take")
        await expect(page.locator("#complaints")).to_be_hidden()
        locker.cabinet.close_door("0105")
        await expect(page.locator("#thanks")).to_be_visible()
    assert (await locker.parcel("P")).state == "taken"
    assert locker.cabinet.openings == {"0105": 2}


async def test_another_box_and_then_none(locker: Locker, browser: Browser) -> None:
    parcel = await locker.world.booked("P", "M")
    await locker.world.rows("UPDATE box SET enabled = false WHERE size = 'L' AND name <> '01' RETURNING 1")
    async with screen(browser) as page:
        await page.goto(locker.address)
        await tap(page, parcel.save_code)
        await page.click('[data-size="M"]')
        await expect(page.locator("#box")).to_have_text("19")
        await page.click('[data-complaint="dirty"]')
        await expect(page.locator("#box")).to_have_text("20")
        await page.click('[data-complaint="does not fit"]')
        await expect(page.locator("#box")).to_have_text("01")
        await page.click('[data-complaint="does not fit"]:not(#keep)')
        await expect(page.locator("#notice")).to_have_text("No such box is free at the moment.")
        await picture(page, "kiosk-full")
        await page.click("#keep")
        await expect(page.locator("#thanks")).to_be_visible()
    kept = await locker.parcel("P")
    assert (kept.state, kept.box_name) == ("booked", None)
    assert await locker.world.rows("SELECT name, closed_for FROM box WHERE closed_for IS NOT NULL") == [
        ("19", "dirty")
    ]


async def test_wrong_codes_and_a_lock_in_chinese(locker: Locker, browser: Browser) -> None:
    parcel = await locker.world.booked("P", "S")
    wrong = f"{(int(parcel.save_code) + 1) % 10**6:06}"
    if wrong == parcel.key:
        wrong = f"{(int(parcel.save_code) + 2) % 10**6:06}"
    async with screen(browser, language="zh-CN") as page:
        await page.goto(locker.address)
        await expect(page.locator("#entry h2")).to_have_text("请输入或扫描取件码/存件码")
        await picture(page, "kiosk-chinese")
        for _ in range(5):
            await tap(page, wrong)
            await expect(page.locator("#notice")).to_have_text("此码在本柜无效。")
        await tap(page, parcel.save_code)
        await expect(page.locator("#notice")).to_have_text("输错次数过多，请几分钟后再试。")
        await page.click('[data-language="en"]')
        await expect(page.locator("#entry h2")).to_have_text("Type or scan your code")
        await expect(page.locator("#notice")).to_have_text("Too many wrong codes. Please wait for some minutes.")


async def test_a_cabinet_that_is_away_opens_nothing(locker: Locker, browser: Browser) -> None:
    parcel = await locker.world.booked("P", "S")
    await locker.cabinet.offline()
    await locker.world.cabinet_offline()
    async with screen(browser) as page:
        await page.goto(locker.address)
        await expect(page.locator("#notice")).to_contain_text("no connection")
        await tap(page, parcel.save_code)
        await page.click('[data-size="S"]')
        await expect(page.locator("#notice")).to_contain_text("no connection")
    assert (await locker.parcel("P")).state == "booked"


async def test_what_was_typed_is_forgotten(locker: Locker, browser: Browser) -> None:
    async with screen(browser) as page:
        await page.goto(locker.address)
        await tap(page, "123")
        await page.click("#rub")
        await expect(page.locator("#code")).to_have_text("12")
        await page.click("#clear")
        await expect(page.locator("#code")).to_have_text("")
        await page.evaluate("document.body.dataset.idleS")
        await tap(page, "12")
        await page.keyboard.press("Escape")
        await expect(page.locator("#code")).to_have_text("")


@pytest.mark.parametrize("leave", ["#clear", "#rub"])
async def test_who_leaves_while_a_code_is_looked_up_has_left(locker: Locker, browser: Browser, leave: str) -> None:
    parcel = await locker.world.booked("P", "S")
    async with screen(browser) as page:
        await page.goto(locker.address)
        async with late(page, "enter"):
            await tap(page, parcel.save_code)
            await page.click(leave)
            await expect(page.locator("#notice")).to_have_text("")
        await expect(page.locator("#entry")).to_be_visible()
        await expect(page.locator("#code")).to_have_text("" if leave == "#clear" else parcel.save_code[:5])

        await tap(page, parcel.save_code if leave == "#clear" else parcel.save_code[5])
        await page.click('[data-size="S"]')
        await expect(page.locator("#box")).to_have_text("05")


async def test_who_leaves_while_a_door_is_asked_for_has_left(locker: Locker, browser: Browser) -> None:
    parcel = await locker.world.booked("P", "S")
    async with screen(browser) as page:
        await page.goto(locker.address)

        async def left(path: str, button: str) -> None:
            async with late(page, path):
                await page.click(button)
                await page.keyboard.press("Escape")
                await expect(page.locator("#entry")).to_be_visible()
            await expect(page.locator("#entry")).to_be_visible()
            await expect(page.locator("#notice")).to_have_text("")
            await tap(page, parcel.save_code)

        await tap(page, parcel.save_code)
        await left("store", '[data-size="S"]')
        await left("move", '[data-complaint="dirty"]')
        await expect(page.locator("#open")).to_be_visible()
        await page.evaluate("document.getElementById('keep').dataset.complaint = 'dirty'")
        await page.evaluate("document.getElementById('keep').hidden = false")
        await left("keep", "#keep")
        await expect(page.locator("#sizes")).to_be_visible()
        await page.keyboard.press("Backspace")
        await page.click('[data-size="S"]')
        await expect(page.locator("#open")).to_be_visible()


async def test_a_parcel_that_was_just_stored_offers_another_box(locker: Locker, browser: Browser) -> None:
    parcel = await locker.world.stored("P")
    async with screen(browser) as page:
        await page.goto(locker.address)
        await tap(page, parcel.save_code)
        await expect(page.locator("#box")).to_have_text("05")
        await expect(page.locator("#what")).to_have_text("The parcel lies in its box already. No door was opened.")
        await page.click('[data-complaint="dirty"]')
        await expect(page.locator("#box")).to_have_text("06")
        await expect(page.locator("#what")).to_have_text("Put the parcel in and close the door.")


async def test_an_open_page_follows_what_the_partner_sets(locker: Locker, browser: Browser) -> None:
    async with screen(browser) as page:
        await page.clock.install()
        await page.goto(locker.address)
        await expect(page.locator("h1")).not_to_have_text("Anzhuang 7")
        await page.evaluate("window.opened = 'once'")
        await tap(page, "1")
        shown = Screen(qr="https://locker.example.com/d/2100013075", address="Anzhuang 7")
        async with locker.world.desk.database.transaction() as tx:
            await lockers.set_screen(tx, account_id=ACCOUNT, cabinet=CABINET, screen=shown)

        async with page.expect_response("**/state"):
            await page.clock.run_for(10_000)
        await expect(page.locator("#code")).to_have_text("1")
        assert await page.evaluate("window.opened") == "once"

        await page.click("#clear")
        await page.clock.run_for(10_000)
        await expect(page.locator("h1")).to_have_text("Anzhuang 7")
        await expect(page.locator("figure img")).to_be_visible()
        await page.evaluate("window.opened = 'again'")
        async with page.expect_response("**/state"):
            await page.clock.run_for(10_000)
        assert await page.evaluate("window.opened") == "again"


# Without a browser ----------------------------------------------------------------------


@pytest.fixture
async def client(locker: Locker) -> httpx.AsyncClient:
    return locker.world.client


@pytest.mark.parametrize("key", ["", "x", screen_key("other"), "é"])
async def test_a_stranger_sees_nothing(locker: Locker, client: httpx.AsyncClient, key: str) -> None:
    answers = [
        await client.get(f"/kiosk/{CABINET}", params={"key": key}),
        await client.get(f"/kiosk/{CABINET}"),
        await client.get(f"/kiosk/{CABINET}/state"),
        await client.post(f"/kiosk/{CABINET}/enter", json={"code": "123456"}),
        await client.get("/kiosk/unknown", headers=KEPT),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert "crossdock lockers screen" in answers[0].text


async def test_a_cabinet_without_a_key_has_no_screen(locker: Locker, client: httpx.AsyncClient) -> None:
    await locker.world.rows("UPDATE cabinet SET key_sealed = NULL RETURNING 1")
    answer = await client.get(f"/kiosk/{CABINET}", params={"key": screen_key("")})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("enter", b"{", 400),
        ("enter", b'{"code": 1}', 400),
        ("enter", b'{"code": "1", "more": 1}', 400),
        ("enter", b'{"code": "' + b"1" * 70_000 + b'"}', 413),
        ("enter", b'{"code": "12\\u0000"}', 400),
        ("store", b'{"code": "123456", "size": "XXL"}', 400),
        ("move", b'{"code": "123456", "complaint": "ugly"}', 400),
        ("move", b'{"code": "123456", "complaint": "dirty"}', 404),
        ("nothing", b"{}", 404),
        ("doors/99999999999999999999", None, 404),
    ],
)
async def test_what_is_no_request(
    locker: Locker, client: httpx.AsyncClient, path: str, body: bytes | None, status: int
) -> None:
    address = f"/kiosk/{CABINET}/{path}"
    headers = {**KEPT, "content-type": "application/json"}
    answer = await client.request("GET" if body is None else "POST", address, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert "error" in answer.json()


async def test_the_partners_address_is_a_qr_code_on_the_screen(
    locker: Locker, client: httpx.AsyncClient, browser: Browser
) -> None:
    address = f"/kiosk/{CABINET}/qr.svg"
    assert (await client.get(address, headers=KEPT)).status_code == 404
    shown = Screen(
        qr="https://locker.example.com/d/2100013075?a=1&b=<2>", address="Anzhuang 7", help_line="18100000000"
    )
    async with locker.world.desk.database.transaction() as tx:
        await lockers.set_screen(tx, account_id=ACCOUNT, cabinet=CABINET, screen=shown)
    async with screen(browser) as page:
        await page.goto(locker.address)
        await expect(page.locator("h1")).to_have_text("Anzhuang 7")
        await expect(page.locator("#help")).to_have_text("Help: 18100000000")
        await picture(page, "kiosk-start")
        seen = await page.locator("figure img").screenshot(type="png")
    [code] = zxingcpp.read_barcodes(Image.open(BytesIO(seen)))
    assert code.text == shown.qr


async def test_a_parcel_that_was_stored_long_ago(locker: Locker, client: httpx.AsyncClient) -> None:
    parcel = await locker.world.stored("P")

    async def entered() -> tuple[int, str | None]:
        answer = await client.post(f"/kiosk/{CABINET}/enter", json={"code": parcel.save_code}, headers=KEPT)
        return answer.status_code, answer.json().get("error")

    locker.world.clock.advance(MOVE_WITHIN)
    assert await entered() == (200, None)
    locker.world.clock.advance(timedelta(seconds=1))
    assert await entered() == (409, "stored")


async def test_a_good_code_between_wrong_ones(locker: Locker, client: httpx.AsyncClient) -> None:
    parcels = [await locker.world.stored(number) for number in "PQ"]
    for parcel in parcels:
        answers = [
            await client.post(f"/kiosk/{CABINET}/enter", json={"code": code}, headers=KEPT)
            for code in ("x", "x", "x", "x", parcel.key)
        ]
        assert [answer.status_code for answer in answers] == [404] * 4 + [200]


async def test_taking_along_is_counted(locker: Locker, client: httpx.AsyncClient) -> None:
    body = {"code": "x", "complaint": "dirty"}
    answers = [await client.post(f"/kiosk/{CABINET}/keep", json=body, headers=KEPT) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429]


async def test_no_code_stands_in_an_answer(locker: Locker, client: httpx.AsyncClient) -> None:
    parcel = await locker.world.booked("P", "S")
    entered = await client.post(f"/kiosk/{CABINET}/enter", json={"code": parcel.save_code}, headers=KEPT)
    assert entered.json() == {"use": "store", "size": "S", "stored": False, "box": None}
    stored = await client.post(f"/kiosk/{CABINET}/store", json={"code": parcel.save_code, "size": "S"}, headers=KEPT)
    assert parcel.key not in stored.text
    assert parcel.save_code not in stored.text
    assert stored.headers["content-type"].startswith("application/json")


def test_every_text_is_translated() -> None:
    chinese = words.translations("zh")
    assert [text for text in kiosk.TEXTS.values() if chinese.gettext(text) == text] == []
    complaints = get_args(Complaint)
    assert set(complaints) | set(SIZES) <= set(kiosk.TEXTS)


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr", "en"),
        ("", "", "en"),
        ("crossdock_language=zh", "en", "zh"),
        ("crossdock_language=xx", "zh", "zh"),
    ],
)
def test_the_language_is_the_one_chosen_else_the_browsers(cookie: str, accept: str, language: str) -> None:
    assert words.language_of(cookie=cookie, accept=accept) == language
