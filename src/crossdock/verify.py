"""`crossdock verify`: the proof that stock, orders, boxes and codes agree with ledger and timeline."""

from rich.console import Console
from rich.table import Table

from crossdock.base.config import Config
from crossdock.core.audit import queries
from crossdock.core.audit.model import Checked
from crossdock.db.database import Database
from crossdock.opening import open_desk_of


async def checks(database: Database) -> list[Checked]:
    async with database.transaction() as tx:
        return await queries.verify(tx)


async def verify(config: Config, *, out: Console) -> bool:
    """Whether everything agrees."""
    async with open_desk_of(config) as desk:
        checked = await checks(desk.database)
    show(checked, out=out)
    return not any(check.findings for check in checked)


def show(checked: list[Checked], *, out: Console) -> None:
    table = Table(title="verify", title_justify="left")
    table.add_column("check")
    table.add_column("rows", justify="right")
    table.add_column("found", justify="right")
    for check in checked:
        found = len(check.findings)
        table.add_row(check.check, str(check.rows), f"[red]{found}[/red]" if found else "[green]0[/green]")
    out.print(table)
    for check in checked:
        for finding in check.findings:
            out.print(f"{finding.subject}: {finding.says}", markup=False, style="red", soft_wrap=True)
