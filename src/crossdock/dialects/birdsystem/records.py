"""Our orders as BirdSystem's records."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.base.ids import ProductId
from crossdock.core.accounts.model import Company, DeliveryService
from crossdock.core.catalog.model import Product
from crossdock.core.orders.model import Order, OrderLine
from crossdock.dialects.birdsystem import creating, values, wire, words


def consignment(
    order: Order,
    *,
    lines: Sequence[OrderLine],
    products: Mapping[ProductId, Product],
    service: DeliveryService | None,
    company: Company,
) -> wire.Consignment:
    """`products` holds at least those of `lines`."""
    weight_g = sum(line.quantity * products[line.product_id].weight_g for line in lines)
    volume_mm3 = sum(line.quantity * _volume_mm3(products[line.product_id]) for line in lines)
    volume_weight_g = words.volume_weight_g(volume_mm3)
    rules: dict[str, Any] = {} if service is None else service.rules
    special_type = rules.get("special_type")
    hidden = _rule_flag(rules, "is_hide_delivery_reference_to_consignment")
    recipient, sent = order.recipient, order.partner_fields
    country = recipient.get("country_iso")
    people: dict[str, Any] = {name: recipient.get(name) for name in creating.RECIPIENT_WIDTHS}
    people |= {f"sender_{name}": sent.get(f"sender_{name}") for name in creating.RECIPIENT_WIDTHS}
    return wire.Consignment(
        type=order.type,
        delivery_service_name=None if service is None else service.name,
        id=order.id,
        company_id=order.company_id,
        client_id=order.account_id,
        warehouse_id=order.site_id,
        consignment_product_quantity=str(order.pieces),
        consignment_product_reference=",".join(str(line.product_id) for line in lines) or None,
        delivery_service_id=order.service_id,
        delivery_service_id_internal=order.service_id,
        delivery_package_size_id=sent.get("delivery_package_size_id", rules.get("delivery_package_size_id")),
        total_handling_fee=words.fixed(rules.get("handling_fee", 0), 2),
        length=words.fixed(sent.get("length", 0), 2),
        width=words.fixed(sent.get("width", 0), 2),
        depth=words.fixed(sent.get("depth", 0), 2),
        total_weight=weight_g,
        total_volume=words.fixed(volume_mm3, 2),
        total_volume_weight=volume_weight_g,
        total_fee_weight=max(weight_g, volume_weight_g),
        guarantee_percentage=words.fixed(sent.get("guarantee_percentage", 0), 2),
        country_iso=country,
        sender_country_iso=sent.get("sender_country_iso", "GB"),
        sales_reference=order.reference,
        sales_price=words.fixed(sent.get("sales_price", 0), 3),
        customs_price=words.fixed(sent.get("customs_price", 0), 3),
        sales_order_id=sent.get("sales_order_id"),
        custom_identity_reference=sent.get("custom_identity_reference"),
        payment_reference=sent.get("payment_reference"),
        delivery_reference=None if hidden == "1" else order.tracking_number,
        special_instruction=sent.get("special_instruction"),
        neighbour_instruction=sent.get("neighbour_instruction"),
        is_urgent=sent.get("is_urgent", "0"),
        is_forced_delivery_service=sent.get("is_forced_delivery_service", "0"),
        create_time=words.shown(order.created_at, company.zone),
        finish_time=words.shown(order.finished_at, company.zone),
        update_time=words.shown(order.updated_at, company.zone),
        status=words.STATUS_OF_STATE[order.state],
        stock_status=words.STOCK_STATUS[order.state],
        delivery_service_special_type=special_type,
        delivery_service_is_use_delivery_agent_account_address=_rule_flag(
            rules, "is_use_delivery_agent_account_address"
        ),
        delivery_service_is_allow_urgent_consignment=_rule_flag(rules, "is_allow_urgent_consignment", unset="1"),
        delivery_service_is_hide_delivery_reference_to_consignment=hidden,
        delivery_service_internal_special_type=rules.get("internal_special_type", special_type),
        delivery_agent_code=rules.get("net17track_code"),
        country_name=words.COUNTRIES.get(country or ""),
        currency_code=company.currency,
        **people,
    )


def consignment_product(line: OrderLine, product: Product) -> wire.ConsignmentProduct:
    declared = product.partner_fields
    return wire.ConsignmentProduct(
        id=line.id,
        product_id=line.product_id,
        consignment_id=line.order_id,
        quantity=str(line.quantity),
        unit_product_price=words.fixed(product.price, 2),
        unit_product_cost=words.fixed(declared.get("company_product-cost", 0), 2),
        unit_product_weight=words.fixed(product.weight_g, 2),
        unit_product_length=words.fixed(product.length_mm, 2),
        unit_product_width=words.fixed(product.width_mm, 2),
        unit_product_depth=words.fixed(product.height_mm, 2),
        price_customs_export=words.fixed(declared.get("price_customs_export", 0), 3),
        price_customs_export_internal=words.fixed(declared.get("price_customs_export_internal", 0), 3),
        sales_price=line.partner_fields.get("sales_price"),
        product_type=line.partner_fields.get("product_type", words.PRODUCT_TYPE),
    )


def _volume_mm3(product: Product) -> int:
    return product.length_mm * product.width_mm * product.height_mm


def _rule_flag(rules: Mapping[str, Any], name: str, *, unset: str = "0") -> str:
    return values.FLAGS.get(str(rules.get(name)).lower(), unset)
