"""The way in and out: the page itself, its service worker, log-in, log-out, and who is logged in."""

from functools import cache
from hashlib import blake2s
from pathlib import Path
from typing import Annotated, Any, Final

from litestar import MediaType, Response, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct
from msgspec.json import encode

from crossdock.base.errors import Denied
from crossdock.console import web, words
from crossdock.console.counter.texts import PAGE_TEXTS, REASONS, SCRIPT_TEXTS
from crossdock.console.counter.who import COOKIE, PREFIX, cookie, person, session_word, take_login, writer
from crossdock.console.web import PageRequest
from crossdock.core.accounts.model import Site
from crossdock.core.handover.model import HouseRules
from crossdock.core.staff import commands
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX, Staff
from crossdock.edge.desk import Desk

FILES: Final = Path(__file__).parents[1]
SCRIPTS: Final = ("ask", "queue", "show", "scan", "parcels", "parcel", "manage", "main")
SHELL: Final = (
    "/static/page.css",
    "/static/counter.css",
    "/static/icon.svg",
    *(f"/static/counter/{name}.js" for name in SCRIPTS),
)
"""What the page is made of besides itself: all that a phone keeps for a day without a line."""

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    username: Annotated[str, Meta(min_length=1, max_length=USERNAME_CHARACTERS_MAX)]
    password: Annotated[str, Meta(min_length=1, max_length=PASSWORD_CHARACTERS_MAX)]


class Me(Struct, frozen=True, kw_only=True):
    """Who is logged in, where, and what the page has to know of the place."""

    id: int
    username: str
    manager: bool
    shop: str
    zone: str
    masked: bool
    """Codes are kept from staff: a parcel goes out only by its code."""
    word: str


@get(PREFIX, media_type=MediaType.HTML)
async def page(request: PageRequest) -> Response[Any]:
    """The same for everybody: nothing of a shop stands in it, so a phone may keep it."""
    texts = SCRIPT_TEXTS
    return web.html(
        request,
        "counter.html",
        PAGE_TEXTS,
        headers=HEADERS,
        said=web.translated(texts, web.language_of(request)),
        reasons=web.translated({reason: reason for reason in REASONS}, web.language_of(request)).values(),
        scripts=SCRIPTS,
        prefix=PREFIX,
    )


@get(f"{PREFIX}/worker.js")
async def worker(request: PageRequest) -> Response[str]:
    """Another one whenever a file of the page has changed."""
    script = request.app.state.templates.get_template("counter_worker.js").render(
        version=_version(), files=encode([PREFIX, *SHELL]).decode(), prefix=PREFIX
    )
    return Response(
        script,
        media_type="text/javascript",
        headers={"service-worker-allowed": PREFIX, "cache-control": "no-cache", "x-content-type-options": "nosniff"},
    )


@post(f"{PREFIX}/login", status_code=200)
async def log_in(request: PageRequest, data: JSONBody[Credentials]) -> Response[Me]:
    """Errors: TooManyRequests, LoginLocked, LoginWrong; Denied for a form of another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Denied()
    desk: Desk = request.app.state.desk
    take_login(request, data.username)
    opened = await commands.open_session(desk.database, username=data.username, password=data.password)
    site = await desk.accounts.site_by_id(opened.staff.account_id, opened.staff.site_id)
    answer = Response(_me(opened.staff, site, session_word(opened.token)))
    answer.set_cookie(cookie(request, opened))
    return answer


@post(f"{PREFIX}/logout", status_code=200)
async def log_out(request: PageRequest) -> Response[dict[str, bool]]:
    who = await writer(request)
    async with who.desk.database.transaction() as tx:
        await commands.close_session(tx, token=request.cookies.get(COOKIE, ""))
    answer = Response({"out": True})
    answer.set_cookie(cookie(request, None))
    return answer


@get(f"{PREFIX}/me")
async def me(request: PageRequest) -> Me:
    who = await person(request)
    return _me(who.staff, who.site, who.word)


def _me(staff: Staff, site: Site, word: str) -> Me:
    return Me(
        id=staff.id,
        username=staff.username,
        manager=staff.manager,
        shop=site.name,
        zone=site.zone,
        masked=HouseRules.of(site.settings).mask_keys,
        word=word,
    )


@cache
def _version() -> str:
    digest = blake2s(digest_size=8)
    for name in SHELL:
        digest.update((FILES / name.lstrip("/")).read_bytes())
    for name in ("base.html", "counter.html", "counter_worker.js"):
        digest.update((FILES / "templates" / name).read_bytes())
    digest.update(encode([PAGE_TEXTS, SCRIPT_TEXTS, REASONS]))
    for catalog in sorted(words.LOCALE.glob("*.po")):
        digest.update(catalog.read_bytes())
    return digest.hexdigest()


HANDLERS: Final = [page, worker, log_in, log_out, me]
