"""What BirdSystem's answers look like, field for field in the order of the page's sample.

DECIMAL columns and flags are strings, ids and weights numbers; what is not set is null, never left out.
"""

from typing import Any

from msgspec import Struct, field

MODULE = "client"
PRIMARY_KEYS = ("id",)


class Consignment(Struct, frozen=True, kw_only=True):
    """One row of GET /client/consignment. A field that is only ever null has no other type yet."""

    commodity_code: None = None
    total_price_customs_export: None = None
    name_customs: None = None
    total_quantity: None = None
    weight: None = None
    price: None = None
    price_customs_export: None = None
    period: None = None
    type: str
    total: None = None
    external_code: None = None
    external_code1: None = None
    external_code2: None = None
    max_length: None = None
    max_width: None = None
    max_depth: None = None
    handling_fee_first_item: None = None
    handling_fee_other_item: None = None
    handling_fee_first_product: None = None
    handling_fee_other_product: None = None
    handling_fee: None = None
    handling_fee_urgent_consignment: None = None
    handling_fee_limit: None = None
    delivery_fee: None = None
    delivery_fee_type: None = None
    return_consignment_id: int | None = None
    return_consignment_action_type: str | None = None
    return_consignment_action_name: str | None = None
    quantity: None = None
    battery_type_name_list: None = None
    battery_type_id_list: None = None
    delivery_service_name: str | None
    sku_count: None = None
    product_company_ref: None = None
    id: int
    company_id: int
    client_id: int
    warehouse_id: int | None
    consignment_product_quantity: str
    consignment_product_reference: str | None
    """Product ids, comma-joined."""
    delivery_service_id: int | None
    delivery_service_id_internal: int | None
    delivery_package_size_id: int | None
    total_price: str = "0.00"
    total_delivery_fee: str = "0.00"
    total_handling_fee: str
    length: str
    width: str
    depth: str
    total_weight: int
    """Grams, as the two weights below."""
    total_volume: str
    """Cubic millimetres."""
    total_volume_weight: int
    total_fee_weight: int
    guarantee_percentage: str
    contact: str | None
    business_name: str | None
    address_line1: str | None
    address_line2: str | None
    address_line3: str | None
    city: str | None
    county: str | None
    post_code: str | None
    country_iso: str | None
    telephone: str | None
    email: str | None
    sender_contact: str | None
    sender_business_name: str | None
    sender_address_line1: str | None
    sender_address_line2: str | None
    sender_address_line3: str | None
    sender_city: str | None
    sender_county: str | None
    sender_post_code: str | None
    sender_country_iso: str
    sender_email: str | None
    sender_telephone: str | None
    sales_reference: str | None
    sales_price: str
    customs_price: str
    sales_order_id: str | None
    custom_identity_reference: str | None
    payment_reference: str | None
    delivery_reference: str | None
    tracking_reference: None = None
    special_instruction: str | None
    neighbour_instruction: str | None
    temp_consignment_info_id: int | None
    is_urgent: str
    is_forced_delivery_service: str
    create_time: str | None
    finish_time: str | None
    arrive_time: str | None = None
    update_time: str | None
    status: str
    stock_status: str | None
    primary_keys: tuple[str, ...] = PRIMARY_KEYS
    delivery_service_special_type: str | None
    delivery_service_is_use_delivery_agent_account_address: str | None
    delivery_service_is_allow_urgent_consignment: str | None
    delivery_service_is_hide_delivery_reference_to_consignment: str | None
    delivery_service_internal_special_type: str | None
    delivery_agent_code: str | None = field(name="consignment_delivery_agent-net17track_code")
    country_name: str | None
    currency_code: str
    feedback_status: None = field(name="consignment_feedback-status", default=None)
    feedback_note: str | None = field(name="consignment_feedback-note", default=None)


class LabelledConsignment(Consignment, frozen=True, kw_only=True):
    """One that was asked for with `returnLabel`."""

    label: str
    """PDF in base64."""


class ConsignmentProduct(Struct, frozen=True, kw_only=True):
    """`data` of POST /client/Consignment-Product. Money in the account's currency, grams, millimetres."""

    sold_quantity: None = None
    count: None = None
    product_customs_name: None = None
    product_weight: None = None
    total_price_customs_export: None = None
    product_client_ref: None = None
    id: int
    product_id: int
    consignment_id: int
    quantity: str
    unit_product_price: str
    unit_product_cost: str
    unit_product_weight: str
    unit_product_length: str
    unit_product_width: str
    unit_product_depth: str
    price_customs_export: str
    price_customs_export_internal: str
    price_customs_export_origin: str = "0.000"
    price_customs_export_internal_origin: str = "0.000"
    sales_price: str | None
    """As it was sent; the page's sample prints it with no places."""
    sn: None = None
    product_type: str
    primary_keys: tuple[str, ...] = PRIMARY_KEYS


class LineRow(ConsignmentProduct, frozen=True, kw_only=True):
    """One row of GET /client/Consignment-Product."""

    client_ref: str = field(name="product-client_ref")


class AgentProduct(Struct, frozen=True, kw_only=True):
    """`data` of POST /client/Agent-Direct-Consignment-Product."""

    id: int
    consignment_id: int
    product_name: str
    product_name_cn: str
    client_ref: str
    brand: str | None
    quantity: str
    weight: str
    price_customs_export: str
    price_customs_export_internal: str
    price_customs_export_origin: str = "0.000"
    price_customs_export_internal_origin: str = "0.000"
    primary_keys: tuple[str, ...] = PRIMARY_KEYS


class ParcelPiece(Struct, frozen=True, kw_only=True):
    """One parcel of a consignment: grams and millimetres."""

    id: int
    serial: str
    consignment_id: int
    reference: str | None
    delivery_reference: str | None
    weight: str
    length: str
    width: str
    depth: str
    description: str | None
    create_time: str | None
    primary_keys: tuple[str, ...] = PRIMARY_KEYS


class ReturnAction(Struct, frozen=True, kw_only=True):
    """One row of GET /client/return-consignment-action; prices in the company's currency."""

    id: int
    company_id: int
    name: str
    cost: str
    weight_unit_price: str
    volume_unit_price: str
    sku_unit_price: str
    product_unit_price: str
    type: str
    return_consignment_type: str
    status: str
    primary_keys: tuple[str, ...] = PRIMARY_KEYS


class Success(Struct, frozen=True, kw_only=True):
    """All that older pages answer to an action."""

    success: bool = True


class CompanyRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/public/company-list."""

    id: int
    site_name: str
    currency_code: str


class Rows(Struct, frozen=True, kw_only=True):
    """A list's answer; `total` counts what fits, not what is on this page."""

    total: int
    data: list[Any]
    success: bool = True
    moduleName: str = MODULE  # noqa: N815  # as on the wire


class StockRows(Struct, frozen=True, kw_only=True):
    """A list of stock: `total` counts products, of which one may have several rows."""

    total: int
    data: list[Any]
    success: bool = True
    refresh: bool = False
    moduleName: str = MODULE  # noqa: N815


class StockRecord(Struct, frozen=True, kw_only=True):
    """Stock without a total."""

    data: list[Any]
    success: bool = True
    refresh: bool = False
    moduleName: str = MODULE  # noqa: N815


class Record(Struct, frozen=True, kw_only=True):
    """The answer to a create."""

    data: Any
    success: bool = True
    moduleName: str = MODULE  # noqa: N815


class Done(Struct, frozen=True, kw_only=True):
    """The answer to an action."""

    success: bool = True
    refresh: bool = False
    moduleName: str = MODULE  # noqa: N815


class Failure(Struct, frozen=True, kw_only=True):
    """Every refusal: no code, no data."""

    success: bool = False
    message: str
