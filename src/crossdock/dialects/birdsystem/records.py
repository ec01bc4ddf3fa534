"""Our orders as BirdSystem's records."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from crossdock.base.ids import ProductId
from crossdock.core.accounts.model import Company, DeliveryService, ReturnAction
from crossdock.core.catalog.model import Product
from crossdock.core.orders.model import Order, OrderLine, Piece, product_ids
from crossdock.dialects.birdsystem import creating, values, wire, words

SENDER: Final = tuple(f"sender_{name}" for name in creating.RECIPIENT_WIDTHS)
TOTAL_MAX: Final = 2**53 - 1
"""Of a weight or a volume: what comes to more is printed as this, the largest number every client reads exactly."""


def consignment(
    order: Order,
    *,
    lines: Sequence[OrderLine],
    products: Mapping[ProductId, Product],
    service: DeliveryService | None,
    company: Company,
    action: ReturnAction | None = None,
) -> wire.Consignment:
    """`products` holds at least those of `lines`, `action` is that of a return."""
    weight_g, volume_mm3 = weight_of(order, lines, products), _volume_of(order, lines, products)
    volume_weight_g = words.volume_weight_g(volume_mm3)
    rules: dict[str, Any] = {} if service is None else service.rules
    special_type = rules.get("special_type")
    hidden = _rule_flag(service, "is_hide_delivery_reference_to_consignment")
    recipient, sent = order.recipient, order.partner_fields
    country = recipient.get("country_iso")
    people: dict[str, Any] = {name: recipient.get(name) for name in creating.RECIPIENT_WIDTHS}
    people |= {name: sent.get(name) for name in SENDER}
    comes_back = order.kind == "return"
    return wire.Consignment(
        return_consignment_id=order.id if comes_back else None,
        return_consignment_action_type=None if action is None else action.type,
        return_consignment_action_name=None if action is None else action.name,
        type=order.type,
        delivery_service_name=None if service is None else service.name,
        id=order.id,
        company_id=order.company_id,
        client_id=order.account_id,
        warehouse_id=order.site_id,
        consignment_product_quantity=str(order.pieces),
        consignment_product_reference=",".join(str(id_) for id_ in product_ids(lines)) or None,
        delivery_service_id=order.service_id,
        delivery_service_id_internal=order.service_id,
        delivery_package_size_id=sent.get("delivery_package_size_id", rules.get("delivery_package_size_id")),
        total_handling_fee=words.fixed(rules.get("handling_fee", 0), 2),
        length=words.fixed(sent.get("length", 0) if order.measure is None else order.measure.length_mm, 2),
        width=words.fixed(sent.get("width", 0) if order.measure is None else order.measure.width_mm, 2),
        depth=words.fixed(sent.get("depth", 0) if order.measure is None else order.measure.height_mm, 2),
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
        temp_consignment_info_id=sent.get(creating.UPLOADED_ROW),
        is_urgent=sent.get("is_urgent", "0"),
        is_forced_delivery_service=sent.get("is_forced_delivery_service", "0"),
        create_time=words.shown(order.created_at, company.zone),
        finish_time=words.shown(order.finished_at, company.zone),
        arrive_time=words.shown(order.arrived_at, company.zone),
        update_time=words.shown(order.updated_at, company.zone),
        status=words.STATUS_OF_STATE[order.state],
        stock_status=words.STOCK_STATUS[order.state] if product_ids(lines) and not comes_back else None,
        feedback_note=order.feedback,
        delivery_service_special_type=special_type,
        delivery_service_is_use_delivery_agent_account_address=_rule_flag(
            service, "is_use_delivery_agent_account_address"
        ),
        delivery_service_is_allow_urgent_consignment=_rule_flag(service, "is_allow_urgent_consignment", unset="1"),
        delivery_service_is_hide_delivery_reference_to_consignment=hidden,
        delivery_service_internal_special_type=rules.get("internal_special_type", special_type),
        delivery_agent_code=rules.get("net17track_code"),
        country_name=words.COUNTRIES.get(country or ""),
        currency_code=company.currency,
        **people,
    )


def consignment_product(line: OrderLine, product: Product) -> wire.ConsignmentProduct:
    return wire.ConsignmentProduct(**_of_line(line, product))


def line_row(line: OrderLine, product: Product) -> wire.LineRow:
    return wire.LineRow(**_of_line(line, product), client_ref=product.sku)


def agent_product(line: OrderLine) -> wire.AgentProduct:
    """`brand` is null in every sample, also where one was sent."""
    said = line.partner_fields
    price = words.fixed(said["price_customs_export"], 3)
    return wire.AgentProduct(
        id=line.id,
        consignment_id=line.order_id,
        product_name=said["product_name"],
        product_name_cn=said["product_name_cn"],
        client_ref=line.sku,
        brand=None,
        quantity=str(line.quantity),
        weight=words.fixed(said["weight"], 2),
        price_customs_export=price,
        price_customs_export_internal=price,
    )


def parcel_piece(piece: Piece, *, zone: str) -> wire.ParcelPiece:
    return wire.ParcelPiece(
        id=piece.id,
        serial=str(piece.serial),
        consignment_id=piece.order_id,
        reference=piece.reference,
        delivery_reference=piece.tracking_number,
        weight=words.fixed(piece.weight_g, 2),
        length=words.fixed(piece.length_mm, 2),
        width=words.fixed(piece.width_mm, 2),
        depth=words.fixed(piece.height_mm, 2),
        description=piece.description,
        create_time=words.shown(piece.created_at, zone),
    )


def return_action(action: ReturnAction) -> wire.ReturnAction:
    return wire.ReturnAction(
        id=action.id,
        company_id=action.company_id,
        name=action.name,
        cost=words.fixed(action.cost, 3),
        weight_unit_price=words.fixed(action.weight_unit_price, 3),
        volume_unit_price=words.fixed(action.volume_unit_price, 3),
        sku_unit_price=words.fixed(action.sku_unit_price, 3),
        product_unit_price=words.fixed(action.product_unit_price, 3),
        type=action.type,
        return_consignment_type=action.return_type,
        status="ACTIVE" if action.active else "DELETED",
    )


def weight_of(order: Order, lines: Sequence[OrderLine], products: Mapping[ProductId, Product]) -> int:
    """Grams: as measured anew, as the client's own parcels weigh, or as the goods do."""
    if order.measure is not None:
        return _total(order.measure.weight_g)
    if creating.PARCELS_WEIGHT in order.partner_fields:
        return _total(Decimal(order.partner_fields[creating.PARCELS_WEIGHT]))
    return _total(goods_weight_of(lines, products))


def goods_weight_of(lines: Sequence[OrderLine], products: Mapping[ProductId, Product]) -> Decimal:
    """Grams."""
    return sum((line.quantity * _weight_g(line, products) for line in lines), Decimal(0))


def _volume_of(order: Order, lines: Sequence[OrderLine], products: Mapping[ProductId, Product]) -> int:
    """Cubic millimetres, as `weight_of`; goods described inline have none."""
    if order.measure is not None:
        return _total(order.measure.length_mm * order.measure.width_mm * order.measure.height_mm)
    if creating.PARCELS_VOLUME in order.partner_fields:
        return _total(Decimal(order.partner_fields[creating.PARCELS_VOLUME]))
    return _total(
        sum(line.quantity * _volume_mm3(products[line.product_id]) for line in lines if line.product_id is not None)
    )


def _total(amount: Decimal | int) -> int:
    most = min(amount, TOTAL_MAX)
    return most if isinstance(most, int) else int(words.fixed(most, 0))


def _weight_g(line: OrderLine, products: Mapping[ProductId, Product]) -> Decimal:
    if line.product_id is not None:
        return Decimal(products[line.product_id].weight_g)
    return Decimal(line.partner_fields.get("weight", 0))


def _of_line(line: OrderLine, product: Product) -> dict[str, Any]:
    declared = product.partner_fields
    return {
        "id": line.id,
        "product_id": product.id,
        "consignment_id": line.order_id,
        "quantity": str(line.quantity),
        "unit_product_price": words.fixed(product.price, 2),
        "unit_product_cost": words.fixed(declared.get("company_product-cost", 0), 2),
        "unit_product_weight": words.fixed(product.weight_g, 2),
        "unit_product_length": words.fixed(product.length_mm, 2),
        "unit_product_width": words.fixed(product.width_mm, 2),
        "unit_product_depth": words.fixed(product.height_mm, 2),
        "price_customs_export": words.fixed(declared.get("price_customs_export", 0), 3),
        "price_customs_export_internal": words.fixed(declared.get("price_customs_export_internal", 0), 3),
        "sales_price": line.partner_fields.get("sales_price"),
        "product_type": line.partner_fields.get("product_type", words.PRODUCT_TYPE),
    }


def _volume_mm3(product: Product) -> int:
    return product.length_mm * product.width_mm * product.height_mm


def _rule_flag(service: DeliveryService | None, name: str, *, unset: str = "0") -> str | None:
    return None if service is None else values.FLAGS.get(str(service.rules.get(name)).lower(), unset)
