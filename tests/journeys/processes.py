"""Crossdock as an operator runs it: `python -m crossdock` in processes of its own, on ports and data of its own."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import psycopg
import pytest

from crossdock.base.clock import SystemClock
from crossdock.core.audit.model import Checked
from crossdock.db.database import Database
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.verify import checks
from tests.served import SECRET_KEY

ROOT: Final = Path(__file__).parent.parent.parent
WAIT_S_MAX: Final = 60.0
"""For anything that must happen; a machine with other work may take most of it."""
PORTS: Final = range(15_000, 30_000)
POLL_S: Final = 0.005
LOG_CHARACTERS: Final = 4_000
SETTINGS: Final = "CROSSDOCK_"
TOLD_POLL_S: Final = 0.3
TIME_PASSES: Final = """
UPDATE callback SET claimed_until = least(claimed_until, now()), due_at = least(due_at, now())
 WHERE state = 'waiting' AND due_at <> 'infinity'
"""
"""What waits for another callback is not touched."""

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Running:
    """A command that was started; what it says goes into files beside its data."""

    def __init__(self, process: "subprocess.Popen[bytes]", out: Path, err: Path, name: str) -> None:
        self.process = process
        self.name = name
        self._out = out
        self._err = err

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def out(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(errors="replace")

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def tell(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut or the kernel's memory killer does."""
        self.process.kill()
        self.process.wait()

    def wait(self) -> Done:
        try:
            code = self.process.wait(WAIT_S_MAX)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.name} did not end\n{self.report()}")
        return Done(code, self.out, self.err)

    def report(self) -> str:
        said = "".join(f"--- {way}\n{text[-LOG_CHARACTERS:]}" for way, text in (("out", self.out), ("err", self.err)))
        return f"=== {self.name}: exit code {self.process.poll()}\n{said}"


class Place:
    """Data, ports and settings of one house, and all that runs there."""

    def __init__(self, var: Path, logs: Path, **settings: str) -> None:
        self.var = var
        self.port = free_port()
        self.mqtt_port = free_port()
        self.postgres = EmbeddedPostgres(var)
        """The embedded one of this place, to look into and to kill; it runs only while commands do."""
        self._logs = logs
        self._started: list[Running] = []
        self._settings = {
            "CROSSDOCK_VAR": str(var),
            "CROSSDOCK_PORT": str(self.port),
            "CROSSDOCK_MQTT_PORT": str(self.mqtt_port),
            "CROSSDOCK_SECRET_KEY": SECRET_KEY,
            "CROSSDOCK_CALLBACK_NETWORKS": "127.0.0.0/8",
            **settings,
        }

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return self._settings.get("CROSSDOCK_DATABASE_URL") or self.postgres.url

    def start(self, *arguments: str, cwd: Path = ROOT, user: int | None = None, **settings: str) -> Running:
        """`crossdock` with these arguments; `settings` differ from the place's for this command."""
        number = len(self._started)
        out, err = (self._logs / f"{number:02}.{way}" for way in ("out", "err"))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                [sys.executable, "-m", "crossdock", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
                env={**inherited, **self._settings, **settings},
                cwd=cwd,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        running = Running(process, out, err, f"crossdock {' '.join(arguments)}")
        self._started.append(running)
        return running

    def run(self, *arguments: str, **more: Any) -> Done:
        return self.start(*arguments, **more).wait()

    def serve(self, *arguments: str, **settings: str) -> Running:
        """A server that answers."""
        server = self.start("serve", *arguments, **settings)
        self.until(lambda: self.health() == 200 or server.ended)
        assert not server.ended, server.report()
        return server

    def health(self) -> int | None:
        """The status of /healthz; None when nobody answers."""
        try:
            return httpx.get(f"{self.base_url}/healthz", timeout=WAIT_S_MAX).status_code
        except httpx.TransportError:
            return None

    def rows(self, statement: str, **params: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as conn:
            cursor = conn.execute(statement.encode(), params)
            return [] if cursor.description is None else cursor.fetchall()

    def value(self, statement: str, **params: Any) -> Any:
        return self.rows(statement, **params)[0][0]

    def until(self, found: Callable[[], T]) -> T:
        """The first thing found that is not nothing."""
        deadline = time.monotonic() + WAIT_S_MAX
        while not (seen := found()):
            if time.monotonic() > deadline:
                pytest.fail(f"waited in vain\n{self.report()}")
            time.sleep(POLL_S)
        return seen

    def until_row(self, statement: str, **params: Any) -> None:
        """Until `statement` finds a row; looked at on one connection, so that little happens in between."""
        with psycopg.connect(self.database_url, autocommit=True) as conn:
            self.until(lambda: conn.execute(statement.encode(), params).fetchone())

    def findings(self) -> list[str]:
        """What `crossdock verify` would list."""

        async def run() -> list[Checked]:
            async with Database(self.database_url, SystemClock(), connections=1) as database:
                return await checks(database)

        # In a thread: some of those who ask are inside a loop themselves.
        with ThreadPoolExecutor(max_workers=1) as thread:
            checked = thread.submit(lambda: asyncio.run(run())).result()
        return [f"{finding.subject}: {finding.says}" for one in checked for finding in one.findings]

    def until_told(self) -> None:
        """Until no callback is owed. Time passes quickly: claims of the dead run out, and retries become due."""

        def all_told() -> bool:
            with suppress(psycopg.errors.DeadlockDetected):  # with a worker that notes many at once
                self.rows(TIME_PASSES)
            time.sleep(TOLD_POLL_S)
            return not self.rows("SELECT 1 FROM callback WHERE state = 'waiting'")

        self.until(all_told)

    def report(self) -> str:
        log = self.var / "postgres.log"
        said = log.read_text(errors="replace")[-LOG_CHARACTERS:] if log.exists() else ""
        return "\n".join([*(running.report() for running in self._started), f"=== PostgreSQL\n{said}"])

    def close(self) -> None:
        """Nothing of it runs any more; what was said is printed, for pytest to show when the test failed."""
        for running in self._started:
            if not running.ended:
                running.kill()
        sys.stdout.write(self.report())
        self.postgres.stop()


def kill_postgres(postgres: EmbeddedPostgres) -> None:
    """The server process itself, without a word; its children notice and leave."""
    pid = postgres.pid
    assert pid is not None, "it does not run"
    os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """Not one that the system hands out by itself: it stays free while a killed server starts again."""
    while True:
        with socket.socket() as one, suppress(OSError):
            port = random.choice(PORTS)
            one.bind(("127.0.0.1", port))
            return port


def processes_of(var: Path) -> list[str]:
    """Command lines of what still runs on this data, servers of PostgreSQL included."""
    asked = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True)
    return [line for line in asked.stdout.splitlines() if str(var) in line]


def children_of(running: Running) -> list[int]:
    asked = subprocess.run(["ps", "-e", "-o", "ppid=,pid="], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in asked.stdout.splitlines()]
    return [int(pid) for parent, pid in pairs if int(parent) == running.pid]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def copied(prepared: Path, to: Path) -> Path:
    """With owners: as root the data belongs to somebody else."""
    subprocess.run(["cp", "-a", str(prepared), str(to)], check=True)
    return to
