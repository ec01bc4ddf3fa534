"""The chain of migrations makes exactly what db/schema describes, and may be run as often as wanted."""

import psycopg
import pytest

from crossdock.base.errors import DatabaseUnavailable
from crossdock.db import migrate
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
    missing = migrate.pending(empty_database_url)
    assert missing[0] == "0001"

    assert migrate.upgrade(empty_database_url) == missing
    assert migrate.pending(empty_database_url) == []
    assert migrate.upgrade(empty_database_url) == []
    migrate.check(empty_database_url)


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(DatabaseUnavailable):
        migrate.pending("postgresql://nobody@127.0.0.1:1/none")
