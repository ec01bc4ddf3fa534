"""A database to apply setup files to, and what stands in it afterwards."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from crossdock.base.clock import HeldClock
from crossdock.base.seal import Seal
from crossdock.db.database import Database
from crossdock.setup.apply import apply_file
from crossdock.setup.errors import SetupFileWrong

NOW = datetime(2024, 8, 1, 2, 30, tzinfo=UTC)
DIALECTS = frozenset({"birdsystem", "hongxun", "ovopark", "bestwond", "heidian"})


class Bench:
    """Applies texts as `setup.toml`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.seal = Seal(Fernet.generate_key().decode())
        self._file = folder / "setup.toml"

    async def apply(
        self, text: str | bytes | Path, *, environ: Mapping[str, str] | None = None, dry_run: bool = False
    ) -> list[str]:
        """The lines of what was changed."""
        if not isinstance(text, Path):
            self._file.write_bytes(text if isinstance(text, bytes) else text.encode())
        changes = await apply_file(
            text if isinstance(text, Path) else self._file,
            database=self.database,
            seal=self.seal,
            environ=environ or {},
            dry_run=dry_run,
            dialects=DIALECTS,
        )
        return [str(change) for change in changes]

    async def refused(self, text: str | bytes, *, environ: Mapping[str, str] | None = None) -> list[str]:
        """The problems of a file that is not applied, as `LINE field: text`; nothing was written."""
        before = await self.counts()
        with pytest.raises(SetupFileWrong) as caught:
            await self.apply(text, environ=environ)
        assert await self.counts() == before
        return [f"{found.line} {found.field}: {found.text}" for found in caught.value.problems]

    async def rows(self, statement: str, **params: Any) -> list[tuple[Any, ...]]:
        async with self.database.transaction(readonly=True) as tx:
            return await tx.rows(statement, **params)

    async def value(self, statement: str, **params: Any) -> Any:
        return (await self.rows(statement, **params))[0][0]

    async def counts(self) -> list[tuple[Any, ...]]:
        """(table, rows) of all tables."""
        names = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        counted = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for (name,) in names)
        return await self.rows(f"{counted} ORDER BY 1")


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with Database(database_url, HeldClock(NOW)) as database:
        yield Bench(database, tmp_path)
