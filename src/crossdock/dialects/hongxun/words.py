"""Hongxun's words and ours: order types, states, stock conditions, times. Tables, and the two time patterns."""

import re
import tomllib
from datetime import MAXYEAR, MINYEAR, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any, Final

from crossdock.base.ids import OrderId
from crossdock.core.orders.model import Kind
from crossdock.core.stock.model import Condition
from crossdock.core.transport.model import Effect

DOCUMENT_TYPES: Final[dict[Kind, frozenset[str]]] = {
    "inbound": frozenset({"10", "20", "30", "40", "50", "60", "70", "80", "110"}),
    "outbound": frozenset({"10", "20", "30", "40", "50", "60", "70", "80"}),
    "transfer": frozenset({"20"}),
    "transport": frozenset({"10", "20"}),
}
"""附录二: the same code means another thing in another class."""
DOCUMENT_TYPE_ELSEWHERE: Final[dict[Kind, str]] = {
    "inbound": "10",
    "outbound": "20",
    "transfer": "20",
    "transport": "10",
    "return": "20",
}
"""What an order prints that came in through another dialect: purchase in, sales out."""

CONDITIONS: Final[dict[str, Condition]] = {"10": "good", "20": "defective"}
"""`inventoryStatus`."""
INVENTORY_STATUSES: Final[dict[Condition, str]] = {ours: theirs for theirs, ours in CONDITIONS.items()}

PREFIXES: Final[dict[Kind, str]] = {"inbound": "HXRK", "outbound": "HXCK", "transfer": "HXWQ", "transport": "HXYS"}
"""Of `downstreamOrderCode`; of `expressCode` for a transport order."""

ORDER_STATUSES: Final[dict[str, str]] = {
    "announced": "NEW",
    "accepted": "ACCEPT",
    "rejected": "REJECT",
    "receiving": "PARTFULFILLED",
    "closed": "FULFILLED",
    "draft": "NEW",
    "pending": "NEW",
    "allocated": "NEW",
    "released": "ACCEPT",
    "picking": "ACCEPT",
    "packing": "ACCEPT",
    "packed": "ACCEPT",
    "confirmed": "ACCEPT",
    "labelled": "ACCEPT",
    "partly_shipped": "PARTFULFILLED",
    "held": "EXCEPTION",
    "shipped": "FULFILLED",
    "delivered": "FULFILLED",
    "returned": "EXCEPTION",
    "unshipped": "CLOSED",
    "dispatched": "ACCEPT",
    "departed": "ACCEPT",
    "refused": "EXCEPTION",
    "cancelled": "CANCELED",
    "deleted": "CANCELED",
}
"""Core state -> `orderStatus`: of inbound and outbound orders, then of transport; a transfer is closed at once."""

TRANSPORT_STATUSES: Final = {"dispatched": "ACCEPT", "delivered": "FULFILLED", "refused": "EXCEPTION"}
"""A transport order's `orderStatus` in its own confirm."""
SIGN_TYPES: Final = {"normal": "10", "exceptional": "20"}
CHECK_RESULTS: Final = {True: "10", False: "20"}
ROUTE_NODES: Final = {
    "001": "签收",
    "002": "异常签收",
    "80": "汽运-启运",
    "81": "汽运-在途",
    "82": "汽运-派送",
    "83": "空运-航班信息",
    "84": "空运-起飞时间",
    "85": "空运-落地时间",
    "86": "空运-机场提货",
    "87": "空运-派送时间",
    "89": "到达目的城市",
    "90": "空运-入目的仓",
    "91": "空运-出目的仓",
    "92": "汽运-入中转仓",
    "93": "汽运-出中转仓",
    "94": "汽运-入目的仓",
    "95": "汽运-出目的仓",
    "96": "汽运-装车",
    "97": "汽运-发车",
    "98": "汽运-中转装车",
    "99": "汽运-中转发车",
    "100": "到达",
    "101": "进站",
    "102": "派件员分配",
    "103": "妥投",
    "104": "滞留",
    "105": "拒收",
}
"""附录三: `scanTypeCode` -> what it means; 88 does not exist. Codes are texts: 001 is not 1."""
HELD_UP: Final = "104"
ROUTE_EFFECTS: Final[dict[str, Effect]] = {
    "80": "departed",
    "96": "departed",
    "97": "departed",
    "001": "delivered",
    "103": "delivered",
    "002": "exceptional",
    "105": "refused",
}
"""What a node means for the parcel; the others say only where it was."""

RECIPIENT: Final = {
    "contact": "contact",
    "business_name": "customerName",
    "telephone": "mobile",
    "address_line1": "addressDetail",
    "address_line2": "streetName",
    "address_line3": "areaName",
    "city": "cityName",
    "county": "provinceName",
}
"""Our word for a part of the consignee -> theirs."""
COUNTRY_ISO: Final = "CN"
"""Of an order whose consignee is not on record: its pages name a country nowhere."""
COUNTRIES: Final[dict[str, str]] = {
    name: iso
    for iso, names in tomllib.loads(files(__package__).joinpath("countries.toml").read_text(encoding="utf-8")).items()
    for name in (iso, *names)
}
"""What a country may be called -> ISO 3166-1 alpha-2."""
INVENTORY_ADDRESS: Final = {
    "countryName": "country",
    "provinceName": "county",
    "cityName": "city",
    "areaName": "address_line3",
    "streetName": "address_line2",
    "addressDetail": "address_line1",
    "contact": "contact",
    "phone": "telephone",
}
"""As RECIPIENT, of a warehouse; their word first."""
FLAGS: Final = {"10": True, "20": False}
"""Yes and no."""

UTC_OFFSET_H = 8
"""China standard time: the pages say local time and no zone. A credential's scope may name another `utc_offset_h`."""

_PATTERN = "%Y-%m-%d %H:%M:%S"
_ORDER_ID = re.compile(r"[0-9]{1,18}")
_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def written_time(text: str) -> datetime | None:
    """`yyyy-MM-dd HH:mm:ss` as it stands, without a zone; None when it is nothing of that kind."""
    if _SHAPE.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def local_time(text: str) -> datetime | None:
    """As written_time, of something that happens: not in the first year of the calendar, nor in the last.

    Machines that know no time write those, and in another zone such a time may lie outside.
    """
    written = written_time(text)
    return written if written is not None and MINYEAR < written.year < MAXYEAR else None


def zone_of(scope: dict[str, Any]) -> timezone:
    """The zone in which the holder of a credential writes and reads times."""
    return timezone(timedelta(hours=scope.get("utc_offset_h", UTC_OFFSET_H)))


def printed_time(moment: datetime, zone: timezone) -> str:
    return moment.astimezone(zone).strftime(_PATTERN)


def recipient(texts: dict[str, str]) -> dict[str, str]:
    """Of the members that RECIPIENT names, those that are filled."""
    return {ours: text for ours, theirs in RECIPIENT.items() if (text := texts.get(theirs))}


def country(name: str) -> dict[str, str]:
    """As a part of a recipient; nothing where nobody knows which one is meant."""
    iso = COUNTRIES.get(name.strip().upper())
    return {} if iso is None else {"country_iso": iso}


def downstream_order_code(kind: Kind, order_id: OrderId) -> str:
    """The warehouse's own number of an order, as `HXCK2408020360000001`."""
    return f"{PREFIXES[kind]}{order_id}"


def order_id_of(code: str, kind: Kind) -> OrderId | None:
    """The order behind a code that `downstream_order_code` printed; None for any other text."""
    digits = code.removeprefix(PREFIXES[kind])
    if not code.startswith(PREFIXES[kind]) or _ORDER_ID.fullmatch(digits) is None:
        return None
    return OrderId(int(digits))
