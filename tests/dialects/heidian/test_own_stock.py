"""Goods that lie in the shop itself, as its staff and the buyer see them."""

import asyncio
from datetime import timedelta
from typing import Any

from crossdock.core.orders import commands as orders
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter
from tests.world import ACCOUNT

LIST = "/api/orders/pick_up_code/"
HISTORY = "/api/shops/action_history/"


async def waiting(counter: Counter, pieces: int = 1) -> dict[str, Any]:
    """The row of an order whose goods lie in SHOP-12."""
    await counter.world.set_aside("N-1", pieces)
    [row] = (await counter.get(LIST)).json()["results"]
    assert isinstance(row, dict)
    return row


async def shelf(counter: Counter) -> list[tuple[Any, ...]]:
    """On hand, and set aside."""
    return await counter.world.rows("SELECT on_hand, allocated FROM stock WHERE site_id = 12")


async def order_of(counter: Counter, row: dict[str, Any]) -> dict[str, Any]:
    body = (await counter.get(f"{LIST}{row['id']}/order/")).json()
    assert isinstance(body, dict)
    return body


async def test_over_the_counter_and_back(counter: Counter) -> None:
    row = await waiting(counter, pieces=2)
    before = await order_of(counter, row)
    assert (before["order_status"], before["fulfillment_status"], row["key_status"]) == ("open", "pending", "unused")

    used = await counter.post(f"{LIST}consume/", {"key": row["key"]})
    assert (used.status_code, await shelf(counter)) == (200, [(0, 0)])
    after = await order_of(counter, row)
    assert (after["order_status"], after["fulfillment_status"]) == ("closed", "fulfilled")
    assert after["closed_at"] == after["fulfilled_at"] == used.json()["used_at"]

    back = await counter.post(f"{LIST}rollback/", {"key": row["key"]})
    assert (back.status_code, back.json()["stock_status"], await shelf(counter)) == (200, "prepared", [(2, 2)])
    again = await order_of(counter, row)
    assert [one["status"] for one in again.pop("fulfillments")] == ["cancelled"]
    unlike = {name for name in again if again[name] != before[name]}
    assert unlike <= {"updated_at"}, "the exact reverse"
    await counter.world.verified()


async def test_two_clerks_and_the_shops_own_goods(counter: Counter) -> None:
    row = await waiting(counter)
    answers = await asyncio.gather(
        *(counter.post(f"{LIST}consume/", {"key": row["key"]}, by=("clerk1", "xxx")[turn % 2]) for turn in range(50))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {answer.json()["code"] for answer in answers if answer.status_code == 400} == {"key_used"}
    assert await shelf(counter) == [(0, 0)]
    await counter.world.verified()


async def test_a_hundred_times_with_the_whole_history(counter: Counter) -> None:
    row = await waiting(counter)
    for turn in range(100):
        for verb in ("consume", "rollback"):
            answer = await counter.post(f"{LIST}{verb}/", {"key": row["key"]}, by=("clerk1", "xxx")[turn % 2])
            assert answer.status_code == 200, (turn, answer.text)
        counter.world.clock.advance(timedelta(seconds=2))

    told: list[dict[str, Any]] = []
    for page in (1, 2, 3):
        query = {"action__in": "consume,rollback", "order_by": "id", "page_size": "100", "page": str(page)}
        answer = await counter.get(HISTORY, params=query)
        told += answer.json()["results"] if answer.status_code == 200 else []
    assert [one["action"] for one in told] == ["consume", "rollback"] * 100
    assert [one["staff"]["username"] for one in told[:4]] == ["clerk1", "clerk1", "xxx", "xxx"]
    assert await shelf(counter) == [(1, 1)]
    await counter.world.verified()


async def test_a_cancelled_order_is_told_at_the_counter(counter: Counter) -> None:
    row = await waiting(counter)
    async with counter.desk.database.transaction() as tx:
        await orders.cancel(tx, account_id=ACCOUNT, order_id=row["heyshop_order_id"], dialect="house", actor="")
    refused = await counter.post(f"{LIST}consume/", {"key": row["key"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "key_canceled")
    body = await order_of(counter, row)
    code = (await counter.get(f"{LIST}{row['id']}/")).json()
    assert (body["order_status"], body["cancelled_at"]) == ("cancelled", code["canceled_at"])
    assert await shelf(counter) == [(1, 0)]


async def test_a_held_order_is_not_handed_over(counter: Counter) -> None:
    row = await waiting(counter)
    async with counter.desk.database.transaction() as tx:
        of: dict[str, Any] = {"account_id": ACCOUNT, "order_id": row["heyshop_order_id"]}
        await orders.put_on_hold(tx, **of, reason="broken", dialect="house", actor="")
    refused = await counter.post(f"{LIST}consume/", {"key": row["key"]}, headers={"accept-language": "zh"})
    assert (refused.status_code, refused.json()) == (
        400,
        {"detail": "包裹当前状态不允许此操作", "code": "conflict"},
    )


async def test_the_goods_of_a_shop_whose_codes_end(counter: Counter) -> None:
    await shop.settings(counter.desk, 12, code_valid_h=24)
    row = await waiting(counter)
    counter.world.clock.advance(timedelta(hours=24))
    assert (await counter.post(f"{LIST}consume/", {"key": row["key"]})).json()["code"] == "key_expired"
    assert (await counter.get(f"{LIST}check/", params={"key": row["key"]})).json()["key_status"] == "expired"
    assert await shelf(counter) == [(1, 0)]
    await counter.world.verified()
