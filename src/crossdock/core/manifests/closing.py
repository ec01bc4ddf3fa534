"""A manifest is closed: all that is on it leaves, each order in a transaction of its own."""

from collections.abc import Mapping, Sequence

from crossdock.base.errors import Conflict, Invalid, NotFound
from crossdock.base.ids import AccountId, OrderId, SiteId, StaffId
from crossdock.core.bench import queries as bench
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.manifests import queries, sql
from crossdock.core.manifests.errors import ManifestEmpty, ParcelNotOn, ParcelsStuck, TakerTooLong
from crossdock.core.manifests.model import (
    DRIVER_CHARACTERS_MAX,
    PACKED_STATES,
    STUCK_MAX,
    VEHICLE_CHARACTERS_MAX,
    Closed,
    Manifest,
)
from crossdock.core.orders import pieces
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import Order, Piece, product_ids
from crossdock.core.staff import commands as staff
from crossdock.core.transport import commands as transport
from crossdock.core.transport.model import NewParcel
from crossdock.core.units import queries as units
from crossdock.db.database import Database
from crossdock.db.tx import Tx


async def close(
    database: Database,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    actor: str,
    manifest_id: int,
    driver: str = "",
    vehicle: str = "",
) -> Closed:
    """All that is on a manifest is shipped; `driver` took it with `vehicle`.

    Each order leaves in a transaction of its own, so whoever is stopped in between closes it again, and nothing
    leaves twice. What cannot leave although it could when this began is left behind. Errors: ManifestUnknown,
    ManifestEmpty, ParcelsStuck, TakerTooLong.
    """
    async with database.transaction() as tx:
        await begin(
            tx,
            account_id=account_id,
            site_id=site_id,
            staff_id=staff_id,
            manifest_id=manifest_id,
            driver=driver,
            vehicle=vehicle,
        )
    after = OrderId(0)
    while True:
        async with database.autocommit() as tx:
            found = await sql.next_on(tx, account_id=account_id, manifest_id=manifest_id, after=after)
        if found is None:
            break
        after = found
        try:
            async with database.transaction() as tx:
                await send_off(tx, account_id=account_id, manifest_id=manifest_id, order_id=found, actor=actor)
        except (Conflict, Invalid, NotFound) as error:
            reason = f"{type(error).__name__} {error.facts.get('state', '')}".strip()
            async with database.transaction() as tx:
                await sql.end(
                    tx,
                    account_id=account_id,
                    manifest_id=manifest_id,
                    order_id=found,
                    state="left",
                    reason=reason,
                )
    async with database.transaction() as tx:
        return await finish(tx, account_id=account_id, site_id=site_id, staff_id=staff_id, manifest_id=manifest_id)


async def begin(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId | None,
    manifest_id: int,
    driver: str = "",
    vehicle: str = "",
) -> Manifest:
    """Nothing more is put on it. One that is being closed, or is closed, stays as it is. Errors: as `close`."""
    for field, said, most in (
        ("driver", driver, DRIVER_CHARACTERS_MAX),
        ("vehicle", vehicle, VEHICLE_CHARACTERS_MAX),
    ):
        if len(said) > most:
            raise TakerTooLong(field=field, characters_max=most)
    found = await queries.manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
    begun = await sql.begin_closing(
        tx,
        account_id=account_id,
        site_id=site_id,
        manifest_id=manifest_id,
        staff_id=staff_id,
        driver=driver,
        vehicle=vehicle,
    )
    if begun is None:
        found = await queries.manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
        if found.state == "open":
            raise ManifestEmpty(id=manifest_id)
        return found
    stuck = await sql.stuck(tx, account_id=account_id, manifest_id=manifest_id, limit=STUCK_MAX)
    if stuck:
        raise ParcelsStuck(numbers=", ".join(stuck))
    return begun


async def send_off(tx: Tx, *, account_id: AccountId, manifest_id: int, order_id: OrderId, actor: str) -> None:
    """An order that is on a manifest leaves, as it was packed: one that was stopped since then does not.

    Errors: ParcelNotOn, and those of `fulfilment.ship`.
    """
    order, _ = await transport.locked_with_leg(tx, account_id=account_id, order_id=order_id)
    if order.state not in PACKED_STATES:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="shipped")
    names = await bench.serials_of_order(tx, account_id=account_id, order_id=order_id)
    shipped = await fulfilment.ship(
        tx,
        account_id=account_id,
        order_id=order_id,
        units=await _on_record(tx, order, names) if names else None,
        parcels=_parcels(order, await pieces.of_order(tx, order)),
        tracking_number=order.tracking_number,
        dialect=HOUSE,
        actor=actor,
    )
    if not await sql.end(
        tx, account_id=account_id, manifest_id=manifest_id, order_id=shipped.order.id, state="shipped"
    ):
        raise ParcelNotOn()


async def finish(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, staff_id: StaffId | None, manifest_id: int
) -> Closed:
    """Once nothing is on it any more; one that is closed stays as it is."""
    closed = await sql.finish_closing(tx, account_id=account_id, manifest_id=manifest_id)
    left = await sql.left_behind(tx, account_id=account_id, manifest_id=manifest_id)
    if closed is None:
        found = await queries.manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
        return Closed(manifest=found, left=left)
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="close_manifest",
        after={
            "manifest_id": manifest_id,
            "orders": closed.parcels,
            "left": len(left),
            "driver": closed.driver,
            "vehicle": closed.vehicle,
        },
    )
    return Closed(manifest=closed, left=left)


async def _on_record(tx: Tx, order: Order, names: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Line key -> names of pieces, of the lines whose every name is that of a piece in stock.

    Goods that came in without names are packed with them all the same: those stand in the packing report.
    """
    lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    codes = {name for of_line in names.values() for name in of_line}
    found = await units.named(tx, account_id=order.account_id, product_ids=product_ids(lines), codes=codes)
    here = {(unit.product_id, unit.code) for unit in found if unit.state == "in_stock"}
    return {
        line.line_key: names[line.line_key]
        for line in lines
        if line.line_key in names and all((line.product_id, name) in here for name in names[line.line_key])
    }


def _parcels(order: Order, of_order: list[Piece]) -> list[NewParcel]:
    """Those with a carrier's number of their own, and the order's; none where only the order has one."""
    found = {
        piece.tracking_number: NewParcel(
            mailno=piece.tracking_number,
            box_no=str(piece.serial),
            weight_g=piece.weight_g,
            length_mm=piece.length_mm,
            width_mm=piece.width_mm,
            height_mm=piece.height_mm,
        )
        for piece in of_order
        if piece.tracking_number
    }
    if found and order.tracking_number:
        found.setdefault(order.tracking_number, NewParcel(mailno=order.tracking_number))
    return list(found.values())
