"""The root of everything that can be refused. The docstring of an error class is its message.

Causes live beside the trade they belong to (`core/<area>/errors.py`); partner codes and texts live in
`dialects/<name>/errors.py`. Facts are keyword arguments: `raise OutOfStock(sku="P-7001", available=3)`.
"""

from typing import Any


class CrossdockError(Exception):
    """The request cannot be carried out."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The first line of the class's docstring, without the names of its facts, and the facts in brackets."""
        said = (type(self).__doc__ or "").strip().splitlines()[0].partition(" Facts: ")[0]
        facts = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{said} ({facts})" if facts else said


class NotFound(CrossdockError):
    """Nothing of that name belongs to the caller."""


class Invalid(CrossdockError):
    """A value is missing or not acceptable."""


class Conflict(CrossdockError):
    """What is on record does not allow this."""


class Denied(CrossdockError):
    """The caller is known but may not do this."""


class Unavailable(CrossdockError):
    """A part this needs does not answer at the moment; nothing was changed."""


class BodyMalformed(Invalid):
    """The body cannot be read."""


class BodyTooLarge(Invalid):
    """The body is larger than this server takes."""


class FieldsInvalid(Invalid):
    """Fields are missing or not acceptable."""


class PathUnknown(NotFound):
    """No call is served at this path."""


class MethodNotAllowed(Invalid):
    """This path is not served for this verb."""


class CallerUnknown(Denied):
    """The caller did not say who it is, or nobody of that name is known."""


class SignatureWrong(Denied):
    """The signature does not belong to this request."""


class ClockSkew(Denied):
    """The time in the request is too far from this server's."""


class TooManyRequests(Denied):
    """This caller asks too often."""


class DatabaseUnavailable(Unavailable):
    """The database does not answer; nothing was changed. Start it, or correct CROSSDOCK_DATABASE_URL."""


class DiskFull(DatabaseUnavailable):
    """The database cannot write to its disk; nothing was changed. Make room, or make it writable."""


class Overloaded(Unavailable):
    """Too many requests are waiting; nothing was changed. Try again later."""


class Unforeseen(CrossdockError):
    """A fault of this server; its log has the trace id."""


class SetupFailed(CrossdockError):
    """The server cannot start."""


class PlaceNotWritable(SetupFailed):
    """Nothing can be written there: make it writable, or set CROSSDOCK_VAR to another place. Facts: path, cause."""
