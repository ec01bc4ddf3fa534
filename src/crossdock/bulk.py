"""`crossdock bulk`: many products, buckets of stock, orders or people from one file, and into one."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from crossdock.base.config import Config
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Account, Site
from crossdock.core.bulk import commands, queries, running, sheets
from crossdock.core.bulk.errors import NameUnknown
from crossdock.core.bulk.model import KindName, Mode, Row, Run
from crossdock.core.staff.model import OPERATOR
from crossdock.db.database import Database
from crossdock.db.tx import Tx
from crossdock.opening import open_desk_of

BAD_ROWS_SHOWN: Final = 20
"""Of those that are or would be refused; all of them stand in the result file."""
GONE_THROUGH: Final = {"checking": "looked_at", "running": "worked", "undoing": "undone"}


async def load(
    config: Config,
    kind: KindName,
    file: Path,
    *,
    account: str,
    site: str | None,
    mode: Mode,
    dry_run: bool,
    result: Path | None,
    out: Console,
) -> bool:
    """Try all rows, then import them; whether none was refused. A dry run ends after the first.

    Errors: AccountUnknown, NameUnknown, and those of a sheet.
    """
    sheet = await asyncio.to_thread(lambda: sheets.read(file.read_bytes()))
    async with open_desk_of(config) as desk:
        prepared = await commands.prepared(kind, sheet)
        async with desk.database.transaction() as tx:
            owner, place = await _where(tx, account, site)
            run = await commands.take_in(
                tx,
                prepared,
                account_id=owner.id,
                site_id=None if place is None else place.id,
                mode=mode,
                file_name=file.name,
                actor=OPERATOR,
                in_background=False,
            )
        run = await _go_on(desk.database, run, "Trying", out)
        if dry_run or (mode == "all" and run.wrong):
            async with desk.database.transaction() as tx:
                run = await commands.drop(tx, account_id=run.account_id, run_id=run.id)
        else:
            async with desk.database.transaction() as tx:
                run = await commands.begin(tx, account_id=run.account_id, run_id=run.id, in_background=False)
            run = await _go_on(desk.database, run, "Importing", out)
        await _tell(desk.database, run, out)
        if result is not None:
            await _write(desk.database, run, result)
            out.print(f"{result}: each row with its status and reason.", markup=False)
    return not (run.failed or run.wrong)


async def undo(config: Config, run_id: int, *, out: Console) -> bool:
    """Take an import back; whether all of it was. Errors: ImportUnknown, ImportBusy."""
    async with open_desk_of(config) as desk:
        async with desk.database.transaction() as tx:
            account_id = await queries.account_of(tx, run_id)
            run = await commands.undo(tx, account_id=account_id, run_id=run_id, in_background=False)
        run = await _go_on(desk.database, run, "Undoing", out)
        await _tell(desk.database, run, out)
    return not run.kept


async def list_(config: Config, *, account: str | None, out: Console) -> None:
    """Newest first. Errors: AccountUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        ids = (
            [(await accounts.known_account(tx, account)).id]
            if account
            else [one.id for one in await accounts.all_accounts(tx)]
        )
        out.print(_listed(await queries.runs(tx, account_ids=ids)))


async def result(config: Config, run_id: int, file: Path, *, out: Console) -> None:
    """Errors: ImportUnknown."""
    async with open_desk_of(config) as desk:
        async with desk.database.autocommit() as tx:
            run = await queries.run(tx, account_id=await queries.account_of(tx, run_id), run_id=run_id)
        await _write(desk.database, run, file)
    out.print(f"{file}: {run.rows} rows.", markup=False)


async def export(config: Config, kind: KindName, file: Path, *, account: str, site: str | None, out: Console) -> None:
    """Errors: AccountUnknown, NameUnknown."""
    async with open_desk_of(config) as desk:
        async with desk.database.autocommit() as tx:
            owner, place = await _where(tx, account, site)
        rows = await sheets.written(
            file,
            queries.export(
                desk.database, kind_name=kind, account_id=owner.id, site_id=None if place is None else place.id
            ),
            format_=_format(file),
        )
    out.print(f"{file}: {rows} rows.", markup=False)


async def _where(tx: Tx, account: str, site: str | None) -> tuple[Account, Site | None]:
    owner = await accounts.known_account(tx, account)
    place = None if site is None else await accounts.site(tx, account_id=owner.id, code=site)
    if site is not None and place is None:
        raise NameUnknown(site=site)
    return owner, place


async def _go_on(database: Database, run: Run, doing: str, out: Console) -> Run:
    with Progress(console=out, transient=True) as bar:
        task: TaskID = bar.add_task(doing, total=run.rows)

        def progress(now: Run) -> None:
            bar.update(task, completed=getattr(now, GONE_THROUGH.get(now.state, "rows")))

        return await running.go_on(database, account_id=run.account_id, run_id=run.id, progress=progress)


async def _tell(database: Database, run: Run, out: Console) -> None:
    async with database.autocommit() as tx:
        bad = await queries.rows(tx, account_id=run.account_id, run_id=run.id, limit=BAD_ROWS_SHOWN, only_bad=True)
        deeds = await queries.deeds(tx, account_id=run.account_id, run_id=run.id)
    out.print(_listed([run]))
    out.print(_summary(run, deeds), markup=False)
    if bad:
        out.print(_bad(bad))


async def _write(database: Database, run: Run, file: Path) -> None:
    await sheets.written(file, queries.result(database, run), format_=_format(file))


def _summary(run: Run, deeds: Mapping[str, int]) -> str:
    if run.state in ("checked", "dropped", "refused"):
        would = ", ".join(f"{rows} would be {deed}" for deed, rows in deeds.items())
        wrong = f"{max(run.wrong, run.failed)} {'is' if max(run.wrong, run.failed) == 1 else 'are'} wrong"
        return ", ".join(part for part in (would, wrong) if part) + "; nothing was written."
    return ", ".join(f"{rows} {deed}" for deed, rows in deeds.items()) or "No row could be imported."


def _format(file: Path) -> sheets.Format:
    return "xlsx" if file.suffix.lower() == ".xlsx" else "csv"


def _listed(runs: list[Run]) -> Table:
    table = Table()
    for title in ("id", "what", "file", "state", "rows", "wrong", "done", "refused", "undone", "by", "since"):
        table.add_column(title, justify="right" if title in {"id", "rows", "wrong", "done", "refused"} else "left")
    for run in runs:
        table.add_row(
            str(run.id),
            run.kind,
            run.file_name,
            run.state,
            str(run.rows),
            str(run.wrong),
            str(run.worked - run.failed),
            str(run.failed),
            f"{run.undone}, {run.kept} stay" if run.state in {"undoing", "undone"} else "",
            run.actor,
            f"{run.created_at:%Y-%m-%d %H:%M}",
        )
    return table


def _bad(rows: list[Row]) -> Table:
    table = Table(title="What is wrong")
    for title in ("row", "status", "why"):
        table.add_column(title, justify="right" if title == "row" else "left", overflow="fold")
    for row in rows:
        table.add_row(str(row.row_no), *queries.said_of(row))
    return table
