"""open.ovopark.pos.*: receipts of tills, which lead to film as packed orders do, and what was taken."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from crossdock.core.accounts.model import Caller, Department
from crossdock.core.film import queries as films
from crossdock.core.tills import commands, queries
from crossdock.core.tills.model import NewReceipt, Period, Receipt, ReceiptFilter, Takings
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.asked import (
    PAGE_SIZE,
    bound_organisation,
    department_of,
    granted_enterprise,
    optional,
    optional_moment,
    optional_whole,
    own_enterprise,
    page_of,
    place_of,
    required,
)
from crossdock.dialects.ovopark.auth import NAME
from crossdock.dialects.ovopark.errors import FieldMalformed
from crossdock.dialects.ovopark.report import number, read_receipt
from crossdock.dialects.ovopark.visitors import Visitor
from crossdock.dialects.ovopark.wire import Machine, Page, Parameters, page
from crossdock.edge.desk import Desk

FILMED_BEFORE: Final = timedelta(seconds=60)
FILMED_AFTER: Final = timedelta(seconds=30)
"""Around the time on a receipt: what its film should show."""


async def send_order(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.ovopark.pos.sendOrder v2: one receipt, kept as it was sent.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed,
    DepartmentUnknown, DepartmentElsewhere, ReceiptReported; in this order.
    """
    org_id, enterprise_id, ipos_json = (required(parameters, name) for name in ("orgId", "enterpriseId", "iposJson"))
    organisation = await bound_organisation(desk, org_id)
    granted = await granted_enterprise(desk, caller, organisation, enterprise_id)
    receipt = read_receipt(ipos_json)
    department = await department_of(desk, granted, dep_id=receipt.dep_id, shop_id=receipt.shop_id)
    new = NewReceipt(
        account_id=granted.account_id,
        enterprise_id=granted.id,
        department_id=department.id,
        number=receipt.ticket_id,
        station=receipt.machine_id,
        sold_at=receipt.ticket_time,
        details=ipos_json,
        dialect=NAME,
        actor=caller.credential.key,
    )
    async with desk.database.transaction() as tx:
        await commands.report_receipt(tx, new)


async def delete_order(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.ovopark.pos.deleteOrder v1.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed,
    DepartmentUnknown, DepartmentElsewhere, ReceiptUnknown.
    """
    org_id, enterprise_id, _ = (required(parameters, name) for name in ("orgId", "enterpriseId", "ticketId"))
    organisation = await bound_organisation(desk, org_id)
    granted = await granted_enterprise(desk, caller, organisation, enterprise_id)
    department = await place_of(desk, granted, parameters)
    ticket_id = optional(parameters, "ticketId")
    async with desk.database.transaction() as tx:
        await commands.delete_receipt(
            tx,
            account_id=granted.account_id,
            enterprise_id=granted.id,
            department_id=department.id,
            number=ticket_id,
            actor=caller.credential.key,
        )


async def search_pos(desk: Desk, visitor: Visitor, parameters: Parameters) -> Page:
    """open.ovopark.pos.searchPos v1: receipts of the user's enterprise, the latest sale first.

    Errors: FieldMalformed, DepartmentUnknown, DepartmentElsewhere.
    """
    page_number, size = page_of(parameters, PAGE_SIZE)
    dep_id, shop_id = optional_whole(parameters, "depId"), optional(parameters, "shopId")
    department: Department | None = None
    if dep_id is not None or shop_id:
        department = await department_of(desk, visitor.enterprise, dep_id=dep_id, shop_id=shop_id)
    wanted = ReceiptFilter(
        department_id=None if department is None else department.id,
        station=optional(parameters, "machineId") or None,
        number=optional(parameters, "ticketId") or None,
        since=optional_moment(parameters, "startTime"),
        until=optional_moment(parameters, "endTime"),
    )
    async with desk.database.transaction(readonly=True) as tx:
        total, found = await queries.receipts(
            tx,
            account_id=visitor.enterprise.account_id,
            enterprise_id=visitor.enterprise.id,
            wanted=wanted,
            start=(page_number - 1) * size,
            limit=size,
        )
    return page([await _row(desk, receipt) for receipt in found], total=total, number=page_number, size=size)


async def _row(desk: Desk, receipt: Receipt) -> dict[str, Any]:
    """What was sent, field for field, under what is ours; `startTime` and `endTime` are the film's."""
    sent = msgspec.json.decode(receipt.details, type=dict[str, msgspec.Raw])
    department = await desk.accounts.department(receipt.department_id)
    return {
        "cashierName": "",
        "goods": [],
        **sent,
        "id": receipt.id,
        "depId": receipt.department_id,
        "shopId": (department.shop_code if department else None) or "",
        "machineId": receipt.station,
        "ticketId": receipt.number,
        "ticketTimeStr": words.printed(receipt.sold_at),
        "startTime": words.printed(receipt.sold_at - FILMED_BEFORE),
        "endTime": words.printed(receipt.sold_at + FILMED_AFTER),
    }


async def get_machine_ids_list(desk: Desk, visitor: Visitor, parameters: Parameters) -> list[Machine]:
    """open.ovopark.pos.getMachineIdsList v1: the stations of a place, by number, and the cameras of each.

    Errors: FieldMissing, FieldMalformed, DepartmentUnknown, DepartmentElsewhere.
    """
    required(parameters, "depId")
    department = await department_of(desk, visitor.enterprise, dep_id=optional_whole(parameters, "depId"), shop_id="")
    async with desk.database.transaction(readonly=True) as tx:
        cameras = await films.cameras_of_places(
            tx, account_id=visitor.enterprise.account_id, department_ids=[department.id]
        )
    machines: dict[str, list[int]] = {}
    for camera in cameras:
        machines.setdefault(camera.station, []).append(camera.id)
    return [Machine(machine_id=station, device_ids=machines[station]) for station in sorted(machines)]


# What was taken -------------------------------------------------------------------


async def report_sales(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.ovopark.pos.reportSales v1: of one day. Errors: as _report."""
    await _report(desk, caller, parameters, "day")


async def report_sales_hourly(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.ovopark.pos.reportSalesHourly v1: of one hour. Errors: as _report."""
    await _report(desk, caller, parameters, "hour")


async def _report(desk: Desk, caller: Caller, parameters: Parameters, period: Period) -> None:
    """Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed,
    DepartmentUnknown, DepartmentElsewhere, TakingsReported; in this order.
    """
    for name in ("enterpriseId", "dealNum", "total", "dealPersonNum", "createTime"):
        required(parameters, name)
    granted = await own_enterprise(desk, caller, parameters.business("enterpriseId"))
    deals, amount, buyers = (_number(parameters, name) for name in ("dealNum", "total", "dealPersonNum"))
    begins_at = _begins_at(parameters, period)
    replace = optional(parameters, "isCover")
    if replace not in ("", "0", "1"):
        raise FieldMalformed(field="isCover")
    department = await place_of(desk, granted, parameters)
    takings = Takings(
        account_id=granted.account_id,
        enterprise_id=granted.id,
        department_id=department.id,
        period=period,
        begins_at=begins_at,
        deals=deals,
        buyers=buyers,
        amount=amount,
        dialect=NAME,
        actor=caller.credential.key,
    )
    async with desk.database.transaction() as tx:
        await commands.report_takings(tx, takings, replace=replace == "1")


def _number(parameters: Parameters, name: str) -> Decimal:
    """Errors: FieldMalformed."""
    value = number(optional(parameters, name))
    if value is None:
        raise FieldMalformed(field=name)
    return value


def _begins_at(parameters: Parameters, period: Period) -> datetime:
    """A date, or a moment in the day or hour that is meant. Errors: FieldMalformed."""
    text = optional(parameters, "createTime")
    at = words.moment(text) or words.moment(f"{text} 00:00:00")
    if at is None:
        raise FieldMalformed(field="createTime")
    local = at.astimezone(words.ZONE).replace(minute=0, second=0)
    return local if period == "hour" else local.replace(hour=0)
