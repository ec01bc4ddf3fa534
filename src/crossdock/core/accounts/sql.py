"""Statements on accounts and what belongs to them."""

from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, CompanyId, EnterpriseId, ServiceId, SiteId, SubInventoryId
from crossdock.core.accounts.errors import AccountUnknown
from crossdock.core.accounts.model import (
    Account,
    Company,
    DeliveryService,
    Department,
    Enterprise,
    Organisation,
    ReturnAction,
    Site,
    SubInventory,
)
from crossdock.db.tx import Tx, columns


class CredentialRow(Struct, frozen=True):
    id: int
    account_id: int
    dialect: str
    key: str
    secret_sealed: bytes | None
    scope: dict[str, Any]
    valid_from: Any
    valid_until: Any
    revoked_at: Any


_CREDENTIAL = f"SELECT {columns(CredentialRow)} FROM credential"


async def credential(tx: Tx, *, dialect: str, key: str) -> CredentialRow | None:
    """Index: credential_dialect_key_key."""
    return await tx.one_or_none(
        CredentialRow,
        f"{_CREDENTIAL} WHERE dialect = %(dialect)s AND key = %(key)s",
        dialect=dialect,
        key=key,
    )


async def credential_by_id(tx: Tx, credential_id: int) -> CredentialRow | None:
    return await tx.one_or_none(CredentialRow, f"{_CREDENTIAL} WHERE id = %(id)s", id=credential_id)


async def sealed_secret(tx: Tx) -> bytes | None:
    """Any one of those on record; all are sealed with one key."""
    found: bytes | None = await tx.value(
        "SELECT secret_sealed FROM credential WHERE secret_sealed IS NOT NULL"
        " UNION ALL SELECT token_sealed FROM staff WHERE token_sealed IS NOT NULL LIMIT 1"
    )
    return found


async def account(tx: Tx, account_id: AccountId) -> Account | None:
    return await tx.one_or_none(Account, f"SELECT {columns(Account)} FROM account WHERE id = %(id)s", id=account_id)


async def all_accounts(tx: Tx) -> list[Account]:
    """By their codes."""
    return await tx.many(Account, f"SELECT {columns(Account)} FROM account ORDER BY code")


async def account_by_code(tx: Tx, code: str) -> Account | None:
    return await tx.one_or_none(Account, f"SELECT {columns(Account)} FROM account WHERE code = %(code)s", code=code)


async def known_account(tx: Tx, code: str) -> Account:
    """Errors: AccountUnknown."""
    found = await account_by_code(tx, code)
    if found is None:
        raise AccountUnknown(code=code)
    return found


async def company(tx: Tx, *, account_id: AccountId, company_id: int) -> Company | None:
    """The company, when it is opened for the account."""
    return await tx.one_or_none(
        Company,
        "SELECT id, name, currency, zone FROM company JOIN account_company ON company_id = id"
        " WHERE account_id = %(account_id)s AND id = %(company_id)s",
        account_id=account_id,
        company_id=company_id,
    )


async def companies(tx: Tx) -> list[Company]:
    return await tx.many(Company, f"SELECT {columns(Company)} FROM company ORDER BY id")


async def companies_of(tx: Tx, account_id: AccountId) -> list[Company]:
    return await tx.many(
        Company,
        "SELECT id, name, currency, zone FROM company JOIN account_company ON company_id = id"
        " WHERE account_id = %(account_id)s ORDER BY id",
        account_id=account_id,
    )


_SITE = f"SELECT {columns(Site)} FROM site WHERE account_id = %(account_id)s"


async def site(tx: Tx, *, account_id: AccountId, code: str) -> Site | None:
    """Index: site_account_id_code_key."""
    return await tx.one_or_none(Site, f"{_SITE} AND code = %(code)s", account_id=account_id, code=code)


async def site_by_id(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> Site | None:
    return await tx.one_or_none(Site, f"{_SITE} AND id = %(site_id)s", account_id=account_id, site_id=site_id)


async def sites(tx: Tx, *, account_id: AccountId, kind: str) -> list[Site]:
    return await tx.many(Site, f"{_SITE} AND kind = %(kind)s ORDER BY id", account_id=account_id, kind=kind)


async def warehouse_of(tx: Tx, *, account_id: AccountId, company_id: CompanyId) -> Site | None:
    """The company's first warehouse."""
    return await tx.one_or_none(
        Site,
        f"{_SITE} AND company_id = %(company_id)s AND kind = 'warehouse' AND active ORDER BY id LIMIT 1",
        account_id=account_id,
        company_id=company_id,
    )


async def sub_inventory(tx: Tx, *, account_id: AccountId, code: str) -> SubInventory | None:
    return await tx.one_or_none(
        SubInventory,
        f"SELECT {columns(SubInventory)} FROM sub_inventory WHERE account_id = %(account_id)s AND code = %(code)s",
        account_id=account_id,
        code=code,
    )


async def sub_inventory_by_id(
    tx: Tx, *, account_id: AccountId, sub_inventory_id: SubInventoryId
) -> SubInventory | None:
    return await tx.one_or_none(
        SubInventory,
        f"SELECT {columns(SubInventory)} FROM sub_inventory WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=sub_inventory_id,
    )


async def first_sub_inventory(tx: Tx, account_id: AccountId) -> SubInventory | None:
    return await tx.one_or_none(
        SubInventory,
        f"SELECT {columns(SubInventory)} FROM sub_inventory WHERE account_id = %(account_id)s ORDER BY id LIMIT 1",
        account_id=account_id,
    )


async def service(tx: Tx, *, account_id: AccountId, service_id: ServiceId) -> DeliveryService | None:
    return await tx.one_or_none(
        DeliveryService,
        f"SELECT {columns(DeliveryService)} FROM delivery_service"
        " WHERE account_id = %(account_id)s AND id = %(service_id)s",
        account_id=account_id,
        service_id=service_id,
    )


async def return_action(tx: Tx, *, action_id: int) -> ReturnAction | None:
    return await tx.one_or_none(
        ReturnAction,
        f"SELECT {columns(ReturnAction)} FROM return_action WHERE id = %(action_id)s",
        action_id=action_id,
    )


async def return_actions(tx: Tx, company_id: CompanyId) -> list[ReturnAction]:
    """Index: return_action_company_id_name_key."""
    return await tx.many(
        ReturnAction,
        f"SELECT {columns(ReturnAction)} FROM return_action WHERE company_id = %(company_id)s ORDER BY id",
        company_id=company_id,
    )


async def service_by_name(
    tx: Tx, *, account_id: AccountId, company_id: CompanyId, name: str
) -> DeliveryService | None:
    return await tx.one_or_none(
        DeliveryService,
        f"SELECT {columns(DeliveryService)} FROM delivery_service"
        " WHERE account_id = %(account_id)s AND company_id = %(company_id)s AND name = %(name)s",
        account_id=account_id,
        company_id=company_id,
        name=name,
    )


async def services_of(tx: Tx, *, account_id: AccountId, company_id: CompanyId) -> list[DeliveryService]:
    """Index: delivery_service_account_id_company_id_name_key."""
    return await tx.many(
        DeliveryService,
        f"SELECT {columns(DeliveryService)} FROM delivery_service"
        " WHERE account_id = %(account_id)s AND company_id = %(company_id)s ORDER BY id",
        account_id=account_id,
        company_id=company_id,
    )


async def organisation(tx: Tx, organisation_id: int) -> Organisation | None:
    return await tx.one_or_none(
        Organisation,
        """
SELECT o.id, o.account_id, o.name,
       coalesce(array_agg(e.enterprise_id ORDER BY e.enterprise_id) FILTER (WHERE e.enterprise_id IS NOT NULL),
                '{}') AS enterprise_ids
  FROM organisation o LEFT JOIN organisation_enterprise e ON e.organisation_id = o.id
 WHERE o.id = %(id)s
 GROUP BY o.id
""",
        id=organisation_id,
    )


async def enterprise(tx: Tx, enterprise_id: EnterpriseId) -> Enterprise | None:
    return await tx.one_or_none(
        Enterprise, f"SELECT {columns(Enterprise)} FROM enterprise WHERE id = %(id)s", id=enterprise_id
    )


async def department(tx: Tx, department_id: int) -> Department | None:
    return await tx.one_or_none(
        Department, f"SELECT {columns(Department)} FROM department WHERE id = %(id)s", id=department_id
    )


async def departments_by_shop_code(tx: Tx, shop_code: str) -> list[Department]:
    """Of every enterprise: the codes are the third party's own and may repeat."""
    return await tx.many(
        Department,
        f"SELECT {columns(Department)} FROM department WHERE shop_code = %(shop_code)s ORDER BY id",
        shop_code=shop_code,
    )


async def lock_account(tx: Tx, account_id: AccountId) -> None:
    """One at a time may give this account another key."""
    await tx.execute("SELECT 1 FROM account WHERE id = %(account_id)s FOR NO KEY UPDATE", account_id=account_id)


async def credentials_of(tx: Tx, *, account_id: AccountId, dialect: str) -> list[CredentialRow]:
    """Revoked ones too. Index: credential_account_id_idx."""
    return await tx.many(
        CredentialRow,
        f"{_CREDENTIAL} WHERE account_id = %(account_id)s AND dialect = %(dialect)s ORDER BY id",
        account_id=account_id,
        dialect=dialect,
    )


async def insert_credential(
    tx: Tx, *, account_id: AccountId, dialect: str, key: str, scope: dict[str, Any]
) -> CredentialRow:
    return await tx.one(
        CredentialRow,
        f"INSERT INTO credential (account_id, dialect, key, scope)"
        f" VALUES (%(account_id)s, %(dialect)s, %(key)s, %(scope)s) RETURNING {columns(CredentialRow)}",
        account_id=account_id,
        dialect=dialect,
        key=key,
        scope=scope,
    )


async def change_scope(
    tx: Tx, *, account_id: AccountId, dialect: str, credential_id: int, having: str, details: dict[str, Any]
) -> CredentialRow | None:
    """Of a key whose scope has the key `having`; None for any other."""
    return await tx.one_or_none(
        CredentialRow,
        "UPDATE credential SET scope = scope || %(details)s"
        " WHERE account_id = %(account_id)s AND dialect = %(dialect)s AND id = %(id)s AND scope ? %(having)s"
        f" RETURNING {columns(CredentialRow)}",
        account_id=account_id,
        dialect=dialect,
        id=credential_id,
        having=having,
        details=details,
    )
