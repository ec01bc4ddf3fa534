"""How far a database is behind, asked without Alembic, which is half a second and a good part of the memory of a
process that has nothing to apply.
"""

from pathlib import Path
from typing import Final

import psycopg

from crossdock.base.errors import DatabaseUnavailable
from crossdock.db.errors import SchemaAhead

MIGRATIONS: Final = Path(__file__).parent / "migrations"
CONNECT_S_MAX: Final = 5


def known() -> list[str]:
    """Every migration in its order: its file is called by its number."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def pending(url: str) -> list[str]:
    """The migrations this database has not seen. Errors: DatabaseUnavailable, SchemaAhead."""
    have = _newest(url)
    if have is None:
        return known()
    if have not in known():
        raise SchemaAhead(database=have, program=known()[-1])
    return [migration for migration in known() if migration > have]


def upgrade(url: str) -> list[str]:
    """Apply what is missing, each migration in its own transaction; the names of what was applied."""
    missing = pending(url)
    if missing:
        from crossdock.db import migrate  # noqa: PLC0415  # the half second

        migrate.upgrade(url)
    return missing


def _newest(url: str) -> str | None:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_S_MAX) as connection:
            if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
                return None
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(cause=str(error).splitlines()[0]) from error
    return None if found is None else str(found[0])
