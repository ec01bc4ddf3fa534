"""What can go wrong with a person's login."""

from crossdock.base.errors import Conflict, Denied, Invalid, NotFound, TooManyRequests


class LoginWrong(Denied):
    """No active staff has this name and password."""


class LoginLocked(TooManyRequests):
    """Too many wrong passwords: nobody logs in under this name for a while. Facts: wait_s."""


class WrongPlace(Denied):
    """This person works at a place of another kind: log in at that one's page. Facts: kind."""


class TokenUnknown(Denied):
    """No staff has this token."""


class StaffInactive(Denied):
    """This staff's access was withdrawn."""


class UsernameTaken(Conflict):
    """Somebody has this user name already: it is one over all shops and accounts. Facts: username."""


class ReasonTooLong(Invalid):
    """The reason has more characters than the history takes. Facts: characters_max."""


class OperationIdInvalid(Invalid):
    """An operation id is empty or too long. Facts: characters_max."""


class UsernameUnusable(Invalid):
    """A user name has up to so many characters, no control characters, and no blank at either end.

    Facts: characters_max.
    """


class PasswordUnusable(Invalid):
    """A password has so many characters, none of them NUL. Facts: characters_min, characters_max."""


class StaffUnknown(NotFound):
    """Nobody of this number is within reach. Facts: id."""


class UsernameUnknown(StaffUnknown):
    """Nobody has this user name; `crossdock staff list` shows everybody. Facts: username."""


class ShopUnknown(NotFound):
    """No shop goes by this code; the setup file holds the shops. Facts: shop, account."""


class ShopAmbiguous(Conflict):
    """Several accounts have a shop of this code: name one with --account. Facts: shop, accounts."""


class NotAManager(Denied):
    """Only a manager of the branch may do this, or the platform's operator."""


class NotAClerk(Denied):
    """A manager manages clerks, and nobody else."""
