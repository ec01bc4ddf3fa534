"""From the order to what its owner is told: the manual's example of two batches and a short close."""

import json
from typing import Any

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import queries as events
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.dialects.hongxun.callbacks import SENDER
from crossdock.edge.callback import Owed
from tests.dialects.hongxun.samples import sample, sign

ACCOUNT = AccountId(47)


async def told(world: Any, order_id: OrderId) -> list[tuple[str, dict[str, Any]]]:
    """Name and `request` of every push that the demo receiver is owed for an order, oldest first."""
    async with world.desk.database.transaction(readonly=True) as tx:
        receiver = await events.receiver(tx, account_id=ACCOUNT, dialect="hongxun", name="erp")
        timeline = await events.timeline(tx, account_id=ACCOUNT, order_id=order_id)
    assert receiver is not None
    caller = await world.desk.accounts.caller("hongxun", "HXDEMO&DEMO_ERP")
    composed = [
        SENDER.compose(
            Owed(
                event=event,
                receiver=receiver,
                credential=caller.credential,
                account=caller.account,
                attempt=1,
            ),
            world.clock.now(),
        )
        for event in timeline
    ]
    return [(said.url.rsplit("/", 1)[1], json.loads(said.body)["request"]) for said in composed if said is not None]


async def placed(world: Any, path: str, body: dict[str, Any]) -> OrderId:
    answer = (await world.client.post(path, json=body)).json()
    return OrderId(int(answer["value"]["downstreamOrderCode"][4:]))


async def test_two_batches_and_a_short_close(world: Any) -> None:
    order_id = await placed(world, "/dtc/logistics/inOrder", sample("8.1"))
    for pieces in (4, 5):
        async with world.desk.database.transaction() as tx:
            await inbound.receive(tx, account_id=ACCOUNT, order_id=order_id, receipts=counted({"10": pieces}))
    async with world.desk.database.transaction() as tx:
        await inbound.close_inbound(tx, account_id=ACCOUNT, order_id=order_id)

    first, second, last = await told(world, order_id)

    assert [(name, said["callbackBatchId"]) for name, said in (first, second)] == [
        ("inOrderConfirm", f"HXRK{order_id}-01"),
        ("inOrderConfirm", f"HXRK{order_id}-02"),
    ]
    assert [said["productList"][0]["quantity"] for _, said in (first, second)] == [4, 5]
    assert last == ("inOrderStatusConfirm", sample("8.7")["request"])


async def test_what_was_called_off_is_not_planned(world: Any) -> None:
    order_id = await placed(world, "/dtc/logistics/inOrder", sample("8.1"))
    item = {"customerLineNumber": "10", "customerProductCode": "P-7001", "quantity": 4}
    cancel = {"customerNumber": "RK2024080200017", "cancelBatch": "Q", "cancelType": "20", "reason": "r"}
    answer = await world.client.post("/dtc/logistics/orderCancel", json=sign(cancel | {"item": [item]}))
    assert answer.json()["flag"] is True
    async with world.desk.database.transaction() as tx:
        await inbound.receive(tx, account_id=ACCOUNT, order_id=order_id, receipts=counted({"10": 6}))
    async with world.desk.database.transaction() as tx:
        await inbound.close_inbound(tx, account_id=ACCOUNT, order_id=order_id)

    _, (_, confirm), (_, last) = await told(world, order_id)
    [line] = confirm["productList"]
    assert (line["quantity"], line["planQuantity"]) == (6, 6)
    assert (last["totalQuantity"], last["actualQuantity"]) == (6, 6)


async def test_nothing_came(world: Any) -> None:
    order_id = await placed(world, "/dtc/logistics/inOrder", sample("8.1"))
    async with world.desk.database.transaction() as tx:
        await inbound.close_inbound(tx, account_id=ACCOUNT, order_id=order_id)

    assert await told(world, order_id) == [("inOrderStatusConfirm", sample("8.7")["request"] | {"actualQuantity": 0})]


async def test_an_outbound_order_leaves(world: Any) -> None:
    await world.stock("P-7001", 2)
    request = sample("8.2")["request"]
    order_id = await placed(
        world, "/dtc/logistics/outOrder", sign(request | {"productList": request["productList"][:1]})
    )
    for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
        async with world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=order_id)
    async with world.desk.database.transaction() as tx:
        await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order_id, tracking_number="DEMO000123456")

    confirm, last = await told(world, order_id)

    assert confirm == (
        "outOrderConfirm",
        {
            "customerNumber": "CK2024080200101",
            "callbackBatchId": f"HXCK{order_id}-01",
            "downstreamOrderCode": f"HXCK{order_id}",
            "documentType": "20",
            "inventoryCode": "WH-GZ01",
            "subbaseCode": "OWN-A",
            "orderStatus": "PARTFULFILLED",
            "confirmTime": "2024-08-02 07:10:41",
            "productList": [
                {
                    "customerLineNumber": "1",
                    "customerProductCode": "P-7001",
                    "customerProductDescription": "测试手机 8GB",
                    "quantity": 2,
                    "planQuantity": 2,
                    "inventoryStatus": "10",
                }
            ],
            "packageList": [
                {
                    "mailno": "DEMO000123456",
                    "productList": [{"customerLineNumber": "1", "customerProductCode": "P-7001", "quantity": 2}],
                }
            ],
        },
    )
    assert last[0] == "outOrderStatusConfirm"
    assert last[1] | {"totalQuantity": 4, "actualQuantity": 4} == sample("8.9")["request"]
    assert (last[1]["totalQuantity"], last[1]["actualQuantity"]) == (2, 2)


async def test_without_batches_the_parcels_are_told_with_what_is_in_them(world: Any) -> None:
    order = await world.parcel("CK1", "T-1", "T-2")
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE receiver SET settings = '{}' WHERE name = 'erp'")
    [(name, confirm)] = await told(world, order.id)
    packed = [{"customerLineNumber": "1", "customerProductCode": "P-7001", "quantity": 1}]
    assert (name, confirm["packageList"]) == (
        "outOrderConfirm",
        [{"mailno": mailno, "productList": packed} for mailno in ("T-1", "T-2")],
    )
