"""What the client's company does with returned goods."""

from typing import Final

from crossdock.dialects.birdsystem import listing, records, wire
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

ACTIONS: Final = Table(
    columns={
        "id": Column("id", "number"),
        "company_id": Column("company_id", "number"),
        "name": Column("name", "text"),
        "type": Column("type", "word"),
        "return_consignment_type": Column("return_consignment_type", "word"),
        "status": Column("status", "word"),
    },
    plain=("id", "type", "status"),
)


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/return-consignment-action."""
    rows = [records.return_action(action) for action in await desk.accounts.return_actions(client.company.id)]
    return listing.answer(rows, given, ACTIONS, zone=client.company.zone)


ENDPOINTS: Final = (Endpoint("GET /client/return-consignment-action", query),)
