"""The inbox of exceptions: what waits for a person, who looks after it, and until when."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from litestar import MediaType, Response, get, post

from crossdock.base.ids import AccountId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen, seeing
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, reader, writer
from crossdock.console.web import PageRequest
from crossdock.core.operators import deeds
from crossdock.core.overview import counts, inbox
from crossdock.core.overview.errors import DueInvalid, ExceptionOver, ExceptionTaken
from crossdock.core.overview.inbox_model import KINDS, ExceptionKind, Waiting
from crossdock.db.tx import Tx

HERE: Final = f"{PREFIX}/inbox"
ROWS_MAX: Final = 30
"""Each has a form of its own."""
KIND_NAMES: Final[Mapping[ExceptionKind, str]] = {
    "cancel": "call-off to decide",
    "held": "order held",
    "frozen": "receiver frozen",
    "parked": "dead callbacks",
    "alarm": "cabinet alarm",
    "count": "location to count",
    "camera": "camera without film",
}
TEXTS: Final = {
    **{f"exception_{name}": text for name, text in KIND_NAMES.items()},
    "inbox": "Inbox",
    "kind": "Kind",
    "subject": "What",
    "site": "Place",
    "account": "Account",
    "since": "Since",
    "due": "Due",
    "overdue": "overdue",
    "owner": "Looked after by",
    "nobody": "nobody",
    "facts": "Facts",
    "any": "all",
    "filter": "Show",
    "mine": "Only mine",
    "which": "Which",
    "open": "not done yet",
    "done": "done",
    "take": "I take it",
    "leave": "Give it back",
    "finish": "Done",
    "reopen": "Not done after all",
    "put_off": "Set time",
    "due_at": "Due at",
    "done_by": "done by {who}",
    "counts": "{total} wait for somebody, {overdue} of them overdue.",
    "told_take": "You look after it.",
    "told_leave": "Nobody looks after it now.",
    "told_finish": "It is done. If it arises again, it comes back.",
    "told_reopen": "It is open again.",
    "told_put_off": "It is due at another time.",
}
CAUSES: Final[Mapping[tuple[ExceptionKind, str], str]] = {
    ("count", "not_found"): "not found",
    ("count", "damaged"): "damaged",
    ("count", "out_of_reach"): "out of reach",
    ("alarm", "opened without command"): "opened without command",
    ("alarm", "not opened"): "not opened",
    ("alarm", "left open"): "left open",
    ("alarm", "offline"): "offline",
    ("alarm", "late answer"): "opened after we had given up",
    ("alarm", "code entry locked"): "code entry locked",
    ("alarm", "occupied"): "a courier found something in it",
    ("alarm", "dirty"): "a courier found it dirty",
    ("alarm", "offline use"): "opened wrongly while it was offline",
    ("alarm", "broken"): "out of order",
    ("camera", "unreachable"): "it does not answer",
    ("camera", "no_film"): "it sends no film that can be kept",
    ("camera", "disk_full"): "the disk is nearly full",
    ("camera", "storage"): "the storage takes nothing",
    ("camera", "recorded_twice"): "another recorder is at work on it",
}
"""What is on record as a cause, in words."""
SAYS: Final = Says.of(
    TEXTS | {f"{kind}_{cause}": text for (kind, cause), text in CAUSES.items()},
    {
        ExceptionOver: "This is over by now: nothing waits for anybody. Nothing was done.",
        ExceptionTaken: "Somebody else took it meanwhile: {owner}. Nothing was done.",
        DueInvalid: "A time may be {days_max} days away at most. Nothing was done.",
    },
)
ENTRY: Final = Entry(path=HERE, title="Inbox")


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    return await _list(request, await reader(request))


@post(HERE)
async def act(request: PageRequest) -> Response[Any]:
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        deed, key = form.text("deed"), form.text("key", needed=True)
        if f"told_{deed}" not in TEXTS:
            raise FieldWrong(field="deed", value=forms.shortened(deed))
        account_id = AccountId(form.number("account"))
        async with who.desk.database.transaction() as tx:
            sight = seeing.sight(who, await seeing.seen(tx, who))
            deed_done: dict[str, Any] = {"action": f"{deed}_exception", "subject": f"{key} "}
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                waiting = await inbox.one(tx, sight=sight, account_id=account_id, key=key)
                await _do(tx, who, waiting, deed, form)
                await deeds.record(
                    tx,
                    by=who.by,
                    action=f"{deed}_exception",
                    account_id=account_id,
                    subject=f"{key} {waiting.subject}",
                    order_id=waiting.order_id,
                    operation_id=form.operation_id,
                )
        return forms.done(request, who, HERE, TEXTS[f"told_{deed}"])

    return await forms.act(request, who, SAYS, do, lambda failure: _list(request, who, failure))


async def _do(tx: Tx, who: Somebody, waiting: Waiting, deed: str, form: Form) -> None:
    """Errors: FieldWrong, ExceptionTaken, DueInvalid."""
    if deed == "take":
        await inbox.hand(tx, waiting, owner=who.name, before=form.text("owner") or None)
    elif deed == "leave":
        await inbox.hand(tx, waiting, owner=None, before=who.name)
    elif deed == "finish":
        await inbox.finish(tx, waiting, by=who.name)
    elif deed == "reopen":
        await inbox.reopen(tx, waiting)
    else:
        due_at = form.moment("due", who.zone)
        if due_at is None:
            raise FieldWrong(field="due", value="")
        await inbox.put_off(tx, waiting, due_at=due_at)


async def _list(request: PageRequest, who: Somebody, failure: Failure | None = None) -> Response[Any]:
    asked = {name: request.query_params.get(name, "") for name in ("kind", "which", "mine")}
    kinds = [cast(ExceptionKind, asked["kind"])] if asked["kind"] in KINDS else KINDS
    async with who.desk.database.autocommit() as tx:
        sight = seeing.sight(who, await seeing.seen(tx, who))
        found = await inbox.waiting(tx, sight=sight, kinds=kinds, done=asked["which"] == "done")
        mark = await counts.last_event(tx)
        now = tx.now
    if asked["mine"]:
        found = [one for one in found if one.owner == who.name]
    rows = _after(found, request.query_params.get("after", ""))
    return screen.show(
        request,
        who,
        SAYS,
        "office/inbox.html",
        scripts=("live",),
        here=HERE,
        live=f"{PREFIX}/live?since={mark}",
        failure=failure,
        asked=asked,
        kinds=KINDS,
        total=len(found),
        overdue=sum(one.due_at < now for one in found),
        rows=screen.Rows.of(request, rows[: ROWS_MAX + 1], key=_key, rows_max=ROWS_MAX),
        now=now,
        leads_to=leads_to,
        told=lambda one: " · ".join(
            forms.filled(request, CAUSES.get((one.kind, str(value)), "{value}"), value=value)
            for value in one.facts.values()
            if value
        ),
        field=lambda at: f"{at.astimezone(who.zone):%Y-%m-%dT%H:%M}",
    )


def leads_to(one: Waiting) -> str:
    """The page where something is done about it; empty where there is none yet."""
    if one.order_id is not None:
        return f"{PREFIX}/orders/{one.order_id}"
    match one.kind:
        case "frozen" | "parked":
            return f"{PREFIX}/callbacks/receivers/{one.key.rpartition(':')[2]}"
        case "alarm":
            return f"{PREFIX}/cabinets"
        case "count":
            return f"{PREFIX}/stock/{one.key.rpartition(':')[2]}"
        case _:
            return ""


def _key(one: Waiting) -> str:
    return f"{int(one.due_at.timestamp())}.{one.account_id}.{one.key}"


def _after(found: Sequence[Waiting], key: str) -> Sequence[Waiting]:
    """Those after the row of that key, also when it is over by now; what is no key begins anew."""
    due, _, rest = key.partition(".")
    account, _, name = rest.partition(".")
    if not (due.isdecimal() and account.isdecimal() and len(due) < 12 and len(account) < 20):
        return found
    mark = (int(due), int(account), name)
    return [one for one in found if (int(one.due_at.timestamp()), one.account_id, one.key) > mark]


HANDLERS: Final = [listed, act]
