"""Orders: found by any number that is printed on them, or listed by state, place and day."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get
from litestar.response import Redirect

from crossdock.base.ids import SiteId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong
from crossdock.console.office import screen, seeing
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, reader
from crossdock.console.web import PageRequest
from crossdock.core.accounts import sql as accounts
from crossdock.core.overview import finding, listing
from crossdock.core.overview.model import FOUND_MAX, TEXT_CHARACTERS_MAX, Listed, ListFilter
from crossdock.db.tx import Tx

HERE: Final = f"{PREFIX}/orders"
SAYS: Final = Says.of(
    {
        **seeing.TEXTS,
        "orders": "Orders",
        "number": "Number",
        "kind": "Kind",
        "state": "State",
        "account": "Account",
        "site": "Place",
        "pieces": "Pieces",
        "reference": "Reference",
        "tracking": "Tracking number",
        "placed": "Placed",
        "changed": "Changed",
        "any": "all",
        "site_code": "Place, by its code",
        "since": "Placed from",
        "until": "Placed until",
        "filter": "Show",
        "total": "{total} in all.",
        "further": "Look further back",
        "found_none": "No order has the number “{text}”, and nothing of it goes by that.",
        "found_many": "More than {most} orders go by this. These are the newest.",
        "found": "Orders behind “{text}”",
        "products": "Products behind “{text}”",
        "sku": "SKU",
        "name": "Name",
        "looked_at": "Here only some thousand orders are read for one page: it may be short.",
    }
)
ENTRY: Final = Entry(path=HERE, title="Orders")
FILTERS: Final = ("kind", "state", "account", "site", "since", "until")


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    """A list; with `q` the orders of that number, and where there is just one, straight to it."""
    who = await reader(request)
    if "q" in request.query_params:
        return await _search(request, who, request.query_params["q"].strip())
    return await _list(request, who)


async def _search(request: PageRequest, who: Somebody, text: str) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        sight = seeing.sight(who, await seeing.seen(tx, who))
        rows = await finding.orders(tx, sight=sight, text=text)
        products = [] if rows else await finding.products(tx, sight=sight, text=text)
    if len(rows) == 1:
        return _to(f"{HERE}/{rows[0].id}")
    if not rows and len(products) == 1:
        return _to(f"{PREFIX}/stock?{urlencode({'account': products[0].account, 'q': products[0].sku})}")
    return screen.show(
        request,
        who,
        SAYS,
        "office/orders_found.html",
        here=HERE,
        text=forms.shortened(text),
        rows=rows[:FOUND_MAX],
        more=len(rows) > FOUND_MAX,
        most=FOUND_MAX,
        products=products,
        stock_of=lambda one: f"{PREFIX}/stock?{urlencode({'account': one.account, 'q': one.sku})}",
    )


async def _list(request: PageRequest, who: Somebody) -> Response[Any]:
    asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    failure: Failure | None = None
    found = Listed(rows=[], before=None, total=None)
    async with who.desk.database.autocommit() as tx:
        seen = await seeing.seen(tx, who)
        try:
            found = await listing.orders(
                tx,
                sight=seeing.sight(who, seen, asked["account"]),
                wanted=await _wanted(tx, who, asked),
                before=screen.after(request),
                limit=screen.ROWS_MAX,
            )
        except FieldWrong as error:
            failure = forms.failure(request, SAYS, error)
    given = {name: value for name, value in asked.items() if value}
    return screen.show(
        request,
        who,
        SAYS,
        "office/orders.html",
        here=HERE,
        failure=failure,
        asked=asked,
        accounts=seen,
        kinds=seeing.KINDS,
        states=seeing.STATES,
        rows=found.rows,
        total=found.total,
        short=found.before is not None and len(found.rows) < screen.ROWS_MAX,
        next=None if found.before is None else "?" + urlencode({**given, "after": found.before}),
        first="?" + urlencode(given) if "after" in request.query_params else None,
    )


async def _wanted(tx: Tx, who: Somebody, asked: Mapping[str, str]) -> ListFilter:
    """Errors: FieldWrong."""
    for name, known in (("kind", seeing.KINDS), ("state", seeing.STATES)):
        if asked[name] and asked[name] not in known:
            raise FieldWrong(field=name, value=forms.shortened(asked[name]))
    return ListFilter(
        kind=asked["kind"] or None,
        state=asked["state"] or None,
        site_id=await _site(tx, who, asked),
        since=_day(asked, "since"),
        until=_day(asked, "until"),
    )


async def _site(tx: Tx, who: Somebody, asked: Mapping[str, str]) -> SiteId | None:
    """A code is one account's: which, has to be said where several are seen. Errors: FieldWrong."""
    if not asked["site"]:
        return None
    account = who.account or await accounts.account_by_code(tx, asked["account"])
    site = None
    if account is not None and "\0" not in asked["site"]:
        site = await accounts.site(tx, account_id=account.id, code=asked["site"][:TEXT_CHARACTERS_MAX])
    if site is None:
        raise FieldWrong(field="site", value=forms.shortened(asked["site"]))
    return site.id


def _day(asked: Mapping[str, str], name: str) -> date | None:
    """Errors: FieldWrong."""
    try:
        return date.fromisoformat(asked[name]) if asked[name] else None
    except ValueError as error:
        raise FieldWrong(field=name, value=forms.shortened(asked[name])) from error


def _to(address: str) -> Redirect:
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})


HANDLERS: Final = [listed]
