"""How much of each product there is: in the company that asks, and in all of them."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.catalog.model import Listed
from crossdock.core.search import Criterion
from crossdock.core.stock import queries as stock
from crossdock.core.stock.model import CompanyStock
from crossdock.dialects.birdsystem import listing, printed, product_records, products, values, wire
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

PRODUCTS_MAX: Final = 1_000
"""Rows of one answer, as the page says; more ids are refused."""
SHARED: Final = "D"
"""`3|D` is a product another client shares: nobody shares any here."""
FROZEN_COMPANY: Final = "0"
FROZEN_NAME: Final = "Frozen Stock"
COMPANY: Final = "company_id"

AVAILABLE: Final = Table(
    columns={
        **products.TABLE.columns,
        "live_stock": Column("here", "number"),
        "current_locked_stock": Column("locked", "number"),
    },
    plain=products.TABLE.plain,
)
"""A product's columns, but its pieces are those of the company that asks."""

TABLE: Final = Table(
    columns={
        "product_id": Column("id", "number"),
        "client_ref": Column("sku", "text"),
        "product_client_ref": Column("sku", "text"),
        COMPANY: Column(COMPANY, "number"),
    },
    plain=("product_id", "client_ref"),
    unsorted=frozenset({COMPANY}),
    own=(Criterion("shelved", "eq", True),),
    keys=("product_id",),
)
"""Only what has, or had, a shelf: what was sold out is told as none."""


class Available(Struct, frozen=True, kw_only=True):
    """One row of Get-Product-Available-Quantity."""

    live_stock: int
    current_locked_stock: int
    dynamic_warehouse_available_stock: int = 0
    id: int


class StockRow(Struct, frozen=True, kw_only=True):
    """One row of Get-Product-Stock-Info; the frozen one's company is a text."""

    product_id: int
    quantity: str
    company_id: int | str
    company_site_name: str
    client_ref: str | None
    product_client_ref: str | None
    is_dynamic_warehouse: int = 0


class WarehouseRow(StockRow, frozen=True, kw_only=True):
    """The same by warehouse."""

    warehouse_id: int | None
    warehouse_name: str | None


async def available(desk: Desk, client: Client, given: Parameters) -> wire.StockRecord:
    """GET /client/product/Get-Product-Available-Quantity: pieces in this company, and those set aside."""
    ids = _ids(given.get("ids"))
    page = listing.page(given, most=PRODUCTS_MAX)
    wanted = [Criterion("id", "in", ids)] if ids else [Criterion("state", "ne", "deleted")]
    async with desk.database.transaction(readonly=True) as tx:
        found = await catalog.search(
            tx,
            account_id=client.account.id,
            company_id=client.company.id,
            criteria=[*wanted, *listing.criteria(given, AVAILABLE, zone=client.company.zone)],
            sort=listing.sort(given, AVAILABLE),
            start=0 if ids else page.start,
            limit=PRODUCTS_MAX if ids else min(page.limit, PRODUCTS_MAX),
        )
        if ids:
            known = await catalog.products(tx, account_id=client.account.id, ids=ids)
            for number in ids:
                if number not in known:
                    raise ProductUnknown(id=number)
    rows = [
        Available(id=product.id, live_stock=product.here, current_locked_stock=product.locked)
        for product in found.products
    ]
    return wire.StockRecord(data=listing.selection(rows, listing.selected(given)))


async def stock_info(desk: Desk, client: Client, given: Parameters) -> wire.StockRows:
    """GET /client/Container-Product/Get-Product-Stock-Info: pieces in all companies; a page is one of products."""
    criteria = listing.criteria(given, TABLE, zone=client.company.zone)
    if given.get("ids") is not None:
        criteria.append(Criterion("id", "in", _ids(given.get("ids"))))
    by_warehouse = values.FLAGS.get(str(given.get("groupByWarehouse")).lower()) == "1"
    page = listing.page(given)
    async with desk.database.transaction(readonly=True) as tx:
        found = await catalog.search(
            tx,
            account_id=client.account.id,
            company_id=client.company.id,
            criteria=criteria,
            sort=listing.sort(given, TABLE),
            start=page.start,
            limit=page.limit,
        )
        shelves = await stock.by_company(
            tx,
            account_id=client.account.id,
            product_ids=[product.id for product in listing.bounded(found.products)],
            by_site=by_warehouse,
        )
    rows: list[dict[str, Any]] = [
        msgspec.to_builtins(row) for product in found.products for row in _rows(product, shelves, by_warehouse)
    ]
    of_company = [one for one in criteria if one.field == COMPANY]
    fitting = [row for row in rows if all(printed.fits(row, one, zone=client.company.zone) for one in of_company)]
    return wire.StockRows(
        total=found.total, data=listing.selection(fitting, listing.selected(given, (*TABLE.keys, COMPANY)))
    )


def _rows(product: Listed, shelves: Sequence[CompanyStock], by_warehouse: bool) -> list[StockRow]:
    rows = [_row(product, shelf, by_warehouse) for shelf in shelves if shelf.product_id == product.id]
    return [*rows, _frozen(product, by_warehouse)] if product.frozen else rows


def _row(product: Listed, shelf: CompanyStock, by_warehouse: bool) -> StockRow:
    client_ref = product_records.client_ref(product)
    row = StockRow(
        product_id=product.id,
        quantity=str(shelf.on_hand),
        company_id=shelf.company_id,
        company_site_name=shelf.company_name,
        client_ref=client_ref,
        product_client_ref=client_ref,
    )
    return _placed(row, shelf.site_id, shelf.site_name) if by_warehouse else row


def _frozen(product: Listed, by_warehouse: bool) -> StockRow:
    client_ref = product_records.client_ref(product)
    row = StockRow(
        product_id=product.id,
        quantity=str(product.frozen),
        company_id=FROZEN_COMPANY,
        company_site_name=FROZEN_NAME,
        client_ref=client_ref,
        product_client_ref=client_ref,
    )
    return _placed(row, None, None) if by_warehouse else row


def _placed(row: StockRow, site_id: int | None, name: str | None) -> WarehouseRow:
    return WarehouseRow(**msgspec.structs.asdict(row), warehouse_id=site_id, warehouse_name=name)


def _ids(value: Any) -> list[int]:
    """Product ids joined by commas, each once; a shared one fits nothing. Errors: ValueInvalid."""
    if value is None:
        return []
    parts = value if isinstance(value, list) else str(values.text("ids", value)).split(",")
    if len(parts) > PRODUCTS_MAX:
        raise ValueInvalid(field="ids")
    texts = [text.strip() for part in parts if (text := values.text("ids", part)) is not None and text.strip()]
    numbers = [0 if text.endswith(f"|{SHARED}") else values.whole("ids", text) for text in texts]
    return list(dict.fromkeys(number for number in numbers if number is not None))


ENDPOINTS: Final = (
    Endpoint("GET /client/product/Get-Product-Available-Quantity", available),
    Endpoint("GET /client/Container-Product/Get-Product-Stock-Info", stock_info),
)
