"""What the dashboard counts: orders by state and age, cabinets, callbacks."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from crossdock.core.overview import counts_sql as sql
from crossdock.core.overview import listing_sql
from crossdock.core.overview.model import BRANCHES_MAX, Aged, AtLeast, CabinetCounts, ReceiverCounts, Sight
from crossdock.db.tx import Tx

OPEN: Final[dict[str, tuple[str, ...]]] = {
    "outbound": (
        "pending",
        "allocated",
        "released",
        "picking",
        "packing",
        "packed",
        "confirmed",
        "labelled",
        "partly_shipped",
        "held",
    ),
    "inbound": ("announced", "accepted", "receiving"),
    "return": (
        "received",
        "pending",
        "processing",
        "waiting_client",
        "waiting_warehouse",
        "problem",
        "held",
    ),
    "transport": ("announced", "dispatched", "departed"),
}
"""States in which somebody still has something to do, in the order in which orders come to them."""
AGED_MAX: Final = 10_000
"""Orders that are read to see how old they are, over all states; the oldest first."""
CABINETS_MAX: Final = 2_000
RECEIVERS_MAX: Final = 500
OWED_MAX: Final = 200
"""Callbacks of one receiver that are counted."""


async def orders(tx: Tx, *, sight: Sight, days: Sequence[int]) -> list[Aged]:
    """Of each kind and open state in which there are any; how many is what the tally says, unless it is of one place.

    `days` back from today, ascending: an order is older than such a day when its number is of an earlier one.
    """
    found = await listing_sql.sorts(tx, account_ids=sight.account_ids, kind=None, state=None)
    open_ = [sort for sort in found if sort.state in OPEN.get(sort.kind, ())]
    totals: defaultdict[tuple[str, str], int] = defaultdict(int)
    for sort in open_:
        totals[sort.kind, sort.state] += sort.orders
    branches = list({(one.account_id, one.company_id, one.dialect, one.state): one for one in open_}.values())
    branches = sorted(branches, key=lambda branch: -branch.orders)[:BRANCHES_MAX]
    read: dict[tuple[str, str], sql.Seen] = {}
    if branches:
        each = AGED_MAX // len(branches)
        for seen in await sql.oldest(tx, sight=sight, branches=branches, days=days, each=each):
            read[seen.kind, seen.state] = seen
    aged = []
    for kind, states in OPEN.items():
        for state in states:
            seen_ = read.get((kind, state))
            older = [AtLeast(0) for _ in days]
            if seen_ is not None:
                older = [AtLeast(*one) for one in zip(seen_.before, seen_.cut_before, strict=True)]
            if sight.site_id is None:
                total = AtLeast(totals[kind, state])
            else:
                total = AtLeast(0) if seen_ is None else AtLeast(seen_.read, seen_.cut)
            if total.number or total.more:
                aged.append(Aged(kind=kind, state=state, total=total, older=older))
    return aged


async def cabinets(tx: Tx, *, sight: Sight) -> CabinetCounts:
    """Of CABINETS_MAX at most."""
    return await sql.cabinets(tx, sight=sight, most=CABINETS_MAX)


async def receivers(tx: Tx, *, sight: Sight) -> ReceiverCounts:
    """Of RECEIVERS_MAX at most; a receiver has no place."""
    return await sql.receivers(tx, sight=sight, most=RECEIVERS_MAX, each=OWED_MAX)


async def last_event(tx: Tx) -> int:
    """A number that grows with whatever happens, to whichever account."""
    return await sql.last_event(tx)
