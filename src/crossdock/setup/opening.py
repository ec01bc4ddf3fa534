"""Opening stock: each quantity of a setup file goes into the ledger once."""

from collections import defaultdict

from crossdock.base.ids import AccountId, ProductId, SiteId, StockId, SubInventoryId
from crossdock.core.stock import sql as ledger
from crossdock.core.stock.model import Arrival
from crossdock.setup import sql
from crossdock.setup.changes import Change
from crossdock.setup.plan import OpeningStock
from crossdock.setup.run import Run

Wanted = tuple[OpeningStock, Arrival]
Shelf = tuple[int, int, int, str, str]
"""Ids of product, site and sub-inventory, lot, condition."""


async def put_on_shelf(run: Run, openings: list[OpeningStock]) -> None:
    """Errors: SetupFileWrong, also for a quantity that differs from what was applied before."""
    by_account: defaultdict[int, list[Wanted]] = defaultdict(list)
    for opening in openings:
        by_account[await run.id_of(opening.account, opening.path)].append((opening, await _arrival(run, opening)))
    run.stop_on_problems()
    for account_id, wanted in by_account.items():
        fresh = await _fresh(run, account_id, wanted)
        if fresh and not run.dry_run:
            await _move(run, AccountId(account_id), fresh)
        run.changes += [Change(new=True, kind="opening stock", name=opening.label) for opening, _ in fresh]


async def _arrival(run: Run, opening: OpeningStock) -> Arrival:
    return Arrival(
        product_id=ProductId(await run.id_of(opening.product, opening.path)),
        site_id=SiteId(await run.id_of(opening.site, (*opening.path, "site"))),
        sub_inventory_id=SubInventoryId(await run.id_of(opening.sub_inventory, (*opening.path, "sub_inventory"))),
        lot=opening.lot,
        condition=opening.condition,
        quantity=opening.quantity,
    )


async def _fresh(run: Run, account_id: int, wanted: list[Wanted]) -> list[Wanted]:
    """What is not in the ledger yet."""
    causes = [opening.cause for opening, _ in wanted]
    applied = {
        (was.product_id, was.site_id, was.sub_inventory_id, was.lot, was.condition): was.quantity
        for was in await sql.opened(run.tx, account_id=account_id, causes=causes)
    }
    fresh: dict[Shelf, Wanted] = {}
    for opening, arrival in wanted:
        shelf = _shelf(arrival)
        if shelf in fresh:
            run.complain(opening.path, "is given twice: add the quantities up")
        elif shelf not in applied:
            fresh[shelf] = (opening, arrival)
        elif applied[shelf] != opening.quantity:
            run.complain(
                (*opening.path, "quantity"),
                f"opening stock was applied already, with {applied[shelf]}: write that, and adjust stock instead",
            )
    run.stop_on_problems()
    return list(fresh.values())


async def _move(run: Run, account_id: AccountId, fresh: list[Wanted]) -> None:
    arrivals = [arrival for _, arrival in fresh]
    buckets = await ledger.ensure_buckets(run.tx, account_id=account_id, arrivals=arrivals)
    ids: dict[Shelf, StockId] = {
        (b.product_id, b.site_id, b.sub_inventory_id, b.lot, b.condition): b.id for b in buckets
    }
    await ledger.move(
        run.tx,
        [
            ledger.Move(
                account_id=account_id,
                stock_id=ids[_shelf(arrival)],
                cause=opening.cause,
                quantity=arrival.quantity,
            )
            for opening, arrival in fresh
        ],
    )


def _shelf(arrival: Arrival) -> Shelf:
    return (
        arrival.product_id,
        arrival.site_id,
        arrival.sub_inventory_id,
        arrival.lot,
        arrival.condition,
    )
