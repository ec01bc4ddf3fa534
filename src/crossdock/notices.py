"""`crossdock notices`: what buyers are told of their parcels, every try of it, sending it again, and trying out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import structs
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crossdock.base.clock import SystemClock
from crossdock.base.config import Config
from crossdock.base.ids import AccountId, HandoverId, NoticeId
from crossdock.core.accounts import sql as accounts
from crossdock.core.notices import commands, queries
from crossdock.core.notices.model import About, Attempt, Channel, Due, Language, Notice, State
from crossdock.db.database import Database
from crossdock.messages import channels as carriers
from crossdock.messages import texts
from crossdock.messages.log import hidden
from crossdock.messages.worker import MISSING
from crossdock.opening import open_desk_of

COLOURS: Final[dict[State, str]] = {"waiting": "yellow", "sent": "green", "parked": "red", "skipped": "dim"}
AT_A_TIME: Final = queries.LISTED_MAX
"""Of one transaction, where many are sent again."""
HIDDEN: Final = "******"
SAMPLE_KEY: Final = "000000"

Only = dict[str, Any]
"""A filter, from `queries.only`."""


async def list_(config: Config, only: Only, *, account: str | None, limit: int, out: Console) -> None:
    """Newest first. Errors: AccountUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        if account is not None:
            only = {**only, "account_id": (await accounts.known_account(tx, account)).id}
        found = await queries.list_notices(tx, only, limit=limit)
        counted = await queries.count_by_state(tx, only)
    out.print(listed(found))
    out.print(", ".join(f"{count} {name}" for name, count in counted.items()) or "There is none.", markup=False)


async def show(config: Config, notice_id: int, *, reveal: bool, out: Console) -> None:
    """One, with every try and what it says of the parcel as it is now. Errors: NoticeUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        due = await queries.notice(tx, NoticeId(notice_id))
        tries = await queries.attempts(tx, due.notice.id)
    out.print(listed([due.notice]))
    for one in tries:
        _print_try(one, out)
    shown = due if reveal else _masked(due)
    message = texts.message(shown, public_url=carriers.public_url(config), map_url=config.map_url)
    out.print(f"\nto: {due.notice.recipient or 'the log'}", markup=False, soft_wrap=True)
    if due.notice.channel == "email":
        out.print(f"subject: {message.subject}\n\n{message.text}", markup=False, soft_wrap=True)
    else:
        out.print(f"\n{message.short}", markup=False, soft_wrap=True)


async def resend(config: Config, ids: Sequence[int], *, parked: Only | None, dry_run: bool, out: Console) -> int:
    """Those of the ids, or all parked ones that `parked` lets through; how many. Errors: NoticeUnknown."""
    async with open_desk_of(config) as desk:
        if parked is not None:
            return await _resend_parked(desk.database, {**parked, "state": "parked"}, dry_run=dry_run, out=out)
        async with desk.database.transaction() as tx:
            if dry_run:
                out.print(listed([(await queries.notice(tx, NoticeId(id_))).notice for id_ in ids]))
            else:
                await commands.resend(tx, [NoticeId(id_) for id_ in ids])
    out.print(f"{len(ids)} {'would go' if dry_run else 'go'} again.")
    return len(ids)


async def try_out(config: Config, channel: Channel, *, to: str, language: Language, out: Console) -> bool:
    """Whether a sample was taken. No database is asked. Errors: SetupFailed."""
    clock = SystemClock()
    carrier = carriers.channels(config, clock).get(channel)
    if carrier is None:
        out.print(f"Not sent: {MISSING[channel]}.", markup=False, soft_wrap=True)
        return False
    due = _sample(channel, to, language, clock.now())
    message = texts.message(due, public_url=carriers.public_url(config), map_url=config.map_url)
    try:
        sent = await carrier.send(message)
    finally:
        await carrier.close()
    answer = texts.plain(sent.answer)
    if sent.failure is not None:
        out.print(f"Not sent: {sent.failure} {answer}".rstrip(), markup=False, soft_wrap=True)
        return False
    out.print(f"Sent to {to}. {answer}".rstrip(), markup=False, soft_wrap=True)
    return True


def in_utc(given: datetime | None) -> datetime | None:
    return None if given is None else given.replace(tzinfo=given.tzinfo or UTC)


def listed(found: Sequence[Notice]) -> Table:
    table = Table()
    for title in ("id", "state", "kind", "order", "by", "to", "since", "tries", "next", "why not"):
        table.add_column(title, justify="right" if title in ("id", "tries") else "left", overflow="fold")
    for one in found:
        due = one.due_at if one.state == "waiting" else one.done_at
        table.add_row(
            str(one.id),
            f"[{COLOURS[one.state]}]{one.state}[/]",
            one.kind,
            one.number.replace("[", r"\["),
            one.channel,
            hidden(one.recipient).replace("[", r"\["),
            f"{one.created_at:%Y-%m-%d %H:%M:%S}",
            str(one.attempts),
            f"{due:%Y-%m-%d %H:%M:%S}" if due else "",
            (one.refusal or "").replace("[", r"\["),
        )
    return table


async def _resend_parked(database: Database, only: Mapping[str, Any], *, dry_run: bool, out: Console) -> int:
    filters = dict(only)
    async with database.transaction(readonly=True) as tx:
        total = (await queries.count_by_state(tx, filters)).get("parked", 0)
        if dry_run:
            found = await queries.list_notices(tx, filters, limit=AT_A_TIME)
            out.print(listed(found))
            more = f" The newest {len(found)} are shown." if len(found) < total else ""
            out.print(f"{total} would go again.{more}")
            return total
    done = 0
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("sending again", total=total)
        while done < total:
            async with database.transaction() as tx:
                found = await queries.list_notices(tx, filters, limit=min(AT_A_TIME, total - done))
                if found:
                    await commands.resend(tx, [one.id for one in found])
            if not found:
                break
            done += len(found)
            progress.update(task, completed=done)
    out.print(f"{done} go again.")
    return done


def _masked(due: Due) -> Due:
    token = None if due.about.token is None else HIDDEN
    return structs.replace(due, about=structs.replace(due.about, key=HIDDEN, token=token))


def _print_try(one: Attempt, out: Console) -> None:
    took_ms = (one.ended_at - one.started_at).total_seconds() * 1_000
    out.print(
        f"\ntry {one.number}, {one.started_at:%Y-%m-%d %H:%M:%S}, {took_ms:.0f} ms: {one.failure or 'sent'}",
        markup=False,
        soft_wrap=True,
    )
    if one.answer:
        out.print(f"  answered: {one.answer}", markup=False, soft_wrap=True)


def _sample(channel: Channel, to: str, language: Language, now: datetime) -> Due:
    return Due(
        notice=Notice(
            id=NoticeId(0),
            account_id=AccountId(0),
            handover_id=HandoverId(0),
            number="TEST",
            kind="ready",
            occasion=now,
            channel=channel,
            recipient=to.strip(),
            language=language,
            state="waiting",
            attempts=0,
            resends=int(now.timestamp()),  # so that no provider takes it for a repeat
            due_at=now,
            claimed_until=None,
            created_at=now,
            done_at=None,
            refusal=None,
        ),
        about=About(
            place="shop",
            state="unused",
            number="TEST",
            key=SAMPLE_KEY,
            token=None,
            site_name="Crossdock",
            zone="UTC",
            address={},
            cabinet_name=None,
            box_name=None,
            prepared_at=now,
            stored_at=None,
            expires_at=None,
            reminded_at=None,
            recalled_at=None,
        ),
    )
