"""Callbacks, by receiver, state and order; one of them with all its tries; and the bodies of two side by side."""

from typing import Any, Final, cast, get_args

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from crossdock import dialects
from crossdock.base.errors import CrossdockError
from crossdock.base.ids import CallbackId, ReceiverId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import bodies, receivers, screen
from crossdock.console.office.screen import Says
from crossdock.console.office.who import Somebody, operator
from crossdock.console.web import PageRequest
from crossdock.core.accounts import sql as accounts
from crossdock.core.operators import deeds
from crossdock.delivery import commands, listing_sql, queries
from crossdock.delivery.errors import AttemptUnknown, CallbackNotParked, CallbackUnknown
from crossdock.delivery.model import Attempt, Which
from crossdock.delivery.preview import Preview, preview

HERE: Final = receivers.HERE
ORDER_CHARACTERS_MAX: Final = 64
CALLBACKS_SHOWN: Final = screen.ROWS_MAX
TRIES_SHOWN: Final = 20
ANSWER_CHARACTERS_SHOWN: Final = 300

TEXTS: Final = {
    **receivers.TEXTS,
    "callback": "Callback",
    "event": "Event",
    "about": "About",
    "tries": "Tries",
    "made": "Made",
    "next_try": "Next try",
    "behind": "waits for an earlier one",
    "finished": "Finished",
    "why_not": "Why not",
    "order": "Order",
    "order_hint": "The partner's number or ours",
    "any": "any",
    "further": "Look further back",
    "looked_at": "The newest {most} that fit the receiver were looked at.",
    "resend": "Send it again",
    "give_up": "Give it up",
    "give_up_why": "It stays unsent, and what waits behind it goes on.",
    "number": "No.",
    "started": "Started",
    "took": "Took",
    "status": "HTTP",
    "result": "Result",
    "answer": "Answer",
    "heard_it": "heard",
    "body": "Body",
    "body_of": "Body of try {number}",
    "body_now": "Body as it would be sent now",
    "headers": "Headers",
    "headers_why": "As they would be sent now; signatures are made at each try.",
    "no_preview": "There is nothing that would be sent now.",
    "cut": "The rest is left out.",
    "compare": "Compare",
    "compare_with": "Compare with callback or try",
    "compare_hint": "A number, as 1234; or a try, as 1234.2",
    "compare_before": "with the one before",
    "left": "Left side",
    "right": "Right side",
    "alike": "Both bodies are the same.",
    "only_left": "only left",
    "only_right": "only right",
    "equal_lines": "{count} equal lines",
    "line": "Line",
    "mark": "Mark",
    "codes_hidden": "Codes that open doors are hidden from whoever only looks.",
    "told_resend": "Callback {id} goes again.",
    "told_give_up": "Callback {id} is left unsent.",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        **receivers.FAILURES,
        CallbackUnknown: "There is no such callback.",
        AttemptUnknown: "There is no such try.",
        CallbackNotParked: "Only a dead callback can be given up. Nothing was done.",
    },
)
ENTRY: Final = None
"""receivers.py has it."""


class Side(Struct, frozen=True, kw_only=True):
    """One body of a comparison."""

    name: str
    """As `1234` or `1234.2`."""
    title: str
    text: str


@get(HERE + "/list", media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    """`receiver`, `state` and `order` of the address narrow it down."""
    who = await operator(request, write=False)
    form = Form(fields=dict(request.query_params), operation_id="")
    account_id = who.scope.account_id
    state, order = form.fields.get("state", ""), form.fields.get("order", "").replace("\0", "").strip()
    order = order[:ORDER_CHARACTERS_MAX]
    which = cast(Which, state) if state in get_args(Which) else None
    receiver_id = ReceiverId(forms.id_of(form.fields.get("receiver", "")) or 0) or None
    async with who.desk.database.autocommit() as tx:
        receiver = None
        if receiver_id is not None:
            receiver = await queries.receiver(tx, receiver_id, account_id=account_id)
        orders = None
        if order:
            orders = await listing_sql.orders_named(
                tx, account_id=account_id, text=order, order_id=forms.id_of(order)
            )
        rows, further = await listing_sql.callbacks(
            tx,
            account_id=account_id,
            receiver_id=receiver_id,
            which=which,
            orders=orders,
            before=screen.after(request) or listing_sql.NEWEST,
            limit=CALLBACKS_SHOWN + 1,
        )
        codes = {account.id: account.code for account in await accounts.all_accounts(tx)}

    def key(row: Any) -> int:
        return listing_sql.key_of(row, receiver_id=receiver_id, which=which, ordered=orders is not None)

    return screen.show(
        request,
        who,
        SAYS,
        "office/callbacks.html",
        here=f"{HERE}/list",
        receiver=receiver,
        which=which,
        order=order,
        states=get_args(Which),
        codes=codes,
        callbacks=screen.Rows.of(request, rows, key=key, rows_max=CALLBACKS_SHOWN),
        further=None if further is None else screen.onward(request, further),
        most=listing_sql.LOOKED_AT_MAX,
    )


@get(HERE + "/{callback_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, callback_id: FromPath[int]) -> Response[Any]:
    return await _one(request, await operator(request, write=False), CallbackId(callback_id))


@post(HERE + "/{callback_id:int}")
async def act(request: PageRequest, callback_id: FromPath[int]) -> Response[Any]:
    who = await operator(request, write=True)
    id_ = CallbackId(callback_id)

    async def do(form: Form) -> Response[Any]:
        deed = form.text("deed")
        if deed not in ("resend", "give_up"):
            raise FieldWrong(field="deed", value=deed)
        why = deeds.reason_given(form.text("reason")) if deed == "give_up" else form.text("reason")
        async with who.desk.database.transaction() as tx:
            row = await queries.callback(tx, id_, account_id=who.scope.account_id)
            deed_done: dict[str, Any] = {"action": f"{deed}_callback", "subject": f"callback:{id_}"}
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                deed_of = commands.resend if deed == "resend" else commands.give_up
                await deed_of(tx, account_id=row.account_id, callback_id=id_)
                await deeds.record(
                    tx,
                    by=who.by,
                    account_id=row.account_id,
                    **deed_done,
                    reason=why,
                    operation_id=form.operation_id,
                )
        return forms.done(request, who, f"{HERE}/{id_}", TEXTS[f"told_{deed}"], id=id_)

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, id_, failure))


@get(HERE + "/compare", media_type=MediaType.HTML)
async def compare(request: PageRequest) -> Response[Any]:
    """`left` and `right` are numbers of callbacks, or of tries as `1234.2`."""
    who = await operator(request, write=False)
    names = [request.query_params.get(side, "").strip() for side in ("left", "right")]
    failure, sides = None, []
    try:
        sides = [await _side(request, who, name) for name in names]
    except (FieldWrong, CallbackUnknown, AttemptUnknown) as error:
        failure = forms.failure(request, SAYS, error)
    return screen.show(
        request,
        who,
        SAYS,
        "office/compare.html",
        here=f"{HERE}/compare",
        failure=failure,
        names=[forms.shortened(name) for name in names],
        sides=sides,
        compared=bodies.compared(sides[0].text, sides[1].text) if sides else None,
        lines_max=bodies.LINES_MAX,
    )


async def _one(
    request: PageRequest, who: Somebody, callback_id: CallbackId, failure: Failure | None = None
) -> Response[Any]:
    account_id = who.scope.account_id
    asked = forms.id_of(request.query_params.get("try", ""))
    async with who.desk.database.autocommit() as tx:
        row = await queries.callback(tx, callback_id, account_id=account_id)
        tries = await listing_sql.tries(
            tx,
            account_id=account_id,
            callback_id=callback_id,
            before=min(screen.after(request) or 2**31 - 1, 2**31 - 1),
            limit=TRIES_SHOWN + 1,
        )
        attempt = await listing_sql.attempt(tx, account_id=account_id, callback_id=callback_id, number=asked)
    shown = await _preview(who, callback_id)
    text = attempt.body if attempt is not None and attempt.body else "" if shown is None else shown.body
    return screen.show(
        request,
        who,
        SAYS,
        "office/callback.html",
        here=f"{HERE}/{callback_id}",
        failure=failure,
        row=row,
        tries=screen.Rows.of(request, tries, key=lambda one: one.number, rows_max=TRIES_SHOWN),
        attempt=attempt,
        shown=shown,
        answer_max=ANSWER_CHARACTERS_SHOWN,
        body=bodies.printed(text, codes=who.may_write),
        body_max=bodies.CHARACTERS_SHOWN_MAX,
    )


async def _side(request: PageRequest, who: Somebody, name: str) -> Side:
    """Errors: FieldWrong, CallbackUnknown, AttemptUnknown."""
    whole, dot, part = name.partition(".")
    number = forms.id_of(part) if dot else None
    callback_id = CallbackId(forms.id_of(whole) or 0)
    if not callback_id or (dot and number is None):
        raise FieldWrong(field="callback", value=forms.shortened(name))
    attempt: Attempt | None = None
    async with who.desk.database.autocommit() as tx:
        row = await queries.callback(tx, callback_id, account_id=who.scope.account_id)
        if number is not None:
            attempt = await queries.attempt(tx, callback_id, account_id=who.scope.account_id, number=number)
        else:
            attempt = await listing_sql.attempt(
                tx, account_id=who.scope.account_id, callback_id=callback_id, number=None
            )
    if attempt is not None:
        text = attempt.body
        title = forms.filled(request, TEXTS["body_of"], number=attempt.number)
    else:
        shown = await _preview(who, callback_id)
        text, title = "" if shown is None else shown.body, forms.filled(request, TEXTS["body_now"])
    return Side(
        name=name,
        title=f"{callback_id}, {row.kind}, {title}",
        text=bodies.printed(text, codes=who.may_write),
    )


async def _preview(who: Somebody, callback_id: CallbackId) -> Preview | None:
    """None for an API that is not served any more, too."""
    async with who.desk.database.autocommit() as tx:
        event, receiver = await queries.told(tx, callback_id, account_id=who.scope.account_id)
    if receiver.dialect not in dialects.names():
        return None
    [dialect] = dialects.load(receiver.dialect)
    if dialect.sender is None:
        return None
    try:
        signer = None
        if receiver.credential_id is not None:
            signer = await who.desk.accounts.credential(receiver.credential_id)
    except CrossdockError:
        return None
    return preview(
        dialect.sender,
        event=event,
        receiver=receiver,
        credential=signer,
        account=await who.desk.accounts.account(event.account_id),
        now=who.desk.clock.now(),
    )


HANDLERS: Final = [listed, one, act, compare]
