"""People at counters and on floors: who works where, who may log in, and what is done with their accounts."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final, cast, get_args

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.base.ids import SiteId, StaffId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen
from crossdock.console.office.errors import OperatorsOnly
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, reader, writer
from crossdock.console.web import PageRequest
from crossdock.core.accounts.errors import SiteUnknown
from crossdock.core.accounts.model import Site
from crossdock.core.handover.model import HouseRules
from crossdock.core.operators import deeds
from crossdock.core.staff import commands, managing, passwords, queries
from crossdock.core.staff.errors import (
    NotAClerk,
    NotAManager,
    PasswordUnusable,
    StaffUnknown,
    UsernameTaken,
    UsernameUnusable,
)
from crossdock.core.staff.model import (
    PASSWORD_CHARACTERS_MAX,
    USERNAME_CHARACTERS_MAX,
    Above,
    Member,
    Role,
    Staff,
    Workplace,
)
from crossdock.db.tx import Tx

HERE: Final = f"{PREFIX}/staff"
PLACES_MAX: Final = 500
"""To choose from."""

TEXTS: Final[Mapping[str, str]] = {
    "people": "People",
    "name": "Name",
    "place": "Place",
    "account": "Account",
    "any_place": "all places",
    "find": "Find",
    "name_part": "Part of a name",
    "role": "Role",
    "clerk": "worker",
    "manager": "manager",
    "state": "State",
    "active": "may log in",
    "blocked": "blocked",
    "locked": "locked after wrong passwords until {until}",
    "last_login": "Last log-in",
    "never": "never",
    "sessions": "Sessions",
    "token": "Token for programs",
    "yes": "yes",
    "no": "no",
    "shop": "shop",
    "warehouse": "warehouse",
    "add": "Add somebody",
    "username": "User name",
    "password": "Password",
    "password_hint": "{characters} characters at least. Tell it in person; it can be changed at any time.",
    "add_do": "Add",
    "added": "{name} can log in now.",
    "all": "All people",
    "created": "Added",
    "history": "What they did, and what was done about them",
    "logs_in_at": "Logs in at",
    "not_yours": "Managers are looked after by the platform’s operators.",
    "block": "Block",
    "block_why": "They are logged out everywhere at once, and cannot log in again.",
    "unblock": "Let in again",
    "unblock_why": "They log in anew on every device.",
    "end": "End all sessions",
    "end_why": "They are logged out everywhere, and can log in again with their password.",
    "unlock": "Forget wrong passwords",
    "unlock_why": "They can try again at once.",
    "reset": "Set another password",
    "reset_why": "They are logged out everywhere, and log in with the new one.",
    "promote": "Make a manager",
    "promote_why": "A manager looks after the people of the place, and sees its pages of the console.",
    "demote": "Make a worker",
    "demote_why": "They see the pages of workers only.",
    "move": "Move to another place",
    "move_why": "Of the same account and kind. Both places remember it.",
    "told_block": "{name} is blocked, and logged out everywhere.",
    "told_unblock": "{name} may log in again.",
    "told_end": "{name} is logged out everywhere.",
    "told_unlock": "No wrong password of {name} counts any more.",
    "told_reset": "{name} has another password now, and is logged out everywhere.",
    "told_promote": "{name} is a manager now.",
    "told_demote": "{name} is a worker now.",
    "told_move": "{name} works elsewhere now.",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        StaffUnknown: "There is nobody of this kind here.",
        UsernameTaken: "Somebody has the name “{username}” already: it is one over all places. Nothing was done.",
        UsernameUnusable: "A name has up to {characters_max} characters, and no blank at either end.",
        PasswordUnusable: "A password has {characters_min} to {characters_max} characters. Nothing was done.",
        NotAClerk: "Managers are looked after by the platform’s operators. Nothing was done.",
        NotAManager: "You are no manager here any more. Nothing was done.",
        SiteUnknown: "There is no such place within reach. Nothing was done.",
    },
)
ENTRY: Final = Entry(path=HERE, title="People")

FOR_OPERATORS: Final = frozenset({"promote", "demote", "move"})
LOG_IN_AT: Final = {"shop": "/counter", "warehouse": "/floor"}


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    return await _list(request, await reader(request))


@post(HERE)
async def add(request: PageRequest) -> Response[Any]:
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        name = form.text("username", characters_max=USERNAME_CHARACTERS_MAX, needed=True)
        reason = deeds.reason_given(form.text("reason"))
        role = form.text("role") or "clerk"
        if role not in get_args(Role):
            raise FieldWrong(field="role", value=forms.shortened(role))
        site = await _site_of(who, form)
        password_hash = await _hashed(form, site)
        async with who.desk.database.transaction() as tx:
            if await commands.action_of(
                tx, account_id=site.account_id, site_id=site.id, operation_id=form.operation_id
            ):
                return forms.done(request, who, HERE)
            given: dict[str, Any] = {
                "username": name,
                "password_hash": password_hash,
                "reason": reason,
                "operation_id": form.operation_id,
            }
            if isinstance(who.by, Staff):
                made = await managing.hire(tx, by=who.by, **given)
            else:
                made = await managing.place(tx, by=_above(who), at=site, role=cast(Role, role), **given)
        return forms.done(request, who, f"{HERE}/{made.id}", TEXTS["added"], name=made.username)

    return await forms.act(request, who, SAYS, do, lambda failure: _list(request, who, failure))


@get(HERE + "/{staff_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, staff_id: FromPath[int]) -> Response[Any]:
    return await _one(request, await reader(request), staff_id)


@post(HERE + "/{staff_id:int}")
async def change(request: PageRequest, staff_id: FromPath[int]) -> Response[Any]:
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        deed = form.text("deed")
        if f"told_{deed}" not in TEXTS:
            raise FieldWrong(field="deed", value=forms.shortened(deed))
        if deed in FOR_OPERATORS and who.operator is None:
            raise OperatorsOnly()
        reason = deeds.reason_given(form.text("reason"))
        found = await _member(who, staff_id)
        password_hash = ""
        if deed == "reset":
            site = await who.desk.accounts.site_by_id(found.account_id, found.site_id)
            password_hash = await _hashed(form, site)
        async with who.desk.database.transaction() as tx:
            if await commands.action_of(
                tx, account_id=found.account_id, site_id=found.site_id, operation_id=form.operation_id
            ):
                return forms.done(request, who, f"{HERE}/{found.id}")
            more: dict[str, Any] = {"staff_id": found.id, "reason": reason, "operation_id": form.operation_id}
            await _done(tx, who, deed, form, password_hash, more)
        return forms.done(request, who, f"{HERE}/{found.id}", TEXTS[f"told_{deed}"], name=found.username)

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, staff_id, failure))


def _done(tx: Tx, who: Somebody, deed: str, form: Form, password_hash: str, more: dict[str, Any]) -> Awaitable[Staff]:
    above = _above(who)
    by = who.by if isinstance(who.by, Staff) else above
    match deed:
        case "block":
            return managing.disable(tx, by=by, **more)
        case "unblock":
            return managing.enable(tx, by=by, **more)
        case "end":
            return managing.withdraw(tx, by=by, **more)
        case "unlock":
            return managing.unlock(tx, by=by, **more)
        case "reset":
            return managing.set_password(tx, by=by, password_hash=password_hash, **more)
        case "promote":
            return managing.set_role(tx, by=above, role="manager", **more)
        case "demote":
            return managing.set_role(tx, by=above, role="clerk", **more)
    return managing.move(tx, by=above, site_id=SiteId(form.number("site")), **more)


def _above(who: Somebody) -> Above:
    return Above(actor=who.actor, account_id=who.scope.account_id)


async def _hashed(form: Form, site: Site) -> str:
    """Errors: PasswordUnusable."""
    password = form.fields.get("password", "")[: PASSWORD_CHARACTERS_MAX + 1]
    passwords.check(password, characters_min=HouseRules.of(site.settings).password_characters_min)
    return await passwords.hashed(password)


async def _site_of(who: Somebody, form: Form) -> Site:
    """A manager's own; else the one that the form names. Errors: FieldWrong, SiteUnknown."""
    if who.site is not None:
        return who.site
    async with who.desk.database.autocommit() as tx:
        found = await queries.workplaces(
            tx, account_id=who.scope.account_id, site_id=SiteId(form.number("site")), limit=1
        )
    if not found:
        raise SiteUnknown()
    return await who.desk.accounts.site_by_id(found[0].account_id, found[0].id)


async def _member(who: Somebody, staff_id: int) -> Member:
    """Errors: StaffUnknown."""
    async with who.desk.database.autocommit() as tx:
        return await queries.member(
            tx,
            account_id=who.scope.account_id,
            site_id=who.scope.site_id,
            staff_id=StaffId(min(staff_id, forms.ID_MAX)),
        )


async def _list(request: PageRequest, who: Somebody, failure: Failure | None = None) -> Response[Any]:
    text = request.query_params.get("text", "").strip().replace("\0", "")[:USERNAME_CHARACTERS_MAX]
    chosen = forms.id_of(request.query_params.get("site", ""))
    site_id = None if chosen is None else SiteId(chosen)
    async with who.desk.database.autocommit() as tx:
        found = await queries.members(
            tx,
            account_id=who.scope.account_id,
            site_id=who.scope.site_id or site_id,
            text=text,
            after=screen.after(request) or 0,
            limit=screen.ROWS_MAX + 1,
        )
        places: list[Workplace] = []
        if who.site is None:
            places = await queries.workplaces(tx, account_id=who.scope.account_id, limit=PLACES_MAX)
    return screen.show(
        request,
        who,
        SAYS,
        "office/people.html",
        here=HERE,
        failure=failure,
        people=screen.Rows.of(request, found, key=lambda member: member.id),
        places=places,
        text=text,
        chosen=site_id,
        characters_min=1 if who.site is None else HouseRules.of(who.site.settings).password_characters_min,
    )


async def _one(request: PageRequest, who: Somebody, staff_id: int, failure: Failure | None = None) -> Response[Any]:
    person = await _member(who, staff_id)
    places: list[Workplace] = []
    if who.operator is not None and who.may_write:
        async with who.desk.database.autocommit() as tx:
            places = await queries.workplaces(tx, account_id=person.account_id, limit=PLACES_MAX)
    site = await who.desk.accounts.site_by_id(person.account_id, person.site_id)
    return screen.show(
        request,
        who,
        SAYS,
        "office/person.html",
        here=f"{HERE}/{person.id}",
        failure=failure,
        person=person,
        deeds=offered(who, person),
        places=[place for place in places if place.kind == person.kind and place.id != person.site_id],
        characters_min=HouseRules.of(site.settings).password_characters_min,
        logs_in_at=LOG_IN_AT.get(person.kind, ""),
    )


def offered(who: Somebody, person: Member) -> list[str]:
    """What whoever looks may do with this account."""
    if not who.may_write or (who.operator is None and person.manager):
        return []
    found = ["reset", "end", *(["unlock"] if person.locked_until else []), "block" if person.active else "unblock"]
    return found if who.operator is None else [*found, "demote" if person.manager else "promote", "move"]


HANDLERS: Final = [listed, add, one, change]
