"""Statements on wrong passwords, counted by the hash of a name."""

from crossdock.db.tx import Tx

_COUNT = """
INSERT INTO login_try AS t (name_hash, wrong, wrong_at) VALUES (%(name_hash)s, 1, %(now)s)
ON CONFLICT ON CONSTRAINT login_try_pkey DO UPDATE
   SET wrong = CASE WHEN t.wrong_at > %(now)s - %(locked_s)s * interval '1 second' THEN t.wrong + 1 ELSE 1 END,
       wrong_at = %(now)s
 WHERE t.wrong < %(tries_max)s OR t.wrong_at <= %(now)s - %(locked_s)s * interval '1 second'
"""


async def count(tx: Tx, *, name_hash: str, tries_max: int, locked_s: int) -> bool:
    """One more try under this name; False when it is locked, and nothing is counted."""
    return bool(await tx.execute(_COUNT, name_hash=name_hash, tries_max=tries_max, locked_s=locked_s, now=tx.now))


async def lock_left_s(tx: Tx, *, name_hash: str, locked_s: int) -> float:
    """How long nobody is let in under this name."""
    left = await tx.value(
        "SELECT extract(epoch FROM wrong_at - %(now)s)::float8 + %(locked_s)s FROM login_try"
        " WHERE name_hash = %(name_hash)s",
        name_hash=name_hash,
        locked_s=locked_s,
        now=tx.now,
    )
    return float(left or 0)


async def forget(tx: Tx, *, name_hash: str, locked_s: int) -> int:
    """How many counted."""
    wrong = await tx.value(
        "DELETE FROM login_try WHERE name_hash = %(name_hash)s"
        " RETURNING CASE WHEN wrong_at > %(now)s - %(locked_s)s * interval '1 second' THEN wrong ELSE 0 END",
        name_hash=name_hash,
        locked_s=locked_s,
        now=tx.now,
    )
    return int(wrong or 0)


async def sweep(tx: Tx, *, locked_s: int) -> None:
    await tx.execute(
        "DELETE FROM login_try WHERE wrong_at <= %(now)s - %(locked_s)s * interval '1 second'",
        locked_s=locked_s,
        now=tx.now,
    )
