"""Imports and exports: a file is tried, done, and taken back, and everything can be taken out as one."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, cast, get_args

from litestar import MediaType, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Stream

from crossdock.base.errors import PathUnknown
from crossdock.base.ids import AccountId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, operator
from crossdock.console.web import PageRequest
from crossdock.core.accounts import sql as accounts
from crossdock.core.bulk import commands, queries, sheets
from crossdock.core.bulk.errors import (
    HeadingsInvalid,
    ImportBusy,
    ImportUnknown,
    SheetEmpty,
    SheetTooLarge,
    SheetUnreadable,
    TooManyAtOnce,
)
from crossdock.core.bulk.kinds import KINDS
from crossdock.core.bulk.model import KindName, Mode, Run
from crossdock.core.operators import deeds

HERE: Final = f"{PREFIX}/bulk"
UPLOAD_BYTES_MAX: Final = sheets.FILE_BYTES_MAX + 65_536
"""The file, and the fields beside it."""
BAD_ROWS_SHOWN: Final = 50
CHUNK_BYTES: Final = 65_536
BUSY: Final = frozenset({"checking", "running", "undoing"})
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

TEXTS: Final = {
    "bulk": "Import and export",
    "import": "Import a file",
    "what": "What",
    "file": "CSV or XLSX",
    "account": "Account",
    "site": "Place where a row names none",
    "any_site": "none",
    "mode": "When a row is refused",
    "mode_rows": "The others are done all the same",
    "mode_all": "Nothing is done",
    "try": "Try the file",
    "try_hint": "Nothing is written yet: you see what each row would do first.",
    "columns": "Columns: {names}. Those in capitals must be there.",
    "export": "Export",
    "export_hint": "With the columns that an import takes.",
    "imports": "Imports",
    "products": "Products",
    "stock": "Stock",
    "orders": "Orders",
    "staff": "People",
    "state": "State",
    "rows": "Rows",
    "wrong": "Wrong",
    "done_rows": "Done",
    "failed": "Refused",
    "by": "By",
    "since": "Since",
    "checking": "being tried",
    "checked": "tried, not done",
    "running": "being done",
    "done": "done",
    "refused": "refused, nothing done",
    "undoing": "being taken back",
    "undone": "taken back",
    "dropped": "left",
    "begin": "Import these rows",
    "again": "Try again to import them",
    "drop": "Leave it",
    "undo": "Take all of it back",
    "undo_why": "What was changed since stays as it is, and says why.",
    "result": "The file with status and reason",
    "created": "created",
    "changed": "changed",
    "unchanged": "unchanged",
    "would": "would be",
    "bad_rows": "Rows that are refused",
    "row": "Row",
    "status": "Status",
    "why": "Why",
    "more_bad": "These are the first {rows}; the file has all of them.",
    "progress": "{part} of {all} rows",
    "kept": "stay as they are",
    "back": "All imports",
    "told_begin": "The rows are being imported.",
    "told_drop": "The import is left; nothing was done.",
    "told_undo": "The import is being taken back.",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        SheetUnreadable: "This file cannot be read: {why}. Save it as CSV (UTF-8) or XLSX and try again.",
        SheetTooLarge: "This file is too large: 20 MB, 50,000 rows and 64 columns at most. Split it and try again.",
        SheetEmpty: "This file has no rows below its headings.",
        HeadingsInvalid: "The headings do not fit. Missing: {missing}. Repeated: {repeated}.",
        TooManyAtOnce: "So many rows cannot be done all or none: {rows_max} at most. Let the others be done.",
        ImportBusy: "This import is in another state by now. Look at it again.",
        ImportUnknown: "There is no such import.",
    },
)
ENTRY: Final = Entry(path=HERE, title="Import and export", operators=True)


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    return await _list(request, await operator(request, write=False))


@post(HERE, request_max_body_size=UPLOAD_BYTES_MAX)
async def take_in(request: PageRequest) -> Response[Any]:
    who = await operator(request, write=True)

    async def do(form: Form) -> Response[Any]:
        file = (await request.form()).get("file")
        kind, mode = form.text("kind"), form.text("mode")
        if kind not in KINDS:
            raise FieldWrong(field="kind", value=kind)
        if mode not in get_args(Mode):
            raise FieldWrong(field="mode", value=mode)
        if not isinstance(file, UploadFile):
            raise FieldWrong(field="file", value="")
        account_id = _account(who, form)
        code = form.text("site")
        raw = await file.read()
        prepared = await commands.prepared(cast(KindName, kind), await asyncio.to_thread(sheets.read, raw))
        async with who.desk.database.transaction() as tx:
            site = await accounts.site(tx, account_id=account_id, code=code) if code else None
            if code and site is None:
                raise FieldWrong(field="site", value=forms.shortened(code))
            run = await commands.take_in(
                tx,
                prepared,
                account_id=account_id,
                site_id=None if site is None else site.id,
                mode=cast(Mode, mode),
                file_name=Path(file.filename).name or kind,
                actor=who.actor,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, f"{HERE}/{run.id}")

    return await forms.act(request, who, SAYS, do, lambda failure: _list(request, who, failure))


@get(HERE + "/{run_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, run_id: FromPath[int]) -> Response[Any]:
    return await _one(request, await operator(request, write=False), run_id)


@post(HERE + "/{run_id:int}")
async def go_on(request: PageRequest, run_id: FromPath[int]) -> Response[Any]:
    who = await operator(request, write=True)

    async def do(form: Form) -> Response[Any]:
        run = await _run(who, run_id)
        deed = form.text("deed")
        if f"told_{deed}" not in TEXTS:
            raise FieldWrong(field="deed", value=deed)
        async with who.desk.database.transaction() as tx:
            deed_done: dict[str, Any] = {"action": f"{deed}_import", "subject": f"import:{run.id}"}
            if await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                return forms.done(request, who, f"{HERE}/{run.id}")
            if deed == "begin":
                await commands.begin(tx, account_id=run.account_id, run_id=run.id)
            elif deed == "drop":
                await commands.drop(tx, account_id=run.account_id, run_id=run.id)
            else:
                await commands.undo(tx, account_id=run.account_id, run_id=run.id)
            await deeds.record(
                tx,
                by=who.by,
                account_id=run.account_id,
                **deed_done,
                reason=form.text("reason"),
                operation_id=form.operation_id,
            )
        return forms.done(request, who, f"{HERE}/{run.id}", TEXTS[f"told_{deed}"])

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, run_id, failure))


@get(HERE + "/{run_id:int}/{file:str}")
async def result(request: PageRequest, run_id: FromPath[int], file: FromPath[str]) -> Response[Any]:
    """`result.csv` or `result.xlsx`."""
    who = await operator(request, write=False)
    name, _, format_ = file.partition(".")
    if name != "result":
        raise PathUnknown()
    run = await _run(who, run_id)
    return await as_file(queries.result(who.desk.database, run), f"{run.kind}-{run.id}", format_)


@get(HERE + "/export/{file:str}")
async def export(request: PageRequest, file: FromPath[str]) -> Response[Any]:
    """`products.csv`, `orders.xlsx`, and so on, of the account that the address names."""
    who = await operator(request, write=False)
    kind, _, format_ = file.partition(".")
    code = request.query_params.get("account", "")
    async with who.desk.database.autocommit() as tx:
        account = who.account or await accounts.account_by_code(tx, code)
    if kind not in KINDS or account is None:
        raise PathUnknown()
    rows = queries.export(who.desk.database, kind_name=cast(KindName, kind), account_id=account.id)
    return await as_file(rows, f"{account.code}-{kind}", format_)


async def _list(request: PageRequest, who: Somebody, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        all_accounts = await accounts.all_accounts(tx)
        seen = [account for account in all_accounts if who.scope.holds(account.id)]
        runs = await queries.runs(
            tx,
            account_ids=[account.id for account in seen],
            before=screen.after(request) or queries.NEWEST,
            limit=screen.ROWS_MAX + 1,
        )
    columns = {
        kind.name: [column.name.upper() if column.required else column.name for column in kind.columns]
        for kind in KINDS.values()
    }
    return screen.show(
        request,
        who,
        SAYS,
        "office/bulk.html",
        here=HERE,
        failure=failure,
        accounts=seen,
        codes={account.id: account.code for account in seen},
        kinds=list(KINDS),
        columns=columns,
        runs=screen.Rows.of(request, runs, key=lambda run: run.id),
    )


async def _one(request: PageRequest, who: Somebody, run_id: int, failure: Failure | None = None) -> Response[Any]:
    run = await _run(who, run_id)
    async with who.desk.database.autocommit() as tx:
        bad = await queries.rows(
            tx, account_id=run.account_id, run_id=run.id, limit=BAD_ROWS_SHOWN + 1, only_bad=True
        )
        counted = await queries.deeds(tx, account_id=run.account_id, run_id=run.id)
    part = {"checking": run.looked_at, "running": run.worked, "undoing": run.undone + run.kept}
    return screen.show(
        request,
        who,
        SAYS,
        "office/bulk_run.html",
        scripts=("again",) if run.state in BUSY else (),
        here=f"{HERE}/{run.id}",
        failure=failure,
        run=run,
        counted=counted,
        part=part.get(run.state),
        busy=run.state in BUSY,
        bad=[(row.row_no, *queries.said_of(row)) for row in bad[:BAD_ROWS_SHOWN]],
        more_bad=len(bad) > BAD_ROWS_SHOWN,
        tried=run.state in ("checking", "checked", "refused", "dropped"),
    )


async def _run(who: Somebody, run_id: int) -> Run:
    """Errors: ImportUnknown."""
    async with who.desk.database.autocommit() as tx:
        account_id = await queries.account_of(tx, run_id)
        if not who.scope.holds(account_id):
            raise ImportUnknown(id=run_id)
        return await queries.run(tx, account_id=account_id, run_id=run_id)


def _account(who: Somebody, form: Form) -> AccountId:
    """Errors: FieldWrong."""
    account_id = AccountId(form.number("account"))
    if not who.scope.holds(account_id):
        raise FieldWrong(field="account", value=str(account_id))
    return account_id


async def as_file(rows: AsyncIterator[list[str]], name: str, format_: str) -> Response[Any]:
    """Written beside the event loop, sent piece by piece, and gone after it. Errors: PathUnknown."""
    if format_ not in TYPES:
        raise PathUnknown()
    handle, path = await asyncio.to_thread(tempfile.mkstemp, f".{format_}")
    os.close(handle)
    try:
        await sheets.written(Path(path), rows, format_=cast(sheets.Format, format_))
        file = await asyncio.to_thread(open, path, "rb")
    finally:
        await asyncio.to_thread(os.unlink, path)

    async def pieces() -> AsyncIterator[bytes]:
        with file:
            while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield piece

    return Stream(
        pieces(),
        media_type=TYPES[format_],
        headers={
            "content-disposition": f'attachment; filename="{name}.{format_}"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
    )


HANDLERS: Final = [listed, take_in, one, go_on, result, export]
