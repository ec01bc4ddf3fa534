"""Ovopark / Opretail open platform: packed orders, reported together with the film that shows them."""

from crossdock.dialects.ovopark.auth import NAME, reading_of, sign
from crossdock.dialects.ovopark.gateway import Gateway
from crossdock.dialects.ovopark.routes import ENDPOINTS, PATHS
from crossdock.dialects.ovopark.wire import parameters_of
from crossdock.edge.dialect import Dialect
from crossdock.edge.request import Request

BODY_BYTES_MAX = 4 * 2**20
"""2,000 lines of goods with long Chinese names fit, URL-encoded."""

__all__ = ["DIALECT", "explain"]

_gateway = Gateway()

DIALECT = Dialect(
    name=NAME,
    prefixes=PATHS,
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=tuple(ENDPOINTS.values()),
    open=_gateway.open,
    refuse=_gateway.refuse,
    seal=_gateway.seal,
)


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """What this server would sign of a request, and the signature. The text begins and ends with the secret.

    Errors: BodyMalformed, SignMethodUnknown.
    """
    request = Request(
        method="POST",
        path=PATHS[0],
        query_string=query.encode(),
        headers=[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        body=raw,
    )
    parameters = parameters_of(request)
    fitting = reading_of(parameters, secret) or parameters
    return sign(fitting.signed, secret)
