"""Statements on keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crossdock.base.ids import AccountId, CredentialId
from crossdock.core.accounts.model import Key
from crossdock.core.accounts.sql import CredentialRow
from crossdock.db.tx import Tx, columns

KEYS = """
SELECT c.id, c.account_id, c.dialect, c.key, c.secret_sealed IS NOT NULL AS has_secret, c.scope, c.valid_from,
       c.valid_until, c.revoked_at, c.last_used_at,
       (SELECT count(*) FROM receiver r WHERE r.credential_id = c.id AND r.active) AS receivers
  FROM credential c
"""


async def keys(
    tx: Tx, *, account_id: AccountId, dialect: str | None = None, credential_id: int | None = None
) -> list[Key]:
    """Index: credential_account_id_idx."""
    return await tx.many(
        Key,
        f"""{KEYS}
 WHERE c.account_id = %(account_id)s
   AND (%(dialect)s::text IS NULL OR c.dialect = %(dialect)s)
   AND (%(credential_id)s::bigint IS NULL OR c.id = %(credential_id)s)
 ORDER BY c.dialect, c.id
""",
        account_id=account_id,
        dialect=dialect,
        credential_id=credential_id,
    )


async def sealed(tx: Tx, *, account_id: AccountId, dialect: str, limit: int) -> list[CredentialRow]:
    """Newest first. Index: credential_account_id_idx."""
    return await tx.many(
        CredentialRow,
        f"SELECT {columns(CredentialRow)} FROM credential"
        " WHERE account_id = %(account_id)s AND dialect = %(dialect)s ORDER BY id DESC LIMIT %(limit)s",
        account_id=account_id,
        dialect=dialect,
        limit=limit,
    )


async def insert(
    tx: Tx, *, account_id: AccountId, dialect: str, key: str, secret_sealed: bytes, scope: dict[str, Any]
) -> int | None:
    """None when somebody goes by this key. Index: credential_dialect_key_key."""
    found: int | None = await tx.value(
        "INSERT INTO credential (account_id, dialect, key, secret_sealed, scope, valid_from)"
        " VALUES (%(account_id)s, %(dialect)s, %(key)s, %(secret_sealed)s, %(scope)s, %(now)s)"
        " ON CONFLICT (dialect, key) DO NOTHING RETURNING id",
        account_id=account_id,
        dialect=dialect,
        key=key,
        secret_sealed=secret_sealed,
        scope=scope,
        now=tx.now,
    )
    return found


async def end(tx: Tx, *, account_id: AccountId, credential_id: CredentialId, at: datetime) -> None:
    """Never later than it would have ended anyway."""
    await tx.execute(
        "UPDATE credential SET valid_until = least(valid_until, %(at)s)"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=credential_id,
        at=at,
    )


async def revoke(tx: Tx, *, account_id: AccountId, credential_id: int) -> None:
    await tx.execute(
        "UPDATE credential SET revoked_at = coalesce(revoked_at, %(now)s)"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=credential_id,
        now=tx.now,
    )


async def move_receivers(tx: Tx, *, account_id: AccountId, old: CredentialId, new: CredentialId) -> None:
    await tx.execute(
        "UPDATE receiver SET credential_id = %(new)s WHERE account_id = %(account_id)s AND credential_id = %(old)s",
        account_id=account_id,
        old=old,
        new=new,
    )


async def note_uses(tx: Tx, uses: Mapping[CredentialId, datetime]) -> None:
    """The later of what is on record and what is said; in key order, as others note theirs."""
    await tx.execute(
        """
UPDATE credential c SET last_used_at = greatest(c.last_used_at, said.at)
  FROM (SELECT id, at FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[]) AS given (id, at) ORDER BY id) AS said
 WHERE c.id = said.id
""",
        ids=sorted(uses),
        ats=[uses[id_] for id_ in sorted(uses)],
    )
