"""Open, run, seal: the way every partner call goes."""

import secrets
import time

import structlog

from crossdock.base.errors import CrossdockError, Unavailable, Unforeseen
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Dialect
from crossdock.edge.request import Request
from crossdock.edge.response import Response

log = structlog.get_logger(__name__)


async def serve(desk: Desk, dialect: Dialect, request: Request) -> Response:
    """The partner's answer, whatever happens. A fault of ours is logged with a trace id and not told."""
    started = time.monotonic()
    try:
        opened = await dialect.open(desk, request)
        answer = await opened.endpoint.run(desk, opened.caller, opened.body)
        return dialect.seal(desk, request, opened, answer)
    except Unavailable as error:
        trace_id = _trace_id()
        log.error("unavailable", dialect=dialect.name, path=request.path, trace_id=trace_id, cause=error.sentence)
        return dialect.refuse(desk, request, error)
    except CrossdockError as error:
        log.info(
            "refused",
            dialect=dialect.name,
            path=request.path,
            error=type(error).__name__,
            ms=round((time.monotonic() - started) * 1000, 1),
        )
        return dialect.refuse(desk, request, error)
    except Exception:
        trace_id = _trace_id()
        log.exception("fault", dialect=dialect.name, path=request.path, trace_id=trace_id)
        return dialect.refuse(desk, request, Unforeseen(trace_id=trace_id))


def _trace_id() -> str:
    return secrets.token_hex(8)
