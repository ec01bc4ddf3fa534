"""The platform's operators, and support, who looks and never changes."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, OperatorId

Role = Literal["operator", "support"]
SESSION_H: Final = 12
HALF_SESSION_MINUTES: Final = 10
"""So long somebody has for the second factor."""
SESSIONS_MAX: Final = 5
"""Of one person at one time; one more ends the oldest."""
PASSWORD_CHARACTERS_MIN: Final = 12
"""Of people who see every account's orders."""
LISTED_MAX: Final = 1_000
RECOVERY_CODES: Final = 10
RECOVERY_CHARACTERS: Final = 16
RECOVERY_FROM: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without what is easily misread: 80 bits in all."""
TOTP_WINDOW: Final = 1
"""Steps of 30 s that a clock may be early or late."""
TOTP_DIGITS: Final = 6
ISSUER: Final = "Crossdock"
REASON_CHARACTERS_MIN: Final = 3
"""Of what has to be confirmed: a word, not a key that was hit by accident."""
COMMAND_LINE: Final = "crossdock operators"

ACTIONS: Final = frozenset(
    {
        "login",
        "logout",
        "add_operator",
        "disable_operator",
        "enable_operator",
        "set_password",
        "set_totp",
        "reset_totp",
        "recovery_codes",
        "recovery_used",
        "unlock",
        "end_session",
    }
)
"""What the history of operators tells of themselves; other areas' deeds have their own names there."""


class Operator(Struct, frozen=True, kw_only=True):
    id: OperatorId
    username: str
    role: Role
    account_id: AccountId | None
    """The only account to be seen; None: all of them."""
    totp_confirmed_at: datetime | None
    active: bool
    last_login: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def second_factor(self) -> bool:
        return self.totp_confirmed_at is not None

    @property
    def second_factor_due(self) -> bool:
        """Who may change something must have one."""
        return self.role == "operator" and not self.second_factor


class Session(Operator, frozen=True, kw_only=True):
    """Somebody logged in."""

    whole: bool
    """Every factor that is needed was given."""
    recovery_left: int


class SessionOpened(Struct, frozen=True, kw_only=True):
    operator: Operator
    token: str
    """40 hex digits; only its hash is kept."""
    ends_at: datetime
    whole: bool


class OpenSession(Struct, frozen=True, kw_only=True):
    """Where somebody is logged in."""

    id: int
    created_at: datetime
    ends_at: datetime
    this: bool
    """The one that asks."""


class Listed(Operator, frozen=True, kw_only=True):
    account: str | None
    """Its code."""
    sessions: int
    locked_until: datetime | None


class Enrolment(Struct, frozen=True, kw_only=True):
    """A secret that is not in use yet."""

    secret: str
    """Base32."""
    address: str
    """`otpauth://…`, as a QR code holds it."""
