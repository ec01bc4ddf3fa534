"""What PostgreSQL's failures mean, in our own words."""

import psycopg
from psycopg import errors as pg
from psycopg_pool import PoolTimeout, TooManyRequests

from crossdock.base.errors import DatabaseUnavailable, DiskFull, Overloaded
from crossdock.db.errors import ConstraintBroken, LockContested, SchemaBehind, ValueNotStorable


class translated:
    """psycopg's errors as ours, by what they mean to the one who asked."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self._translate(error)

    @staticmethod
    def _translate(error: BaseException) -> None:
        match error:
            case TooManyRequests():
                raise Overloaded() from error
            case pg.IntegrityError():
                raise ConstraintBroken(constraint=error.diag.constraint_name) from error
            case pg.DiskFull() | pg.ReadOnlySqlTransaction() | pg.IoError():
                raise DiskFull() from error
            case pg.DeadlockDetected() | pg.SerializationFailure() | pg.LockNotAvailable():
                raise LockContested() from error
            case pg.UndefinedTable() | pg.UndefinedColumn() | pg.InvalidCatalogName():
                raise SchemaBehind(cause=str(error).splitlines()[0]) from error
            case pg.NumericValueOutOfRange() | pg.UntranslatableCharacter() | pg.CharacterNotInRepertoire():
                raise ValueNotStorable(cause=str(error).splitlines()[0]) from error
            case psycopg.DataError() if error.sqlstate is None:  # psycopg itself refuses a NUL in a text
                raise ValueNotStorable(cause=str(error)) from error
            case UnicodeEncodeError():  # half a character, as from the bytes of a command line
                raise ValueNotStorable(cause=error.reason) from error
            case PoolTimeout() | psycopg.OperationalError():
                raise DatabaseUnavailable() from error
