"""What `crossdock verify` proves, of a ground that was measured on: a bench that writes ends with it."""

import asyncio

from crossdock.base.clock import SystemClock
from crossdock.db.database import Database
from crossdock.verify import checks


class Disagrees(Exception):
    """Stock, orders, boxes or codes do not agree with ledger and timeline."""


def verified(url: str) -> None:
    """Errors: Disagrees."""

    async def look() -> list[str]:
        async with Database(url, SystemClock(), connections=1) as database:
            return [
                f"{one.check}: {found.subject}: {found.says}"
                for one in await checks(database)
                for found in one.findings
            ]

    if findings := asyncio.run(look()):
        raise Disagrees("\n".join(findings[:10]))
