"""What a paper says, from what is on record. Times are in the zone of the site."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from msgspec import structs

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.manifests.errors import ManifestUnknown
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.pieces import FINAL_STATES
from crossdock.core.orders.queries import ORDER_ID_MAX as ID_MAX
from crossdock.core.papers import sql
from crossdock.core.papers.manifest import Manifest, ManifestLine
from crossdock.core.papers.packing_slip import DeliveryNote, PackingSlip, SlipLine
from crossdock.core.papers.parcel_label import ParcelLabel
from crossdock.core.papers.pick_list import PickLine, PickList
from crossdock.core.papers.plate_label import Content, PlateLabel, PlateLabels
from crossdock.core.papers.product_label import ProductLabel
from crossdock.core.papers.sheet import ROWS_MAX
from crossdock.core.papers.sql import Goods, Head, Place
from crossdock.core.picking.errors import WaveUnknown
from crossdock.core.units import gs1, sscc
from crossdock.core.units.errors import SsccUnknown
from crossdock.core.units.model import OwnPlate
from crossdock.db.tx import Tx

PERSON: Final = ("contact", "business_name")
STREET: Final = ("address_line1", "address_line2", "address_line3")
CITY: Final = ("city", "county", "post_code")
HOUSE: Final = ("address", "phone")


async def parcel_label(tx: Tx, *, account_id: AccountId, order_id: int, site_id: SiteId | None = None) -> ParcelLabel:
    """Of an outbound order; with `site_id`, of that place. Errors: OrderUnknown."""
    head = await _head(tx, account_id, order_id, site_id)
    notes = [*([head.number] if head.number != str(head.id) else []), head.reference, *_tracking(head)]
    return ParcelLabel(
        number=str(head.id),
        service=head.service,
        sender=_house(head.site),
        recipient=_recipient(head),
        notes=[note for note in notes if note],
        parcels=max(head.parcels, 1),
    )


async def packing_slip(tx: Tx, *, account_id: AccountId, order_id: int, site_id: SiteId | None = None) -> PackingSlip:
    """Errors: OrderUnknown."""
    head = await _head(tx, account_id, order_id, site_id)
    return PackingSlip(**await _slip(tx, account_id, head), recipient=_recipient(head))


async def delivery_note(
    tx: Tx, *, account_id: AccountId, order_id: int, site_id: SiteId | None = None
) -> DeliveryNote:
    """With the telephone, for whoever brings it. Errors: OrderUnknown."""
    head = await _head(tx, account_id, order_id, site_id)
    return DeliveryNote(
        **await _slip(tx, account_id, head),
        recipient=[*_recipient(head), _said(head.recipient, "telephone")],
        tracking=_tracking(head),
        weight_g=round(head.measure.weight_g) if head.measure else 0,
    )


async def product_label(
    tx: Tx, *, account_id: AccountId, product_id: int, lot: str = "", expires_on: date | None = None, copies: int = 1
) -> ProductLabel:
    """Errors: ProductUnknown."""
    found = await sql.goods(tx, account_id=account_id, ids=[product_id] if 0 < product_id <= ID_MAX else [])
    if not found:
        raise ProductUnknown(id=product_id)
    [goods] = found
    return ProductLabel(
        code=_gtin(goods) or next(iter(goods.codes), goods.sku),
        sku=goods.sku,
        name=goods.name,
        lot=lot,
        expires_on=expires_on,
        copies=copies,
    )


async def plate_labels(
    tx: Tx, *, account_id: AccountId, codes: Sequence[str], site_id: SiteId | None = None
) -> PlateLabels:
    """Of SSCCs that were handed out; with `site_id`, there. Errors: SsccUnknown."""
    plates = await sscc.plates(tx, account_id=account_id, codes=codes)
    for plate in plates:
        if site_id not in (None, plate.site_id):
            raise SsccUnknown(code=plate.code)
    houses = await sql.places(tx, account_id=account_id, ids=[plate.site_id for plate in plates])
    products = [plate.product_id for plate in plates if plate.product_id is not None]
    known = {goods.id: goods for goods in await sql.goods(tx, account_id=account_id, ids=products)}
    labels = []
    for plate in plates:
        content = _content(plate, known[plate.product_id]) if plate.product_id is not None else None
        labels.append(PlateLabel(sscc=plate.code, sender=_house(houses[plate.site_id]), content=content))
    return PlateLabels(labels=labels)


def _content(plate: OwnPlate, goods: Goods) -> Content:
    return Content(
        sku=goods.sku,
        name=goods.name,
        quantity=plate.quantity or 0,
        gtin=_gtin(goods),
        lot=plate.lot,
        expires_on=plate.expires_on,
    )


async def pick_list(tx: Tx, *, account_id: AccountId, wave_id: int, site_id: SiteId | None = None) -> PickList:
    """What of a wave is still to be fetched; with `site_id`, of that place. Errors: WaveUnknown."""
    found = None
    if 0 < wave_id <= ID_MAX:
        found = await sql.wave_site(tx, account_id=account_id, wave_id=wave_id, site_id=site_id)
    if found is None:
        raise WaveUnknown(id=wave_id)
    site, zone = found
    walks = await sql.walks(tx, account_id=account_id, wave_id=wave_id, limit=ROWS_MAX + 1)
    return PickList(
        number=str(wave_id),
        site=f"{site.name} {site.code}",
        printed_at=tx.now.astimezone(ZoneInfo(zone)),
        lines=[PickLine(**structs.asdict(walk)) for walk in walks],
    )


async def manifest(tx: Tx, *, account_id: AccountId, manifest_id: int, site_id: SiteId | None = None) -> Manifest:
    """What is on it, or left with it; with `site_id`, of that place. Errors: ManifestUnknown."""
    found = None
    if 0 < manifest_id <= ID_MAX:
        found = await sql.manifest_head(tx, account_id=account_id, manifest_id=manifest_id, site_id=site_id)
    if found is None:
        raise ManifestUnknown(id=manifest_id)
    loaded = await sql.loaded(tx, account_id=account_id, manifest_id=manifest_id, limit=ROWS_MAX + 1)
    return Manifest(
        number=str(manifest_id),
        carrier=found.carrier,
        taker=found.taker,
        site=_house(found.site),
        printed_at=tx.now.astimezone(ZoneInfo(found.zone)),
        lines=[ManifestLine(**structs.asdict(line)) for line in loaded],
    )


async def _head(tx: Tx, account_id: AccountId, order_id: int, site_id: SiteId | None) -> Head:
    """Errors: OrderUnknown."""
    found = None
    if 0 < order_id <= ID_MAX:
        found = await sql.head(tx, account_id=account_id, order_id=order_id, site_id=site_id)
    if found is None:
        raise OrderUnknown(id=order_id)
    return found


async def _slip(tx: Tx, account_id: AccountId, head: Head) -> dict[str, Any]:
    """What slip and note have in common."""
    zone = ZoneInfo(head.zone)
    gone = head.state in FINAL_STATES
    lines = await sql.lines(tx, account_id=account_id, order_id=head.id, limit=ROWS_MAX + 1)
    return {
        "number": head.number,
        "code": str(head.id),
        "reference": head.reference,
        "service": head.service,
        "owner": head.owner,
        "placed_at": head.created_at.astimezone(zone),
        "printed_at": tx.now.astimezone(zone),
        "sender": _house(head.site),
        "parcels": max(head.parcels, 1),
        "lines": [
            SlipLine(
                sku=line.sku,
                name=line.name,
                lot=line.lot,
                ordered=line.quantity,
                here=line.done if gone else max(line.quantity - line.done, 0),
                to_come=max(line.quantity - line.done, 0) if gone else 0,
            )
            for line in lines
        ],
    }


def _recipient(head: Head) -> list[str]:
    """Line by line; of what is fetched, who fetches it and where."""
    person = [_said(head.recipient, name) for name in PERSON]
    if head.destination is not None:
        return [line for line in (*person, *_house(head.destination)) if line]
    street = [_said(head.recipient, name) for name in STREET]
    city = " ".join(said for name in CITY if (said := _said(head.recipient, name)))
    country = _said(head.recipient, "country_iso")
    lines = (*person, *street, city, Locale("en").territories.get(country, country))
    return [line for line in lines if line]


def _house(place: Place | None) -> list[str]:
    if place is None:
        return []
    return [line for line in (f"{place.name} {place.code}", *(_said(place.address, name) for name in HOUSE)) if line]


def _said(words: Mapping[str, Any], name: str) -> str:
    said = words.get(name)
    return "" if said is None else str(said)


def _tracking(head: Head) -> list[str]:
    return list(dict.fromkeys(number for number in (head.tracking_number, *head.tracking) if number))


def _gtin(goods: Goods) -> str:
    return next((code for code in goods.codes if gs1.is_gtin(code)), "")
