"""The order as the platform prints it: the partner's own fields, and what is derived without them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from msgspec import structs

from crossdock.base.ids import AccountId, CompanyId, HandoverId, OrderId, ProductId, SiteId
from crossdock.core.catalog.model import Product
from crossdock.core.orders.model import Order, OrderLine, PaymentRow
from crossdock.core.staff.model import Action
from crossdock.dialects.heidian.order import ORDER_FIELDS_KEPT, fulfillments, order_body

AT = datetime(2021, 5, 12, 7, 40, 58, 770985, UTC)
SAID = "2021-05-12T15:40:58.770985+08:00"
ORDER = Order(
    id=OrderId(2894),
    account_id=AccountId(47),
    company_id=CompanyId(36),
    kind="outbound",
    number="3096201701031645115932861",
    dialect="heidian",
    type="",
    state="shipped",
    site_id=None,
    sub_inventory_id=None,
    service_id=None,
    reference=None,
    recipient={"email": "a@b.example"},
    partner_fields={},
    content_hash=None,
    payment="paid",
    token="2e70779e798560ac74cda78dcce8c4adc1116200",
    pieces=3,
    tracking_number=None,
    batches=1,
    created_at=AT,
    updated_at=AT,
    finished_at=AT,
)
LINE = OrderLine(
    id=70011,
    order_id=ORDER.id,
    line_no=1,
    line_key="1",
    product_id=ProductId(501),
    sku="TS-RED-01",
    sub_inventory_id=None,
    lot="",
    condition="good",
    quantity=3,
    done=3,
    partner_fields={},
)
PRODUCT = Product(
    id=ProductId(501),
    account_id=AccountId(47),
    sku="TS-RED-01",
    name="测试商品鞋",
    weight_g=250,
    price=Decimal("128.005"),
    created_at=AT,
    updated_at=AT,
)


def printed(order: Order = ORDER, line: OrderLine = LINE, *, gone: bool = False) -> dict[str, Any]:
    products = {} if gone else {PRODUCT.id: PRODUCT}
    return order_body(order, lines=[line], products=products, full_name="张三", mobile="13800000001")


def test_what_nobody_said_is_derived() -> None:
    body = printed()

    assert body["title"] == "测试商品鞋"
    assert body["customer"] == {"id": None, "mobile": "13800000001", "full_name": "张三", "email": "a@b.example"}
    assert body["total_price"] == body["paid_price"] == "384.02"
    assert body["payable_price"] == "0.00"
    assert body["total_weight"] == "750.00"
    assert body["lines"][0]["price"] == "128.01"
    assert body["lines"][0]["quantity"] == 3
    assert body["lines"][0]["variant"]["grams"] == "250.00"
    assert (body["order_status"], body["financial_status"], body["fulfillment_status"]) == (
        "open",
        "paid",
        "pending",
    )
    assert body["shipping_address"] is None
    assert body["paid_at"] == SAID


def test_what_the_platform_sent_is_printed_as_it_came() -> None:
    sent = {name: f"sent {name}" for name in ORDER_FIELDS_KEPT}
    order = structs.replace(ORDER, partner_fields={**sent, "unheard": "of"})
    line = structs.replace(LINE, partner_fields={"variant_title": "颜色: 红", "price": "99.00", "variant": None})

    body = printed(order, line)

    assert {name: body[name] for name in ORDER_FIELDS_KEPT} == sent
    assert "unheard" not in body
    assert body["lines"][0]["variant_title"] == "颜色: 红"
    assert body["lines"][0]["price"] == "99.00"
    assert body["lines"][0]["variant"] is None


def test_what_changes_here_is_never_taken_from_the_platform() -> None:
    stale = {
        "order_status": "closed",
        "fulfillment_status": "fulfilled",
        "financial_status": "pending",
        "id": 1,
        "token": "x",
        "lines": [],
        "fulfillments": [1],
        "closed_at": "x",
    }

    body = printed(structs.replace(ORDER, partner_fields=stale))

    assert body == printed()


def test_another_dialects_fields_of_the_same_name_are_not_ours() -> None:
    order = structs.replace(ORDER, dialect="birdsystem", partner_fields={"note": "fragile", "title": "x"})

    assert printed(order)["note"] == ""
    assert printed(order)["title"] == "测试商品鞋"


def test_a_product_that_is_gone_is_null() -> None:
    line = printed(gone=True)["lines"][0]

    assert line["product"] is None
    assert line["variant"] is None
    assert line["sku"] == "TS-RED-01"
    assert line["price"] == "0.00"


def test_an_unpaid_order_owes_everything() -> None:
    body = printed(structs.replace(ORDER, payment="pending"))

    assert (body["paid_price"], body["payable_price"], body["paid_at"]) == ("0.00", "384.02", None)


def money(number: int, kind: Literal["sale", "refund"], amount: str) -> PaymentRow:
    return PaymentRow(
        id=number,
        order_id=ORDER.id,
        kind=kind,
        reference=f"T{number}",
        amount=Decimal(amount),
        channel="wx_lite" if kind == "sale" else "",
        pieces={},
        reason="",
        created_at=AT + timedelta(seconds=number),
    )


def test_what_was_paid_here_is_printed_as_transactions() -> None:
    body = order_body(
        structs.replace(ORDER, payment="partially_refunded"),
        lines=[LINE],
        products={PRODUCT.id: PRODUCT},
        full_name="张三",
        mobile="13800000001",
        payments=[money(1, "sale", "84"), money(2, "sale", "300.015"), money(3, "refund", "5")],
    )

    assert body["transactions"][2] == {
        "id": 3,
        "transaction_number": "T3",
        "transaction_type": "refund",
        "channel": "",
        "amount": "5.00",
        "status": "success",
        "created_at": "2021-05-12T15:41:01.770985+08:00",
    }
    assert [row["transaction_type"] for row in body["transactions"]] == ["sale", "sale", "refund"]
    assert (body["paid_price"], body["payable_price"], body["selected_channel"]) == ("384.02", "0.00", "wx_lite")
    assert (body["paid_at"], body["is_refunding"]) == ("2021-05-12T15:41:00.770985+08:00", False)


def test_a_part_that_was_paid() -> None:
    body = order_body(
        structs.replace(ORDER, payment="partially_paid"),
        lines=[LINE],
        products={PRODUCT.id: PRODUCT},
        full_name="",
        mobile="",
        payments=[money(1, "sale", "84")],
    )
    assert (body["paid_price"], body["payable_price"], body["paid_at"]) == ("84.00", "300.02", None)
    platforms = structs.replace(ORDER, partner_fields={"transactions": [], "paid_price": "1.00"})
    body = order_body(platforms, lines=[], products={}, full_name="", mobile="", payments=[money(1, "sale", "84")])
    assert (body["transactions"], body["paid_price"]) == ([], "1.00"), "what the platform said comes first"


def test_a_cancelled_order_says_since_when() -> None:
    body = printed(structs.replace(ORDER, state="cancelled"))

    assert (body["order_status"], body["cancelled_at"], body["closed_at"]) == ("cancelled", SAID, None)


def test_a_rollback_cancels_the_fulfillment_before_it() -> None:
    made = fulfillments([action(1, "consume"), action(2, "rollback"), action(3, "consume")])

    assert [(row["id"], row["status"]) for row in made] == [(1, "cancelled"), (3, "success")]
    assert made[0]["created_at"] == SAID
    assert fulfillments([action(2, "rollback"), action(3, "consume")])[0]["status"] == "success"


def action(number: int, word: str) -> Action:
    return Action(
        id=number,
        site_id=SiteId(12),
        staff_id=None,
        username=None,
        action=word,
        handover_id=HandoverId(1001),
        key="129322",
        order_id=ORDER.id,
        order_number=ORDER.number,
        reason="",
        created_at=AT,
    )
