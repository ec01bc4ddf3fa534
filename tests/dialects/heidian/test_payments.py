"""What staff and buyers see of an order whose money came late, or went back."""

from decimal import Decimal
from typing import Any

from crossdock.core.fulfilment import paying
from crossdock.core.orders.model import Order
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter
from tests.world import ACCOUNT, SHOP_SERVICE

LIST = "/api/orders/pick_up_code/"


async def money(counter: Counter, order: Order, command: Any = paying.pay, **more: Any) -> None:
    async with counter.desk.database.transaction() as tx:
        await command(tx, **{"account_id": ACCOUNT, "order_id": order.id, "reference": "T-1", **more})


async def only_row(counter: Counter) -> dict[str, Any]:
    [row] = (await counter.get(LIST)).json()["results"]
    assert isinstance(row, dict)
    return row


async def fetched(counter: Counter, order: Order) -> Any:
    return await counter.get(f"{LIST}fetch/", by=None, params={"order_token": order.token, "shop": shop.DOMAIN})


async def test_no_code_before_the_money(counter: Counter) -> None:
    order = (await counter.world.shipped("N-1", service=SHOP_SERVICE, payment="pending")).order
    assert (await counter.get(LIST)).json()["count"] == 0
    assert (await fetched(counter, order)).status_code == 404

    await money(counter, order, channel="wx_lite")

    row = await only_row(counter)
    assert (row["key_status"], row["order_number"]) == ("unused", "N-1")
    assert (await fetched(counter, order)).json()["key"] == row["key"]
    body = (await counter.get(f"{LIST}{row['id']}/order/")).json()
    [transaction] = body["transactions"]
    assert (transaction["transaction_number"], transaction["amount"], transaction["channel"]) == (
        "T-1",
        "998.00",
        "wx_lite",
    )
    assert (body["financial_status"], body["paid_price"], body["payable_price"]) == ("paid", "998.00", "0.00")
    assert (await counter.post(f"{LIST}consume/", {"key": row["key"]})).status_code == 200


async def test_a_full_refund_is_told_at_the_counter(counter: Counter) -> None:
    order = (await counter.world.shipped("N-1", service=SHOP_SERVICE)).order
    row = await only_row(counter)

    await money(counter, order, paying.refund, reason="changed their mind")

    for verb in ("consume", "rollback"):
        refused = await counter.post(f"{LIST}{verb}/", {"key": row["key"]}, headers={"accept-language": "zh"})
        assert (refused.status_code, refused.json()) == (400, {"detail": "提货码已取消", "code": "key_canceled"})
    refused = await counter.post(f"{LIST}{row['id']}/stock_prepare/")
    assert (refused.status_code, refused.json()["code"]) == (400, "key_canceled")
    checked = (await counter.get(f"{LIST}check/", params={"key": row["key"]})).json()
    assert (checked["key_status"], checked["order"]["financial_status"]) == ("canceled", "refunded")
    assert checked["canceled_at"] is not None
    assert (await fetched(counter, order)).json()["key_status"] == "canceled"
    last = (await counter.get("/api/shops/action_history/")).json()["results"][0]
    assert (last["action"], last["staff"], last["reason"]) == ("cancel", None, "changed their mind")


async def test_a_part_leaves_less_to_hand_over(counter: Counter) -> None:
    await counter.world.stock("00131031", 2)
    order = await counter.world.order("N-1", lines={"00131031": 2}, service=SHOP_SERVICE, state="allocated")
    await counter.world.ship(order.id)
    await money(counter, order, paying.refund, pieces={"1": 1})

    row = await only_row(counter)
    body = (await counter.get(f"{LIST}check/", params={"key": row["key"]})).json()["order"]
    assert [line["quantity"] for line in body["lines"]] == [1]
    assert (body["financial_status"], body["payable_price"]) == ("partially_refunded", "0.00")
    assert [row["transaction_type"] for row in body["transactions"]] == ["refund"]
    assert (await counter.post(f"{LIST}consume/", {"key": row["key"]})).status_code == 200


async def test_refunded_after_the_pick_up(counter: Counter) -> None:
    order = (await counter.world.shipped("N-1", service=SHOP_SERVICE)).order
    key = (await only_row(counter))["key"]
    await counter.post(f"{LIST}consume/", {"key": key})
    await money(counter, order, paying.refund, amount=Decimal(998))
    assert (await only_row(counter))["key_status"] == "used"
    back = (await counter.post(f"{LIST}rollback/", {"key": key})).json()
    assert (back["key_status"], back["used_at"]) == ("canceled", None)
    await counter.world.verified()
