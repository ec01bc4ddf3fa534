"""What the line to the cabinets asks of the core: the functions of core/lockers/commands.py, and no more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from crossdock.core.lockers.model import CodeUse, DoorCommand
from crossdock.core.lockers.offline import CodeList
from crossdock.db.tx import Tx


class LockerCommands(Protocol):
    async def claim_commands(self, tx: Tx, *, limit: int) -> Sequence[DoorCommand]: ...

    async def answered(
        self,
        tx: Tx,
        *,
        cabinet_number: str,
        command_id: int,
        accepted: bool,
        reason: str,
        happened_at: datetime,
    ) -> None: ...

    async def pulse_sent(self, tx: Tx, *, cabinet_number: str, command_id: int, happened_at: datetime) -> None: ...

    async def door_seen(
        self,
        tx: Tx,
        *,
        cabinet_number: str,
        lock_address: str,
        door: Literal["open", "closed"],
        sequence: str,
        happened_at: datetime,
        command_id: int | None = None,
        use: str | None = None,
    ) -> None: ...

    async def used(
        self,
        tx: Tx,
        *,
        cabinet_number: str,
        use: CodeUse,
        handover_id: int,
        lock_address: str,
        listed_at: datetime,
        sequence: str,
        happened_at: datetime,
    ) -> None: ...

    async def changed(self, tx: Tx, *, since: datetime) -> Sequence[str]: ...

    async def code_list(self, tx: Tx, *, number: str) -> CodeList | None: ...

    async def door_reported(
        self,
        tx: Tx,
        *,
        cabinet_number: str,
        lock_address: str,
        door: Literal["open", "closed"],
        sequence: str,
        happened_at: datetime,
    ) -> None: ...

    async def cabinet_seen(self, tx: Tx, *, number: str, online: bool, at: datetime) -> None: ...
