"""BirdSystem (飞鸟): overseas-warehouse orders, as sellers' ERPs place and follow them under /client."""

import secrets
from functools import partial
from typing import Any, Final

from crossdock.base.errors import CrossdockError
from crossdock.dialects.birdsystem import (
    auth,
    callbacks,
    consignments,
    dispatches,
    labels,
    lines,
    measuring,
    parameters,
    parcels,
    paths,
    products,
    reference,
    returned,
    services,
    stock_levels,
    submitting,
    tracking,
    uploads,
    users,
    webhooks,
    wire,
)
from crossdock.dialects.birdsystem.auth import TO_EVERYBODY
from crossdock.dialects.birdsystem.auth import explain as explain
from crossdock.dialects.birdsystem.errors import message, refusal_of
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Dialect, Endpoint, Opened
from crossdock.edge.request import Request
from crossdock.edge.response import Response, json_response
from crossdock.edge.workbench import Workbench, always_in_time, no_mistakes

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""A batch of some thousand consignments as JSON; the pages give no limit."""
KEY_BYTES: Final = 16
"""32 hex digits, as the vendor's."""
ENDPOINTS = (
    *consignments.ENDPOINTS,
    *submitting.ENDPOINTS,
    *lines.ENDPOINTS,
    *parcels.ENDPOINTS,
    *returned.ENDPOINTS,
    *measuring.ENDPOINTS,
    *dispatches.ENDPOINTS,
    *uploads.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *tracking.ENDPOINTS,
    *labels.ENDPOINTS,
    *products.ENDPOINTS,
    *stock_levels.ENDPOINTS,
    *services.ENDPOINTS,
    *reference.ENDPOINTS,
    *users.ENDPOINTS,
)
PATHS = paths.Paths(ENDPOINTS, paths.documented_calls())


async def _nothing(desk: Desk, caller: Any, body: Any) -> None:
    return None


ASKED_FOR_VERBS = Opened(Endpoint("OPTIONS", _nothing), None, None)
"""OPTIONS: 200 and an empty body at every path, without a key: a browser asks so before it shows one."""


async def _open(desk: Desk, request: Request) -> Opened:
    if request.method == "OPTIONS":
        return ASKED_FOR_VERBS
    found = PATHS.find(request.method, request.path)
    client = None if found.endpoint.options == TO_EVERYBODY else await auth.recognise(desk, request)
    return Opened(found.endpoint, client, parameters.read(request, route=found.route))


def _seal(desk: Desk, request: Request, opened: Opened, answer: Any) -> Response:
    """A picture is an answer of its own; everything else is JSON."""
    if opened is ASKED_FOR_VERBS:
        return Response()
    return answer if isinstance(answer, Response) else json_response(answer)


def _refuse(desk: Desk, request: Request, error: CrossdockError) -> Response:
    status = refusal_of(error).status or desk.config.birdsystem_failure_status
    return json_response(wire.Failure(message=message(error)), status=status)


DIALECT = Dialect(
    name=auth.NAME,
    prefixes=("/client", "/consignment/tracking"),
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=ENDPOINTS,
    open=_open,
    refuse=_refuse,
    seal=_seal,
    sender=callbacks.SENDER,
    key_is_secret=True,
    workbench=Workbench(
        claimed=auth.claimed, explain=explain, mistakes=no_mistakes, in_time=always_in_time, signs=False
    ),
    new_key=partial(secrets.token_hex, KEY_BYTES),
    jobs={uploads.JOB: uploads.convert_rows},
)
