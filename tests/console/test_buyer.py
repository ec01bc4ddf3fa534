"""A buyer's page, in a real browser of a phone's size and through the front door."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any, get_args

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Response, expect
from structlog.testing import capture_logs

from crossdock.base.config import Config, SettingInvalid
from crossdock.base.ids import SiteId, StaffId
from crossdock.console import buyer, words
from crossdock.console.buyer import LINES_MAX, REFRESH_S, State, place
from crossdock.core.accounts.model import Site
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import paying
from crossdock.core.handover import commands as handover
from crossdock.core.handover.model import PICK_UP_MOVES
from crossdock.core.orders import queries as orders
from crossdock.core.orders.model import OUTBOUND_MOVES, NewLine, Order
from tests import statements
from tests.console.conftest import PHONE, assert_accessible, picture, screen
from tests.world import ACCOUNT, LOCKER_SERVICE, PARCEL_SERVICE, SHOP_SERVICE, START, World

KEY = "029322"
SHOP = SiteId(12)
CLERK = StaffId(32)
BYTES_MAX = 30_000
"""Of all that the page loads, uncompressed."""
STATEMENTS_MAX = 5


def path(order: Order) -> str:
    return f"/t/{order.token}"


async def ready(world: World, *, until: timedelta | None = timedelta(days=7)) -> Order:
    """An order whose parcel was set aside at the shop."""
    shipped = await world.pick_up(KEY)
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "UPDATE handover SET expires_at = %(at)s WHERE id = %(id)s",
            at=None if until is None else world.clock.now() + until,
            id=shipped.pick_up.id,
        )
        await handover.prepare(tx, account_id=ACCOUNT, site_id=SHOP, handover_id=shipped.pick_up.id, staff_id=CLERK)
    order: Order = shipped.order
    return order


async def hand_over(world: World) -> None:
    async with world.desk.database.transaction() as tx:
        await handover.consume(tx, account_id=ACCOUNT, site_id=SHOP, key=KEY, staff_id=CLERK)


async def pay(world: World, order: Order, payment: str) -> None:
    await world.rows("UPDATE orders SET payment = %(p)s WHERE id = %(id)s RETURNING 1", p=payment, id=order.id)


# In a browser ----------------------------------------------------------------------------


async def test_a_parcel_that_is_ready(world: World, browser: Browser) -> None:
    order = await ready(world)
    async with screen(browser, **PHONE) as page:
        await page.goto(world.base_url + path(order))
        await expect(page.locator("h1")).to_have_text("Ready for you")
        await expect(page.locator(".digits [aria-hidden]")).to_have_text([KEY[:3], KEY[3:]])
        await expect(page.locator(".code time")).to_have_text("Fri 9 Aug 2024, 07:10")
        await expect(page.locator(".place")).to_contain_text("上海市 静安区 示例路 1 号")
        await expect(page.locator(".place")).to_contain_text("10:00-22:00")
        await expect(page.locator(".goods li")).to_have_count(1)
        links = [await link.get_attribute("href") for link in await page.locator(".links a").all()]
        assert links == [
            "tel:02155550100",
            "https://www.openstreetmap.org/?mlat=31.247105&mlon=121.459384#map=17/31.247105/121.459384",
            "geo:31.247105,121.459384?q=31.247105,121.459384(%E9%9D%99%E5%AE%89%E5%BA%97)",
        ]
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        await assert_accessible(page)
        await picture(page, "buyer-ready")
        seen = await page.screenshot(type="png")
    [code] = zxingcpp.read_barcodes(Image.open(BytesIO(seen)))
    assert code.text == KEY


async def test_the_language_is_tapped_and_kept(world: World, browser: Browser) -> None:
    order = await ready(world)
    async with screen(browser, **PHONE) as page:
        await page.goto(world.base_url + path(order))
        await page.get_by_text("中文").click()
        await expect(page.locator("h1")).to_have_text("可以提货了")
        await expect(page.locator(".code time")).to_have_text("2024年8月9日 周五 07:10")
        await assert_accessible(page)
        await picture(page, "buyer-ready-chinese")
        await page.goto(world.base_url + path(order))
        await expect(page.locator("h1")).to_have_text("可以提货了")


@pytest.mark.parametrize(("language", "said"), [("en", "Collected"), ("zh-CN", "已提货")])
async def test_an_open_page_follows_what_happens(world: World, browser: Browser, language: str, said: str) -> None:
    order = await ready(world)
    async with screen(browser, **PHONE, language=language) as page:
        await page.clock.install()
        await page.goto(world.base_url + path(order))
        await page.evaluate("window.opened = 'once'")
        await hand_over(world)
        async with page.expect_response(f"**{path(order)}"):
            await page.clock.run_for(REFRESH_S * 1000)
        await expect(page.locator("h1")).to_have_text(said)
        assert KEY[:3] not in await page.inner_text("main")
        await expect(page.locator(".qr")).to_have_count(0)
        assert await page.evaluate("window.opened") == "once"
        await assert_accessible(page)
        await picture(page, "buyer-used" if language == "en" else "buyer-used-chinese")


async def test_a_page_without_connection_says_so(world: World, browser: Browser) -> None:
    order = await ready(world)
    async with screen(browser, **PHONE) as page:
        await page.clock.install()
        await page.goto(world.base_url + path(order))
        await page.route(f"**{path(order)}", lambda route: route.abort())
        async with page.expect_event("requestfailed"):
            await page.clock.run_for(REFRESH_S * 1000)
        await expect(page.locator("#stale")).to_have_text("No connection. This may not be the latest.")
        await expect(page.locator(".digits")).to_be_visible()
        await page.unroute(f"**{path(order)}")
        await page.clock.run_for(REFRESH_S * 1000)
        await expect(page.locator("#stale")).to_be_hidden()


async def test_the_screen_is_kept_on_when_wanted(world: World, browser: Browser) -> None:
    order = await ready(world)
    async with screen(browser, **PHONE) as page:
        await page.add_init_script(
            "window.held = 0; Object.defineProperty(navigator, 'wakeLock', {value: {"
            "request: async () => { held += 1; return {release() { held -= 1; }}; }}})"
        )
        await page.goto(world.base_url + path(order))
        awake = page.get_by_role("button", name="Keep the screen on")
        await awake.click()
        await expect(awake).to_have_attribute("aria-pressed", "true")
        assert await page.evaluate("held") == 1
        await awake.click()
        await expect(awake).to_have_attribute("aria-pressed", "false")
        assert await page.evaluate("held") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_without_scripts_and_by_night(world: World, browser: Browser, scheme: str) -> None:
    order = await ready(world)
    async with screen(browser, **PHONE, color_scheme=scheme) as page:
        await page.goto(world.base_url + path(order))
        await assert_accessible(page)
        seen = await page.screenshot(type="png")
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(seen)))] == [KEY]
    async with screen(browser, **PHONE, color_scheme=scheme, java_script_enabled=False) as page:
        await page.goto(world.base_url + path(order))
        await expect(page.locator(".digits")).to_be_visible()
        await expect(page.locator(".awake")).to_be_hidden()
        await page.get_by_text("中文").click()
        await expect(page.locator("h1")).to_have_text("可以提货了")


async def test_what_the_page_loads_is_small_and_ours(world: World, browser: Browser) -> None:
    order = await ready(world)
    loaded: list[Response] = []

    def note(response: Response) -> None:
        loaded.append(response)

    async with screen(browser, **PHONE) as page:
        page.on("response", note)
        await page.goto(world.base_url + path(order), wait_until="networkidle")
        assert all(response.url.startswith(world.base_url + "/") for response in loaded)
        assert len(loaded) >= 4
        assert sum([len(await response.body()) for response in loaded]) < BYTES_MAX


async def test_what_is_not_there_can_be_read(world: World, browser: Browser) -> None:
    async with screen(browser, **PHONE) as page:
        await page.goto(f"{world.base_url}/t/{'0' * 40}")
        await expect(page.locator("h1")).to_have_text("There is nothing at this address")
        await assert_accessible(page)


# Without a browser -----------------------------------------------------------------------


@pytest.fixture
def client(world: World) -> httpx.AsyncClient:
    return world.client


async def shown(client: httpx.AsyncClient, order: Order) -> str:
    """The page's headline."""
    answer = await client.get(path(order))
    assert answer.status_code == 200, answer.text
    return answer.text.partition("<h1>")[2].partition("</h1>")[0]


async def test_an_order_is_followed_from_its_beginning(world: World, client: httpx.AsyncClient) -> None:
    await world.stock("00131031", 1)
    order = await world.order(lines={"00131031": 1}, service=SHOP_SERVICE, state="allocated")
    assert await shown(client, order) == "Order placed"
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
    assert await shown(client, order) == "Being packed"
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_packing(tx, account_id=ACCOUNT, order_id=order.id)
        await fulfilment.finish_packing(tx, account_id=ACCOUNT, order_id=order.id)
        issued = (await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order.id)).pick_up
    assert await shown(client, order) == "On its way"
    assert issued is not None
    world.clock.advance(timedelta(hours=1))
    async with world.desk.database.transaction() as tx:
        await handover.prepare(tx, account_id=ACCOUNT, site_id=SHOP, handover_id=issued.id, staff_id=CLERK)
    assert await shown(client, order) == "Ready for you"
    by: dict[str, Any] = {"account_id": ACCOUNT, "site_id": SHOP, "key": issued.key, "staff_id": CLERK}
    async with world.desk.database.transaction() as tx:
        await handover.consume(tx, **by)
    assert await shown(client, order) == "Collected"
    async with world.desk.database.transaction() as tx:
        await handover.roll_back(tx, **by)
    assert await shown(client, order) == "Ready for you"
    page = (await client.get(path(order))).text
    assert f'<time datetime="{(START + timedelta(hours=1)).isoformat()}">Fri 2 Aug 2024, 08:10</time>' in page


@pytest.mark.parametrize(
    ("state", "headline"), [("used", "Collected"), ("expired", "Time to collect is over"), ("canceled", "Cancelled")]
)
async def test_a_code_that_is_over_is_not_shown(
    world: World, client: httpx.AsyncClient, state: str, headline: str
) -> None:
    shipped = await world.pick_up(KEY, state)
    assert await shown(client, shipped.order) == headline
    assert_no_code((await client.get(path(shipped.order))).text)


def assert_no_code(page: str) -> None:
    """Neither as digits nor as QR."""
    assert "digits" not in page
    assert "<svg" not in page
    assert KEY not in page
    assert KEY[:3] not in page


async def test_a_code_is_shown_until_its_last_moment(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world, until=timedelta(hours=1))
    world.clock.advance(timedelta(minutes=59, seconds=59))
    assert KEY[:3] in (await client.get(path(order))).text
    world.clock.advance(timedelta(seconds=1))
    assert await shown(client, order) == "Time to collect is over"
    assert_no_code((await client.get(path(order))).text)


@pytest.mark.parametrize(
    ("payment", "headline"),
    [
        ("pending", None),
        ("partially_paid", None),
        ("paid", "Ready for you"),
        ("partially_refunded", "Ready for you"),
        ("refunded", "Refunded"),
    ],
)
async def test_no_code_of_an_order_that_is_not_paid(
    world: World, client: httpx.AsyncClient, payment: str, headline: str | None
) -> None:
    order = await ready(world)
    await pay(world, order, payment)
    answer = await client.get(path(order))
    assert answer.status_code == (404 if headline is None else 200)
    assert headline is None or f"<h1>{headline}</h1>" in answer.text
    if headline != "Ready for you":
        assert_no_code(answer.text)


async def test_what_was_given_back_is_not_collected(world: World, client: httpx.AsyncClient) -> None:
    await world.stock("00131031", 4)
    lines = tuple(NewLine(line_key=str(pieces), sku="00131031", quantity=pieces) for pieces in (1, 3))
    order = await world.order(new_lines=lines, service=SHOP_SERVICE, state="allocated")
    await world.ship(order.id)
    by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}

    async def goods() -> list[str]:
        listed = (await client.get(path(order))).text.partition('<ul class="goods">')[2].partition("</ul>")[0]
        return re.findall(r"× \d+", listed)

    assert await goods() == ["× 1", "× 3"]
    async with world.desk.database.transaction() as tx:
        await paying.refund(tx, **by, reference="R-1", pieces={"1": 1, "3": 1})
    assert await goods() == ["× 2"]
    assert await shown(client, order) == "On its way"
    world.clock.advance(timedelta(hours=2))
    async with world.desk.database.transaction() as tx:
        await paying.refund(tx, **by, reference="R-2")
    assert await shown(client, order) == "Refunded"
    page = (await client.get(path(order))).text
    assert "digits" not in page
    assert page.count("Fri 2 Aug 2024, 09:10") == 2  # the code is over, and the last step of the way


async def test_goods_that_lie_in_their_shop_are_on_no_way(world: World, client: httpx.AsyncClient) -> None:
    await world.stock("00131031", 1)
    order = await world.order(lines={"00131031": 1}, service=SHOP_SERVICE, state="allocated", payment="pending")
    await world.rows("UPDATE orders SET site_id = 12 WHERE id = %(id)s RETURNING 1", id=order.id)
    async with world.desk.database.transaction() as tx:
        await paying.pay(tx, account_id=ACCOUNT, order_id=order.id, reference="T-1")
    assert await shown(client, order) == "Order placed"
    page = (await client.get(path(order))).text
    assert "digits" in page
    assert "Being packed" not in page
    assert "On its way" not in page


async def test_a_cancelled_order_shows_no_code(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world)
    await world.rows("UPDATE orders SET state = 'cancelled' WHERE id = %(id)s RETURNING 1", id=order.id)
    assert await shown(client, order) == "Cancelled"
    assert_no_code((await client.get(path(order))).text)


async def test_two_codes_of_one_order_are_both_shown(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world)
    [(other_site,)] = await world.rows(
        "SELECT id FROM site WHERE kind = 'shop' AND account_id = 47 AND id <> 12 LIMIT 1"
    )
    for key, state in (("111222", "unused"), ("333444", "canceled")):
        await world.rows(
            "INSERT INTO handover (account_id, site_id, place, order_id, order_number, state, key, created_at,"
            " updated_at) VALUES (47, %(site)s, 'shop', %(order)s, 'second', %(state)s, %(key)s, now(), now())"
            " RETURNING 1",
            site=other_site,
            order=order.id,
            key=key,
            state=state,
        )
    page = (await client.get(path(order))).text
    assert page.count("<svg") == 2
    assert all(digits in page for digits in (">029<", ">322<", ">111<", ">222<"))
    assert "333" not in page


async def test_many_goods_are_counted(world: World, client: httpx.AsyncClient) -> None:
    def lines(count: int) -> tuple[NewLine, ...]:
        return tuple(
            NewLine(line_key=str(number), sku=f"ART-{number:03}", quantity=2, stocked=False)
            for number in range(count)
        )

    for count, more in ((LINES_MAX, False), (LINES_MAX + 1, True)):
        order = await world.order(new_lines=lines(count), service=SHOP_SERVICE)
        page = (await client.get(path(order))).text
        assert page.count("× 2") == LINES_MAX
        assert ("and more kinds of goods: 1" in page) is more


# Lockers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shown_codes", [False, True, "yes"])
async def test_a_parcel_in_a_locker(world: World, client: httpx.AsyncClient, shown_codes: object) -> None:
    await world.rows(
        "UPDATE account SET settings = jsonb_build_object('locker_codes_to_buyers', %(shown)s::jsonb) RETURNING 1",
        shown=repr(shown_codes).lower().replace("'", '"'),
    )
    await world.cabinet_answers()
    await world.stock("00131031", 1)
    order = await world.order(lines={"00131031": 1}, service=LOCKER_SERVICE, state="allocated")
    assert await shown(client, order) == "Order placed"
    parcel = (await world.ship(order.id)).parcel
    assert parcel is not None
    assert await shown(client, order) == "On its way"
    assert "digits" not in (await client.get(path(order))).text
    by: dict[str, Any] = {"account_id": ACCOUNT, "cabinet": "2100013075", "asked_by": "test", "dialect": "bestwond"}
    await world.desk.doors.store(**by, save_code=parcel.save_code, box_size=parcel.box_size)
    assert await shown(client, order) == "Ready for you"
    page = (await client.get(path(order))).text
    assert (" ".join(parcel.key) in page) is (shown_codes is True)
    assert parcel.save_code not in page
    assert "<svg" not in page
    await world.desk.doors.take(**by, key=parcel.key)
    assert await shown(client, order) == "Collected"
    assert "digits" not in (await client.get(path(order))).text


# Nothing guessable -----------------------------------------------------------------------

HOSTILE = [
    "",
    "/",
    "/" + "0" * 40,
    "/" + "0" * 39,
    "/" + "0" * 41,
    "/" + "0" * 20_000,
    "/" + "F" * 40,
    "/%00",
    "/" + "%00" * 40,
    "/" + "0" * 39 + "%00",
    "/" + "0" * 40 + "%0A",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/kiosk",
    "/" + "0" * 20 + "%2f" + "0" * 20,
    "/" + "0" * 40 + "/more",
    "/" + "０" * 40,
    "/" + "٠" * 40,
    "/%ff%fe",
    "/%ED%A0%80",
    "/😀",
    "/{{7*7}}",
    "/%25s%25n",
    "/'%20OR%201=1--",
    "/" + "0" * 40 + "?language=zz&x=%00",
]


def told(answer: httpx.Response) -> tuple[Any, ...]:
    return answer.status_code, answer.content, sorted((n, v) for n, v in answer.headers.items() if n != "date")


async def test_there_is_one_answer_for_everything_else(world: World, client: httpx.AsyncClient) -> None:
    unpaid = await world.order(lines={"00131031": 1}, service=SHOP_SERVICE, payment="pending")
    brought = await world.order(lines={"00131031": 1}, service=PARCEL_SERVICE)
    without_service = await world.order(lines={"00131031": 1})
    inbound = await world.order("I-1", lines={"00131031": 1}, kind="inbound", state="announced")
    asked = [*HOSTILE, *(f"/{order.token}" for order in (unpaid, brought, without_service, inbound))]
    answers = {path: told(await client.get(f"/t{path}")) for path in asked}
    one = answers["/" + "0" * 40]
    assert one[0] == 404
    assert [path for path, answer in answers.items() if answer != one] == []


async def test_bytes_that_are_no_address(world: World, client: httpx.AsyncClient) -> None:
    url = httpx.URL(world.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /t/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ")[1] in {b"400", b"404"}
    assert b"Traceback" not in answer


async def test_it_is_kept_nowhere_and_told_nobody(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world)
    for token in (order.token, "0" * 40):
        headers = (await client.get(f"/t/{token}")).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex"
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
    page = (await client.get(path(order))).text
    assert order.token not in page
    assert "style=" not in page
    assert "13800000001" not in page


async def test_head_and_other_verbs(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world)
    whole, head = await client.get(path(order)), await client.head(path(order))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "OPTIONS"):
        answers = [await client.request(method, f"/t/{token}", content=b"{") for token in (order.token, "0" * 40)]
        assert answers[0].status_code == (204 if method == "OPTIONS" else 405), method
        assert {"GET", "OPTIONS"} <= set(answers[0].headers["allow"].split(", ")) <= {"GET", "HEAD", "OPTIONS"}
        assert told(answers[0]) == told(answers[1])


async def test_one_address_may_look_so_often(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world)
    most = world.desk.config.buyer_pages_a_minute
    for number in range(most - 1):
        world.desk.limiter.take(buyer.PAGES_OF_ADDRESS, "127.0.0.1", world.clock.now())
        assert number < most
    assert (await client.get(path(order))).status_code == 200
    world.clock.advance(timedelta(seconds=10))
    refused = await client.get(path(order))
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "50"
    assert "Too many requests" in refused.text
    assert (await client.get("/t/nothing")).status_code == 429
    world.clock.advance(timedelta(seconds=50))
    assert (await client.get(path(order))).status_code == 200


async def test_no_token_stands_in_the_log(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await ready(world)
    unknown = "f00d" * 10
    with capture_logs() as lines:
        await client.get(path(order))
        await client.get(f"/t/{unknown}")
        await client.get(f"/t/{unknown}/more")
        await client.post(path(order))
        monkeypatch.setattr(orders, "by_token", None)
        assert (await client.get(path(order))).status_code == 500
    assert [line["event"] for line in lines] == ["refused", "refused", "refused", "fault"]
    logged = "".join("".join(map(str, line.values())) for line in lines)
    assert order.token not in logged
    assert unknown not in logged


async def test_what_a_look_costs(world: World, client: httpx.AsyncClient) -> None:
    order = await ready(world)
    await client.get(path(order))  # from now on the shop is known
    with statements.listed() as sent:
        await client.get(path(order))
    assert len(sent) == STATEMENTS_MAX, sent
    with statements.listed() as sent:
        await client.get(f"/t/{'0' * 40}")
    assert len(sent) == 1, sent
    with statements.listed() as sent:
        await client.get("/t/x")
    assert sent == []


# Words and places ------------------------------------------------------------------------


def test_every_text_is_translated() -> None:
    chinese = words.translations("zh")
    assert [text for text in buyer.TEXTS.values() if chinese.gettext(text) == text] == []
    states = set(get_args(State))
    assert states | {f"{state}_why" for state in states} <= set(buyer.TEXTS)


def test_every_state_has_its_words() -> None:
    assert set(buyer.STATES) == set(OUTBOUND_MOVES)
    assert set(buyer.OF_PICK_UP) | {"unused"} == set(PICK_UP_MOVES)
    assert set(words.MOMENTS) == set(words.LANGUAGES)


@pytest.fixture
def sites() -> Iterator[Any]:
    def site(**address: Any) -> Site:
        return Site(
            id=SHOP,
            account_id=ACCOUNT,
            kind="shop",
            code="S",
            name="A (b) & c",
            zone="Asia/Shanghai",
            address=address,
            created_at=START,
            updated_at=START,
        )

    return site


@pytest.mark.parametrize(
    ("location", "geo"),
    [
        ("121.459384,31.247105", "geo:31.247105,121.459384?q=31.247105,121.459384(A%20%28b%29%20%26%20c)"),
        (" -0.1, -51 ", "geo:-51,-0.1?q=-51,-0.1(A%20%28b%29%20%26%20c)"),
        ("180,90", "geo:90,180?q=90,180(A%20%28b%29%20%26%20c)"),
        ("180.1,90", None),
        ("180,90.1", None),
        ("", None),
        ("121.459384", None),
        ("31.247105,121.459384,1", None),
        ("nan,inf", None),
        ("1e2,3", None),
        ('"><script>,1', None),
        (None, None),
        (5, None),
    ],
)
def test_where_a_place_is(sites: Any, location: object, geo: str | None) -> None:
    found = place(sites(location=location), "https://map.example.com/{lat}/{lng}")
    assert found.geo_url == geo
    assert (found.map_url is None) is (geo is None)


@pytest.mark.parametrize(
    ("phone", "dial"),
    [
        ("021-55550100", "02155550100"),
        ("+44 (0)1632 960123", "+4401632960123"),
        ("110", "110"),
        ("11", None),
        ("ask inside", None),
        ("021-55550100;javascript:1", None),
        ("", None),
    ],
)
def test_what_can_be_dialled(sites: Any, phone: str, dial: str | None) -> None:
    assert place(sites(phone=phone), "").dial == dial


def test_the_map_is_the_operators() -> None:
    said = "https://map.example.com/?at={lng},{lat}"
    assert Config.from_environment({"CROSSDOCK_MAP_URL": said}).map_url == said
    for bad in ("http://map.example.com/{lat}{lng}", "https://map.example.com/{lat}", "{lat}{lng}", "javascript:1"):
        with pytest.raises(SettingInvalid):
            Config.from_environment({"CROSSDOCK_MAP_URL": bad})


def test_how_often_is_the_operators() -> None:
    assert Config().buyer_pages_a_minute == 120
    assert Config.from_environment({"CROSSDOCK_BUYER_PAGES_A_MINUTE": "1"}).buyer_pages_a_minute == 1
    with pytest.raises(SettingInvalid):
        Config.from_environment({"CROSSDOCK_BUYER_PAGES_A_MINUTE": "0"})
