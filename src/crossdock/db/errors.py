"""What the database can say that a command may want to know."""

from crossdock.base.errors import Conflict, CrossdockError, Invalid, SetupFailed, Unavailable


class ConstraintBroken(Conflict):
    """A rule that the database keeps forbids this; `constraint` names it."""

    @property
    def constraint(self) -> str:
        return str(self.facts.get("constraint", ""))


class ValueNotStorable(Invalid):
    """A value is too large for its column, or holds a character that no text may hold."""


class LockContested(Unavailable):
    """Another transaction held what this one needed; nothing was changed. Try again."""


class SchemaBehind(CrossdockError):
    """The database has not the tables this program needs: run `crossdock migrate`."""


class SchemaAhead(SetupFailed):
    """The database was made by a newer Crossdock: run that one, or another database. Facts: database, program."""


class DatabaseUrlMalformed(SetupFailed):
    """CROSSDOCK_DATABASE_URL cannot be used: write postgresql://user:password@host:port/database."""
