"""What a partner tells of its own places and of whom it sends to. The same again with other words is a change."""

from typing import Any

from crossdock.base.ids import AccountId
from crossdock.core.accounts import master_sql, sql
from crossdock.core.accounts.errors import CompanyUnknown, SiteCodeTaken
from crossdock.core.accounts.model import Consignee, Site, SubInventory
from crossdock.db.tx import Tx


async def put_warehouse(
    tx: Tx, *, account_id: AccountId, code: str, name: str, address: dict[str, Any] | None = None
) -> Site:
    """A new one belongs to the account's first company. Errors: CompanyUnknown, SiteCodeTaken."""
    companies = await sql.companies_of(tx, account_id)
    if not companies:
        raise CompanyUnknown(account_id=account_id)
    site = await master_sql.put_warehouse(
        tx,
        account_id=account_id,
        code=code,
        name=name,
        company_id=companies[0].id,
        zone=companies[0].zone,
        address=address or {},
    )
    if site is None:
        raise SiteCodeTaken(code=code)
    return site


async def put_sub_inventory(
    tx: Tx, *, account_id: AccountId, code: str, name: str, contact: dict[str, Any] | None = None
) -> SubInventory:
    """Whose goods they are; `contact` is laid over what is known of it."""
    return await master_sql.put_sub_inventory(tx, account_id=account_id, code=code, name=name, contact=contact or {})


async def put_consignee(tx: Tx, consignee: Consignee) -> None:
    await master_sql.put_consignee(tx, consignee)


async def consignee(tx: Tx, *, account_id: AccountId, code: str) -> Consignee | None:
    """None also for a code of another account."""
    return await master_sql.consignee(tx, account_id=account_id, code=code)
