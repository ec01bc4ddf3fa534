"""An uploaded row as an element of a batch, so that it is placed as one that was posted directly."""

from typing import Final

from msgspec import Struct

from crossdock.base.ids import OrderId
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import Order
from crossdock.core.uploads.model import UploadedRow
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import placing, refs, values, words
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.parameters import Values, empty
from crossdock.edge.desk import Desk

REFS_ARE: Final = "birdsystem_product_ref"
"""Of an account's settings: what a `ref` is. The vendor keeps it as a setting of the client's, too."""
BY_ID: Final = "id"
BY_SKU: Final = "sku"
PASSED_ON: Final = "AGENT_DIRECT"


class Ready(Struct, frozen=True):
    """A row that only needs its transaction."""

    wanted: placing.Wanted
    order_id: OrderId


async def prepared(desk: Desk, client: Client, row: UploadedRow) -> Ready:
    """Errors: ValueRequired, ValueInvalid, ServiceUnknown, and whatever else is wrong with a posted consignment."""
    element = element_of(row, refs_are=str(client.account.settings.get(REFS_ARE, BY_ID)))
    wanted = await placing.wanted(desk, client, element, row_id=row.id)
    [order_id] = await OrderIds(desk.database).take([client.company.id])
    return Ready(wanted, order_id)


async def place(tx: Tx, client: Client, ready: Ready) -> Order:
    """Errors: ProductUnknown, ProductNotActive, ReferenceTaken."""
    [order] = await placing.handed_over(tx, client, [ready.wanted], [ready.order_id])
    return order


def element_of(row: UploadedRow, *, refs_are: str) -> Values:
    """What is converted waits as PENDING, whatever its type. Errors: ValueRequired, ValueInvalid."""
    given = {name: value for name, value in row.fields.items() if name != refs.FIELD}
    element = given | {"type": row.type, "status": "PENDING"}
    text = values.text(refs.FIELD, row.fields.get(refs.FIELD))
    if text is None and not empty(given.get("products")):
        return element
    text = values.required(refs.FIELD, text)
    if row.type == PASSED_ON:
        return element | {"products": [_described(item) for item in refs.passed_on(text)]}
    return element | {"products": [_named(item, refs_are) for item in refs.stocked(text)]}


def _named(item: refs.Stocked, refs_are: str) -> Values:
    """A product that another client shares goes by its id."""
    element: Values = {
        "quantity": item.quantity,
        "ebay_transaction_id": item.ebay_transaction_id,
        "ebay_item_no": item.ebay_item_no,
        "sales_price": item.sales_price,
    }
    if item.owner is not None:
        return element | {"id": item.ref, "product_type": words.SHARED_PRODUCT_TYPE}
    return element | ({"client_sku": item.ref} if refs_are == BY_SKU else {"id": item.ref})


def _described(item: refs.PassedOn) -> Values:
    """The first generation has neither a Chinese name nor a SKU: its only name stands for both."""
    return {
        "product_name": item.name,
        "product_name_cn": item.name_cn or item.name,
        "client_ref": item.sku or item.name,
        "price_customs_export": item.price,
        "weight": item.weight,
        "quantity": item.quantity,
        "product_customs_property": [name for name in (item.property or "").split(",") if name],
        "attachment-url": item.image,
        "sales_price": item.sales_price,
        "ebay_transaction_id": item.ebay_transaction_id,
        "ebay_item_no": item.ebay_item_no,
        "commodity_code": item.commodity_code,
        "country_of_origin": item.origin,
    }
