"""Heidian: pick-up at the counter of a shop. What staff and buyers see of an order that waits there."""

from typing import Any, Final

from crossdock.base.errors import BodyMalformed, CrossdockError, Denied, MethodNotAllowed
from crossdock.core.staff.model import Staff
from crossdock.dialects.heidian import workbench
from crossdock.dialects.heidian.asked import Asked, query_pairs, read_body
from crossdock.dialects.heidian.auth import KEYWORD, body_token, header_token, staff_of, webhook_digest
from crossdock.dialects.heidian.callbacks import SENDER
from crossdock.dialects.heidian.calls import ENDPOINTS, PREFLIGHT, Terms, find
from crossdock.dialects.heidian.errors import FieldsWrong, MediaUnsupported, spoken
from crossdock.dialects.heidian.limits import KEYS_OF_STAFF, PAUSE_S, WRONG_KEYS_OF_STAFF
from crossdock.dialects.heidian.words import NAME, language
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Dialect, Opened
from crossdock.edge.request import Request
from crossdock.edge.response import Response, json_response
from crossdock.edge.workbench import Workbench, always_in_time

BODY_BYTES_MAX: Final = 65_536
"""The largest documented body is a user name and a password."""

WAIT_S: Final = 60
"""What a caller is told to wait when the refusal does not say."""

CROSS_ORIGIN: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "retry-after, www-authenticate",
}
CROSS_ORIGIN_PREFLIGHT: Final = {
    "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, accept, accept-language, x-requested-with,"
    " cache-control, x-http-method-override, x-shop, x-shop-id, x-shop-domain, x-bulk-operation",
    "access-control-max-age": "86400",
}


async def open_call(desk: Desk, request: Request) -> Opened:
    if request.method == "OPTIONS":
        return _open_preflight(request)
    found = find(request.method, request.path)
    terms: Terms = found.endpoint.options
    limiter, now = desk.limiter, desk.clock.now()
    if terms.of_address is not None:
        limiter.take(terms.of_address, request.peer, now)
    staff = await _staff(desk, request) if terms.staff else None
    if staff is not None:
        limiter.refuse_paused(WRONG_KEYS_OF_STAFF, staff.id, now, pause_s=PAUSE_S)
        if terms.manager and not staff.manager:
            raise Denied()
        if terms.keyed:
            limiter.take(KEYS_OF_STAFF, staff.id, now)
    pairs = query_pairs(request.query_string)
    asked = Asked(
        request=request,
        path=found.path,
        number=found.number,
        query=dict(pairs),
        pairs=pairs,
        body=read_body(request) if terms.body else {},
    )
    return Opened(endpoint=found.endpoint, caller=staff, body=asked)


def refuse(desk: Desk, request: Request, error: CrossdockError) -> Response:
    status, body = spoken(error, language(request.header("accept-language")))
    response = json_response(body, status=status, headers=_shared_headers())
    if status == 401:
        response.headers["www-authenticate"] = KEYWORD
    if status == 429:
        response.headers["retry-after"] = str(error.facts.get("wait_s", WAIT_S))
    if isinstance(error, MethodNotAllowed):
        response.headers["allow"] = error.facts.get("allowed", "OPTIONS")
    return response


def seal(desk: Desk, request: Request, opened: Opened, answer: Any) -> Response:
    if opened.endpoint is PREFLIGHT:
        return Response(headers={**_shared_headers(), **CROSS_ORIGIN_PREFLIGHT})
    return json_response(answer, status=opened.endpoint.options.status, headers=_shared_headers())


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """The text a webhook's digest is over, and the digest; requests to us carry none.

    `query` and `headers` take no part in it.
    """
    return raw.decode("utf-8", "replace") + secret, webhook_digest(raw, secret)


def _open_preflight(request: Request) -> Opened:
    """A browser's question before the call itself is answered for every path, as it does not read errors.

    Errors: PathUnknown for a plain OPTIONS where nothing is served.
    """
    if request.header("access-control-request-method") is None:
        try:
            find(request.method, request.path)
        except MethodNotAllowed:
            pass
    return Opened(endpoint=PREFLIGHT, caller=None, body=None)


async def _staff(desk: Desk, request: Request) -> Staff:
    """By the header, or by a field of a POST's body when the header says nothing."""
    token = header_token(request.header("authorization"))
    if token is None and request.method == "POST":
        try:
            token = body_token(read_body(request))
        except (BodyMalformed, MediaUnsupported, FieldsWrong):
            token = None  # who did not say who it is learns nothing about its body either
    return await staff_of(desk, token)


def _shared_headers() -> dict[str, str]:
    return {**CROSS_ORIGIN, "vary": "Accept-Language"}


DIALECT = Dialect(
    name=NAME,
    prefixes=("/api/orders", "/api/shops"),
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=ENDPOINTS,
    open=open_call,
    refuse=refuse,
    seal=seal,
    sender=SENDER,
    workbench=Workbench(
        claimed=workbench.claimed, explain=explain, mistakes=workbench.mistakes, in_time=always_in_time
    ),
)
