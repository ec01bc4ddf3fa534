"""Which nonces were used lately, by whichever process."""

import hashlib
from datetime import timedelta
from typing import Final

from crossdock.core.nonces import sql
from crossdock.db.tx import Tx

KEPT_MAX: Final = timedelta(hours=1)
"""No dialect asks for longer: older ones are swept."""


async def use(tx: Tx, *, dialect: str, key: str, nonce: str, kept: timedelta) -> bool:
    """Whether `key` had not used `nonce` within `kept`, at most KEPT_MAX; from now on it has."""
    return await sql.insert(
        tx,
        dialect=dialect,
        key=key,
        nonce_hash=hashlib.sha256(nonce.encode()).digest(),
        used_before=tx.now - kept,
    )


async def sweep(tx: Tx) -> int:
    """Forget those nobody asks for any more; how many there were."""
    return await sql.delete(tx, used_before=tx.now - KEPT_MAX)
