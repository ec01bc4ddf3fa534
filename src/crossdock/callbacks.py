"""`crossdock callbacks`: what partners were told or are still to be told, every try of it, and sending it again."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crossdock.base.config import Config
from crossdock.base.ids import CallbackId
from crossdock.core.accounts import sql as accounts
from crossdock.db.database import Database
from crossdock.db.tx import Tx
from crossdock.delivery import commands, queries
from crossdock.delivery.model import Attempt, CallbackRow, State
from crossdock.opening import open_desk_of

BODY_CHARS_SHOWN: Final = 2_000
COLOURS: Final[dict[State, str]] = {"waiting": "yellow", "delivered": "green", "parked": "red", "skipped": "dim"}
AT_A_TIME: Final = queries.LISTED_MAX
"""Of one transaction, where many are sent again."""


async def list_(
    config: Config, *, state: State | None, receiver: str | None, account: str | None, limit: int, out: Console
) -> None:
    """Newest first. Errors: AccountUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        account_id = None if account is None else (await accounts.known_account(tx, account)).id
        rows = await queries.list_callbacks(tx, account_id=account_id, state=state, receiver=receiver, limit=limit)
        counted = await queries.count_by_state(tx, account_id=account_id, receiver=receiver)
    out.print(listed(rows))
    out.print(", ".join(f"{count} {name}" for name, count in counted.items()) or "There is none.", markup=False)


async def show(config: Config, callback_id: int, *, out: Console) -> None:
    """One, with every try. Errors: CallbackUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        row = await queries.callback(tx, CallbackId(callback_id))
        tries = await queries.attempts(tx, row.id)
    out.print(listed([row]))
    for one in tries:
        _print_try(one, out)


async def resend(
    config: Config, ids: Sequence[int], *, parked: bool, receiver: str | None, dry_run: bool, out: Console
) -> int:
    """Those of the ids, or all that are parked; how many. A dry run only lists them. Errors: CallbackUnknown."""
    async with open_desk_of(config) as desk:
        if parked:
            return await _resend_parked(desk.database, receiver=receiver, dry_run=dry_run, out=out)
        async with desk.database.transaction() as tx:
            for id_ in ids:
                if dry_run:
                    out.print(listed([await queries.callback(tx, CallbackId(id_))]))
                else:
                    await commands.resend(tx, callback_id=CallbackId(id_))
    out.print(f"{len(ids)} {'would go' if dry_run else 'go'} again.")
    return len(ids)


async def give_up(config: Config, callback_id: int, *, out: Console) -> None:
    """Errors: CallbackUnknown, CallbackNotParked."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        await commands.give_up(tx, callback_id=CallbackId(callback_id))
    out.print(f"{callback_id} is left unsent; what waits behind it goes on.")


def listed(rows: Sequence[CallbackRow]) -> Table:
    table = Table()
    for title in ("id", "state", "receiver", "event", "about", "tries", "next", "why not"):
        table.add_column(title, justify="right" if title in ("id", "tries") else "left", overflow="fold")
    for row in rows:
        due = row.due_at if row.state == "waiting" else row.done_at
        waits = "behind another" if row.state == "waiting" and row.due_at is None else ""
        table.add_row(
            str(row.id),
            f"[{COLOURS[row.state]}]{row.state}[/]",
            f"{row.dialect} {row.receiver}",
            row.kind,
            row.mailbox,
            str(row.attempts),
            waits or (f"{due:%Y-%m-%d %H:%M:%S}" if due else ""),
            (row.refusal or "").replace("[", r"\["),
        )
    return table


async def _resend_parked(database: Database, *, receiver: str | None, dry_run: bool, out: Console) -> int:
    async with database.transaction(readonly=True) as tx:
        total = (await queries.count_by_state(tx, receiver=receiver)).get("parked", 0)
        if dry_run:
            rows = await queries.list_callbacks(tx, state="parked", receiver=receiver, limit=AT_A_TIME)
            out.print(listed(rows))
            more = f" The newest {len(rows)} are shown." if len(rows) < total else ""
            out.print(f"{total} would go again.{more}")
            return total
    done = 0
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("sending again", total=total)
        while done < total:
            async with database.transaction() as tx:
                count = await _resend_some(tx, receiver=receiver, limit=min(AT_A_TIME, total - done))
            if not count:
                break
            done += count
            progress.update(task, completed=done)
    out.print(f"{done} go again.")
    return done


async def _resend_some(tx: Tx, *, receiver: str | None, limit: int) -> int:
    rows = await queries.list_callbacks(tx, state="parked", receiver=receiver, limit=limit)
    for row in rows:
        await commands.resend(tx, callback_id=row.id)
    return len(rows)


def _print_try(one: Attempt, out: Console) -> None:
    took_ms = (one.ended_at - one.started_at).total_seconds() * 1_000
    said = one.failure or "heard"
    status = "" if one.status is None else f", HTTP {one.status}"
    out.print(
        f"\ntry {one.number}, {one.started_at:%Y-%m-%d %H:%M:%S}, {took_ms:.0f} ms{status}: {said}", markup=False
    )
    for name, text in (("sent", one.body), ("answered", one.answer)):
        if text:
            cut = " …" if len(text) > BODY_CHARS_SHOWN else ""
            out.print(f"  {name}: {text[:BODY_CHARS_SHOWN]}{cut}", markup=False, soft_wrap=True)
