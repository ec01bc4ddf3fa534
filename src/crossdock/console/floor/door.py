"""The way in and out, and the menu."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.response import Redirect
from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.console import forms, web
from crossdock.console.floor import screen
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import COOKIE, KIND, PREFIX, Person, cookie, person, take_login
from crossdock.console.forms import Form
from crossdock.console.web import PageRequest
from crossdock.core.staff import commands
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX
from crossdock.db.tx import Tx
from crossdock.edge.desk import Desk

LOGIN: Final = f"{PREFIX}/login"
SAYS: Final = Says.of(
    {
        "username": "User name",
        "password": "Password",
        "login": "Log in",
        "over": "You were logged out, or nobody has logged in here yet. What you did last was not booked.",
        "what": "What do you want to do?",
        "manager": "manager",
    }
)


class Item(Struct, frozen=True, kw_only=True):
    """One line of the menu: a topic's first screen, and how much waits there."""

    path: str
    title: str
    """An English text of ours."""
    hint: str
    count: Callable[[Tx, Person], Awaitable[int]] | None = None
    managers: bool = False
    """Only they see it."""


class Shown(Struct, frozen=True, kw_only=True):
    path: str
    title: str
    hint: str
    count: int | None


def handlers(items: tuple[Item, ...]) -> list[Any]:
    """Log-in, log-out, and the menu of these items."""

    @get(PREFIX, media_type=MediaType.HTML)
    async def menu(request: PageRequest) -> Response[Any]:
        who = await person(request)
        said = web.translated(
            {text: text for item in items for text in (item.title, item.hint)}, web.language_of(request)
        )
        async with who.desk.database.autocommit() as tx:
            shown = [
                Shown(
                    path=item.path,
                    title=said[item.title],
                    hint=said[item.hint],
                    count=None if item.count is None else await item.count(tx, who),
                )
                for item in items
                if who.staff.manager or not item.managers
            ]
        return screen.show(request, who, SAYS, "floor/menu.html", items=shown)

    return [menu, login, log_in, log_out]


@get(LOGIN, media_type=MediaType.HTML)
async def login(request: PageRequest) -> Response[Any]:
    return _login(request, over="over" in request.query_params)


@post(LOGIN)
async def log_in(request: PageRequest) -> Response[Any]:
    """Whoever was on a page before comes back to it."""
    desk: Desk = request.app.state.desk
    to = ""
    try:
        sent = await request.form()
        form = Form(fields={name: v for name, v in sent.items() if isinstance(v, str)}, operation_id="")
        to = _way_back(form.text("to"))
        name = form.text("username", characters_max=USERNAME_CHARACTERS_MAX, needed=True)
        password = form.fields.get("password", "")[: PASSWORD_CHARACTERS_MAX + 1]
        take_login(request, name)
        opened = await commands.open_session(desk.database, username=name, password=password, kind=KIND)
    except CrossdockError as error:
        return _login(request, to=to, failure=forms.failure(request, SAYS, error))
    answer = Redirect(to or PREFIX, status_code=303, headers={"cache-control": "no-store"})
    answer.set_cookie(cookie(request, opened))
    return answer


@post(f"{PREFIX}/logout")
async def log_out(request: PageRequest) -> Response[Any]:
    who = await person(request)
    await forms.read(request, who)
    async with who.desk.database.transaction() as tx:
        await commands.close_session(tx, token=request.cookies.get(COOKIE, ""))
    answer = Redirect(LOGIN, status_code=303, headers={"cache-control": "no-store"})
    answer.set_cookie(cookie(request, None))
    return answer


def _login(
    request: PageRequest, *, over: bool = False, to: str | None = None, failure: forms.Failure | None = None
) -> Response[str]:
    return web.html(
        request,
        "floor/login.html",
        SAYS.texts,
        status=200 if failure is None else failure.status,
        headers=screen.HEADERS,
        over=over,
        to=_way_back(request.query_params.get("to", "")) if to is None else to,
        failure=failure,
        login_path=LOGIN,
    )


def _way_back(to: str) -> str:
    """A page of ours, or nothing: not wherever a link wants."""
    return to if to.startswith(f"{PREFIX}/") and to.isascii() and not set(to) & set("\\\r\n") else ""
