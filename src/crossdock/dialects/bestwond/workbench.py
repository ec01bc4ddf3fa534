"""Mistakes that clients make when they sign."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from crossdock.base import json
from crossdock.base.errors import ClockSkew
from crossdock.core.accounts.model import Credential
from crossdock.dialects.bestwond import auth
from crossdock.edge.workbench import Claimed, Mistake

ALGORITHMS: Final = ("md5", "sha1", "sha256", "sha384")


def claimed(raw: bytes, *, query: str, headers: Mapping[str, str]) -> Claimed:
    """Errors: BodyMalformed."""
    app_id = auth.fields_of(raw).get("app_id")
    sign = next((value for name, value in parse_qsl(query) if name == auth.SIGN), "")
    return Claimed(key=app_id if isinstance(app_id, str) else "", signature=sign)


def in_time(
    raw: bytes, *, query: str, headers: Mapping[str, str], scope: dict[str, Any], now: datetime, **more: Any
) -> bool:
    asked = Credential(id=0, account_id=0, dialect=auth.NAME, key="", scope=scope)  # type: ignore[arg-type]
    try:
        auth.check_window(asked, auth.fields_of(raw).get("timestamps"), now)
    except ClockSkew:
        return False
    return True


def mistakes(raw: bytes, *, query: str, headers: Mapping[str, str], secret: str) -> Iterator[Mistake]:
    """Errors: BodyMalformed."""
    fields = {name: value for name, value in auth.fields_of(raw).items() if name != auth.SIGN}
    text = auth.signed_text(fields)
    encode = auth.ENCODERS["form"]
    plain = {name: str(value) for name, value in fields.items()}
    yield Mistake(
        cause="order", signature=_sign("&".join(f"{encode(n)}={encode(v)}" for n, v in plain.items()), secret)
    )
    yield Mistake(cause="order", signature=_sign("&".join(f"{n}={v}" for n, v in plain.items()), secret))
    yield Mistake(cause="encoding", signature=_sign("&".join(f"{n}={plain[n]}" for n in sorted(plain)), secret))
    as_json = {name: value if isinstance(value, str) else json.text(value) for name, value in fields.items()}
    encoders: list[auth.Encoder] = [*auth.ENCODERS.values(), str]
    for encoder in encoders:
        joined = "&".join(f"{encoder(name)}={encoder(as_json[name])}" for name in sorted(as_json))
        yield Mistake(cause="encoding", signature=_sign(joined, secret))
    yield Mistake(cause="encoding", signature=_sign(raw.decode(errors="replace"), secret))
    yield Mistake(cause="joined", signature=_sign("".join(f"{n}{plain[n]}" for n in sorted(plain)), secret))
    for between in ("&", "&key=", "&secret=", "&app_secret="):
        yield Mistake(cause="joined", signature=_sign(text + between, secret))
    yield Mistake(cause="secret_place", signature=_sign(secret + text, ""))
    yield Mistake(cause="secret_place", signature=_sign(secret + text, secret))
    yield Mistake(cause="no_secret", signature=_sign(text, ""))
    yield Mistake(cause="algorithm", signature=hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest())
    for algorithm in ALGORITHMS:
        yield Mistake(cause="algorithm", signature=hashlib.new(algorithm, (text + secret).encode()).hexdigest())
    for name in fields:
        rest = {other: value for other, value in fields.items() if other != name}
        yield Mistake(cause="field_missing", field=name, signature=auth.sign(rest, secret))


def _sign(text: str, secret: str) -> str:
    return hashlib.sha512((text + secret).encode()).hexdigest()
