"""Reading packing reports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId
from crossdock.core.packing import sql
from crossdock.core.packing.model import ITEMS_SHOWN_MAX, OVERLAPS, SHOWN_MAX, PackedItem, Packing, PackingFilter
from crossdock.core.packing.sql import PackingRow
from crossdock.db.tx import Tx


async def packing_by_number(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, number: str
) -> Packing | None:
    """The report of that order number; None when there is none."""
    row = await sql.by_number(tx, account_id=account_id, enterprise_id=enterprise_id, number=number)
    return None if row is None else (await _with_items(tx, [row]))[0]


async def packings_of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Packing]:
    """Reports tied to an order, the first filmed first; one from each enterprise that reported it."""
    return await _with_items(tx, await sql.of_order(tx, account_id=account_id, order_id=order_id))


async def search(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, wanted: PackingFilter, start: int = 0, limit: int
) -> tuple[int, list[Packing]]:
    """How many reports fit, at most SHOWN_MAX, and one stretch of them, the last filmed first.

    Reports whose items are too many beside those before them, see ITEMS_SHOWN_MAX, are found without.
    """
    scope: dict[str, Any] = {"account_id": account_id, "enterprise_id": enterprise_id}
    total = await sql.count(tx, **scope, wanted=wanted)
    if start >= min(total, SHOWN_MAX):
        return total, []
    rows = await sql.found(tx, **scope, wanted=wanted, start=start, limit=limit)
    return total, await _with_items(tx, rows, await sql.item_counts(tx, [row.id for row in rows]))


async def _with_items(
    tx: Tx, rows: Sequence[PackingRow], counts: Mapping[PackingId, int] | None = None
) -> list[Packing]:
    """All items, or where they are counted ITEMS_SHOWN_MAX.

    Reports that came in later overlap, too: that is asked for anew.
    """
    if not rows:
        return []
    items: defaultdict[PackingId, list[PackedItem]] = defaultdict(list)
    shown = [row.id for row in rows] if counts is None else _fitting(rows, counts)
    for item in await sql.items_of(tx, shown):
        facts = structs.asdict(item)
        items[facts.pop("packing_id")].append(PackedItem(**facts))
    overlaps = await sql.overlaps(tx, [row.id for row in rows])
    return [
        Packing(
            **structs.asdict(row)
            | {"warnings": row.warnings | ({OVERLAPS: {"numbers": overlaps[row.id]}} if row.id in overlaps else {})},
            items=tuple(items[row.id]),
            items_count=len(items[row.id]) if counts is None else counts.get(row.id, 0),
        )
        for row in rows
    ]


def _fitting(rows: Sequence[PackingRow], counts: Mapping[PackingId, int]) -> list[PackingId]:
    """The reports that are shown with their items, ITEMS_SHOWN_MAX in all."""
    fitting, room = [], ITEMS_SHOWN_MAX
    for row in rows:
        count = counts.get(row.id, 0)
        if count <= room:
            fitting.append(row.id)
            room -= count
    return fitting
