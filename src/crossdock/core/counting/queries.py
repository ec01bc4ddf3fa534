"""Counts, what was scanned in them, and how it compares with the books."""

from collections import Counter, defaultdict

from msgspec import structs

from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.counting import sql
from crossdock.core.counting.errors import CountUnknown
from crossdock.core.counting.model import LISTED_MAX, Compared, Count, Line, Scan
from crossdock.core.orders.queries import ORDER_ID_MAX
from crossdock.core.places import queries as places
from crossdock.core.places.model import Lying
from crossdock.core.stock.model import Condition
from crossdock.db.tx import Tx

Kind = tuple[ProductId, str, Condition]
"""What a scanner tells apart: product, lot and condition, but not whose it is."""


async def count(tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int) -> Count:
    """Errors: CountUnknown."""
    found = None
    if 0 < count_id <= ORDER_ID_MAX:
        found = await sql.count(tx, account_id=account_id, site_id=site_id, count_id=count_id)
    if found is None:
        raise CountUnknown(id=count_id)
    return found


async def open_counts(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Count]:
    """Locations that are being counted, or wait for a manager, oldest first."""
    return await sql.open_counts(tx, account_id=account_id, site_id=site_id, limit=LISTED_MAX)


async def scans(tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int) -> list[Scan]:
    """Of the round that is counted now, newest first. Errors: CountUnknown."""
    found = await count(tx, account_id=account_id, site_id=site_id, count_id=count_id)
    return await sql.scans(tx, count=found)


async def compared(tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int) -> Compared:
    """What was counted beside what the books say lies there, by sku and lot. Errors: CountUnknown."""
    found = await count(tx, account_id=account_id, site_id=site_id, count_id=count_id)
    lying = await places.contents(tx, account_id=account_id, site_id=site_id, location_id=found.location_id)
    counted: Counter[Kind] = Counter()
    named: dict[Kind, Scan] = {}
    for scan in await sql.scans(tx, count=found):
        kind = (scan.product_id, scan.lot, scan.condition)
        counted[kind] += scan.quantity
        named[kind] = scan
    booked: defaultdict[Kind, list[Lying]] = defaultdict(list)
    for one in lying:
        booked[one.product_id, one.lot, one.condition].append(one)
    likely: defaultdict[Kind, list[Line]] = defaultdict(list)
    strange = [kind for kind in counted if kind not in booked]
    if strange:
        for line in await sql.buckets_like(tx, account_id=account_id, site_id=site_id, kinds=strange):
            likely[line.product_id, line.lot, line.condition].append(line)
    lines = [line for kind, heaps in booked.items() for line in _beside(heaps, counted[kind])]
    lines += [_not_on_the_books(named[kind], likely[kind], counted[kind]) for kind in strange]
    return Compared(
        lines=sorted(lines, key=lambda line: (line.sku, line.lot, line.condition, line.stock_id or 0)),
        moved={str(one.stock_id): one.quantity for one in lying} != found.found.get("books"),
    )


def _beside(heaps: list[Lying], counted: int) -> list[Line]:
    """Of goods of several owners only the sum can be counted."""
    books = sum(heap.quantity for heap in heaps)
    lines = [
        Line(
            stock_id=heap.stock_id,
            product_id=heap.product_id,
            sku=heap.sku,
            product_name=heap.product_name,
            lot=heap.lot,
            condition=heap.condition,
            owner=heap.owner,
            books=heap.quantity,
            counted=counted if len(heaps) == 1 else heap.quantity,
        )
        for heap in heaps
    ]
    if len(lines) == 1 or books == counted:
        return lines
    owners = ", ".join(line.owner for line in lines)
    return [structs.replace(lines[0], stock_id=None, owner=owners, books=books, counted=counted)]


def _not_on_the_books(scan: Scan, likely: list[Line], counted: int) -> Line:
    if len(likely) == 1:
        return structs.replace(likely[0], counted=counted)
    return Line(
        stock_id=None,
        product_id=scan.product_id,
        sku=scan.sku,
        product_name=scan.name,
        lot=scan.lot,
        condition=scan.condition,
        owner=", ".join(line.owner for line in likely),
        books=0,
        counted=counted,
    )
