"""Parcels go onto a manifest and come off it. An order is held first, then its manifest."""

from typing import Final

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import DeliveryService
from crossdock.core.fulfilment.errors import CancelWaiting, StationHasNoCabinet
from crossdock.core.lockers import sql as lockers
from crossdock.core.manifests import queries, sql
from crossdock.core.manifests.errors import (
    ManifestFull,
    ManifestOver,
    ParcelElsewhere,
    ParcelHere,
    ParcelNotOn,
    ParcelNotPacked,
    ParcelTaken,
    ParcelUnknown,
)
from crossdock.core.manifests.model import (
    PACKED_STATES,
    PARCELS_MAX,
    Destination,
    Loaded,
    Manifest,
    destination_of,
)
from crossdock.core.orders import cancel_sql, labels, pieces
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Order, Piece
from crossdock.core.staff import commands as staff
from crossdock.db.tx import Tx

TRIES_MAX: Final = 3
"""Another may close the manifest that was just opened; nobody does that three times in a row."""


async def load(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    code: str,
    operation_id: str,
    manifest_id: int | None = None,
) -> Loaded:
    """A packed parcel goes onto the open manifest of its destination; with `manifest_id`, onto that one only.

    `code` is an order's id or number, or a carrier's number. An order of several parcels with numbers of their own is
    whole when each was scanned. The same operation again loads nothing. Errors: ParcelUnknown, ParcelNotPacked,
    CancelWaiting, StationHasNoCabinet, ManifestUnknown, ManifestOver, ManifestFull, ParcelElsewhere, ParcelTaken,
    ParcelHere.
    """
    done = await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if done is not None:
        return Loaded(**(done.after or {}))
    order = await _packed(tx, account_id, site_id, code)
    service = None
    if order.service_id is not None:
        service = await accounts.service(tx, account_id=account_id, service_id=order.service_id)
    to = destination_of(service)
    if manifest_id is not None:
        await _refuse_elsewhere(tx, account_id, site_id, manifest_id, order, to, service)
    await _refuse_unreachable(tx, order, service)
    numbers = _numbers(await pieces.of_order(tx, order))
    loaded = await _load(tx, site_id, staff_id, order, to, code if code in numbers else "", numbers)
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="load",
        after={name: getattr(loaded, name) for name in loaded.__struct_fields__},
        operation_id=operation_id,
    )
    return loaded


async def unload(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    manifest_id: int,
    order_id: int,
    operation_id: str,
) -> str:
    """An order comes off an open manifest; its number. Errors: ManifestUnknown, ManifestOver, ParcelNotOn."""
    done = await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if done is not None:
        return str((done.after or {}).get("number", ""))
    await queries.manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
    try:
        order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    except OrderUnknown as error:
        raise ParcelNotOn() from error
    if not await sql.end(tx, account_id=account_id, manifest_id=manifest_id, order_id=order.id, state="off"):
        raise ParcelNotOn()
    if not await sql.count_out(tx, account_id=account_id, manifest_id=manifest_id):
        raise ManifestOver(id=manifest_id)
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="unload",
        after={"number": order.number, "manifest_id": manifest_id},
        operation_id=operation_id,
    )
    return order.number


async def _packed(tx: Tx, account_id: AccountId, site_id: SiteId, code: str) -> Order:
    """The order of this place behind a code, held; of several the one that stands ready.

    Errors: ParcelUnknown, ParcelNotPacked, CancelWaiting.
    """
    found = [
        one
        for one in await labels.by_label(tx, account_id=account_id, kinds=["outbound"], code=code)
        if one.site_id == site_id
    ]
    if not found:
        raise ParcelUnknown(code=code)
    likeliest = next((one for one in found if one.state in PACKED_STATES), found[0])
    order = await orders.locked(tx, account_id=account_id, order_id=likeliest.id)
    if order.state not in PACKED_STATES:
        raise ParcelNotPacked(number=order.number, state=order.state)
    asked = await cancel_sql.waiting(tx, account_id=account_id, number=order.number)
    if asked:
        raise CancelWaiting(number=order.number, request=asked[0].id)
    return order


async def _refuse_elsewhere(
    tx: Tx,
    account_id: AccountId,
    site_id: SiteId,
    manifest_id: int,
    order: Order,
    to: Destination,
    service: DeliveryService | None,
) -> None:
    """Errors: ManifestUnknown, ManifestOver, ParcelElsewhere."""
    wanted = await queries.manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
    if wanted.state != "open":
        raise ManifestOver(id=manifest_id)
    if Destination(service_id=wanted.service_id, to_site_id=wanted.to_site_id) != to:
        raise ParcelElsewhere(number=order.number, destination="" if service is None else service.name)


async def _refuse_unreachable(tx: Tx, order: Order, service: DeliveryService | None) -> None:
    """Errors: StationHasNoCabinet, which would stop it at the door of a van."""
    if service is None or service.method != "locker":
        return
    station = SiteId(service.site_id or 0)
    if not await lockers.cabinets_at(tx, account_id=order.account_id, site_id=station):
        raise StationHasNoCabinet(service=service.name)


async def _load(
    tx: Tx,
    site_id: SiteId,
    staff_id: StaffId,
    order: Order,
    to: Destination,
    number: str,
    numbers: list[str],
) -> Loaded:
    """`number` is a carrier's one that was scanned, of `numbers`. Errors: ManifestFull, ParcelTaken, ParcelHere."""
    account_id = order.account_id
    here = await sql.on_any(tx, account_id=account_id, order_id=order.id)
    if here is None:
        manifest = await _counted(tx, account_id, site_id, staff_id, to)
        put = await sql.put(
            tx,
            account_id=account_id,
            manifest_id=manifest.id,
            order_id=order.id,
            scanned=[number] if number else [],
            staff_id=staff_id,
        )
        if put is None:
            raise ParcelTaken(number=order.number)
        scanned, manifest_id = put.scanned, manifest.id
    else:
        if here.manifest_state != "open":
            raise ParcelTaken(number=order.number, id=here.manifest_id)
        if not number or number in here.scanned:
            raise ParcelHere(number=order.number)
        scanned = (await sql.add_scanned(tx, account_id=account_id, parcel_id=here.id, code=number)).scanned
        manifest_id = here.manifest_id
    onto = await queries.manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
    return Loaded(
        manifest_id=onto.id,
        number=order.number,
        destination=onto.destination,
        orders=onto.parcels,
        missing=max(len(numbers) - len(scanned), 0) if len(numbers) > 1 else 0,
    )


async def _counted(tx: Tx, account_id: AccountId, site_id: SiteId, staff_id: StaffId, to: Destination) -> Manifest:
    """The open manifest of a destination, held, with one more on it. Errors: ManifestFull."""
    for _ in range(TRIES_MAX):
        found = await sql.count_in(tx, account_id=account_id, site_id=site_id, to=to, most=PARCELS_MAX)
        if found is not None:
            return found
        full = await sql.open_of(tx, account_id=account_id, site_id=site_id, to=to)
        if full is not None and full.parcels >= PARCELS_MAX:
            raise ManifestFull(id=full.id, most=PARCELS_MAX)
        await sql.open_one(tx, account_id=account_id, site_id=site_id, to=to, staff_id=staff_id)
    raise ManifestFull(id=0, most=PARCELS_MAX)


def _numbers(of_order: list[Piece]) -> list[str]:
    """Carriers' numbers of an order's parcels, none twice."""
    return list(dict.fromkeys(piece.tracking_number for piece in of_order if piece.tracking_number))
