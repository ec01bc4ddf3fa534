"""A terminal in which `crossdock` is typed, beside the demo world's database."""

import asyncio
import os
import pty
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.world import World


class Terminal:
    def __init__(self, url: str, folder: Path) -> None:
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")},
            "CROSSDOCK_DATABASE_URL": url,
            "CROSSDOCK_VAR": str(folder / "var"),
            "COLUMNS": "200",
        }

    async def run(self, *words: str, given: bytes = b"", **environ: str) -> tuple[int, str]:
        """Exit code, and both outputs; `given` comes on standard input."""
        process = await self._start(*words, stdin=asyncio.subprocess.PIPE, **environ)
        said, _ = await process.communicate(given)
        return process.returncode or 0, said.decode()

    async def started(self, *words: str) -> Process:
        """One that goes on until it is told to stop; both outputs come on its `stdout`."""
        return await self._start(*words, stdin=asyncio.subprocess.DEVNULL)

    async def typed(self, *words: str, answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
        """The same on a terminal: (question, answer), in order."""
        keyboard, terminal = pty.openpty()
        try:
            process = await self._start(*words, stdin=terminal, start_new_session=True)
            assert process.stdout is not None
            said = b""
            for question, answer in answers:
                said += await process.stdout.readuntil(f"{question}: ".encode())
                os.write(keyboard, f"{answer}\n".encode())
            said += await process.stdout.read()
            return await process.wait(), said.decode()
        finally:
            os.close(keyboard)
            os.close(terminal)

    async def _start(self, *words: str, stdin: int, start_new_session: bool = False, **environ: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "crossdock", *words),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**self._environ, **environ},
            start_new_session=start_new_session,
        )


@pytest.fixture
async def terminal(quiet_world: World, demo_database_url: str, tmp_path: Path) -> Terminal:
    """No secret of this database can be opened by the key that the command makes: it must not need one."""
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET secret_sealed = NULL")
    return Terminal(demo_database_url, tmp_path)
