"""Who is calling: SHA-512 over the sorted, form-encoded fields with the app's secret right behind them.

Source: folder-18962253 and api-95785727. The published samples disagree on how a value is encoded; all are taken,
as long as two different bodies cannot share one signed text.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, quote_plus

import msgspec

from crossdock.base.errors import BodyMalformed, CallerUnknown, ClockSkew, FieldsInvalid, SignatureWrong
from crossdock.core.accounts.model import Caller, Credential
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request

NAME: Final = "bestwond"
SIGN: Final = "sign"
APP_ID_CHARS_MAX: Final = 128
"""Ours; real ones have 18."""
APP_ID_BYTES: Final = 8
WINDOW_SETTING: Final = "timestamps_window_s"
"""In a credential's scope: how many seconds `timestamps` may be from our clock. Without it any value is
taken: the vendor's own samples send nonsense."""
MILLISECONDS_FROM: Final = 100_000_000_000
"""A timestamp from here on counts milliseconds: the vendor's browser sample sends those."""

Encoder = Callable[[str], str]
ENCODERS: Final[dict[str, Encoder]] = {
    "form": quote_plus,
    "php": lambda text: quote_plus(text).replace("~", "%7E"),
    "browser": lambda text: quote_plus(text, safe="*"),
    "percent": lambda text: quote(text, safe="!'()*"),
}
"""What is taken, the documented one first. All four decode to the same fields."""
NOT_RAW: Final = frozenset("&=%+")
"""A raw text with one of these could be read as other fields."""

_decoder = msgspec.json.Decoder()


def new_app_id() -> str:
    """As the vendor's: `bw_` and 15 hex digits."""
    return "bw_" + secrets.token_hex(APP_ID_BYTES)[1:]


def fields_of(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object. Errors: BodyMalformed."""
    try:
        fields = _decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise BodyMalformed(cause=str(error)) from error
    if not isinstance(fields, dict):
        raise BodyMalformed(cause="not an object")
    return fields


def signed_text(body: Mapping[str, Any]) -> str:
    """`key=value` joined by `&`, keys in code-point order, `sign` left out; the secret is not in it.

    A value is printed as Python prints it (`None`, `True`, `[{'count': 3}]`), then form-encoded.
    Errors: BodyMalformed, for a value nested too deep to print.
    """
    return _joined(body, ENCODERS["form"])


def sign(text_or_body: str | Mapping[str, Any], secret: str) -> str:
    """128 lower-case hex digits; a plain hash, not an HMAC."""
    text = text_or_body if isinstance(text_or_body, str) else signed_text(text_or_body)
    return hashlib.sha512((text + secret).encode()).hexdigest()


def accepted_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Every text whose signature is taken for this body, the documented one first."""
    for encode in ENCODERS.values():
        yield _joined(body, encode)
    words = [word for key, value in body.items() if key != SIGN for word in (key, _text(value))]
    if all(NOT_RAW.isdisjoint(word) for word in words):
        yield _joined(body, str)


def verify(body: Mapping[str, Any], signature: str, secret: str) -> bool:
    """Whether a signature is of this body."""
    return text_signed(body, signature, secret) is not None


def text_signed(body: Mapping[str, Any], signature: str, secret: str) -> str | None:
    """The accepted text that a signature, in either case, is of; None when of none. Each is compared in full."""
    given = signature.lower().encode()
    for text in accepted_texts(body):
        if hmac.compare_digest(sign(text, secret).encode(), given):
            return text
    return None


def given_signature(request: Request) -> str:
    """The first `sign` of the query; empty when there is none, or the query cannot be read."""
    try:
        return next((value for key, value in request.query if key == SIGN), "")
    except BodyMalformed:
        return ""


async def recognise(desk: Desk, request: Request, fields: Mapping[str, Any]) -> Caller:
    """The app behind a request.

    Errors: FieldsInvalid without an app_id, CallerUnknown, SignatureWrong, ClockSkew.
    """
    app_id = fields.get("app_id")
    if not isinstance(app_id, str) or not 0 < len(app_id) <= APP_ID_CHARS_MAX or "\0" in app_id:
        raise FieldsInvalid(field="app_id")
    caller = await desk.accounts.caller(NAME, app_id)
    now = desk.clock.now()
    if caller is None or not caller.credential.valid_at(now) or not caller.credential.secret:
        raise CallerUnknown()  # with an empty secret anybody could sign
    if not verify(fields, given_signature(request), caller.credential.secret):
        raise SignatureWrong()
    check_window(caller.credential, fields.get("timestamps"), now)
    desk.accounts.used(caller.credential, now)
    return caller


def check_window(credential: Credential, timestamps: Any, now: datetime) -> None:
    """Where the app's scope asks for it: `timestamps` must be near our clock. Errors: ClockSkew."""
    window_s = credential.scope.get(WINDOW_SETTING)
    if window_s is None:
        return
    try:
        sent = int(timestamps)
    except (TypeError, ValueError) as error:
        raise ClockSkew() from error
    sent_s = sent // 1000 if sent >= MILLISECONDS_FROM else sent
    if abs(sent_s - int(now.timestamp())) > window_s:
        raise ClockSkew()


def _joined(body: Mapping[str, Any], encode: Encoder) -> str:
    return "&".join(f"{encode(key)}={encode(_text(body[key]))}" for key in sorted(body) if key != SIGN)


def _text(value: Any) -> str:
    try:
        return str(value)
    except RecursionError as error:
        raise BodyMalformed(cause="nested too deep") from error
