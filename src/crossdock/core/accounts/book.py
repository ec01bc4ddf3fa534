"""Who is who, kept for a few seconds: recognising a caller costs no statement most of the time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeVar, cast

import structlog

from crossdock.base.errors import Unavailable
from crossdock.base.ids import AccountId, CompanyId, CredentialId, EnterpriseId, ServiceId, SiteId
from crossdock.base.seal import Seal
from crossdock.core.accounts import keys_sql, sql
from crossdock.core.accounts.errors import (
    CompanyUnknown,
    ServiceUnknown,
    SiteUnknown,
    SubInventoryUnknown,
)
from crossdock.core.accounts.model import (
    Account,
    Caller,
    Company,
    Credential,
    DeliveryService,
    Department,
    Enterprise,
    Organisation,
    ReturnAction,
    Site,
    SubInventory,
)
from crossdock.db.database import Database
from crossdock.db.tx import Tx

KEPT_S = 5.0
"""How long a revoked key may still be taken for a good one."""
ENTRIES_MAX = 10_000

NOTED_S: Final = 30.0
"""Between two notes of when keys were used."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class AccountBook:
    """Reads through `database`. What is not found is asked for anew each time: a key just made works at once."""

    def __init__(self, database: Database, seal: Seal, *, kept_s: float = KEPT_S) -> None:
        self._database = database
        self._seal = seal
        self._kept_s = kept_s
        self._uses: dict[CredentialId, datetime] = {}
        self._entries: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()

    def forget(self) -> None:
        """Everything is read anew, for example after the setup file was applied."""
        self._entries.clear()

    async def check_key(self) -> None:
        """Whether what is on record can be opened. Errors: SecretKeyWrong."""
        async with self._database.transaction(readonly=True) as tx:
            sealed = await sql.sealed_secret(tx)
        if sealed is not None:
            self._seal.open(sealed)

    async def caller(self, dialect: str, key: str) -> Caller | None:
        """The account behind a key, whatever the key's dates: the dialect says how an expired one is refused."""
        return await self._kept(("caller", dialect, key), lambda tx: self._caller(tx, dialect, key))

    def used(self, credential: Credential, now: datetime) -> None:
        """A caller was recognised by it. Noted now and then: see `note_uses`."""
        self._uses[credential.id] = now

    async def note_uses(self) -> None:
        """Write down when each key was last used. What a process had not written when it was killed is forgotten."""
        uses, self._uses = self._uses, {}
        if uses:
            async with self._database.transaction() as tx:
                await keys_sql.note_uses(tx, uses)

    async def keep_noting(self) -> None:
        """Every NOTED_S, until cancelled."""
        while True:
            await asyncio.sleep(NOTED_S)
            try:
                await self.note_uses()
            except Unavailable as error:
                log.warning("uses of keys not noted", cause=error.sentence)

    async def credential(self, credential_id: CredentialId) -> Credential | None:
        return await self._kept(("credential", credential_id), lambda tx: self._by_id(tx, credential_id))

    async def account(self, account_id: AccountId) -> Account:
        found = await self._kept(("account", account_id), lambda tx: sql.account(tx, account_id))
        if found is None:
            raise LookupError(f"account {account_id}")
        return found

    async def account_by_code(self, code: str) -> Account | None:
        return await self._kept(("account code", code), lambda tx: sql.account_by_code(tx, code))

    async def company(self, account_id: AccountId, company_id: int) -> Company:
        """Errors: CompanyUnknown."""
        found = await self._kept(
            ("company", account_id, company_id),
            lambda tx: sql.company(tx, account_id=account_id, company_id=company_id),
        )
        if found is None:
            raise CompanyUnknown(company_id=company_id)
        return found

    async def companies(self) -> list[Company]:
        """All companies of this house."""
        return await self._kept(("companies",), sql.companies) or []

    async def companies_of(self, account_id: AccountId) -> list[Company]:
        return await self._kept(("companies", account_id), lambda tx: sql.companies_of(tx, account_id)) or []

    async def site(self, account_id: AccountId, code: str) -> Site:
        """Errors: SiteUnknown."""
        found = await self._kept(
            ("site", account_id, code), lambda tx: sql.site(tx, account_id=account_id, code=code)
        )
        if found is None:
            raise SiteUnknown(code=code)
        return found

    async def site_by_id(self, account_id: AccountId, site_id: SiteId) -> Site:
        """Errors: SiteUnknown."""
        found = await self._kept(
            ("site id", account_id, site_id),
            lambda tx: sql.site_by_id(tx, account_id=account_id, site_id=site_id),
        )
        if found is None:
            raise SiteUnknown(id=site_id)
        return found

    async def warehouse_of(self, account_id: AccountId, company_id: CompanyId) -> Site:
        """The first warehouse of a company. Errors: SiteUnknown."""
        found = await self._kept(
            ("warehouse", account_id, company_id),
            lambda tx: sql.warehouse_of(tx, account_id=account_id, company_id=company_id),
        )
        if found is None:
            raise SiteUnknown(company_id=company_id)
        return found

    async def sub_inventory(self, account_id: AccountId, code: str) -> SubInventory:
        """Errors: SubInventoryUnknown."""
        found = await self._kept(
            ("sub", account_id, code), lambda tx: sql.sub_inventory(tx, account_id=account_id, code=code)
        )
        if found is None:
            raise SubInventoryUnknown(code=code)
        return found

    async def first_sub_inventory(self, account_id: AccountId) -> SubInventory:
        """The one goods belong to where a dialect has no word for it. Errors: SubInventoryUnknown."""
        found = await self._kept(("first sub", account_id), lambda tx: sql.first_sub_inventory(tx, account_id))
        if found is None:
            raise SubInventoryUnknown()
        return found

    async def service(self, account_id: AccountId, service_id: int) -> DeliveryService:
        """Active or not. Errors: ServiceUnknown."""
        found = await self._kept(
            ("service", account_id, service_id),
            lambda tx: sql.service(tx, account_id=account_id, service_id=ServiceId(service_id)),
        )
        if found is None:
            raise ServiceUnknown(id=service_id)
        return found

    async def services_of(self, account_id: AccountId, company_id: CompanyId) -> list[DeliveryService]:
        """By id; active or not."""
        return (
            await self._kept(
                ("services", account_id, company_id),
                lambda tx: sql.services_of(tx, account_id=account_id, company_id=company_id),
            )
            or []
        )

    async def warehouses(self, account_id: AccountId) -> list[Site]:
        """Of all companies, by id; active or not."""
        return (
            await self._kept(
                ("warehouses", account_id), lambda tx: sql.sites(tx, account_id=account_id, kind="warehouse")
            )
            or []
        )

    async def return_actions(self, company_id: CompanyId) -> list[ReturnAction]:
        """What a company does with returned goods, by id; active or not."""
        return await self._kept(("return actions", company_id), lambda tx: sql.return_actions(tx, company_id)) or []

    async def service_by_name(self, account_id: AccountId, company_id: CompanyId, name: str) -> DeliveryService:
        """Active or not. Errors: ServiceUnknown."""
        found = await self._kept(
            ("service name", account_id, company_id, name),
            lambda tx: sql.service_by_name(tx, account_id=account_id, company_id=company_id, name=name),
        )
        if found is None:
            raise ServiceUnknown(name=name)
        return found

    async def organisation(self, organisation_id: int) -> Organisation | None:
        return await self._kept(("organisation", organisation_id), lambda tx: sql.organisation(tx, organisation_id))

    async def enterprise(self, enterprise_id: EnterpriseId) -> Enterprise | None:
        return await self._kept(("enterprise", enterprise_id), lambda tx: sql.enterprise(tx, enterprise_id))

    async def department(self, department_id: int) -> Department | None:
        return await self._kept(("department", department_id), lambda tx: sql.department(tx, department_id))

    async def departments_by_shop_code(self, shop_code: str) -> list[Department]:
        return (
            await self._kept(("shop code", shop_code), lambda tx: sql.departments_by_shop_code(tx, shop_code)) or []
        )

    async def _kept(self, key: tuple[Any, ...], load: Callable[[Tx], Awaitable[T]]) -> T:
        entry = self._entries.get(key)
        if entry is not None and entry[0] > time.monotonic():
            return cast(T, entry[1])
        if any(isinstance(part, str) and "\0" in part for part in key):
            return cast(T, None)  # PostgreSQL has no such text, so nobody goes by it
        async with self._database.transaction(readonly=True) as tx:
            found = await load(tx)
        if found:
            self._entries[key] = (time.monotonic() + self._kept_s, found)
            self._entries.move_to_end(key)
            if len(self._entries) > ENTRIES_MAX:
                self._entries.popitem(last=False)
        else:
            self._entries.pop(key, None)
        return found

    async def _caller(self, tx: Tx, dialect: str, key: str) -> Caller | None:
        row = await sql.credential(tx, dialect=dialect, key=key)
        if row is None:
            return None
        account = await sql.account(tx, AccountId(row.account_id))
        return None if account is None else Caller(credential=self._opened(row), account=account)

    async def _by_id(self, tx: Tx, credential_id: CredentialId) -> Credential | None:
        row = await sql.credential_by_id(tx, credential_id)
        return None if row is None else self._opened(row)

    def _opened(self, row: sql.CredentialRow) -> Credential:
        return Credential(
            id=CredentialId(row.id),
            account_id=AccountId(row.account_id),
            dialect=row.dialect,
            key=row.key,
            secret="" if row.secret_sealed is None else self._seal.open(row.secret_sealed),
            scope=row.scope,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            revoked_at=row.revoked_at,
        )
