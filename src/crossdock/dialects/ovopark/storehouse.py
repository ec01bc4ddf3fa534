"""open.ovopark.storehouse.*: packed orders, reported and looked up again."""

from collections import defaultdict

from crossdock.base.errors import Unavailable
from crossdock.core.accounts.model import Caller
from crossdock.core.film import queries as films
from crossdock.core.film.model import Camera
from crossdock.core.packing import queries as packings
from crossdock.core.packing.model import PackedItem, Packing, PackingFilter, PackingReport
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.asked import (
    PAGE_SIZE,
    bound_organisation,
    department_of,
    granted_enterprise,
    optional,
    optional_moment,
    optional_whole,
    page_of,
    required,
)
from crossdock.dialects.ovopark.auth import NAME
from crossdock.dialects.ovopark.errors import BusinessBaseFailed
from crossdock.dialects.ovopark.report import Goods, read_order
from crossdock.dialects.ovopark.visitors import Visitor
from crossdock.dialects.ovopark.wire import FoundOrder, OrderVideo, PackedGoods, Page, Parameters, SkuType, page
from crossdock.edge.desk import Desk


async def send_order(desk: Desk, caller: Caller, parameters: Parameters) -> None:
    """open.ovopark.storehouse.sendOrder v2: one order, the station that packed it and the span of film.

    Errors: FieldMissing, OrganisationUnknown, OrganisationUnbound, EnterpriseDenied, FieldMalformed,
    DepartmentUnknown, DepartmentElsewhere, PackingReported, BusinessBaseFailed; in this order.
    """
    org_id, enterprise_id, ipos_json = (required(parameters, name) for name in ("orgId", "enterpriseId", "iposJson"))
    organisation = await bound_organisation(desk, org_id)
    granted = await granted_enterprise(desk, caller, organisation, enterprise_id)
    order = read_order(ipos_json)
    department = await department_of(desk, granted, dep_id=order.dep_id, shop_id=order.shop_id)
    report = PackingReport(
        # The retailer's account, which an agent's key need not be of.
        account_id=granted.account_id,
        enterprise_id=granted.id,
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


async def search_order(desk: Desk, visitor: Visitor, parameters: Parameters) -> Page:
    """open.ovopark.storehouse.searchOrder v1, ours: reports of the user's enterprise, and the cameras that saw them.

    Errors: FieldMalformed, DepartmentUnknown, DepartmentElsewhere.
    """
    number, size = page_of(parameters, PAGE_SIZE)
    dep_id = optional_whole(parameters, "depId")
    if dep_id is not None:
        await department_of(desk, visitor.enterprise, dep_id=dep_id, shop_id="")
    wanted = PackingFilter(
        number=optional(parameters, "orderNo") or None,
        department_id=dep_id,
        station=optional(parameters, "machineId") or None,
        since=optional_moment(parameters, "startTime"),
        until=optional_moment(parameters, "endTime"),
    )
    owner = visitor.enterprise
    async with desk.database.transaction(readonly=True) as tx:
        total, found = await packings.search(
            tx,
            account_id=owner.account_id,
            enterprise_id=owner.id,
            wanted=wanted,
            start=(number - 1) * size,
            limit=size,
        )
        cameras = await films.cameras_of_packings(
            tx, account_id=owner.account_id, packing_ids=[packing.id for packing in found]
        )
    videos: defaultdict[int, list[Camera]] = defaultdict(list)
    for camera in cameras:
        videos[camera.packing_id].append(camera)
    rows = [await _found(desk, packing, videos[packing.id]) for packing in found]
    return page(rows, total=total, number=number, size=size)


async def _found(desk: Desk, packing: Packing, cameras: list[Camera]) -> FoundOrder:
    since, until = words.printed(packing.filmed_from), words.printed(packing.filmed_to)
    department = await desk.accounts.department(packing.department_id)
    return FoundOrder(
        id=packing.id,
        dep_id=packing.department_id,
        shop_id=(department.shop_code if department else None) or "",
        order_no=packing.order_number,
        user_name=packing.operator,
        machine_id=packing.station,
        start_time=since,
        end_time=until,
        order_time=words.printed(packing.ordered_at),
        order_type=packing.order_type,
        goods=[_goods(item) for item in packing.items],
        goods_total=packing.items_count,
        warnings=packing.warnings,
        videos=[
            OrderVideo(
                device_id=camera.id,
                device_name=camera.name,
                start_time=since,
                end_time=until,
                online=int(camera.online(desk.clock.now())),
            )
            for camera in cameras
        ],
    )


def _goods(item: PackedItem) -> PackedGoods:
    scanned = "" if item.scanned_at is None else words.printed(item.scanned_at)
    return PackedGoods(
        goods_id=item.goods_code,
        goods_price=item.price,
        goods_name=item.goods_name,
        goods_nums=item.quantity,
        box_no=item.box_number,
        batch_no=item.batch_number,
        scan_time=scanned or item.attributes.get("scanned", ""),
        skus=[{"skuKeyId": sku["key"], "skuValue": sku["value"]} for sku in item.attributes.get("skus", [])],
    )
