"""Parameters in, envelope out, field for field as printed."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct, field

from crossdock.base.errors import BodyMalformed
from crossdock.edge.request import JSON_TYPE, Request
from crossdock.edge.response import Response, json_response

CONTENT_TYPE = "application/json;charset=utf-8"
SUCCESS = "成功"
"""Clients take this text, not the code, for the sign that a call went through."""


class Parameters(Struct, frozen=True, kw_only=True):
    """What came with one call. Values are the decoded texts exactly as received."""

    signed: dict[str, str]
    """Query first, then form; of a repeated name the first value. Or the whole flat JSON object."""
    beside: dict[str, str] = field(default_factory=dict)
    """A JSON body beside a query: no signature covers it."""
    flat: bool = False
    """Everything came in one JSON object: its values may be URL-encoded."""

    def public(self, name: str) -> str:
        """A parameter of the gateway: never from an unsigned body. Empty when it did not come."""
        return self.signed.get(name, "")

    def business(self, name: str) -> str:
        """A parameter of a method. What is signed counts, be it empty: a body cannot replace it."""
        return self.signed.get(name, self.beside.get(name, ""))

    def unquoted(self) -> "Parameters | None":
        """The same with every value URL-decoded; None when one of them cannot be."""
        try:
            return Parameters(
                signed={name: unquote_plus(value, errors="strict") for name, value in self.signed.items()}
            )
        except UnicodeDecodeError:
            return None


def parameters_of(request: Request) -> Parameters:
    """Read any of the four forms a body may have. Errors: BodyMalformed."""
    if request.content_type != JSON_TYPE:
        return Parameters(signed=_first_wins(request.query + request.form))
    beside = _flat_json(request.body)
    if request.query:
        return Parameters(signed=_first_wins(request.query), beside=beside)
    return Parameters(signed=beside, flat=True)


def _first_wins(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return values


def _flat_json(body: bytes) -> dict[str, str]:
    """One JSON object: texts decoded, anything else as the text it was sent as, null as not sent."""
    if not body.strip():
        return {}
    try:
        raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return {name: _text(bytes(value)) for name, value in raw.items() if bytes(value) != b"null"}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BodyMalformed(cause=str(error)) from error


def _text(raw: bytes) -> str:
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()


class GatewayParam(Struct, frozen=True, kw_only=True, rename="camel"):
    is_gateway_return: bool


class Stat(Struct, frozen=True, kw_only=True, rename="camel"):
    """`code` is documented as text, every SDK reads a number."""

    cid: str
    code: int
    codename: str
    systime: int
    gateway_param: GatewayParam


class Envelope(Struct, frozen=True, kw_only=True):
    """`data` is always there and null for nothing: the Go SDK fails on a missing key, on {} and on []."""

    stat: Stat
    result: str
    data: Any = None


class OutspokenEnvelope(Envelope, frozen=True, kw_only=True):
    """Some newer methods say it a second time beside `stat`, the code as text."""

    code: str
    message: str
    is_error: bool = field(name="isError")


def envelope(
    *,
    now: datetime,
    host: str,
    code: int,
    codename: str,
    result: str,
    gateway: bool,
    data: Any = None,
    outspoken: bool = False,
) -> Response:
    """HTTP status 200 for every outcome: the SDKs read no body otherwise."""
    systime = int(now.timestamp() * 1000)
    stat = Stat(
        cid=_cid(host, systime),
        code=code,
        codename=codename,
        systime=systime,
        gateway_param=GatewayParam(is_gateway_return=gateway),
    )
    if not outspoken:
        return json_response(Envelope(stat=stat, result=result, data=data), content_type=CONTENT_TYPE)
    message = result if code else ""
    said = OutspokenEnvelope(
        stat=stat, result=result, data=data, code=str(code), message=message, is_error=bool(code)
    )
    return json_response(said, content_type=CONTENT_TYPE)


def _cid(host: str, systime: int) -> str:
    """The vendor's form; where it prints a thread we print a number that tells two calls apart."""
    return f"a:{_server(host)}|t:{next(_calls) % 1_000_000}|s:{systime}"


@cache
def _server(host: str) -> str:
    return hashlib.md5(host.encode(), usedforsecurity=False).hexdigest()[:6]


_calls: Final = count(secrets.randbelow(1_000_000))


class SkuType(Struct, frozen=True):
    id: int
    name: str


class BusinessOrg(Struct, frozen=True, kw_only=True):
    """A row of open.gateway.getBusinessOrg; lower-case `orgid` is the page's spelling."""

    orgid: int
    enterprise_id: int = field(name="enterpriseId")
    enterprise_name: str = field(name="enterpriseName")
    enterprise_code: str = field(name="enterpriseCode")


class Authentication(Struct, frozen=True, kw_only=True):
    """`data` of open.gateway.authentication; the enterprise is the first one the organisation may act for."""

    orgid: int
    org_name: str = field(name="orgName")
    enterprise_id: int = field(name="enterpriseId")
    enterprise_name: str = field(name="enterpriseName")
    akey: str
    status: int
    expire_time: str = field(name="expireTime")


class Page(Struct, frozen=True, kw_only=True, rename="camel"):
    """Of the open platform: `total` counts pages, `all` rows."""

    total: int
    all: int
    page_number: int
    page_size: int
    list: list[Any]


def page(rows: list[Any], *, total: int, number: int, size: int) -> Page:
    return Page(total=-(-total // size), all=total, page_number=number, page_size=size, list=rows)


class MobileLogin(Struct, frozen=True, kw_only=True, rename="camel"):
    token: str
    enterprise_id: int
    user_id: int
    user_name: str


class SsoLogin(Struct, frozen=True, kw_only=True, rename="camel"):
    """Times in milliseconds: since 1970, and left."""

    result: str
    user_name: str
    user_id: int
    enterprise_id: int
    token: str
    token_expiration_timestamp: int
    token_expiration_surplus_timestamp: int


class Machine(Struct, frozen=True, kw_only=True, rename="camel"):
    machine_id: str
    device_ids: list[int]


class PackedGoods(Struct, frozen=True, kw_only=True, rename="camel"):
    """As open.ovopark.storehouse.sendOrder took it."""

    goods_id: str
    goods_price: Decimal
    goods_name: str
    goods_nums: Decimal
    box_no: str
    batch_no: str
    scan_time: str
    skus: list[dict[str, Any]]


class OrderVideo(Struct, frozen=True, kw_only=True, rename="camel"):
    device_id: int
    device_name: str
    start_time: str
    end_time: str
    online: int


class FoundOrder(Struct, frozen=True, kw_only=True, rename="camel"):
    """A row of open.ovopark.storehouse.searchOrder, which is ours."""

    id: int
    dep_id: int
    shop_id: str
    order_no: str
    user_name: str
    machine_id: str
    start_time: str
    end_time: str
    order_time: str
    order_type: str
    goods: list[PackedGoods]
    goods_total: int
    """More than there are in `goods` when those were too many for one page: then `goods` is empty."""
    warnings: dict[str, Any]
    videos: list[OrderVideo]


class DepartmentRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """A row of open.organize.departments.getDepartments."""

    id: int
    name: str
    address: str
    phone: str
    group_id: int
    organize_id: int
    organize_name: str
    dep_organize_id: int
    shop_id: str
    trilateral_id: str
    open_status: int
    validate_status: int
    validate_date: str
    longitude: str
    latitude: str
    dev_count: int


class Departments(Struct, frozen=True, kw_only=True):
    """`total` counts rows."""

    total: int
    rows: list[DepartmentRow]


class DeptRow(Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    name: str
    shop_id: str
    address: str
    organize_id: int


class DeptList(Struct, frozen=True, kw_only=True):
    records: list[DeptRow]


class DeviceRow(Struct, frozen=True, kw_only=True):
    """A row of open.shopweb.device.getDeviceList."""

    id: int
    mac: str
    name: str


class DeviceList(Struct, frozen=True, kw_only=True):
    records: list[DeviceRow]


class VideoDevice(Struct, frozen=True, kw_only=True):
    """Of open.shopweb.device.getVideoDeviceList; snake and camel case are mixed on the wire."""

    id: int
    name: str
    online: int
    media_server_ip: str = field(name="mediaServerIp")
    media_server_port: str = field(name="mediaServerPort")
    ptz_enable: int = field(name="ptzEnable", default=0)
    audio_call_enable: int = field(name="audioCallEnable", default=0)
    puid: str
    channel_id: int = 0
    slave_channel_id: int = field(name="slaveChannel_id", default=0)
    video_id: int
    machine_id: str = field(name="machineId")


class VideoPlace(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    devices: list[VideoDevice]


class VideoDevices(Struct, frozen=True, kw_only=True):
    list: list[VideoPlace]


class DeviceState(Struct, frozen=True, kw_only=True):
    online: int
    name: str


class Streams(Struct, frozen=True, kw_only=True):
    """Addresses of one stretch of film; empty where this server does not speak the protocol. `mp4` is ours."""

    rtmp: str = ""
    flv: str = ""
    tlsflv: str = ""
    hls: str
    rtsp: str = ""
    mp4: str


class Download(Struct, frozen=True, kw_only=True):
    """Of open.device.public.device.v2.downloadVideo; a capital F in `tlsFmp4` alone."""

    tls_fmp4: str = field(name="tlsFmp4")
    flv: str = ""
    tlsflv: str = ""
    rtsp: str = ""


class RecordDownload(Struct, frozen=True, kw_only=True):
    """Of open.shopweb.device.startRecReqDown; `url` only with status 0."""

    status: int
    url: str = ""


class ChannelRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    device_id: int
    has_record: int


class Snapshot(Struct, frozen=True, kw_only=True):
    url: str
