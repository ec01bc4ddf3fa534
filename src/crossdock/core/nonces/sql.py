"""Statements on nonces."""

from datetime import datetime

from crossdock.db.tx import Tx


async def insert(tx: Tx, *, dialect: str, key: str, nonce_hash: bytes, used_before: datetime) -> bool:
    """Whether it is new, or was last used before that moment. Index: call_nonce_pkey.

    Not flushed by itself: what the call writes is flushed after it, and the log is one sequence.
    """
    rows = await tx.rows(
        """
WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO call_nonce (dialect, key, nonce_hash, used_at)
SELECT %(dialect)s, %(key)s, %(nonce_hash)s, %(now)s FROM unflushed
ON CONFLICT ON CONSTRAINT call_nonce_pkey DO UPDATE SET used_at = excluded.used_at
 WHERE call_nonce.used_at < %(used_before)s
RETURNING 1
""",
        dialect=dialect,
        key=key,
        nonce_hash=nonce_hash,
        now=tx.now,
        used_before=used_before,
    )
    return bool(rows)


async def delete(tx: Tx, *, used_before: datetime) -> int:
    """How many there were. Index: call_nonce_used_at_idx."""
    return await tx.execute("DELETE FROM call_nonce WHERE used_at < %(used_before)s", used_before=used_before)
