"""The people of an enterprise who look for film, and its places."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from crossdock.base.ids import AccountId, EnterpriseId, UserId

USERNAME_CHARACTERS_MAX: Final = 150
SHOWN_MAX: Final = 10_000
"""Rows of a list that are counted and can be leafed through."""


class User(Struct, frozen=True, kw_only=True):
    id: UserId
    account_id: AccountId
    enterprise_id: EnterpriseId
    username: str
    active: bool
    last_login: datetime | None


class LoggedIn(Struct, frozen=True, kw_only=True):
    user: User
    token: str
    """96 hex digits in upper case; the same at every login until it is withdrawn."""


class Place(Struct, frozen=True, kw_only=True):
    """A department, the site it is, and how many cameras hang there."""

    id: int
    enterprise_id: EnterpriseId
    name: str
    shop_code: str
    address: dict[str, Any] = field(default_factory=dict)
    active: bool
    cameras: int
