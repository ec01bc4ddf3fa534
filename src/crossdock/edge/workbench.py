"""Why a signature is not accepted: what a dialect would have signed, what came, and which mistake explains it."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.base.config import Config
from crossdock.core.accounts.model import Credential

SECRET: Final = "[secret]"  # noqa: S105
"""Stands for the secret wherever a text is shown."""
MISTAKES_MAX: Final = 200
"""Tried for one request: a body may have many fields, each of which may be missing from what was signed."""

Cause = Literal[
    "right",
    "unsigned_api",
    "no_signature",
    "no_key",
    "key_over",
    "clock",
    "case",
    "order",
    "encoding",
    "joined",
    "field_missing",
    "secret_place",
    "no_secret",
    "algorithm",
    "other_secret",
    "length",
    "unknown",
]


class Claimed(Struct, frozen=True, kw_only=True):
    """What a request says of itself; empty where it says nothing."""

    key: str = ""
    signature: str = ""


class Mistake(Struct, frozen=True, kw_only=True):
    """A signature that a client makes who gets one thing wrong."""

    cause: Cause
    signature: str
    field: str = ""


class Pasted(Struct, frozen=True, kw_only=True):
    """A request as somebody copied it. Names of headers are lower case."""

    path: str = ""
    query: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""

    @property
    def given(self) -> dict[str, Any]:
        return {"query": self.query, "headers": self.headers}


@dataclass(frozen=True)
class Workbench:
    """What a dialect knows of its signatures. Each is asked `(raw, query=, headers=)`, two with a `secret=`."""

    claimed: Callable[..., Claimed]
    explain: Callable[..., tuple[str, str]]
    """The text that is signed and its signature. Errors: those of a body that cannot be read."""
    mistakes: Callable[..., Iterator[Mistake]]
    in_time: Callable[..., bool]
    """`(raw, query=, headers=, scope=, now=, config=)`: whether the request's time is near enough to ours."""
    case_counts: bool = False
    signs: bool = True
    """False: nothing is signed, the key alone says who is calling."""


class Examined(Struct, frozen=True, kw_only=True):
    """No secret is in it."""

    text: str
    """What is signed, with SECRET where the secret stands."""
    expected: str
    received: str
    position: int | None
    """Of the first character of the signatures that differs, from 1."""
    cause: Cause
    field: str = ""
    key: str = ""
    """Of whose secret it is signed with, where that is another key's."""


def examine(
    bench: Workbench,
    pasted: Pasted,
    *,
    credential: Credential | None,
    others: Iterable[Credential],
    now: datetime,
    config: Config,
) -> Examined:
    """`credential` is whose secret should sign; `others` are the same account's keys. Errors: those of explain."""
    claimed = bench.claimed(pasted.body, **pasted.given)
    secret = "" if credential is None else credential.secret
    text, expected = bench.explain(pasted.body, **pasted.given, secret=secret)
    position = None if credential is None else _position(bench, claimed, expected)
    cause, field, key = _cause(bench, pasted, claimed, expected, position, credential, others, now, config)
    return Examined(
        text=masked(text, secret),
        expected="" if credential is None else expected,
        received=claimed.signature,
        position=position,
        cause=cause,
        field=field,
        key=key,
    )


def masked(text: str, secret: str) -> str:
    return text.replace(secret, SECRET) if secret else text


def first_difference(given: str, wanted: str, *, case_counts: bool = False) -> int | None:
    """Position from 1 of the first character that differs. None when they are equal."""
    given = given.strip()
    if not case_counts:
        given, wanted = given.lower(), wanted.lower()
    if given == wanted:
        return None
    for position, (one, other) in enumerate(zip(given, wanted, strict=False), start=1):
        if one != other:
            return position
    return min(len(given), len(wanted)) + 1


def _position(bench: Workbench, claimed: Claimed, expected: str) -> int | None:
    return first_difference(claimed.signature, expected, case_counts=bench.case_counts)


def _cause(
    bench: Workbench,
    pasted: Pasted,
    claimed: Claimed,
    expected: str,
    position: int | None,
    credential: Credential | None,
    others: Iterable[Credential],
    now: datetime,
    config: Config,
) -> tuple[Cause, str, str]:
    """The likeliest, the field it is about, and the key it is about."""
    if credential is None:
        return "no_key", "", claimed.key
    if not credential.valid_at(now):
        return "key_over", "", credential.key
    if not bench.signs:
        return "unsigned_api", "", ""
    if not claimed.signature:
        return "no_signature", "", ""
    if position is None:
        in_time = bench.in_time(pasted.body, **pasted.given, scope=credential.scope, now=now, config=config)
        return "right" if in_time else "clock", "", ""
    received = claimed.signature.strip().lower()
    if received == expected.lower():
        return "case", "", ""
    for mistake in islice(bench.mistakes(pasted.body, **pasted.given, secret=credential.secret), MISTAKES_MAX):
        if _same(mistake.signature, received):
            return mistake.cause, mistake.field, ""
    for other in others:
        if other.secret and other.secret != credential.secret:
            _, signature = bench.explain(pasted.body, **pasted.given, secret=other.secret)
            if _same(signature, received):
                return "other_secret", "", other.key
    return "length" if len(received) != len(expected) else "unknown", "", ""


def _same(signature: str, received: str) -> bool:
    return hmac.compare_digest(signature.lower().encode(), received.encode())


def always_in_time(raw: bytes, *, query: str, headers: Mapping[str, str], **more: Any) -> bool:
    """Of an API whose requests bear no time, or none that is checked."""
    return True


def no_mistakes(raw: bytes, *, query: str, headers: Mapping[str, str], secret: str) -> Iterator[Mistake]:
    """Of an API that signs nothing."""
    return iter(())
