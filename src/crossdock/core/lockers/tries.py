"""Codes typed at a cabinet: five wrong ones in a row, and none is taken for a while.

A try is counted before its code is looked up, so that any number at once get no more than five guesses.
"""

from crossdock.base.ids import AccountId
from crossdock.core.lockers import alarms, queries, sql
from crossdock.core.lockers.errors import CodesLocked
from crossdock.core.lockers.model import LOCKED_S, WRONG_MAX, Try
from crossdock.db.tx import Tx


async def begin(tx: Tx, *, account_id: AccountId, cabinet: str) -> Try:
    """Count one: it stays counted until it is known to have been good. Errors: CabinetUnknown, CodesLocked."""
    counted = await sql.count_try(tx, account_id=account_id, number=cabinet, tries_max=WRONG_MAX, locked_s=LOCKED_S)
    if counted is None:
        found = await queries.cabinet(tx, account_id=account_id, number=cabinet)
        raise CodesLocked(until=await queries.code_lock(tx, cabinet_id=found.id))
    return counted


async def wrong(tx: Tx, *, account_id: AccountId, cabinet: str) -> None:
    """It was; the fifth raises an alarm."""
    if await sql.tries(tx, account_id=account_id, number=cabinet) < WRONG_MAX:
        return
    found = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    await alarms.raise_alarm(
        tx,
        account_id=account_id,
        cabinet_id=found.id,
        cabinet=found.number,
        kind="code entry locked",
        tries=WRONG_MAX,
    )


async def right(tx: Tx, *, account_id: AccountId, cabinet: str) -> None:
    """Its code was taken: the count begins anew."""
    await sql.forget_tries(tx, account_id=account_id, number=cabinet)


async def take_back(tx: Tx, *, account_id: AccountId, cabinet: str, counted: Try) -> None:
    """The code was good and something else stood in the way: this try leaves no trace."""
    await sql.uncount_try(tx, account_id=account_id, number=cabinet, counted=counted)
