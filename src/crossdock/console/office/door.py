"""The way in and out: name and password, the second factor, and how it is set up."""

from base64 import b64encode
from io import BytesIO
from typing import Any, Final

import segno
from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from crossdock.base.errors import CrossdockError
from crossdock.console import forms, web
from crossdock.console.forms import Failure, Form, SessionOver
from crossdock.console.office import screen
from crossdock.console.office.errors import NotOfTheConsole
from crossdock.console.office.screen import Says
from crossdock.console.office.who import (
    KIND,
    OF_OPERATOR,
    OF_STAFF,
    PREFIX,
    Somebody,
    cookie,
    half,
    take_login,
    token_of,
)
from crossdock.console.web import PageRequest
from crossdock.core.operators import commands, factor, queries
from crossdock.core.operators.model import SessionOpened
from crossdock.core.staff import commands as staff_commands
from crossdock.core.staff.errors import LoginWrong
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX
from crossdock.edge.desk import Desk

LOGIN: Final = f"{PREFIX}/login"
CODE: Final = f"{PREFIX}/code"
FACTOR: Final = f"{PREFIX}/factor"
CODE_CHARACTERS_MAX: Final = 40
SECRET_GROUP: Final = 4
SAYS: Final = Says.of(
    {
        "username": "User name",
        "password": "Password",
        "login": "Log in",
        "over": "You were logged out, or nobody has logged in here yet. What you did last was not done.",
        "code": "Code from the app",
        "code_why": "The six digits that the app on your phone shows for {name}, or one of your recovery codes.",
        "go_on": "Go on",
        "factor": "Set up the second factor",
        "factor_due": "Who may change something here needs a second factor: an app on a phone that shows codes.",
        "factor_scan": "Scan this with the app, or type the secret into it:",
        "factor_code": "The code that the app shows now",
        "factor_set": "The second factor is set up.",
        "factor_lost": "For a lost phone: a recovery code when you log in, or “crossdock operators reset-totp”.",
        "recovery": "Your recovery codes",
        "recovery_why": "Each is good once, instead of the phone. They are shown only now: write them down.",
        "recovery_left": "Recovery codes left: {left}",
    }
)


@get(LOGIN, media_type=MediaType.HTML)
async def login(request: PageRequest) -> Response[Any]:
    return _login(request, over="over" in request.query_params)


@post(LOGIN)
async def log_in(request: PageRequest) -> Response[Any]:
    """Whoever was on a page before comes back to it. One answer for an unknown name and a wrong password."""
    desk: Desk = request.app.state.desk
    to = ""
    try:
        sent = await request.form()
        form = Form(fields={name: v for name, v in sent.items() if isinstance(v, str)}, operation_id="")
        to = _way_back(form.text("to"))
        name = form.text("username", characters_max=USERNAME_CHARACTERS_MAX, needed=True)
        password = form.fields.get("password", "")[: PASSWORD_CHARACTERS_MAX + 1]
        take_login(request, name)
        async with desk.database.autocommit() as tx:
            operator = await queries.exists(tx, username=name)
        if operator:
            return _entered(request, await commands.log_in(desk.database, username=name, password=password), to)
        opened = await staff_commands.open_session(desk.database, username=name, password=password, kind=KIND)
        if not opened.staff.manager:
            async with desk.database.transaction() as tx:
                await staff_commands.close_session(tx, token=opened.token)
            raise NotOfTheConsole()
    except CrossdockError as error:
        return _login(request, to=to, failure=forms.failure(request, SAYS, error))
    answer = _on(to or PREFIX)
    answer.set_cookie(cookie(request, OF_STAFF, opened.token, opened.ends_at))
    return answer


@get(CODE, media_type=MediaType.HTML)
async def code(request: PageRequest) -> Response[Any]:
    who = await half(request)
    if who.operator is None or who.operator.whole:
        return _on(PREFIX)
    if not who.operator.second_factor:
        return _on(FACTOR)
    return _code(request, who)


@post(CODE)
async def give_code(request: PageRequest) -> Response[Any]:
    who = await half(request)

    async def do(form: Form) -> Response[Any]:
        try:
            opened = await commands.give_code(
                who.desk.database,
                who.desk.seal,
                token=token_of(request),
                code=form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True),
            )
        except LoginWrong:
            raise SessionOver() from None
        return _entered(request, opened, _way_back(form.text("to")))

    async def again(failure: Failure) -> Response[Any]:
        return _code(request, who, failure=failure)

    return await forms.act(request, who, SAYS, do, again)


@get(FACTOR, media_type=MediaType.HTML)
async def second_factor(request: PageRequest) -> Response[Any]:
    """How it is set up; for who has one, how many recovery codes are left."""
    who = await half(request)
    if who.operator is None:
        return _on(PREFIX)
    if who.operator.second_factor and not who.operator.whole:
        return _on(CODE)
    return await _factor(request, who)


@post(FACTOR)
async def confirm_factor(request: PageRequest) -> Response[Any]:
    """Its answer shows the recovery codes, which are told once and kept nowhere."""
    who = await half(request)

    async def do(form: Form) -> Response[Any]:
        try:
            opened, codes = await commands.confirm_factor(
                who.desk.database,
                who.desk.seal,
                token=token_of(request),
                code=form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True),
            )
        except LoginWrong:
            raise SessionOver() from None
        answer = screen.show(request, who, SAYS, "office/recovery.html", here=FACTOR, nav=False, codes=codes)
        answer.set_cookie(cookie(request, OF_OPERATOR, opened.token, opened.ends_at))
        return answer

    async def again(failure: Failure) -> Response[Any]:
        return await _factor(request, who, failure=failure)

    return await forms.act(request, who, SAYS, do, again)


@post(f"{PREFIX}/logout")
async def log_out(request: PageRequest) -> Response[Any]:
    who = await half(request)
    await forms.read(request, who)
    async with who.desk.database.transaction() as tx:
        if who.operator is None:
            await staff_commands.close_session(tx, token=token_of(request))
        else:
            await commands.close_session(tx, token=token_of(request))
    answer = _on(LOGIN)
    answer.set_cookie(cookie(request))
    return answer


def refused(request: PageRequest, error: CrossdockError) -> Response[str]:
    """A page for who is logged in and asked for something that is not theirs."""
    failure = forms.failure(request, SAYS, error)
    return web.html(
        request, "office/refused.html", SAYS.texts, status=failure.status, failure=failure, prefix=PREFIX, here=PREFIX
    )


def _entered(request: PageRequest, opened: SessionOpened, to: str) -> Response[Any]:
    next_step = CODE if opened.operator.second_factor else FACTOR
    answer = _on(to or PREFIX) if opened.whole else _on(next_step)
    answer.set_cookie(cookie(request, OF_OPERATOR, opened.token, opened.ends_at))
    return answer


def _on(to: str) -> Response[Any]:
    return Redirect(to, status_code=303, headers={"cache-control": "no-store"})


def _login(
    request: PageRequest, *, over: bool = False, to: str | None = None, failure: Failure | None = None
) -> Response[str]:
    return web.html(
        request,
        "office/login.html",
        SAYS.texts,
        status=200 if failure is None else failure.status,
        over=over,
        to=_way_back(request.query_params.get("to", "")) if to is None else to,
        failure=failure,
        prefix=PREFIX,
        here=LOGIN,
    )


def _code(request: PageRequest, who: Somebody, *, failure: Failure | None = None) -> Response[str]:
    return screen.show(request, who, SAYS, "office/code.html", here=CODE, failure=failure, nav=False)


async def _factor(request: PageRequest, who: Somebody, *, failure: Failure | None = None) -> Response[str]:
    assert who.operator is not None
    enrolment = None
    if not who.operator.second_factor:
        async with who.desk.database.transaction() as tx:
            enrolment = await factor.enrol(tx, who.desk.seal, operator=who.operator)
    return screen.show(
        request,
        who,
        SAYS,
        "office/factor.html",
        here=FACTOR,
        failure=failure,
        nav=who.operator.whole,
        picture=None if enrolment is None else _qr(enrolment.address),
        secret="" if enrolment is None else _grouped(enrolment.secret),
        left=who.operator.recovery_left,
    )


def _qr(address: str) -> str:
    """As the source of an image."""
    drawn = BytesIO()
    segno.make(address, micro=False).save(drawn, kind="svg", border=4, scale=5, light="white")
    return "data:image/svg+xml;base64," + b64encode(drawn.getvalue()).decode()


def _grouped(secret: str) -> str:
    """To be read aloud and typed."""
    return " ".join(secret[at : at + SECRET_GROUP] for at in range(0, len(secret), SECRET_GROUP))


def _way_back(to: str) -> str:
    """A page of ours, or nothing: not wherever a link wants."""
    return to if to.startswith(f"{PREFIX}/") and to.isascii() and to.isprintable() and "\\" not in to else ""


HANDLERS: Final = [login, log_in, code, give_code, second_factor, confirm_factor, log_out]
