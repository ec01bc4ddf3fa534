"""Ending what runs until it is cancelled."""

import asyncio
from contextlib import suppress
from typing import Any, Final

AGAIN_S: Final = 0.5


async def stopped(task: "asyncio.Task[Any]", *, again_s: float = AGAIN_S) -> None:
    """Cancel a task and wait until it has ended; what it ended with is not asked for.

    Cancelled more than once if need be: up to Python 3.11 `asyncio.wait_for`, which the connection pool uses,
    loses a cancellation that arrives together with its result (python/cpython issue 86296). One who waits here and
    is cancelled meanwhile, in the same way, waits to the end all the same.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.Handle

    def cancel() -> None:
        nonlocal timer
        task.cancel()
        timer = loop.call_later(again_s, cancel)

    timer = loop.call_soon(cancel)
    told = False
    try:
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                told = True
    finally:
        timer.cancel()
    with suppress(asyncio.CancelledError, Exception):
        task.result()
    if told:
        raise asyncio.CancelledError
