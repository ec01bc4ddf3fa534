"""Databases for tests: always a real PostgreSQL, a fresh and migrated database for each test that asks.

One server per run, started by the first test that needs it and shared by the workers of pytest-xdist. The
schema is migrated once, into a template; a test gets a copy, and the next copy is made while it runs. The
data lies in memory where /dev/shm is large enough: copying takes 12 ms there and up to 400 ms on a slow disk.

CROSSDOCK_TEST_DATABASE_URL names another server to use; its user must be allowed to create databases.
"""

import asyncio
import fcntl
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psycopg
import pytest

from crossdock.base.clock import SystemClock
from crossdock.base.seal import Seal
from crossdock.db import version
from crossdock.db.database import Database
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.setup.apply import apply_file
from tests.served import SECRET_KEY

RUN = "CROSSDOCK_TEST_RUN"
"""Directory of this test run: set by the first process, inherited by the workers."""
OUTSIDE = "CROSSDOCK_TEST_DATABASE_URL"
PREFIX = "crossdock-test-"
DEMO = Path(__file__).parent.parent / "examples" / "demo.toml"
MEMORY_BYTES_MIN = 2 * 2**30
"""Containers have 64 MB of /dev/shm, which is not enough for a handful of databases."""
YOUNG_S = 60
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "300",
}
ALIVE = pytest.StashKey[IO[bytes]]()
"""Held open and locked as long as the run lives, so that a later run can tell it from a dead one."""


class Databases:
    """The server of this run, and copies of the migrated template in it."""

    def __init__(self, run: Path) -> None:
        self._postgres: EmbeddedPostgres | None = None
        self._template = template_name(run)
        self._demo = f"{self._template}_demo"
        self._worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._numbers = itertools.count(1)
        # One thread: it makes the next copy and drops used ones while the test runs.
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="databases")
        self._next: dict[str, Future[str]] = {}
        if outside := os.environ.get(OUTSIDE):
            self._address = outside
        else:
            self._postgres = EmbeddedPostgres(run, settings=SETTINGS)
            self._postgres.start()
            self._address = self._postgres.url_of("postgres")
        self._conn = psycopg.connect(self._address, autocommit=True)
        with locked(run / "template.lock"):
            self._make_template()

    def take(self) -> str:
        """The address of a migrated database nobody has used."""
        return self._take(self._template)

    def take_demo(self) -> str:
        """The same with examples/demo.toml applied."""
        return self._take(self._demo)

    def _take(self, template: str) -> str:
        waiting = self._next.pop(template, None) or self._helper.submit(self._copy, template)
        url = waiting.result()
        self._next[template] = self._helper.submit(self._copy, template)
        return url

    def take_empty(self) -> str:
        """The address of a database without any table."""
        url = self._fresh()
        self._helper.submit(self._do, f'CREATE DATABASE "{name_in(url)}"').result()
        return url

    def give_back(self, url: str) -> None:
        self._helper.submit(self._do, f'DROP DATABASE IF EXISTS "{name_in(url)}" WITH (FORCE)')

    def close(self) -> None:
        for waiting in self._next.values():
            self.give_back(waiting.result())
        self._helper.shutdown(wait=True)
        self._conn.close()
        if self._postgres is not None:
            self._postgres.stop()

    def _copy(self, template: str) -> str:
        url = self._fresh()
        # FILE_COPY: with data in memory less than half the time of WAL_LOG.
        self._do(f'CREATE DATABASE "{name_in(url)}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return url

    def _fresh(self) -> str:
        return address_in(self._address, f"{self._template}_{self._worker}_{next(self._numbers)}")

    def _make_template(self) -> None:
        if not self._known(self._template):
            making = f"{self._template}_new"
            self._do(f'DROP DATABASE IF EXISTS "{making}"')
            self._do(f'CREATE DATABASE "{making}"')
            version.upgrade(address_in(self._address, making))
            execute(address_in(self._address, making), "ANALYZE")
            self._do(f'ALTER DATABASE "{making}" RENAME TO "{self._template}"')
        if not self._known(self._demo):
            making = f"{self._demo}_new"
            self._do(f'DROP DATABASE IF EXISTS "{making}"')
            self._do(f'CREATE DATABASE "{making}" TEMPLATE "{self._template}"')
            asyncio.run(apply_demo(address_in(self._address, making)))
            self._do(f'ALTER DATABASE "{making}" RENAME TO "{self._demo}"')

    def _known(self, template: str) -> bool:
        found = self._conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (template,))
        return found.fetchone() is not None

    def _do(self, statement: str) -> None:
        self._conn.execute(statement.encode())


# Fixtures -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The shared server; tests ask for an address instead."""
    databases = Databases(Path(os.environ[RUN]))
    yield databases
    databases.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database of this test's own. Writes are not flushed to disk: fast, not durable."""
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture
def demo_database_url(databases: Databases) -> Iterator[str]:
    """As database_url, with examples/demo.toml applied."""
    url = databases.take_demo()
    yield url
    databases.give_back(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database of this test's own without any table."""
    url = databases.take_empty()
    yield url
    databases.give_back(url)


@pytest.fixture
def durable_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, every commit flushed as in production; may be killed and started again."""
    postgres = EmbeddedPostgres(tmp_path / "var")
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
def durable_database_url(durable_postgres: EmbeddedPostgres) -> str:
    """The migrated database of `durable_postgres`: what was answered must be there after kill -9."""
    version.upgrade(durable_postgres.url)
    return durable_postgres.url


async def apply_demo(url: str) -> None:
    async with Database(url, SystemClock(), connections=1) as database:
        await apply_file(DEMO, database=database, seal=Seal(SECRET_KEY), environ={})


# The run --------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    parent = run_parent()
    sweep(parent)
    run = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    # Others must be able to pass: as root the server runs as nobody, and its own directory is closed anyway.
    run.chmod(0o755)
    alive = (run / "alive").open("ab")
    fcntl.flock(alive, fcntl.LOCK_EX)
    config.stash[ALIVE] = alive
    os.environ[RUN] = str(run)


def pytest_unconfigure(config: pytest.Config) -> None:
    if (alive := config.stash.get(ALIVE, None)) is None:
        return
    run = Path(os.environ.pop(RUN))
    if outside := os.environ.get(OUTSIDE):
        execute(outside, f'DROP DATABASE IF EXISTS "{template_name(run)}_demo"')
        execute(outside, f'DROP DATABASE IF EXISTS "{template_name(run)}"')
    remove(run)
    alive.close()


def run_parent() -> Path:
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK):
        room = os.statvfs(memory)
        if room.f_bavail * room.f_frsize >= MEMORY_BYTES_MIN:
            return memory
    return Path(tempfile.gettempdir())


def sweep(parent: Path) -> None:
    """Remove what killed runs left behind, their servers included."""
    for run in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - run.stat().st_mtime < YOUNG_S:
                continue
            with (run / "alive").open("ab") as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(run)


def remove(run: Path) -> None:
    EmbeddedPostgres(run).stop()
    shutil.rmtree(run, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def template_name(run: Path) -> str:
    return f"crossdock_test_{run.name.removeprefix(PREFIX)}"


def address_in(address: str, database: str) -> str:
    """The same server and user, another database."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/{database}" + (f"?{parts.query}" if parts.query else "")


def name_in(address: str) -> str:
    return urlsplit(address).path.removeprefix("/")


def execute(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(statement.encode())
