"""Products: what a client stores, and how much of it there is."""

from collections.abc import Sequence
from typing import Any, Final

from crossdock.core.catalog import commands, queries
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.catalog.model import Listed, Product
from crossdock.core.search import Criterion
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import listing, product_fields, product_records, values, wire
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import RecordUnknown
from crossdock.dialects.birdsystem.parameters import Parameters, Values
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

KEPT_TEXTS: Final = (
    "url",
    "material",
    "usage",
    "brand",
    "color",
    "model",
    "note",
    "description",
    "commodity_code",
    "shape_type",
    "country_of_origin",
)
KEPT_AMOUNTS: Final = (
    "price_customs_export",
    "price_customs_import",
    "sales_price",
    "company_product-cost",
    "company_product-low_stock_level",
    "inventory_time",
)

TABLE: Final = Table(
    columns={
        "id": Column("id", "number"),
        "client_ref": Column("sku", "text"),
        "company_ref": Column("own_name", "text"),
        "name": Column("name", "text"),
        "name_customs": Column("name_customs", "text"),
        "status": Column("state", "status", product_records.STATES_OF_STATUS),
        "weight": Column("weight_g", "number"),
        "length": Column("length_mm", "number"),
        "width": Column("width_mm", "number"),
        "depth": Column("height_mm", "number"),
        "company_product-price": Column("price", "number"),
        "live_stock": Column("live", "number"),
        "frozen_stock": Column("frozen", "number"),
        "company_product-live_stock": Column("here", "number"),
        "create_time": Column("created_at", "time"),
        "update_time": Column("updated_at", "time"),
        **{name: Column(f"partner_fields.{name}", "text") for name in KEPT_TEXTS},
        "customs_category_id": Column("partner_fields.customs_category_id.number", "number"),
        "low_stock_level": Column("partner_fields.company_product-low_stock_level.amount", "number"),
        **{name: Column(f"partner_fields.{name}.amount", "number") for name in KEPT_AMOUNTS},
    },
    plain=("id", "client_ref", "company_ref", "name", "status"),
)


async def put(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Product: a new product, PREPARING; with an id, a change of that one."""
    said = given.whole()
    product_id = given.get("id")
    async with desk.database.transaction() as tx:
        if product_id is None:
            new = product_fields.new(said, client)
            product = await commands.create_product(tx, new, dialect=NAME, actor=client.actor)
        else:
            product = await _changed(tx, client, _id(product_id), said)
        [row] = await rows(tx, client, await _listed(tx, client, product))
    return wire.Record(data=row)


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Product: a list, also for one id."""
    criteria, sort = listing.criteria(given, TABLE, zone=client.company.zone), listing.sort(given, TABLE)
    page, selected = listing.page(given), listing.selected(given)
    async with desk.database.transaction(readonly=True) as tx:
        found = await queries.search(
            tx,
            account_id=client.account.id,
            company_id=client.company.id,
            criteria=criteria,
            sort=sort,
            start=page.start,
            limit=page.limit,
        )
        printed = await rows(tx, client, listing.bounded(found.products))
    return wire.Rows(total=found.total, data=listing.selection(printed, selected))


async def delete(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """DELETE /client/Product/[id]: out of use for good; its row stays."""
    async with desk.database.transaction() as tx:
        await _deleted(tx, client, _id(given.get("id")))
    return wire.Done()


async def rows(tx: Tx, client: Client, products: Sequence[Listed]) -> list[product_records.ProductRow]:
    if not products:
        return []
    arriving = await queries.arriving(
        tx, account_id=client.account.id, product_ids=[product.id for product in products]
    )
    return [
        product_records.product(product, arriving=arriving.get(product.id, 0), zone=client.company.zone)
        for product in products
    ]


async def _changed(tx: Tx, client: Client, product_id: int, given: Values) -> Product:
    """Errors: RecordUnknown, NothingToUpdate, ValueRequired, ValueInvalid, SkuTaken, ProductInUse."""
    asked = product_fields.said(given)
    if asked.status == product_fields.DELETED:
        return await _deleted(tx, client, product_id)
    try:
        return await commands.update_product(
            tx,
            account_id=client.account.id,
            product_id=product_id,
            change=product_fields.change(asked),
            dialect=NAME,
            actor=client.actor,
        )
    except ProductUnknown as error:
        raise RecordUnknown(id=product_id) from error


async def _deleted(tx: Tx, client: Client, product_id: int) -> Product:
    try:
        return await commands.delete_product(
            tx, account_id=client.account.id, product_id=product_id, dialect=NAME, actor=client.actor
        )
    except ProductUnknown as error:
        raise RecordUnknown(id=product_id) from error


async def _listed(tx: Tx, client: Client, product: Product) -> list[Listed]:
    found = await queries.search(
        tx,
        account_id=client.account.id,
        company_id=client.company.id,
        criteria=[Criterion("id", "eq", product.id)],
        limit=1,
    )
    return found.products


def _id(value: Any) -> int:
    """Errors: RecordUnknown, also for what is no number."""
    text = str(values.text("id", value)).strip()
    if not values.WHOLE.fullmatch(text):
        raise RecordUnknown(id=text)
    return int(text)


ENDPOINTS: Final = (
    Endpoint("POST /client/Product", put),
    Endpoint("GET /client/Product", query),
    Endpoint("DELETE /client/Product/[id]", delete),
)
