"""Wakes when stock arrives, and once a minute: orders that wait for it are served."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from crossdock.base.errors import Unavailable
from crossdock.core.fulfilment.waiting import serve_waiting
from crossdock.core.stock.commands import STOCK_TOPIC
from crossdock.db.database import Database
from crossdock.db.signals import Signals

LOOK_AGAIN_S: Final = 60.0
"""A signal is a hint: a lost one costs a minute. Also stock that the setup file opened, or a cancel set free."""

log = structlog.get_logger(__name__)


async def serve_orders_that_wait(database: Database, signals: Signals) -> None:
    """Until cancelled."""
    with signals.waiting_for(STOCK_TOPIC) as arrived:
        while True:
            arrived.clear()
            try:
                served = await serve_waiting(database)
                if served:
                    log.info("waiting orders served", orders=served)
            except Unavailable as error:
                log.warning("waiting orders not served now", cause=type(error).__name__)
            except Exception:
                log.exception("waiting orders could not be served")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await arrived.wait()
