"""`crossdock cancels`: what owners asked to call off while the floor works on it, and the floor's word."""

from rich.console import Console
from rich.table import Table

from crossdock.base.config import Config
from crossdock.core.fulfilment import calling_off
from crossdock.opening import open_desk_of


async def list_(config: Config, *, out: Console) -> None:
    """Those that nobody has decided, oldest first."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        rows = await calling_off.all_waiting(tx)
    table = Table()
    for title in ("id", "account", "order", "what", "why", "asked by"):
        table.add_column(title, overflow="fold")
    for row in rows:
        what = ", ".join(f"{pieces} of line {key}" for key, pieces in row.wanted.items()) or "all of it"
        table.add_row(str(row.id), str(row.account_id), row.number, what, row.reason, row.actor)
    out.print(table)


async def decide(config: Config, request_id: int, *, granted: bool, out: Console) -> None:
    """Errors: CancelUnknown, CancelDecided, StateForbids, CancelTooMuch."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        account_id = await calling_off.account_of(tx, request_id)
        orders = await calling_off.decide(
            tx, account_id=account_id, request_id=request_id, granted=granted, actor="crossdock cancels"
        )
    for order in orders:
        out.print(f"{order.kind} {order.number}: {order.state}", markup=False)
