"""The order as the vendor's main platform prints it.

What the platform sent with the order stands in its partner fields and is printed as it came; what changes here
(states, payment, fulfillments) comes from the core, and what nobody said has its empty value.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from crossdock.base.ids import ProductId
from crossdock.core.catalog.model import Product
from crossdock.core.handover.model import HandedOver
from crossdock.core.orders.model import Order, OrderLine, PaymentRow
from crossdock.dialects.heidian.words import NAME, OPEN, ORDER_WORDS, moment, moment_or_null, money, object_or_empty

ORDER_FIELDS_KEPT: Final = (
    "title",
    "customer",
    "email",
    "requires_shipping",
    "buyer_accepts_marketing",
    "is_test",
    "note",
    "attributes",
    "metafield",
    "source_name",
    "referring_platform",
    "discounts",
    "transactions",
    "shipping_address",
    "subtotal_price",
    "total_line_items_price",
    "shipping_cost",
    "total_discounts",
    "total_price",
    "total_weight",
    "paid_price",
    "payable_price",
    "selected_channel",
    "is_refunding",
    "cancel_reason",
    "paid_at",
)
LINE_FIELDS_KEPT: Final = (
    "title",
    "product_title",
    "variant_title",
    "image",
    "barcode",
    "requires_shipping",
    "price",
    "total_price",
    "product",
    "variant",
)
ZERO: Final = Decimal(0)


def order_body(
    order: Order,
    *,
    lines: Sequence[OrderLine],
    products: Mapping[ProductId, Product],
    full_name: str,
    mobile: str,
    used_at: datetime | None = None,
    canceled_at: datetime | None = None,
    history: Sequence[HandedOver] = (),
    payments: Sequence[PaymentRow] = (),
) -> dict[str, Any]:
    """Times and `history` (consume and rollback rows, oldest first) are those of its pick-up.

    An order without `payments` was paid, or not, before it came here.
    """
    total = sum((_price(products, line) * line.quantity for line in lines), ZERO)
    weight_g = sum(
        product.weight_g * line.quantity for line in lines if (product := _product(products, line)) is not None
    )
    sales = [row for row in payments if row.kind == "sale"]
    paid_before = total if order.payment in {"paid", "partially_refunded", "refunded"} else ZERO
    paid = sum((row.amount for row in sales), ZERO) if sales else paid_before
    printed = [_line(order, line, _product(products, line)) for line in lines]
    words = ORDER_WORDS.get(order.state, OPEN)
    handed_over_at = moment_or_null(used_at or order.finished_at)
    email = str(order.recipient.get("email") or "")
    body: dict[str, Any] = {
        "id": order.id,
        "token": order.token,
        "order_number": order.number,
        "title": printed[0]["title"] if printed else "",
        "customer": {"id": None, "mobile": mobile, "full_name": full_name, "email": email},
        "full_name": full_name,
        "mobile": mobile,
        "email": email,
        "requires_shipping": False,
        "buyer_accepts_marketing": False,
        "is_test": False,
        "note": "",
        "attributes": {},
        "metafield": {},
        "source_name": "",
        "referring_platform": "",
        "lines": printed,
        "discounts": [],
        "fulfillments": fulfillments(history),
        "transactions": [_transaction(row) for row in payments],
        "shipping_address": None,
        "subtotal_price": money(total),
        "total_line_items_price": money(total),
        "shipping_cost": money(ZERO),
        "total_discounts": money(ZERO),
        "total_price": money(total),
        "total_weight": money(Decimal(weight_g)),
        "paid_price": money(paid),
        "payable_price": money(max(total - paid, ZERO)),
        "selected_channel": sales[-1].channel if sales else "",
        "order_status": words.order_status,
        "financial_status": order.payment,
        "fulfillment_status": words.fulfillment_status,
        "is_refunding": False,
        "cancel_reason": "",
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "paid_at": _paid_at(order, sales),
        "fulfilled_at": handed_over_at if words.fulfillment_status == "fulfilled" else None,
        "closed_at": handed_over_at if words.order_status == "closed" else None,
        "cancelled_at": moment_or_null(order.finished_at or canceled_at)
        if words.order_status == "cancelled"
        else None,
    }
    return body | _kept(order, order.partner_fields, ORDER_FIELDS_KEPT)


def fulfillments(history: Sequence[HandedOver]) -> list[dict[str, Any]]:
    """One for each time the goods were handed over; a rollback cancels the one before it."""
    made: list[dict[str, Any]] = []
    for action in history:
        if action.action == "consume":
            made.append(
                {
                    "id": action.id,
                    "status": "success",
                    "tracking_company": "",
                    "tracking_number": "",
                    "tracking_url": "",
                    "tracking_info": "",
                    "kd100_data": None,
                    "created_at": moment(action.created_at),
                }
            )
        elif made:
            made[-1]["status"] = "cancelled"
    return made


def _transaction(row: PaymentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "transaction_number": row.reference,
        "transaction_type": row.kind,
        "channel": row.channel,
        "amount": money(row.amount),
        "status": "success",
        "created_at": moment(row.created_at),
    }


def _paid_at(order: Order, sales: Sequence[PaymentRow]) -> str | None:
    if sales:
        return None if order.payment == "partially_paid" else moment(sales[-1].created_at)
    return None if order.payment == "pending" else moment(order.created_at)


def _line(order: Order, line: OrderLine, product: Product | None) -> dict[str, Any]:
    """`product` and `variant` are null for a product that is gone."""
    price = ZERO if product is None else product.price
    name = "" if product is None else product.name
    body: dict[str, Any] = {
        "id": line.id,
        "title": name,
        "product_title": name,
        "variant_title": "",
        "image": "",
        "sku": line.sku,
        "barcode": "",
        "requires_shipping": True,
        "quantity": line.quantity,
        "price": money(price),
        "total_price": money(price * line.quantity),
        "product": None,
        "variant": None,
    }
    if product is not None:
        body["product"] = {"id": product.id, "name": product.sku, "title": name}
        body["variant"] = {
            "id": product.id,
            "sku": product.sku,
            "title": "",
            "image": None,
            "price": money(price),
            "grams": money(Decimal(product.weight_g)),
            "options": [],
        }
    return body | _kept(order, line.partner_fields, LINE_FIELDS_KEPT)


def _kept(order: Order, partner_fields: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Another dialect's fields may have the same names and mean something else."""
    if order.dialect != NAME:
        return {}
    return {name: partner_fields[name] for name in names if name in object_or_empty(partner_fields)}


def _price(products: Mapping[ProductId, Product], line: OrderLine) -> Decimal:
    product = _product(products, line)
    return ZERO if product is None else product.price


def _product(products: Mapping[ProductId, Product], line: OrderLine) -> Product | None:
    return None if line.product_id is None else products.get(line.product_id)
