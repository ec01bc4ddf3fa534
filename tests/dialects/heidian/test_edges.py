"""Everything around the calls: paths, verbs, bodies, other origins, faults."""

from typing import Any

import pytest

from crossdock.core.handover import queries
from crossdock.dialects.heidian import BODY_BYTES_MAX
from tests.dialects.heidian.conftest import Counter

LIST = "/api/orders/pick_up_code/"
NOT_FOUND = {"detail": "Not found.", "code": "not_found"}


async def test_a_missing_final_slash_is_served(counter: Counter) -> None:
    found = await counter.pick_up()

    assert (await counter.get(LIST.rstrip("/"))).status_code == 200
    assert (await counter.get(f"{LIST}{found.id}/order")).status_code == 200
    assert (await counter.post(f"{LIST}consume", {"key": "129322"})).status_code == 200


NOT_SERVED = [
    "/api/orders",
    "/api/orders/",
    "/api/orders/order/",
    "/api/shops/",
    "/api/shops/nothing/",
    f"{LIST}abc/",
    f"{LIST}abc/order/",
    f"{LIST}[id]/order/",
    f"{LIST}1/nothing/",
    f"{LIST}{2**63}/",
    f"{LIST}{'9' * 5000}/order/",
    f"{LIST}１/",
    "/API/orders/pick_up_code/",
    "/api/orders//pick_up_code/",
]


async def test_a_path_that_is_not_served(counter: Counter) -> None:
    for path in NOT_SERVED:
        answer = await counter.get(path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND), path


WRONG_VERBS = [
    ("PUT", LIST, "GET, HEAD, OPTIONS"),
    ("POST", f"{LIST}fetch/", "GET, HEAD, OPTIONS"),
    ("POST", f"{LIST}check/", "GET, HEAD, OPTIONS"),
    ("GET", f"{LIST}consume/", "POST, OPTIONS"),
    ("HEAD", f"{LIST}consume/", "POST, OPTIONS"),
    ("DELETE", f"{LIST}rollback/", "POST, OPTIONS"),
    ("PATCH", "/api/shops/staff/", "GET, POST, HEAD, OPTIONS"),
    ("GET", "/api/shops/staff_login/", "POST, OPTIONS"),
    ("DELETE", "/api/shops/action_history/", "GET, HEAD, OPTIONS"),
    ("GET", f"{LIST}1/stock_prepare/", "POST, OPTIONS"),
]


async def test_a_verb_that_is_not_served(counter: Counter) -> None:
    for method, path, allow in WRONG_VERBS:
        answer = await counter.ask(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allow), path
        if method != "HEAD":
            said = {"detail": f'Method "{method}" not allowed.', "code": "method_not_allowed"}
            assert answer.json() == said


async def test_head_is_get_without_the_body(counter: Counter) -> None:
    answer = await counter.ask("HEAD", LIST)

    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("path", [LIST, "/api/orders/nothing/"])
async def test_a_browser_may_ask_before_every_call(counter: Counter, path: str) -> None:
    answer = await counter.ask(
        "OPTIONS",
        path,
        by=None,
        headers={
            "origin": "https://super.heidianer.com",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization",
        },
    )

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = set(answer.headers["access-control-allow-headers"].split(", "))
    assert allowed >= {
        "authorization",
        "content-type",
        "accept",
        "x-requested-with",
        "cache-control",
        "x-http-method-override",
        "x-shop",
        "x-shop-id",
        "x-shop-domain",
        "x-bulk-operation",
    }
    assert "POST" in answer.headers["access-control-allow-methods"]


async def test_a_plain_options_knows_what_is_served(counter: Counter) -> None:
    assert (await counter.ask("OPTIONS", f"{LIST}consume/", by=None)).status_code == 200
    assert (await counter.ask("OPTIONS", "/api/orders/nothing/", by=None)).status_code == 404


async def test_answers_and_refusals_may_be_read_from_any_origin(counter: Counter) -> None:
    for answer in (await counter.get(LIST), await counter.get(LIST, by=None)):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Accept-Language" in answer.headers["vary"]


UNREADABLE = [
    ("application/json", b'{"key": ', 400, "parse_error"),
    ("application/json", b"\xff\xfe", 400, "parse_error"),
    ("application/json", b"[" * 60_000, 400, "parse_error"),
    ("application/x-www-form-urlencoded", b"key=%ff", 400, "parse_error"),
    ("multipart/form-data; boundary=x", b"--y", 400, "parse_error"),
    ("multipart/form-data", b"--y", 400, "parse_error"),
    ("text/xml", b"<key/>", 415, "unsupported_media_type"),
    ("", b'{"key": "129322"}', 415, "unsupported_media_type"),
]


async def test_a_body_that_cannot_be_read(counter: Counter) -> None:
    for content_type, body, status, code in UNREADABLE:
        answer = await counter.ask("POST", f"{LIST}consume/", content=body, headers={"content-type": content_type})
        assert (answer.status_code, answer.json()["code"]) == (status, code), (content_type, body[:20])


async def test_a_parse_error_says_where(counter: Counter) -> None:
    answer = await counter.ask("POST", f"{LIST}consume/", content=b"{", headers={"content-type": "application/json"})

    assert answer.json()["detail"].startswith("JSON parse error - ")


async def test_forms_are_read_like_json(counter: Counter) -> None:
    await counter.pick_up()

    sent: list[dict[str, Any]] = [
        {"data": {"key": "129322"}},
        {"files": {"key": (None, "129322")}},
        {"content": b'{"key": "129322"}', "headers": {"content-type": "Application/JSON; charset=UTF-8"}},
    ]
    for number, body in enumerate(sent):
        verb = "rollback" if number % 2 else "consume"
        assert (await counter.ask("POST", f"{LIST}{verb}/", **body)).status_code == 200, body


async def test_a_body_up_to_the_limit(counter: Counter) -> None:
    filler = "x" * (BODY_BYTES_MAX - len('{"key":"000000","a":""}'))
    headers = {"content-type": "application/json"}

    whole = await counter.ask(
        "POST", f"{LIST}consume/", content='{"key":"000000","a":"' + filler + '"}', headers=headers
    )
    over = await counter.ask(
        "POST", f"{LIST}consume/", content='{"key":"000000","a":"' + filler + '"} ', headers=headers
    )

    assert whole.status_code == 404
    assert over.status_code == 413
    assert over.json() == {"detail": "The request body is too large.", "code": "request_too_large"}


async def test_a_fault_of_ours_tells_nothing(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    async def burst(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(queries, "behind_key", burst)

    answer = await counter.get(f"{LIST}check/", params={"key": "129322"}, headers={"accept-language": "zh"})

    assert answer.status_code == 500
    assert answer.json() == {"detail": "服务器出现了错误。", "code": "error"}
