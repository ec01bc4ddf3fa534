"""open.gateway.*: what an organisation may do, and what it is called."""

from crossdock.core.accounts.model import Caller
from crossdock.core.enterprises import commands as enterprises
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.asked import (
    PAGE_SIZE,
    bound_organisation,
    check_own,
    enterprise,
    granted_enterprise,
    optional,
    page_of,
    required,
)
from crossdock.dialects.ovopark.wire import Authentication, BusinessOrg, Page, Parameters, page
from crossdock.edge.desk import Desk


async def get_business_org(desk: Desk, caller: Caller, parameters: Parameters) -> Page:
    """open.gateway.getBusinessOrg v1: the enterprises an organisation may act for.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed.
    """
    organisation = await bound_organisation(desk, required(parameters, "orgid"))
    check_own(caller, organisation)
    number, size = page_of(parameters, PAGE_SIZE)
    ids = organisation.enterprise_ids
    shown = [await enterprise(desk, id) for id in ids[(number - 1) * size : number * size]]
    rows = [
        BusinessOrg(
            orgid=organisation.id,
            enterprise_id=found.id,
            enterprise_name=found.name,
            enterprise_code=found.code,
        )
        for found in shown
    ]
    return page(rows, total=len(ids), number=number, size=size)


async def authentication(desk: Desk, caller: Caller, parameters: Parameters) -> Authentication:
    """open.gateway.authentication v1 and v2: the developer's own account, never its secret.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied.
    """
    organisation = await bound_organisation(desk, required(parameters, "orgid"))
    check_own(caller, organisation)
    first = await enterprise(desk, organisation.enterprise_ids[0])
    until = caller.credential.valid_until
    return Authentication(
        orgid=organisation.id,
        org_name=organisation.name,
        enterprise_id=first.id,
        enterprise_name=first.name,
        akey=caller.credential.key,
        status=1,
        expire_time="" if until is None else words.printed(until),
    )


async def sync_enterprise_code(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.gateway.syscEnterpriseCode v1: the third party's own code of an enterprise.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed.
    """
    org_id, enterprise_id, _ = (required(parameters, name) for name in ("orgId", "enterpriseId", "enterpriseCode"))
    organisation = await bound_organisation(desk, org_id)
    granted = await granted_enterprise(desk, caller, organisation, enterprise_id)
    code = optional(parameters, "enterpriseCode")
    async with desk.database.transaction() as tx:
        await enterprises.name_enterprise(tx, account_id=granted.account_id, enterprise_id=granted.id, code=code)
    desk.accounts.forget()
