"""What all pages share, through the front door."""

import httpx
import pytest
from playwright.async_api import Browser
from structlog.testing import capture_logs

from crossdock.console import web, words
from crossdock.core.lockers import queries
from tests.console.conftest import assert_accessible, screen
from tests.world import World


@pytest.fixture
def client(world: World) -> httpx.AsyncClient:
    return world.client


async def test_nothing_there_is_said_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("/static/nothing.css")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert {name: answer.headers[name] for name in web.HEADERS} == web.HEADERS


async def test_the_language_of_the_address_is_remembered(client: httpx.AsyncClient) -> None:
    chosen = await client.get("/static/nothing.css?language=zh", headers={"accept-language": "en"})
    assert "此地址没有内容" in chosen.text
    assert '<html lang="zh">' in chosen.text
    kept = await client.get("/static/nothing.css", headers={"accept-language": "en"})
    assert kept.text == chosen.text
    assert "set-cookie" not in kept.headers


@pytest.mark.parametrize("query", ["language=xx", "language=", "language=zh%00", "language=%ff", "language"])
async def test_a_language_that_nobody_speaks_is_not_remembered(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/static/nothing.css?{query}")
    assert (answer.status_code, answer.headers.get("set-cookie")) == (404, None)
    assert '<html lang="en">' in answer.text


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    for path in ("/static/page.css", "/static/nothing.css"):
        whole, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


async def test_a_wrong_verb_is_told_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.post("/static/page.css")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert "This cannot be read" in answer.text


async def test_a_fault_is_logged_and_its_address_is_not(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "device", None)
    with capture_logs() as logged:
        answer = await client.get("/kiosk/secret-of-the-address")
    assert answer.status_code == 500
    assert answer.json()["error"] == "fault"
    [line] = logged
    assert (line["event"], line["page"], len(line["trace_id"])) == ("fault", "/kiosk", 16)
    assert "secret-of-the-address" not in str({**line, "exc_info": repr(line["exc_info"])})


def test_every_shared_text_is_translated() -> None:
    chinese = words.translations("zh")
    assert [text for text in web.TEXTS.values() if chinese.gettext(text) == text] == []
    names = {name for name, _ in web.REFUSALS.values()}
    assert set(web.TEXTS) == names | {f"{name}_why" for name in names} | {"trace", "home"}


async def test_a_page_that_cannot_be_read_aloud_is_noticed(browser: Browser) -> None:
    async with screen(browser) as page:
        await page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><img src="data:,"></main></html>')
        with pytest.raises(AssertionError, match="image-alt"):
            await assert_accessible(page)


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-language": ",,;q=;;-_-,*"},
        {"accept-language": "zh" * 5_000},
        {"accept-language": "é"},
        {"cookie": "crossdock_language"},
        {"cookie": 'crossdock_language="zh'},
        {"cookie": "a[b]=1; (=2; crossdock_language=../zh"},
        {"cookie": ";" * 5_000},
        {"host": "é"},
        {"host": ""},
        {"x-forwarded-for": "é, ' OR 1"},
    ],
    ids=lambda headers: repr(headers)[:40],
)
async def test_headers_that_make_no_sense(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    for path in ("/static/nothing.css", "/t/nothing?language=zh"):
        answer = await client.get(path, headers=raw)
        assert answer.status_code in {400, 404}
        assert "<h1>" in answer.text
