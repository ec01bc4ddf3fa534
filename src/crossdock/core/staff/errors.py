"""What can go wrong with a person's login."""

from crossdock.base.errors import Conflict, Denied, Invalid, TooManyRequests


class LoginWrong(Denied):
    """No active staff has this name and password."""


class LoginLocked(TooManyRequests):
    """Too many wrong passwords: nobody logs in under this name for a while. Facts: wait_s."""


class TokenUnknown(Denied):
    """No staff has this token."""


class StaffInactive(Denied):
    """This staff's access was withdrawn."""


class UsernameTaken(Conflict):
    """Somebody has this user name already."""


class ReasonTooLong(Invalid):
    """The reason has more characters than the history takes. Facts: characters_max."""


class OperationIdInvalid(Invalid):
    """An operation id is empty or too long. Facts: characters_max."""
