"""What only the floor's pages refuse."""

from crossdock.base.errors import Denied, Invalid


class SessionOver(Denied):
    """Nobody is logged in here: the session ended, or the access was withdrawn."""


class PageStale(Denied):
    """A form did not carry its session's own word: it may come from another site, or from before a new log-in."""


class FieldWrong(Invalid):
    """A field of a form is missing or cannot be read. Facts: field, value."""
