"""Open, refuse and seal: what is the same for every method."""

from datetime import timedelta

from crossdock.base.errors import BodyMalformed, CrossdockError, PathUnknown
from crossdock.core.accounts.model import Caller
from crossdock.core.nonces import commands as nonces
from crossdock.dialects.ovopark.auth import NAME, recognise
from crossdock.dialects.ovopark.errors import CallRepeated, MethodUnknown, refusal_of, told
from crossdock.dialects.ovopark.routes import ENDPOINTS, FOR_USERS, OUTSPOKEN, PATHS, Method
from crossdock.dialects.ovopark.visitors import Visitor, visitor_of
from crossdock.dialects.ovopark.wire import SUCCESS, Parameters, envelope, parameters_of
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Opened
from crossdock.edge.request import Request
from crossdock.edge.response import Response


async def open_(desk: Desk, request: Request) -> Opened:
    """`_mt` and `_version` name the method, never the path.

    Errors: PathUnknown, BodyMalformed, those of `recognise`, CallRepeated, MethodUnknown, TokenUnknown.
    """
    if request.path.lower() not in PATHS:
        raise PathUnknown(path=request.path)
    caller, parameters = await recognise(desk, parameters_of(request))
    await _check_nonce(desk, caller, parameters)
    method = _method(caller, parameters)
    by: Caller | Visitor = await visitor_of(desk, caller, request) if method in FOR_USERS else caller
    return Opened(endpoint=ENDPOINTS[method], caller=by, body=parameters)


def refuse(desk: Desk, request: Request, error: CrossdockError) -> Response:
    refusal = refusal_of(error)
    return envelope(
        now=desk.clock.now(),
        host=desk.config.host,
        code=refusal.code,
        codename=refusal.codename,
        result=told(error, refusal),
        gateway=refusal.gateway,
        outspoken=_is_outspoken(request),
    )


def seal(desk: Desk, request: Request, opened: Opened, answer: object) -> Response:
    return envelope(
        now=desk.clock.now(),
        host=desk.config.host,
        code=0,
        codename="SUCCESS",
        result=SUCCESS,
        gateway=False,
        data=answer,
        outspoken=opened.body.public("_mt") in OUTSPOKEN,
    )


async def _check_nonce(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """Without `_nonce` a repeat is no fault: HTTP libraries send whole requests again. Errors: CallRepeated."""
    nonce = parameters.public("_nonce")
    if not nonce:
        return
    # A request stamped ahead by the whole window stays good for twice as long.
    kept = timedelta(seconds=2 * desk.config.ovopark_window_s)
    async with desk.database.autocommit() as tx:
        fresh = await nonces.use(tx, dialect=NAME, key=caller.credential.key, nonce=nonce, kept=kept)
    if not fresh:
        raise CallRepeated()


def _method(caller: Caller, parameters: Parameters) -> Method:
    """Errors: MethodUnknown; also for a method that the key's scope does not list."""
    method, version = parameters.public("_mt"), parameters.public("_version")
    if (method, version) not in ENDPOINTS or method not in caller.credential.scope.get("methods", (method,)):
        raise MethodUnknown(method=method, version=version)
    return method, version


def _is_outspoken(request: Request) -> bool:
    try:
        return parameters_of(request).public("_mt") in OUTSPOKEN
    except BodyMalformed:
        return False
