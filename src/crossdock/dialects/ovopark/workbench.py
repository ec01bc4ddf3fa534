"""Mistakes that clients make when they sign."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus

from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.dialects.ovopark import auth
from crossdock.dialects.ovopark.wire import Parameters, parameters_of
from crossdock.edge.request import FORM_TYPE, JSON_TYPE, Request
from crossdock.edge.workbench import Claimed, Mistake


def parameters(raw: bytes, *, query: str, headers: Mapping[str, str]) -> Parameters:
    """A body that is not labelled is JSON when it begins so, else a form. Errors: BodyMalformed."""
    raw = raw.rstrip(b"\r\n")  # of an editor or of echo
    labelled = {"content-type": JSON_TYPE if raw.lstrip().startswith(b"{") else FORM_TYPE}
    labelled |= {name.lower(): value for name, value in headers.items()}
    return parameters_of(
        Request(
            method="POST",
            path="",
            query_string=query.encode(),
            headers=[(name.encode(), value.encode()) for name, value in labelled.items()],
            body=raw,
        )
    )


def claimed(raw: bytes, *, query: str, headers: Mapping[str, str]) -> Claimed:
    """Errors: BodyMalformed."""
    found = parameters(raw, query=query, headers=headers)
    return Claimed(key=found.public("_akey"), signature=found.public(auth.SIG))


def in_time(
    raw: bytes, *, query: str, headers: Mapping[str, str], now: datetime, config: Config, **more: Any
) -> bool:
    found = parameters(raw, query=query, headers=headers)
    try:
        auth.check_timestamp(found.public("_timestamp"), now, window=timedelta(seconds=config.ovopark_window_s))
    except CrossdockError:
        return False
    return True


def mistakes(raw: bytes, *, query: str, headers: Mapping[str, str], secret: str) -> Iterator[Mistake]:
    """Errors: BodyMalformed, SignMethodUnknown."""
    found = parameters(raw, query=query, headers=headers).signed
    sent = {name: value for name, value in found.items() if name != auth.SIG}
    algorithm = auth.ALGORITHMS.get(sent.get("_sm", "").lower(), "md5")
    ordered = dict(sorted(sent.items()))

    def of(text: str, name: str = algorithm) -> str:
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    def joined(pairs: Mapping[str, str]) -> str:
        return "".join(f"{name}{value}" for name, value in pairs.items())

    yield Mistake(cause="order", signature=of(f"{secret}{joined(sent)}{secret}"))
    without_case = dict(sorted(sent.items(), key=lambda pair: pair[0].lower()))
    yield Mistake(cause="order", signature=of(f"{secret}{joined(without_case)}{secret}"))
    for encode in (quote_plus, quote, lambda text: quote(text, safe="")):
        encoded = {name: encode(value) for name, value in ordered.items()}
        yield Mistake(cause="encoding", signature=of(f"{secret}{joined(encoded)}{secret}"))
    for between, after in (("=", "&"), ("=", ""), ("", "&")):
        pairs = after.join(f"{name}{between}{value}" for name, value in ordered.items())
        yield Mistake(cause="joined", signature=of(f"{secret}{pairs}{secret}"))
    for text in (f"{secret}{joined(ordered)}", f"{joined(ordered)}{secret}"):
        yield Mistake(cause="secret_place", signature=of(text))
    yield Mistake(cause="no_secret", signature=of(joined(ordered)))
    for name in ("md5", "sha1", "sha256", "sha512"):
        if name != algorithm:
            yield Mistake(cause="algorithm", signature=of(f"{secret}{joined(ordered)}{secret}", name))
    filled = {name: value for name, value in ordered.items() if value}
    yield Mistake(cause="field_missing", signature=of(f"{secret}{joined(filled)}{secret}"), field="…")
    for name in ordered:
        rest = {other: value for other, value in ordered.items() if other != name}
        yield Mistake(cause="field_missing", field=name, signature=of(f"{secret}{joined(rest)}{secret}"))
