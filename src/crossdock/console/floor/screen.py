"""What every screen of the floor is made with."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from crossdock.base.errors import (
    CrossdockError,
    Denied,
)
from crossdock.console import forms, web
from crossdock.console.floor.who import PREFIX, Person
from crossdock.console.forms import Failure
from crossdock.console.web import PageRequest
from crossdock.core.staff.errors import LoginLocked, LoginWrong, ReasonTooLong, WrongPlace

HEADERS: Final = {"permissions-policy": "camera=(self), geolocation=(), microphone=()"}

TEXTS: Final[Mapping[str, str]] = {
    "floor": "Warehouse floor",
    "menu": "Menu",
    "logout": "Log out",
    "back": "Back",
    "understood": "Understood",
    "failed": "Not done",
    "scanned": "Scanned: {value}",
    "trace": "The log has the number {trace_id}.",
    "no_line": "There is no line. Nothing was booked.",
    "unsent": "Not booked, please scan again: {codes}",
    "camera": "Scan with the camera",
    "camera_stop": "Close the camera",
    "camera_no": "The camera cannot be used. Please allow it, or type the code.",
}
"""Of every screen. `{codes}` is put in by the scripts."""

FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    LoginWrong: "The name or the password is wrong.",
    LoginLocked: "Too many wrong passwords. Nobody can log in under this name for {minutes} minutes.",
    WrongPlace: "You do not work in a warehouse. People of a shop log in at /counter.",
    ReasonTooLong: "A reason has {characters_max} characters at most.",
    Denied: "You may not do this. Ask a manager of the warehouse.",
}
"""What was refused and what to do, for people. A module adds the errors of its own area."""


class Says(forms.Says, frozen=True):
    """With what every screen says."""

    @classmethod
    def of(cls, texts: Mapping[str, str], failures: Mapping[type[CrossdockError], str] | None = None) -> "Says":
        return cls({**TEXTS, **texts}, {**forms.FAILURES, **FAILURES, **(failures or {})})


def show(
    request: PageRequest,
    who: Person,
    says: Says,
    template: str,
    *,
    here: str = "",
    failure: Failure | None = None,
    scripts: tuple[str, ...] = (),
    **shown: Any,
) -> Response[str]:
    """A screen: a template that extends `floor/layout.html`. `scripts` are further files of `static/floor/`.

    `here` is the address of its GET, which a POST that was refused goes back to; empty where this is that GET.

    The template is given `who`, `word`, `operation_id()` for each form, `failure`, `said`, and `shown`.
    """
    said = forms.said(request, who)
    answer = web.html(
        request,
        template,
        says.texts,
        status=200 if failure is None else failure.status,
        headers=HEADERS,
        who=who,
        word=who.word,
        operation_id=forms.new_operation_id,
        failure=failure,
        said=said,
        scripts=scripts,
        prefix=PREFIX,
        here=here.partition("?")[0],
        screen_path=here or "?",
        **shown,
    )
    if said and failure is None:
        forms.forget(request, who, answer)
    return answer


def number_of(request: PageRequest, name: str) -> int | None:
    """An id of ours in the address, from which a list goes on; None for what is none."""
    return forms.id_of(request.query_params.get(name, ""))
