"""Many consignments with their products in one call, handed to the warehouse at once: all of them, or none."""

from typing import Final

from crossdock.dialects.birdsystem import placing, shipping, values, wire
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters, Values, empty
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

CONSIGNMENTS_MAX: Final = 500
"""Consignments of one call: all are placed in one transaction. The pages give no limit."""
LABELS_MAX: Final = 1
"""Consignments of one call that asks for labels."""
LABEL: Final = "returnLabel"
CLIENT_DIRECT: Final = "CLIENT_DIRECT"


async def submit(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Consignment/Post-Pending-Consignment-With-Products-Json."""
    return await _submit(desk, client, given, type_=values.text("type", given.asked("type")))


async def submit_client_direct(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/consignment/batch-create-client-direct-consignment: the older call for one type."""
    return await _submit(desk, client, given, type_=CLIENT_DIRECT)


async def _submit(desk: Desk, client: Client, given: Parameters, *, type_: str | None) -> wire.Record:
    """`type_` is that of the elements that name none."""
    elements = given.each()
    if not 1 <= len(elements) <= CONSIGNMENTS_MAX:
        raise ValueInvalid(field="body")
    labels = values.flag(LABEL, given.asked(LABEL)) == "1" or any(map(_wants_label, elements))
    if labels and len(elements) > LABELS_MAX:
        raise ValueInvalid(field=LABEL)
    typed = [{**one, "type": type_} if empty(one.get("type")) else one for one in elements]
    batch = [await placing.wanted(desk, client, one) for one in typed]
    rows = await placing.place(desk, client, batch)
    if labels:
        warehouse = await desk.accounts.warehouse_of(client.account.id, client.company.id)
        rows = [
            await shipping.labelled(row, warehouse=warehouse, parcels=max(1, len(one.pieces)))
            for row, one in zip(rows, batch, strict=True)
        ]
    return wire.Record(data=rows)


def _wants_label(element: Values) -> bool:
    return values.flag(LABEL, element.get(LABEL)) == "1"


ENDPOINTS: Final = (
    Endpoint("POST /client/Consignment/Post-Pending-Consignment-With-Products-Json", submit),
    Endpoint("POST /client/consignment/batch-create-client-direct-consignment", submit_client_direct),
)
