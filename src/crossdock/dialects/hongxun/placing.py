"""From the body of a create to an order: what all four classes of orders share."""

from typing import Any, Final

from msgspec import structs

from crossdock.base.errors import FieldsInvalid
from crossdock.core.accounts.errors import CompanyUnknown
from crossdock.core.accounts.model import Caller
from crossdock.core.orders.model import Kind, NewLine, PlaceOrder
from crossdock.dialects.hongxun import known, wire, words
from crossdock.dialects.hongxun.wire import Call
from crossdock.edge.desk import Desk

NOBODY_KNOWN: Final = {"country_iso": words.COUNTRY_ISO}
SENT_TO_SOMEBODY: Final[frozenset[Kind]] = frozenset({"outbound", "transport"})


async def wanted(
    desk: Desk, caller: Caller, call: Call, *, kind: Kind, state: str
) -> tuple[PlaceOrder, dict[str, str]]:
    """The order, and the texts of its body. What a transport order moves need not be a product on record.

    Errors: FieldsInvalid, SiteUnknown, SubInventoryUnknown, CompanyUnknown for a warehouse of no company.
    """
    consignee = (wire.customer_code(call.request) or None) if kind in SENT_TO_SOMEBODY else None
    try:
        body = wire.order_body(call.request, kind)
    except FieldsInvalid:
        if consignee is None or not await known.is_consignee(desk, caller, consignee):
            raise
        body = wire.order_body(call.request, kind, consignee_known=True)
    texts = body.texts
    if caller.credential.scope.get("auto_create"):
        await known.make_missing(desk, caller, body, products=kind != "transport")
    site = await known.warehouse(desk, caller, texts["inventoryCode"])
    owner = await desk.accounts.sub_inventory(caller.account.id, texts["subbaseCode"])
    if site.company_id is None:
        raise CompanyUnknown(site=site.code)
    lines = tuple(map(_new_line, body.lines, body.members["productList"]))
    if kind == "transport":
        lines = tuple(structs.replace(line, stocked=False) for line in lines)
    return PlaceOrder(
        account_id=caller.account.id,
        company_id=site.company_id,
        kind=kind,
        number=texts["customerNumber"],
        dialect="hongxun",
        type=texts["documentType"],
        state=state,
        site_id=site.id,
        sub_inventory_id=owner.id,
        reference=texts["customerReferenceNumber"] or None,
        recipient=words.recipient(texts) if kind in SENT_TO_SOMEBODY else {},
        consignee=consignee,
        recipient_otherwise=NOBODY_KNOWN if kind in SENT_TO_SOMEBODY else {},
        partner_fields=body.members,
        content_hash=known.content_hash(call),
        lines=lines,
        actor=caller.credential.key,
    ), texts


def _new_line(line: wire.Line, members: dict[str, Any]) -> NewLine:
    return NewLine(
        line_key=line.number,
        sku=line.product_code,
        quantity=line.quantity,
        lot=line.batch_number,
        condition=words.CONDITIONS.get(line.inventory_status, "good"),
        partner_fields=members,
    )
