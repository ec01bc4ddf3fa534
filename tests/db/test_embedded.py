"""The embedded PostgreSQL starts, is found again, survives being killed, and says why when it cannot."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crossdock.db import embedded
from crossdock.db.embedded import (
    DataOfOtherVersion,
    DirectoryUnusable,
    EmbeddedPostgres,
    EmbeddedPostgresFailed,
    PostgresMissing,
    RootRefused,
    StartFailed,
)

FAST = {"fsync": "off"}
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(
    not AS_ROOT or shutil.which("setpriv") is None, reason="only root with setpriv can become somebody else"
)

HOLDER = """
import signal, sys
from pathlib import Path
from crossdock.db.embedded import EmbeddedPostgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests were started in the background
postgres = EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"})
postgres.start()
print(postgres.pid, flush=True)
sys.stdin.read()
postgres.stop()
"""


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    EmbeddedPostgres(tmp_path / "var").stop()


def ask(url: str, statement: str = "SELECT current_database()") -> str:
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(statement.encode()).fetchone()
        return str(row[0]) if row is not None else ""


def holder(var: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def pid_said(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_it_starts_serves_and_stops(var: Path) -> None:
    postgres = EmbeddedPostgres(var)
    postgres.start()
    assert ask(postgres.url) == "crossdock"
    assert ask(postgres.url, "SHOW fsync") == "on"
    assert ask(postgres.url, "SHOW synchronous_commit") == "on"
    assert ask(postgres.url, "SHOW timezone") == "UTC"
    assert ask(postgres.url, "SHOW server_encoding") == "UTF8"
    assert ask(postgres.url, "SHOW listen_addresses") == ""
    postgres.stop()
    assert postgres.pid is None
    with pytest.raises(psycopg.OperationalError):
        ask(postgres.url)


def test_what_was_written_is_there_at_the_next_start(var: Path) -> None:
    with EmbeddedPostgres(var, settings=FAST) as postgres, psycopg.connect(postgres.url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with EmbeddedPostgres(var, settings=FAST) as postgres:
        assert ask(postgres.url, "SELECT number FROM kept") == "7"


def test_settings_are_given_to_the_server(var: Path) -> None:
    with EmbeddedPostgres(var, settings={"fsync": "off", "work_mem": "7MB"}) as postgres:
        assert ask(postgres.url, "SHOW work_mem") == "7MB"


def test_starting_twice_and_stopping_twice_is_harmless(var: Path) -> None:
    postgres = EmbeddedPostgres(var, settings=FAST)
    postgres.start()
    pid = postgres.pid
    postgres.start()
    assert postgres.pid == pid
    postgres.stop()
    postgres.stop()
    assert postgres.pid is None


def test_two_users_share_one_server_and_the_last_stops_it(var: Path) -> None:
    first, second = EmbeddedPostgres(var, settings=FAST), EmbeddedPostgres(var, settings=FAST)
    first.start()
    second.start()
    assert first.pid == second.pid
    first.stop()
    assert ask(second.url) == "crossdock"
    second.stop()
    assert second.pid is None


def test_processes_that_start_together_share_one_server(var: Path) -> None:
    holders = [holder(var) for _ in range(3)]
    assert len({pid_said(process) for process in holders}) == 1
    for process in holders:
        started = time.monotonic()
        process.communicate("")
        assert process.returncode == 0
        # Whoever is not the server's parent must not wait for the parent to look.
        assert time.monotonic() - started < 10
    assert EmbeddedPostgres(var).pid is None


def test_it_is_found_again_after_its_process_was_killed(var: Path) -> None:
    process = holder(var)
    pid = pid_said(process)
    process.kill()
    process.wait()
    with EmbeddedPostgres(var, settings=FAST) as postgres:
        assert postgres.pid == pid
        assert ask(postgres.url) == "crossdock"
    assert postgres.pid is None


def test_one_that_nobody_uses_any_more_is_stopped_without_a_start(var: Path) -> None:
    process = holder(var)
    pid_said(process)
    process.kill()
    process.wait()
    postgres = EmbeddedPostgres(var)
    assert postgres.pid is not None
    postgres.stop()
    assert postgres.pid is None


def test_the_server_itself_killed_starts_again_with_its_data(var: Path) -> None:
    postgres = EmbeddedPostgres(var)
    postgres.start()
    with psycopg.connect(postgres.url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    postgres.start()
    assert ask(postgres.url, "SELECT number FROM kept") == "7"
    postgres.stop()


def test_a_stale_pid_file_with_the_number_of_a_stranger_is_no_obstacle(var: Path) -> None:
    with EmbeddedPostgres(var, settings=FAST):
        left_behind = (var / "postgres" / "postmaster.pid").read_text().splitlines()
        socket_lock = next((var / "postgres").glob(".s.PGSQL.*.lock"))
        socket_lines = socket_lock.read_text().splitlines()
    # A process of the same account as the server's, as after a restart of a container.
    uid = (var / "postgres").stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=uid if AS_ROOT else None)
    try:
        pid_file = var / "postgres" / "postmaster.pid"
        pid_file.write_text("\n".join([str(stranger.pid), *left_behind[1:]]) + "\n")
        socket_lock.write_text("\n".join([str(stranger.pid), *socket_lines[1:]]) + "\n")
        with EmbeddedPostgres(var, settings=FAST) as postgres:
            assert ask(postgres.url) == "crossdock"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_data_directory_is_made_again(var: Path) -> None:
    (var / "postgres.new").mkdir(parents=True)
    (var / "postgres.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(var, settings=FAST) as postgres:
        assert ask(postgres.url) == "crossdock"


def test_a_path_too_long_for_a_socket_gets_a_short_one(var: Path) -> None:
    deep = var / ("a" * 60) / ("b" * 60)
    with EmbeddedPostgres(deep, settings=FAST) as postgres:
        assert "%2Ftmp%2Fcrossdock-" in postgres.url
        assert ask(postgres.url) == "crossdock"
        sockets = Path("/tmp") / postgres.url.partition("%2Ftmp%2F")[2].partition("&")[0]
        assert sockets.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


def test_a_path_with_spaces_and_signs_works(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "仓 库 'a&b=50%", settings=FAST) as postgres:
        assert ask(postgres.url) == "crossdock"


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(var: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(var)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    pid = pid_said(process)
    os.killpg(process.pid, signal.SIGINT)
    process.wait()
    with EmbeddedPostgres(var, settings=FAST) as postgres:
        assert postgres.pid == pid


def test_a_place_that_is_not_a_directory_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(DirectoryUnusable, match="CROSSDOCK_VAR"):
        EmbeddedPostgres(tmp_path / "var").start()


def test_data_of_another_version_is_refused(var: Path) -> None:
    (var / "postgres").mkdir(parents=True)
    (var / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(DataOfOtherVersion, match="written_by=9"):
        EmbeddedPostgres(var).start()


def test_a_machine_without_postgres_is_told_so(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_directories", lambda: iter([Path("/nowhere")]))
    with pytest.raises(PostgresMissing, match="install `postgresql`"):
        EmbeddedPostgres(var).start()


def test_a_setting_the_server_refuses_is_named(var: Path) -> None:
    with pytest.raises(StartFailed, match="no_such_setting"):
        EmbeddedPostgres(var, settings={"fsync": "off", "no_such_setting": "1"}).start()


def test_a_start_that_failed_leaves_the_place_free(var: Path) -> None:
    postgres = EmbeddedPostgres(var, settings={"fsync": "off", "no_such_setting": "1"})
    with pytest.raises(EmbeddedPostgresFailed):
        postgres.start()
    with EmbeddedPostgres(var, settings=FAST) as other:
        assert ask(other.url) == "crossdock"
    assert other.pid is None


# As root, and as somebody else -----------------------------------------------------


@only_root
def test_as_root_the_server_belongs_to_somebody_else(var: Path) -> None:
    with EmbeddedPostgres(var, settings=FAST) as postgres:
        assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
        assert (var / "postgres").stat().st_uid != 0


@only_root
def test_as_root_data_below_a_closed_directory_works() -> None:
    closed = Path(tempfile.mkdtemp())  # 0700, root's
    try:
        with EmbeddedPostgres(closed / "var", settings=FAST) as postgres:
            assert ask(postgres.url) == "crossdock"
    finally:
        shutil.rmtree(closed)


@only_root
def test_as_root_an_open_place_needs_no_capability() -> None:
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*as_nobody, "/bin/sh", "-c", f"cd {sys.prefix}"], check=False).returncode != 0:
        pytest.skip("the programs themselves lie below a closed directory")
    opened = Path(tempfile.mkdtemp())
    opened.chmod(0o755)
    try:
        with EmbeddedPostgres(opened / "var", settings=FAST) as postgres:
            status = Path(f"/proc/{postgres.pid}/status").read_text()
            assert "CapEff:\t0000000000000000" in status
    finally:
        shutil.rmtree(opened)


@only_root
def test_as_root_without_any_way_the_refusal_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded.shutil, "which", lambda _: None)
    closed = Path(tempfile.mkdtemp())
    try:
        with pytest.raises(RootRefused, match="start Crossdock as a normal user"):
            EmbeddedPostgres(closed / "var").start()
    finally:
        shutil.rmtree(closed)


@only_root
def test_a_normal_user_starts_it_and_root_takes_over() -> None:
    place = Path(tempfile.mkdtemp())
    place.chmod(0o777)
    try:
        run_as_nobody("postgres.start(); print(postgres.pid); postgres.stop()", place / "var")
        with EmbeddedPostgres(place / "var", settings=FAST) as postgres:
            assert ask(postgres.url) == "crossdock"
    finally:
        shutil.rmtree(place)


@only_root
def test_a_directory_of_somebody_else_is_refused_in_one_sentence() -> None:
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    try:
        said = run_as_nobody("postgres.start()", place / "var", refused=True)
        assert "DirectoryUnusable: The data directory cannot be used" in said
        assert "Permission denied" in said
    finally:
        shutil.rmtree(place)


def run_as_nobody(action: str, var: Path, *, refused: bool = False) -> str:
    program = (
        "import sys; from pathlib import Path; from crossdock.db.embedded import EmbeddedPostgres\n"
        "postgres = EmbeddedPostgres(Path(sys.argv[1]), settings={'fsync': 'off'})\n"
    )
    # Python itself may lie below /root, where nobody can only pass with this right.
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    prefix += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    done = subprocess.run(
        [*prefix, sys.executable, "-c", program + action, str(var)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert (done.returncode != 0) is refused, done.stderr
    return done.stdout + done.stderr
