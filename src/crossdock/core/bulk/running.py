"""Going through an import: trying it, doing it, undoing it. Stopped at any moment, it goes on from where it was.

A few units share a transaction, each in a savepoint of its own: what fails is undone alone and told beside its row.
What a unit does and the note of it are one commit. The dry run does the very same and then throws it away.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Final, TypeVar

import structlog

from crossdock.base.errors import CrossdockError, Unavailable, Unforeseen
from crossdock.base.ids import AccountId, OrderId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Company
from crossdock.core.bulk import cells, commands, sql
from crossdock.core.bulk.errors import ImportUnknown
from crossdock.core.bulk.kinds import KINDS
from crossdock.core.bulk.model import Ground, Run, State
from crossdock.core.bulk.sql import Kept, Noted
from crossdock.core.orders.ids import OrderIds
from crossdock.db.database import Database
from crossdock.db.tx import Tx

UNITS_AT_ONCE: Final = 50
"""In one transaction: what they touch is held so long."""
NO_ID: Final = OrderId(0)

Progress = Callable[[Run], None]
Unit = Sequence[Kept]
T = TypeVar("T")
log = structlog.get_logger(__name__)


class _ThrownAway(Exception):
    """The end of a transaction that leaves nothing."""


def nobody(run: Run) -> None:
    """Is told of progress."""


async def go_on(database: Database, *, account_id: AccountId, run_id: int, progress: Progress = nobody) -> Run:
    """Whatever its state asks for, to the end of that. Errors: ImportUnknown, Unavailable."""
    async with database.autocommit() as tx:
        run = await sql.run(tx, account_id=account_id, run_id=run_id)
    if run is None:
        raise ImportUnknown(id=run_id)
    match run.state:
        case "checking":
            return await _through(database, run, _check, "checked", progress)
        case "running" if run.mode == "all":
            return await _all_or_none(database, run)
        case "running":
            return await _through(database, run, _work, "done", progress)
        case "undoing":
            return await _through(database, run, _undo, "undone", progress)
    return run


async def _through(
    database: Database,
    run: Run,
    step: Callable[[Database, Run], Awaitable[bool]],
    end: State,
    progress: Progress,
) -> Run:
    """Step after step while there are units left, then to the state behind them."""
    while await step(database, run):
        async with database.autocommit() as tx:
            progress(await sql.run(tx, account_id=run.account_id, run_id=run.id) or run)
    async with database.transaction() as tx:
        now = await commands.locked(tx, account_id=run.account_id, run_id=run.id)
        return await commands.to_state(tx, now, end) if now.state == run.state else now


async def _check(database: Database, run: Run) -> bool:
    """The next units are tried; whether there were any."""
    async with database.autocommit() as tx:
        units = _units(await _next(tx, run, sql.UNCHECKED))
    if not units:
        return False
    ids = await _order_ids(database, run, units)
    noted: list[Noted] = []
    try:
        async with database.transaction() as tx:
            ground = await _ground(tx, run, units)
            noted = [await _done(tx, run, ground, unit, id_) for unit, id_ in zip(units, ids, strict=True)]
            raise _ThrownAway
    except _ThrownAway:
        pass
    async with database.transaction() as tx:
        now = await commands.locked(tx, account_id=run.account_id, run_id=run.id)
        if now.state == "checking":
            await sql.note_checked(tx, account_id=run.account_id, run_id=run.id, noted=noted)
    return now.state == "checking"


async def _work(database: Database, run: Run) -> bool:
    """The next units are done, and noted, in one transaction; whether there were any."""
    async with database.autocommit() as tx:
        ids = await _order_ids(database, run, _units(await _next(tx, run, sql.WAITING)))
    async with database.transaction() as tx:
        now = await commands.locked(tx, account_id=run.account_id, run_id=run.id)
        units = _units(await _next(tx, run, sql.WAITING))
        if now.state != "running" or not units:
            return False
        if len(ids) < len(units):
            return True
        ground = await _ground(tx, run, units)
        noted = [await _done(tx, run, ground, unit, id_) for unit, id_ in zip(units, ids, strict=False)]
        await sql.note_worked(tx, account_id=run.account_id, run_id=run.id, noted=noted)
    return True


async def _all_or_none(database: Database, run: Run) -> Run:
    """Every unit in one transaction. Where some fail, nothing was done, and all that fail are told."""
    async with database.autocommit() as tx:
        units = _units(await _next(tx, run, sql.WAITING, limit=None))
    ids = await _order_ids(database, run, units)
    noted: list[Noted] = []
    try:
        async with database.transaction() as tx:
            now = await commands.locked(tx, account_id=run.account_id, run_id=run.id)
            if now.state != "running":
                return now
            ground = await _ground(tx, run, units)
            noted = [await _done(tx, run, ground, unit, id_) for unit, id_ in zip(units, ids, strict=True)]
            if any(one.reason is not None for one in noted):
                raise _ThrownAway
            await sql.note_worked(tx, account_id=run.account_id, run_id=run.id, noted=noted)
            return await commands.to_state(tx, now, "done")
    except _ThrownAway:
        pass
    async with database.transaction() as tx:
        now = await commands.locked(tx, account_id=run.account_id, run_id=run.id)
        if now.state != "running":
            return now
        refused = [one for one in noted if one.reason is not None]
        await sql.note_worked(tx, account_id=run.account_id, run_id=run.id, noted=refused)
        return await commands.to_state(tx, now, "refused")


async def _undo(database: Database, run: Run) -> bool:
    """The last units that are not undone yet; whether there were any."""
    kind = KINDS[run.kind]
    async with database.transaction() as tx:
        now = await commands.locked(tx, account_id=run.account_id, run_id=run.id)
        units = _units(await _next(tx, run, sql.UNDOABLE, backwards=True))
        if now.state != "undoing" or not units:
            return False
        ground = await _ground(tx, run, units)
        noted = []
        for unit in units:
            reason = await _tried(tx, run, unit, lambda unit=unit: kind.undo(tx, ground, unit[0]))  # type: ignore[misc]
            noted.append(Noted(unit=unit[0].unit, reason=reason if isinstance(reason, str) else None))
        await sql.note_undone(tx, account_id=run.account_id, run_id=run.id, noted=noted)
    return True


async def _done(tx: Tx, run: Run, ground: Ground, unit: Unit, order_id: OrderId) -> Noted:
    """What became of one unit, alone."""
    kind = KINDS[run.kind]
    unusable = next((row.wrong for row in unit if row.unusable), None)
    if unusable is not None:
        return Noted(unit=unit[0].unit, reason=unusable)
    rows = [(row.row_no, cells.read(kind.columns, row.given)) for row in unit]
    outcome = await _tried(tx, run, unit, lambda: kind.apply(tx, ground, rows, order_id))
    if isinstance(outcome, str):
        return Noted(unit=unit[0].unit, reason=outcome)
    return Noted(
        unit=unit[0].unit,
        deed=outcome.deed,
        target=outcome.target,
        before=outcome.before or None,
        after=outcome.after or None,
    )


async def _tried(tx: Tx, run: Run, unit: Unit, act: Callable[[], Awaitable[T]]) -> T | str:
    """What it gave, or why it was refused. Errors: Unavailable, which ends the transaction."""
    try:
        async with tx.savepoint():
            return await act()
    except Unavailable:
        raise
    except CrossdockError as error:
        return error.sentence
    except Exception:
        trace_id = secrets.token_hex(8)
        log.exception("row not imported", import_id=run.id, row=unit[0].row_no, trace_id=trace_id)
        return Unforeseen(trace_id=trace_id).sentence


async def _next(
    tx: Tx, run: Run, which: str, *, limit: int | None = UNITS_AT_ONCE, backwards: bool = False
) -> list[Kept]:
    return await sql.units(
        tx, account_id=run.account_id, run_id=run.id, which=which, limit=limit, backwards=backwards
    )


def _units(rows: Sequence[Kept]) -> list[list[Kept]]:
    return [list(unit) for _, unit in groupby(rows, key=lambda row: row.unit)]


async def _ground(tx: Tx, run: Run, units: Sequence[Unit]) -> Ground:
    account = await accounts.account(tx, run.account_id)
    site = None
    if run.site_id is not None:
        site = await accounts.site_by_id(tx, account_id=run.account_id, site_id=run.site_id)
    if account is None:
        raise ImportUnknown(id=run.id)
    hidden = {row.row_no: row.hidden for unit in units for row in unit if row.hidden is not None}
    return Ground(run_id=run.id, account=account, site=site, hidden=hidden)


async def _order_ids(database: Database, run: Run, units: Sequence[Unit]) -> list[OrderId]:
    """An id for each unit that may become an order, taken before its transaction."""
    if run.kind != "orders" or not units:
        return [NO_ID] * len(units)
    async with database.autocommit() as tx:
        companies = await accounts.companies_of(tx, run.account_id)
    return await OrderIds(database).take([_company(unit, companies).id for unit in units])


def _company(unit: Unit, companies: Sequence[Company]) -> Company:
    """The one that its rows name; where that is none of the account, the first: the unit is refused anyway."""
    named = next((row.given["company"] for row in unit if "company" in row.given), "")
    return next((company for company in companies if str(company.id) == named), companies[0])
