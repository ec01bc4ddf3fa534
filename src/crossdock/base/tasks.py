"""Ending what runs until it is cancelled."""

import asyncio
from contextlib import suppress
from typing import Any, Final

AGAIN_S: Final = 0.5


async def stopped(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait until it has ended; what it ended with is not asked for.

    Cancelled more than once if need be: up to Python 3.11 `asyncio.wait_for`, which the connection pool uses,
    loses a cancellation that arrives together with its result (python/cpython issue 86296).
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_S)
    with suppress(asyncio.CancelledError, Exception):
        task.result()
