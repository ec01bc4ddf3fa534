"""The house as a user runs it: `crossdock` in processes of its own, its database embedded in the bench.

What is read here is what the system says of these processes; PostgreSQL's are not among them.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.machine import PROC, ROOT, family, pin
from bench.orders import DEMO

START_S_MAX: Final = 60
STOP_S_MAX: Final = 30
LOOK_S: Final = 0.05
KIB: Final = 1_024
MEGABYTE: Final = 1_000_000


class HouseFailed(Exception):
    """A process did not do what it was started for."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(url: str, var: Path, **more: str) -> dict[str, str]:
    """Free ports for web and broker, callbacks to this machine, and no limit to what one clerk checks a minute."""
    return {
        "CROSSDOCK_DATABASE_URL": url,
        "CROSSDOCK_VAR": str(var),
        "CROSSDOCK_PORT": str(free_port()),
        "CROSSDOCK_MQTT_PORT": str(free_port()),
        "CROSSDOCK_CALLBACK_NETWORKS": "127.0.0.0/8",
        "CROSSDOCK_HEIDIAN_KEYS_A_MINUTE": "1000000",
        **more,
    }


def apply(environ: Mapping[str, str]) -> None:
    """`crossdock apply examples/demo.toml`. Errors: HouseFailed."""
    done = subprocess.run(
        [sys.executable, "-m", "crossdock", "apply", str(DEMO)],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise HouseFailed(done.stdout + done.stderr)


@contextmanager
def crossdock(*words: str, environ: Mapping[str, str], log: Path, core: tuple[int, ...] = ()) -> Iterator[int]:
    """`crossdock WORDS` until the end of the block: its process, on `core` with all that it starts."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "crossdock", *words],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=output,
            stderr=output,
        )
    pin([process.pid], core)
    try:
        yield process.pid
        if process.poll() is not None:
            raise HouseFailed(log.read_text())
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)


def answers(pid: int, port: int, log: Path) -> None:
    """Wait until it does. Errors: HouseFailed."""
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until and (PROC / str(pid)).exists():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(LOOK_S)
    raise HouseFailed(log.read_text())


def works(pid: int, log: Path) -> None:
    """Wait until a worker without a port says so. Errors: HouseFailed."""
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until and (PROC / str(pid)).exists():
        if '"working"' in log.read_text():
            return
        time.sleep(LOOK_S)
    raise HouseFailed(log.read_text())


def megabytes(*pids: int) -> float:
    """Of these processes and their children, as Linux shares memory out: what several have in common counts once.

    Errors: OSError where the system does not tell.
    """
    return sum(_pss(one) for pid in pids for one in family(pid)) / MEGABYTE


def _pss(pid: int) -> int:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    [found] = [line.split()[1] for line in lines if line.startswith("Pss:")]
    return int(found) * KIB
