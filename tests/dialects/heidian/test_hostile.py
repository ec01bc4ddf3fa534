"""What nobody sends by accident: every call answers it in the partner's own words, and never with a fault."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
import structlog

from crossdock.core.handover import commands
from crossdock.core.orders import queries as orders
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter

LIST = "/api/orders/pick_up_code/"
HISTORY = "/api/shops/action_history/"
STAFF = "/api/shops/staff/"
LOGIN = "/api/shops/staff_login/"
BRANCHES = "/api/shops/offline_shop/"

VALUES = [
    "%00",
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "%F0%9F%93%A6",
    "-1",
    "0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 5_000,
    "1e9",
    "1.0",
    "+1",
    "１",
    "٣",
    "%27%20OR%201=1--",
    "%25s",
    "{}",
    "," * 500,
    ",".join(["1"] * 2_000),
    "true",
    "null",
    "[object%20Object]",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59-14:00",
    "2024-02-30",
    "2024-W05-1",
    "2024-08-01T25:00:00Z",
    "2024-08-01T00:00:00%2B99:99",
    "T",
]
PARAMETERS = {
    LIST: [
        "id",
        "id__in",
        "stock_status",
        "stock_status__in",
        "heyshop_order_id",
        "heyshop_order_id__in",
        "key",
        "key_in",
        "key__in",
        "key_status",
        "key_status__in",
        "order_by",
        "page",
        "page_size",
    ],
    f"{LIST}check/": ["key"],
    HISTORY: [
        "id",
        "id__in",
        "action",
        "action__in",
        "staff",
        "staff__in",
        "pick_up_code",
        "key",
        "heyshop_order_id",
        "created_at__gte",
        "created_at__lte",
        "order_by",
        "page",
        "page_size",
    ],
    STAFF: ["id", "id__in", "username", "is_active", "order_by", "page", "page_size"],
    BRANCHES: ["shop", "page", "page_size"],
}


@pytest.mark.parametrize("path", PARAMETERS)
async def test_any_value_of_any_parameter(counter: Counter, path: str) -> None:
    await counter.pick_up()
    for name, value in itertools.product(PARAMETERS[path], VALUES):
        shop_too = f"&shop={shop.DOMAIN}" if path == BRANCHES and name != "shop" else ""
        answer = await counter.get(f"{path}?{name}={value}{shop_too}", by="xxx")
        assert answer.status_code in {200, 400, 404, 429}, (name, value, answer.text)
        if name not in {"page", "page_size", "order_by", "key", "shop"} and path != BRANCHES:
            assert answer.status_code == 200, (name, value)


QUERIES = ["&" * 3_000, "=" * 100, "a" * 10_000, "&".join(f"a{n}=1" for n in range(5_000)), "%", "%zz", "%00", ";a=b"]


async def test_any_query(counter: Counter) -> None:
    for query in QUERIES:
        answer = await counter.get(f"{LIST}?{query}")
        assert answer.status_code in {200, 400}, query[:20]


BODIES: list[tuple[str, bytes]] = [
    ("application/json", b"null"),
    ("application/json", b"[]"),
    ("application/json", b'"129322"'),
    ("application/json", b"129322"),
    ("application/json", b'{"key": ' + b"9" * 5_000 + b"}"),
    ("application/json", b'{"key": 1e400}'),
    ("application/json", b'{"key": -0.0}'),
    ("application/json", b'{"key": 1e300}'),
    ("application/json", b'{"key": "\\ud800"}'),
    ("application/json", b'{"key": "\\u0000"}'),
    ("application/json", b'{"key": "\xed\xa0\x80"}'),
    ("application/json", b"\xef\xbb\xbf{}"),
    ("application/json", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    ("application/json", b'{"stafftoken": "\\ud800", "key": "129322"}'),
    ("application/json; charset=gbk", '{"username": "静"}'.encode("gbk")),
    ("application/x-www-form-urlencoded", b"&" * 20_000),
    ("application/x-www-form-urlencoded", b"key=%00&username=%00&password=%00"),
    ("application/x-www-form-urlencoded", b"key=%ed%a0%80"),
    ("multipart/form-data; boundary=", b"--"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n\xff\r\n--x--'),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="key"; filename="k"\r\n\r\n1\r\n--x--',
    ),
    ("text/plain", b"129322"),
    ("\xff/\xfe", b"x"),
]
POSTS = [f"{LIST}consume/", f"{LIST}rollback/", f"{LIST}1/stock_prepare/", STAFF, LOGIN]


@pytest.mark.parametrize("path", POSTS)
async def test_any_body(counter: Counter, path: str) -> None:
    for content_type, body in BODIES:
        for by in ("xxx", None):
            counter.world.clock.advance(timedelta(minutes=1))
            answer = await counter.ask(
                "POST", path, by=by, content=body, headers={"content-type": content_type.encode("latin-1")}
            )
            assert answer.status_code in {400, 401, 404, 415, 429}, (content_type, body[:40], answer.text)
            assert answer.headers["content-type"].startswith("application/json")


HEADERS: list[dict[str, bytes]] = [
    {"authorization": b"stafftoken " + b"\xff" * 40},
    {"authorization": b"stafftoken " + b"f" * 8_000},
    {"authorization": b"stafftoken\t" + b"f" * 40},
    {"authorization": "stafftoken 令牌".encode()},
    {"accept-language": b"zh;q=\xff, en;q=nan, zh;q=inf, *"},
    {"accept-language": b"," * 5_000},
    {"x-shop-domain": b"\xff\xfe", "x-forwarded-proto": b"\xff"},
    {"host": b"\xe9vil.example"},
]


async def test_any_header(counter: Counter) -> None:
    for headers in HEADERS:
        answer = await counter.get(f"{LIST}?page_size=1", by=None, headers=headers)
        assert answer.status_code in {400, 401}, headers
        answer = await counter.get(BRANCHES, by=None, headers=headers)
        assert answer.status_code in {200, 400, 404}, headers


# Codes, tokens and passwords stay out of the log -----------------------------------------


async def test_the_log_tells_no_code_no_token_and_no_password(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is refused, and where the house itself fails."""
    found = await counter.pick_up()
    order_token = str((await counter.get(f"{LIST}{found.id}/order/")).json()["token"])
    fetch = {"order_token": order_token, "shop": "else.heidianer.com"}
    login = {"username": "clerk1", "password": "a wrong word"}

    async def everything() -> None:
        for verb in ("consume", "consume", "rollback", "rollback", "consume"):
            await counter.post(f"{LIST}{verb}/", {"key": "129322"})
        await counter.get(f"{LIST}check/", params={"key": "129322"}, by="other")
        await counter.get(LIST, params={"key": "129322", "page": "7"})
        await counter.get(f"{LIST}fetch/", by=None, params=fetch)
        await counter.post(f"{LIST}consume/", {"key": "129322", "stafftoken": shop.TOKENS["xxx"]}, by=None)
        await counter.post(f"{LIST}consume/", {"key": "129322", "stafftoken": "f" * 40}, by=None)
        await counter.post(LOGIN, login, by=None)
        await counter.post(STAFF, {**login, "username": "clerk1"}, by="xxx")
        await counter.post(STAFF, login)

    async def burst(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    with structlog.testing.capture_logs([structlog.processors.format_exc_info]) as logged:
        await everything()
        monkeypatch.setattr(commands, "consume_many", burst)
        monkeypatch.setattr(orders, "by_token", burst)
        await everything()

    assert {entry["event"] for entry in logged} >= {"refused", "fault"}
    said = "".join(map(str, logged))
    assert "a fault of ours" in said
    for secret in ("129322", order_token, *shop.TOKENS.values(), "a wrong word"):
        assert secret not in said


async def test_a_token_is_not_guessed_from_another(counter: Counter) -> None:
    """40 hex digits of chance each: no two of them share a beginning that time or number could explain."""
    tokens = [(await counter.world.order(f"N-{number}")).token for number in range(50)]

    assert all(len(token) == 40 and set(token) <= set("0123456789abcdef") for token in tokens)
    assert len({token[:8] for token in tokens}) == len({token[-8:] for token in tokens}) == 50
