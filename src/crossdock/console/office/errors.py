"""What only the console's pages refuse."""

from crossdock.base.errors import Denied
from crossdock.console.forms import SessionOver


class CodeDue(SessionOver):
    """The password was right, the second factor is still to come. Facts: enrolled."""


class NotOfTheConsole(Denied):
    """The name and the password are right, but only operators, support and managers of warehouses log in here."""


class OperatorsOnly(Denied):
    """Only the platform's operators may do this."""


class NumberElsewhere(Denied):
    """Orders of other places bear this number, too: who sees one place decides on none of them."""
