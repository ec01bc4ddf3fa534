"""Lists of codes, from the database to the cabinets: when one connects, and when its parcels have changed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec import Struct

from crossdock.base import json
from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError
from crossdock.base.seal import SecretKeyWrong
from crossdock.core.lockers.offline import CodeList, ListedCode
from crossdock.db.database import Database
from crossdock.devices import payloads, topics
from crossdock.devices.bus import Line
from crossdock.devices.core import LockerCommands
from crossdock.devices.pauses import Outage
from crossdock.devices.payloads import CodeEntry, Codes, FreeBox, SignedCodes, code_mark, codes_sign
from crossdock.devices.topics import CabinetNumberUnusable

LOOK_S: Final = 5.0
"""How often changed parcels are looked for: so old may a list be when the line breaks."""
OVERLAP: Final = timedelta(seconds=30)
"""A transaction of the longest kind, which shows only afterwards what it changed before."""
AGAIN: Final = timedelta(hours=12)
"""A list whose parcels do not change is sent again, so that it does not run out."""

OpenKey = Callable[[bytes], str]
"""A sealed key in clear. Errors: SecretKeyWrong."""

log = structlog.get_logger(__name__)


class _Sent(Struct, frozen=True, kw_only=True):
    """What a cabinet was sent last, and when."""

    codes: list[ListedCode]
    free: list[str]
    at: datetime

    def says(self, other: "_Sent") -> bool:
        return (self.codes, self.free) == (other.codes, other.free)

    @property
    def nothing(self) -> bool:
        return not self.codes and not self.free


class CodeLists:
    def __init__(
        self, *, database: Database, core: LockerCommands, clock: Clock, open_key: OpenKey, outage: Outage
    ) -> None:
        self._database = database
        self._core = core
        self._clock = clock
        self._open_key = open_key
        self._outage = outage
        self._connected: set[str] = set()
        self._sent: dict[str, _Sent] = {}
        self._locked: set[str] = set()
        """Their keys cannot be opened."""
        self._woken = asyncio.Event()

    def connected(self, number: str) -> None:
        """Whatever it kept is not known: it gets its list."""
        self._connected.add(number)
        self._woken.set()

    async def run(self, line: Line) -> None:
        """While `line` lives. Errors: LineLost."""
        self._sent.clear()
        looked_at = self._clock.now() - OVERLAP
        while True:
            self._woken.clear()
            try:
                looked_at = await self._look(line, looked_at)
                self._outage.ended()
            except CrossdockError as error:
                self._outage.began(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._woken.wait()

    async def _look(self, line: Line, since: datetime) -> datetime:
        now = self._clock.now()
        async with self._database.transaction(readonly=True) as tx:
            numbers = {*await self._core.changed(tx, since=since - OVERLAP), *self._connected}
            numbers |= {number for number, sent in self._sent.items() if sent.nothing or sent.at <= now - AGAIN}
            lists = [(number, await self._core.code_list(tx, number=number)) for number in sorted(numbers)]
        for number, found in lists:
            await self._send(line, number, found)
        return now

    async def _send(self, line: Line, number: str, found: CodeList | None) -> None:
        forced = number in self._connected
        self._connected.discard(number)
        if found is None:
            return
        sent = self._sent.get(number)
        now = _Sent(codes=found.codes, free=[box.lock_address for box in found.free], at=found.issued_at)
        if not forced and sent is not None and sent.says(now) and now.at < sent.at + AGAIN:
            return
        try:
            topic = topics.topic(number, "codes")
        except CabinetNumberUnusable as error:
            log.warning("a cabinet cannot be sent its codes", cabinet=number, cause=str(error))
            return
        key = self._key(number, found.key_sealed)
        if key is None:
            return
        if found.left_out:
            log.warning("a cabinet has more codes than its list holds", cabinet=number, left_out=found.left_out)
        await line.say(topic, payloads.write(signed(found, key)))
        self._sent[number] = now

    def _key(self, number: str, sealed: bytes) -> str | None:
        """None when it cannot be opened, which is said once."""
        try:
            key = self._open_key(sealed)
        except SecretKeyWrong as error:
            if number not in self._locked:
                self._locked.add(number)
                log.error("a cabinet's key cannot be opened; it gets no codes", cabinet=number, cause=str(error))
            return None
        self._locked.discard(number)
        return key


def signed(found: CodeList, key: str) -> SignedCodes:
    """As it goes over the line: no code in clear."""
    codes = Codes(
        cabinet=found.cabinet,
        issued_at=found.issued_at,
        valid_until=found.valid_until,
        codes=[
            CodeEntry(
                code=code_mark(one.code, key),
                use=one.use,
                parcel=one.handover_id,
                lock_address=one.lock_address,
                size=one.size,
            )
            for one in found.codes
        ],
        free=[FreeBox(lock_address=box.lock_address, size=box.size) for box in found.free],
    )
    text = json.text(codes)
    return SignedCodes(list=text, sign=codes_sign(text, key))
