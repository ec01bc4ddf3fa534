"""Bestwond: parcel lockers. Doors, save and pick codes, webhooks, as Cabinet Api v3.0.1 prints them."""

from typing import Final

from crossdock.dialects.bestwond import auth, callbacks, calls, errors, workbench
from crossdock.edge.dialect import Dialect
from crossdock.edge.request import Request
from crossdock.edge.workbench import Workbench

BODY_BYTES_MAX: Final = 65_536
"""Ours: the longest documented body has some 700 bytes."""


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """The signed text of a request, without its secret, and the signature it should carry.

    Where the `sign` of the query is of the body in another form than the documented one, it is that form's text.
    `headers` take no part. Errors: BodyMalformed.
    """
    fields = auth.fields_of(raw)
    request = Request(method=calls.METHOD, path="", query_string=query.encode(), headers=[], body=raw)
    text = auth.text_signed(fields, auth.given_signature(request), secret) or auth.signed_text(fields)
    return text, auth.sign(text, secret)


DIALECT: Final = Dialect(
    name=auth.NAME,
    prefixes=calls.PREFIXES,
    body_bytes_max=BODY_BYTES_MAX,
    endpoints=calls.ENDPOINTS,
    open=calls.open_,
    refuse=errors.refuse,
    seal=calls.seal,
    sender=callbacks.SENDER,
    new_key=auth.new_app_id,
    workbench=Workbench(
        claimed=workbench.claimed, explain=explain, mistakes=workbench.mistakes, in_time=workbench.in_time
    ),
)
