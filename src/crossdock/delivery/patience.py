"""Waiting for a database that does not answer, and naming what went wrong without quoting it."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import structlog

from crossdock.base.errors import Unavailable

PAUSE_S_MIN: Final = 0.2
PAUSE_S_MAX: Final = 10.0
"""Between two questions to a database that does not answer; doubled each time."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


async def whatever_comes(work: Callable[[], Awaitable[T]], *, what: str = "callbacks") -> T:
    """Again and again for ever. One line when the database is lost, one when it is back; `what` waits for it."""
    waits, goes_on = f"{what} wait", f"{what} go on"
    pause_s = 0.0
    while True:
        _stop_if_told()
        try:
            done = await work()
        except Exception as error:
            if not pause_s:
                log.warning(waits, cause=named(error))
            pause_s = min(max(pause_s * 2, PAUSE_S_MIN), PAUSE_S_MAX)
            await asyncio.sleep(pause_s)
        else:
            if pause_s:
                log.info(goes_on)
            return done


async def patiently(work: Callable[[], Awaitable[T]], *, until: float) -> T:
    """Again and again while the database does not answer, up to the monotonic time `until`. Errors: Unavailable."""
    pause_s = PAUSE_S_MIN
    while True:
        _stop_if_told()
        try:
            return await work()
        except Unavailable:
            if time.monotonic() + pause_s > until:
                raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_S_MAX)


def named(error: BaseException) -> str:
    """Its kind and place; the text of an error, or a whole traceback, may quote what must not be logged."""
    steps = traceback.extract_tb(error.__traceback__)
    if isinstance(error, Unavailable) or not steps:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(steps[-1].filename).name}:{steps[-1].lineno}"


def _stop_if_told() -> None:
    """Python 3.11's wait_for, which the pool waits with, loses a cancellation that comes with the result."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
