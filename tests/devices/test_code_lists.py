"""Which cabinet is sent which list, without a database and without a broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from crossdock.base.clock import HeldClock
from crossdock.base.ids import BoxId, CabinetId, HandoverId
from crossdock.base.seal import SecretKeyWrong
from crossdock.core.lockers.model import Box
from crossdock.core.lockers.offline import LISTED_MAX, CodeList, ListedCode
from crossdock.devices import code_lists, payloads
from crossdock.devices.code_lists import CodeLists, signed
from crossdock.devices.pauses import Outage
from tests.devices.world import FakeDatabase, until

CODE = ListedCode(code="111111", use="take", handover_id=HandoverId(2**63 - 1), lock_address="0101", size="LX")


class Core:
    """Every cabinet has the codes it is given here; its sealed key is its number."""

    def __init__(self, clock: HeldClock) -> None:
        self.codes: dict[str, list[ListedCode]] = {}
        self.left_out = 0
        self.is_changed: set[str] = set()
        self._clock = clock

    async def changed(self, tx: object, *, since: datetime) -> list[str]:
        return sorted(self.is_changed)

    async def code_list(self, tx: object, *, number: str) -> CodeList:
        return listed(number, self._clock.now(), self.codes.get(number, []), left_out=self.left_out)


def listed(number: str, at: datetime, codes: list[ListedCode], **more: Any) -> CodeList:
    valid_until = at + timedelta(days=7)
    key_sealed = number.encode()
    given: dict[str, Any] = {"codes": codes, "free": [], **more}
    return CodeList(cabinet=number, key_sealed=key_sealed, issued_at=at, valid_until=valid_until, **given)


class NotedLine:
    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []
        """Cabinet, and how many codes."""

    async def say(self, topic: str, payload: bytes) -> None:
        number = topic.split("/")[3]
        codes = payloads.read_codes(payload, key=number, now=datetime.min.replace(tzinfo=UTC))
        assert codes is not None
        self.said.append((number, len(codes.codes)))


@asynccontextmanager
async def running(
    core: Core, clock: HeldClock, *, unopenable: str = ""
) -> AsyncIterator[tuple[CodeLists, NotedLine]]:
    def open_key(sealed: bytes) -> str:
        if sealed.decode() == unopenable:
            raise SecretKeyWrong()
        return sealed.decode()

    lists = CodeLists(
        database=FakeDatabase(),  # type: ignore[arg-type]
        core=core,  # type: ignore[arg-type]
        clock=clock,
        open_key=open_key,
        outage=Outage("database"),
    )
    line = NotedLine()
    task = asyncio.create_task(lists.run(line))  # type: ignore[arg-type]
    yield lists, line
    task.cancel()


@pytest.fixture
def core(clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> Core:
    monkeypatch.setattr(code_lists, "LOOK_S", 0.01)
    return Core(clock)


async def test_a_key_that_cannot_be_opened_stops_nobody_else(core: Core, clock: HeldClock) -> None:
    core.is_changed = {"1", "2"}
    core.codes = {"1": [CODE], "2": [CODE]}
    with capture_logs() as logs:
        async with running(core, clock, unopenable="1") as (lists, line):
            await until(lambda: line.said == [("2", 1)])
            core.codes["2"] = [CODE, CODE]
            lists.connected("1")
            await until(lambda: line.said == [("2", 1), ("2", 2)])
    assert [(entry["cabinet"], entry["log_level"]) for entry in logs] == [("1", "error")]


async def test_a_cabinet_that_may_open_something_again_is_found(core: Core, clock: HeldClock) -> None:
    async with running(core, clock) as (lists, line):
        lists.connected("1")
        await until(lambda: line.said == [("1", 0)])
        core.codes["1"] = [CODE]
        await until(lambda: line.said == [("1", 0), ("1", 1)])


async def test_codes_that_have_no_room_are_told_of(core: Core, clock: HeldClock) -> None:
    core.left_out = 3
    with capture_logs() as logs:
        async with running(core, clock) as (lists, line):
            lists.connected("1")
            await until(lambda: line.said)
    assert [(entry["cabinet"], entry["left_out"]) for entry in logs] == [("1", 3)]


def test_the_longest_list_of_a_large_cabinet_is_taken(clock: HeldClock) -> None:
    now = clock.now()
    box = Box(
        id=BoxId(1), cabinet_id=CabinetId(1), name="1", size="LX", lock_address="0101", enabled=True, full=False,
        door="closed", last_order_number=None, last_stored_at=None, created_at=now, updated_at=now,
    )  # fmt: skip
    full = listed("1" * 64, now, [CODE] * LISTED_MAX, free=[box] * 1_000)
    assert payloads.read_codes(payloads.write(signed(full, "key")), key="key", now=now) is not None
