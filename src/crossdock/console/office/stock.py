"""Stock: buckets by product, place, owner, lot and condition, where they lie, and the ledger of each."""

from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get
from litestar.params import FromPath

from crossdock.console.office import screen, seeing
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, UTC, reader
from crossdock.console.web import PageRequest
from crossdock.core.overview import finding
from crossdock.core.overview import stock as overview
from crossdock.core.overview.errors import BucketUnknown
from crossdock.core.overview.model import HEAPS_SHOWN, TEXT_CHARACTERS_MAX, StockFilter

HERE: Final = f"{PREFIX}/stock"
CONDITIONS: Final = ("good", "defective")
FILTERS: Final = ("q", "account", "site", "owner", "lot", "condition")
SAYS: Final = Says.of(
    {
        "stock": "Stock",
        "product": "SKU or bar code",
        "sku": "SKU",
        "name": "Name",
        "account": "Account",
        "site": "Place",
        "site_code": "Place, by its code",
        "owner": "Owner",
        "lot": "Lot",
        "condition": "Condition",
        "any": "all",
        "good": "good",
        "defective": "defective",
        "expires": "Expires",
        "on_hand": "On hand",
        "set_aside": "For orders",
        "free": "Free",
        "lies": "Lies in",
        "and_more": "and more",
        "loose": "not put away",
        "filter": "Show",
        "further": "Look further",
        "looked_at": "Here only some thousand buckets are read for one page: it may be short. Name a product.",
        "ledger": "Ledger",
        "ledger_why": "Every change of this bucket, the last one first. It is the sum of them.",
        "at": "At",
        "order": "Order",
        "cause": "Cause",
        "location": "Location",
        "kind": "Kind",
        "quantity": "Quantity",
        "location_dock": "dock",
        "location_shelf": "shelf",
        "location_reserve": "reserve",
        "location_quarantine": "quarantine",
        "location_tote": "tote",
        "location_lane": "lane",
        "shown_first": "These are the first {most}.",
    }
)
ENTRY: Final = Entry(path=HERE, title="Stock")


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    who = await reader(request)
    asked = {name: _text(request, name) for name in FILTERS}
    condition = asked["condition"] if asked["condition"] in CONDITIONS else ""
    async with who.desk.database.autocommit() as tx:
        seen = await seeing.seen(tx, who)
        sight = seeing.sight(who, seen, asked["account"])
        products = await finding.products(tx, sight=sight, text=asked["q"]) if asked["q"] else None
        page = await overview.buckets(
            tx,
            sight=sight,
            wanted=StockFilter(
                product_ids=None if products is None else [product.id for product in products],
                site=asked["site"],
                owner=asked["owner"],
                lot=asked["lot"],
                condition=condition,
            ),
            after=screen.after(request) or 0,
            limit=screen.ROWS_MAX,
        )
    given = {name: value for name, value in asked.items() if value}
    return screen.show(
        request,
        who,
        SAYS,
        "office/stock.html",
        here=HERE,
        asked=asked,
        accounts=seen,
        conditions=CONDITIONS,
        page=page,
        heaps_shown=HEAPS_SHOWN,
        short=page.after is not None and len(page.rows) < screen.ROWS_MAX,
        next=None if page.after is None else "?" + urlencode({**given, "after": page.after}),
        first="?" + urlencode(given) if "after" in request.query_params else None,
    )


@get(HERE + "/{stock_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, stock_id: FromPath[int]) -> Response[Any]:
    """Errors: BucketUnknown, also for one that is not for them to see."""
    who = await reader(request)
    async with who.desk.database.autocommit() as tx:
        account_id, site_id = await overview.whose(tx, stock_id=stock_id)
        if not who.scope.holds(account_id, site_id):
            raise BucketUnknown(id=stock_id)
        sheet = await overview.sheet(
            tx,
            account_id=account_id,
            site_id=site_id,
            stock_id=stock_id,
            before=screen.after(request),
            limit=screen.ROWS_MAX,
        )
    zone = ZoneInfo((await who.desk.accounts.site_by_id(account_id, site_id)).zone)
    return screen.show(
        request,
        who,
        SAYS,
        "office/stock_bucket.html",
        here=f"{HERE}/{stock_id}",
        bucket=sheet.bucket,
        loose=sheet.loose,
        heaps=sheet.heaps[: screen.ROWS_MAX],
        more_heaps=len(sheet.heaps) > screen.ROWS_MAX,
        rows_max=screen.ROWS_MAX,
        moves=screen.Rows.of(request, sheet.moves, key=lambda move: move.id),
        local=lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        utc=lambda at: f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
    )


def _text(request: PageRequest, name: str) -> str:
    """What cannot be on record finds nothing, and is no error."""
    return request.query_params.get(name, "").strip().replace("\0", "")[: TEXT_CHARACTERS_MAX + 1]


HANDLERS: Final = [listed, one]
