"""A command runs to its end, or until SIGINT or SIGTERM tell it to stop; what it started is ended before it."""

import asyncio
import gc
import os
import signal
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import uvloop

OBJECTS_NEW: Final = 20_000
"""So many objects are made before the collector looks for circles among them. A request leaves none behind; with
Python's 700 the collector takes a twelfth of the time of a busy server."""
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
LEASH_FD: Final = "CROSSDOCK_LEASH_FD"
"""Set for the processes of one port: the end of a pipe that closes when the first of them is gone."""

T = TypeVar("T")


class Interrupted(Exception):
    """Told to stop before it had done its work; `number` is the signal."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def settle() -> None:
    """What is there once a program has started stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_NEW, *gc.get_threshold()[1:])


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """A signal cancels the coroutine, which tidies up. Errors: Interrupted."""
    told: list[int] = []

    async def stoppable() -> T:
        task = asyncio.current_task()
        assert task is not None

        def stop(number: int) -> None:
            told.append(number)
            task.cancel()

        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_note)
        for number in SIGNALS:
            loop.add_signal_handler(number, stop, number)
        return await coroutine

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(stoppable())
        except asyncio.CancelledError:
            if not told:
                raise
            raise Interrupted(told[0]) from None


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A library's callback that meets something we have cancelled is no news."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def told_to_stop() -> asyncio.Event:
    """From now on a signal, or the end of the process that holds our leash, sets this and cancels nothing."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, told.set)
    if leash := os.environ.get(LEASH_FD):
        loop.add_reader(int(leash), _let_go, loop, int(leash), told)
    return told


def _let_go(loop: asyncio.AbstractEventLoop, leash: int, told: asyncio.Event) -> None:
    loop.remove_reader(leash)
    told.set()
