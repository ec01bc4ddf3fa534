"""Parcels under way: seen by their carriers, signed for, and what becomes of the orders behind them."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs

from crossdock.base.ids import SiteId
from crossdock.core.events.queries import timeline
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders.errors import OrderUnknown, StateForbids
from crossdock.core.orders.model import Order
from crossdock.core.transport import commands, queries, readings, routes
from crossdock.core.transport.errors import WaybillUnknown
from crossdock.core.transport.model import Effect, NewNode, NewParcel, Reading, RouteNode
from tests.world import ACCOUNT, LOCKER_SERVICE, PARCEL_SERVICE, WAREHOUSE, World

SKU = "00131031"
EFFECTS: dict[str, Effect] = {
    "80": "departed",
    "96": "departed",
    "001": "delivered",
    "002": "exceptional",
    "105": "refused",
}


class Roads:
    def __init__(self, world: World) -> None:
        self.world = world

    def node(self, code: str, mailno: str = "T-1", *, minutes: int = 0, **more: Any) -> NewNode:
        at: datetime = self.world.clock.now() + timedelta(minutes=minutes)
        return NewNode(mailno=mailno, code=code, happened_at=at, operator="driver", **more)

    async def seen(self, *nodes: NewNode) -> list[RouteNode]:
        async with self.world.desk.database.transaction() as tx:
            return await routes.pass_nodes(tx, account_ids=[ACCOUNT], nodes=nodes, effects=EFFECTS, actor="CARRIER01")

    async def leg(self, number: str = "N-1", **more: Any) -> Order:
        return await self.world.order(
            number, lines={SKU: 2}, kind="transport", state="announced", dialect="hongxun", type="10", **more
        )

    async def dispatched(self, order: Order, *parcels: NewParcel, **more: Any) -> Order:
        async with self.world.desk.database.transaction() as tx:
            return await commands.dispatch(tx, account_id=ACCOUNT, order_id=order.id, parcels=parcels, **more)

    async def left(self, *mailnos: str, number: str = "N-1", **more: Any) -> Order:
        """An outbound order that has left in these parcels."""
        more.setdefault("service", PARCEL_SERVICE)
        await self.world.stock(SKU, len(mailnos))
        order = await self.world.order(number, lines={SKU: len(mailnos)}, state="allocated", **more)
        async with self.world.desk.database.transaction() as tx:
            by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}
            for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
                await step(tx, **by)
            parcels = [NewParcel(mailno=mailno, pieces={"1": 1}) for mailno in mailnos]
            return (await fulfilment.ship(tx, **by, parcels=parcels)).order

    async def states(self) -> list[tuple[str, str]]:
        return await self.world.rows("SELECT kind, state FROM orders ORDER BY kind")

    async def told(self, order: Order, kind: str) -> list[dict[str, Any]]:
        async with self.world.desk.database.autocommit() as tx:
            events = await timeline(tx, account_id=ACCOUNT, order_id=order.id)
        return [event.facts for event in events if event.kind == kind]


@pytest.fixture
def roads(quiet_world: World) -> Roads:
    return Roads(quiet_world)


async def test_a_leg_from_the_ramp_to_the_door(roads: Roads) -> None:
    leg = await roads.leg()
    await roads.dispatched(leg, NewParcel(mailno="T-1", carrier="C"), vehicle="粤A00000", carrier="C")
    [dispatched] = await roads.told(leg, "transport.dispatched")
    assert (dispatched["mailnos"], dispatched["vehicle"], dispatched["ordered"]) == (["T-1"], "粤A00000", 2)
    assert [node.code for node in await roads.seen(roads.node("001", minutes=9), roads.node("80"))] == ["80", "001"]
    assert await roads.states() == [("transport", "delivered")]
    [passed] = await roads.told(leg, "route.passed")
    assert [node["code"] for node in passed["nodes"]] == ["80", "001"]
    [signed] = await roads.told(leg, "order.signed")
    assert (signed["sign_type"], signed["signer"], signed["pieces"]) == ("normal", "driver", 2)
    [finished] = await roads.told(leg, "transport.finished")
    assert (finished["state"], finished["actual"], finished["mailnos"]) == ("delivered", 2, ["T-1"])
    await roads.world.verified()


async def test_the_same_node_again_says_nothing(roads: Roads) -> None:
    order = await roads.left("T-1")
    nodes = [roads.node("80"), roads.node("80"), roads.node("80", vin="LDEMO000000000001"), roads.node("001")]
    assert len(await roads.seen(*nodes)) == 3
    assert await roads.seen(*nodes) == []
    assert len(await roads.told(order, "route.passed")) == len(await roads.told(order, "order.signed")) == 1


async def test_ten_carriers_at_once_sign_once(roads: Roads) -> None:
    order = await roads.left("T-1")
    news = await asyncio.gather(
        *(roads.seen(roads.node("001" if turn % 2 else "002", minutes=turn)) for turn in range(10))
    )
    assert [len(one) for one in news] == [1] * 10
    assert len(await roads.told(order, "order.signed")) == 1
    assert await roads.states() == [("outbound", "delivered")]
    await roads.world.verified()


async def test_delivered_with_the_last_of_its_parcels(roads: Roads) -> None:
    order = await roads.left("T-1", "T-2")
    await roads.seen(roads.node("001", "T-2"))
    assert await roads.states() == [("outbound", "shipped")]
    await roads.seen(roads.node("002", "T-1"))
    assert await roads.states() == [("outbound", "delivered")]
    signed = [(one["mailno"], one["sign_type"], one["pieces"]) for one in await roads.told(order, "order.signed")]
    assert signed == [("T-2", "normal", 1), ("T-1", "exceptional", 1)]
    await roads.world.verified()


async def test_a_parcel_for_a_locker_is_not_delivered_by_its_carrier(roads: Roads) -> None:
    await roads.left("T-1", service=LOCKER_SERVICE)
    await roads.seen(roads.node("001"))
    assert await roads.states() == [("outbound", "shipped")]
    await roads.world.verified()


@pytest.mark.parametrize("announced", ["before", "after", "after, and dispatched"])
async def test_a_leg_moves_the_outbound_order_of_its_number(roads: Roads, announced: str) -> None:
    if announced == "before":
        leg = await roads.leg()
        order = await roads.left("T-1", "T-2")
    else:
        order = await roads.left("T-1", "T-2")
        leg = await roads.leg()
    if announced == "after, and dispatched":
        await roads.dispatched(leg)
    await roads.seen(roads.node("80"))
    assert await roads.states() == [("outbound", "shipped"), ("transport", "departed")]
    async with roads.world.desk.database.autocommit() as tx:
        waybills = await queries.of_leg(tx, account_id=ACCOUNT, leg_id=leg.id)
    assert [(one.mailno, one.order_id, one.leg_id) for one in waybills] == [
        (mailno, order.id, leg.id) for mailno in ("T-1", "T-2")
    ]
    await roads.seen(roads.node("001", "T-1"), roads.node("001", "T-2"))
    assert await roads.states() == [("outbound", "delivered"), ("transport", "delivered")]
    assert [one["leg_id"] for one in await roads.told(order, "order.signed")] == [leg.id] * 2
    await roads.world.verified()


async def signed(roads: Roads, *mailnos: str) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """They are signed for in this order; what is told of each then: number, pieces, lines and their pieces."""
    for minutes, mailno in enumerate(mailnos):
        await roads.seen(roads.node("001", mailno, minutes=minutes))
    told = await roads.world.rows("SELECT facts FROM event WHERE kind = 'order.signed' ORDER BY id")
    return [
        (facts["mailno"], facts["pieces"], [(line["line_key"], line["quantity"]) for line in facts["lines"]])
        for (facts,) in told
    ]


async def left_unsorted(roads: Roads, *batches: list[NewParcel]) -> None:
    """Two of SKU and one phone in each batch; a leg moves them."""
    await roads.leg()
    for sku, pieces in ((SKU, 2), ("P-7001", 1)):
        await roads.world.stock(sku, pieces * len(batches))
    wanted = {SKU: 2 * len(batches), "P-7001": len(batches)}
    order = await roads.world.order("N-1", lines=wanted, state="allocated", service=PARCEL_SERVICE)
    by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}
    async with roads.world.desk.database.transaction() as tx:
        for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
            await step(tx, **by)
        for parcels in batches:
            await fulfilment.ship(tx, **by, quantities={"1": 2, "2": 1}, parcels=parcels)


ALL_OF_A_BATCH = [("1", 2), ("2", 1)]


async def test_one_parcel_holds_all_of_its_batch(roads: Roads) -> None:
    await left_unsorted(roads, [NewParcel(mailno="T-1")], [NewParcel(mailno="T-2", pieces={"1": 2})])
    assert await signed(roads, "T-1", "T-2") == [("T-1", 3, ALL_OF_A_BATCH), ("T-2", 2, [("1", 2)])]


async def test_the_last_of_several_parcels_brings_what_no_other_does(roads: Roads) -> None:
    numbers = [NewParcel(mailno=f"T-{number}") for number in range(1, 6)]
    await left_unsorted(roads, numbers[:2], [structs.replace(numbers[2], pieces={"1": 1}), *numbers[3:]])
    told = await signed(roads, "T-4", "T-2", "T-3", "T-5", "T-1")
    rest = ("T-1", 5, [("1", 3), ("2", 2)])
    assert told == [("T-4", 0, []), ("T-2", 0, []), ("T-3", 1, [("1", 1)]), ("T-5", 0, []), rest]
    finished = await roads.world.rows("SELECT facts -> 'actual' FROM event WHERE kind = 'transport.finished'")
    assert finished == [(6,)]
    await roads.world.verified()


async def test_of_a_leg_with_several_parcels_too(roads: Roads) -> None:
    leg = await roads.leg()
    await roads.dispatched(leg, NewParcel(mailno="T-1"), NewParcel(mailno="T-2"))
    assert await signed(roads, "T-2", "T-1") == [("T-2", 0, []), ("T-1", 2, [("1", 2)])]
    [finished] = await roads.told(leg, "transport.finished")
    assert finished["actual"] == 2


async def in_two_batches(roads: Roads) -> tuple[Order, dict[str, Any]]:
    """Two of five pieces have left as T-1, on a leg, and were signed for."""
    await roads.leg()
    await roads.world.stock(SKU, 5)
    order = await roads.world.order("N-1", lines={SKU: 5}, state="allocated", service=PARCEL_SERVICE)
    by: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}
    async with roads.world.desk.database.transaction() as tx:
        for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
            await step(tx, **by)
        await fulfilment.ship(tx, **by, quantities={"1": 2}, tracking_number="T-1")
    await roads.seen(roads.node("80"), roads.node("001", minutes=1))
    assert await roads.states() == [("outbound", "partly_shipped"), ("transport", "departed")]
    return order, by


async def test_a_leg_is_not_over_while_some_of_its_goods_are_in_the_warehouse(roads: Roads) -> None:
    _, by = await in_two_batches(roads)
    async with roads.world.desk.database.transaction() as tx:
        await fulfilment.ship(tx, **by, tracking_number="T-2")
    await roads.seen(roads.node("001", "T-2"))
    assert await roads.states() == [("outbound", "delivered"), ("transport", "delivered")]
    finished = await roads.world.rows("SELECT facts -> 'actual' FROM event WHERE kind = 'transport.finished'")
    assert finished == [(5,)]
    await roads.world.verified()


async def test_what_is_closed_short_after_the_last_signature_is_delivered(roads: Roads) -> None:
    _, by = await in_two_batches(roads)
    for _ in range(2):
        async with roads.world.desk.database.transaction() as tx:
            assert (await fulfilment.close_outbound(tx, **by)).state == "delivered"
    assert await roads.states() == [("outbound", "delivered"), ("transport", "delivered")]
    await roads.world.verified()


async def test_a_parcel_that_was_signed_for_before_the_warehouse_said_that_it_left(roads: Roads) -> None:
    leg = await roads.leg()
    await roads.world.stock(SKU, 2)
    order = await roads.world.order("N-1", lines={SKU: 2}, state="allocated", service=PARCEL_SERVICE)
    await roads.dispatched(leg, NewParcel(mailno="T-1"))
    await roads.seen(roads.node("001"))
    assert await roads.states() == [("outbound", "allocated"), ("transport", "dispatched")]
    await roads.world.ship(order.id, tracking_number="T-1")
    assert await roads.states() == [("outbound", "delivered"), ("transport", "delivered")]
    await roads.world.verified()


async def test_refused_at_the_door(roads: Roads) -> None:
    leg = await roads.leg()
    await roads.dispatched(leg, NewParcel(mailno="T-1"))
    await roads.seen(roads.node("105"), roads.node("104", minutes=1), roads.node("77", minutes=2))
    assert await roads.states() == [("transport", "refused")]
    [finished] = await roads.told(leg, "transport.finished")
    assert (finished["state"], finished["actual"]) == ("refused", 0)
    await roads.seen(roads.node("80", minutes=3))
    assert await roads.states() == [("transport", "refused")]
    await roads.world.verified()


async def test_a_number_that_nobody_knows_refuses_all(roads: Roads) -> None:
    order = await roads.left("T-1")
    with pytest.raises(WaybillUnknown) as refused:
        await roads.seen(roads.node("80"), roads.node("80", "T-9"), roads.node("80", "T-8"))
    assert refused.value.facts == {"mailnos": "T-8, T-9"}
    assert await roads.told(order, "route.passed") == []


async def test_a_number_that_is_given_out_again_is_the_newest_parcels(roads: Roads) -> None:
    old = await roads.left("T-1")
    new = await roads.left("T-1", number="N-2")
    await roads.seen(roads.node("80"))
    assert (await roads.told(old, "route.passed"), len(await roads.told(new, "route.passed"))) == ([], 1)


async def test_only_an_announced_transport_order_is_dispatched(roads: Roads) -> None:
    order = await roads.left("T-1")
    with pytest.raises(StateForbids):
        await roads.dispatched(order)
    with pytest.raises(OrderUnknown):
        async with roads.world.desk.database.transaction() as tx:
            await commands.dispatch(tx, account_id=ACCOUNT, order_id=7)
    leg = await roads.leg()
    await roads.dispatched(leg)
    with pytest.raises(StateForbids):
        await roads.dispatched(leg)


# The scale ------------------------------------------------------------------------


def reading(roads: Roads, *, minutes: int = 0, volume: int = 6_100, **more: Any) -> Reading:
    figures = {"weight_g": 1250, "length_mm": 305, "width_mm": 200, "height_mm": 100} | more
    return Reading(
        mailno="T-1",
        device="dws-1",
        volume_cm3=Decimal(volume),
        measured_at=roads.world.clock.now() + timedelta(minutes=minutes),
        **{name: Decimal(value) for name, value in figures.items()},
    )


async def read(roads: Roads, one: Reading) -> Any:
    async with roads.world.desk.database.transaction() as tx:
        return await readings.read(tx, account_id=ACCOUNT, site_id=SiteId(WAREHOUSE), reading=one)


async def test_a_reading_stands_on_its_parcel_and_the_last_one_wins(roads: Roads) -> None:
    await roads.left("T-1")
    assert (await read(roads, reading(roads, minutes=5, weight_g=1300))).weight_g == 1300
    assert (await read(roads, reading(roads, weight_g=1250))).weight_g == 1300
    await read(roads, reading(roads, minutes=5, weight_g=9))
    assert await roads.world.rows("SELECT weight_g FROM scale_reading ORDER BY id") == [(1300,), (1250,)]


async def weighed(roads: Roads) -> list[tuple[Any, ...]]:
    """weight and volume_differs of each reading on a timeline, and how many minutes ago it was made"""
    return [
        (facts["weight_g"], facts["volume_differs"], (roads.world.clock.now() - at) / timedelta(minutes=1))
        for facts, at in await roads.world.rows(
            "SELECT facts, happened_at FROM event WHERE kind = 'order.weighed' ORDER BY id"
        )
    ]


async def test_each_reading_is_a_mark_on_its_orders_timeline(roads: Roads) -> None:
    for minutes in (-9, -10):
        await read(roads, reading(roads, minutes=minutes, weight_g=1240 - minutes))
    assert await weighed(roads) == []
    order = await roads.left("T-1")
    assert await weighed(roads) == [(1250, False, 10), (1249, False, 9)]
    for _ in range(2):
        await read(roads, reading(roads, volume=9_000))
    assert await weighed(roads) == [(1250, False, 10), (1249, False, 9), (1250, True, 0)]
    told = await roads.told(order, "order.weighed")
    assert {(facts["number"], facts["mailno"], facts["device"]) for facts in told} == {("N-1", "T-1", "dws-1")}
    await roads.world.verified()


@pytest.mark.parametrize(("pieces", "weight_g"), [({"1": 1}, 1250), ({"1": 2}, 200), ({}, 200)])
async def test_a_parcel_of_one_piece_measures_its_product(
    roads: Roads, pieces: dict[str, int], weight_g: int
) -> None:
    leg = await roads.leg()
    await roads.world.rows("UPDATE product SET weight_g = 200 WHERE sku = '00131031' RETURNING id")
    await roads.dispatched(leg, NewParcel(mailno="T-1", pieces=pieces), NewParcel(mailno="T-2"))
    await read(roads, reading(roads))
    assert await roads.world.rows("SELECT weight_g FROM product WHERE sku = '00131031'") == [(weight_g,)]
    told = await roads.world.rows("SELECT facts ->> 'sku' FROM event WHERE kind = 'product.measured'")
    assert told == ([(SKU,)] if weight_g == 1250 else [])


@pytest.mark.parametrize(("volume", "flagged"), [(6_405, False), (6_406, True), (5_795, False), (5_794, True)])
async def test_a_volume_far_from_its_sides_is_flagged(roads: Roads, volume: int, flagged: bool) -> None:
    with capture_logs() as logged:
        await read(roads, reading(roads, volume=volume))
    assert await roads.world.rows("SELECT volume_differs FROM scale_reading") == [(flagged,)]
    assert [entry["mailno"] for entry in logged if entry["log_level"] == "warning"] == ["T-1"] * flagged


@pytest.mark.parametrize(("kept_for", "found"), [(readings.KEPT - timedelta(seconds=1), 1250), (readings.KEPT, None)])
async def test_a_reading_waits_for_its_parcel(roads: Roads, kept_for: timedelta, found: int | None) -> None:
    assert await read(roads, reading(roads)) is None
    roads.world.clock.advance(kept_for)
    await roads.left("T-1")
    assert await roads.world.rows("SELECT weight_g FROM waybill") == [(found,)]
    async with roads.world.desk.database.transaction() as tx:
        assert await readings.sweep(tx) == (found is None)
