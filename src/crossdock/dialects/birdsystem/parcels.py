"""A client's own parcels: those of a CLIENT_DIRECT consignment, and the pieces any consignment is split into."""

from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from crossdock.core.orders import pieces
from crossdock.core.orders.errors import PieceUnknown
from crossdock.core.orders.model import NewLine, NewPiece, Piece
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import consigned, creating, goods, listing, records, values, wire
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters, Values
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

PACKAGES_MAX: Final = 200
"""Packages of one consignment; the pages give no limit."""
SERIAL_MAX: Final = 9_999
"""INT(4) on the page."""
TEXT_WIDTH: Final = 50
MM_PER_CM: Final = 10
G_PER_KG: Final = 1_000
"""Only `packages` are measured in centimetres and kilograms."""
GOODS_TEXTS: Final[dict[str, int]] = {"name": 100, "commodity_code": 50, "origin_country_iso": 2}
GOODS_AMOUNTS: Final = ("price", "price_customs_export", "net_weight")

PIECES: Final = Table(
    columns={
        "id": Column("id", "number"),
        "serial": Column("serial", "number"),
        "consignment_id": Column("consignment_id", "number"),
        "reference": Column("reference", "text"),
        "delivery_reference": Column("delivery_reference", "text"),
        "create_time": Column("create_time", "time"),
    },
    plain=("id", "serial", "reference", "delivery_reference"),
)


class Packages(Struct, frozen=True, kw_only=True):
    lines: tuple[NewLine, ...]
    pieces: tuple[NewPiece, ...]
    fields: dict[str, Any]
    """What all of them come to, under the wire's names."""


def packages(given: Values) -> Packages:
    """`packages` of a CLIENT_DIRECT consignment. Errors: ValueRequired, ValueInvalid."""
    found = goods.objects("packages", given)
    if len(found) > PACKAGES_MAX:
        raise ValueInvalid(field="packages")
    lines: list[NewLine] = []
    parts: list[NewPiece] = []
    for serial, package in enumerate(found):
        parts.append(_package(serial, package))
        for position, product in enumerate(goods.objects("products", package)):
            lines.append(_packed(f"{serial}.{position}", serial, product))
    if len(lines) > goods.LINES_MAX:
        raise ValueInvalid(field="products")
    weight_g = sum((part.weight_g for part in parts), Decimal(0))
    volume_mm3 = sum((part.length_mm * part.width_mm * part.height_mm for part in parts), Decimal(0))
    fields = {creating.PARCELS_WEIGHT: str(weight_g), creating.PARCELS_VOLUME: str(volume_mm3)}
    return Packages(lines=tuple(lines), pieces=tuple(parts), fields=fields)


async def put(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Consignment-Parcel-Piece: a piece of a consignment; with an id all of it anew."""
    asked = given.whole()
    id_ = values.whole("id", given.get("id"))
    piece = _piece(asked)
    async with desk.database.transaction() as tx:
        if id_ is not None:
            found = await pieces.get(tx, account_id=client.account.id, piece_id=id_)
            await consigned.own(tx, client, found.order_id)
            put_ = await pieces.change(tx, account_id=client.account.id, piece_id=id_, piece=piece)
        else:
            order = await consigned.own_named(tx, client, given)
            put_ = await pieces.add(tx, account_id=client.account.id, order_id=order.id, piece=piece)
    return wire.Record(data=records.parcel_piece(put_, zone=client.company.zone))


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Consignment-Parcel-Piece: the pieces of one consignment, by serial, or the one with this id."""
    async with desk.database.transaction(readonly=True) as tx:
        found = await _pieces(tx, client, given)
    rows = [records.parcel_piece(piece, zone=client.company.zone) for piece in found]
    return listing.answer(rows, given, PIECES, zone=client.company.zone)


async def _pieces(tx: Tx, client: Client, given: Parameters) -> list[Piece]:
    """Errors: ValueRequired, ValueInvalid."""
    if given.get(consigned.FIELD) is None and given.get("id") is not None:
        try:
            piece = await pieces.get(tx, account_id=client.account.id, piece_id=consigned.record_id(given))
        except PieceUnknown:
            return []
        return [] if await consigned.seen(tx, client, piece.order_id) is None else [piece]
    order = await consigned.seen(tx, client, consigned.id_of(given))
    return [] if order is None else await pieces.of_order(tx, order)


def _package(serial: int, given: Values) -> NewPiece:
    length, width, depth, weight = (goods.amount(name, given) for name in ("length", "width", "depth", "weight"))
    return NewPiece(
        serial=serial,
        reference=_text("reference", given),
        weight_g=weight * G_PER_KG,
        length_mm=length * MM_PER_CM,
        width_mm=width * MM_PER_CM,
        height_mm=depth * MM_PER_CM,
    )


def _packed(key: str, package: int, given: Values) -> NewLine:
    values.required("name", given.get("name"))
    fields: dict[str, Any] = {"package": package}
    for name, width in GOODS_TEXTS.items():
        if (text := values.text(name, given.get(name))) is not None:
            fields[name] = text[:width]
    for name in GOODS_AMOUNTS:
        if (amount := values.decimal(name, given.get(name), below=goods.PRICE_BELOW)) is not None:
            fields[name] = str(amount)
    return NewLine(
        line_key=key,
        sku=str(fields.get("commodity_code", "")),
        stocked=False,
        quantity=goods.quantity(given.get("quantity")),
        partner_fields=fields,
    )


def _piece(given: Values) -> NewPiece:
    serial = values.whole("serial", given.get("serial"))
    if serial is None:
        raise ValueRequired(field="serial")
    if serial > SERIAL_MAX:
        raise ValueInvalid(field="serial")
    weight, length, width, depth = (goods.amount(name, given) for name in ("weight", "length", "width", "depth"))
    return NewPiece(
        serial=serial,
        reference=_text("reference", given),
        tracking_number=_text("delivery_reference", given),
        description=_text("description", given, cut=True),
        weight_g=weight,
        length_mm=length,
        width_mm=width,
        height_mm=depth,
    )


def _text(name: str, given: Values, *, cut: bool = False) -> str | None:
    text = values.text(name, given.get(name))
    if text is not None and len(text) > TEXT_WIDTH and not cut:
        raise ValueInvalid(field=name)
    return None if text is None else text[:TEXT_WIDTH]


ENDPOINTS: Final = (
    Endpoint("POST /client/Consignment-Parcel-Piece", put),
    Endpoint("GET /client/Consignment-Parcel-Piece", query),
)
