"""What an operator sees of accounts: places, services and keys, never a secret."""

from typing import Final

from crossdock.base.ids import AccountId
from crossdock.core.accounts import overview_sql, sql
from crossdock.core.accounts.errors import AccountUnknown
from crossdock.core.accounts.model import Account, AccountRow, DeliveryService, Key, Site
from crossdock.db.tx import Tx

NEWEST: Final = 2**63 - 1


async def accounts(
    tx: Tx, *, account_id: AccountId | None = None, text: str = "", after: int | None = None, limit: int
) -> list[AccountRow]:
    """By number; `text` is a part of a code or a name."""
    return await overview_sql.accounts(tx, account_id=account_id, text=text, after=after, limit=limit)


async def account(tx: Tx, *, account_id: AccountId) -> Account:
    """Errors: AccountUnknown."""
    found = await sql.account(tx, account_id)
    if found is None:
        raise AccountUnknown(code=account_id)
    return found


async def keys(
    tx: Tx, *, account_id: AccountId, dialect: str | None = None, before: int | None = None, limit: int
) -> list[Key]:
    """Newest first, revoked ones too."""
    return await overview_sql.keys(tx, account_id=account_id, dialect=dialect, after=before or NEWEST, limit=limit)


async def sites(tx: Tx, *, account_id: AccountId, after: int | None = None, limit: int) -> list[Site]:
    return await overview_sql.sites(tx, account_id=account_id, after=after or 0, limit=limit)


async def services(tx: Tx, *, account_id: AccountId, limit: int) -> list[DeliveryService]:
    """By company and name."""
    return await overview_sql.services(tx, account_id=account_id, limit=limit)
