"""Who is calling: public parameters in the order they are checked, the key, the time, the signature.

The vendor documents the codes, not their order. Ours: what must be there, then key, application, format and
time, then the signature, and only after it whether the method exists: an unsigned caller cannot list methods.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from crossdock.base.errors import CallerUnknown, ClockSkew, CrossdockError, SignatureWrong
from crossdock.core.accounts.model import Caller, Credential
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.errors import (
    ApplicationMissing,
    ApplicationWrong,
    FormatUnknown,
    KeyExpired,
    KeyMissing,
    MethodMissing,
    RequestModeMissing,
    SignMethodMissing,
    SignMethodUnknown,
    SignMissing,
    TimestampMalformed,
    TimestampMissing,
    VersionMissing,
)
from crossdock.dialects.ovopark.wire import Parameters
from crossdock.edge.desk import Desk

NAME: Final = "ovopark"
SIG: Final = "_sig"
APPLICATION: Final = "S107"
"""The application of a key whose scope names none: the only one of the classic platform."""
KEY_CHARACTERS_MAX: Final = 64
"""The page says 20, newer keys have 32."""

ALGORITHMS: Final = {"md5": "md5", "sha1": "sha1", "sha256": "sha256"}
"""`_sm` in lower case -> hash. The SDK's `rsa` has no secret and is not served."""

REQUIRED: Final[tuple[tuple[str, type[CrossdockError]], ...]] = (
    ("_akey", KeyMissing),
    ("_sm", SignMethodMissing),
    (SIG, SignMissing),
    ("_mt", MethodMissing),
    ("_requestMode", RequestModeMissing),
    ("_aid", ApplicationMissing),
    ("_version", VersionMissing),
    ("_timestamp", TimestampMissing),
)


async def recognise(desk: Desk, parameters: Parameters) -> tuple[Caller, Parameters]:
    """The caller, and the parameters in the reading its signature fits.

    Errors: one of REQUIRED, CallerUnknown, KeyExpired, ApplicationWrong, FormatUnknown, TimestampMalformed,
    ClockSkew, SignMethodUnknown, SignatureWrong.
    """
    for name, missing in REQUIRED:
        if not parameters.public(name):
            raise missing()
    now = desk.clock.now()
    caller = await _caller(desk, parameters.public("_akey"))
    check_credential(caller.credential, parameters.public("_aid"), now)
    if parameters.public("_format").lower() not in ("", "json"):
        raise FormatUnknown()
    check_timestamp(parameters.public("_timestamp"), now, window=timedelta(seconds=desk.config.ovopark_window_s))
    reading = signed_reading(parameters, caller.credential.secret)
    desk.accounts.used(caller.credential, now)
    return caller, reading


async def _caller(desk: Desk, key: str) -> Caller:
    if len(key) > KEY_CHARACTERS_MAX or "\0" in key:
        raise CallerUnknown()
    caller = await desk.accounts.caller(NAME, key)
    if caller is None:
        raise CallerUnknown()
    return caller


def check_credential(credential: Credential, application: str, now: datetime) -> None:
    """A key that is revoked or not yet valid is unknown. Errors: CallerUnknown, KeyExpired, ApplicationWrong."""
    if not credential.valid_at(now):
        ended = credential.revoked_at is None and credential.valid_until is not None and credential.valid_until <= now
        raise KeyExpired() if ended else CallerUnknown()
    if application != credential.scope.get("aid", APPLICATION):
        raise ApplicationWrong()


def check_timestamp(text: str, now: datetime, *, window: timedelta) -> None:
    """`window` is how far the stamp may be from `now`, either way. Errors: TimestampMalformed, ClockSkew."""
    sent_at = words.stamp(text)
    if sent_at is None:
        raise TimestampMalformed()
    if abs(sent_at - now) > window:
        raise ClockSkew(sent_at=text)


def signed_reading(parameters: Parameters, secret: str) -> Parameters:
    """Errors: SignMethodUnknown, SignatureWrong."""
    reading = reading_of(parameters, secret)
    if reading is None:
        raise SignatureWrong()
    return reading


def reading_of(parameters: Parameters, secret: str) -> Parameters | None:
    """The reading that `_sig` belongs to: the plain one, or of a flat JSON body the URL-decoded one.

    The vendor's SDK makes the flat JSON of values that are URL-encoded already, but signs the plain ones.
    Errors: SignMethodUnknown.
    """
    if _is_signed(parameters, secret):
        return parameters
    if not parameters.flat:
        return None
    decoded = parameters.unquoted()
    return decoded if decoded is not None and _is_signed(decoded, secret) else None


def _is_signed(parameters: Parameters, secret: str) -> bool:
    _, wanted = sign(parameters.signed, secret)
    return hmac.compare_digest(parameters.public(SIG).encode(), wanted.encode())


def sign(parameters: Mapping[str, str], secret: str) -> tuple[str, str]:
    """The text that is signed, and its signature in upper-case hex.

    Every parameter but `_sig` takes part, an empty one by its name; sorted by code unit.
    Errors: SignMethodUnknown.
    """
    algorithm = ALGORITHMS.get(parameters.get("_sm", "").lower())
    if algorithm is None:
        raise SignMethodUnknown()
    pairs = "".join(f"{name}{parameters[name]}" for name in sorted(parameters) if name != SIG)
    text = f"{secret}{pairs}{secret}"
    return text, hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest().upper()
