"""Replaying the ledger and the timeline, and proving that stock, orders, boxes and codes agree with them."""

from crossdock.core.audit import sql
from crossdock.core.audit.model import Checked
from crossdock.db.tx import Tx

__all__ = ["verify"]


async def verify(tx: Tx) -> list[Checked]:
    """All checks, each with how many rows it looked at. Reads one snapshot: hand in a transaction of its own."""
    await sql.freeze(tx)
    return [await sql.check(tx, name) for name in sql.CHECKS]
