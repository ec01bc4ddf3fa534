"""One function per method. All of them take the signature alone; none needs a user's token."""

from collections.abc import Awaitable, Callable
from typing import Final

from crossdock.base.errors import Unavailable
from crossdock.base.ids import EnterpriseId
from crossdock.core.accounts.model import Caller, Department, Enterprise, Organisation
from crossdock.core.packing.model import PackedItem, PackingReport
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.auth import NAME
from crossdock.dialects.ovopark.errors import (
    BusinessBaseFailed,
    DepartmentElsewhere,
    DepartmentUnknown,
    EnterpriseDenied,
    FieldMalformed,
    FieldMissing,
    OrganisationUnbound,
    OrganisationUnknown,
)
from crossdock.dialects.ovopark.report import Goods, SendOrder, read_order, whole
from crossdock.dialects.ovopark.wire import (
    Authentication,
    BusinessOrg,
    BusinessOrgPage,
    Parameters,
    SkuType,
)
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

PAGE_SIZE: Final = 20
PAGE_SIZE_MAX: Final = 100
"""A larger wish gets this many rows; the answer says so."""
PATHS: Final = ("/cloud.api", "/m.api")
"""The newer gateway and the first one: the same methods, the same rules, any verb."""


async def send_order(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.ovopark.storehouse.sendOrder v2: one order, the station that packed it and the span of film.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed,
    DepartmentUnknown, DepartmentElsewhere, PackingReported, BusinessBaseFailed; in this order.
    """
    org_id, enterprise_id, ipos_json = (_required(parameters, name) for name in ("orgId", "enterpriseId", "iposJson"))
    organisation = await _bound_organisation(desk, org_id)
    enterprise = await _granted_enterprise(desk, caller, organisation, enterprise_id)
    order = read_order(ipos_json)
    department = await _department(desk, enterprise, order)
    report = PackingReport(
        # The retailer's account, which an agent's key need not be of.
        account_id=enterprise.account_id,
        enterprise_id=enterprise.id,
        department_id=department.id,
        order_number=order.order_no,
        station=order.machine_id,
        operator=order.user_name,
        order_type=order.order_type,
        filmed_from=order.start_time,
        filmed_to=order.end_time,
        ordered_at=order.order_time,
        items=tuple(_packed(goods) for goods in order.goods),
        dialect=NAME,
        actor=caller.credential.key,
    )
    try:
        await desk.packings.put(report)
    except Unavailable as error:
        raise BusinessBaseFailed(cause=error.sentence) from error


async def get_sku_type(desk: Desk, caller: Caller, parameters: Parameters) -> list[SkuType]:
    """open.ovopark.storehouse.getSkuType v1: what `skuKeyId` may be."""
    return [SkuType(id, name) for id, name in words.SKU_TYPES.items()]


async def get_business_org(desk: Desk, caller: Caller, parameters: Parameters) -> BusinessOrgPage:
    """open.gateway.getBusinessOrg v1: the enterprises an organisation may act for.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed.
    """
    organisation = await _bound_organisation(desk, _required(parameters, "orgid"))
    _check_own(caller, organisation)
    number = _counted(parameters, "pageNumber", 1)
    size = min(_counted(parameters, "pageSize", PAGE_SIZE), PAGE_SIZE_MAX)
    shown = organisation.enterprise_ids[(number - 1) * size : number * size]
    enterprises = [await _enterprise(desk, id) for id in shown]
    return BusinessOrgPage(
        total=-(-len(organisation.enterprise_ids) // size),
        all=len(organisation.enterprise_ids),
        page_number=number,
        page_size=size,
        list=[
            BusinessOrg(
                orgid=organisation.id,
                enterprise_id=enterprise.id,
                enterprise_name=enterprise.name,
                enterprise_code=enterprise.code,
            )
            for enterprise in enterprises
        ],
    )


async def authentication(desk: Desk, caller: Caller, parameters: Parameters) -> Authentication:
    """open.gateway.authentication v1 and v2: the developer's own account, never its secret.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied.
    """
    organisation = await _bound_organisation(desk, _required(parameters, "orgid"))
    _check_own(caller, organisation)
    enterprise = await _enterprise(desk, organisation.enterprise_ids[0])
    until = caller.credential.valid_until
    return Authentication(
        orgid=organisation.id,
        org_name=organisation.name,
        enterprise_id=enterprise.id,
        enterprise_name=enterprise.name,
        akey=caller.credential.key,
        status=1,
        expire_time="" if until is None else words.printed(until),
    )


def _required(parameters: Parameters, name: str) -> str:
    value = parameters.business(name)
    if not value:
        raise FieldMissing(field=name)
    return value


def _counted(parameters: Parameters, name: str, otherwise: int) -> int:
    text = parameters.business(name)
    if not text:
        return otherwise
    value = whole(text)
    if value is None or value < 1:
        raise FieldMalformed(field=name)
    return value


async def _bound_organisation(desk: Desk, text: str) -> Organisation:
    """Of any account. Errors: OrganisationUnknown, OrganisationUnbound."""
    number = whole(text)
    organisation = None if number is None else await desk.accounts.organisation(number)
    if organisation is None:
        raise OrganisationUnknown()
    if not organisation.enterprise_ids:
        raise OrganisationUnbound()
    return organisation


async def _granted_enterprise(desk: Desk, caller: Caller, organisation: Organisation, text: str) -> Enterprise:
    """Errors: EnterpriseDenied."""
    _check_own(caller, organisation)
    number = whole(text)
    if number not in organisation.enterprise_ids:
        raise EnterpriseDenied()
    return await _enterprise(desk, EnterpriseId(number))


def _check_own(caller: Caller, organisation: Organisation) -> None:
    """A key acts for one organisation only, of its own account. Errors: EnterpriseDenied."""
    own = (caller.account.id, caller.credential.scope.get("organisation"))
    if (organisation.account_id, organisation.id) != own:
        raise EnterpriseDenied()


async def _enterprise(desk: Desk, enterprise_id: EnterpriseId) -> Enterprise:
    enterprise = await desk.accounts.enterprise(enterprise_id)
    if enterprise is None:
        raise EnterpriseDenied()
    return enterprise


async def _department(desk: Desk, enterprise: Enterprise, order: SendOrder) -> Department:
    """`depId` counts when both came; a shop code that several enterprises use means the asked one's place.

    Errors: DepartmentUnknown, DepartmentElsewhere.
    """
    if order.dep_id is None:
        found = await desk.accounts.departments_by_shop_code(order.shop_id)
    else:
        department = await desk.accounts.department(order.dep_id)
        found = [] if department is None else [department]
    for department in found:
        if department.enterprise_id == enterprise.id:
            return department
    raise DepartmentElsewhere() if found else DepartmentUnknown()


def _packed(goods: Goods) -> PackedItem:
    attributes: dict[str, object] = {}
    if goods.skus:
        attributes["skus"] = [{"key": sku.key_id, "value": sku.value} for sku in goods.skus]
    scanned_at = words.moment(goods.scan_time)
    if goods.scan_time and scanned_at is None:
        attributes["scanned"] = goods.scan_time
    return PackedItem(
        goods_code=goods.goods_id,
        goods_name=goods.name,
        price=goods.price,
        quantity=goods.nums,
        box_number=goods.box_no,
        batch_number=goods.batch_no,
        scanned_at=scanned_at,
        attributes=attributes,
    )


Run = Callable[[Desk, Caller, Parameters], Awaitable[object]]

METHODS: Final[dict[tuple[str, str], Run]] = {
    ("open.ovopark.storehouse.sendOrder", "v2"): send_order,
    ("open.ovopark.storehouse.getSkuType", "v1"): get_sku_type,
    ("open.gateway.getBusinessOrg", "v1"): get_business_org,
    ("open.gateway.authentication", "v1"): authentication,
    ("open.gateway.authentication", "v2"): authentication,
}
"""(`_mt`, `_version`) -> what answers it."""


def call_of(method: str, version: str) -> str:
    """How endpoints.toml writes a method down: all of them share two paths and any verb."""
    return f"POST {PATHS[0]}?_mt={method}&_version={version}"


ENDPOINTS: Final = {
    (method, version): Endpoint(call=call_of(method, version), run=run) for (method, version), run in METHODS.items()
}
