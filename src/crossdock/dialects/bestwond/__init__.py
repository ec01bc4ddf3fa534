"""Bestwond: parcel lockers. Doors, save and pick codes, webhooks, as Cabinet Api v3.0.1 prints them."""

from typing import Final

from crossdock.dialects.bestwond import auth, callbacks, calls, errors
from crossdock.edge.dialect import Dialect

BODY_BYTES_MAX: Final = 65_536
"""Ours: the longest documented body has some 700 bytes."""

DIALECT: Final = Dialect(
    name=auth.NAME,
    prefixes=calls.PREFIXES,
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=calls.ENDPOINTS,
    open=calls.open_,
    refuse=errors.refuse,
    seal=calls.seal,
    sender=callbacks.SENDER,
)


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """The signed text of a request, without its secret, and the signature it should carry.

    Only the body counts; `query` and `headers` are what every dialect is asked with. Errors: BodyMalformed.
    """
    text = auth.signed_text(auth.fields_of(raw))
    return text, auth.sign(text, secret)
