"""What is the same for every client: customs properties, customs categories, countries; and a client's places."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from msgspec import Struct

from crossdock.dialects.birdsystem import listing, wire, words
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

ROOT: Final = "0" * 10
"""Above the first level of customs categories."""
CHAPTERS_FROM: Final = 100
"""A chapter's id is its number and this; sections go by their own, which end at 21."""
PATH_JOINT: Final = " > "


class PropertyRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/product-customs-property."""

    id: int
    name: str
    value_type: str = "BOOL"
    default_value: str = "0"
    symbol: str | None = None
    is_separate_picking_list: str = "0"
    is_separate_warehouse_transfer: str = "0"
    consignment_priority: str = "0"
    picking_list_group: str | None = None
    create_time: str | None = None
    special_type: str
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


class CategoryRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/customs-category: every value is a text."""

    id: str
    parent_id: str
    name: str
    name_chinese: str
    code: str
    customs_category_full_name: str
    customs_category_full_name_chinese: str
    customs_category_full_code: str
    level: str
    max_customs_value: str = "0.00"
    min_customs_value: str = "0.00"
    lft: str
    rgt: str
    tax: str = "0.00"
    type: str = "NORMAL"
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


class CountryRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/Country."""

    iso: str
    name: str
    primary_keys: tuple[str, ...] = ("iso",)


class PlaceRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/Warehouse/Client-Use-Warehouse."""

    id: int
    company_id: int | None
    name: str
    code: str
    status: str
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


def _table(kind: type[Struct], *, numbers: tuple[str, ...] = (), **more: Any) -> Table:
    columns = {name: Column(name, "number" if name in numbers else "text") for name in kind.__struct_fields__}
    columns.pop("primary_keys")
    return Table(columns=columns, **more)


PROPERTIES_TABLE: Final = _table(PropertyRow, numbers=("id", "consignment_priority"), plain=("id", "name"))
CATEGORIES_TABLE: Final = _table(
    CategoryRow,
    numbers=("id", "parent_id", "level", "lft", "rgt", "tax", "max_customs_value", "min_customs_value"),
    plain=("id", "parent_id", "code", "level"),
)
COUNTRIES_TABLE: Final = Table(
    columns={"id": Column("iso", "word"), "iso": Column("iso", "word"), "name": Column("name", "text")},
    plain=("id", "iso", "name"),
    keys=("iso",),
)
"""What stands in the path is an `id`, whatever the key is called."""
PLACES_TABLE: Final = _table(PlaceRow, numbers=("id", "company_id"), plain=("id", "company_id"))


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _categories() -> Iterator[CategoryRow]:
    """Depth first; `lft` and `rgt` count up as a node is entered and as it is left."""
    edge = 0
    for section in _data("customs_categories.toml")["section"]:
        top = (section["code"], section["name"], section["name_chinese"])
        width = 2 * len(section["chapters"]) + 2
        yield _category(f"{section['id']:010}", ROOT, [top], edge + 1, edge + width)
        for position, chapter in enumerate(section["chapters"]):
            left = edge + 2 + 2 * position
            own_id = f"{CHAPTERS_FROM + int(chapter[0]):010}"
            yield _category(own_id, f"{section['id']:010}", [top, tuple(chapter)], left, left + 1)
        edge += width


def _category(id_: str, parent_id: str, path: list[tuple[str, ...]], left: int, right: int) -> CategoryRow:
    """`path` leads from the first level to this one: code, name, Chinese name."""
    code, name, chinese = path[-1]
    return CategoryRow(
        id=id_,
        parent_id=parent_id,
        name=name,
        name_chinese=chinese,
        code=code,
        customs_category_full_name=PATH_JOINT.join(step[1] for step in path),
        customs_category_full_name_chinese=PATH_JOINT.join(step[2] for step in path),
        customs_category_full_code=PATH_JOINT.join(step[0] for step in path),
        level=str(len(path)),
        lft=str(left),
        rgt=str(right),
    )


PROPERTIES: Final = [PropertyRow(**one) for one in _data("customs_properties.toml")["property"]]
CATEGORIES: Final = sorted(_categories(), key=lambda category: category.id)
COUNTRIES: Final = [CountryRow(iso=iso, name=name) for iso, name in words.COUNTRIES.items()]


async def properties(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/product-customs-property."""
    return listing.answer(PROPERTIES, given, PROPERTIES_TABLE, zone=client.company.zone)


async def categories(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/customs-category: a list, also for one id."""
    return listing.answer(CATEGORIES, given, CATEGORIES_TABLE, zone=client.company.zone)


async def countries(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Country."""
    return listing.answer(COUNTRIES, given, COUNTRIES_TABLE, zone=client.company.zone)


async def warehouses(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Warehouse/Client-Use-Warehouse: in all companies of the client."""
    rows = [
        PlaceRow(
            id=site.id,
            company_id=site.company_id,
            name=site.name,
            code=site.code,
            status="ACTIVE" if site.active else "DELETED",
        )
        for site in await desk.accounts.warehouses(client.account.id)
    ]
    return listing.answer(rows, given, PLACES_TABLE, zone=client.company.zone)


ENDPOINTS: Final = (
    Endpoint("GET /client/product-customs-property", properties),
    Endpoint("GET /client/customs-category", categories),
    Endpoint("GET /client/Country", countries),
    Endpoint("GET /client/Warehouse/Client-Use-Warehouse", warehouses),
)
