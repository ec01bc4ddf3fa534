"""What really arrives at a customer: confirms in order, the same at each try but for time and sign."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import commands as events
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.delivery.model import ANSWER_BYTES_MAX, ANSWER_CHARS_KEPT_MAX
from crossdock.delivery.worker import Deliverer
from crossdock.dialects.hongxun import auth
from crossdock.dialects.hongxun.callbacks import FIRST_WAITS_S, SENDER
from tests.delivery.receiver import Partner, Reply
from tests.dialects.hongxun.samples import SECRETS, sample, sign

ACCOUNT = AccountId(47)
YES = Reply(body='{"code":200,"message":"响应成功","flag":true}'.encode())
NO = Reply(body='{"code":500,"message":"系统异常","flag":false}'.encode())


@pytest.fixture
async def customer() -> AsyncIterator[Partner]:
    async with Partner() as customer:
        customer.reply = YES
        yield customer


async def hears(world: Any, customer: Partner, **settings: Any) -> Deliverer:
    """The demo's ERP listens at the customer's address from now on."""
    caller = await world.desk.accounts.caller("hongxun", "HXDEMO&DEMO_ERP")
    async with world.desk.database.transaction() as tx:
        await events.set_receiver(
            tx,
            account_id=ACCOUNT,
            dialect="hongxun",
            name="erp",
            url=customer.url,
            kinds=["inbound.received", "inbound.closed", "outbound.shipped", "outbound.closed"],
            credential_id=caller.credential.id,
            settings=settings,
        )
    return Deliverer(
        database=world.desk.database,
        signals=world.desk.signals,
        senders={"hongxun": SENDER},
        accounts=world.desk.accounts,
        clock=world.clock,
        networks=("127.0.0.0/8",),
    )


async def drained(deliverer: Deliverer) -> None:
    while await deliverer.drain():
        pass


async def placed(world: Any, path: str, body: dict[str, Any]) -> OrderId:
    said = (await world.client.post(path, json=body)).json()
    return OrderId(int(said["value"]["downstreamOrderCode"][4:]))


async def received(world: Any, *batches: int) -> None:
    """The printed inbound order of ten comes in by batches, and is closed."""
    order_id = await placed(world, "/dtc/logistics/inOrder", sample("8.1"))
    for pieces in batches:
        async with world.desk.database.transaction() as tx:
            await inbound.receive(tx, account_id=ACCOUNT, order_id=order_id, receipts=counted({"10": pieces}))
    async with world.desk.database.transaction() as tx:
        await inbound.close_inbound(tx, account_id=ACCOUNT, order_id=order_id)


def told(customer: Partner) -> list[tuple[str, list[int] | int]]:
    """Name of each push, and its pieces."""
    return [
        (
            heard.path.rsplit("/", 1)[1],
            request["actualQuantity"]
            if "actualQuantity" in request
            else [line["quantity"] for line in request["productList"]],
        )
        for heard in customer.heard
        for request in [heard.said["request"]]
    ]


def business(body: bytes) -> bytes:
    """The bytes of `request`, whose envelope was checked."""
    auth.verify(auth.read(body), SECRETS["HXDEMO"])
    return body.partition(b'"request":')[2]


async def test_batches_and_the_status_arrive_in_order_and_a_failure_holds_them_up(
    world: Any, customer: Partner
) -> None:
    deliverer = await hears(world, customer, batch_callback=True)
    await received(world, 4, 5)
    customer.script.extend([YES, NO, Reply(status=500, body=YES.body)])
    await drained(deliverer)
    assert told(customer) == [("inOrderConfirm", [4]), ("inOrderConfirm", [5])]

    for wait_s in FIRST_WAITS_S[:2]:
        world.clock.advance(timedelta(seconds=wait_s))
        await drained(deliverer)

    assert told(customer) == [
        ("inOrderConfirm", [4]),
        ("inOrderConfirm", [5]),
        ("inOrderConfirm", [5]),
        ("inOrderConfirm", [5]),
        ("inOrderStatusConfirm", 9),
    ]
    tries = [heard.body for heard in customer.heard[1:4]]
    assert len({business(body) for body in tries}) == 1
    assert len({json.loads(body)["timestamp"] for body in tries}) == 3
    assert len({json.loads(body)["sign"] for body in tries}) == 3
    assert customer.heard[0].said["request"]["callbackBatchId"].endswith("-01")
    assert customer.heard[1].said["request"]["callbackBatchId"].endswith("-02")
    assert customer.heard[4].said["request"] == sample("8.7")["request"]
    assert await world.rows("SELECT DISTINCT state FROM callback") == [("delivered",)]


async def test_without_batches_two_receipts_are_one_confirm_and_no_status(world: Any, customer: Partner) -> None:
    deliverer = await hears(world, customer)
    await received(world, 4, 5)
    await drained(deliverer)

    assert told(customer) == [("inOrderConfirm", [9])]
    assert customer.heard[0].said["request"]["orderStatus"] == "FULFILLED"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, ("inOrderConfirm", [])), ({"batch_callback": True}, ("inOrderStatusConfirm", 0))],
)
async def test_an_order_of_which_nothing_came_is_told_once(
    world: Any, customer: Partner, settings: dict[str, Any], expected: tuple[str, Any]
) -> None:
    deliverer = await hears(world, customer, **settings)
    await received(world)
    await drained(deliverer)

    assert told(customer) == [expected]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [("outOrderConfirm", [2])]),
        ({"batch_callback": True}, [("outOrderConfirm", [2]), ("outOrderStatusConfirm", 2)]),
    ],
)
async def test_an_outbound_order_is_told(
    world: Any, customer: Partner, settings: dict[str, Any], expected: list[Any]
) -> None:
    deliverer = await hears(world, customer, **settings)
    await world.stock("P-7001", 2)
    request = sample("8.2")["request"]
    body = sign(request | {"productList": request["productList"][:1]})
    await world.ship(await placed(world, "/dtc/logistics/outOrder", body))
    await drained(deliverer)

    assert told(customer) == expected


@pytest.mark.parametrize(("size", "state"), [(ANSWER_BYTES_MAX, "delivered"), (ANSWER_BYTES_MAX + 1, "waiting")])
async def test_a_yes_at_the_end_of_a_long_answer_is_a_yes(
    world: Any, customer: Partner, size: int, state: str
) -> None:
    deliverer = await hears(world, customer)
    await received(world, 10)
    answer = b'{"value":"%s","flag":true}'
    customer.reply = Reply(body=answer.replace(b"%s", b"x" * (size - len(answer) + 2)))
    await drained(deliverer)

    assert len(customer.reply.body) == size
    assert await world.rows("SELECT state FROM callback WHERE state <> 'skipped'") == [(state,)]
    [(kept,)] = await world.rows("SELECT answer FROM callback_attempt")
    assert len(kept) == ANSWER_CHARS_KEPT_MAX
