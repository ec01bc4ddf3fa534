"""What was measured on, and which process may use which core."""

import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parent.parent
PROC = Path("/proc")


class Cores(Struct, frozen=True):
    """Core numbers. Empty where processes cannot be tied to a core, or where there is only one."""

    server: tuple[int, ...] = ()
    rest: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        return self.server + self.rest


class Machine(Struct, frozen=True, kw_only=True):
    cores: int
    cpu: str
    system: str
    python: str
    commit: str
    """With `+` behind it when files differ from it."""


def machine() -> Machine:
    return Machine(
        cores=len(usable_cores()) or os.cpu_count() or 1,
        cpu=_cpu(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        commit=_commit(),
    )


def cores() -> Cores:
    """One core for the server, the others for PostgreSQL and whoever asks."""
    first, *rest = usable_cores() or (0,)
    return Cores(server=(first,), rest=tuple(rest)) if rest else Cores()


def usable_cores() -> tuple[int, ...]:
    """Empty where the system does not tell."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def pin(pids: Iterable[int], to: tuple[int, ...]) -> None:
    """Tie processes to cores; nothing where `to` is empty. One that ended meanwhile is passed over."""
    if not to:
        return
    for pid in pids:
        try:
            os.sched_setaffinity(pid, to)
        except ProcessLookupError:
            pass


def family(pid: int) -> list[int]:
    """The process and its children; of one that cannot be looked at, itself."""
    found = [pid]
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found


def cpu_s(pid: int) -> float | None:
    """Seconds of processor a process has used so far; None where the system does not tell."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cpu() -> str:
    try:
        lines = (PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
