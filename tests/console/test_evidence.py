"""The evidence page of a parcel, in a real browser and through the front door."""

import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import AccountId, OrderId
from crossdock.console import evidence, words
from crossdock.console.evidence import PREFIX, Address, token
from crossdock.core.film import commands as film
from crossdock.core.packing.commands import report_many
from crossdock.film.addresses import SPAN_MAX
from tests.console.conftest import PHONE, assert_accessible, picture, screen
from tests.console.evidences import HOUR, KEY, SECOND, SINCE, at, collected, minute, pictured
from tests.core.packing.conftest import item, report
from tests.film.reels import Reel, times
from tests.world import ACCOUNT, World

__all__ = ["minute"]
DESK = {"width": 1280, "height": 1600}


async def test_the_film_with_the_packing_marked(world: World, browser: Browser, minute: Reel) -> None:
    order_id = await collected(world, minute)
    async with screen(browser, **DESK) as page:
        await page.goto(at(world, order_id))
        await expect(page.locator("h1")).to_contain_text("Order")
        await expect(page.locator(".odd li")).to_contain_text(["Packed goods differ from the order"])
        await expect(page.locator(".odd li")).to_contain_text(["packed 7"])
        await page.locator(".jump").click()
        shown = "document.querySelector('video').currentTime"
        await page.wait_for_function(f"{shown} >= 2")
        bar = await page.eval_on_selector(
            ".window", "(e) => [Number(e.getAttribute('x')), Number(e.getAttribute('width'))]"
        )
        length = await page.evaluate("document.querySelector('video').duration")
        assert bar[1] * length / 100 == pytest.approx(10, abs=0.2)
        assert (bar[0] + bar[1]) * length / 100 == pytest.approx(length - 2, abs=0.2)
        clip = await page.get_attribute("video", "src")
        assert clip is not None
        first = times((await world.client.get(world.base_url + clip)).content)[0]
        assert first + bar[0] * length / 100 * SECOND - SINCE < timedelta(milliseconds=200)
        assert SINCE - first - bar[0] * length / 100 * SECOND < timedelta(milliseconds=200)
        await page.evaluate("document.querySelector('video').pause()")
        await assert_accessible(page)
        await picture(page, "evidence")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_in_chinese_without_scripts(
    world: World, browser: Browser, minute: Reel, scheme: str
) -> None:
    order_id = await collected(world, minute)
    async with screen(browser, language="zh-CN", color_scheme=scheme, java_script_enabled=False, **PHONE) as page:
        await page.goto(at(world, order_id))
        await expect(page.locator(".odd strong").first).to_have_text("打包商品与订单不符")
        await expect(page.locator("video")).to_be_visible()
        await expect(page.locator(".jump")).to_be_hidden()
    async with screen(browser, language="zh-CN", color_scheme=scheme, **PHONE) as page:
        await page.goto(at(world, order_id))
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        await assert_accessible(page)
        if scheme == "light":
            await picture(page, "evidence-phone-chinese")


async def test_no_code_is_on_the_page(world: World, minute: Reel) -> None:
    order_id = await collected(world, minute)
    [(secret,)] = await world.rows("SELECT token FROM orders WHERE id = %(id)s", id=order_id)
    answer = await world.client.get(at(world, order_id))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert not re.search(rf"\b{KEY}\b", answer.text)
    assert secret not in answer.text
    assert "0****2" in answer.text


@pytest.mark.parametrize(("longer", "said"), [(timedelta(0), False), (SECOND, True)])
async def test_of_a_long_packing_the_beginning_is_shown(
    world: World, minute: Reel, longer: timedelta, said: bool
) -> None:
    order_id = await collected(world, minute, SINCE + SPAN_MAX + longer)
    answer = (await world.client.get(at(world, order_id))).text
    assert ("The film shows the beginning of a long packing only." in answer) is said
    assert "The film of the packing has gaps" in answer
    [clip] = re.findall(r'<video [^>]*src="([^"]+)"', answer)
    assert (await world.client.get(world.base_url + clip)).status_code == 200


async def test_pictures_of_the_delivery(world: World) -> None:
    order_id, other = await pictured(world), await pictured(world, "L-2")
    page = at(world, order_id)
    [source] = re.findall(r'<img src="([^"]+)"', (await world.client.get(page)).text)
    answer = await world.client.get(world.base_url + source)
    assert (answer.headers["content-type"], answer.content[:4]) == ("image/png", b"\x89PNG")
    assert (await world.client.get(f"{at(world, other)}/pictures/{source.rpartition('/')[2]}")).status_code == 404
    await world.rows("UPDATE proof_picture SET content_type = 'text/html' RETURNING 1")
    answer = await world.client.get(world.base_url + source)
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == (
        "application/octet-stream",
        "attachment",
    )


async def test_an_order_that_was_never_packed(world: World) -> None:
    order = await world.order("N-1", lines={"00131031": 1})
    assert "No packing was reported for this order" in (await world.client.get(at(world, order.id))).text


async def test_what_others_wrote_is_text(world: World, tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>'
    order = await world.order("N-1", lines={"00131031": 1})
    async with world.desk.database.transaction() as tx:
        await report_many(tx, [report("N-1", item(goods_name=evil, box_number=evil), operator=evil)])
        await film.hold(tx, account_id=ACCOUNT, order_id=order.id, reason=evil, actor=evil)
    await world.rows("UPDATE camera SET name = %(evil)s RETURNING 1", evil=evil)
    said = (await world.client.get(at(world, order.id))).text
    (tmp_path / "b.zip").write_bytes((await world.client.get(at(world, order.id) + "/bundle.zip")).content)
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        taken = packed.read("report.html").decode()
    for html in (said, taken):
        assert "<script>alert" not in html
        assert html.count("&lt;script&gt;alert(1)") >= 6


def wrong(world: World, order_id: OrderId) -> Iterator[str]:
    good = at(world, order_id)
    secret = good.rpartition("/")[2]
    yield good[:-1] + ("A" if good[-1] != "A" else "B")
    yield good.replace(secret, ("A" if secret[0] != "A" else "B") + secret[1:])
    yield good.replace(secret, secret[:14] + ("A" if secret[14] != "A" else "B") + secret[15:])
    yield good.replace(f"/{order_id}/", f"/{order_id + 1}/")
    yield good.replace(f"/{order_id}/", f"/0{order_id}/")
    yield good.replace(f"/{secret}", "")
    yield good + "="
    yield good + "/bundle.zi"
    yield good + "/pictures/1"
    yield good + "/pictures/../bundle"
    yield f"{world.base_url}{PREFIX}"
    yield f"{world.base_url}{PREFIX}/%00/evidence/x"
    yield f"{world.base_url}{PREFIX}/{order_id}/evidence/%E4%B8%AD"
    yield at(world, order_id, good_for=timedelta(0))
    yield at(world, OrderId(1))
    for stranger in (Address(account_id=AccountId(48), order_id=order_id, expires=world.clock.now() + HOUR),):
        yield good.replace(secret, token(world.desk.seal, stranger))


async def test_whatever_is_wrong_there_is_one_answer(world: World) -> None:
    order = await world.order("N-1", lines={"00131031": 1})
    answers = {}
    for address in wrong(world, order.id):
        answer = await world.client.get(httpx.URL(address))
        answers[address] = (answer.status_code, answer.text)
    assert set(answers.values()) == {(404, next(iter(answers.values()))[1])}, answers
    assert (await world.client.post(at(world, order.id))).status_code == 404
    assert (await world.client.get(at(world, order.id))).status_code == 200


async def test_an_address_is_good_for_its_time(world: World) -> None:
    order = await world.order("N-1", lines={"00131031": 1})
    address = at(world, order.id)
    world.clock.advance(HOUR - SECOND)
    assert (await world.client.get(address)).status_code == 200
    world.clock.advance(SECOND)
    assert (await world.client.get(address)).status_code == 404


def test_all_it_says_is_translated() -> None:
    said = words.translations("zh")
    assert [text for text in evidence.TEXTS.values() if said.gettext(text) == text] == []
