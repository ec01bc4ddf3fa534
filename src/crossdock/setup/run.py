"""One apply while it goes on: what was met on record, what was changed, what is wrong."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from crossdock.base.seal import Seal
from crossdock.db.tx import Tx
from crossdock.setup import sql
from crossdock.setup.changes import Change
from crossdock.setup.errors import Path, Problem, SetupFileWrong
from crossdock.setup.plan import Ref
from crossdock.setup.read import SetupText
from crossdock.setup.sql import Record
from crossdock.setup.tables import CREDENTIAL, Table

PROPOSED_FROM_MAX = 500
"""So many names on record are looked through for one that was meant."""
NOTHING = 0
"""Stands for the id of a row that was not found, after the complaint."""


class Run:
    def __init__(self, tx: Tx, text: SetupText, seal: Seal, *, dry_run: bool) -> None:
        self.tx = tx
        self.text = text
        self.seal = seal
        self.dry_run = dry_run
        self.changes: list[Change] = []
        self._problems: list[Problem] = []
        self._records: dict[tuple[str, tuple[Any, ...]], Record] = {}
        self._numbered: dict[tuple[str, int], tuple[Record, str]] = {}

    def remember(self, table: Table, record: Record, label: str) -> None:
        self._records[table.name, key_of(table, record)] = record
        if table.numbered:
            self._numbered[table.name, record["id"]] = (record, label)

    def on_record(self, table: Table, values: Mapping[str, Any]) -> Record | None:
        """The row with the same key, if it was met."""
        return self._records.get((table.name, key_of(table, values)))

    async def by_id(self, table: Table, row_id: int) -> Record:
        met = self._numbered.get((table.name, row_id))
        return met[0] if met else (await sql.by_columns(self.tx, table, ("id",), [{"id": row_id}]))[0]

    async def label(self, table: Table, row_id: int) -> str:
        """The name behind an id."""
        met = self._numbered.get((table.name, row_id))
        return met[1] if met else Ref(table, key_of(table, await self.by_id(table, row_id))).label

    async def id_of(self, ref: Ref, path: Path) -> int:
        """NOTHING after a complaint."""
        key = [await self.id_of(part, path) if isinstance(part, Ref) else part for part in ref.key]
        if NOTHING in key:
            return NOTHING
        keys = dict(zip(ref.table.key, key, strict=True))
        record = self.on_record(ref.table, keys)
        if record is None:
            found = await sql.by_columns(self.tx, ref.table, ref.table.key, [keys])
            if not found:
                self.complain(path, f"there is no {ref.table.word} {ref.label}; {await self._hint(ref, keys)}")
                return NOTHING
            record = found[0]
            self.remember(ref.table, record, ref.label)
        return int(record["id"])

    def complain(self, path: Path, text: str) -> None:
        self._problems.append(self.text.problem(path, text))

    def stop_on_problems(self) -> None:
        """Errors: SetupFileWrong."""
        if self._problems:
            problems = sorted(self._problems, key=lambda problem: problem.line)
            raise SetupFileWrong(file=self.text.file, problems=problems)

    async def _hint(self, ref: Ref, keys: Record) -> str:
        *owners, last = ref.table.key
        known = [
            str(record[last])
            for (name, _), record in self._records.items()
            if name == ref.table.name and all(record[owner] == keys[owner] for owner in owners)
        ]
        known += await sql.names_near(self.tx, ref.table, keys, PROPOSED_FROM_MAX)
        near = get_close_matches(ref.label, known, n=1)
        if near and ref.table is not CREDENTIAL:
            return f"did you mean {near[0]}?"
        return "define it, or correct the name"


def key_of(table: Table, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values[column] for column in table.key)
