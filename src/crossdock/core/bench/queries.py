"""Reading benches, what is packed at them, and closed parcels."""

from collections import defaultdict
from collections.abc import Sequence

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.bench import errors, sql
from crossdock.core.bench.boxes import CARTONS, Carton, suggest
from crossdock.core.bench.errors import BenchUnknown, CancelArrived, NotPackedHere, OrderGone, PackingUnknown
from crossdock.core.bench.model import (
    READY_LISTED_MAX,
    STATION_CHARACTERS_MAX,
    Bench,
    Line,
    Packing,
    Parcel,
    Ready,
    Station,
)
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.model import Product
from crossdock.core.orders import queries as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Order, product_ids
from crossdock.core.picking import queries as picking
from crossdock.core.transport import queries as transport
from crossdock.core.transport.readings import KEPT
from crossdock.db.tx import Tx

CANCEL_ASKED = "cancel_asked"
"""Why a packing stopped whose order was still there."""


async def stations(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Station]:
    """Benches that a camera watches, by name; others are named by who stands at them, see `station`."""
    places = {one.id: one for one in await sql.departments(tx, account_id=account_id, site_id=site_id)}
    watched = await sql.filmed(tx, account_id=account_id, department_ids=list(places)) if places else []
    return [
        Station(key=f"{id}/{name}", name=name, department_id=id, department=places[id].name, filmed=True)
        for id, name in watched
    ]


async def station(tx: Tx, *, account_id: AccountId, site_id: SiteId, bench: str) -> Station:
    """By its key; without a department in it, that of the warehouse's first one. Errors: BenchUnknown."""
    said, _, name = bench.partition("/")
    name = name.strip()
    if not 0 < len(name) <= STATION_CHARACTERS_MAX or "\0" in name:
        raise BenchUnknown(bench=name[:STATION_CHARACTERS_MAX])
    places = await sql.departments(tx, account_id=account_id, site_id=site_id)
    place = next((one for one in places if said in ("", str(one.id))), None)
    if place is None:
        if said:
            raise BenchUnknown(bench=name)
        return Station(key=f"/{name}", name=name, department_id=None, department="", filmed=False)
    watched = await sql.filmed(tx, account_id=account_id, department_ids=[place.id])
    return Station(
        key=f"{place.id}/{name}",
        name=name,
        department_id=place.id,
        department=place.name,
        filmed=(place.id, name) in watched,
    )


async def order_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> Order:
    """The outbound order of a tote, a number, its label, or its carrier's number. Errors: NotPackedHere."""
    in_tote = await picking.order_in_tote(tx, account_id=account_id, site_id=site_id, tote_code=code)
    if in_tote is not None:
        return await orders.order(tx, account_id=account_id, order_id=in_tote.order_id)
    found = await orders.orders_by_number(tx, account_id=account_id, kinds=["outbound"], number=code)
    order = found[0] if found else await _by_label(tx, code, account_id)
    if order is None or order.kind != "outbound" or order.site_id != site_id:
        raise NotPackedHere(code=code)
    return order


async def open_at(tx: Tx, *, account_id: AccountId, site_id: SiteId, bench: str) -> Packing | None:
    return await sql.open_at(tx, account_id=account_id, site_id=site_id, bench=bench)


async def packing(tx: Tx, *, account_id: AccountId, site_id: SiteId, packing_id: int) -> Packing:
    """Errors: PackingUnknown."""
    found = None
    if 0 < packing_id <= orders.ORDER_ID_MAX:
        found = await sql.find(tx, account_id=account_id, site_id=site_id, packing_id=packing_id)
    if found is None:
        raise PackingUnknown(id=packing_id)
    return found


async def bench(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, packing_id: int, cartons: Sequence[Carton] = CARTONS
) -> Bench:
    """Errors: PackingUnknown."""
    found = await packing(tx, account_id=account_id, site_id=site_id, packing_id=packing_id)
    order = await orders.order(tx, account_id=account_id, order_id=found.order_id)
    totes = await sql.totes(tx, account_id=account_id, order_id=order.id)
    wanted = await lines(tx, account_id=account_id, order_id=order.id, packing_id=found.id)
    goods = await _goods(tx, account_id, [(line, line.wanted) for line in wanted if line.wanted])
    return Bench(
        packing=found,
        order=order,
        lines=wanted,
        last=await sql.last_scan(tx, account_id=account_id, packing_id=found.id),
        totes=[code for _, code in totes],
        suggestion=suggest(cartons, goods),
    )


async def lines(tx: Tx, *, account_id: AccountId, order_id: OrderId, packing_id: int) -> list[Line]:
    """In the order's own order."""
    found = await orders.lines(tx, account_id=account_id, order_id=order_id)
    known = await catalog.products(tx, account_id=account_id, ids=product_ids(found))
    packed = await sql.counted(tx, account_id=account_id, packing_id=packing_id)
    lots = await sql.lots(tx, account_id=account_id, order_id=order_id)
    return [
        Line(
            id=line.id,
            line_no=line.line_no,
            line_key=line.line_key,
            product_id=line.product_id,
            sku=line.sku,
            name="" if line.product_id is None else known[line.product_id].name,
            lots=tuple(lot for lot in lots.get(line.id, []) if lot),
            wanted=line.left,
            packed=packed.get(line.id, 0),
        )
        for line in found
    ]


async def parcel(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, packing_id: int, cartons: Sequence[Carton]
) -> Parcel:
    """Of a packing that was closed. Errors: PackingUnknown."""
    found = await packing(tx, account_id=account_id, site_id=site_id, packing_id=packing_id)
    order = await orders.order(tx, account_id=account_id, order_id=found.order_id)
    held = await lines(tx, account_id=account_id, order_id=order.id, packing_id=found.id)
    pieces = [(line, line.packed) for line in held if line.packed]
    goods = await _goods(tx, account_id, pieces)
    suggestion = suggest(cartons, goods)
    box = next((one for one in cartons if one.name == found.box), suggestion.carton)
    weights = [product.weight_g * count for product, count in goods]
    numbers = {str(order.id), order.number, *filter(None, [order.tracking_number])}
    return Parcel(
        packing=found,
        order=order,
        pieces=sum(count for _, count in pieces),
        suggestion=suggestion,
        expected_g=sum(weights) + (box.weight_g if box else 0) if weights and all(weights) else None,
        reading=await sql.reading(
            tx, account_id=account_id, order_id=order.id, mailnos=sorted(numbers), since=found.opened_at - KEPT
        ),
    )


async def ready(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int = READY_LISTED_MAX) -> list[Ready]:
    """Orders of which all is picked and nobody packs, the oldest first."""
    return await sql.ready(tx, account_id=account_id, site_id=site_id, limit=limit)


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> Packing | None:
    """How it was packed last, or is packed now: station, weight and box."""
    return await sql.newest_of_order(tx, account_id=account_id, order_id=order_id)


async def serials_of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> dict[str, list[str]]:
    """Line key -> names of the pieces in its parcel, as `fulfilment.ship` takes them; of its last packing."""
    found = await sql.newest_of_order(tx, account_id=account_id, order_id=order_id)
    if found is None or found.state != "packed":
        return {}
    keys = {line.id: line.line_key for line in await orders.lines(tx, account_id=account_id, order_id=order_id)}
    serials: defaultdict[str, list[str]] = defaultdict(list)
    for scan in await sql.scans(tx, account_id=account_id, packing_id=found.id):
        if scan.serial and scan.order_line_id in keys:
            serials[keys[scan.order_line_id]].append(scan.serial)
    return dict(serials)


def blocked(packing: Packing) -> CrossdockError | None:
    """The wrong scan that nobody has acknowledged yet."""
    if packing.block is None:
        return None
    kind: type[CrossdockError] = getattr(errors, packing.block["error"])
    return kind(**packing.block["facts"])


def stopped(packing: Packing, number: str, totes: Sequence[str]) -> CrossdockError:
    """Why a packing ended before it was closed, and where its goods belong."""
    facts = {"number": number, "totes": ", ".join(totes)}
    return CancelArrived(**facts) if packing.reason == CANCEL_ASKED else OrderGone(**facts, state=packing.reason)


async def _goods(tx: Tx, owner_id: AccountId, pieces: Sequence[tuple[Line, int]]) -> list[tuple[Product, int]]:
    """Nothing where some of it is no product of ours: its sizes are nobody's to know."""
    ids = [line.product_id for line, _ in pieces if line.product_id is not None]
    known = await catalog.products(tx, account_id=owner_id, ids=ids) if len(ids) == len(pieces) else {}
    return [(known[line.product_id], count) for line, count in pieces if line.product_id in known]


async def _by_label(tx: Tx, code: str, owner_id: AccountId) -> Order | None:
    """By the number on our own label, or on the carrier's."""
    order_id: OrderId | None = None
    if code.isascii() and code.isdecimal() and 0 < int(code) <= orders.ORDER_ID_MAX:
        order_id = OrderId(int(code))
        try:
            return await orders.order(tx, account_id=owner_id, order_id=order_id)
        except OrderUnknown:
            pass
    order_id = await sql.order_of_waybill(tx, account_id=owner_id, number=code)
    if order_id is None:
        found = await transport.newest(tx, account_ids=[owner_id], mailnos=[code])
        order_id = found[0].order_id if found else None
    return None if order_id is None else await orders.order(tx, account_id=owner_id, order_id=order_id)
