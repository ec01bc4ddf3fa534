"""`crossdock notices`."""

from datetime import datetime
from typing import Annotated

import typer

from crossdock import notices
from crossdock.cli import terminal
from crossdock.core.notices import queries as notice_queries
from crossdock.core.notices.model import Channel, Kind, Language
from crossdock.core.notices.model import State as NoticeState

app = typer.Typer(
    no_args_is_help=True, help="What buyers are told of their parcels, every try of it, and sending it again."
)
_OfState = Annotated[NoticeState | None, typer.Option(help="Only those in this state.")]
_OfKind = Annotated[Kind | None, typer.Option(help="Only those of this kind.")]
_ByChannel = Annotated[Channel | None, typer.Option(help="Only those by this channel.")]
_OfNumber = Annotated[str | None, typer.Option(help="Only those of the order with this number.")]
_Since = Annotated[datetime | None, typer.Option(help="Only those on record since then, in UTC.")]


@app.command("list")
def list_notices(
    state: _OfState = None,
    kind: _OfKind = None,
    channel: _ByChannel = None,
    number: _OfNumber = None,
    since: _Since = None,
    account: Annotated[str | None, typer.Option(help="Only those of the account with this code.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=notice_queries.LISTED_MAX)] = 50,
) -> None:
    """The newest notices to buyers, and how many there are in each state."""
    only = notice_queries.only(state=state, kind=kind, channel=channel, number=number, since=notices.in_utc(since))
    terminal.run(notices.list_(terminal.config(), only, account=account, limit=limit, out=terminal.out))


@app.command("show")
def show_notice(
    notice_id: Annotated[int, typer.Argument(min=1, metavar="ID")],
    reveal: Annotated[bool, typer.Option("--reveal", help="With the code and the address of the page.")] = False,
) -> None:
    """One notice with every try, and what it says, its code masked."""
    terminal.run(notices.show(terminal.config(), notice_id, reveal=reveal, out=terminal.out))


@app.command("resend")
def resend_notices(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="All that were given up.")] = False,
    kind: _OfKind = None,
    channel: _ByChannel = None,
    number: _OfNumber = None,
    since: _Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go again.")] = False,
) -> None:
    """Send notices again, with all their tries before them; the filters narrow down --parked."""
    only = notice_queries.only(kind=kind, channel=channel, number=number, since=notices.in_utc(since))
    if bool(ids) == parked or (ids and only):
        raise typer.BadParameter("name ids, or give --parked and what narrows it down")
    terminal.run(
        notices.resend(
            terminal.config(), ids or [], parked=only if parked else None, dry_run=dry_run, out=terminal.out
        )
    )


@app.command("test")
def try_notices(
    channel: Annotated[Channel, typer.Argument(help="email, sms or log.")],
    to: Annotated[str, typer.Option(help="An address of your own.")],
    language: Annotated[Language, typer.Option(help="What it is written in.")] = "en",
) -> None:
    """Send a sample at once; exit code 1 when it is not taken."""
    if not terminal.run(notices.try_out(terminal.config(), channel, to=to, language=language, out=terminal.out)):
        raise typer.Exit(terminal.FAILED)
