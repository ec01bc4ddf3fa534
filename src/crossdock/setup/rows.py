"""A setup file as rows of tables. Rows refer to each other by name; what is on record is not asked here."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from crossdock.core.enterprises import passwords
from crossdock.setup import model, tables
from crossdock.setup.checks import Checks
from crossdock.setup.errors import Path, SetupFileWrong
from crossdock.setup.plan import OpeningStock, Password, Plan, Ref, Row, ZoneOf, masked
from crossdock.setup.read import SetupText
from crossdock.setup.tables import Table


def rows_of(text: SetupText, environ: Mapping[str, str], dialects: Collection[str] | None) -> Plan:
    """Errors: SetupFileWrong."""
    checks = Checks(text, environ, dialects)
    reader = _Reader(checks)
    for position, company in enumerate(text.tables.company):
        reader.company(("company", position), company)
    for position, account in enumerate(text.tables.account):
        reader.account(("account", position), account)
    if checks.problems:
        raise SetupFileWrong(file=text.file, problems=sorted(checks.problems, key=lambda found: found.line))
    return Plan(dict(reader.rows), reader.openings)


class _Reader:
    def __init__(self, checks: Checks) -> None:
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)
        self.openings: list[OpeningStock] = []
        self._checks = checks
        self._domains: dict[str, tuple[Path, str]] = {}

    def row(
        self,
        table: Table,
        path: Path,
        entry: Struct | None,
        label: str,
        *,
        word: str | None = None,
        otherwise: dict[str, Any] | None = None,
        **known: Any,
    ) -> None:
        """What `entry` says, column by column; `known` are columns that it does not hold or names by reference."""
        values = {column: value for column, value in known.items() if value is not UNSET}
        for column in ("id", *table.columns):
            field = table.field_of(column)
            given = getattr(entry, field, UNSET)
            if column not in known and given is not UNSET:
                values[column] = self._checks.value(column, (*path, field), given)
        self.rows[table.name].append(
            Row(path=path, label=label, word=word or table.word, values=values, otherwise=otherwise or {})
        )

    def company(self, path: Path, company: model.Company) -> None:
        self.row(tables.COMPANY, path, company, str(company.id))
        itself = Ref(tables.COMPANY, (company.id,))
        for position, action in enumerate(company.return_action):
            here = (*path, "return_action", position)
            self.row(tables.RETURN_ACTION, here, action, f"{company.id} {action.name}", company_id=itself)

    def account(self, path: Path, account: model.Account) -> None:
        self.row(tables.ACCOUNT, path, account, account.code)
        owner = Ref(tables.ACCOUNT, (account.code,))
        for position, company in enumerate(account.companies):
            self.row(
                tables.ACCOUNT_COMPANY,
                (*path, "companies", position),
                None,
                f"{account.code} {company}",
                account_id=owner,
                company_id=_ref(tables.COMPANY, company),
            )
        for name, read in _PARTS.items():
            for position, entry in enumerate(getattr(account, name)):
                read(self, (*path, name, position), owner, entry)

    def warehouse(self, path: Path, owner: Ref, warehouse: model.Warehouse) -> None:
        site = self._site(path, owner, warehouse, "warehouse")
        self._people(path, owner, site, warehouse.staff)
        for position, location in enumerate(warehouse.location):
            here = (*path, "location", position)
            label = f"{warehouse.code}/{location.code}"
            self.row(tables.LOCATION, here, location, label, account_id=owner, site_id=site)

    def shop(self, path: Path, owner: Ref, shop: model.Shop) -> None:
        self._people(path, owner, self._site(path, owner, shop, "shop"), shop.staff)

    def _people(self, path: Path, owner: Ref, site: Ref, staff: list[model.Staff]) -> None:
        for position, person in enumerate(staff):
            here = (*path, "staff", position)
            self.row(tables.STAFF, here, person, person.username, account_id=owner, site_id=site)

    def station(self, path: Path, owner: Ref, station: model.Station) -> None:
        site = self._site(path, owner, station, "station")
        for position, cabinet in enumerate(station.cabinet):
            self._cabinet((*path, "cabinet", position), owner, site, cabinet)

    def _cabinet(self, path: Path, owner: Ref, site: Ref, cabinet: model.Cabinet) -> None:
        named = {"name": cabinet.number}
        self.row(tables.CABINET, path, cabinet, cabinet.number, otherwise=named, account_id=owner, site_id=site)
        itself = Ref(tables.CABINET, (cabinet.number,))
        for position, box in enumerate(cabinet.box):
            label = f"{cabinet.number}/{box.name}"
            self.row(tables.BOX, (*path, "box", position), box, label, account_id=owner, cabinet_id=itself)

    def _site(self, path: Path, owner: Ref, site: model.Site, kind: str) -> Ref:
        self.row(
            tables.SITE,
            path,
            site,
            site.code,
            word=kind,
            otherwise={"zone": ZoneOf()},
            account_id=owner,
            kind=kind,
            company_id=_ref(tables.COMPANY, site.company),
        )
        return Ref(tables.SITE, (owner, site.code))

    def locker_policy(self, path: Path, owner: Ref, policy: model.LockerPolicy) -> None:
        station = _ref(tables.SITE, owner, policy.station)
        self.row(tables.LOCKER_POLICY, path, policy, policy.name, account_id=owner, site_id=station)

    def sub_inventory(self, path: Path, owner: Ref, sub: model.SubInventory) -> None:
        self.row(tables.SUB_INVENTORY, path, sub, sub.code, otherwise={"name": sub.code}, account_id=owner)

    def delivery_service(self, path: Path, owner: Ref, service: model.DeliveryService) -> None:
        self.row(
            tables.DELIVERY_SERVICE,
            path,
            service,
            service.name,
            account_id=owner,
            company_id=_ref(tables.COMPANY, service.company),
            site_id=_ref(tables.SITE, owner, service.site),
        )

    def credential(self, path: Path, owner: Ref, credential: model.Credential) -> None:
        key = self._checks.key((*path, "key"), credential.key)
        shown = masked(key) if credential.secret is UNSET else key
        since, until = credential.valid_from, credential.valid_until
        self.row(tables.CREDENTIAL, path, credential, f"{credential.dialect} {shown}", account_id=owner, key=key)
        if since and until and since.tzinfo and until.tzinfo and until <= since:
            self._checks.complain((*path, "valid_until"), "must be later than valid_from")

    def receiver(self, path: Path, owner: Ref, receiver: model.Receiver) -> None:
        credential: Ref | UnsetType = UNSET
        if receiver.credential is not UNSET:
            key = self._checks.key((*path, "credential"), receiver.credential)
            credential = Ref(tables.CREDENTIAL, (receiver.dialect, key))
        label = f"{receiver.dialect} {receiver.name}"
        self.row(tables.RECEIVER, path, receiver, label, account_id=owner, credential_id=credential)

    def online_shop(self, path: Path, owner: Ref, shop: model.OnlineShop) -> None:
        self._refuse_shared_domains(path, shop)
        self.row(tables.ONLINE_SHOP, path, shop, shop.domain, otherwise={"name": shop.domain}, account_id=owner)

    def _refuse_shared_domains(self, path: Path, shop: model.OnlineShop) -> None:
        further = [] if isinstance(shop.domains, UnsetType) else shop.domains
        places = {shop.domain: (*path, "domain")} | {
            domain: (*path, "domains", position) for position, domain in enumerate(further)
        }
        for domain, place in places.items():
            first, owner = self._domains.setdefault(domain, (place, shop.domain))
            if owner != shop.domain:
                line = self._checks.line_of(first)
                self._checks.complain(
                    place, f"{domain} is a domain of {owner} in line {line} already: keep one of them"
                )

    def enterprise(self, path: Path, owner: Ref, enterprise: model.Enterprise) -> None:
        self.row(tables.ENTERPRISE, path, enterprise, str(enterprise.id), account_id=owner)
        itself = Ref(tables.ENTERPRISE, (enterprise.id,))
        for position, department in enumerate(enterprise.department):
            self._department((*path, "department", position), owner, itself, department)
        for position, user in enumerate(enterprise.user):
            here = (*path, "user", position)
            password: Password | UnsetType = UNSET
            if user.password is not UNSET:
                given = self._checks.password((*here, "password"), user.password)
                password = Password(passwords.digest(given.text))
            self.row(
                tables.ENTERPRISE_USER,
                here,
                user,
                user.username,
                account_id=owner,
                enterprise_id=itself,
                password_hash=password,
            )

    def _department(self, path: Path, owner: Ref, enterprise: Ref, department: model.Department) -> None:
        site = _ref(tables.SITE, owner, department.site)
        self.row(tables.DEPARTMENT, path, department, str(department.id), enterprise_id=enterprise, site_id=site)
        itself = Ref(tables.DEPARTMENT, (department.id,))
        for position, camera in enumerate(department.camera):
            label = f"{department.id}/{camera.name}"
            self.row(
                tables.CAMERA, (*path, "camera", position), camera, label, account_id=owner, department_id=itself
            )

    def organisation(self, path: Path, owner: Ref, organisation: model.Organisation) -> None:
        self.row(tables.ORGANISATION, path, organisation, str(organisation.id), account_id=owner)
        for position, enterprise in enumerate(organisation.enterprises):
            self.row(
                tables.ORGANISATION_ENTERPRISE,
                (*path, "enterprises", position),
                None,
                f"{organisation.id} {enterprise}",
                organisation_id=Ref(tables.ORGANISATION, (organisation.id,)),
                enterprise_id=Ref(tables.ENTERPRISE, (enterprise,)),
            )

    def product(self, path: Path, owner: Ref, product: model.Product) -> None:
        self.row(tables.PRODUCT, path, product, product.sku, account_id=owner)
        itself = Ref(tables.PRODUCT, (owner, product.sku))
        for position, code in enumerate(product.codes):
            here = (*path, "codes", position)
            self.row(tables.PRODUCT_CODE, here, None, code, account_id=owner, code=code, product_id=itself)
        for position, opening in enumerate(product.opening):
            self.openings.append(
                OpeningStock(
                    path=(*path, "opening", position),
                    account=owner,
                    product=itself,
                    site=Ref(tables.SITE, (owner, opening.site)),
                    sub_inventory=Ref(tables.SUB_INVENTORY, (owner, opening.sub_inventory)),
                    lot=opening.lot,
                    condition=opening.condition,
                    quantity=opening.quantity,
                )
            )


_PARTS: Final[dict[str, Callable[[_Reader, Path, Ref, Any], None]]] = {
    "warehouse": _Reader.warehouse,
    "shop": _Reader.shop,
    "station": _Reader.station,
    "locker_policy": _Reader.locker_policy,
    "sub_inventory": _Reader.sub_inventory,
    "delivery_service": _Reader.delivery_service,
    "credential": _Reader.credential,
    "receiver": _Reader.receiver,
    "online_shop": _Reader.online_shop,
    "enterprise": _Reader.enterprise,
    "organisation": _Reader.organisation,
    "product": _Reader.product,
}
"""Lists of an account -> how an entry is read."""


def _ref(table: Table, *key: Any) -> Ref | UnsetType:
    """UNSET when the file does not say which."""
    return UNSET if UNSET in key else Ref(table, key)
