"""The callback centre: who is told, what is owed to each, freezing one, and a range of callbacks that goes again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.base.ids import CallbackId, ReceiverId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, operator
from crossdock.console.web import PageRequest
from crossdock.core.operators import deeds
from crossdock.delivery import commands, listing_sql, queries, resending
from crossdock.delivery.errors import NothingChosen, ReceiverUnknown, RunUnknown
from crossdock.delivery.model import Choice, State

HERE: Final = f"{PREFIX}/callbacks"
SEARCH_CHARACTERS_MAX: Final = 100
STATES: Final[tuple[State, ...]] = ("parked", "waiting", "delivered", "skipped")
"""What a range may be of, in the order of the form."""

TEXTS: Final = {
    "callbacks": "Callbacks",
    "callbacks_why": "Who is told of what happens here, and what each is still owed.",
    "all_callbacks": "All callbacks",
    "find": "Find",
    "find_receiver": "Account, API, name or address",
    "receiver": "Receiver",
    "account": "Account",
    "api": "API",
    "name": "Name",
    "address": "Address",
    "waiting": "to be sent",
    "failing": "failing",
    "parked": "dead",
    "delivered": "delivered",
    "skipped": "skipped",
    "state": "State",
    "frozen": "frozen",
    "frozen_since": "frozen since {at}: {why}",
    "off": "switched off",
    "in_use": "in use",
    "heard": "Last success",
    "failed": "Last failure",
    "never": "never",
    "oldest": "The oldest waits since",
    "counted": "At most {most} of each are counted.",
    "freeze": "Freeze",
    "freeze_why": "It is sent nothing until it is thawed; what it is owed gathers, in order.",
    "thaw": "Thaw",
    "thaw_why": "What has gathered goes out at once, in order.",
    "back": "All receivers",
    "again": "Send a range again",
    "again_which": "Which",
    "since": "Made since",
    "until": "Made before",
    "first": "From number",
    "last": "To number",
    "all_of_them": "Left empty: all of them.",
    "reckon": "Count them first",
    "reckoned": "{count} callbacks would go again.",
    "reckoned_more": "{count} callbacks and more would go again.",
    "oldest_of": "The oldest is of",
    "newest_of": "the newest of",
    "twice": "Those that were delivered arrive a second time.",
    "begin": "Send them again",
    "other_range": "Another range",
    "runs": "Ranges that went again",
    "run": "Range",
    "running": "under way",
    "done": "done",
    "stopped": "stopped",
    "progress": "{part} of {all} callbacks",
    "progress_more": "{part} of {all} callbacks and more",
    "by": "By",
    "when": "Since",
    "ended": "Ended",
    "stop": "Stop",
    "see": "Its callbacks",
    "see_dead": "Its dead callbacks",
    "told_freeze": "{name} is frozen.",
    "told_thaw": "{name} is thawed.",
    "told_begin": "The callbacks go again.",
    "told_stop": "The rest is left as it was.",
}
FAILURES: Final = {
    ReceiverUnknown: "There is no such receiver.",
    NothingChosen: "No callback is in this range. Nothing was done.",
    RunUnknown: "There is no such run.",
}
SAYS: Final = Says.of(TEXTS, FAILURES)
ENTRY: Final = Entry(path=HERE, title="Callbacks", operators=True)


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    who = await operator(request, write=False)
    text = request.query_params.get("text", "").replace("\0", "").strip()[:SEARCH_CHARACTERS_MAX]
    async with who.desk.database.autocommit() as tx:
        found = await listing_sql.receivers(
            tx,
            account_id=who.scope.account_id,
            text=text,
            after=screen.after(request),
            limit=screen.ROWS_MAX + 1,
        )
    return screen.show(
        request,
        who,
        SAYS,
        "office/receivers.html",
        here=HERE,
        text=text,
        most=listing_sql.COUNTED_MAX,
        receivers=screen.Rows.of(request, found, key=lambda receiver: receiver.id),
    )


@get(HERE + "/receivers/{receiver_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, receiver_id: FromPath[int]) -> Response[Any]:
    return await _one(request, await operator(request, write=False), ReceiverId(receiver_id))


@post(HERE + "/receivers/{receiver_id:int}")
async def freeze_or_thaw(request: PageRequest, receiver_id: FromPath[int]) -> Response[Any]:
    who = await operator(request, write=True)
    id_ = ReceiverId(receiver_id)

    async def do(form: Form) -> Response[Any]:
        deed = form.text("deed")
        if deed not in ("freeze", "thaw"):
            raise FieldWrong(field="deed", value=deed)
        why = deeds.reason_given(form.text("reason"))
        async with who.desk.database.transaction() as tx:
            receiver = await queries.receiver(tx, id_, account_id=who.scope.account_id)
            deed_done: dict[str, Any] = {
                "action": f"{deed}_receiver",
                "subject": f"receiver:{receiver.dialect} {receiver.name}",
            }
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                if deed == "freeze":
                    await commands.freeze(tx, account_id=receiver.account_id, receiver_id=id_, why=why)
                else:
                    await commands.thaw(tx, account_id=receiver.account_id, receiver_id=id_)
                await deeds.record(
                    tx,
                    by=who.by,
                    account_id=receiver.account_id,
                    **deed_done,
                    reason=why,
                    operation_id=form.operation_id,
                )
        return forms.done(request, who, f"{HERE}/receivers/{id_}", TEXTS[f"told_{deed}"], name=receiver.name)

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, id_, failure))


@get(HERE + "/receivers/{receiver_id:int}/again", media_type=MediaType.HTML)
async def reckon(request: PageRequest, receiver_id: FromPath[int]) -> Response[Any]:
    """The dry run: how many would go again."""
    who = await operator(request, write=False)
    id_ = ReceiverId(receiver_id)
    try:
        choice = _choice(who, id_, dict(request.query_params))
    except FieldWrong as error:
        return await _one(request, who, id_, forms.failure(request, SAYS, error))
    return await _reckoned(request, who, choice)


@post(HERE + "/receivers/{receiver_id:int}/again")
async def begin(request: PageRequest, receiver_id: FromPath[int]) -> Response[Any]:
    who = await operator(request, write=True)
    id_ = ReceiverId(receiver_id)

    async def do(form: Form) -> Response[Any]:
        choice = _choice(who, id_, form.fields)
        why = deeds.reason_given(form.text("reason"))
        async with who.desk.database.transaction() as tx:
            run = await resending.begin(
                tx,
                account_id=who.scope.account_id,
                choice=choice,
                actor=who.actor,
                reason=why,
                operation_id=form.operation_id,
            )
            deed_done: dict[str, Any] = {"action": "resend_range", "subject": f"resend:{run.id}"}
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                await deeds.record(
                    tx,
                    by=who.by,
                    account_id=run.account_id,
                    **deed_done,
                    reason=why,
                    after={"receiver_id": id_, "states": list(choice.states), "found": run.found},
                    operation_id=form.operation_id,
                )
        return forms.done(request, who, f"{HERE}/runs/{run.id}", TEXTS["told_begin"])

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, id_, failure))


@get(HERE + "/runs/{run_id:int}", media_type=MediaType.HTML)
async def run(request: PageRequest, run_id: FromPath[int]) -> Response[Any]:
    return await _run(request, await operator(request, write=False), run_id)


@post(HERE + "/runs/{run_id:int}")
async def stop(request: PageRequest, run_id: FromPath[int]) -> Response[Any]:
    who = await operator(request, write=True)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            stopped = await resending.stop(tx, account_id=who.scope.account_id, run_id=run_id)
            deed_done: dict[str, Any] = {"action": "stop_resend", "subject": f"resend:{run_id}"}
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                await deeds.record(
                    tx,
                    by=who.by,
                    account_id=stopped.account_id,
                    **deed_done,
                    operation_id=form.operation_id,
                )
        return forms.done(request, who, f"{HERE}/runs/{run_id}", TEXTS["told_stop"])

    return await forms.act(request, who, SAYS, do, lambda failure: _run(request, who, run_id, failure))


async def _one(
    request: PageRequest, who: Somebody, receiver_id: ReceiverId, failure: Failure | None = None
) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        receiver = await queries.receiver(tx, receiver_id, account_id=who.scope.account_id)
        runs = await resending.runs_of(tx, account_id=who.scope.account_id, receiver_id=receiver_id)
    return screen.show(
        request,
        who,
        SAYS,
        "office/receiver.html",
        here=f"{HERE}/receivers/{receiver_id}",
        failure=failure,
        receiver=receiver,
        runs=runs,
        states=STATES,
        most=listing_sql.COUNTED_MAX,
    )


async def _reckoned(request: PageRequest, who: Somebody, choice: Choice) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        receiver = await queries.receiver(tx, choice.receiver_id, account_id=who.scope.account_id)
        found = await queries.reckoned(tx, choice, account_id=who.scope.account_id)
    return screen.show(
        request,
        who,
        SAYS,
        "office/resend.html",
        here=f"{HERE}/receivers/{choice.receiver_id}/again",
        receiver=receiver,
        found=found,
        choice=choice,
        asked=_asked(who, choice),
    )


async def _run(request: PageRequest, who: Somebody, run_id: int, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        found = await resending.run(tx, account_id=who.scope.account_id, run_id=run_id)
        receiver = await queries.receiver(tx, found.receiver_id, account_id=who.scope.account_id)
    busy = found.state == "running"
    return screen.show(
        request,
        who,
        SAYS,
        "office/resend_run.html",
        scripts=("again",) if busy else (),
        here=f"{HERE}/runs/{run_id}",
        failure=failure,
        run=found,
        receiver=receiver,
        busy=busy,
        more=found.found >= listing_sql.RECKONED_MAX,
    )


def _choice(who: Somebody, receiver_id: ReceiverId, fields: Mapping[str, str]) -> Choice:
    """Of a form, which names each state by itself. Errors: FieldWrong."""
    form = Form(fields=dict(fields), operation_id="")
    states = tuple(state for state in get_args(State) if form.text(state))
    if not states:
        raise FieldWrong(field="state", value="")

    def number(name: str) -> CallbackId | None:
        return CallbackId(form.number(name)) if form.text(name) else None

    return Choice(
        receiver_id=receiver_id,
        states=states,
        since=form.moment("since", who.zone),
        until=form.moment("until", who.zone),
        first_id=number("first"),
        last_id=number("last"),
    )


def _asked(who: Somebody, choice: Choice) -> dict[str, str]:
    """The fields of the form again."""

    def moment(at: datetime | None) -> str:
        return "" if at is None else at.astimezone(who.zone).replace(tzinfo=None).isoformat(timespec="minutes")

    return {
        **dict.fromkeys(choice.states, "yes"),
        "since": moment(choice.since),
        "until": moment(choice.until),
        "first": str(choice.first_id or ""),
        "last": str(choice.last_id or ""),
    }


HANDLERS: Final = [listed, one, freeze_or_thaw, reckon, begin, run, stop]
