"""The webhook `order_paid`: what an address of an online shop hears of a parcel that waits for its buyer."""

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.core.codes.model import OnlineShop
from crossdock.core.fulfilment import paying
from crossdock.delivery.worker import Deliverer
from crossdock.dialects.heidian.callbacks import SENDER, WAITS_S, accepted, short_name_of
from crossdock.setup.apply import apply_file
from tests.delivery.receiver import Heard, Partner, Reply
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter
from tests.world import ACCOUNT, SHOP_SERVICE

SECRET = "3f9c2a7d5e10b8846c1d"
RECEIVER = """
[[account]]
code = "demo"
[[account.receiver]]
dialect = "heidian"
name = "pick-up app"
url = "{url}"
kinds = ["handover.*"]
credential = "{credential}"
"""


class Subscriber:
    def __init__(self, counter: Counter, partner: Partner, folder: Path) -> None:
        self.counter = counter
        self.partner = partner
        self._file = folder / "receiver.toml"
        desk = counter.desk
        self._deliverer = Deliverer(
            database=desk.database,
            signals=desk.signals,
            senders={"heidian": SENDER},
            accounts=desk.accounts,
            clock=desk.clock,
            networks=("127.0.0.0/8",),
        )

    async def subscribe(self, credential: str = shop.DOMAIN, more: str = "") -> None:
        self._file.write_text(RECEIVER.format(url=self.partner.url, credential=credential) + more)
        await apply_file(self._file, database=self.counter.desk.database, seal=self.counter.desk.seal, environ={})

    async def hears(self) -> list[Heard]:
        before = len(self.partner.heard)
        while await self._deliverer.drain():
            pass
        return self.partner.heard[before:]


@pytest.fixture
async def subscriber(counter: Counter, tmp_path: Path) -> Any:
    async with Partner() as partner:
        yield Subscriber(counter, partner, tmp_path)


async def test_a_paid_order_is_told_with_both_digests(subscriber: Subscriber) -> None:
    await subscriber.subscribe()
    found = await subscriber.counter.pick_up()
    [(shop_id,)] = await subscriber.counter.world.rows("SELECT id FROM online_shop")

    (heard,) = await subscriber.hears()

    digest = sha256(heard.body + SECRET.encode()).hexdigest()
    assert {name: value for name, value in heard.headers.items() if name.startswith("x-heyshop")} == {
        "x-heyshop-shop-domain": shop.DOMAIN,
        "x-heyshop-shop-id": str(shop_id),
        "x-heyshop-shop": "super",
        "x-heyshop-event": "order_paid",
        "x-heyshop-sha256": digest.upper(),
        "x-heyshop-hmac-sha256": digest,
    }
    assert heard.headers["content-type"] == "application/json"
    body = msgspec.json.decode(heard.body)
    order = (await subscriber.counter.get(f"/api/orders/pick_up_code/{found.id}/order/")).json()
    assert body == {"event": "order_paid", "data": order}
    assert body["data"]["order_number"] == shop.NUMBER
    assert body["data"]["customer"]["mobile"] == "13800000001"
    assert found.key not in heard.body.decode()


async def test_what_becomes_of_a_code_is_told_as_the_history_tells_it(subscriber: Subscriber) -> None:
    await subscriber.subscribe()
    counter = subscriber.counter
    found = await counter.pick_up()
    await counter.post(f"/api/orders/pick_up_code/{found.id}/stock_prepare/")
    for verb in ("consume", "rollback"):
        await counter.post(f"/api/orders/pick_up_code/{verb}/", {"key": "129322"})
    async with counter.desk.database.transaction() as tx:
        await paying.refund(tx, account_id=ACCOUNT, order_id=found.order_id or 0, reference="R-1", reason="late")

    _, *heard = await subscriber.hears()
    bodies = [json.loads(one.body) for one in heard]
    assert [(body["event"], body["data"]["key_status"], body["data"]["stock_status"]) for body in bodies] == [
        ("pick_up_code_prepared", "unused", "prepared"),
        ("pick_up_code_used", "used", "prepared"),
        ("pick_up_code_rolled_back", "unused", "prepared"),
        ("pick_up_code_canceled", "canceled", "prepared"),
    ]
    assert [one.headers["x-heyshop-event"] for one in heard] == [body["event"] for body in bodies]
    assert all(
        one.headers["x-heyshop-sha256"] == sha256(one.body + SECRET.encode()).hexdigest().upper() for one in heard
    )
    rows = (await counter.get("/api/shops/action_history/", params={"pick_up_code": found.id})).json()["results"]
    for body, row in zip(bodies, rows[-2::-1], strict=True):
        shared = set(row) - {"id", "key"}
        assert {name: body["data"][name] for name in shared} == {name: row[name] for name in shared}
        assert set(body["data"]) == shared | {"key_status", "stock_status"}
    assert not any(found.key in one.body.decode() for one in heard)


async def test_a_code_whose_time_is_over_is_told(subscriber: Subscriber) -> None:
    await subscriber.subscribe()
    found = await subscriber.counter.pick_up()
    await shop.expires_in(subscriber.counter.desk, found, timedelta(0))
    await subscriber.counter.get("/api/orders/pick_up_code/check/", params={"key": "129322"})

    _, heard = await subscriber.hears()
    body = json.loads(heard.body)
    assert (body["event"], body["data"]["action"], body["data"]["staff"]) == ("pick_up_code_expired", "expire", None)


@pytest.mark.parametrize(
    ("payment", "told"),
    [("pending", 0), ("partially_paid", 0), ("paid", 1), ("partially_refunded", 1), ("refunded", 0)],
)
async def test_only_a_paid_order_is_told(subscriber: Subscriber, payment: str, told: int) -> None:
    await subscriber.subscribe()
    shipped = await subscriber.counter.world.shipped("N-1", service=SHOP_SERVICE, payment=payment)

    assert len(await subscriber.hears()) == told
    if payment == "pending":
        async with subscriber.counter.desk.database.transaction() as tx:
            await paying.pay(tx, account_id=ACCOUNT, order_id=shipped.order.id, reference="T-1")
        [heard] = await subscriber.hears()
        said = json.loads(heard.body)["data"]
        assert (said["financial_status"], said["paid_price"], said["transactions"][0]["transaction_number"]) == (
            "paid",
            "998.00",
            "T-1",
        )


async def test_an_order_of_another_online_shop_is_not_told(subscriber: Subscriber) -> None:
    other = '[[account.credential]]\ndialect = "heidian"\nkey = "other.example"\nsecret = "s"\n'
    await subscriber.subscribe("other.example", more=other)
    await subscriber.counter.pick_up()

    assert await subscriber.hears() == []


async def test_once_more_after_five_minutes_and_then_no_more(subscriber: Subscriber) -> None:
    await subscriber.subscribe()
    await subscriber.counter.pick_up()
    subscriber.partner.reply = Reply(status=201)

    async def hears_after(wait: timedelta) -> list[bytes]:
        subscriber.counter.world.clock.advance(wait)
        return [heard.body for heard in await subscriber.hears()]

    (first,) = await hears_after(timedelta(0))
    assert await hears_after(timedelta(seconds=299)) == []
    assert await hears_after(timedelta(seconds=1)) == [first]
    assert await hears_after(timedelta(days=3)) == []


@pytest.mark.parametrize(("status", "why"), [(200, None), (201, "HTTP 201"), (204, "HTTP 204"), (500, "HTTP 500")])
def test_nothing_but_200_is_a_yes(status: int, why: str | None) -> None:
    assert accepted(status, b"") == why


def test_the_page_gives_ten_seconds() -> None:
    assert (SENDER.timeout_s, WAITS_S) == (10, (300,))


@pytest.mark.parametrize(("name", "said"), [("super", "super"), ("嘿店", "shop")])
def test_the_short_name_is_one_a_header_can_hold(name: str, said: str) -> None:
    named = OnlineShop(id=1, account_id=ACCOUNT, name=name, domain="shop.example.com")

    assert short_name_of(named) == said
