"""Bring the database to what a setup file says: new rows are written, differing ones changed, none removed."""

from collections.abc import Collection, Mapping
from pathlib import Path as File

from crossdock.base.seal import Seal
from crossdock.db.database import Database
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx
from crossdock.setup import opening, sql, sync
from crossdock.setup.changes import Change
from crossdock.setup.errors import Problem, SetupFileWrong
from crossdock.setup.plan import Plan
from crossdock.setup.read import SetupText, read
from crossdock.setup.rows import rows_of
from crossdock.setup.run import Run
from crossdock.setup.tables import TABLES


async def apply_file(
    path: File,
    *,
    database: Database,
    seal: Seal,
    environ: Mapping[str, str],
    dry_run: bool = False,
    dialects: Collection[str] | None = None,
) -> list[Change]:
    """Apply a whole file in one transaction; what was changed, in the order it was written.

    `dry_run` only says what would be changed. `dialects` are the known ones; None leaves their names unchecked.
    Errors: SetupFileWrong, and then nothing was written.
    """
    text = read(path)
    plan = rows_of(text, environ, dialects)
    try:
        async with database.transaction() as tx:
            return await apply(tx, text, plan, seal=seal, dry_run=dry_run)
    except ConstraintBroken as error:
        said = f"does not fit what is on record ({error.constraint}): free that value there first, or apply again"
        raise SetupFileWrong(file=text.file, problems=[Problem(line=0, field="", text=said)]) from error


async def apply(tx: Tx, text: SetupText, plan: Plan, *, seal: Seal, dry_run: bool) -> list[Change]:
    """Within a transaction that begins here and is rolled back on an error. Errors: SetupFileWrong."""
    if dry_run:
        await sql.forbid_writing(tx)
    else:
        await sql.wait_for_turn(tx)
    run = Run(tx, text, seal, dry_run=dry_run)
    for table in TABLES:
        if rows := plan.rows.get(table.name):
            await sync.table(run, table, rows)
    if plan.openings:
        await opening.put_on_shelf(run, plan.openings)
    return run.changes
