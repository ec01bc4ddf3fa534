"""What happens is told to open pages as it happens, by server-sent events: `/console/live`, `/console/live?order=ID`.

An event says only that there is something new; the page fetches itself again. A page works without it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from litestar import Response, get
from litestar.response import Stream

from crossdock.base.errors import CrossdockError, Overloaded
from crossdock.base.ids import AccountId, OrderId
from crossdock.console.office.who import PREFIX, reader, token_of
from crossdock.console.web import HEADERS, PageRequest
from crossdock.core.events.commands import CALLBACKS_TOPIC
from crossdock.core.lockers.commands import COMMANDS_TOPIC
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.overview import counts
from crossdock.core.overview import order as overview
from crossdock.core.stock.commands import STOCK_TOPIC
from crossdock.edge.desk import Desk

HERE: Final = f"{PREFIX}/live"
TOPICS: Final = (CALLBACKS_TOPIC, COMMANDS_TOPIC, STOCK_TOPIC)
"""What the database signals; whatever else happens is found within POLL_S."""
POLL_S: Final = 2.0
GAP_S: Final = 0.5
"""Between two looks, however often it is signalled."""
QUIET_S: Final = 3.0
"""Between two events to one page: a busy minute must not be a page each moment."""
HEARTBEAT_S: Final = 15.0
"""A proxy closes what says nothing; and a session that is over is found."""
LIFE_S: Final = 600.0
"""Then the browser comes again by itself, maybe to another process."""
LISTENERS_MAX: Final = 200
"""Pages that one process tells."""
OF_SESSION_MAX: Final = 6
"""Pages of one person: a browser keeps six connections to a server and would stand still."""
RETRY_MS: Final = 5_000


class Pulse:
    """Asks the database what happened last, once for all pages of this process, and only while there are any."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._woken: dict[asyncio.Event, str] = {}
        self._task: asyncio.Task[None] | None = None
        self.last = 0

    @property
    def listeners(self) -> int:
        return len(self._woken)

    def full(self, session: str) -> bool:
        """Whether there is no room for one more page of this session."""
        return len(self._woken) >= LISTENERS_MAX or Counter(self._woken.values())[session] >= OF_SESSION_MAX

    @contextmanager
    def listening(self, session: str) -> Iterator[asyncio.Event]:
        """An event that is set when something happened."""
        event = asyncio.Event()
        self._woken[event] = session
        if self._task is None:
            self._task = asyncio.create_task(self._beat(), name="console pulse")
        try:
            yield event
        finally:
            del self._woken[event]
            if not self._woken and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _beat(self) -> None:
        with ExitStack() as stack:
            signalled = [stack.enter_context(self._desk.signals.waiting_for(topic)) for topic in TOPICS]
            while True:
                try:
                    async with self._desk.database.autocommit() as tx:
                        last = await counts.last_event(tx)
                except CrossdockError:
                    last = self.last
                if last != self.last:
                    self.last = last
                    for event in tuple(self._woken):
                        event.set()
                await asyncio.sleep(GAP_S)
                await _any(signalled, POLL_S)


@get(HERE)
async def live(request: PageRequest) -> Response[Any]:
    """`since` is what the page knows already. Errors: OrderUnknown, Overloaded."""
    who = await reader(request)
    of_order: tuple[AccountId, OrderId] | None = None
    if asked := request.query_params.get("order", ""):
        order_id = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 20 else 0
        async with who.desk.database.autocommit() as tx:
            account_id, site_id = await overview.whose(tx, order_id=order_id)
        if not who.scope.holds(account_id, site_id):
            raise OrderUnknown(id=order_id)
        of_order = (account_id, OrderId(order_id))
    if request.app.state.pulse.full(token_of(request)):
        raise Overloaded()
    return Stream(
        _told(request, of_order, request.query_params.get("since", "")),
        media_type="text/event-stream",
        headers={**HEADERS, "x-accel-buffering": "no"},
    )


async def _told(request: PageRequest, of_order: tuple[AccountId, OrderId] | None, known: str) -> AsyncIterator[bytes]:
    """Until the page is closed, its session is over, or LIFE_S."""
    loop = asyncio.get_running_loop()
    ends_at, told_at = loop.time() + LIFE_S, 0.0
    pulse: Pulse = request.app.state.pulse
    with pulse.listening(token_of(request)) as woken:
        yield f"retry: {RETRY_MS}\n\n".encode()
        woken.set()
        while loop.time() < ends_at:
            happened = await _any([woken], HEARTBEAT_S)
            try:
                who = await reader(request)
                mark = str(await _mark(who.desk, of_order)) if happened else known
            except CrossdockError:
                yield b"event: over\ndata:\n\n"
                return
            if mark == known:
                yield b":\n\n"
                continue
            await asyncio.sleep(max(told_at + QUIET_S - loop.time(), 0))
            known, told_at = mark, loop.time()
            yield f"event: changed\ndata: {mark}\n\n".encode()


async def _mark(desk: Desk, of_order: tuple[AccountId, OrderId] | None) -> int:
    async with desk.database.autocommit() as tx:
        if of_order is None:
            return await counts.last_event(tx)
        return await overview.last_event(tx, account_id=of_order[0], order_id=of_order[1])


async def _any(events: Sequence[asyncio.Event], wait_s: float) -> bool:
    """Whether one of them was set within that time; all are cleared."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    happened = any(event.is_set() for event in events)
    for event in events:
        event.clear()
    return happened


ENTRY: Final = None
"""No page of its own."""
HANDLERS: Final = [live]
