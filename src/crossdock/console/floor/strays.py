"""Goods that came back without a return: put on record, and settled."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.base.errors import CrossdockError
from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog.scanning import CODE_CHARACTERS_MAX
from crossdock.core.returning import queries, strays
from crossdock.core.returning.errors import NoteMissing, NoteTooLong, StraySettled, StrayUnknown
from crossdock.core.returning.model import NOTE_CHARACTERS_MAX

RETURNS: Final = f"{PREFIX}/returns"
HOME: Final = f"{RETURNS}/unknown"
SHOWN: Final = 30

TEXTS: Final[Mapping[str, str]] = {
    "returns": "Returns",
    "strays": "Goods without a return",
    "strays_none": "Nothing is on record.",
    "stray_new": "Put goods without a return on record",
    "stray_code": "What stands on it (a number, a name)",
    "stray_what": "What it is, and in which state",
    "stray_do": "Put on record",
    "stray_hint": "Put the goods into quarantine, with the number of the record on them. The owner or a manager says"
    " what becomes of them.",
    "record": "Record {id}",
    "settle": "What was done with it",
    "settle_do": "Settle",
    "more": "More",
    "first": "Back to the first",
}
FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    StrayUnknown: "Nothing is on record under this number.",
    StraySettled: "Record {id} was settled before.",
    NoteMissing: "Say in a few words what is wrong with it, or what it is.",
    NoteTooLong: "{characters_max} characters at most.",
}
SAYS: Final = Says.of(TEXTS, FAILURES)
NOTED: Final = "Record {id}: write this number on the goods, and put them into quarantine."
SETTLED: Final = "Record {id} is settled."
MESSAGES: Final = (NOTED, SETTLED)
ITEMS: Final = ()
"""It is reached from the returns."""


@get(HOME, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    return await _home(request, await person(request))


@post(HOME)
async def note(request: PageRequest) -> Response[Any]:
    who = await person(request)
    sent: dict[str, str] = {}

    async def do(form: Form) -> Response[Any]:
        sent.update(form.fields)
        async with who.desk.database.transaction() as tx:
            noted = await strays.note(
                tx,
                **who.place,
                staff_id=who.staff.id,
                code=form.text("code", characters_max=CODE_CHARACTERS_MAX),
                what=form.text("what"),
                operation_id=form.operation_id,
            )
        return forms.done(request, who, HOME, NOTED, id=noted.id)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, failure, sent))


@post(HOME + "/{stray_id:int}")
async def settle(request: PageRequest, stray_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await strays.settle(
                tx,
                **who.place,
                staff_id=who.staff.id,
                stray_id=stray_id,
                settlement=form.text("settlement"),
                operation_id=form.operation_id,
            )
        return forms.done(request, who, HOME, SETTLED, id=stray_id)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, failure))


async def _home(
    request: PageRequest, who: Person, failure: Failure | None = None, sent: Mapping[str, str] | None = None
) -> Response[str]:
    after = screen.number_of(request, "after") or 0
    async with who.desk.database.autocommit() as tx:
        found = await queries.strays(tx, **who.place, after=after, limit=SHOWN + 1)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/returns_unknown.html",
        here=HOME,
        failure=failure,
        home=RETURNS,
        strays=HOME,
        sent=sent or {},
        after=after,
        found=found[:SHOWN],
        more=f"{HOME}?after={found[SHOWN - 1].id}" if len(found) > SHOWN else "",
        code_max=CODE_CHARACTERS_MAX,
        note_max=NOTE_CHARACTERS_MAX,
    )


HANDLERS: Final = [home, note, settle]
