"""What waits at the dock, what lies in a location, and where goods could go."""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import structs

from crossdock.base.ids import AccountId, LocationId, SiteId, StockId
from crossdock.core.catalog import scanning
from crossdock.core.places import queries as places
from crossdock.core.places.errors import BucketUnknown
from crossdock.core.places.model import Lying
from crossdock.core.receiving import sql as receiving
from crossdock.core.shelving import sql
from crossdock.core.shelving.errors import NothingWaits, NotInLocation, PlatePutAway, PlateUnknown
from crossdock.core.shelving.model import DEFECTIVE_KINDS, LISTED_MAX, PUT_KINDS, Advice, Plate
from crossdock.core.units import plates
from crossdock.core.units.model import Plate as Announced
from crossdock.db.tx import Tx


async def waiting(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> list[Lying]:
    """The heaps at the dock, or not put away, that a code of goods means: of its lot, if it names one.

    Errors: CodeUnknown, NothingWaits.
    """
    found = await scanning.find(tx, account_id=account_id, text=code)
    heaps = await places.to_put_away(
        tx, account_id=account_id, site_id=site_id, product_id=found.product.id, limit=LISTED_MAX
    )
    heaps = [heap for heap in heaps if found.scanned.lot in ("", heap.lot)]
    if not heaps:
        raise NothingWaits(sku=found.product.sku)
    return heaps


async def heap(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stock_id: StockId, location_id: LocationId | None
) -> Lying:
    """Pieces of a bucket in a location, or in none. Errors: BucketUnknown."""
    found = await places.where(tx, account_id=account_id, site_id=site_id, stock_ids=[stock_id])
    here = next((one for one in found if one.location_id == location_id), None)
    if here is None:
        raise BucketUnknown(stock_id=stock_id)
    return here


async def lying(tx: Tx, *, account_id: AccountId, site_id: SiteId, location_id: LocationId, code: str) -> list[Lying]:
    """What in a location a code of goods means. Errors: CodeUnknown, LocationUnknown, NotInLocation."""
    found = await scanning.find(tx, account_id=account_id, text=code)
    here = await places.location_by_id(tx, account_id=account_id, site_id=site_id, location_id=location_id)
    heaps = [
        one
        for one in await places.contents(tx, account_id=account_id, site_id=site_id, location_id=location_id)
        if one.product_id == found.product.id and found.scanned.lot in ("", one.lot)
    ]
    if not heaps:
        raise NotInLocation(sku=found.product.sku, location=here.code)
    return heaps


async def plate(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> Plate:
    """What came in on a plate, or on the cartons of a pallet, as far as it still waits at the dock.

    Errors: PlateUnknown, PlatePutAway, NothingWaits.
    """
    understood = scanning.understood(code)
    name = understood.plate or understood.text
    source = await receiving.source_of_plate(tx, account_id=account_id, plate=name)
    announced = await plates.of_sources(tx, account_id=account_id, source_numbers=[source]) if source else []
    on = await sql.on_plates(tx, account_id=account_id, site_id=site_id, plates=_below(name, announced))
    if not on:
        raise PlateUnknown(plate=name)
    cause = f"put-away:{on[0].order_id}:plate:{name}"
    left = {one.stock_id: one.quantity for one in on}
    put = await sql.where_put(tx, account_id=account_id, stock_ids=sorted(left), cause=cause)
    if put:
        raise PlatePutAway(plate=name, location=put)
    heaps = []
    for one in await places.to_put_away(
        tx, account_id=account_id, site_id=site_id, stock_ids=sorted(left), limit=LISTED_MAX
    ):
        pieces = min(left[one.stock_id], one.quantity)
        left[one.stock_id] -= pieces
        if pieces:
            heaps.append(structs.replace(one, quantity=pieces))
    if any(left.values()):
        raise NothingWaits(sku=name)
    return Plate(code=name, cause=cause, heaps=heaps)


async def advised(tx: Tx, *, account_id: AccountId, site_id: SiteId, heap: Lying) -> Advice | None:
    """Where the same goods lie already, else the first empty location; None where there is none."""
    kinds = PUT_KINDS if heap.condition == "good" else DEFECTIVE_KINDS
    home = await places.first_home(tx, account_id=account_id, site_id=site_id, stock_id=heap.stock_id, kinds=kinds)
    if home is not None:
        return Advice(location=home, same=True)
    for kind in kinds:
        empty = await places.first_empty(tx, account_id=account_id, site_id=site_id, kind=kind)
        if empty is not None:
            return Advice(location=empty, same=False)
    return None


def _below(code: str, announced: Iterable[Announced]) -> list[str]:
    """The plates that goods came in on under this one: itself, and all that stand on it."""
    standing: defaultdict[str, list[str]] = defaultdict(list)
    for one in announced:
        standing[one.parent_code].append(one.code)
    below: dict[str, None] = {}
    left_to_see = [code]
    while left_to_see:
        name = left_to_see.pop()
        if name not in below:
            below[name] = None
            left_to_see += standing[name]
    return list(below)
