"""Ovopark / Opretail open platform: packed orders, reported together with the film that shows them."""

import secrets
from functools import partial

from crossdock.dialects.ovopark import workbench
from crossdock.dialects.ovopark.auth import NAME, reading_of, sign
from crossdock.dialects.ovopark.errors import SignMethodMissing
from crossdock.dialects.ovopark.gateway import open_, refuse, seal
from crossdock.dialects.ovopark.routes import ENDPOINTS, PATHS
from crossdock.edge.dialect import Dialect
from crossdock.edge.workbench import Workbench

BODY_BYTES_MAX = 4 * 2**20
"""2,000 lines of goods with long Chinese names fit, URL-encoded."""

KEY_BYTES = 16
"""32 hex digits, as the newer keys."""

CASE_COUNTS = True
"""A signature in lower case is refused."""

__all__ = ["CASE_COUNTS", "DIALECT", "explain"]


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """What this server would sign of a request, and the signature. The text begins and ends with the secret.

    A body that is not labelled is JSON when it begins so, else a form. Errors: BodyMalformed, SignMethodMissing,
    SignMethodUnknown.
    """
    parameters = workbench.parameters(raw, query=query, headers=headers)
    if not parameters.public("_sm"):
        raise SignMethodMissing()
    fitting = reading_of(parameters, secret) or parameters
    return sign(fitting.signed, secret)


DIALECT = Dialect(
    name=NAME,
    prefixes=PATHS,
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=tuple(ENDPOINTS.values()),
    open=open_,
    refuse=refuse,
    seal=seal,
    new_key=partial(secrets.token_hex, KEY_BYTES),
    workbench=Workbench(
        claimed=workbench.claimed,
        explain=explain,
        mistakes=workbench.mistakes,
        in_time=workbench.in_time,
        case_counts=CASE_COUNTS,
    ),
)
