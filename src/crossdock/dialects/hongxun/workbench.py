"""Mistakes that clients make when they sign."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crossdock.dialects.hongxun import auth, words
from crossdock.dialects.hongxun.canonical import canonical, parse
from crossdock.edge.workbench import Claimed, Mistake


def claimed(raw: bytes, *, query: str, headers: Mapping[str, str]) -> Claimed:
    """Errors: BodyMalformed, FieldsInvalid."""
    envelope = auth.read(raw, signed=False)
    return Claimed(key=envelope.key, signature=envelope.sign)


def explain(raw: bytes, *, query: str, headers: Mapping[str, str], secret: str) -> tuple[str, str]:
    """In the form that the sign fits, else as documented. Errors: BodyMalformed, FieldsInvalid."""
    envelope = auth.read(raw, signed=False)
    given = envelope.sign.lower().encode("utf-8", "replace")
    text = _text(envelope, envelope.text, secret)
    for request in auth.accepted_texts(envelope) if secret else ():
        other = _text(envelope, request, secret)
        if hmac.compare_digest(auth.signature(other).encode(), given):
            text = other
    return text.encode(errors="replace").decode(), auth.signature(text)


def in_time(
    raw: bytes, *, query: str, headers: Mapping[str, str], scope: dict[str, Any], now: datetime, **more: Any
) -> bool:
    written = words.written_time(auth.read(raw, signed=False).timestamp)
    return written is not None and auth.within_skew(written, now, scope)


def mistakes(raw: bytes, *, query: str, headers: Mapping[str, str], secret: str) -> Iterator[Mistake]:
    """Errors: BodyMalformed, FieldsInvalid."""
    envelope = auth.read(raw, signed=False)
    members = parse(raw)
    request = envelope.request
    value = json.loads(raw.decode("utf-8-sig")).get("request")
    if isinstance(value, str):
        yield Mistake(cause="encoding", signature=_of(envelope, value, secret))
        value = json.loads(value)
    compact = (",", ":")
    for ascii_only in (False, True):
        unsorted = json.dumps(value, separators=compact, ensure_ascii=ascii_only)
        yield Mistake(cause="order", signature=_of(envelope, unsorted, secret))
        ordered = json.dumps(value, separators=compact, ensure_ascii=ascii_only, sort_keys=True)
        yield Mistake(cause="encoding", signature=_of(envelope, ordered, secret))
        for sort in (True, False):
            spaced = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort)
            yield Mistake(cause="encoding", signature=_of(envelope, spaced, secret))
    text = envelope.text
    key, sent = envelope.key, envelope.timestamp
    for parts in (
        (key, text, sent, secret),
        (secret, key, text, sent),
        (text, key, secret, sent),
        (key, secret, text, sent),
        (key, sent, text, secret),
    ):
        yield Mistake(cause="order", signature=auth.signature("&".join(parts)))
    yield Mistake(cause="no_secret", signature=auth.signature(f"{key}&{text}&{sent}"))
    yield Mistake(cause="no_secret", signature=auth.signature(f"{key}&{text}&&{sent}"))
    yield Mistake(cause="joined", signature=auth.signature(f"{key}{text}{secret}{sent}"))
    create_by, _, source = key.partition("&")
    yield Mistake(cause="field_missing", field="timestamp", signature=auth.signature(f"{key}&{text}&{secret}"))
    yield Mistake(cause="field_missing", field="request", signature=auth.signature(f"{key}&{secret}&{sent}"))
    for name, left in (("dataSource", create_by), ("createBy", source)):
        yield Mistake(cause="field_missing", field=name, signature=auth.signature(f"{left}&{text}&{secret}&{sent}"))
    whole = _text(envelope, text, secret)
    for algorithm in ("sha1", "sha256", "sha512"):
        signature = hashlib.new(algorithm, whole.encode(errors="replace"), usedforsecurity=False).hexdigest()
        yield Mistake(cause="algorithm", signature=signature)
    if isinstance(members, dict) and isinstance(request, dict):
        for name in request:
            rest = canonical({other: inner for other, inner in request.items() if other != name})
            yield Mistake(cause="field_missing", field=name, signature=_of(envelope, rest, secret))


def _text(envelope: auth.Envelope, request: str, secret: str) -> str:
    return auth.signed_text(key=envelope.key, request=request, secret=secret, timestamp=envelope.timestamp)


def _of(envelope: auth.Envelope, request: str, secret: str) -> str:
    return auth.signature(_text(envelope, request, secret))
