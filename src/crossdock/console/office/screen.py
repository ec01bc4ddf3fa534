"""What every screen of the console is made with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from msgspec import Struct

from crossdock.base.errors import (
    CrossdockError,
    Denied,
)
from crossdock.console import forms, web
from crossdock.console.forms import Failure
from crossdock.console.office.errors import NotOfTheConsole, OperatorsOnly
from crossdock.console.office.who import PREFIX, Somebody
from crossdock.console.web import PageRequest
from crossdock.core.operators.errors import (
    CodeSpent,
    CodeWrong,
    OperationSpent,
    ReasonTooShort,
    SecondFactorSet,
    SupportOnlyLooks,
)
from crossdock.core.staff.errors import LoginLocked, LoginWrong, ReasonTooLong, WrongPlace

ROWS_MAX: Final = 50
"""Of one page of a list."""

TEXTS: Final[Mapping[str, str]] = {
    "console": "Console",
    "menu": "Pages",
    "logout": "Log out",
    "second_factor": "Second factor",
    "role_operator": "operator",
    "role_support": "support, read only",
    "role_manager": "warehouse manager",
    "all_accounts": "all accounts",
    "trace": "The log has the number {trace_id}.",
    "next": "Next page",
    "first": "First page",
    "nothing_here": "There is nothing to show.",
    "read_only": "You see everything and change nothing.",
    "reason": "Reason",
    "reason_hint": "It stands in the history.",
    "confirm": "Yes, do it",
    "keep_off": "No, go back",
    "times_in": "Times are those of {zone}.",
    "search": "Search",
    "search_hint": "Number, reference, tracking number, SKU …",
    "skip": "Skip to the page",
}
"""Of every screen."""

SAME: Final = frozenset({"SKU"})
"""What is said alike in every language."""

FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    LoginWrong: "The name or the password is wrong.",
    LoginLocked: "Too many wrong passwords or codes. Nobody can log in under this name for {minutes} minutes.",
    WrongPlace: "You do not work in a warehouse. People of a shop log in at /counter.",
    NotOfTheConsole: "Only operators, support and managers of warehouses log in here. Workers log in at /floor.",
    OperatorsOnly: "Only the platform's operators may do this.",
    SupportOnlyLooks: "Support sees everything and changes nothing. Ask an operator.",
    CodeWrong: "This is not the code that the phone shows now. Please read it again.",
    CodeSpent: "This code was used before. Please wait for the next one.",
    SecondFactorSet: "There is a second factor already. “crossdock operators reset-totp” takes it away.",
    OperationSpent: "This form did something else before. Look at how things are now; nothing more was done.",
    ReasonTooShort: "Please say why, in {characters_min} characters at least. Nothing was done.",
    ReasonTooLong: "A reason has {characters_max} characters at most. Nothing was done.",
    Denied: "You may not do this.",
}
"""What was refused and what to do, for people. A module adds the errors of its own area."""


class Says(forms.Says, frozen=True):
    """With what every screen says."""

    @classmethod
    def of(cls, texts: Mapping[str, str], failures: Mapping[type[CrossdockError], str] | None = None) -> "Says":
        return cls({**TEXTS, **texts}, {**forms.FAILURES, **FAILURES, **(failures or {})})


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the navigation."""

    path: str
    title: str
    """An English text of ours."""
    operators: bool = False
    """A manager of a warehouse does not see it."""
    writers: bool = False
    """Nor does support, which only looks."""


class Rows(Struct, frozen=True, kw_only=True):
    """One page of a list that goes on from a key, and the address of the next."""

    rows: Sequence[Any]
    next: str | None
    first: str | None

    @classmethod
    def of(
        cls, request: PageRequest, found: Sequence[Any], *, key: Callable[[Any], Any], rows_max: int = ROWS_MAX
    ) -> "Rows":
        """`found` are up to `rows_max` + 1, from the `after` of the address on."""
        shown = found[:rows_max]
        more = len(found) > rows_max
        return cls(
            rows=shown,
            next=onward(request, key(shown[-1])) if more else None,
            first="?" + urlencode(_asked(request)) if "after" in request.query_params else None,
        )


def onward(request: PageRequest, key: Any) -> str:
    """The address of the same list from that key on."""
    return "?" + urlencode({**_asked(request), "after": key})


def _asked(request: PageRequest) -> dict[str, Any]:
    return {name: value for name, value in request.query_params.items() if name not in {"after", "language"}}


def after(request: PageRequest) -> int | None:
    """The key a list goes on from; what cannot be one begins anew."""
    return forms.id_of(request.query_params.get("after", ""))


def show(
    request: PageRequest,
    who: Somebody,
    says: Says,
    template: str,
    *,
    here: str,
    failure: Failure | None = None,
    scripts: tuple[str, ...] = (),
    nav: bool = True,
    **shown: Any,
) -> Response[str]:
    """A screen: a template that extends `office/layout.html`. `here` is the address of its GET.

    The template is given `who`, `word`, `operation_id()` for each form, `failure`, `said`, `clock` for moments, and
    `shown`. `scripts` are files of `static/office/`.
    """
    said = forms.said(request, who)
    answer = web.html(
        request,
        template,
        says.texts,
        status=200 if failure is None else failure.status,
        who=who,
        word=who.word,
        operation_id=forms.new_operation_id,
        failure=failure,
        said=said,
        scripts=scripts,
        prefix=PREFIX,
        here=here,
        entries=_entries(request, who, here) if nav else [],
        clock=lambda at: f"{at.astimezone(who.zone):%Y-%m-%d %H:%M:%S}",
        **shown,
    )
    if said and failure is None:
        forms.forget(request, who, answer)
    return answer


def _entries(request: PageRequest, who: Somebody, here: str) -> list[dict[str, Any]]:
    entries = [
        entry
        for entry in request.route_handler.opt["entries"]
        if (who.operator is not None or not entry.operators) and (who.may_write or not entry.writers)
    ]
    titles = web.translated({entry.path: entry.title for entry in entries}, web.language_of(request))
    current = max(
        (
            entry.path
            for entry in entries
            if here == entry.path or (entry.path != PREFIX and here.startswith(entry.path + "/"))
        ),
        key=len,
        default="",
    )
    return [{"path": entry.path, "title": titles[entry.path], "current": entry.path == current} for entry in entries]
