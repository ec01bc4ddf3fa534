"""Orders by state, kind, place and day, page by page."""

from datetime import date, timedelta
from typing import Final

from crossdock.core.orders.queries import ORDER_ID_MAX
from crossdock.core.overview import finding_sql, listing_sql
from crossdock.core.overview.model import BRANCHES_MAX, LOOKED_AT_MAX, Listed, ListFilter, Sight, Sort
from crossdock.db.tx import Tx

OF_A_DAY: Final = 10**10
"""Numbers of orders begin with the day, yymmdd."""
CENTURY: Final = (2000, 2099)


async def orders(tx: Tx, *, sight: Sight, wanted: ListFilter, before: int | None = None, limit: int) -> Listed:
    """Newest numbers first. A page reads LOOKED_AT_MAX orders at most, so that it may be short, or empty, where few
    fit; `before` says whether the list goes on."""
    found = await listing_sql.sorts(tx, account_ids=sight.account_ids, kind=wanted.kind, state=wanted.state)
    site_id = wanted.site_id if sight.site_id is None else sight.site_id
    branches = _branches(found)
    by_state = (wanted.state is not None or wanted.kind is not None) and len(branches) <= BRANCHES_MAX
    if not by_state:
        branches = list({sort.account_id: sort for sort in found}.values())
    since = 0 if wanted.since is None else _first_of(wanted.since)
    until = ORDER_ID_MAX if wanted.until is None else _first_of(_next(wanted.until))
    sifted = site_id is not None or wanted.kind is not None or (wanted.state is not None and not by_state)
    total = None
    if site_id is None and wanted.since is None and wanted.until is None:
        total = sum(sort.orders for sort in found)
    if not branches:
        return Listed(rows=[], before=None, total=total)
    edge, ids = await listing_sql.walk(
        tx,
        branches=branches,
        by_state=by_state,
        kind=wanted.kind,
        state=wanted.state,
        site_id=site_id,
        since_id=since,
        before=min(before or ORDER_ID_MAX, until),
        each=max(LOOKED_AT_MAX // len(branches), limit + 1) if sifted else limit + 1,
        limit=limit + 1,
    )
    more = ids[limit - 1] if len(ids) > limit else edge or None
    rows = await finding_sql.rows(tx, order_ids=ids[:limit]) if ids else []
    return Listed(rows=rows, before=more, total=total)


def _next(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _branches(found: list[Sort]) -> list[Sort]:
    """One for each stretch of the index of states."""
    return list({(one.account_id, one.company_id, one.dialect, one.state): one for one in found}.values())


def _first_of(day: date) -> int:
    """The first number of a day; years are two digits of this century."""
    if not CENTURY[0] <= day.year <= CENTURY[1]:
        return 1 if day.year < CENTURY[0] else ORDER_ID_MAX
    return int(f"{day:%y%m%d}") * OF_A_DAY
