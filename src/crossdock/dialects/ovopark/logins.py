"""open.shopweb.security.*: a user of an enterprise gets the token that calls for film must show."""

from datetime import timedelta
from typing import Final

from crossdock.core.accounts.model import Caller
from crossdock.core.enterprises import commands
from crossdock.core.enterprises.model import LoggedIn
from crossdock.dialects.ovopark.asked import granted_ids, required
from crossdock.dialects.ovopark.wire import MobileLogin, Parameters, SsoLogin
from crossdock.edge.desk import Desk

TOKEN_TOLD: Final = timedelta(hours=24)
"""A token ends when it is withdrawn; clients are told to ask again after as long as the longest of them keeps it."""


async def mobile_login(desk: Desk, caller: Caller, parameters: Parameters) -> MobileLogin:
    """open.shopweb.security.mobileLogin v1. Errors: FieldMissing, UserUnknown, PasswordWrong, LoginLocked."""
    known = await _logged_in(desk, caller, parameters)
    return MobileLogin(
        token=known.token,
        enterprise_id=known.user.enterprise_id,
        user_id=known.user.id,
        user_name=known.user.username,
    )


async def sso_login(desk: Desk, caller: Caller, parameters: Parameters) -> SsoLogin:
    """open.shopweb.security.ssoLogin v1. Errors: as mobile_login."""
    known = await _logged_in(desk, caller, parameters)
    told = TOKEN_TOLD // timedelta(milliseconds=1)
    return SsoLogin(
        result="success",
        user_name=known.user.username,
        user_id=known.user.id,
        enterprise_id=known.user.enterprise_id,
        token=known.token,
        token_expiration_timestamp=int(desk.clock.now().timestamp() * 1000) + told,
        token_expiration_surplus_timestamp=told,
    )


async def _logged_in(desk: Desk, caller: Caller, parameters: Parameters) -> LoggedIn:
    username, password = (required(parameters, name) for name in ("userName", "password"))
    return await commands.log_in(
        desk.database,
        desk.seal,
        enterprise_ids=await granted_ids(desk, caller),
        username=username,
        password=password,
    )
