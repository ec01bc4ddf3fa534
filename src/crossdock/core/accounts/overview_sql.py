"""Statements that show accounts and what is theirs, a page at a time."""

from typing import Any

from crossdock.base.ids import AccountId
from crossdock.core.accounts.keys_sql import KEYS
from crossdock.core.accounts.model import AccountRow, DeliveryService, Key, Site
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx, columns

_ACCOUNTS = """
SELECT a.id, a.code, a.name, a.zone, a.currency,
       (SELECT count(*) FROM credential c
         WHERE c.account_id = a.id AND c.revoked_at IS NULL
           AND (c.valid_from IS NULL OR c.valid_from <= %(now)s)
           AND (c.valid_until IS NULL OR c.valid_until > %(now)s)) AS live_keys,
       (SELECT max(c.last_used_at) FROM credential c WHERE c.account_id = a.id) AS last_used_at
  FROM account a
 WHERE {where}
 ORDER BY a.id
 LIMIT %(limit)s
"""
_FILTERS = {
    "account_id": "a.id = %(account_id)s",
    "after": "a.id > %(after)s",
    "text": "strpos(lower(a.code || ' ' || a.name), lower(%(text)s)) > 0",
}


async def accounts(
    tx: Tx, *, account_id: AccountId | None, text: str, after: int | None, limit: int
) -> list[AccountRow]:
    """By number. Index: credential_account_id_idx."""
    asked: dict[str, Any] = {"account_id": account_id, "after": after, "text": text or None}
    given = {name: value for name, value in asked.items() if value is not None}
    where = SQL(" AND ").join([SQL("true"), *(SQL(_FILTERS[name]) for name in given)])
    return await tx.many(AccountRow, SQL(_ACCOUNTS).format(where=where), limit=limit, now=tx.now, **given)


async def keys(tx: Tx, *, account_id: AccountId, dialect: str | None, after: int, limit: int) -> list[Key]:
    """Newest first. Index: credential_account_id_idx."""
    return await tx.many(
        Key,
        f"{KEYS} WHERE c.account_id = %(account_id)s AND c.id < %(after)s"
        " AND (%(dialect)s::text IS NULL OR c.dialect = %(dialect)s) ORDER BY c.id DESC LIMIT %(limit)s",
        account_id=account_id,
        dialect=dialect,
        after=after,
        limit=limit,
    )


async def sites(tx: Tx, *, account_id: AccountId, after: int, limit: int) -> list[Site]:
    """Index: site_account_id_id_key."""
    return await tx.many(
        Site,
        f"SELECT {columns(Site)} FROM site WHERE account_id = %(account_id)s AND id > %(after)s"
        " ORDER BY id LIMIT %(limit)s",
        account_id=account_id,
        after=after,
        limit=limit,
    )


async def services(tx: Tx, *, account_id: AccountId, limit: int) -> list[DeliveryService]:
    """Index: delivery_service_account_id_company_id_name_key."""
    return await tx.many(
        DeliveryService,
        f"SELECT {columns(DeliveryService)} FROM delivery_service WHERE account_id = %(account_id)s"
        " ORDER BY company_id, name LIMIT %(limit)s",
        account_id=account_id,
        limit=limit,
    )
