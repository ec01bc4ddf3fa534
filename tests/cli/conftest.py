"""A terminal in which `crossdock` is typed, beside the demo world's database."""

import asyncio
import os
import sys
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

    async def run(self, *words: str, **environ: str) -> tuple[int, str]:
        """Exit code, and both outputs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "crossdock", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**self._environ, **environ},
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


@pytest.fixture
async def terminal(quiet_world: World, demo_database_url: str, tmp_path: Path) -> Terminal:
    """No secret of this database can be opened by the key that the command makes: it must not need one."""
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET secret_sealed = NULL")
    return Terminal(demo_database_url, tmp_path)
