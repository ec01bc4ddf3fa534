"""The evidence of a parcel: all that is on record of an order, with the film of its packing.

`/orders/ID/evidence/TOKEN` is reached by a signed address that an operator makes and that ends; whatever else is
asked for below `/orders` has one answer. Below the address lie the pictures that prove a delivery, and
`bundle.zip`: the same, sealed, to be taken away.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import IO, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct, to_builtins

from crossdock.base import json
from crossdock.base.errors import CrossdockError, PathUnknown, TooManyRequests, Unavailable, Unforeseen
from crossdock.base.ids import AccountId, OrderId, PackingId
from crossdock.base.objects import ObjectMissing
from crossdock.base.seal import Seal
from crossdock.base.tickets import Tickets
from crossdock.console import evidence_bundle, web
from crossdock.console.evidence_bundle import Bundle, Filmed, picture_name
from crossdock.console.web import Page, PageRequest
from crossdock.core.evidence import commands, queries
from crossdock.core.evidence.model import Evidence, Packed, View
from crossdock.core.orders.errors import OrderUnknown
from crossdock.edge.desk import Desk
from crossdock.edge.limits import Window
from crossdock.film.addresses import SPAN_MAX, base_url, play_address
from crossdock.film.cutting import PADDING

PREFIX: Final = "/orders"
PAGES_OF_ADDRESS: Final = Window(name="evidence for an address", setting="buyer_pages_a_minute")
CHUNK_BYTES: Final = 256 * 2**10
BUNDLES_AT_ONCE: Final = 2
"""That one process makes at the same time; others wait."""
PICTURE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What a browser is told a picture is; others are offered to be saved."""
_TICKETS: Final = Tickets("evidence addresses", ">QQq")

TEXTS: Final[Mapping[str, str]] = {
    "title": "Evidence of a parcel",
    "order": "Order",
    "read_at": "As on record at",
    "zone": "Times are those of",
    "warnings": "Warnings",
    "no_warnings": "Nothing is odd about it.",
    "mismatch": "Packed goods differ from the order",
    "window_reversed": "The film window ends before it begins",
    "window_overlaps": "Other orders were packed at the same station meanwhile",
    "no_camera": "No camera films the station",
    "no_film": "There is no film of the packing",
    "film_incomplete": "The film of the packing has gaps",
    "not_packed": "No packing was reported for this order",
    "cut": "There is more on record than is shown here",
    "bundle": "Download sealed bundle",
    "packing": "Packing",
    "station": "Station",
    "operator": "Packed by",
    "window": "From and to",
    "reported": "Reported",
    "film": "Film",
    "jump": "Jump to the packing",
    "offset": "Clock of the camera against ours:",
    "unmeasured": "not measured",
    "missing": "Missing",
    "first_part": "The film shows the beginning of a long packing only.",
    "scans": "Scanned goods",
    "goods": "Goods",
    "name": "Name",
    "quantity": "Quantity",
    "done": "Done",
    "box": "Carton",
    "scanned": "Scanned at",
    "lines": "Ordered goods",
    "weights": "Weights",
    "parcel": "Parcel",
    "device": "Device",
    "weight": "Weight, g",
    "size": "Size, mm",
    "at": "At",
    "signature": "Signature",
    "signer": "Signed by",
    "kind": "Kind",
    "pictures": "Pictures",
    "codes": "Pick-up codes and their use",
    "code": "Code",
    "place": "Place",
    "state": "State",
    "issued": "Issued",
    "ready": "Ready",
    "used": "Used",
    "doors": "Doors",
    "asked": "Asked",
    "opened": "Opened",
    "closed": "Closed",
    "deeds": "What people did",
    "who": "Who",
    "what": "What",
    "why": "Why",
    "holds": "Legal holds",
    "released": "Released",
    "timeline": "Timeline",
    "happened": "Happened",
    "learned": "Learned",
    "facts": "Facts",
    "system": "the system",
}


class Address(Struct, frozen=True, kw_only=True):
    """What an address is good for."""

    account_id: AccountId
    order_id: OrderId
    expires: datetime


def address(desk: Desk, shown: Address) -> str:
    """Where the page is, on this server: CROSSDOCK_PUBLIC_URL, or host and port."""
    return f"{base_url(desk, None)}{PREFIX}/{shown.order_id}/evidence/{token(desk.seal, shown)}"


def token(seal: Seal, shown: Address) -> str:
    return _TICKETS.issue(seal, shown.account_id, shown.order_id, int(shown.expires.timestamp()))


def shown_by(seal: Seal, order_id: str, token: str, now: datetime) -> Address:
    """Errors: PathUnknown, whatever is wrong with it."""
    signed = _TICKETS.read(seal, token)
    if signed is None:
        raise PathUnknown()
    account, order, expires = signed
    shown = Address(
        account_id=AccountId(account), order_id=OrderId(order), expires=datetime.fromtimestamp(expires, UTC)
    )
    if str(shown.order_id) != order_id or shown.expires <= now:
        raise PathUnknown()
    return shown


@get("/orders/{order_id:str}/evidence/{token:str}", media_type=MediaType.HTML)
async def page(request: PageRequest, order_id: FromPath[str], token: FromPath[str]) -> Response[str]:
    """Errors: TooManyRequests, PathUnknown."""
    desk, found = await _found(request, order_id, token)
    here = request.scope["path"]
    films = {one.packing.id: [_live(desk, one, view) for view in one.views] for one in found.packings}
    return web.html(
        request,
        "evidence.html",
        TEXTS,
        **await shown(desk, found, films, lambda picture: f"{here}/pictures/{picture.id}"),
        bundle=f"{here}/bundle.zip",
    )


@get("/orders/{order_id:str}/evidence/{token:str}/pictures/{picture_id:str}")
async def picture(
    request: PageRequest, order_id: FromPath[str], token: FromPath[str], picture_id: FromPath[str]
) -> Response[bytes]:
    """Errors: TooManyRequests, PathUnknown, Unavailable."""
    desk, found = await _found(request, order_id, token)
    one = next((one for one in found.pictures if str(one.id) == picture_id and one.object_key), None)
    if one is None or one.object_key is None:
        raise PathUnknown()
    try:
        content = await desk.objects.get(one.object_key)
    except ObjectMissing:
        raise PathUnknown() from None
    known = one.content_type in PICTURE_TYPES
    return Response(
        content,
        media_type=one.content_type if known else "application/octet-stream",
        headers={**web.HEADERS, **({} if known else {"content-disposition": "attachment"})},
    )


@get("/orders/{order_id:str}/evidence/{token:str}/bundle.zip")
async def bundle(request: PageRequest, order_id: FromPath[str], token: FromPath[str]) -> Stream:
    """Errors: TooManyRequests, PathUnknown, Unavailable."""
    desk, asked = _asked(request, order_id, token)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed, and gone, when it was sent
    try:
        async with request.app.state.bundling:
            found = await read(desk, account_id=asked.account_id, order_id=asked.order_id)
            await write_bundle(request.app.state.templates, desk, found, file, by="evidence page")
    except BaseException:
        file.close()
        raise
    return Stream(
        _chunks(file),
        media_type="application/zip",
        headers={**web.HEADERS, "content-disposition": f'attachment; filename="evidence-{order_id}.zip"'},
    )


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _asked(request: PageRequest, order_id: str, token: str) -> tuple[Desk, Address]:
    """Errors: TooManyRequests, PathUnknown."""
    desk: Desk = request.app.state.desk
    now = desk.clock.now()
    desk.limiter.take(PAGES_OF_ADDRESS, request.client.host if request.client else "", now)
    return desk, shown_by(desk.seal, order_id, token, now)


async def _found(request: PageRequest, order_id: str, token: str) -> tuple[Desk, Evidence]:
    """Errors: TooManyRequests, PathUnknown."""
    desk, asked = _asked(request, order_id, token)
    return desk, await read(desk, account_id=asked.account_id, order_id=asked.order_id)


async def read(desk: Desk, *, account_id: AccountId, order_id: OrderId) -> Evidence:
    """Errors: PathUnknown."""
    async with desk.database.transaction(readonly=True) as tx:
        try:
            return await queries.evidence(tx, account_id=account_id, order_id=order_id, around=PADDING)
        except OrderUnknown:
            raise PathUnknown() from None


async def write_bundle(templates: Any, desk: Desk, found: Evidence, file: IO[bytes], *, by: str) -> None:
    """A sealed bundle, once that is on the order's timeline. Errors: Unavailable."""
    said = web.translated(TEXTS, "en")

    async def report(films: Mapping[PackingId, list[Filmed]]) -> str:
        seen = await shown(desk, found, films, picture_name)
        html: str = templates.get_template("evidence_report.html").render(
            texts=said, t=said.__getitem__, language="en", css=evidence_bundle.css(), **seen
        )
        return html

    manifest_sha256 = await Bundle(desk, found, by=by).write(file, report)
    of_order: dict[str, Any] = {"account_id": found.account_id, "order_id": found.order.id}
    async with desk.database.transaction() as tx:
        await commands.note_bundle(tx, **of_order, manifest_sha256=manifest_sha256, actor=by)


async def shown(
    desk: Desk, found: Evidence, films: Mapping[PackingId, list[Filmed]], picture_at: Callable[[Any], str]
) -> dict[str, Any]:
    """What the templates are given."""
    zone = (await desk.accounts.account(found.account_id)).zone
    return {
        "e": found,
        "films": films,
        "picture_at": picture_at,
        "zone": zone,
        "clock": lambda at: f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}",
        "odd": [
            (kind, detail(facts)) for one in found.packings for kind, facts in sorted(one.packing.warnings.items())
        ],
        "compact": lambda facts: json.text(to_builtins(facts)),
    }


def detail(facts: Mapping[str, Any]) -> str:
    """What is known of a warning, in one line."""
    return "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in facts.items()
    )


def _live(desk: Desk, one: Packed, view: View) -> Filmed:
    """A clip that is cut when it is asked for. Its end is known to a picture, its beginning to a key frame."""
    since, until = one.packing.filmed_from, min(one.packing.filmed_to, one.packing.filmed_from + SPAN_MAX)
    if view.filmed_from is None or view.filmed_to is None:
        return Filmed(view=view, src=None, since=since, until=until, starts_at=since, ends_at=until)
    at = play_address(desk, camera_id=view.camera_id, since=since, until=until, kind="mp4", now=desk.clock.now())
    return Filmed(
        view=view,
        src=urlsplit(at).path.removeprefix(urlsplit(base_url(desk, None)).path),
        since=since,
        until=until,
        starts_at=max(view.filmed_from, since - PADDING),
        ends_at=min(view.filmed_to, until + PADDING),
        whole=until == one.packing.filmed_to,
    )


def refuse(request: PageRequest, error: CrossdockError) -> Response[str]:
    """One answer to everything that is not a good address."""
    if not isinstance(error, TooManyRequests | Unavailable | Unforeseen):
        error = PathUnknown()
    return web.refuse(request, error)


PAGE: Final = Page(prefix=PREFIX, handlers=[page, picture, bundle], refuse=refuse)
