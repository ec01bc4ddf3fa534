"""What only the console's pages refuse."""

from crossdock.base.errors import Denied, Invalid


class SessionOver(Denied):
    """Nobody is logged in here: the session ended, or the access was withdrawn."""


class CodeDue(SessionOver):
    """The password was right, the second factor is still to come. Facts: enrolled."""


class PageStale(Denied):
    """A form did not carry its session's own word: it may come from another site, or from before a new log-in."""


class NotOfTheConsole(Denied):
    """The name and the password are right, but only operators, support and managers of warehouses log in here."""


class OperatorsOnly(Denied):
    """Only the platform's operators may do this."""


class FieldWrong(Invalid):
    """A field of a form is missing or cannot be read. Facts: field, value."""


class NumberElsewhere(Denied):
    """Orders of other places bear this number, too: who sees one place decides on none of them."""
