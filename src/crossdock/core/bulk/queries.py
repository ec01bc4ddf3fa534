"""Reading imports, and exporting what is on record."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.bulk import sql
from crossdock.core.bulk.errors import ImportUnknown
from crossdock.core.bulk.kinds import KINDS
from crossdock.core.bulk.model import LISTED_MAX, Ground, KindName, Row, Run
from crossdock.db.database import Database
from crossdock.db.tx import Tx

NEWEST: Final = 2**62
ROWS_AT_ONCE: Final = 1_000
RESULT: Final = ("status", "reason")
"""What a result file adds to the file that was given."""


async def run(tx: Tx, *, account_id: AccountId, run_id: int) -> Run:
    """Errors: ImportUnknown."""
    found = await sql.run(tx, account_id=account_id, run_id=run_id)
    if found is None:
        raise ImportUnknown(id=run_id)
    return found


async def account_of(tx: Tx, run_id: int) -> AccountId:
    """Errors: ImportUnknown."""
    found = await sql.account_of(tx, run_id=run_id)
    if found is None:
        raise ImportUnknown(id=run_id)
    return found


async def runs(
    tx: Tx, *, account_ids: Sequence[AccountId], before: int = NEWEST, limit: int = LISTED_MAX
) -> list[Run]:
    """Newest first; `before` is the id to go on from."""
    return await sql.runs(tx, account_ids=account_ids, before=before, limit=min(limit, LISTED_MAX))


async def rows(
    tx: Tx, *, account_id: AccountId, run_id: int, after: int = 0, limit: int = LISTED_MAX, only_bad: bool = False
) -> list[Row]:
    """In the order of the file; `only_bad`: what was or would be refused."""
    return await sql.rows_after(tx, account_id=account_id, run_id=run_id, after=after, limit=limit, only_bad=only_bad)


async def deeds(tx: Tx, *, account_id: AccountId, run_id: int) -> dict[str, int]:
    """How many rows it would create, change, and leave; or did."""
    return dict(await sql.deeds(tx, account_id=account_id, run_id=run_id))


async def result(database: Database, run: Run) -> AsyncIterator[list[str]]:
    """The file that was given, with RESULT behind each row. The first row is the headings."""
    yield [*run.headings, *RESULT]
    after = 0
    while True:
        async with database.autocommit() as tx:
            page = await rows(tx, account_id=run.account_id, run_id=run.id, after=after, limit=ROWS_AT_ONCE)
        for row in page:
            yield [*(row.given.get(heading, "") for heading in run.headings), *said_of(row)]
        if len(page) < ROWS_AT_ONCE:
            return
        after = page[-1].row_no


def said_of(row: Row) -> tuple[str, str]:
    """Status and reason of one row, whatever its import has come to."""
    if row.status == "waiting":
        return (f"would be {row.would}", "") if row.would else ("wrong" if row.wrong else "waiting", row.wrong or "")
    if row.status == "done":
        return (row.deed or "done", f"not undone: {row.reason}" if row.reason else "")
    return row.status, row.reason or ""


async def export(
    database: Database, *, kind_name: KindName, account_id: AccountId, site_id: SiteId | None = None
) -> AsyncIterator[list[str]]:
    """All of a kind, page by page, each as it is at its moment. The first row is the headings."""
    kind = KINDS[kind_name]
    yield list(kind.exported)
    after = 0
    while True:
        async with database.autocommit() as tx:
            page, after = await kind.page(tx, await _ground(tx, account_id, site_id, kind_name), after)
        for row in page:
            yield [row.get(heading, "") for heading in kind.exported]
        if not after:
            return


async def _ground(tx: Tx, account_id: AccountId, site_id: SiteId | None, kind: KindName) -> Ground:
    account = await accounts.account(tx, account_id)
    site = None if site_id is None else await accounts.site_by_id(tx, account_id=account_id, site_id=site_id)
    if account is None or (site is None and site_id is not None):
        raise ImportUnknown()
    return Ground(account=account, site=site)
