"""Who is calling: a person of the staff by its token, and the digest of the platform's own webhook."""

from hashlib import sha256
from typing import Any, Final

from crossdock.core.staff.errors import StaffInactive, TokenUnknown
from crossdock.core.staff.model import Staff
from crossdock.dialects.heidian.errors import CredentialsMissing, TokenEmpty, TokenSpaced
from crossdock.edge.desk import Desk

KEYWORD: Final = "stafftoken"
"""The scheme in the Authorization header, compared without case; also a field that POST bodies may have."""


def header_token(authorization: str | None) -> str | None:
    """The token of `Authorization: stafftoken TOKEN`; None for no header and for another scheme.

    Errors: TokenEmpty, TokenSpaced.
    """
    parts = (authorization or "").split()
    if not parts or parts[0].lower() != KEYWORD:
        return None
    if len(parts) == 1:
        raise TokenEmpty()
    if len(parts) > 2:
        raise TokenSpaced()
    return parts[1]


def body_token(body: dict[str, Any]) -> str | None:
    """The token a POST may carry in its body; the header is asked first."""
    token = body.get(KEYWORD)
    return token.strip() or None if isinstance(token, str) else None


async def staff_of(desk: Desk, token: str | None) -> Staff:
    """Errors: CredentialsMissing, TokenUnknown, StaffInactive."""
    if token is None:
        raise CredentialsMissing()
    staff = await desk.tokens.put(token)
    if staff is None:
        raise TokenUnknown()
    if not staff.active:
        raise StaffInactive()
    return staff


def webhook_digest(raw: bytes, secret: str) -> str:
    """`X-HeyShop-Sha256`: SHA-256 over the body as sent and the shop's secret after it, upper-case hex.

    A plain hash, no HMAC. Source: docs.heidianer.com/webhooks/webhooks.html. Receivers in use compare with
    lower case, so compare without regard to it.
    """
    return sha256(raw + secret.encode()).hexdigest().upper()
