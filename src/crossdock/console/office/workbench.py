"""The signature workbench: why a request that somebody pastes is not accepted. It shows no secret."""

import asyncio
from typing import Any, Final

from litestar import MediaType, Response, get, post
from msgspec import Struct

from crossdock import dialects
from crossdock.base.errors import CrossdockError, Invalid
from crossdock.base.ids import CredentialId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import pasted, screen
from crossdock.console.office.pasted import PastedTooLong, PastedUnreadable
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, operator
from crossdock.console.web import PageRequest
from crossdock.core.accounts import keys
from crossdock.core.accounts.errors import KeyUnknown
from crossdock.core.accounts.model import Credential
from crossdock.core.operators import deeds
from crossdock.edge.dialect import Dialect
from crossdock.edge.workbench import Examined, Pasted, Workbench, examine, first_difference, masked

HERE: Final = f"{PREFIX}/workbench"
KEYS_TRIED_MAX: Final = 50
"""Other keys of the account whose secret may have been taken."""
TEXT_CHARACTERS_SHOWN: Final = 10_000
AROUND: Final = 40
"""Characters of a text before and after the first one that differs."""
SIGNATURE_CHARACTERS_SHOWN: Final = 128
"""The longest signature is shown whole."""
FORM_BYTES_MAX: Final = 2 * 12 * pasted.CHARACTERS_MAX + 8_192
"""Both texts, each character as four bytes that are percent-encoded, and the fields beside them."""

CAUSES: Final = {
    "right": "The signature is right, and the time is near enough to ours.",
    "unsigned_api": "This API signs nothing: the key alone says who is calling, and it is in use.",
    "no_signature": "The request carries no signature.",
    "no_key": "Nobody goes by the key of the request, so nothing can be expected.",
    "key_over": "The key is revoked, over or not yet in use.",
    "clock": "The signature is right, but the time in the request is too far from ours: look at the client's clock"
    " and time zone.",
    "case": "Only upper and lower case differ: this API takes upper-case digits.",
    "order": "It fits when the parts are signed in another order: sort them as shown below.",
    "encoding": "It fits when values are written in another way: look at the encoding, at blanks and at numbers.",
    "joined": "It fits when the parts are joined in another way.",
    "field_missing": "It fits when a field is left out of what is signed: {field}.",
    "secret_place": "It fits when the secret stands in another place.",
    "no_secret": "It fits when no secret is signed.",
    "algorithm": "It fits with another hash algorithm.",
    "other_secret": "It is signed with the secret of another key: {key}.",
    "length": "It has another length than a signature of this API: another hash algorithm, or it was cut off.",
    "unknown": "None of the known mistakes explains it. The secret may be a wrong one, or the body was changed after"
    " it was signed.",
}
TEXTS: Final = {
    "workbench": "Signature workbench",
    "workbench_why": "Paste a request whose signature is refused. You see what this server would sign, and what is"
    " likely wrong. No secret is shown; that you looked stands in the history.",
    "api": "API",
    "find_it": "by the address",
    "key_number": "Number of the key",
    "key_found": "Left empty: found in the request.",
    "request": "The request",
    "request_hint": "As curl, as HTTP, or the address and the body below it. At most {most} characters.",
    "signed": "What the client signed, if it tells you",
    "signed_hint": "Put [secret] in place of the secret.",
    "look": "Compare",
    "cause": "Likely cause",
    "key": "Key",
    "text": "What this server signs",
    "expected": "Expected signature",
    "received": "Received signature",
    "none": "none",
    "differs": "They differ from character {position} on.",
    "equal": "They are the same.",
    "text_differs": "What the client signed differs from character {position} on.",
    "text_equal": "What the client signed is the same text.",
    "ours": "This server",
    "theirs": "The client",
    "cut": "The rest is left out.",
    **{f"cause_{name}": text for name, text in CAUSES.items()},
}


class ApiUnknown(Invalid):
    """The address belongs to no API of this server, or there is none."""


class RequestUnreadable(Invalid):
    """The API cannot read this request. Facts: why."""


SAYS: Final = Says.of(
    TEXTS,
    {
        PastedUnreadable: "This is no request that can be read: {why}.",
        PastedTooLong: "This is too long: {characters_max} characters at most.",
        ApiUnknown: "The address does not tell which API it is. Choose one.",
        RequestUnreadable: "This API cannot read the request: {why}",
        KeyUnknown: "There is no such key in this API.",
    },
)
ENTRY: Final = Entry(path=HERE, title="Signatures", operators=True, writers=True)


class Difference(Struct, frozen=True, kw_only=True):
    """Two texts around their first difference."""

    position: int
    sides: tuple[tuple[str, str, str], tuple[str, str, str]]
    """Before, the character itself, after; ours, then theirs."""


@get(HERE, media_type=MediaType.HTML)
async def bench(request: PageRequest) -> Response[Any]:
    """`api` and `key` of the address are filled in."""
    who = await operator(request, write=True)
    asked = {name: request.query_params.get(name, "")[:20] for name in ("api", "key")}
    return _bench(request, who, asked)


@post(HERE, request_max_body_size=FORM_BYTES_MAX)
async def look(request: PageRequest) -> Response[Any]:
    who = await operator(request, write=True)
    asked: dict[str, str] = {}

    async def do(form: Form) -> Response[Any]:
        asked.update({name: form.fields.get(name, "") for name in ("api", "key", "request", "signed")})
        given = pasted.read(asked["request"])
        if len(asked["signed"]) > pasted.CHARACTERS_MAX:
            raise PastedTooLong(characters_max=pasted.CHARACTERS_MAX)
        dialect, tools = _dialect(who, form.text("api"), given)
        credential = await _credential(who, form, dialect, tools, given)
        found = await _examined(who, dialect, tools, given, credential)
        async with who.desk.database.transaction() as tx:
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, action="examine_signature"):
                await deeds.record(
                    tx,
                    by=who.by,
                    action="examine_signature",
                    account_id=None if credential is None else credential.account_id,
                    subject=f"{dialect.name}" + ("" if credential is None else f" key:{credential.id}"),
                    after={"cause": found.cause},
                    operation_id=form.operation_id,
                )
        secret = "" if credential is None else credential.secret
        theirs = masked(asked["signed"].replace("\r\n", "\n").strip(), secret)
        return _bench(request, who, asked, dialect=dialect, credential=credential, found=found, theirs=theirs)

    return await forms.act(request, who, SAYS, do, lambda failure: _again(request, who, asked, failure))


async def _again(request: PageRequest, who: Somebody, asked: dict[str, str], failure: Failure) -> Response[Any]:
    kept = {name: text[: pasted.CHARACTERS_MAX] for name, text in asked.items()}
    return _bench(request, who, kept, failure=failure)


def _bench(
    request: PageRequest,
    who: Somebody,
    asked: dict[str, str],
    *,
    failure: Failure | None = None,
    dialect: Dialect | None = None,
    credential: Credential | None = None,
    found: Examined | None = None,
    theirs: str = "",
) -> Response[Any]:
    key = "" if credential is None or (dialect is not None and dialect.key_is_secret) else credential.key
    return screen.show(
        request,
        who,
        SAYS,
        "office/workbench.html",
        here=HERE,
        failure=failure,
        asked={"api": "", "key": "", "request": "", "signed": "", **asked},
        apis=dialects.names(),
        characters_max=pasted.CHARACTERS_MAX,
        found=found,
        api="" if dialect is None else dialect.name,
        credential=credential,
        key=key,
        why="" if found is None else forms.filled(request, CAUSES[found.cause], field=found.field, key=found.key),
        in_signature=None if found is None else _in_signature(found),
        in_text=None if found is None or not theirs else _compared(found.text, theirs),
        theirs=bool(theirs),
        text_max=TEXT_CHARACTERS_SHOWN,
    )


def _dialect(who: Somebody, name: str, given: Pasted) -> tuple[Dialect, Workbench]:
    """As chosen, or whose path it is. Errors: FieldWrong, ApiUnknown."""
    if name and name not in dialects.names():
        raise FieldWrong(field="api", value=name)
    path = dict(who.desk.config.aliases).get(given.path, given.path).lower()
    for dialect in dialects.load(name or None):
        by_path = any(path == prefix.lower() or path.startswith(prefix.lower() + "/") for prefix in dialect.prefixes)
        if dialect.workbench is not None and (name or by_path):
            return dialect, dialect.workbench
    raise ApiUnknown()


async def _credential(
    who: Somebody, form: Form, dialect: Dialect, tools: Workbench, given: Pasted
) -> Credential | None:
    """The chosen one, or the one the request names; None for one of an account that is not seen, too.

    Errors: KeyUnknown, FieldWrong, RequestUnreadable.
    """
    if form.text("key"):
        chosen = await who.desk.accounts.credential(CredentialId(form.number("key")))
        if chosen is None or chosen.dialect != dialect.name or not who.scope.holds(chosen.account_id):
            raise KeyUnknown(id=form.text("key"))
        return chosen
    try:
        claimed = tools.claimed(given.body, **given.given)
    except CrossdockError as error:
        raise RequestUnreadable(why=error.sentence) from error
    caller = await who.desk.accounts.caller(dialect.name, claimed.key) if claimed.key else None
    if caller is None or not who.scope.holds(caller.credential.account_id):
        return None
    return caller.credential


async def _examined(
    who: Somebody, dialect: Dialect, tools: Workbench, given: Pasted, credential: Credential | None
) -> Examined:
    """Beside the event loop: a long body is hashed many times. Errors: RequestUnreadable."""
    others: list[Credential] = []
    if credential is not None:
        async with who.desk.database.autocommit() as tx:
            others = await keys.opened(
                tx, who.desk.seal, account_id=credential.account_id, dialect=dialect.name, limit=KEYS_TRIED_MAX
            )
    try:
        return await asyncio.to_thread(
            examine,
            tools,
            given,
            credential=credential,
            others=others,
            now=who.desk.clock.now(),
            config=who.desk.config,
        )
    except CrossdockError as error:
        raise RequestUnreadable(why=error.sentence) from error


def _in_signature(found: Examined) -> Difference | None:
    return _difference(found.expected, found.received, found.position, around=SIGNATURE_CHARACTERS_SHOWN)


def _compared(ours: str, theirs: str) -> Difference | None:
    return _difference(ours, theirs, first_difference(theirs, ours, case_counts=True), around=AROUND)


def _difference(ours: str, theirs: str, position: int | None, *, around: int) -> Difference | None:
    if position is None or not ours or not theirs:
        return None
    at = position - 1

    def side(text: str) -> tuple[str, str, str]:
        return text[max(at - around, 0) : at], text[at : at + 1], text[at + 1 : at + 1 + around]

    return Difference(position=position, sides=(side(ours), side(theirs.strip())))


HANDLERS: Final = [bench, look]
