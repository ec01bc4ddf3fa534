"""An import in tests: a file as text, tried, done and undone."""

from typing import Any

from crossdock.core.bulk import commands, queries, running, sheets
from crossdock.core.bulk.model import KindName, Mode, Run
from crossdock.core.staff import passwords
from tests.world import ACCOUNT, WAREHOUSE, World


class Loading:
    def __init__(self, world: World) -> None:
        self.world = world

    async def tried(self, kind: KindName, text: str, *, mode: Mode = "rows", **more: Any) -> Run:
        """Taken in, and gone through by the dry run."""
        prepared = await commands.prepared(kind, sheets.read(text.encode()), profile=passwords.CHEAP)
        asked = {"account_id": ACCOUNT, "site_id": WAREHOUSE, "file_name": "f.csv", "actor": "boss"} | more
        async with self.world.desk.database.transaction() as tx:
            run = await commands.take_in(tx, prepared, mode=mode, in_background=False, **asked)
        return await self.went_on(run)

    async def went_on(self, run: Run) -> Run:
        return await running.go_on(self.world.desk.database, account_id=run.account_id, run_id=run.id)

    async def begun(self, run: Run) -> Run:
        async with self.world.desk.database.transaction() as tx:
            return await commands.begin(tx, account_id=run.account_id, run_id=run.id, in_background=False)

    async def imported(self, kind: KindName, text: str, *, mode: Mode = "rows", **more: Any) -> Run:
        return await self.went_on(await self.begun(await self.tried(kind, text, mode=mode, **more)))

    async def undone(self, run: Run) -> Run:
        async with self.world.desk.database.transaction() as tx:
            now = await commands.undo(tx, account_id=run.account_id, run_id=run.id, in_background=False)
        return await self.went_on(now)

    async def said(self, run: Run) -> list[tuple[str, str]]:
        """Status and reason of each row, as the result file prints them."""
        return [(row[-2], row[-1]) async for row in queries.result(self.world.desk.database, run)][1:]
