"""What only the counter page refuses."""

from crossdock.base.errors import Conflict, Denied, Invalid


class SessionOver(Denied):
    """Nobody is logged in here: the session ended, or the access was withdrawn."""


class PageStale(Denied):
    """A write did not carry its session's own word: it may come from another site, or from before a new log-in."""


class NotTheirOwn(Conflict):
    """What a phone had kept for one person was sent while another was logged in."""


class CodeMustBeNamed(Conflict):
    """This shop keeps codes from its own people: the buyer's has to be named before the parcel goes out."""


class ReasonMissing(Invalid):
    """An undo needs a reason."""
