"""`crossdock` on the command line. Each command is a screenful; what it does lives elsewhere."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from crossdock import (
    callbacks,
    cameras,
    cancels,
    dialects,
    doctor,
    evidence,
    lockers,
    notices,
    orders,
    receiver,
    running,
    server,
    signing,
    simulate,
    staff,
    users,
    verify,
)
from crossdock.app import check_settings, database_url, open_desk_of
from crossdock.base import logs
from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.console.evidence import HOURS, HOURS_MAX
from crossdock.core.notices import queries as notice_queries
from crossdock.core.notices.model import Channel, Kind, Language
from crossdock.core.notices.model import State as NoticeState
from crossdock.core.staff.model import LISTED_MAX, Role
from crossdock.db import migrate as migrations
from crossdock.delivery import queries
from crossdock.delivery.model import State
from crossdock.journey import play
from crossdock.setup.apply import apply_file

PAPER_WIDTH = 132
"""Of tables that go into a file."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
callbacks_app = typer.Typer(
    no_args_is_help=True, help="What partners are told, every try of it, and sending it again."
)
camera_app = typer.Typer(
    no_args_is_help=True, help="Film of packing stations: recording it, and keeping that of an order."
)
cancels_app = typer.Typer(no_args_is_help=True, help="What owners want to call off while the floor works on it.")
orders_app = typer.Typer(no_args_is_help=True, help="Money that came for an order, or was given back.")
simulate_app = typer.Typer(no_args_is_help=True, help="Play what is not there, for trials and tests.")
lockers_app = typer.Typer(
    no_args_is_help=True,
    help="What is wrong at the cabinets, parcels that nobody takes, and who may come to the broker.",
)
staff_app = typer.Typer(
    no_args_is_help=True,
    help="Who works at the shops' counters: names, roles, passwords, who is logged in, and what was done.",
)
notices_app = typer.Typer(
    no_args_is_help=True, help="What buyers are told of their parcels, every try of it, and sending it again."
)
users_app = typer.Typer(no_args_is_help=True, help="People of enterprises, who look for film: their tokens.")
app.add_typer(callbacks_app, name="callbacks")
app.add_typer(camera_app, name="camera")
app.add_typer(cancels_app, name="cancels")
app.add_typer(lockers_app, name="lockers")
app.add_typer(notices_app, name="notices")
app.add_typer(orders_app, name="orders")
app.add_typer(staff_app, name="staff")
app.add_typer(users_app, name="users")
app.add_typer(simulate_app, name="simulate")
out = Console(highlight=False, width=None if sys.stdout.isatty() else PAPER_WIDTH)
err = Console(stderr=True, highlight=False)
T = TypeVar("T")
Username = Annotated[str, typer.Argument(metavar="NAME", help="One over all shops and accounts.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why; it stands in the history.")]
AccountOfShop = Annotated[
    str | None, typer.Option(help="The account's code, where several have a shop of this code.")
]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]

ASKED, GIVEN, GENERATED = "asked", "given", "generated"
"""Where a password comes from."""
FAILED = 1
STOPPED = 128
"""And the number of the signal, as a shell says it: 130 after Ctrl-C."""


@app.command()
def serve(
    workers: Annotated[int, typer.Option(min=1, help="Web processes on the port.")] = 1,
    work: Annotated[bool, typer.Option(help="Also deliver callbacks, speak to cabinets and run jobs.")] = True,
) -> None:
    """Answer the partner APIs, until Ctrl-C."""
    config = _config()
    logs.set_up()
    if workers > 1:
        raise typer.Exit(0 if _say_why(lambda: server.serve_many(config, workers)) else FAILED)
    _run(server.serve(config) if work else server.serve_web(config))


@app.command()
def worker() -> None:
    """Deliver callbacks and notices, speak to cabinets and run jobs, until Ctrl-C."""
    config = _config()
    logs.set_up()
    _run(server.work(config))


@app.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Prove on a scratch database that all is described.")
    ] = False,
) -> None:
    """Bring the database to the newest schema."""
    if check:
        _say_why(migrations.prove)
        out.print("The migrations make exactly the schema that is described.")
        return

    async def run() -> list[str]:
        async with database_url(_config()) as url:
            return await asyncio.to_thread(migrations.upgrade, url)

    applied = _run(run())
    out.print(f"Applied: {', '.join(applied)}." if applied else "Nothing to apply.")


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A setup file, as examples/demo.toml.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the differences and write nothing.")] = False,
) -> None:
    """Create or update what an operator owns, as the setup file says. Applied twice, it changes nothing."""

    async def run() -> list[Any]:
        async with open_desk_of(_config()) as desk:
            return await apply_file(
                file,
                database=desk.database,
                seal=desk.seal,
                environ=os.environ,
                dry_run=dry_run,
                dialects=dialects.names(),
            )

    changes = _run(run())
    for change in changes:
        out.print(str(change), markup=False, soft_wrap=True)
    done = "would change" if dry_run else "changed"
    out.print(f"{len(changes)} {done}." if changes else "Nothing to change.")


@app.command()
def journey(
    once: Annotated[bool, typer.Option("--once", help="Stop after it; exit code 1 when a step fails.")] = False,
    examples: Annotated[Path, typer.Option(help="Folder with demo.toml and journey.toml.")] = Path("examples"),
    picture: Annotated[Path | None, typer.Option(help="Also draw what is printed, as SVG.")] = None,
) -> None:
    """Take orders from the shelf to the hand through all five APIs, then go on serving.

    A server that answers on the port already is used; otherwise everything is started here.
    """
    config = _config()
    _say_why(lambda: logs.set_up(path=logs.file_in(config.var)))
    shown = out if picture is None else Console(highlight=False, record=True, width=PAPER_WIDTH)
    went_well = _run(play.journey(config, examples, out=shown, once=once))
    if picture is not None:
        shown.save_svg(str(picture), title="crossdock journey")
    raise typer.Exit(0 if went_well else FAILED)


@app.command()
def sign(
    dialect: Annotated[str, typer.Argument(help="birdsystem, hongxun, ovopark, bestwond or heidian.")],
    secret: Annotated[str, typer.Option(envvar="CROSSDOCK_SIGN_SECRET", help="The key's secret.")] = "",
    query: Annotated[str, typer.Option(help="The query of the address, without the question mark.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="A header, as 'name: value'; may be repeated.")] = None,
    signature: Annotated[str, typer.Option(help="A signature to compare with.")] = "",
    file: Annotated[Path | None, typer.Option(help="The body; standard input when not given.")] = None,
    only: Annotated[bool, typer.Option("--only", help="Print the signature and nothing else, for scripts.")] = False,
) -> None:
    """Print what is signed of a request, its signature, and where a given one differs."""

    def run() -> bool:
        raw = sys.stdin.buffer.read() if file is None else file.read_bytes()
        signed = signing.explain(dialect, raw, query=query, headers=header or [], secret=secret)
        if only:
            typer.echo(signed.signature)
            return True
        return signing.show(signed, given=signature, out=out)

    raise typer.Exit(0 if _say_why(run) else FAILED)


@app.command(name="receiver")
def receiver_command(
    dialect: Annotated[str, typer.Argument(help="Whose callbacks: hongxun or bestwond.")],
    secret: Annotated[str, typer.Option(envvar="CROSSDOCK_RECEIVER_SECRET", help="What they are signed with.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 takes a free one.")] = 8090,
    answer: Annotated[receiver.Answer, typer.Option(help="What is answered to a good callback.")] = "ok",
    first: Annotated[
        int | None, typer.Option(min=1, help="Only so many are answered like this, the others well.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, max=3_600, help="Seconds before each answer.")] = 0.0,
    bodies: Annotated[bool, typer.Option("--bodies", help="Print what arrives, whole.")] = False,
) -> None:
    """Play a partner: check what arrives, print it, and fail, wait or talk nonsense when told to."""
    behaviour = receiver.Behaviour(answer=answer, first=first, wait_s=wait)

    async def play_partner() -> None:
        partner = receiver.Receiver(dialect, secret=secret, behaviour=behaviour, out=out, bodies=bodies)
        await receiver.listen(partner, port=port, out=out)

    _run(play_partner())


@app.command(name="doctor")
def doctor_command() -> None:
    """Look at database, migrations, clock, disk, broker, e-mail, SMS and port, and say what to do."""
    raise typer.Exit(0 if _run(doctor.look(_config(check=False), out=out)) else FAILED)


@app.command(name="verify")
def verify_command() -> None:
    """Replay ledger and timeline; exit code 1 and a list when stock, boxes or codes do not agree."""
    raise typer.Exit(0 if _run(verify.verify(_config(), out=out)) else FAILED)


@callbacks_app.command("list")
def list_callbacks(
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    receiver: Annotated[str | None, typer.Option(help="Only those of a receiver of this name.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of the account with this code.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=queries.LISTED_MAX)] = 50,
) -> None:
    """The newest callbacks, and how many there are in each state."""
    _run(callbacks.list_(_config(), state=state, receiver=receiver, account=account, limit=limit, out=out))


@callbacks_app.command("show")
def show_callback(callback_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """One callback with every try: what was sent, what was answered."""
    _run(callbacks.show(_config(), callback_id, out=out))


@callbacks_app.command("resend")
def resend_callbacks(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="All that were given up.")] = False,
    receiver: Annotated[str | None, typer.Option(help="Of those, only of a receiver of this name.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go again.")] = False,
) -> None:
    """Send callbacks again, with all their retries before them."""
    if bool(ids) == parked:
        raise typer.BadParameter("name ids, or give --parked")
    _run(callbacks.resend(_config(), ids or [], parked=parked, receiver=receiver, dry_run=dry_run, out=out))


@callbacks_app.command("give-up")
def give_up_callback(callback_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """Leave a parked callback unsent: what waits behind it goes on."""
    _run(callbacks.give_up(_config(), callback_id, out=out))


@app.command("evidence")
def show_evidence(
    number: Annotated[str | None, typer.Argument(help="Of the order.", show_default=False)] = None,
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=HOURS_MAX, help="For so long the address is good.")] = HOURS,
    bundle: Annotated[Path | None, typer.Option(metavar="FILE.zip", help="Write it sealed into a file.")] = None,
    public_key: Annotated[bool, typer.Option("--public-key", help="Print what bundles are verified with.")] = False,
) -> None:
    """Print the address of a parcel's evidence page, or write the sealed bundle of it."""
    if (number is None) != public_key:
        raise typer.BadParameter("name an order, or give --public-key")
    if number is None:
        _say_why(lambda: evidence.show_public_key(_config(), out=out))
    elif bundle is not None:
        _run(evidence.bundle(_config(), number, bundle, account=account, out=out))
    else:
        _run(evidence.show(_config(), number, account=account, hours=hours, out=out))


@camera_app.command("record")
def record_cameras(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or ids of cameras.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are switched on, later ones too.")] = False,
) -> None:
    """Record cameras, until Ctrl-C."""
    if bool(names) == all_:
        raise typer.BadParameter("name cameras, or give --all")
    config = _config()
    logs.set_up()
    _run(cameras.record(config, names or [], out=out))


@camera_app.command("list")
def list_cameras() -> None:
    """Whether each is recorded, until when there is film, how far its clock is off, and how much is kept."""
    _run(cameras.list_(_config(), out=out))


@camera_app.command("check")
def check_camera(name: Annotated[str, typer.Argument(help="Or its id.", show_default=False)]) -> None:
    """Connect to a camera and say what comes: codec, size, key frames, and how far its clock is off."""
    _run(cameras.check(_config(), name, out=out))


@camera_app.command("hold")
def hold_film(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why; it stands on the order's timeline.")],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """Keep the film of an order's packing, however old it gets."""
    _run(cameras.hold(_config(), number, account=account, reason=reason, out=out))


@camera_app.command("release")
def release_film(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """End that: the film goes when its time is over."""
    _run(cameras.release(_config(), number, account=account, out=out))


@camera_app.command("sweep")
def sweep_film(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Delete film whose time is over, as the workers do every ten minutes."""
    _run(cameras.sweep(_config(), dry_run=dry_run, out=out))


@cancels_app.command("list")
def list_cancels() -> None:
    """What owners asked to call off and nobody has decided yet."""
    _run(cancels.list_(_config(), out=out))


@cancels_app.command("grant")
def grant_cancel(request_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """It is called off."""
    _run(cancels.decide(_config(), request_id, granted=True, out=out))


@cancels_app.command("refuse")
def refuse_cancel(request_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """The order goes on."""
    _run(cancels.decide(_config(), request_id, granted=False, out=out))


@orders_app.command("pay")
def pay_order(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    reference: Annotated[str, typer.Option(help="Of the payment; the same one again changes nothing.")],
    amount: Annotated[str | None, typer.Option(help="What came, as 12.50; all that is open when not given.")] = None,
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do and write nothing.")] = False,
) -> None:
    """Money came for an order. Paid whole, it gets its pick-up code as soon as it is ready for its shop."""
    _run(
        orders.pay(
            _config(),
            number,
            account=account,
            amount=_amount(amount),
            reference=reference,
            dry_run=dry_run,
            out=out,
        )
    )


@orders_app.command("refund")
def refund_order(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    reference: Annotated[str, typer.Option(help="Of the refund; the same one again changes nothing.")],
    amount: Annotated[
        str | None, typer.Option(help="What is given back; the price of the pieces, or all, when not given.")
    ] = None,
    piece: Annotated[
        list[str] | None, typer.Option(help="LINE=N: so many pieces of a line go with it; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; stands in the history.")] = "",
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do and write nothing.")] = False,
) -> None:
    """Money is given back. In full, it cancels a code that nobody used; pieces are no longer handed over."""
    _run(
        orders.refund(
            _config(),
            number,
            account=account,
            amount=_amount(amount),
            pieces=_pieces(piece or []),
            reference=reference,
            reason=reason,
            dry_run=dry_run,
            out=out,
        )
    )


@lockers_app.command("alarms")
def list_alarms() -> None:
    """What is wrong and not cleared, oldest first."""
    _run(lockers.list_alarms(_config(), out=out))


@lockers_app.command("clear")
def clear_alarm(alarm_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """Somebody has looked; a box that was closed for it takes parcels again."""
    _run(lockers.clear_alarm(_config(), alarm_id, out=out))


@lockers_app.command("screen")
def show_screen(
    number: Annotated[str, typer.Argument(metavar="NUMBER", show_default=False)],
    base: Annotated[str, typer.Option(help="The server's address, as the cabinet reaches it.")] = "",
) -> None:
    """The address to open on a cabinet's own screen; whoever has it may type codes there."""
    config = _config()
    _run(lockers.show_screen(config, number, base=base or f"http://{config.host}:{config.port}", out=out))


_OfState = Annotated[NoticeState | None, typer.Option(help="Only those in this state.")]
_OfKind = Annotated[Kind | None, typer.Option(help="Only those of this kind.")]
_ByChannel = Annotated[Channel | None, typer.Option(help="Only those by this channel.")]
_OfNumber = Annotated[str | None, typer.Option(help="Only those of the order with this number.")]
_Since = Annotated[datetime | None, typer.Option(help="Only those on record since then, in UTC.")]


@notices_app.command("list")
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
    _run(notices.list_(_config(), only, account=account, limit=limit, out=out))


@notices_app.command("show")
def show_notice(
    notice_id: Annotated[int, typer.Argument(min=1, metavar="ID")],
    reveal: Annotated[bool, typer.Option("--reveal", help="With the code and the address of the page.")] = False,
) -> None:
    """One notice with every try, and what it says, its code masked."""
    _run(notices.show(_config(), notice_id, reveal=reveal, out=out))


@notices_app.command("resend")
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
    _run(notices.resend(_config(), ids or [], parked=only if parked else None, dry_run=dry_run, out=out))


@notices_app.command("test")
def try_notices(
    channel: Annotated[Channel, typer.Argument(help="email, sms or log.")],
    to: Annotated[str, typer.Option(help="An address of your own.")],
    language: Annotated[Language, typer.Option(help="What it is written in.")] = "en",
) -> None:
    """Send a sample at once; exit code 1 when it is not taken."""
    if not _run(notices.try_out(_config(), channel, to=to, language=language, out=out)):
        raise typer.Exit(FAILED)


@simulate_app.command("cabinet")
def simulate_cabinet(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Cabinets on record; all when none is named.")
    ] = None,
    jam: Annotated[list[str] | None, typer.Option(help="A lock that takes its current and stays shut.")] = None,
    mislead: Annotated[list[str] | None, typer.Option(help="A lock whose sensor says closed for open.")] = None,
    refuse: Annotated[str | None, typer.Option(help="Refuse every command in these words.")] = None,
    late: Annotated[float, typer.Option(min=0, help="Seconds before each report is said.")] = 0,
    drift: Annotated[float, typer.Option(help="Seconds by which the clock is wrong.")] = 0,
    close_after: Annotated[float, typer.Option(min=0, help="Seconds until a door falls shut; 0: never.")] = 3,
    offline_every: Annotated[float, typer.Option(min=0, help="Seconds between losses of the line.")] = 0,
    offline_for: Annotated[float, typer.Option(min=0, help="Seconds that each lasts.")] = 30,
    power_loss_every: Annotated[float, typer.Option(min=0, help="Seconds between power cuts.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no reports.")] = False,
) -> None:
    """Be the cabinets on record, until Ctrl-C: well ones, or with the troubles that are named."""
    plan = simulate.Plan(
        close_after_s=close_after,
        jammed=jam or [],
        misleading=mislead or [],
        refusal=refuse,
        late_s=late,
        drift_s=drift,
        offline_every_s=offline_every,
        offline_for_s=offline_for,
        power_loss_every_s=power_loss_every,
    )
    _run(simulate.simulate(_config(), numbers or [], plan, out=out, quiet=quiet))


@simulate_app.command("camera")
def simulate_camera(
    rtsp_port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 takes a free one.")] = 8554,
    http_port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 takes a free one.")] = 8555,
    lie: Annotated[float, typer.Option(help="Seconds by which its own clock is wrong.")] = 0,
    drop_every: Annotated[float, typer.Option(min=0, help="Seconds between losses of the line.")] = 0,
    jump_every: Annotated[float, typer.Option(min=0, help="Seconds between jumps of its time stamps.")] = 0,
    jump: Annotated[float, typer.Option(help="Seconds by which they jump.")] = 3_600,
) -> None:
    """Be a camera, until Ctrl-C: a test picture with the time in it, over RTSP and HTTP."""
    plan = simulate.CameraPlan(
        rtsp_port=rtsp_port,
        http_port=http_port,
        lie_s=lie,
        drop_every_s=drop_every,
        jump_every_s=jump_every,
        jump_s=jump,
    )
    _run(simulate.film(plan, out=out))


@lockers_app.command("overdue")
def overdue_parcels(
    run: Annotated[bool, typer.Option("--run", help="Do it; exit code 1 when some of it was refused.")] = False,
    account: Annotated[str | None, typer.Option(help="Only parcels of the account with this code.")] = None,
) -> None:
    """Parcels whose time is over, or nearly, and what would be done: remind, or call back as a return."""
    if not run:
        _run(lockers.list_overdue(_config(), account=account, out=out))
    elif not _run(lockers.run_overdue(_config(), account=account, out=out)):
        raise typer.Exit(FAILED)


@lockers_app.command("extend")
def extend_parcel(
    number: Annotated[str, typer.Argument(help="Of its order.", show_default=False)],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """A parcel may lie for longer, as its policy allows."""
    _run(lockers.extend(_config(), number, account=account, out=out))


@lockers_app.command("recall-code")
def show_recall_code(
    number: Annotated[str, typer.Argument(help="Of its order.", show_default=False)],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """The code by which a courier takes out a parcel that was called back."""
    _run(lockers.show_recall_code(_config(), number, account=account, out=out))


@lockers_app.command("broker-files")
def broker_files(directory: Annotated[Path, typer.Argument(file_okay=False)]) -> None:
    """Write `passwd` and `acl` for a Mosquitto of your own: the server's user and every cabinet that has a key."""
    _run(lockers.broker_files(_config(), directory, out=out))


def _amount(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"--amount: {text} is not an amount, as 12.50") from None


def _pieces(said: list[str]) -> dict[str, int]:
    """Line key -> pieces."""
    found: dict[str, int] = {}
    for text in said:
        line, _, count = text.rpartition("=")
        try:
            pieces = int(count)
        except ValueError:  # also of digits by the thousand
            pieces = 0
        if not line or pieces < 1 or line in found:
            raise typer.BadParameter(f"--piece: {text} is not LINE=N, once for each line")
        found[line] = pieces
    return found


@staff_app.command("list")
def list_staff(
    shop: Annotated[str | None, typer.Option(help="Only those of the shop with this code.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of the account with this code.")] = None,
) -> None:
    """Everybody: where, as what, when logged in last, until when locked out, and how many sessions are open."""
    _run(staff.list_(_config(), shop=shop, account=account, out=out))


@staff_app.command("add")
def add_staff(
    username: Username,
    shop: Annotated[str, typer.Option(help="The code of the shop.", show_default=False)],
    account: AccountOfShop = None,
    manager: Annotated[bool, typer.Option("--manager", help="Not a clerk but a manager.")] = False,
    password_stdin: FromStdin = False,
    generate: Generate = False,
    reason: Reason = "",
) -> None:
    """Somebody new. Without --password-stdin or --generate the password is asked for."""
    source = _source(password_stdin=password_stdin, generate=generate)
    config = _config()
    password = _password(source, _run(staff.least_password(config, shop=shop, account=account)))
    where: dict[str, Any] = {"shop": shop, "account": account}
    _run(staff.add(config, username, password, **where, manager=manager, reason=reason, out=out))


@staff_app.command("disable")
def disable_staff(username: Username, reason: Reason = "") -> None:
    """Withdraw somebody's access, at once and everywhere."""
    _run(staff.set_active(_config(), username, active=False, reason=reason, out=out))


@staff_app.command("enable")
def enable_staff(username: Username, reason: Reason = "") -> None:
    """Give access back; whoever it is logs in anew."""
    _run(staff.set_active(_config(), username, active=True, reason=reason, out=out))


@staff_app.command("password")
def set_staff_password(
    username: Username, password_stdin: FromStdin = False, generate: Generate = False, reason: Reason = ""
) -> None:
    """Another password. Without --password-stdin or --generate it is asked for."""
    source = _source(password_stdin=password_stdin, generate=generate)
    config = _config()
    password = _password(source, _run(staff.least_password_of(config, username)))
    _run(staff.set_password(config, username, password, reason=reason, out=out))


@staff_app.command("role")
def set_staff_role(
    username: Username,
    role: Annotated[Role, typer.Argument(help="clerk or manager.", show_default=False)],
    reason: Reason = "",
) -> None:
    """Make somebody a manager of the shop, or a clerk."""
    _run(staff.set_role(_config(), username, role, reason=reason, out=out))


@staff_app.command("move")
def move_staff(
    username: Username,
    shop: Annotated[str, typer.Argument(help="Code of a shop of the same account.", show_default=False)],
    reason: Reason = "",
) -> None:
    """Somebody works at another shop from now on."""
    _run(staff.move(_config(), username, shop, reason=reason, out=out))


@staff_app.command("withdraw")
def withdraw_staff(username: Username, reason: Reason = "") -> None:
    """Log somebody out everywhere: the token and all sessions."""
    _run(staff.withdraw(_config(), username, reason=reason, out=out))


@staff_app.command("unlock")
def unlock_staff(username: Username, reason: Reason = "") -> None:
    """Let somebody log in who gave too many wrong passwords."""
    _run(staff.unlock(_config(), username, reason=reason, out=out))


@staff_app.command("history")
def show_staff_history(
    username: Annotated[str | None, typer.Argument(metavar="[NAME]", help="What this person did or met.")] = None,
    shop: Annotated[str | None, typer.Option(help="What was done at the shop with this code.")] = None,
    account: AccountOfShop = None,
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX)] = 50,
) -> None:
    """What was done, newest first: who, to whom, what it changed, and why."""
    if (username is None) == (shop is None):
        raise typer.BadParameter("name a person, or give --shop")
    _run(staff.history(_config(), username, shop=shop, account=account, limit=limit, out=out))


@users_app.command("withdraw")
def withdraw_user(username: Username) -> None:
    """End somebody's token; the next login gives another."""
    _run(users.withdraw(_config(), username, out=out))


@users_app.command("unlock")
def unlock_user(username: Username) -> None:
    """Forget wrong passwords of a name."""
    _run(users.unlock(_config(), username, out=out))


def _password(source: str, least: int) -> staff.Password:
    if source == GENERATED:
        return staff.generated(least)
    if source == GIVEN:
        return _say_why(lambda: staff.read_from(sys.stdin.buffer))
    return _say_why(_asked_password)


def _source(*, password_stdin: bool, generate: bool) -> str:
    if password_stdin and generate:
        raise typer.BadParameter("give --password-stdin or --generate, not both")
    return GENERATED if generate else GIVEN if password_stdin else ASKED


def _asked_password() -> staff.Password:
    if not sys.stdin.isatty():
        raise staff.PasswordMissing()
    return staff.Password(typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True))


def _config(*, check: bool = True) -> Config:
    def read() -> Config:
        config = Config.from_environment(os.environ)
        if check:
            check_settings(config)
        return config

    return _say_why(read)


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return _say_why(lambda: running.run(coroutine))


def _say_why(run: Callable[[], T]) -> T:
    """What cannot be done is said in a sentence, not in a stack trace."""
    try:
        return run()
    except CrossdockError as error:
        err.print(f"crossdock: {error.sentence}", markup=False, soft_wrap=True)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        err.print(f"crossdock: {error.strerror or error}{where}", markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        raise typer.Exit(STOPPED + signal.SIGINT) from None
    except running.Interrupted as interrupted:
        raise typer.Exit(STOPPED + interrupted.number) from None
    raise typer.Exit(FAILED)
