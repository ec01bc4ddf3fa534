"""Wrong passwords: five in a row under one name, and nobody logs in under it for a while.

A try is counted before its password is checked, so that any number at once get no more than five guesses. It is
counted by name, whether somebody has it or not: who is refused cannot tell.
"""

from hashlib import sha256
from math import ceil

from crossdock.core.staff import tries_sql
from crossdock.core.staff.errors import LoginLocked
from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX
from crossdock.db.tx import Tx


async def begin(tx: Tx, *, username: str) -> None:
    """Count one: it stays counted until it is known to have been right. While the name is locked none is counted.

    Errors: LoginLocked.
    """
    name_hash = _name_hash(username)
    if await tries_sql.count(tx, name_hash=name_hash, tries_max=WRONG_PASSWORDS_MAX, locked_s=LOCKED_S):
        return
    left = await tries_sql.lock_left_s(tx, name_hash=name_hash, locked_s=LOCKED_S)
    raise LoginLocked(wait_s=max(1, ceil(left)))


async def forget(tx: Tx, *, username: str) -> int:
    """The password was right, or is another one now: the count begins anew. How many there were."""
    return await tries_sql.forget(tx, name_hash=_name_hash(username), locked_s=LOCKED_S)


async def sweep(tx: Tx) -> None:
    """Forget what counts no more."""
    await tries_sql.sweep(tx, locked_s=LOCKED_S)


def _name_hash(username: str) -> str:
    """What is kept: somebody may have typed a password where the name belongs."""
    return sha256(username.encode()).hexdigest()
