"""Stores and warehouses of the user's enterprise."""

from typing import Final

from crossdock.core.enterprises import queries
from crossdock.core.enterprises.model import Place
from crossdock.dialects.ovopark.asked import PAGE_SIZE, optional, page_of
from crossdock.dialects.ovopark.report import whole
from crossdock.dialects.ovopark.visitors import Visitor
from crossdock.dialects.ovopark.wire import DepartmentRow, Departments, DeptList, DeptRow, Parameters
from crossdock.edge.desk import Desk

DEPARTMENTS_PAGE_SIZE: Final = 10
"""Of getDepartments; its clients count on it."""
IDS_CHARACTERS_MAX: Final = 1_000
"""Of a comma-separated list; the page's 100 for `shopIds` hold a handful of codes."""


async def get_departments(desk: Desk, visitor: Visitor, parameters: Parameters) -> Departments:
    """open.organize.departments.getDepartments v1. Errors: FieldMalformed."""
    number, size = page_of(parameters, DEPARTMENTS_PAGE_SIZE)
    name = optional(parameters, "deptName")
    nodes = _listed(parameters, "nodeIds")
    owner = visitor.enterprise
    if nodes and owner.id not in {whole(node.removeprefix("O_")) for node in nodes}:
        return Departments(total=0, rows=[])
    async with desk.database.transaction(readonly=True) as tx:
        total, found = await queries.places(
            tx,
            account_id=owner.account_id,
            enterprise_id=owner.id,
            name=name,
            start=(number - 1) * size,
            limit=size,
        )
    return Departments(total=total, rows=[_department(visitor, place) for place in found])


async def get_dept_list_by_page(desk: Desk, visitor: Visitor, parameters: Parameters) -> DeptList:
    """open.shopweb.departments.getDeptListByPage v1. Errors: FieldMalformed."""
    number, size = page_of(parameters, PAGE_SIZE)
    name = optional(parameters, "name")
    shop_codes = _listed(parameters, "shopIds") or None
    owner = visitor.enterprise
    async with desk.database.transaction(readonly=True) as tx:
        _, found = await queries.places(
            tx,
            account_id=owner.account_id,
            enterprise_id=owner.id,
            name=name,
            shop_codes=shop_codes,
            start=(number - 1) * size,
            limit=size,
        )
    return DeptList(
        records=[
            DeptRow(
                id=place.id,
                name=place.name,
                shop_id=place.shop_code,
                address=_street(place),
                organize_id=place.enterprise_id,
            )
            for place in found
        ]
    )


def _listed(parameters: Parameters, name: str) -> list[str]:
    """Errors: FieldMalformed."""
    text = optional(parameters, name, characters_max=IDS_CHARACTERS_MAX)
    return [part.strip() for part in text.split(",") if part.strip()]


def _department(visitor: Visitor, place: Place) -> DepartmentRow:
    longitude, _, latitude = str(place.address.get("location", "")).partition(",")
    return DepartmentRow(
        id=place.id,
        name=place.name,
        address=_street(place),
        phone=str(place.address.get("phone", "")),
        group_id=place.enterprise_id,
        organize_id=place.enterprise_id,
        organize_name=visitor.enterprise.name,
        dep_organize_id=place.enterprise_id,
        shop_id=place.shop_code,
        trilateral_id="",
        open_status=int(place.active),
        validate_status=1,
        validate_date="",
        longitude=longitude.strip(),
        latitude=latitude.strip(),
        dev_count=place.cameras,
    )


def _street(place: Place) -> str:
    parts = (place.address.get(name, "") for name in ("province", "city", "district", "address"))
    return "".join(str(part) for part in parts)
