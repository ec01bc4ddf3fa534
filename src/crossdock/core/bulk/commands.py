"""Taking a file in, and telling an import to begin, to be undone, or to be left."""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, SiteId
from crossdock.core.bulk import cells, sql
from crossdock.core.bulk.errors import ImportBusy, ImportUnknown, RowRepeated, RowWrong, TooManyAtOnce
from crossdock.core.bulk.kinds import KINDS
from crossdock.core.bulk.model import (
    ALL_ROWS_MAX,
    FILE_NAME_CHARACTERS_MAX,
    MOVES,
    Kind,
    KindName,
    Mode,
    Run,
    State,
)
from crossdock.core.bulk.people import PASSWORD
from crossdock.core.bulk.sheets import Sheet
from crossdock.core.staff import passwords
from crossdock.db.tx import Tx

JOB: Final = "bulk"
"""Of jobs/: an import goes on from where it is."""
INSERTED_AT_ONCE: Final = 5_000
PASSWORDS_MAX: Final = 500
"""Of one file: the hash of each is work on purpose."""


class Prepared:
    """A sheet that was looked at before any transaction: passwords are hashes now, units are known."""

    def __init__(self, kind: Kind, sheet: Sheet, rows: list[sql.NewRow]) -> None:
        self.kind, self.sheet, self.rows = kind, sheet, rows


async def prepared(kind_name: KindName, sheet: Sheet, *, profile: passwords.Profile = passwords.STANDARD) -> Prepared:
    """Errors: HeadingsInvalid, TooManyAtOnce; what is wrong with a row is noted beside it."""
    kind = KINDS[kind_name]
    cells.check_headings(kind.columns, sheet.headings)
    if kind_name == "staff" and sum(PASSWORD in row for row in sheet.rows) > PASSWORDS_MAX:
        raise TooManyAtOnce(rows=len(sheet.rows), rows_max=PASSWORDS_MAX)
    first: dict[tuple[str, ...], int] = {}
    wrong_of: dict[int, int] = {}
    rows = []
    for number, given in zip(sheet.numbers, sheet.rows, strict=True):
        wrong, hidden = None, None
        unit = first.setdefault(tuple(given.get(name, "") for name in kind.key), number)
        try:
            cells.read(kind.columns, given)
            if unit != number and not kind.joined:
                unit, about = number, unit
                raise RowRepeated(row=about)
            if kind_name == "staff" and (password := given.get(PASSWORD)):
                passwords.check(password)
                hidden = await passwords.hashed(password, profile=profile)
        except CrossdockError as error:
            wrong = error.sentence
            wrong_of.setdefault(unit, number)
        kept = {heading: text for heading, text in given.items() if heading != PASSWORD or kind_name != "staff"}
        rows.append(sql.NewRow(row_no=number, unit=unit, given=kept, hidden=hidden, wrong=wrong))
    together = [
        row
        if row.wrong is not None or row.unit not in wrong_of
        else structs.replace(row, wrong=RowWrong(row=wrong_of[row.unit]).sentence)
        for row in rows
    ]
    return Prepared(kind, sheet, together)


async def take_in(
    tx: Tx,
    file: Prepared,
    *,
    account_id: AccountId,
    site_id: SiteId | None,
    mode: Mode,
    file_name: str,
    actor: str,
    operation_id: str | None = None,
    in_background: bool = True,
) -> Run:
    """Keep the file and have it tried: a dry run begins in the background. The same operation takes it in once.

    Errors: TooManyAtOnce.
    """
    if mode == "all" and len(file.rows) > ALL_ROWS_MAX:
        raise TooManyAtOnce(rows=len(file.rows), rows_max=ALL_ROWS_MAX)
    run = await sql.insert_run(
        tx,
        account_id=account_id,
        site_id=site_id,
        kind=file.kind.name,
        mode=mode,
        file_name=file_name[:FILE_NAME_CHARACTERS_MAX],
        headings=[heading for heading in file.sheet.headings if heading != PASSWORD or file.kind.name != "staff"],
        rows=len(file.rows),
        actor=actor,
        operation_id=operation_id,
    )
    if run is None:
        return await sql.run_of_operation(tx, account_id=account_id, operation_id=operation_id or "")
    for start in range(0, len(file.rows), INSERTED_AT_ONCE):
        await sql.insert_rows(
            tx, account_id=account_id, run_id=run.id, rows=file.rows[start : start + INSERTED_AT_ONCE]
        )
    await _go_on(tx, run, in_background=in_background)
    return run


async def begin(tx: Tx, *, account_id: AccountId, run_id: int, in_background: bool = True) -> Run:
    """Import what the dry run looked at. One that runs already, or ran, stays as it is.

    Errors: ImportUnknown, ImportBusy.
    """
    run = await locked(tx, account_id=account_id, run_id=run_id)
    if run.state in ("running", "done"):
        return run
    if run.state == "refused":
        await sql.again(tx, account_id=account_id, run_id=run_id)
    run = await to_state(tx, run, "running")
    await _go_on(tx, run, in_background=in_background)
    return run


async def undo(tx: Tx, *, account_id: AccountId, run_id: int, in_background: bool = True) -> Run:
    """Take back all that it did, as far as that is possible. Errors: ImportUnknown, ImportBusy."""
    run = await locked(tx, account_id=account_id, run_id=run_id)
    if run.state in ("undoing", "undone"):
        return run
    run = await to_state(tx, run, "undoing")
    await _go_on(tx, run, in_background=in_background)
    return run


async def drop(tx: Tx, *, account_id: AccountId, run_id: int) -> Run:
    """Nothing is to come of it. Errors: ImportUnknown, ImportBusy."""
    run = await locked(tx, account_id=account_id, run_id=run_id)
    return run if run.state == "dropped" else await to_state(tx, run, "dropped")


async def locked(tx: Tx, *, account_id: AccountId, run_id: int) -> Run:
    """Errors: ImportUnknown."""
    run = await sql.run(tx, account_id=account_id, run_id=run_id, lock=True)
    if run is None:
        raise ImportUnknown(id=run_id)
    return run


async def to_state(tx: Tx, run: Run, to: State) -> Run:
    """Errors: ImportBusy."""
    states: Sequence[State] = [state for state, following in MOVES.items() if to in following]
    moved = await sql.set_state(tx, account_id=run.account_id, run_id=run.id, states=states, state=to)
    if moved is None:
        raise ImportBusy(id=run.id, state=run.state)
    return moved


async def _go_on(tx: Tx, run: Run, *, in_background: bool) -> None:
    if in_background:
        await tx.enqueue(JOB, lock=f"{JOB}:{run.id}", account_id=run.account_id, run_id=run.id)
