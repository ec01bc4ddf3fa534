"""What each place says, what the server runs with, and one's own sessions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from msgspec import DecodeError
from msgspec.json import decode

from crossdock.base import json
from crossdock.base.config import effective
from crossdock.base.ids import SiteId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, reader, token_of, writer
from crossdock.console.web import PageRequest
from crossdock.core.operators import commands as operators
from crossdock.core.operators import deeds
from crossdock.core.operators import queries as operator_queries
from crossdock.core.operators.model import OpenSession
from crossdock.core.rules import commands, queries
from crossdock.core.rules.errors import PlaceUnknown, RuleChanged, RuleUnfit, RuleUnknown
from crossdock.core.rules.model import RULES, Place, Rule, Value
from crossdock.core.staff import commands as staff
from crossdock.core.staff import queries as staff_queries
from crossdock.core.staff.model import OpenSession as StaffSession
from crossdock.core.staff.model import Staff

HERE: Final = f"{PREFIX}/settings"
DIGITS_MAX: Final = 18

RULE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "allocation": ("Which stock goes out first", "Counts for the next order that asks for goods."),
    "film_days": ("Days that film is kept", "Older film goes with the next sweep. Film that is held stays."),
    "prepared_first": (
        "Only what was set aside is handed over",
        "A parcel that nobody has set aside is refused at the counter.",
    ),
    "mask_keys": ("Pick-up codes are masked", "People of the shop see a code only when they name it."),
    "rollback_window_s": (
        "Seconds in which a hand-over can be taken back",
        "With 0 none can; without a number, for ever.",
    ),
    "rollbacks_max": ("How often one hand-over can be taken back", "Without a number there is no end."),
    "code_valid_h": ("Hours that a pick-up code is good", "Counts for codes that are issued from now on."),
    "reminder_h": ("Hours before its code expires that a buyer is reminded", "Without a number nobody is."),
    "password_characters_min": (
        "Characters of a password, at least",
        "Counts for passwords that are set from now on.",
    ),
}
"""What each rule is called, and what it does."""

TEXTS: Final[Mapping[str, str]] = {
    **{f"r_{name}": title for name, (title, _) in RULE_TEXTS.items()},
    **{f"h_{name}": hint for name, (_, hint) in RULE_TEXTS.items()},
    "settings": "Settings",
    "places": "Rules of places",
    "place": "Place",
    "account": "Account",
    "kind": "Kind",
    "shop": "shop",
    "warehouse": "warehouse",
    "station": "locker station",
    "rules_of": "Rules of {place}",
    "all": "All settings",
    "file_too": "The setup file says these, too: applying one sets again what it names.",
    "rule": "Rule",
    "value": "Value",
    "default": "Where it says nothing",
    "says_nothing": "not set",
    "lot": "by the name of the lot",
    "fifo": "what came first",
    "fefo": "what expires first, and nothing that has expired",
    "yes": "yes",
    "no": "no",
    "none": "no number",
    "change": "Change",
    "bounds": "From {least} to {most}, or nothing.",
    "set": "Say this from now on",
    "told_rule": "The rule is changed.",
    "you": "You",
    "factor": "Second factor and recovery codes",
    "sessions": "Where you are logged in",
    "since": "Since",
    "until": "Until",
    "this": "this session",
    "end": "End it",
    "told_session": "The session is ended.",
    "server": "What the server runs with",
    "server_why": "Set by variables of its environment. Passwords and keys are not shown.",
    "variable": "Variable",
    "origin": "Where from",
    "given": "the environment",
    "built_in": "the default",
    "default_value": "Default",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        PlaceUnknown: "There is no such place within reach. Nothing was done.",
        RuleUnknown: "Places of this kind have no such rule. Nothing was done.",
        RuleUnfit: "“{value}” cannot be used here. Nothing was done.",
        RuleChanged: "Somebody changed this rule meanwhile. Nothing was done; look at what it says now.",
    },
)
ENTRY: Final = Entry(path=HERE, title="Settings")


@get(HERE, media_type=MediaType.HTML)
async def settings(request: PageRequest) -> Response[Any]:
    return await _settings(request, await reader(request))


@post(HERE)
async def end_session(request: PageRequest) -> Response[Any]:
    """Of oneself; support may, too."""
    who = await reader(request)

    async def do(form: Form) -> Response[Any]:
        session_id = form.number("session")
        async with who.desk.database.transaction() as tx:
            if isinstance(who.by, Staff):
                await staff.end_session(tx, staff=who.by, session_id=session_id)
            else:
                await operators.end_session(tx, operator=who.by, session_id=session_id)
        return forms.done(request, who, HERE, TEXTS["told_session"])

    return await forms.act(request, who, SAYS, do, lambda failure: _settings(request, who, failure))


@get(HERE + "/{site_id:int}", media_type=MediaType.HTML)
async def place(request: PageRequest, site_id: FromPath[int]) -> Response[Any]:
    return await _place(request, await reader(request), site_id)


@post(HERE + "/{site_id:int}")
async def set_rule(request: PageRequest, site_id: FromPath[int]) -> Response[Any]:
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        found = await _found(who, site_id)
        name = form.text("rule")
        rule = next((rule for rule in RULES[found.kind] if rule.name == name), None)
        if rule is None:
            raise RuleUnknown(name=forms.shortened(name))
        reason = deeds.reason_given(form.text("reason"))
        here = f"{HERE}/{found.id}"
        at: dict[str, Any] = {"account_id": found.account_id, "site_id": found.id}
        async with who.desk.database.transaction() as tx:
            if await staff.action_of(tx, **at, operation_id=form.operation_id):
                return forms.done(request, who, here)
            await commands.set_rule(
                tx,
                **at,
                name=name,
                was=_was(form),
                value=read(rule, form.text("value")),
                staff_id=who.by.id if isinstance(who.by, Staff) else None,
                actor="" if isinstance(who.by, Staff) else who.actor,
                reason=reason,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, here, TEXTS["told_rule"])

    return await forms.act(request, who, SAYS, do, lambda failure: _place(request, who, site_id, failure))


def read(rule: Rule, text: str) -> Value | None:
    """As a form sends it; nothing is nothing. Errors: RuleUnfit."""
    if not text:
        return None
    if rule.choices:
        return text
    if rule.least is None:
        if text in ("yes", "no"):
            return text == "yes"
    elif text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX:
        return int(text)
    raise RuleUnfit(name=rule.name, value=forms.shortened(text))


def _was(form: Form) -> Any:
    """What the place said when the form was drawn, as JSON; nothing where it said nothing. Errors: FieldWrong."""
    text = form.text("was")
    try:
        return decode(text) if text else None
    except DecodeError as error:
        raise FieldWrong(field="was", value=forms.shortened(text)) from error


async def _found(who: Somebody, site_id: int) -> Place:
    """Errors: PlaceUnknown."""
    if who.scope.site_id not in (None, site_id):
        raise PlaceUnknown()
    async with who.desk.database.autocommit() as tx:
        return await queries.place(tx, account_id=who.scope.account_id, site_id=SiteId(min(site_id, forms.ID_MAX)))


async def _settings(request: PageRequest, who: Somebody, failure: Failure | None = None) -> Response[Any]:
    sessions: Sequence[OpenSession | StaffSession]
    async with who.desk.database.autocommit() as tx:
        places = await queries.places(
            tx,
            account_id=who.scope.account_id,
            site_id=who.scope.site_id,
            after=screen.after(request) or 0,
            limit=screen.ROWS_MAX + 1,
        )
        if isinstance(who.by, Staff):
            sessions = await staff_queries.sessions(tx, staff=who.by, token=token_of(request))
        else:
            sessions = await operator_queries.sessions(tx, operator=who.by, token=token_of(request))
    return screen.show(
        request,
        who,
        SAYS,
        "office/settings.html",
        here=HERE,
        failure=failure,
        places=screen.Rows.of(request, places, key=lambda place: place.id),
        sessions=sessions,
        server=effective(who.desk.config) if who.platform else [],
    )


async def _place(request: PageRequest, who: Somebody, site_id: int, failure: Failure | None = None) -> Response[Any]:
    found = await _found(who, site_id)
    return screen.show(
        request,
        who,
        SAYS,
        "office/rules.html",
        here=f"{HERE}/{found.id}",
        failure=failure,
        place=found,
        rules=[(rule, says, "" if says is None else json.text(says)) for rule, says in found.rules],
    )


HANDLERS: Final = [settings, end_session, place, set_rule]
