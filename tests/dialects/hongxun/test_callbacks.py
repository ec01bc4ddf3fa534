"""What customers are told: the confirms composed from events, and what counts as heard."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.base.errors import CallerUnknown
from crossdock.base.ids import AccountId, CredentialId, EventId, OrderId, ReceiverId
from crossdock.core.accounts.model import Account, Credential
from crossdock.core.events import kinds
from crossdock.core.events.model import Event, Receiver
from crossdock.dialects.hongxun import DIALECT, auth
from crossdock.dialects.hongxun.callbacks import (
    FIRST_WAITS_S,
    GIVEN_UP_S,
    LAST_WAIT_S,
    REASON_CHARS_MAX,
    SENDER,
    TIMEOUT_S,
    WAITS_S,
)
from crossdock.edge.callback import Outgoing, Owed
from tests.dialects.hongxun.samples import SECRETS, sample

ORDER = OrderId(2408020360000031)
MONDAY = datetime(2024, 8, 5, 2, 0, tzinfo=UTC)
NOW = datetime(2024, 8, 1, 23, 10, 41, tzinfo=UTC)
"""2024-08-02 07:10:41 in China, the time of the manual's samples."""
OWN = sample("8.1")["request"]
OWN_LINE = OWN["productList"][0]


def line(quantity: int, **changes: Any) -> dict[str, Any]:
    return {
        "line_key": "10",
        "sku": "P-7001",
        "quantity": quantity,
        "lot": "",
        "condition": "good",
        "partner_fields": OWN_LINE,
    } | changes


def facts(**more: Any) -> dict[str, Any]:
    return {
        "number": "RK2024080200017",
        "type": "10",
        "site": "WH-GZ01",
        "sub_inventory": "OWN-A",
        "partner_fields": OWN,
        "lines": [line(4)],
    } | more


def owed(kind: str, settings: dict[str, Any] | None = None, *, credential: bool = True, **more: Any) -> Owed:
    return Owed(
        event=Event(
            id=EventId(1),
            account_id=AccountId(47),
            kind=kind,
            subject=f"order:{ORDER}",
            order_id=ORDER,
            dialect="house",
            actor="",
            facts=facts(**more),
            happened_at=MONDAY,
            learned_at=MONDAY,
        ),
        receiver=Receiver(
            id=ReceiverId(1),
            account_id=AccountId(47),
            dialect="hongxun",
            name="erp",
            url="https://erp.example/hongxun/",
            kinds=["inbound.*", "outbound.*"],
            settings={"batch_callback": True} if settings is None else settings,
        ),
        credential=Credential(
            id=CredentialId(1),
            account_id=AccountId(47),
            dialect="hongxun",
            key="HXDEMO&DEMO_ERP",
            secret=SECRETS["HXDEMO"],
        )
        if credential
        else None,
        account=Account(id=AccountId(47), code="demo", name="demo", zone="Europe/London", currency="CNY"),
        attempt=1,
    )


def composed(*args: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    """The address and the `request` of a push whose signature was checked."""
    outgoing = SENDER.compose(owed(*args, **more), NOW)
    assert outgoing is not None
    auth.verify(auth.read(outgoing.body), SECRETS["HXDEMO"])
    assert outgoing.headers == {"content-type": "application/json;charset=UTF-8"}
    return outgoing.url, json.loads(outgoing.body)["request"]


def test_a_batch_of_an_inbound_order() -> None:
    url, request = composed(kinds.INBOUND_RECEIVED, batch=1, lines=[line(4, lot="L2407"), line(0, line_key="20")])

    assert url == "https://erp.example/hongxun/inOrderConfirm"
    assert request == {
        "customerNumber": "RK2024080200017",
        "callbackBatchId": "HXRK2408020360000031-01",
        "downstreamOrderCode": "HXRK2408020360000031",
        "documentType": "10",
        "inventoryCode": "WH-GZ01",
        "subbaseCode": "OWN-A",
        "orderStatus": "PARTFULFILLED",
        "confirmTime": "2024-08-05 10:00:00",
        "productList": [
            {
                "customerLineNumber": "10",
                "customerProductCode": "P-7001",
                "customerProductDescription": "测试手机 8GB",
                "unitWeight": 0.45,
                "productBatchNumber": "L2407",
                "ebeln": "4500012345",
                "ebelp": "00010",
                "quantity": 4,
                "planQuantity": 10,
                "inventoryStatus": "10",
            }
        ],
    }


def test_the_inbound_status_confirm_is_sent_to_the_letter() -> None:
    outgoing = SENDER.compose(owed(kinds.INBOUND_CLOSED, ordered=10, received=9, batches=2), NOW)

    assert outgoing is not None
    assert outgoing.url == "https://erp.example/hongxun/inOrderStatusConfirm"
    assert json.loads(outgoing.body) == sample("8.7")


def test_the_outbound_status_confirm_is_sent_to_the_letter() -> None:
    outgoing = SENDER.compose(owed(kinds.OUTBOUND_CLOSED, number="CK2024080200101", ordered=4, shipped=4), NOW)

    assert outgoing is not None
    assert outgoing.url == "https://erp.example/hongxun/outOrderStatusConfirm"
    assert json.loads(outgoing.body) == sample("8.9")


def test_a_batch_of_an_outbound_order_names_its_parcel() -> None:
    url, request = composed(kinds.OUTBOUND_SHIPPED, batch=12, tracking_number="DEMO000123456")

    assert url == "https://erp.example/hongxun/outOrderConfirm"
    assert request["callbackBatchId"] == "HXCK2408020360000031-12"
    assert request["packageList"] == [{"mailno": "DEMO000123456"}]


def test_an_order_that_came_in_elsewhere_prints_too() -> None:
    _, request = composed(
        kinds.OUTBOUND_SHIPPED,
        batch=1,
        tracking_number=None,
        number="2408020360000031",
        type="LOCAL",
        partner_fields={"delivery_service_id": 5867},
        lines=[line(2, line_key="1", partner_fields={"unitWeight": True, "remark": ["x"], "quantity": None})],
    )

    assert request == {
        "customerNumber": "2408020360000031",
        "callbackBatchId": "HXCK2408020360000031-01",
        "downstreamOrderCode": "HXCK2408020360000031",
        "documentType": "20",
        "inventoryCode": "WH-GZ01",
        "subbaseCode": "OWN-A",
        "orderStatus": "PARTFULFILLED",
        "confirmTime": "2024-08-05 10:00:00",
        "productList": [
            {"customerLineNumber": "1", "customerProductCode": "P-7001", "quantity": 2, "inventoryStatus": "10"}
        ],
    }


@pytest.mark.parametrize(
    ("sent", "planned"), [(10, {"planQuantity": 10}), ("10", {"planQuantity": 10}), (None, {}), (True, {}), ("x", {})]
)
def test_the_ordered_quantity_is_told_where_it_is_known(sent: Any, planned: dict[str, int]) -> None:
    _, request = composed(kinds.INBOUND_RECEIVED, batch=1, lines=[line(4, partner_fields={"quantity": sent})])

    told = {name: value for name, value in request["productList"][0].items() if name == "planQuantity"}
    assert told == planned


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"ebelp": 10, "remark": 1.5}, {"ebelp": "10", "remark": "1.5"}),
        ({"ebelp": "", "remark": None, "vinNum": True}, {}),
        ({"unitWeight": "0.450", "singlePieceVolume": 2}, {"unitWeight": 0.45, "singlePieceVolume": 2}),
        ({"unitWeight": "heavy", "singlePieceVolume": None}, {}),
    ],
)
def test_a_line_comes_back_with_texts_as_texts_and_measures_as_numbers(
    sent: dict[str, Any], told: dict[str, Any]
) -> None:
    _, request = composed(kinds.INBOUND_RECEIVED, batch=1, lines=[line(4, partner_fields=sent)])

    own = {"customerLineNumber": "10", "customerProductCode": "P-7001", "quantity": 4, "inventoryStatus": "10"}
    assert request["productList"] == [own | told]


@pytest.mark.parametrize(
    ("kind", "actual", "event"),
    [
        (kinds.INBOUND_CLOSED, "received", "inOrderConfirm"),
        (kinds.OUTBOUND_CLOSED, "shipped", "outOrderConfirm"),
    ],
)
def test_without_batches_there_is_one_confirm(kind: str, actual: str, event: str) -> None:
    url, request = composed(kind, {}, ordered=10, batches=2, lines=[line(9)], **{actual: 9})

    assert url == f"https://erp.example/hongxun/{event}"
    assert request["orderStatus"] == "FULFILLED"
    assert request["callbackBatchId"].endswith("-01")
    assert [one["quantity"] for one in request["productList"]] == [9]


def test_without_batches_an_order_closed_short_has_no_lines() -> None:
    _, request = composed(kinds.INBOUND_CLOSED, {}, ordered=10, received=0, batches=0, lines=[line(0)])
    assert request["productList"] == []


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, kinds.INBOUND_RECEIVED),
        ({}, kinds.OUTBOUND_SHIPPED),
        ({"batch_callback": False}, kinds.OUTBOUND_SHIPPED),
        ({"batch_callback": True}, kinds.ORDER_PLACED),
        ({}, kinds.ORDER_DELIVERED),
    ],
)
def test_other_events_are_not_told(settings: dict[str, Any], kind: str) -> None:
    assert SENDER.compose(owed(kind, settings, batch=1), NOW) is None


def test_a_receiver_may_name_its_paths() -> None:
    settings = {"batch_callback": True, "paths": {"inOrderStatusConfirm": "/api/rk/done"}}
    url, _ = composed(kinds.INBOUND_CLOSED, settings, ordered=1, received=1)
    assert url == "https://erp.example/hongxun/api/rk/done"


def test_a_retry_says_the_same_and_is_signed_afresh() -> None:
    event = owed(kinds.INBOUND_RECEIVED, batch=1)
    first, second = (
        json.loads(said.body)
        for moment in (NOW, NOW + timedelta(minutes=5))
        if isinstance(said := SENDER.compose(event, moment), Outgoing)
    )

    assert first.pop("request") == second.pop("request")
    assert (first["timestamp"], second["timestamp"]) == ("2024-08-02 07:10:41", "2024-08-02 07:15:41")
    assert first["sign"] != second["sign"]


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(CallerUnknown):
        SENDER.compose(owed(kinds.INBOUND_RECEIVED, credential=False, batch=1), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":200,"message":"","flag":true}',
        b'{"flag":"true"}',
        b'{"flag":true}',
        b'\xef\xbb\xbf{"flag":true}',
        b'{"value":{"score":1e999},"flag":true}',
    ],
)
@pytest.mark.parametrize("status", [200, 204, 299])
def test_heard(status: int, body: bytes) -> None:
    assert SENDER.accepted(status, body) is None


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (199, b'{"flag":true}', "HTTP 199"),
        (300, b'{"flag":true}', "HTTP 300"),
        (500, b'{"flag":true}', "HTTP 500"),
        (200, '{"code":500,"message":"系统异常","flag":false}'.encode(), "系统异常"),
        (200, b'{"flag":1}', "flag is not true"),
        (200, b'{"flag":"false"}', "flag is not true"),
        (200, b'{"code":200}', "flag is not true"),
        (200, b"ok", "the answer is not JSON"),
        (200, b"", "the answer is not JSON"),
        (200, b"\xff", "the answer is not JSON"),
        (200, b"[true]", "the answer is not an object"),
        (200, b"[" * 60_000, "the answer is not JSON"),
        (200, b'{"message":17,"flag":false}', "17"),
    ],
)
def test_not_heard(status: int, body: bytes, reason: str) -> None:
    assert SENDER.accepted(status, body) == reason


@pytest.mark.parametrize("length", [REASON_CHARS_MAX, REASON_CHARS_MAX + 1])
def test_the_customers_reason_is_kept_up_to_a_length(length: int) -> None:
    said = SENDER.accepted(200, json.dumps({"flag": False, "message": "x" * length}).encode())
    assert said == "x" * REASON_CHARS_MAX


def test_the_pauses_of_the_manual() -> None:
    minutes = [wait // 60 for wait in WAITS_S]

    assert minutes == [1, 5, 15, 60, 360] + [360] * 10
    assert sum(WAITS_S) <= GIVEN_UP_S < sum(WAITS_S) + LAST_WAIT_S
    assert WAITS_S[: len(FIRST_WAITS_S)] == FIRST_WAITS_S
    assert SENDER.timeout_s == TIMEOUT_S == 10
    assert DIALECT.sender is SENDER
