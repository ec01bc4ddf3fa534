"""The counter page on a slow line and without one: what waits is seen, and goes out once, under its own name."""

import asyncio

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.console.conftest import assert_accessible, picture
from tests.console.counters import CLERK, CODE, MANAGER, NO_LINE, NUMBER, Shop, log_in, phone, scan
from tests.world import World


@pytest.fixture
async def shop(world: World) -> Shop:
    return Shop(world)


async def shell_is_kept(page: Page) -> None:
    """The service worker has the page's files."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")


async def kept_on(page: Page) -> str:
    """All that lies in the phone's memory for this page, the caches' contents included."""
    return await page.evaluate(
        """async () => {
            const bodies = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys())
                    bodies.push(request.url, await (await cache.match(request)).text());
            }
            const stores = await indexedDB.databases();
            return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, stores, document.cookie, ...bodies]);
        }"""
    )


async def to_parcel(page: Page, code: str = CODE) -> None:
    await scan(page, code)
    await expect(page.locator(".banner")).to_contain_text("Ready to hand over")


async def test_without_a_line_it_waits_and_goes_out_once(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_have_text("No line · 1 waiting to be sent")
        await expect(page.locator(".banner")).to_contain_text("Waiting to be sent")
        await expect(page.locator("#hand")).to_be_hidden()
        await assert_accessible(page)
        await picture(page, "counter-waits")
        await page.click("#line")
        await expect(page.locator("#entries li")).to_have_count(1)
        await assert_accessible(page)
        await picture(page, "counter-queue")
        await page.click("#kept [data-close]")
        assert await shop.history() == []

        await page.context.set_offline(False)
        await expect(page.locator("#line-text")).to_have_text("All is sent")
        await expect(page.locator(".banner")).to_contain_text("Handed over")
    assert await shop.history() == [("consume", "clerk1", "")]


async def test_the_page_opens_without_a_line_and_sends_what_was_kept(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await shell_is_kept(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting to be sent")

        await page.goto("/counter")
        await expect(page.locator("h1")).to_have_text("静安店")
        await expect(page.locator("#line-text")).to_have_text("No line · 1 waiting to be sent")
        await scan(page, CODE)
        await expect(page.locator("#note")).to_have_text("There is no line: this cannot be looked up now.")

        await page.context.set_offline(False)
        await expect(page.locator("#line-text")).to_have_text("All is sent")
    assert await shop.history() == [("consume", "clerk1", "")]


async def test_what_the_list_shows_is_found_without_a_line(shop: Shop, browser: Browser) -> None:
    await shop.parcel(code="001234")
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(1)
        await page.context.set_offline(True)
        await scan(page, "1234")
        await expect(page.locator(".banner")).to_contain_text("there is no line")
        await page.click("#aside")
        await expect(page.locator("#hand")).to_be_hidden()
        await page.context.set_offline(False)
        await expect(page.locator("#line-text")).to_have_text("All is sent")
    assert await shop.history() == [("stock_prepare", "clerk1", "")]


@pytest.mark.parametrize("act", ["handover", "undo"])
async def test_an_answer_that_is_lost_is_asked_for_again_and_acts_once(
    shop: Shop, browser: Browser, act: str
) -> None:
    await shop.parcel()
    lost: list[int] = []

    async def lose(route: Route) -> None:
        """The server has acted; its answer does not arrive, the first two times."""
        if len(lost) < 2:
            lost.append((await route.fetch()).status)
            await route.abort()
        else:
            await route.continue_()

    async with phone(browser, shop, expected=NO_LINE, service_workers="block") as page:
        await log_in(page)
        await to_parcel(page)
        await page.route(f"**/{act}", lose)
        await page.click("#hand")
        if act == "undo":
            await page.click("#undo")
            await page.click("text=Wrong parcel")
            await page.click("#why-do")
            await expect(page.locator(".banner")).to_contain_text("The hand-over is undone")
        else:
            await expect(page.locator(".banner")).to_contain_text("Handed over")
        await expect(page.locator("#line-text")).to_have_text("All is sent")
    assert lost == [200, 200]
    done = await shop.history()
    assert done[0] == ("consume", "clerk1", "")
    assert done[1:] == ([("rollback", "clerk1", "Wrong parcel")] if act == "undo" else [])


async def test_a_refusal_stays_until_it_is_dismissed(shop: Shop, browser: Browser) -> None:
    """Another clerk was faster; what was tapped after it for the same parcel is not sent either."""
    parcel = await shop.parcel()
    second = await shop.parcel("N-2", "000002")
    faster = await shop.caller(MANAGER)
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        await page.click("#undo")
        await page.click("text=Wrong parcel")
        await page.click("#why-do")
        await expect(page.locator("#line-text")).to_contain_text("2 waiting")
        await page.evaluate(f"location.hash = '#parcel/{second.id}'")
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("3 waiting")
        body = {"operation_id": "00000000-0000-4000-8000-000000000000", "staff_id": faster.id}
        assert (await faster.post(f"parcels/{parcel.id}/handover", body)).status_code == 200

        await page.context.set_offline(False)
        await expect(page.locator("#line-text")).to_have_text("2 refused: please look")
        assert await shop.history() == [("consume", "xxx", ""), ("consume", "clerk1", "")]
        await page.reload()
        await expect(page.locator("#line-text")).to_have_text("2 refused: please look")
        await page.click("#line")
        await expect(page.locator("#entries")).to_contain_text("This parcel was handed over before.")
        await expect(page.locator("#entries")).to_contain_text("Not sent, because what came before it was refused.")
        await assert_accessible(page)
        await picture(page, "counter-refused")
        for _ in range(2):
            await page.locator("#entries button").first.click()
        await expect(page.locator("#line-text")).to_have_text("All is sent")
    assert len(await shop.history()) == 2


async def test_nobody_sends_what_another_person_tapped(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        await shop.world.rows("DELETE FROM staff_session RETURNING 1")
        await page.context.set_offline(False)
        await expect(page.locator("#login-note")).to_have_text("You were logged out. Please log in again.")

        await log_in(page, MANAGER)
        await expect(page.locator("#line-text")).to_have_text("1 of clerk1: only clerk1 can send it")
        assert await shop.history() == []
        await shop.world.rows("DELETE FROM staff_session RETURNING 1")
        await page.reload()
        await log_in(page, CLERK)
        await expect(page.locator("#line-text")).to_have_text("All is sent")
    assert await shop.history() == [("consume", "clerk1", "")]


async def test_a_log_out_leaves_nothing_and_warns_before(shop: Shop, browser: Browser) -> None:
    await shop.rules(mask_keys=True)
    await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await shell_is_kept(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        kept = await kept_on(page)
        assert NUMBER in kept, "what waits is kept"
        assert CODE not in kept
        assert "张三" not in kept
        assert "13800000001" not in kept
        await page.context.set_offline(False)
        await expect(page.locator("#line-text")).to_have_text("All is sent")
        await expect(page.locator("#undo")).to_be_visible()
        await page.context.set_offline(True)

        await page.click("#undo")
        await page.click("text=Wrong parcel")
        await page.click("#why-do")
        await page.click("#logout")
        await expect(page.locator("#leave")).to_contain_text("1 waiting to be sent")
        await assert_accessible(page)
        await picture(page, "counter-leave")
        await page.click("#leave [data-close]")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        await page.click("#logout")
        await page.click("#leave-do")
        await expect(page.locator("#login-note")).to_have_text("Log-out is finished as soon as there is a line.")
        for private in (NUMBER, "静安店", "clerk1", "张三"):
            assert private not in await kept_on(page)
            assert private not in await page.content()
        assert await sessions(shop) == 1

        await page.context.set_offline(False)
        await page.reload()
        await expect(page.locator("#login")).to_be_visible()
        await expect(page.locator("#login-note")).to_have_text("")
        assert await sessions(shop) == 0
        assert await page.evaluate("({ ...localStorage })") == {}
    assert await shop.history() == [("consume", "clerk1", "")]


async def test_a_log_out_is_finished_though_the_page_is_left_in_the_middle(shop: Shop, browser: Browser) -> None:
    """On a slow line nothing more is shown or done here, and the session does not outlive the tap."""
    await shop.parcel()
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        held.set()

    async with phone(browser, shop, service_workers="block") as page:
        await log_in(page)
        await to_parcel(page)
        for path in ("me", "logout"):
            await page.route(f"**/counter/{path}", hold)
        await page.click("#logout")
        await held.wait()
        await expect(page.locator("#login")).to_be_visible()
        assert "张三" not in await page.content()
        for path in ("me", "logout"):
            await page.unroute(f"**/counter/{path}")
        await page.reload()
        await expect(page.locator("#login")).to_be_visible()
        assert await sessions(shop) == 0
        assert await page.evaluate("({ ...localStorage })") == {}


async def sessions(shop: Shop) -> int:
    [(count,)] = await shop.world.rows("SELECT count(*) FROM staff_session")
    return int(count)


async def test_on_a_slow_line_the_next_parcel_need_not_wait(shop: Shop, browser: Browser) -> None:
    first, second = await shop.parcel("N-1", "000001"), await shop.parcel("N-2", "000002")
    there = asyncio.Event()
    asked: list[str] = []

    async def slow(route: Route) -> None:
        asked.append(route.request.url.rsplit("/", 2)[1])
        await there.wait()
        await route.continue_()

    async with phone(browser, shop, service_workers="block") as page:
        await log_in(page)
        await page.route("**/handover", slow)
        for code in ("1", "2"):
            await to_parcel(page, code)
            await page.click("#hand")
            await expect(page.locator(".banner")).to_contain_text("Sending …")
        await expect(page.locator("#line-text")).to_have_text("2 waiting to be sent")
        there.set()
        await expect(page.locator("#line-text")).to_have_text("All is sent")
        await expect(page.locator(".banner")).to_contain_text("Handed over")
    assert asked == [str(first.id), str(second.id)]
    assert len(await shop.history()) == 2


async def test_a_log_in_on_another_page_of_the_phone_is_taken_over(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        body = {"username": MANAGER[0], "password": MANAGER[1]}
        assert (await page.context.request.post("/counter/login", data=body)).ok
        await page.context.set_offline(False)
        await expect(page.locator("#who")).to_have_text("xxx")
        await expect(page.locator("#line-text")).to_have_text("1 of clerk1: only clerk1 can send it")
        assert await shop.history() == []


async def test_two_pages_of_one_phone_send_each_tap_once(shop: Shop, browser: Browser) -> None:
    for number in range(4):
        await shop.parcel(f"N-{number}", f"00000{number}")
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await expect(page.locator("#rows li")).to_have_count(4)
        await page.context.set_offline(True)
        for number in range(4):
            await expect(page.locator("#rows li")).to_have_count(4)
            await scan(page, str(number))
            await page.click("#hand")
            await expect(page.locator("#line-text")).to_contain_text(f"{number + 1} waiting")
            await page.click("#next")
        context: BrowserContext = page.context
        await context.set_offline(False)
        others = [await context.new_page() for _ in range(2)]
        await asyncio.gather(*(other.goto("/counter") for other in others))
        for each in (page, *others):
            await expect(each.locator("#line-text")).to_have_text("All is sent")
    assert [row[0] for row in await shop.history()] == ["consume"] * 4
    await shop.world.verified()


async def hold(page: Page, path: str) -> tuple[asyncio.Event, asyncio.Event]:
    """The first answer at `path` is kept back: it is asked for, it may come."""
    asked, may = asyncio.Event(), asyncio.Event()

    async def keep(route: Route) -> None:
        if not asked.is_set():
            asked.set()
            answer = await route.fetch()
            await may.wait()
            await route.fulfill(response=answer)
        else:
            await route.continue_()

    await page.route(path, keep)
    return asked, may


async def test_the_code_that_was_scanned_last_is_the_one_that_opens(shop: Shop, browser: Browser) -> None:
    """The answer to the first comes late: its parcel must not slip under a finger that is about to hand over."""
    await shop.parcel("N-1", "000001")
    await shop.parcel("N-2", "000002")
    async with phone(browser, shop, service_workers="block") as page:
        await log_in(page)
        asked, may = await hold(page, "**/counter/find")
        await scan(page, "000001")
        await asked.wait()
        await page.fill("#code", "000002")
        await page.press("#code", "Enter")
        await expect(page.locator(".number")).to_have_text("N-2")
        async with page.expect_event("requestfinished", lambda request: request.url.endswith("/find")):
            may.set()
        await page.evaluate("new Promise((then) => setTimeout(then))")
        await expect(page.locator(".number")).to_have_text("N-2")


async def test_an_answer_that_comes_after_the_log_out_shows_nothing(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop, service_workers="block") as page:
        await log_in(page)
        asked, may = await hold(page, "**/counter/find")
        await scan(page, CODE)
        await asked.wait()
        await page.click("#logout")
        await expect(page.locator("#login")).to_be_visible()
        async with page.expect_event("requestfinished", lambda request: request.url.endswith("/find")):
            may.set()
        await page.evaluate("new Promise((then) => setTimeout(then))")
        await expect(page.locator("#login")).to_be_visible()
        assert "张三" not in await page.content()


async def test_on_a_slow_line_nobody_is_disturbed_who_has_begun(shop: Shop, browser: Browser) -> None:
    """The page opens with who was here last; the answer who it is comes later, and takes no focus away."""
    await shop.parcel()
    async with phone(browser, shop, service_workers="block") as page:
        await log_in(page)
        asked, may = await hold(page, "**/counter/me")
        await page.reload()
        await asked.wait()
        await page.fill("#search", "0001")
        async with page.expect_event("requestfinished", lambda request: request.url.endswith("/me")):
            may.set()
        await page.evaluate("new Promise((then) => setTimeout(then))")
        await expect(page.locator("#search")).to_be_focused()


async def test_a_session_that_ends_while_the_history_is_opened(shop: Shop, browser: Browser) -> None:
    async with phone(browser, shop) as page:
        await log_in(page, MANAGER)
        await expect(page.locator("#rows li")).to_have_count(1)
        await shop.world.rows("DELETE FROM staff_session RETURNING 1")
        await page.click('#bar [href="#history"]')
        await expect(page.locator("#login-note")).to_have_text("You were logged out. Please log in again.")


async def test_a_tap_waits_while_the_page_cannot_learn_its_word(shop: Shop, browser: Browser) -> None:
    """Opened anew, the page has to ask for the word of its session: without an answer nothing is refused."""
    await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE, service_workers="block") as page:
        await log_in(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        await page.route("**/counter/me", lambda route: route.abort())
        await page.context.set_offline(False)
        async with page.expect_response("**/handover") as sent:
            await page.reload()
        assert (await sent.value).status == 403
        await expect(page.locator("#line-text")).to_have_text("No line · 1 waiting to be sent")
        await page.unroute("**/counter/me")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.locator("#line-text")).to_have_text("All is sent")
    assert await shop.history() == [("consume", "clerk1", "")]


FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
NONE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"


async def test_a_phone_whose_memory_is_full_says_that_nothing_was_done(shop: Shop, browser: Browser) -> None:
    await shop.parcel()
    async with phone(browser, shop) as page:
        await page.add_init_script(FULL)
        await log_in(page)
        await to_parcel(page)
        await page.click("#hand")
        await expect(page.locator(".banner")).to_contain_text("The memory of this phone is full. Nothing was done.")
        await expect(page.locator("#hand")).to_be_visible()
    assert await shop.history() == []


async def test_a_browser_that_keeps_nothing_is_told_what_is_missing(shop: Shop, browser: Browser) -> None:
    async with phone(browser, shop) as page:
        await page.add_init_script(NONE)
        await page.goto("/counter")
        await expect(page.locator("#login-note")).to_contain_text("Please allow cookies and the data of sites.")


async def test_a_scanners_enter_loses_nothing_that_waits(shop: Shop, browser: Browser) -> None:
    """While the page asks whether to log out, or shows what was refused."""
    parcel = await shop.parcel()
    async with phone(browser, shop, expected=NO_LINE) as page:
        await log_in(page)
        await to_parcel(page)
        await page.context.set_offline(True)
        await page.click("#hand")
        await page.click("#logout")
        await expect(page.locator("#leave")).to_be_visible()
        await scan(page, CODE)
        await expect(page.locator("#leave")).to_be_hidden()
        await expect(page.locator("#line-text")).to_contain_text("1 waiting")
        await shop.set(parcel.id, state="canceled")
        await page.context.set_offline(False)
        await expect(page.locator("#line-text")).to_have_text("1 refused: please look")
        await page.click("#line")
        await expect(page.locator("#entries button")).to_have_count(1)
        await scan(page, CODE)
        await expect(page.locator("#kept")).to_be_hidden()
        await expect(page.locator("#line-text")).to_have_text("1 refused: please look")
