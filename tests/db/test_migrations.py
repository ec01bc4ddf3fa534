"""The chain of migrations makes exactly what db/schema describes, and may be run as often as wanted."""

import psycopg
import pytest
from alembic.script import ScriptDirectory

from crossdock.base.errors import DatabaseUnavailable
from crossdock.db import migrate, version
from crossdock.db.errors import SchemaAhead
from crossdock.db.migrate import SchemaDiffers


def test_the_migrated_database_is_what_is_described(database_url: str) -> None:
    migrate.check(database_url)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE account ADD COLUMN colour text",
        "ALTER TABLE account DROP COLUMN name",
        "DROP INDEX callback_due_idx",
        "ALTER TABLE orders ALTER COLUMN reference SET NOT NULL",
        "CREATE TABLE forgotten (id int)",
    ],
)
def test_a_difference_is_found(database_url: str, change: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute(change.encode())
    with pytest.raises(SchemaDiffers):
        migrate.check(database_url)


def test_up_from_nothing_and_a_second_time(empty_database_url: str) -> None:
    missing = version.pending(empty_database_url)
    assert missing[0] == "0001"

    assert version.upgrade(empty_database_url) == missing
    assert version.pending(empty_database_url) == []
    assert version.upgrade(empty_database_url) == []
    migrate.check(empty_database_url)


def test_the_files_are_called_by_their_place_in_the_chain() -> None:
    chain = ScriptDirectory(str(version.MIGRATIONS)).walk_revisions()
    assert [step.revision for step in chain] == version.known()[::-1]


def test_a_database_that_is_half_way_and_one_that_is_ahead(empty_database_url: str) -> None:
    version.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [version.known()[-3]])
        assert version.pending(empty_database_url) == version.known()[-2:]
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(SchemaAhead):
            version.upgrade(empty_database_url)


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(DatabaseUnavailable):
        version.pending("postgresql://nobody@127.0.0.1:1/none")
