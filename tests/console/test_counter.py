"""The counter page in a real browser, at the size of a phone."""

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import get_args

import pypdfium2
import pytest
import segno
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from crossdock.console import words
from crossdock.console.app import STATIC_FILES
from crossdock.console.counter import door, texts, views
from crossdock.core.staff.model import ACTIONS, WRONG_PASSWORDS_MAX
from tests.console.conftest import OPTIONS, assert_accessible, chromium, picture
from tests.console.counters import CODE, MANAGER, NUMBER, PHONE, STRANGER, Shop, log_in, phone, scan
from tests.world import World


@pytest.fixture
async def shop(world: World) -> Shop:
    return Shop(world)


async def test_a_parcel_is_handed_over_and_taken_back(shop: Shop, browser: Browser) -> None:
    await shop.parcel("3096201701031645115932863", "770011", payment="pending")
    await shop.parcel("3096201701031645115932862", "001234", name="Alex Sample", mobile="01632960123")
    await shop.parcel(pieces=2)
    async with phone(browser, shop) as page:
        await page.goto("/counter")
        await expect(page.locator("#login")).to_be_visible()
        await assert_accessible(page)
        await picture(page, "counter-login")
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(3)
        await expect(page.locator('[data-list="waiting"] b')).to_have_text("3")
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


async def test_in_chinese_set_aside_and_a_slip_for_the_parcel(shop: Shop, browser: Browser) -> None:
    await shop.parcel(pieces=2)
    async with phone(browser, shop, language="zh-CN") as page:
        await log_in(page)
        await expect(page.locator('[data-list="aside"]')).to_have_text("0已备货")
        await picture(page, "counter-parcels-chinese")
        await scan(page, CODE)
        await expect(page.locator(".banner")).to_contain_text("可以交付")
        await page.click("#aside")
        await expect(page.locator(".banner")).to_contain_text("已备货")
        await expect(page.locator("#aside")).to_be_hidden()
        await page.click("#slip")
        await expect(page.locator("h1")).to_contain_text(NUMBER)
        await expect(page.locator("caption")).to_contain_text("2 件")
        await assert_accessible(page)
        await picture(page, "counter-slip")
        assert CODE not in await page.content()
        seen = await page.locator(".qr").screenshot(type="png")
        await page.click("#back")
        await page.click("#hand")
        await expect(page.locator(".banner")).to_contain_text("已交付")
        await assert_accessible(page)
    [drawn] = zxingcpp.read_barcodes(Image.open(BytesIO(seen)))
    assert drawn.text == NUMBER
    assert await shop.history() == [("stock_prepare", "clerk1", ""), ("consume", "clerk1", "")]


@pytest.mark.parametrize("paper_mm", [58, 80, 210])
async def test_a_slip_fits_its_paper(shop: Shop, browser: Browser, paper_mm: int) -> None:
    parcel = await shop.parcel(pieces=2)
    async with phone(browser, shop) as page:
        await log_in(page)
        await page.goto(f"/counter/parcels/{parcel.id}/slip")
        paper = await page.pdf(width=f"{paper_mm}mm", height="297mm")
    printed = pypdfium2.PdfDocument(paper)
    assert len(printed) == 1
    picture_ = printed[0].render(scale=4).to_pil()
    [drawn] = zxingcpp.read_barcodes(picture_)
    assert drawn.text == NUMBER
    text = printed[0].get_textpage().get_text_range()
    assert "Nike" in text
    assert "Print" not in text, "buttons stay on the screen"
    right = max(right for _, _, right, _ in boxes(printed[0]))
    assert right <= printed[0].get_width() - 2


def boxes(page: pypdfium2.PdfPage) -> list[tuple[float, float, float, float]]:
    text = page.get_textpage()
    return [text.get_rect(index) for index in range(text.count_rects())]


async def test_what_may_not_go_out_says_so(shop: Shop, browser: Browser) -> None:
    unpaid = await shop.parcel("N-1", "000001", payment="pending")
    used = await shop.parcel("N-2", "000002")
    await shop.parcel("N-3", "000003", state="expired", expires_at=shop.world.clock.now())
    manager = await shop.caller(MANAGER)
    body = {"operation_id": "00000000-0000-4000-8000-000000000000", "staff_id": manager.id}
    await manager.post(f"parcels/{used.id}/handover", body)
    async with phone(browser, shop) as page:
        await log_in(page)
        await scan(page, "1")
        await expect(page.locator(".banner")).to_contain_text("The order is not paid.")
        await expect(page.locator("#hand")).to_be_disabled()
        await assert_accessible(page)
        await picture(page, "counter-unpaid")
        await scan(page, "2")
        await expect(page.locator(".banner")).to_contain_text("Already handed over by xxx, 07:10.")
        await expect(page.locator("#hand")).to_be_hidden()
        await expect(page.locator("#undo")).to_be_visible()
        await assert_accessible(page)
        await scan(page, "3")
        await expect(page.locator(".banner")).to_contain_text("Expired")
        await expect(page.locator("#undo")).to_be_hidden()
        await page.click("#seen .buyer button")
        await expect(page.locator("#seen .buyer a")).to_have_text("13800000001")
    assert unpaid.id
    assert [row[0] for row in await shop.history()] == ["consume"]


async def test_another_branchs_code_is_unknown_here(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop) as page:
        await log_in(page, STRANGER)
        await scan(page, CODE)
        await expect(page.locator("#note")).to_have_text("No such parcel in this shop.")
        await expect(page.locator("#code")).to_be_focused()
        await assert_accessible(page)
        await picture(page, "counter-unknown")
        await page.goto("/counter#parcel/1")
        await expect(page.locator("#seen")).to_contain_text("No such parcel in this shop.")
        await expect(page.locator("#hand")).to_be_hidden()


async def test_a_scanner_presses_nothing_but_its_field(shop: Shop, browser: Browser) -> None:
    """Its Enter comes while the big button has the focus."""
    await shop.parcel("N-1", "000001")
    await shop.parcel("N-2", "000002")
    async with phone(browser, shop) as page:
        await log_in(page)
        await scan(page, "000001")
        await expect(page.locator("#hand")).to_be_focused()
        await scan(page, "000002")
        await expect(page.locator(".number")).to_have_text("N-2")
        await scan(page, "N-1")
        await expect(page.locator(".number")).to_have_text("N-1")
    assert await shop.history() == []


async def test_two_phones_one_code(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop) as one, phone(browser, shop) as two:
        await log_in(one)
        await log_in(two, MANAGER)
        for page in (one, two):
            await scan(page, CODE)
            await expect(page.locator("#hand")).to_be_enabled()
        await one.click("#hand")
        await expect(one.locator(".banner")).to_contain_text("Handed over")
        await two.click("#hand")
        await expect(two.locator(".banner")).to_contain_text("This parcel was handed over before.")
        await expect(two.locator("#line-text")).to_have_text("1 refused: please look")
        await expect(two.locator("#hand")).to_be_hidden()
    assert await shop.history() == [("consume", "clerk1", "")]


async def test_a_search_and_the_next_page(shop: Shop, browser: Browser) -> None:
    for number in range(21):
        await shop.parcel(f"N-{number:02}", f"{number:06}", name=f"Alex {number:02}", mobile=f"138000010{number:02}")
    async with phone(browser, shop) as page:
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(20)
        await page.click("#more")
        await expect(page.locator("#rows li")).to_have_count(21)
        await expect(page.locator("#more")).to_be_hidden()
        await page.fill("#search", "1007")
        await page.press("#search", "Enter")
        await expect(page.locator("#rows li")).to_have_count(1)
        await expect(page.locator("#rows")).to_contain_text("Alex 07")
        await page.fill("#search", "nobody")
        await page.press("#search", "Enter")
        await expect(page.locator("#rows")).to_have_text("Nothing was found.")
        await page.click('[data-list="handed"]')
        await expect(page.locator("#rows")).to_have_text("Nothing waits.")


async def test_wrong_passwords_are_told_in_words(shop: Shop, browser: Browser) -> None:
    async with phone(browser, shop) as page:
        await page.goto("/counter")
        for tried in range(WRONG_PASSWORDS_MAX + 1):
            await page.fill('#login [name="username"]', "clerk1")
            await page.fill('#login [name="password"]', "wrong")
            async with page.expect_response("**/login"):
                await page.press('#login [name="password"]', "Enter")
            said = (
                "The name or the password is wrong." if tried < WRONG_PASSWORDS_MAX else "Too many wrong passwords."
            )
            await expect(page.locator("#login-note")).to_contain_text(said)
        await assert_accessible(page)
        await picture(page, "counter-locked")


async def test_a_manager_looks_after_people_and_history(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop) as page:
        await log_in(page)
        await expect(page.locator('#bar [href="#people"]')).to_be_hidden()
        await scan(page, CODE)
        await page.click("#hand")
        await expect(page.locator(".banner")).to_contain_text("Handed over")
        await page.click("#logout")
        await log_in(page, MANAGER)

        await page.click('#bar [href="#people"]')
        await page.click("#people summary")
        await page.fill('#hire-form [name="username"]', "clerk2")
        await page.fill('#hire-form [name="password"]', "clerk2pw")
        await page.click("#hire-form button")
        await expect(page.locator("#people-note")).to_have_text("clerk2 was added.")
        await expect(page.locator("#persons > li")).to_have_count(2)
        clerk2 = page.locator("#persons > li").nth(1)
        await clerk2.locator("summary").click()
        await clerk2.get_by_role("button", name="Withdraw access").click()
        await expect(clerk2).to_contain_text("May not log in")
        await clerk2.get_by_role("button", name="New password").click()
        await clerk2.locator("input").fill("another one")
        await clerk2.get_by_role("button", name="Set the password").click()
        await expect(page.locator("#people-note")).to_have_text("Done: clerk2.")
        await assert_accessible(page)
        await picture(page, "counter-people")

        await page.click('#bar [href="#history"]')
        await expect(page.locator("#actions li").first).to_contain_text("xxx set a new password: clerk2")
        await assert_accessible(page)
        await picture(page, "counter-history")
        await page.select_option('#history [name="staff"]', label="clerk1")
        await expect(page.locator("#actions")).not_to_contain_text("xxx")
        await expect(page.locator("#actions")).to_contain_text("waiting → handed over")
        await page.fill('#history [name="day"]', "2024-08-01")
        await expect(page.locator("#actions")).to_have_text("Nothing was done that day.")


async def test_the_keyboard_alone_is_enough(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop) as page:
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(1)
        await page.locator("#rows a").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#hand")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#next")).to_be_focused()
        await page.keyboard.press("Shift+Tab")
        await expect(page.locator("#undo")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Space")
        await page.keyboard.press("Enter")
        await expect(page.locator(".banner")).to_contain_text("The hand-over is undone")
    assert await shop.history() == [("consume", "clerk1", ""), ("rollback", "clerk1", "Wrong parcel")]


async def test_by_night_and_what_is_tapped_is_large(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop, color_scheme="dark") as page:
        await log_in(page, MANAGER)
        for view in ("parcels", "people", "history"):
            await page.click(f'#bar [href="#{view}"]')
            await assert_accessible(page)
            assert await too_small(page) == []
        await scan(page, CODE)
        await expect(page.locator(".banner")).to_contain_text("Ready to hand over")
        await assert_accessible(page)
        await picture(page, "counter-dark")
        await page.click("#hand")
        await expect(page.locator(".banner")).to_contain_text("Handed over")
        await assert_accessible(page)
        assert await too_small(page) == []
        low = await page.locator("#next").bounding_box()
        assert low is not None
        assert low["y"] > PHONE["height"] * 2 / 3


SHIFT_MAX = 0.01
"""Of what browsers call good, a tenth."""
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts.push(shift.value);
}).observe({ type: "layout-shift", buffered: true });
"""


async def test_nothing_jumps_while_it_is_loaded(shop: Shop, browser: Browser) -> None:
    for number in range(3):
        await shop.parcel(f"N-{number}", f"{number:06}")
    async with phone(browser, shop) as page:
        await page.add_init_script(SHIFTS)
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(3)
        await page.goto("/counter#parcel/1")
        await page.reload()
        await expect(page.locator(".banner")).to_be_visible()
        await page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")
        assert sum(await page.evaluate("window.shifts")) < SHIFT_MAX


TOUCH_PX = 44


async def too_small(page: Page) -> list[str]:
    return await page.evaluate(
        """(least) => [...document.querySelectorAll("a, button, input, select, summary")]
            .filter((each) => each.checkVisibility() && each.type !== "radio")
            .map((each) => [each, each.getBoundingClientRect()])
            .filter(([, box]) => box.width > 1 && (box.height < least || box.width < least))
            .map(([each, box]) => `${each.outerHTML.slice(0, 60)} ${box.width}x${box.height}`)""",
        TOUCH_PX,
    )


# The camera -------------------------------------------------------------------------------

DETECTOR = """
window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect(video) {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
        canvas.getContext("2d").drawImage(video, 0, 0);
        return (await window.decoded(canvas.toDataURL("image/png"))).map((rawValue) => ({ rawValue }));
    }
};
"""
"""Chromium on Linux has no such detector: this one has its pictures, which are the camera's, read by zxing."""


async def decoded(address: str) -> list[str]:
    picture_ = Image.open(BytesIO(b64decode(address.partition(",")[2])))
    return [code.text for code in zxingcpp.read_barcodes(picture_)]


async def test_the_camera_reads_the_buyers_code(shop: Shop, tmp_path: Path) -> None:
    """A camera that is played from a file shows the QR code; all but the reading of its pictures is the browser's."""
    parcel = await shop.parcel()
    film = tmp_path / "camera.mjpeg"
    shown = Image.open(BytesIO(drawn_qr(CODE))).convert("RGB").resize((360, 360), Image.Resampling.NEAREST)
    frame = Image.new("RGB", (640, 480), "white")
    frame.paste(shown, (140, 60))
    frame.save(film, "JPEG", quality=95)
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*OPTIONS, *camera])
        async with phone(browser, shop, permissions=["camera"]) as page:
            await page.add_init_script(DETECTOR)
            await page.expose_function("decoded", decoded)
            await log_in(page)
            await page.click("#camera-start")
            await expect(page.locator(".banner")).to_contain_text("Ready to hand over")
            await expect(page.locator("#camera")).to_be_hidden()
            assert page.url.endswith(f"#parcel/{parcel.id}")
        await browser.close()


def drawn_qr(text: str) -> bytes:
    drawn = BytesIO()
    segno.make(text, micro=False).save(drawn, kind="png", border=4, scale=8)
    return drawn.getvalue()


async def test_without_a_detector_there_is_no_camera_button(shop: Shop, browser: Browser) -> None:
    async with phone(browser, shop) as page:
        await log_in(page)
        await expect(page.locator("#camera-start")).to_be_hidden()


async def test_a_camera_that_is_not_allowed(shop: Shop, browser: Browser) -> None:
    async with phone(browser, shop) as page:
        await page.add_init_script(DETECTOR)
        await log_in(page)
        await page.click("#camera-start")
        await expect(page.locator("#note")).to_contain_text("The camera cannot be used.")


# Without a browser ----------------------------------------------------------------------


def test_every_text_is_translated_used_and_there() -> None:
    chinese = words.translations("zh")
    said = [*texts.PAGE_TEXTS.values(), *texts.SCRIPT_TEXTS.values(), *texts.ERROR_TEXTS.values()]
    said += [*texts.SLIP_TEXTS.values(), *texts.REASONS]
    assert [text for text in said if chinese.gettext(text) == text] == []
    scripts = "".join((STATIC_FILES / "counter" / f"{name}.js").read_text() for name in door.SCRIPTS)
    assert set(re.findall(r'say\("(\w+)"', scripts)) <= set(texts.SCRIPT_TEXTS)
    spoken = set(re.findall(r'"(\w+)"', scripts)) | {"paid", "partially_refunded", "canceled"}
    assert {name for name in texts.SCRIPT_TEXTS if not re.match(r"[whsak]_", name)} <= spoken
    assert {name for name, _ in texts.ERRORS.values()} == set(texts.ERROR_TEXTS)
    assert {f"h_{action}" for action in ACTIONS} <= set(texts.SCRIPT_TEXTS)
    assert {f"w_{warning}" for warning in get_args(views.Warning_) if warning} <= set(texts.SCRIPT_TEXTS)
