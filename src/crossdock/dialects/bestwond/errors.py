"""How the vendor says no, always with an HTTP 2xx: a client takes anything else for "provider down"."""

from typing import Any, Final

from msgspec import Struct

from crossdock.base.errors import (
    CallerUnknown,
    ClockSkew,
    Conflict,
    CrossdockError,
    Denied,
    Invalid,
    MethodNotAllowed,
    NotFound,
    SignatureWrong,
    TooManyRequests,
    Unavailable,
)
from crossdock.core.lockers.errors import (
    BoxUnknown,
    CabinetRefused,
    CabinetUnknown,
    CodesLocked,
    NoFreeBox,
    ParcelBooked,
    ParcelStateOther,
    ParcelStored,
    ParcelTaken,
    ParcelUnknown,
    PickCodeUnknown,
    SaveCodeUnknown,
)
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request
from crossdock.edge.response import Response, json_response


class LockUnknown(BoxUnknown):
    """The cabinet has no door at this lock address. Facts: lock_address."""


class Refusal(Struct, frozen=True):
    code: int
    msg: str
    status: int = 200
    data: bool = True
    """Whether `"data": null` is printed; the recorded answers to bad requests and unknown paths have none."""


def _business(code: int, msg: str) -> Refusal:
    return Refusal(code, msg)


def _request(code: int, msg: str) -> Refusal:
    return Refusal(code, msg, status=201, data=False)


def _server(code: int) -> Refusal:
    return Refusal(code, f"Server error,{code}", data=False)


REFUSALS: Final[dict[type[CrossdockError], Refusal]] = {
    ParcelBooked: _business(30001, "Order already booked"),
    ParcelStored: _business(30002, "Order has been deposited."),
    ParcelTaken: _business(30003, "Order has been withdrawn"),
    ParcelUnknown: _business(30004, "Order not found"),
    ParcelStateOther: _business(30005, "Order status error"),
    SaveCodeUnknown: _business(310001, "Invalid storage code"),
    NoFreeBox: _business(310002, "No empty box"),
    CodesLocked: _business(310003, "Invalid code entered too often, code entry is locked"),
    PickCodeUnknown: _business(320001, "Invalid pickup code"),
    CabinetUnknown: _business(16001001, "Device is not exists"),
    LockUnknown: _business(16001601, "Get box info error"),
    BoxUnknown: _business(16001602, "Box not found"),
    CabinetRefused: _business(16001603, "Device not online"),
    Invalid: _request(1300001, "Request parameter error"),
    SignatureWrong: _request(1300002, "Invalid sign"),
    CallerUnknown: _request(1300003, "App is not exists"),
    ClockSkew: _request(1300004, "Invalid timestamps"),
    MethodNotAllowed: _server(405),
    NotFound: _server(404),
    Conflict: _server(409),
    Denied: _server(403),
    TooManyRequests: _server(429),
    Unavailable: _server(503),
    CrossdockError: _server(500),
}


def refusal_of(error: CrossdockError) -> Refusal:
    """The nearest listed ancestor speaks; a cabinet that refuses speaks for itself."""
    found = next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    if isinstance(error, CabinetRefused) and error.facts.get("reason"):
        return Refusal(found.code, str(error.facts["reason"]))
    return found


def refuse(_desk: Desk, _request: Request, error: CrossdockError) -> Response:
    refusal = refusal_of(error)
    body: dict[str, Any] = {"code": refusal.code, "msg": refusal.msg}
    if refusal.data:
        body["data"] = None
    return json_response(body, status=refusal.status)
