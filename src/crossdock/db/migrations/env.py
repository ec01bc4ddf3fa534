"""How Alembic runs a migration: one transaction each, one at a time, and never behind a long lock."""

from alembic import context
from sqlalchemy import text

from crossdock.db.schema import metadata

LOCK_WAIT = "4s"
"""A migration that cannot get its lock gives way, so that requests do not queue behind it."""
STATEMENT_MAX = "60s"
ADVISORY_LOCK = 7_401_202


def _ours(name: str | None, kind: str, _: object) -> bool:
    """Procrastinate keeps its own tables."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_type=True,
    include_name=_ours,
)
connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
connection.execute(text(f"SET lock_timeout = '{LOCK_WAIT}'"))
connection.execute(text(f"SET statement_timeout = '{STATEMENT_MAX}'"))
connection.commit()
try:
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
finally:
    connection.rollback()
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()
