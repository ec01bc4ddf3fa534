"""The shipping label of a consignment, from its own row: a PDF in base64, as it stands in an answer."""

import asyncio
import base64
from typing import Final

from msgspec import structs

from crossdock.core.accounts.model import Site
from crossdock.core.papers import parcel_label
from crossdock.core.papers.parcel_label import ParcelLabel
from crossdock.dialects.birdsystem import wire, words

ADDRESS: Final = ("contact", "business_name", "address_line1", "address_line2", "address_line3")
HOUSE: Final = ("address", "phone")
PLACE: Final = ("city", "county", "post_code")


async def labelled(row: wire.Consignment, *, warehouse: Site, parcels: int) -> wire.LabelledConsignment:
    """The row with its label. A return goes to the warehouse; all else comes from its sender, or from there."""
    paper = await asyncio.to_thread(parcel_label.pdf, _label(row, warehouse, parcels))
    return wire.LabelledConsignment(**structs.asdict(row), label=base64.b64encode(paper).decode())


def _label(row: wire.Consignment, warehouse: Site, parcels: int) -> ParcelLabel:
    client = _address(row, of="")
    sender = _address(row, of="sender_") if row.sender_contact else ()
    house = (warehouse.name, warehouse.code, *(str(warehouse.address.get(name, "")) for name in HOUSE))
    returns = row.type == words.RETURN
    return ParcelLabel(
        number=str(row.id),
        service=row.delivery_service_name or row.return_consignment_action_name or row.type,
        sender=client if returns else sender or house,
        recipient=house if returns else client,
        notes=[text for text in (row.custom_identity_reference, row.sales_reference) if text],
        parcels=parcels,
    )


def _address(row: wire.Consignment, *, of: str) -> tuple[str, ...]:
    """Line by line, the country by its name."""
    said = structs.asdict(row)
    country = said[f"{of}country_iso"] or ""
    lines = [said[of + name] or "" for name in ADDRESS]
    place = " ".join(said[of + name] for name in PLACE if said[of + name])
    return (*lines, place, words.COUNTRIES.get(country, country))
