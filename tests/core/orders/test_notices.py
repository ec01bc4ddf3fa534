"""What is said, whole, to those who listen, and how far an order has come."""

from typing import Any

import msgspec
import pytest

from crossdock.core.events import commands as events
from crossdock.core.events import kinds, queries
from crossdock.core.events.model import Event
from crossdock.core.fulfilment import inbound as dock
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders import commands, steps
from crossdock.core.orders.records import Record
from tests.world import ACCOUNT, PARCEL_SERVICE, World

HEARD = (kinds.ORDER_TRACKED, kinds.ORDER_CHECK_POINT, kinds.ARRIVAL_CHANGED, kinds.ARRIVAL_WITHDRAWN)


async def listens(world: World, *wanted: str) -> None:
    async with world.desk.database.transaction() as tx:
        await events.set_receiver(
            tx, account_id=ACCOUNT, dialect="birdsystem", name="a", url="http://a.example", kinds=wanted
        )


async def said(world: World, order_id: Any) -> list[Event]:
    async with world.desk.database.transaction() as tx:
        told = await queries.timeline(tx, account_id=ACCOUNT, order_id=order_id)
    return [event for event in told if event.kind in HEARD]


async def test_a_tracking_number_is_said_once_with_the_order_as_it_is(quiet_world: World) -> None:
    await listens(quiet_world, *HEARD)
    shipped = await quiet_world.tracked("JJD1")
    tracked, further = await said(quiet_world, shipped.order.id)
    assert (tracked.kind, further.kind) == (kinds.ORDER_TRACKED, kinds.ORDER_CHECK_POINT)
    record = msgspec.convert(tracked.facts, Record)
    assert record.order == msgspec.structs.replace(shipped.order, token="", content_hash=None)
    assert [line.sku for line in record.lines] == [product.sku for product in record.products] == ["00131031"]
    assert record.service is not None
    assert (record.service.id, record.company.id, record.site and record.site.id) == (PARCEL_SERVICE, 36, 80)
    assert [step.state for step in record.steps] == ["allocated", "picking", "packing", "packed", "shipped"]

    async with quiet_world.desk.database.transaction() as tx:
        await commands.deliver(
            tx, account_id=ACCOUNT, order_id=shipped.order.id, place="door", dialect="house", actor="test"
        )
    assert [event.kind for event in await said(quiet_world, shipped.order.id)] == [
        kinds.ORDER_TRACKED,
        kinds.ORDER_CHECK_POINT,
        kinds.ORDER_CHECK_POINT,
    ]
    await quiet_world.verified()


@pytest.mark.parametrize("wanted", HEARD)
async def test_only_what_somebody_listens_for(quiet_world: World, wanted: str) -> None:
    await listens(quiet_world, wanted)
    shipped = await quiet_world.tracked("JJD1")
    inbound = await quiet_world.order(kind="inbound", state="announced", lines={"00131031": 1})
    for step in (dock.receive, dock.close_inbound):
        more: dict[str, Any] = {"receipts": counted({"1": 1})} if step is dock.receive else {}
        async with quiet_world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=inbound.id, **more)  # type: ignore[operator]
    heard = [event.kind for id_ in (shipped.order.id, inbound.id) for event in await said(quiet_world, id_)]
    assert set(heard) <= {wanted}
    assert len(heard) == {kinds.ARRIVAL_CHANGED: 2, kinds.ARRIVAL_WITHDRAWN: 0}.get(wanted, 1)


async def test_a_receiver_that_is_off_does_not_listen(quiet_world: World) -> None:
    await listens(quiet_world, *HEARD)
    async with quiet_world.desk.database.transaction() as tx:
        assert await queries.wanted(tx, account_id=ACCOUNT, kinds=HEARD) == set(HEARD)
        await events.set_receiver(tx, account_id=ACCOUNT, dialect="birdsystem", name="a", url="", kinds=HEARD)
        assert await queries.wanted(tx, account_id=ACCOUNT, kinds=HEARD) == set()
    shipped = await quiet_world.tracked("JJD1")
    assert await said(quiet_world, shipped.order.id) == []


async def test_goods_that_will_not_come(quiet_world: World) -> None:
    await listens(quiet_world, *HEARD)
    order = await quiet_world.order(kind="inbound", state="announced", lines={"00131031": 1})
    async with quiet_world.desk.database.transaction() as tx:
        await dock.reject_inbound(tx, account_id=ACCOUNT, order_id=order.id, reason="no label")
    async with quiet_world.desk.database.transaction() as tx:
        await commands.cancel(tx, account_id=ACCOUNT, order_id=order.id, dialect="house", actor="test")
    told = await said(quiet_world, order.id)
    assert [event.kind for event in told] == [kinds.ARRIVAL_CHANGED, kinds.ARRIVAL_WITHDRAWN]
    assert msgspec.convert(told[0].facts, Record).order.feedback == "no label"
    await quiet_world.verified()


def test_every_kind_that_moves_an_order_or_its_parcel_is_a_step() -> None:
    no_steps = {
        kinds.OUTBOUND_CLOSED,
        kinds.ORDER_TRACKED,
        kinds.ORDER_CHECK_POINT,
        kinds.ORDER_CHANGED,
        kinds.ORDER_PAID,
        kinds.ORDER_REFUNDED,
        kinds.ORDER_MEASURED,
        kinds.CANCEL_DECIDED,
        kinds.ORDER_SIGNED,
        kinds.PROOF_PICTURED,
        kinds.ORDER_WEIGHED,
        kinds.VEHICLES_INSPECTED,
    }
    moving = {
        kind
        for kind in kinds.ALL
        if kind.partition(".")[0] in ("order", "inbound", "outbound", "transfer", "transport")
    }
    assert set(steps.STATE_OF) >= moving - no_steps
    assert set(steps.STATE_OF) & no_steps == set()
