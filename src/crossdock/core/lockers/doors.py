"""Opening a door: ask the cabinet, wait for its word, and tell what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, Final, TypeVar

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, DoorCommandId
from crossdock.core.lockers import commands, door_sql, sql, tries
from crossdock.core.lockers.commands import COMMAND_TTL, DoorBusy, answer_topic
from crossdock.core.lockers.errors import (
    CabinetRefused,
    ParcelStored,
    ParcelTaken,
    PickCodeUnknown,
    SaveCodeUnknown,
)
from crossdock.core.lockers.model import OFFLINE, Box, CodeUse, Complaint, DoorCommand, DoorOutcome, Parcel
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.db.tx import Tx

GRACE_S: Final = 1.0
"""How long after its expiry an answer to a command may still be under way to us."""
LOOK_AGAIN_S: Final = 3.0
"""A signal is a hint: the command is read this often anyway."""
T = TypeVar("T")
Ask = Callable[[Tx], Awaitable[tuple[DoorCommand, Box]]]


class Doors:
    """`cabinet` is the number on it. No transaction is open while a cabinet is waited for."""

    def __init__(
        self, database: Database, signals: Signals, *, wait_s: float = COMMAND_TTL.total_seconds() + GRACE_S
    ) -> None:
        self._database = database
        self._signals = signals
        self._wait_s = wait_s

    async def open(
        self,
        *,
        account_id: AccountId,
        cabinet: str,
        lock_address: str,
        use_type: str,
        asked_by: str,
        dialect: str,
    ) -> DoorOutcome:
        """By hand. An absent or unwilling cabinet is an outcome, not an error. Errors: BoxUnknown."""
        return await self._run(
            lambda tx: commands.ask_open(
                tx,
                account_id=account_id,
                cabinet=cabinet,
                lock_address=lock_address,
                use_type=use_type,
                asked_by=asked_by,
                dialect=dialect,
            )
        )

    async def store(
        self,
        *,
        account_id: AccountId,
        cabinet: str,
        save_code: str,
        box_size: str,
        asked_by: str,
        dialect: str,
        typed: bool = False,
    ) -> DoorOutcome:
        """`typed` at the cabinet: wrong codes are counted. Errors: those of commands.ask_store; CabinetRefused when
        the cabinet did not take it; CodesLocked."""
        ask = partial(
            commands.ask_store,
            account_id=account_id,
            cabinet=cabinet,
            save_code=save_code,
            box_size=box_size,
            asked_by=asked_by,
            dialect=dialect,
        )
        return await self._tried(
            lambda counted: self._accepted(partial(ask, counted=counted)), account_id, cabinet, typed=typed
        )

    async def look(self, *, account_id: AccountId, cabinet: str, code: str) -> tuple[CodeUse, Parcel]:
        """What a code that was typed at the cabinet is for; wrong ones are counted, good ones open nothing yet.

        Errors: those of commands.look; CodesLocked.
        """

        async def run(counted: bool) -> tuple[CodeUse, Parcel]:
            async with self._database.transaction() as tx:
                return await commands.look(tx, account_id=account_id, cabinet=cabinet, code=code)

        return await self._tried(run, account_id, cabinet, typed=True, ends_count=False)

    async def move(
        self,
        *,
        account_id: AccountId,
        cabinet: str,
        save_code: str,
        complaint: Complaint,
        asked_by: str,
        dialect: str,
    ) -> DoorOutcome:
        """Errors: those of commands.ask_move; CabinetRefused when the cabinet did not take it; CodesLocked."""
        ask = partial(
            commands.ask_move,
            account_id=account_id,
            cabinet=cabinet,
            save_code=save_code,
            complaint=complaint,
            asked_by=asked_by,
            dialect=dialect,
        )
        return await self._tried(lambda _: self._accepted(ask), account_id, cabinet, typed=True)

    async def keep(
        self,
        *,
        account_id: AccountId,
        cabinet: str,
        save_code: str,
        complaint: Complaint,
        asked_by: str,
        dialect: str,
    ) -> Parcel:
        """No door: its courier takes the parcel along. Errors: those of commands.keep_parcel; CodesLocked."""

        async def run(counted: bool) -> Parcel:
            async with self._database.transaction() as tx:
                return await commands.keep_parcel(
                    tx,
                    account_id=account_id,
                    cabinet=cabinet,
                    save_code=save_code,
                    complaint=complaint,
                    dialect=dialect,
                    actor=asked_by,
                )

        return await self._tried(run, account_id, cabinet, typed=True)

    async def take(
        self, *, account_id: AccountId, cabinet: str, key: str, asked_by: str, dialect: str, typed: bool = False
    ) -> DoorOutcome:
        """As `store`. Errors: those of commands.ask_take; CabinetRefused when the cabinet did not take it;
        CodesLocked."""
        ask = partial(
            commands.ask_take,
            account_id=account_id,
            cabinet=cabinet,
            key=key,
            asked_by=asked_by,
            dialect=dialect,
        )
        return await self._tried(
            lambda counted: self._accepted(partial(ask, counted=counted)), account_id, cabinet, typed=typed
        )

    async def take_by_number(
        self, *, account_id: AccountId, cabinet: str, number: str, asked_by: str, dialect: str
    ) -> DoorOutcome:
        """Errors: those of commands.ask_take_by_number; CabinetRefused when the cabinet did not take it."""
        return await self._accepted(
            lambda tx: commands.ask_take_by_number(
                tx, account_id=account_id, cabinet=cabinet, number=number, asked_by=asked_by, dialect=dialect
            )
        )

    async def _tried(
        self,
        run: Callable[[bool], Awaitable[T]],
        account_id: AccountId,
        cabinet: str,
        *,
        typed: bool,
        ends_count: bool = True,
    ) -> T:
        """With the try counted, where it is typed or the cabinet counts all. `run` is told whether it was.

        `ends_count`: when it went well, the count begins anew; else this try alone is taken back.
        """
        if not typed:
            try:
                return await run(False)
            except commands.TryNotCounted:
                pass
        who: dict[str, Any] = {"account_id": account_id, "cabinet": cabinet}
        async with self._database.transaction() as tx:
            counted = await tries.begin(tx, **who)
        try:
            done = await run(True)
        except (SaveCodeUnknown, PickCodeUnknown, ParcelStored, ParcelTaken):
            async with self._database.transaction() as tx:
                await tries.wrong(tx, **who)
            raise
        except CrossdockError:
            async with self._database.transaction() as tx:
                await tries.take_back(tx, **who, counted=counted)
            raise
        async with self._database.transaction() as tx:
            if ends_count:
                await tries.right(tx, **who)
            else:
                await tries.take_back(tx, **who, counted=counted)
        return done

    async def _accepted(self, ask: Ask) -> DoorOutcome:
        """Errors: CabinetRefused, and those of `ask`."""
        outcome = await self._run(ask)
        if not outcome.accepted:
            raise CabinetRefused(reason=outcome.reason)
        return outcome

    async def _run(self, ask: Ask) -> DoorOutcome:
        """Ask, again and again while other callers open this parcel's door: a cabinet's refusal is told to all.

        Who still meets another after the time that one command may take is told that there is no answer.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_s
        while True:
            with ExitStack() as listening:
                try:
                    async with self._database.transaction() as tx:
                        command, box = await ask(tx)
                        answered = listening.enter_context(self._signals.waiting_for(answer_topic(command.id)))
                except DoorBusy as busy:
                    if loop.time() > deadline:
                        raise CabinetRefused(reason=OFFLINE) from None
                    other = await self._answer_of(DoorCommandId(busy.facts["command_id"]))
                    if other.state != "accepted":
                        raise CabinetRefused(reason=other.refusal or OFFLINE) from None
                    continue
                if command.state != "refused":
                    command = await self._answer(command.id, answered)
                return await self._outcome(command, box)

    async def _answer_of(self, command_id: DoorCommandId) -> DoorCommand:
        """Of a command that another caller asked for, and that may be answered already."""
        with self._signals.waiting_for(answer_topic(command_id)) as answered:
            answered.set()
            return await self._answer(command_id, answered)

    async def _answer(self, command_id: DoorCommandId, answered: asyncio.Event) -> DoorCommand:
        """The command as it ended: answered, or given up. It is read when it is signalled, and now and then."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_s
        while True:
            left = deadline - loop.time()
            if left <= 0:
                async with self._database.transaction() as tx:
                    await commands.expire(tx, command_id=command_id)
                return await self._read(command_id)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_AGAIN_S)):
                    await answered.wait()
            answered.clear()
            command = await self._read(command_id)
            if command.state not in ("waiting", "sent"):
                return command

    async def _read(self, command_id: DoorCommandId) -> DoorCommand:
        async with self._database.autocommit() as tx:
            command = await door_sql.find(tx, command_id)
        if command is None:
            raise LookupError(f"door command {command_id}")
        return command

    async def _outcome(self, command: DoorCommand, box: Box) -> DoorOutcome:
        parcel: Parcel | None = None
        if command.handover_id is not None:
            async with self._database.autocommit() as tx:
                parcel = await sql.parcel(tx, account_id=command.account_id, handover_id=command.handover_id)
        accepted = command.state == "accepted"
        return DoorOutcome(
            command_id=command.id,
            accepted=accepted,
            reason="ok" if accepted else command.refusal or OFFLINE,
            box_before=box,
            parcel=parcel,
        )
