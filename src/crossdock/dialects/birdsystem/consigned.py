"""Which consignment a call means, and whether it is the caller's."""

from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Order
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import values, words
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.errors import ConsignmentForeign, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters

FIELD = "consignment_id"


async def own(tx: Tx, client: Client, order_id: int) -> Order:
    """The consignment, held for this transaction. Errors: OrderUnknown for any other order."""
    order = await commands.locked(tx, account_id=client.account.id, order_id=order_id)
    if not is_own(client, order):
        raise OrderUnknown(id=order_id)
    return order


async def own_named(tx: Tx, client: Client, given: Parameters) -> Order:
    """The one that `consignment_id` names. Errors: ValueRequired, ValueInvalid, ConsignmentForeign."""
    consignment_id = id_of(given)
    try:
        return await own(tx, client, consignment_id)
    except OrderUnknown as error:
        raise ConsignmentForeign(id=consignment_id) from error


async def seen(tx: Tx, client: Client, order_id: int) -> Order | None:
    """To read it only; None for any other order."""
    try:
        order = await queries.order(tx, account_id=client.account.id, order_id=order_id)
    except OrderUnknown:
        return None
    return order if is_own(client, order) else None


def id_of(given: Parameters) -> int:
    """Errors: ValueRequired, ValueInvalid."""
    return needed(FIELD, given)


def needed(field: str, given: Parameters) -> int:
    """Errors: ValueRequired, ValueInvalid."""
    number = values.whole(field, given.get(field))
    if number is None:
        raise ValueRequired(field=field)
    return number


def record_id(given: Parameters) -> int:
    """Of a record that is named in the path or by `id`; 0, which nothing has, for what is no number."""
    id_ = str(values.text("id", given.get("id"))).strip()
    return int(id_) if values.WHOLE.fullmatch(id_) else 0


def is_own(client: Client, order: Order) -> bool:
    return order.company_id == client.company.id and order.dialect == NAME and order.kind in words.KINDS
