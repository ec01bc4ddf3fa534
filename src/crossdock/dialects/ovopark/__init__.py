"""Ovopark / Opretail open platform: packed orders, reported together with the film that shows them."""

import secrets
from functools import partial

from crossdock.dialects.ovopark.auth import NAME, reading_of, sign
from crossdock.dialects.ovopark.errors import SignMethodMissing
from crossdock.dialects.ovopark.gateway import open_, refuse, seal
from crossdock.dialects.ovopark.routes import ENDPOINTS, PATHS
from crossdock.dialects.ovopark.wire import parameters_of
from crossdock.edge.dialect import Dialect
from crossdock.edge.request import FORM_TYPE, JSON_TYPE, Request

BODY_BYTES_MAX = 4 * 2**20
"""2,000 lines of goods with long Chinese names fit, URL-encoded."""

KEY_BYTES = 16
"""32 hex digits, as the newer keys."""

CASE_COUNTS = True
"""A signature in lower case is refused."""

__all__ = ["CASE_COUNTS", "DIALECT", "explain"]

DIALECT = Dialect(
    name=NAME,
    prefixes=PATHS,
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=tuple(ENDPOINTS.values()),
    open=open_,
    refuse=refuse,
    seal=seal,
    new_key=partial(secrets.token_hex, KEY_BYTES),
)


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """What this server would sign of a request, and the signature. The text begins and ends with the secret.

    A body that is not labelled is JSON when it begins so, else a form. Errors: BodyMalformed, SignMethodMissing,
    SignMethodUnknown.
    """
    raw = raw.rstrip(b"\r\n")  # of an editor or of echo
    labelled = {"content-type": JSON_TYPE if raw.lstrip().startswith(b"{") else FORM_TYPE}
    labelled |= {name.lower(): value for name, value in headers.items()}
    request = Request(
        method="POST",
        path=PATHS[0],
        query_string=query.encode(),
        headers=[(name.encode(), value.encode()) for name, value in labelled.items()],
        body=raw,
    )
    parameters = parameters_of(request)
    if not parameters.public("_sm"):
        raise SignMethodMissing()
    fitting = reading_of(parameters, secret) or parameters
    return sign(fitting.signed, secret)
