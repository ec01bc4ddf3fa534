"""A setup file as rows of tables. Rows refer to each other by name; what is on record is not asked here."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import UNSET, Struct

from crossdock.setup import model, tables
from crossdock.setup.checks import Checks
from crossdock.setup.errors import Path, SetupFileWrong
from crossdock.setup.plan import InUse, OpeningStock, Password, Plan, Ref, Row, ZoneOf, masked
from crossdock.setup.read import SetupText, plain
from crossdock.setup.tables import Table

PRICE_MAX = Decimal(10) ** 12
PRICE_PLACES_MAX = 6

T = TypeVar("T")


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

    def company(self, path: Path, company: model.Company) -> None:
        self._checks.check_zone(path, company.zone)
        self._add(tables.COMPANY, path, str(company.id), _plain(company, "id", "name", "currency", "zone"))

    def account(self, path: Path, account: model.Account) -> None:
        self._checks.check_zone(path, account.zone)
        values = _plain(account, "id", "code", "name", "zone", "currency", "settings")
        self._add(tables.ACCOUNT, path, account.code, values)
        owner = Ref(tables.ACCOUNT, (account.code,))
        for position, company in enumerate(account.companies):
            self._add(
                tables.ACCOUNT_COMPANY,
                (*path, "companies", position),
                f"{account.code} {company}",
                {"account_id": owner, "company_id": _company(company)},
            )
        self._each(path, "warehouse", owner, account.warehouse, self._warehouse)
        self._each(path, "shop", owner, account.shop, self._shop)
        self._each(path, "station", owner, account.station, self._station)
        self._each(path, "sub_inventory", owner, account.sub_inventory, self._sub_inventory)
        self._each(path, "delivery_service", owner, account.delivery_service, self._delivery_service)
        self._each(path, "credential", owner, account.credential, self._credential)
        self._each(path, "receiver", owner, account.receiver, self._receiver)
        self._each(path, "online_shop", owner, account.online_shop, self._online_shop)
        self._each(path, "enterprise", owner, account.enterprise, self._enterprise)
        self._each(path, "organisation", owner, account.organisation, self._organisation)
        self._each(path, "product", owner, account.product, self._product)

    def _each(
        self, path: Path, name: str, owner: Ref, entries: list[T], add: Callable[[Path, Ref, T], object]
    ) -> None:
        for position, entry in enumerate(entries):
            add((*path, name, position), owner, entry)

    def _warehouse(self, path: Path, owner: Ref, warehouse: model.Warehouse) -> None:
        self._site(path, owner, warehouse, "warehouse")

    def _shop(self, path: Path, owner: Ref, shop: model.Shop) -> None:
        site = self._site(path, owner, shop, "shop")
        for position, person in enumerate(shop.staff):
            here = (*path, "staff", position)
            values = {"account_id": owner, "site_id": site, **_plain(person, "id", "username", "active")}
            if person.role is not UNSET:
                values["manager"] = person.role == "manager"
            if (password := self._checks.text_of((*here, "password"), person.password)) is not None:
                if not password:
                    self._checks.complain((*here, "password"), "is empty: give one")
                values["password_hash"] = Password(password)
            self._add(tables.STAFF, here, person.username, values)

    def _station(self, path: Path, owner: Ref, station: model.Station) -> None:
        site = self._site(path, owner, station, "station")
        for position, cabinet in enumerate(station.cabinet):
            self._cabinet((*path, "cabinet", position), owner, site, cabinet)

    def _cabinet(self, path: Path, owner: Ref, site: Ref, cabinet: model.Cabinet) -> None:
        values = {
            "account_id": owner,
            "site_id": site,
            **_plain(cabinet, "number", "name", "details", "in_service"),
            **self._checks.secret((*path, "key"), cabinet.key, column="key_sealed"),
        }
        self._add(tables.CABINET, path, cabinet.number, values, otherwise={"name": cabinet.number})
        itself = Ref(tables.CABINET, (cabinet.number,))
        for position, box in enumerate(cabinet.box):
            self._add(
                tables.BOX,
                (*path, "box", position),
                f"{cabinet.number}/{box.name}",
                {
                    "account_id": owner,
                    "cabinet_id": itself,
                    **_plain(box, "name", "size", "lock_address", "enabled"),
                },
            )

    def _site(self, path: Path, owner: Ref, site: model.Site, kind: str) -> Ref:
        self._checks.check_zone(path, site.zone)
        values = {
            "account_id": owner,
            "kind": kind,
            **_plain(site, "id", "code", "name", "zone", "address", "settings", "active"),
        }
        if site.company is not UNSET:
            values["company_id"] = _company(site.company)
        self._add(tables.SITE, path, site.code, values, word=kind, otherwise={"zone": ZoneOf()})
        return Ref(tables.SITE, (owner, site.code))

    def _sub_inventory(self, path: Path, owner: Ref, sub: model.SubInventory) -> None:
        values = {"account_id": owner, **_plain(sub, "code", "name")}
        self._add(tables.SUB_INVENTORY, path, sub.code, values, otherwise={"name": sub.code})

    def _delivery_service(self, path: Path, owner: Ref, service: model.DeliveryService) -> None:
        values = {
            "account_id": owner,
            "company_id": _company(service.company),
            **_plain(service, "id", "name", "method", "order_type", "box_size", "rules", "active"),
        }
        if service.site is not UNSET:
            values["site_id"] = Ref(tables.SITE, (owner, service.site))
        self._add(tables.DELIVERY_SERVICE, path, service.name, values)

    def _credential(self, path: Path, owner: Ref, credential: model.Credential) -> None:
        self._checks.check_dialect((*path, "dialect"), credential.dialect)
        key = self._checks.text_of((*path, "key"), credential.key) or ""
        if not 1 <= len(key) <= model.NAME_LENGTH_MAX:
            self._checks.complain((*path, "key"), f"must have 1 to {model.NAME_LENGTH_MAX} characters")
        values = {
            "account_id": owner,
            "key": key,
            **_plain(credential, "dialect", "scope"),
            **self._checks.secret((*path, "secret"), credential.secret, column="secret_sealed"),
            **self._checks.moment((*path, "valid_from"), credential.valid_from),
            **self._checks.moment((*path, "valid_until"), credential.valid_until),
        }
        if credential.active is not UNSET:
            values["revoked_at"] = InUse(credential.active)
        shown = key if "secret_sealed" in values else masked(key)
        self._add(tables.CREDENTIAL, path, f"{credential.dialect} {shown}", values)

    def _receiver(self, path: Path, owner: Ref, receiver: model.Receiver) -> None:
        self._checks.check_dialect((*path, "dialect"), receiver.dialect)
        if receiver.order_dialect is not UNSET:
            self._checks.check_dialect((*path, "order_dialect"), receiver.order_dialect)
        values = {
            "account_id": owner,
            **_plain(receiver, "dialect", "name", "subject", "order_dialect", "settings", "active"),
        }
        if (url := self._checks.text_of((*path, "url"), receiver.url)) is not None:
            self._checks.check_url((*path, "url"), url)
            values["url"] = url
        if receiver.kinds is not UNSET:
            values["kinds"] = self._checks.kinds((*path, "kinds"), receiver.kinds)
        if (key := self._checks.text_of((*path, "credential"), receiver.credential)) is not None:
            values["credential_id"] = Ref(tables.CREDENTIAL, (receiver.dialect, key))
        self._add(tables.RECEIVER, path, f"{receiver.dialect} {receiver.name}", values)

    def _online_shop(self, path: Path, owner: Ref, shop: model.OnlineShop) -> None:
        values = {
            "account_id": owner,
            **_plain(shop, "id", "domain", "name", "domains"),
            **self._checks.secret((*path, "secret"), shop.secret, column="secret_sealed"),
        }
        self._add(tables.ONLINE_SHOP, path, shop.domain, values, otherwise={"name": shop.domain})

    def _enterprise(self, path: Path, owner: Ref, enterprise: model.Enterprise) -> None:
        self._add(
            tables.ENTERPRISE,
            path,
            str(enterprise.id),
            {"account_id": owner, **_plain(enterprise, "id", "name", "code")},
        )
        itself = Ref(tables.ENTERPRISE, (enterprise.id,))
        for position, department in enumerate(enterprise.department):
            self._department((*path, "department", position), owner, itself, department)

    def _department(self, path: Path, owner: Ref, enterprise: Ref, department: model.Department) -> None:
        values = {"enterprise_id": enterprise, **_plain(department, "id", "name", "shop_code")}
        if department.site is not UNSET:
            values["site_id"] = Ref(tables.SITE, (owner, department.site))
        self._add(tables.DEPARTMENT, path, str(department.id), values)
        itself = Ref(tables.DEPARTMENT, (department.id,))
        for position, camera in enumerate(department.camera):
            self._add(
                tables.CAMERA,
                (*path, "camera", position),
                f"{department.id}/{camera.name}",
                {
                    "account_id": owner,
                    "department_id": itself,
                    **_plain(camera, "id", "name", "station", "source"),
                },
            )

    def _organisation(self, path: Path, owner: Ref, organisation: model.Organisation) -> None:
        values = {"account_id": owner, **_plain(organisation, "id", "name")}
        self._add(tables.ORGANISATION, path, str(organisation.id), values)
        for position, enterprise in enumerate(organisation.enterprises):
            self._add(
                tables.ORGANISATION_ENTERPRISE,
                (*path, "enterprises", position),
                f"{organisation.id} {enterprise}",
                {
                    "organisation_id": Ref(tables.ORGANISATION, (organisation.id,)),
                    "enterprise_id": Ref(tables.ENTERPRISE, (enterprise,)),
                },
            )

    def _product(self, path: Path, owner: Ref, product: model.Product) -> None:
        if product.price is not UNSET and not _storable(product.price):
            self._checks.complain(
                (*path, "price"), f"must be 0 to {PRICE_MAX:f} with at most {PRICE_PLACES_MAX} places"
            )
        names = [name for name in tables.PRODUCT.columns if name != "account_id"]
        self._add(tables.PRODUCT, path, product.sku, {"account_id": owner, **_plain(product, "id", *names)})
        itself = Ref(tables.PRODUCT, (owner, product.sku))
        for position, code in enumerate(product.codes):
            self._add(
                tables.PRODUCT_CODE,
                (*path, "codes", position),
                code,
                {"account_id": owner, "code": code, "product_id": itself},
            )
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

    def _add(
        self,
        table: Table,
        path: Path,
        label: str,
        values: dict[str, Any],
        *,
        word: str | None = None,
        otherwise: dict[str, Any] | None = None,
    ) -> None:
        self.rows[table.name].append(
            Row(path=path, label=label, word=word or table.word, values=values, otherwise=otherwise or {})
        )


def _company(number: int) -> Ref:
    return Ref(tables.COMPANY, (number,))


def _plain(entry: Struct, *names: str) -> dict[str, Any]:
    """The given ones among these fields, in values that JSON can hold."""
    return {name: _stored(value) for name in names if (value := getattr(entry, name)) is not UNSET}


def _stored(value: Any) -> Any:
    return value if isinstance(value, Decimal) else plain(value)


def _storable(price: Decimal) -> bool:
    places = price.as_tuple().exponent
    return 0 <= price <= PRICE_MAX and isinstance(places, int) and -places <= PRICE_PLACES_MAX
