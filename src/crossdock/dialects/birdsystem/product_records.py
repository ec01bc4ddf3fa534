"""A product as BirdSystem prints it. Decimals, counts and flags are texts; what is not set is null."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from crossdock.core.catalog.model import Listed, Product
from crossdock.dialects.birdsystem import columns, product_fields, values, wire, words

STATUS_OF_STATE: Final[dict[str, str]] = {
    "preparing": product_fields.PREPARING,
    "active": product_fields.ACTIVE,
    "deleted": product_fields.DELETED,
}
STATES_OF_STATUS: Final[dict[str, tuple[str, ...]]] = {status: (state,) for state, status in STATUS_OF_STATE.items()}
SHAPE_DEFAULT: Final = "NORMAL_SHAPE"
SHARED_INTERNAL: Final = "company_product-is_shared_internal"


class ProductRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/Product, and `data` of POST. Grams and millimetres; money in USD, except where a name
    begins with `company_product`: there in the company's currency."""

    id: int
    client_id: int
    company_ref: str
    client_ref: str | None
    name: str
    name_customs: str
    url: str | None
    material: str | None
    usage: str | None
    brand: str | None
    color: str | None
    model: str | None
    note: str | None
    description: str | None
    commodity_code: str | None
    shape_type: str
    customs_category_id: int | None
    product_product_customs_property: list[int]
    customs_value_level: str = "LOW"
    product_risk_level: str = "LOW"
    country_of_origin: str | None
    crossing_harbor_name_id: None = None
    customs_clear_name_id: None = None
    weight: str
    length: str
    width: str
    depth: str
    price_customs_export: str
    price_customs_export_internal: str
    price_customs_import: str
    sales_price: str
    handling_fee: str = "0.00"
    delivery_fee_adjustment: str = "0.00"
    dimension_lock: str = "0"
    live_stock: str
    """Of all companies."""
    frozen_stock: str
    pending_stock: str
    low_stock_level: str
    is_use_delivery_cost: str = "0"
    is_no_handling_fee: str = "0"
    is_vip: str = "0"
    is_dynamic_warehouse_unsalable_product: str = "0"
    is_need_to_record_sn: str
    status: str
    create_time: str | None
    update_time: str | None
    last_info_check_time: None = None
    last_stock_update_time: None = None
    last_in_stock_time: None = None
    company_product_price: str = field(name="company_product-price")
    company_product_cost: str = field(name="company_product-cost")
    company_product_is_shared_internal: str = field(name=SHARED_INTERNAL)
    company_product_low_stock_level: str = field(name="company_product-low_stock_level")
    inventory_time: str
    company_product_live_stock: str = field(name="company_product-live_stock")
    """Of the company that asks."""
    price_internal: None = None
    product_volume_level_code: None = None
    product_stock_volume_level_code: None = None
    product_sales_level_code: None = None
    directional_share_total: None = None
    total: None = None
    price: None = None
    cost: None = None
    is_shared_internal: None = None
    is_shared_external: None = None
    client_dispatch_product_id: None = None
    product_stock_level_code: None = None
    company_id: None = None
    warehouse_id: None = None
    live_volume: None = None
    sales_quantity: None = None
    sales_volume: None = None
    volume: None = None
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


def product(found: Product, *, arriving: int, zone: str) -> ProductRow:
    """`found` with its pieces if it is `Listed`, else without any. `arriving` are those on their way in."""
    kept = found.partner_fields
    live, here, frozen = (found.live, found.here, found.frozen) if isinstance(found, Listed) else (0, 0, 0)
    low_stock_level = _count(kept, "company_product-low_stock_level")
    export = _decimal(kept, "price_customs_export", 3)
    texts: dict[str, Any] = {
        name: _text(kept, name)
        for name in (
            "url",
            "material",
            "usage",
            "brand",
            "color",
            "model",
            "note",
            "description",
            "commodity_code",
            "country_of_origin",
        )
    }
    sizes: dict[str, Any] = {
        name: _size(kept, name, getattr(found, column)) for name, column in product_fields.SIZES.items()
    }
    return ProductRow(
        id=found.id,
        client_id=found.account_id,
        company_ref=company_ref(found),
        client_ref=client_ref(found),
        name=found.name,
        name_customs=found.name_customs,
        shape_type=_text(kept, "shape_type") or SHAPE_DEFAULT,
        customs_category_id=_whole(kept, "customs_category_id"),
        product_product_customs_property=_properties(kept),
        price_customs_export=export,
        price_customs_export_internal=(
            _decimal(kept, "price_customs_export_internal", 3) if "price_customs_export_internal" in kept else export
        ),
        price_customs_import=_decimal(kept, "price_customs_import", 2),
        sales_price=_decimal(kept, "sales_price", 3),
        live_stock=str(live),
        frozen_stock=str(frozen),
        pending_stock=str(arriving),
        low_stock_level=low_stock_level,
        is_need_to_record_sn=str(int(found.serial_tracked)),
        status=STATUS_OF_STATE[found.state],
        create_time=words.shown(found.created_at, zone),
        update_time=words.shown(found.updated_at, zone),
        company_product_price=words.fixed(found.price, 2),
        company_product_cost=_decimal(kept, "company_product-cost", 2),
        company_product_is_shared_internal=values.FLAGS.get(str(kept.get(SHARED_INTERNAL)).lower(), "0"),
        company_product_low_stock_level=low_stock_level,
        inventory_time=_count(kept, "inventory_time"),
        company_product_live_stock=str(here),
        **texts,
        **sizes,
    )


def company_ref(found: Product) -> str:
    """The house's own name for a product."""
    return f"{found.account_id}-{found.id}"


def client_ref(found: Product) -> str | None:
    """The client's SKU; without one the product goes by the house's name."""
    return None if found.sku == company_ref(found) else found.sku


def _text(kept: Mapping[str, Any], name: str) -> str | None:
    """What the setup file keeps may be of any kind."""
    return None if kept.get(name) is None else str(kept[name])


def _decimal(kept: Mapping[str, Any], name: str, places: int) -> str:
    return words.fixed(columns.number(str(kept.get(name))), places)


def _whole(kept: Mapping[str, Any], name: str) -> int | None:
    return None if kept.get(name) is None else int(columns.number(str(kept[name])))


def _count(kept: Mapping[str, Any], name: str) -> str:
    return str(_whole(kept, name) or 0)


def _size(kept: Mapping[str, Any], name: str, known: int) -> str:
    """As it was sent, unless the warehouse has measured anew since."""
    sent = Decimal(columns.number(str(kept.get(name))))
    return words.fixed(sent if abs(sent - known) < 1 else known, 2)


def _properties(kept: Mapping[str, Any]) -> list[int]:
    listed = kept.get(product_fields.PROPERTIES)
    return [one for one in listed if isinstance(one, int)] if isinstance(listed, list) else []
