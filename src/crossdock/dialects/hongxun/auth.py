"""Who is calling, and how a request is signed. Source: 附录一 签名规则."""

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import md5
from typing import Any, Final

import structlog
from msgspec import Struct

from crossdock.base.errors import (
    BodyMalformed,
    CallerUnknown,
    ClockSkew,
    Denied,
    FieldsInvalid,
    SignatureWrong,
)
from crossdock.core.accounts.model import Caller
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.canonical import STANDARD, Form, Number, canonical, parse
from crossdock.dialects.hongxun.fields import ILL_TYPED, MISSING, TIME_SHAPE, Reader
from crossdock.edge.desk import Desk

SKEW_MAX = timedelta(minutes=10)
"""Either way, ends included: 服务端允许客户端请求时间误差为10分钟."""
LOGGED_CHARS_MAX = 4_096
"""Of the text of a failed check, logged so that an integrator can compare it."""
_MASK: Final = "***"

log = structlog.get_logger(__name__)


class Envelope(Struct, frozen=True, kw_only=True):
    """The five members around every call, as they were sent."""

    create_by: str
    data_source: str
    sign: str
    timestamp: str
    request: Any
    """Parsed; an object or an array."""
    text: str
    """`request` as it is signed."""

    @property
    def key(self) -> str:
        """As a credential is named."""
        return f"{self.create_by}&{self.data_source}"


def read(raw: bytes, *, signed: bool = True) -> Envelope:
    """The envelope of a body. Errors: BodyMalformed, FieldsInvalid (all that is missing).

    `request` may come as a text that holds the JSON: the vendor's Java sample reads it so.
    """
    members = parse(raw)
    if not isinstance(members, dict):
        raise BodyMalformed(reason="必须为JSON对象")
    reader = Reader(members)
    create_by = reader.text("createBy", required=True)
    data_source = reader.text("dataSource", required=True)
    sign = reader.text("sign", required=signed)
    timestamp = reader.text("timestamp", required=True)
    request = _request(members.get("request"), reader)
    reader.finish()
    return Envelope(
        create_by=create_by,
        data_source=data_source,
        sign=sign,
        timestamp=timestamp,
        request=request,
        text=canonical(request),
    )


def signed_text(*, key: str, request: str, secret: str, timestamp: str) -> str:
    """`createBy&dataSource&request&SK&timestamp`; `key` is the first two of them."""
    return f"{key}&{request}&{secret}&{timestamp}"


def signature(text: str) -> str:
    """32 lower-case hex digits; half a surrogate pair counts as `?`, as in Java."""
    return md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def verify(envelope: Envelope, secret: str) -> None:
    """Errors: SignatureWrong, when no way of writing the request gives the sign, or the caller has no secret."""
    given = envelope.sign.lower().encode("utf-8", "replace")
    for request in accepted_texts(envelope) if secret else ():
        text = signed_text(key=envelope.key, request=request, secret=secret, timestamp=envelope.timestamp)
        if hmac.compare_digest(signature(text).encode(), given):
            return
    raise SignatureWrong()


async def recognise(desk: Desk, envelope: Envelope) -> Caller:
    """The account behind a signed request.

    Errors, in this order: FieldsInvalid (timestamp), CallerUnknown, SignatureWrong, ClockSkew,
    Denied (a credential out of use).
    """
    written = words.written_time(envelope.timestamp)
    if written is None:
        raise FieldsInvalid(complaints=[f"timestamp {TIME_SHAPE}"])
    if not envelope.key.isprintable():
        raise CallerUnknown()
    caller = await desk.accounts.caller("hongxun", envelope.key)
    if caller is None:
        raise CallerUnknown()
    try:
        verify(envelope, caller.credential.secret)
    except SignatureWrong:
        _log_text(envelope)
        raise
    now = desk.clock.now()
    if not within_skew(written, now, caller.credential.scope):
        raise ClockSkew()
    if not caller.credential.valid_at(now):
        raise Denied()
    desk.accounts.used(caller.credential, now)
    return caller


def within_skew(written: datetime, now: datetime, scope: dict[str, Any]) -> bool:
    """Whether a local time is near enough to `now` (aware)."""
    return abs(now - written.replace(tzinfo=words.zone_of(scope))) <= SKEW_MAX


def _request(value: Any, reader: Reader) -> Any:
    match value:
        case None | "":
            reader.complain("request", MISSING)
        case dict() | list():
            return value
        case str():
            return _request_text(value, reader)
        case _:
            reader.complain("request", ILL_TYPED)
    return None


def _request_text(text: str, reader: Reader) -> Any:
    try:
        value = parse(text)
    except BodyMalformed as error:
        reader.complain("request", error.facts["reason"])
        return None
    if not isinstance(value, dict | list):
        reader.complain("request", ILL_TYPED)
        return None
    return value


def accepted_texts(envelope: Envelope) -> Iterator[str]:
    """What may have been signed, the likeliest first; second tries only where they can differ."""
    yield envelope.text
    scalars = list(_scalars(envelope.request))
    nulls = (False, True) if None in scalars else (False,)
    literals = (False, True) if any(map(_has_exponent, scalars)) else (False,)
    for form in (Form(nulls=null, literals=literal) for literal in literals for null in nulls):
        if form != STANDARD:
            yield canonical(envelope.request, form)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _scalars(inner)
    else:
        yield value


def _has_exponent(scalar: Any) -> bool:
    return isinstance(scalar, Number) and ("e" in scalar.literal or "E" in scalar.literal)


def _log_text(envelope: Envelope) -> None:
    text = signed_text(key=envelope.key, request=envelope.text, secret=_MASK, timestamp=envelope.timestamp)
    log.info("signature wrong", dialect="hongxun", signed_text=text[:LOGGED_CHARS_MAX])
