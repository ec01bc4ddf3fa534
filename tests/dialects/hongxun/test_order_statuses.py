"""`orderStatus` tells how far the warehouse is."""

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import inbound
from tests.dialects.hongxun.samples import sample, sign
from tests.dialects.hongxun.test_calls import ACCOUNT, IN_ORDER, OUT_ORDER, on_record, out_order, post
from tests.world import World

IN_RESULT = "/dtc/esboms/inOrderResultQuery"
OUT_RESULT = "/dtc/esboms/outOrderResultQuery"


async def status(world: World, path: str, number: str) -> str:
    return (await post(world, path, sign({"customerNumber": number})))["value"]["orderStatus"]


async def test_an_order_is_new_until_the_warehouse_took_it(world: World) -> None:
    await world.stock("P-7001", 2)
    await post(world, OUT_ORDER, sign(out_order("CK1")))
    assert await status(world, OUT_RESULT, "CK1") == "NEW"

    order, _ = await on_record(world, "outbound", "CK1")
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
    assert await status(world, OUT_RESULT, "CK1") == "ACCEPT"


async def test_what_cannot_come_in_is_rejected(world: World) -> None:
    await post(world, IN_ORDER, sample("8.1"))
    assert await status(world, IN_RESULT, "RK2024080200017") == "NEW"

    order, _ = await on_record(world, "inbound", "RK2024080200017")
    async with world.desk.database.transaction() as tx:
        await inbound.reject_inbound(tx, account_id=ACCOUNT, order_id=order.id, reason="no label")
    assert await status(world, IN_RESULT, "RK2024080200017") == "REJECT"
