"""Users of an enterprise: the token they show beside the signature of the software they use."""

from typing import Final

from msgspec import Struct

from crossdock.core.accounts.model import Caller, Enterprise
from crossdock.core.enterprises import queries
from crossdock.core.enterprises.model import User
from crossdock.dialects.ovopark.asked import granted_ids
from crossdock.dialects.ovopark.errors import TokenUnknown
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request

HEADERS: Final = ("authenticator", "ovo-authorization")
"""The classic one and the newer one; of two the first counts."""
TOKEN_CHARACTERS_MAX: Final = 512
"""Ours have 96."""


class Visitor(Struct, frozen=True, kw_only=True):
    """Who asks: the key, the user behind the token, and the request, by whose host film is addressed."""

    caller: Caller
    user: User
    enterprise: Enterprise
    request: Request


async def visitor_of(desk: Desk, caller: Caller, request: Request) -> Visitor:
    """A token is good with the keys of organisations that may act for its user's enterprise. Errors: TokenUnknown."""
    token = token_of(request)
    if not token or len(token) > TOKEN_CHARACTERS_MAX:
        raise TokenUnknown()
    async with desk.database.transaction(readonly=True) as tx:
        user = await queries.user_by_token(tx, token=token)
    if user is None or user.enterprise_id not in await granted_ids(desk, caller):
        raise TokenUnknown()
    enterprise = await desk.accounts.enterprise(user.enterprise_id)
    if enterprise is None:
        raise TokenUnknown()
    return Visitor(caller=caller, user=user, enterprise=enterprise, request=request)


def token_of(request: Request) -> str:
    """The first blank-separated piece: the vendor's own pages send client, version, language and zone behind it."""
    sent = next((value for name in HEADERS if (value := (request.header(name) or "").strip())), "")
    return sent.split(maxsplit=1)[0] if sent else ""
