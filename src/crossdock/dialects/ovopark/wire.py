"""Parameters in, envelope out, field for field as printed."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
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


def envelope(
    *, now: datetime, host: str, code: int, codename: str, result: str, gateway: bool, data: Any = None
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
    return json_response(Envelope(stat=stat, result=result, data=data), content_type=CONTENT_TYPE)


def _cid(host: str, systime: int) -> str:
    """The vendor's form; where it prints a thread we print a number that tells two calls apart."""
    server = hashlib.md5(host.encode(), usedforsecurity=False).hexdigest()[:6]
    return f"a:{server}|t:{secrets.randbelow(1_000_000)}|s:{systime}"


class SkuType(Struct, frozen=True):
    id: int
    name: str


class BusinessOrg(Struct, frozen=True, kw_only=True):
    """A row of open.gateway.getBusinessOrg; lower-case `orgid` is the page's spelling."""

    orgid: int
    enterprise_id: int = field(name="enterpriseId")
    enterprise_name: str = field(name="enterpriseName")
    enterprise_code: str = field(name="enterpriseCode")


class BusinessOrgPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """`total` counts pages, `all` rows."""

    total: int
    all: int
    page_number: int
    page_size: int
    list: list[BusinessOrg]


class Authentication(Struct, frozen=True, kw_only=True):
    """`data` of open.gateway.authentication; the enterprise is the first one the organisation may act for."""

    orgid: int
    org_name: str = field(name="orgName")
    enterprise_id: int = field(name="enterpriseId")
    enterprise_name: str = field(name="enterpriseName")
    akey: str
    status: int
    expire_time: str = field(name="expireTime")
