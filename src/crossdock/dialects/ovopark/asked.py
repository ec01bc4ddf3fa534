"""What several methods ask of their parameters: that they came, and whose they are."""

from datetime import datetime
from typing import Final

from crossdock.base.ids import EnterpriseId
from crossdock.core.accounts.model import Caller, Department, Enterprise, Organisation
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.errors import (
    DepartmentElsewhere,
    DepartmentUnknown,
    EnterpriseDenied,
    FieldMalformed,
    FieldMissing,
    OrganisationUnbound,
    OrganisationUnknown,
)
from crossdock.dialects.ovopark.report import PLACE_FIELDS, TEXT_CHARACTERS_MAX, whole
from crossdock.dialects.ovopark.wire import Parameters
from crossdock.edge.desk import Desk

PAGE_SIZE: Final = 20
PAGE_SIZE_MAX: Final = 100
"""A larger wish gets this many rows; the answer says so."""


def required(parameters: Parameters, name: str) -> str:
    value = parameters.business(name)
    if not value:
        raise FieldMissing(field=name)
    return value


def optional(parameters: Parameters, name: str, *, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """Empty when it did not come. Errors: FieldMalformed."""
    text = parameters.business(name)
    if len(text) > characters_max or "\0" in text:
        raise FieldMalformed(field=name)
    return text


def optional_whole(parameters: Parameters, name: str) -> int | None:
    """Errors: FieldMalformed."""
    text = parameters.business(name)
    if not text:
        return None
    value = whole(text)
    if value is None:
        raise FieldMalformed(field=name)
    return value


def optional_moment(parameters: Parameters, name: str) -> datetime | None:
    """Errors: FieldMalformed."""
    text = parameters.business(name)
    if not text:
        return None
    at = words.moment(text)
    if at is None:
        raise FieldMalformed(field=name)
    return at


def page_of(parameters: Parameters, size: int) -> tuple[int, int]:
    """`pageNumber` from 1 and `pageSize`, at most PAGE_SIZE_MAX. Errors: FieldMalformed."""
    return counted(parameters, "pageNumber", 1), min(counted(parameters, "pageSize", size), PAGE_SIZE_MAX)


def counted(parameters: Parameters, name: str, otherwise: int) -> int:
    text = parameters.business(name)
    if not text:
        return otherwise
    value = whole(text)
    if value is None or value < 1:
        raise FieldMalformed(field=name)
    return value


async def bound_organisation(desk: Desk, text: str) -> Organisation:
    """Of any account. Errors: OrganisationUnknown, OrganisationUnbound."""
    number = whole(text)
    organisation = None if number is None else await desk.accounts.organisation(number)
    if organisation is None:
        raise OrganisationUnknown()
    if not organisation.enterprise_ids:
        raise OrganisationUnbound()
    return organisation


async def granted_enterprise(desk: Desk, caller: Caller, organisation: Organisation, text: str) -> Enterprise:
    """Errors: EnterpriseDenied."""
    check_own(caller, organisation)
    number = whole(text)
    if number not in organisation.enterprise_ids:
        raise EnterpriseDenied()
    return await enterprise(desk, EnterpriseId(number))


def check_own(caller: Caller, organisation: Organisation) -> None:
    """A key acts for one organisation only, of its own account. Errors: EnterpriseDenied."""
    own = (caller.account.id, caller.credential.scope.get("organisation"))
    if (organisation.account_id, organisation.id) != own:
        raise EnterpriseDenied()


async def enterprise(desk: Desk, enterprise_id: EnterpriseId) -> Enterprise:
    found = await desk.accounts.enterprise(enterprise_id)
    if found is None:
        raise EnterpriseDenied()
    return found


async def granted_ids(desk: Desk, caller: Caller) -> list[EnterpriseId]:
    """The enterprises the key's own organisation may act for."""
    number = caller.credential.scope.get("organisation")
    organisation = await desk.accounts.organisation(number) if isinstance(number, int) else None
    return [] if organisation is None or organisation.account_id != caller.account.id else organisation.enterprise_ids


async def own_enterprise(desk: Desk, caller: Caller, text: str) -> Enterprise:
    """For calls that name no organisation: the key's own one counts.

    Errors: OrganisationUnknown, OrganisationUnbound, EnterpriseDenied.
    """
    organisation = await bound_organisation(desk, str(caller.credential.scope.get("organisation", "")))
    return await granted_enterprise(desk, caller, organisation, text)


async def department_of(desk: Desk, enterprise: Enterprise, *, dep_id: int | None, shop_id: str) -> Department:
    """`depId` counts when both came; a shop code that several enterprises use means the asked one's place.

    Errors: DepartmentUnknown, DepartmentElsewhere.
    """
    if dep_id is None:
        found = await desk.accounts.departments_by_shop_code(shop_id)
    else:
        department = await desk.accounts.department(dep_id)
        found = [] if department is None else [department]
    for department in found:
        if department.enterprise_id == enterprise.id:
            return department
    raise DepartmentElsewhere() if found else DepartmentUnknown()


async def place_of(desk: Desk, enterprise: Enterprise, parameters: Parameters) -> Department:
    """The place that `depId` or `shopId` of the call names; one must.

    Errors: FieldMissing, FieldMalformed, DepartmentUnknown, DepartmentElsewhere.
    """
    dep_id, shop_id = optional_whole(parameters, "depId"), optional(parameters, "shopId")
    if dep_id is None and not shop_id:
        raise FieldMissing(field="/".join(PLACE_FIELDS))
    return await department_of(desk, enterprise, dep_id=dep_id, shop_id=shop_id)
