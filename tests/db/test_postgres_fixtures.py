"""The fixtures of tests/postgres.py keep tests apart."""

import psycopg
import pytest


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_a_migrated_database_of_its_own(database_url: str, turn: int) -> None:
    with psycopg.connect(database_url) as conn:
        assert conn.execute("SELECT count(*) FROM account").fetchone() == (0,)
        conn.execute("CREATE TABLE left_behind (turn int)")


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as conn:
        found = conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert found == (0,)


def test_the_durable_database_flushes_every_commit(durable_database_url: str) -> None:
    with psycopg.connect(durable_database_url) as conn:
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
        assert conn.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert conn.execute("SELECT count(*) FROM account").fetchone() == (0,)
