"""A sound house has no finding; each kind of damage is found by its own check."""

from typing import Any

import pytest

from crossdock.base.ids import StaffId
from crossdock.core.audit import queries, sql
from crossdock.core.audit.model import Checked
from crossdock.core.bench import commands as bench
from crossdock.core.fulfilment import inbound, paying
from crossdock.core.fulfilment.model import Receipt
from crossdock.core.picking import commands as picking
from crossdock.core.picking.model import WaveFilter
from crossdock.core.units.model import NewUnit
from crossdock.core.uploads import commands as uploads
from crossdock.core.uploads.model import NewRow
from tests.core.manifests.conftest import Door
from tests.core.places.shelves import Shelves
from tests.core.returning.conftest import Back
from tests.world import COMPANY, LOCKER_SERVICE, PARCEL_SERVICE, SHOP_SERVICE, WAREHOUSE, World

DAMAGE = {
    "every bucket is the sum of its moves": "UPDATE stock SET on_hand = on_hand + 1",
    "no more lies in locations than there is": (
        "UPDATE located l SET quantity = s.on_hand + 1 FROM stock s WHERE s.id = l.stock_id"
    ),
    "what lies in a location is the sum of its moves": "DELETE FROM located",
    "reserved stock belongs to orders that wait for it": (
        "UPDATE orders SET state = 'cancelled' WHERE state = 'allocated'"
    ),
    "what a line says was moved is in the ledger": "UPDATE order_line SET done = done + 1",
    "no more pieces have names than there are": (
        "INSERT INTO unit (account_id, product_id, code, stock_id, received_at)"
        " SELECT account_id, product_id, 'SN0002', stock_id, received_at FROM unit"
    ),
    "every picked piece was moved": "DELETE FROM location_move WHERE cause LIKE 'pick:%%'",
    "what a bench reported is what was scanned there": "UPDATE bench_scan SET taken_back_at = scanned_at",
    "every manifest holds what it says, and that has left with it": (
        "UPDATE orders SET state = 'packed' WHERE number = 'D-1'"
    ),
    "what was seen of a settled return is booked": "UPDATE return_piece SET quantity = quantity + 1",
    "every order is where its timeline left it": "UPDATE orders SET state = 'held' WHERE state = 'allocated'",
    "as many orders as were tallied": "UPDATE order_tally SET orders = orders + 1",
    "as many orders as were tallied in each block of ids": (
        "UPDATE order_tally SET block = block + 1 WHERE block IS NOT NULL"
    ),
    "every box is full if and only if a parcel lies in it": (
        """UPDATE box SET "full" = NOT "full" WHERE name IN ('05', '06')"""
    ),
    "every parcel is where its cabinet's word left it": (
        "UPDATE door_command SET state = 'refused' WHERE purpose = 'store'"
    ),
    "every pick-up code is where its timeline left it": (
        "UPDATE handover SET state = 'unused', used_at = NULL WHERE place = 'shop'"
    ),
    "every pick-up code is where its shop's history left it": (
        "UPDATE handover SET rollbacks = 1 WHERE place = 'shop'"
    ),
    "no live pick-up code is left of an order that ended": (
        "UPDATE handover SET state = 'unused' WHERE place = 'shop' AND state = 'canceled'"
    ),
    "every payment is what its rows say": "UPDATE orders SET payment = 'paid' WHERE payment = 'refunded'",
    "a hand-over that is over has delivered its order": (
        "UPDATE orders SET state = 'shipped' WHERE state = 'delivered'"
    ),
    "every callback called delivered was tried": "UPDATE callback SET state = 'delivered'",
    "every task that is over is done with its rows": "UPDATE background_task SET state = 'finished'",
}


async def verified(world: World) -> list[Checked]:
    async with world.desk.database.transaction() as tx:
        return await queries.verify(tx)


async def packed(world: World) -> None:
    await world.stock("00131031", 1)
    await world.order("W-1", lines={"00131031": 1}, state="allocated", service=PARCEL_SERVICE)
    here: dict[str, Any] = {"account_id": world.account, "site_id": WAREHOUSE}
    worker = StaffId(52)
    async with world.desk.database.transaction() as tx:
        wanted = WaveFilter(service_ids=(PARCEL_SERVICE,))
        wave = await picking.create_wave(tx, **here, wanted=wanted, method="single")
        pick = await picking.next_task(tx, **here, wave_id=wave.id, staff_id=worker)
        assert pick is not None
        into: dict[str, Any] = {"quantity": 1, "tote_code": "TOTE-01", "staff_id": worker}
        await picking.confirm(tx, **here, task_id=pick.task_id, **into)
    async with world.desk.database.transaction() as tx:
        at: dict[str, Any] = {"bench": "123/001", "code": "W-1", "staff_id": worker, "operation_id": "open"}
        opened = await bench.open_packing(tx, **here, **at)
        await bench.scan(tx, **here, packing_id=opened.id, code="00131031", operation_id="scan")


async def closed_manifest(world: World) -> None:
    door = Door(world)
    await door.packed("D-1")
    await door.close((await door.load("D-1")).manifest_id)


async def settled_return(world: World) -> None:
    back = Back(world)
    order = await back.here("B-1", lines={"00131031": 1})
    await back.see(order, "00131031")
    await back.finish(order)


async def full_house(world: World) -> None:
    """A row of each kind that a check looks at: waiting, on a shelf, in a box, handed over, told."""
    await world.cabinet_answers("accepted")
    await world.stock("00131031", 1)
    await world.order(lines={"00131031": 1}, state="allocated")
    await (await Shelves.of(world, pieces=1)).move(None, "A-01-1", 1)
    to_locker = await world.shipped(service=LOCKER_SERVICE)
    assert to_locker.parcel is not None
    await world.desk.doors.store(
        account_id=world.account,
        cabinet="2100013075",
        save_code=to_locker.parcel.save_code,
        box_size="S",
        asked_by="test",
        dialect="bestwond",
    )
    await world.pick_up("129322", "used")
    money = await world.shipped("M-1", service=SHOP_SERVICE, payment="pending")
    async with world.desk.database.transaction() as tx:
        of: dict[str, Any] = {"account_id": world.account, "order_id": money.order.id}
        await paying.pay(tx, **of, reference="T-1")
        await paying.refund(tx, **of, reference="R-1")
    await packed(world)
    await closed_manifest(world)
    await settled_return(world)
    named = await world.order("I-1", lines={"P-7001": 1}, kind="inbound", state="announced")
    async with world.desk.database.transaction() as tx:
        by: dict[str, Any] = {"account_id": world.account, "order_id": named.id}
        await inbound.receive(tx, **by, receipts=[Receipt(line_key="1", quantity=1, units=(NewUnit(sn="SN0001"),))])
        who: dict[str, Any] = {"account_id": world.account, "company_id": COMPANY, "dialect": "x", "actor": "x"}
        rows = await uploads.keep(tx, **who, rows=[NewRow(type="LOCAL", fields={})])
        await uploads.start(tx, **who, job="x", type_="LOCAL", row_ids=rows)
    assert to_locker.order.service_id == LOCKER_SERVICE != SHOP_SERVICE


async def test_a_sound_house_has_no_finding(quiet_world: World) -> None:
    await full_house(quiet_world)
    checked = await verified(quiet_world)
    assert [finding for check in checked for finding in check.findings] == []
    assert all(check.rows for check in checked), "each check looked at something"


@pytest.mark.parametrize("check", sql.CHECKS)
async def test_damage_is_found(quiet_world: World, check: str) -> None:
    await full_house(quiet_world)
    async with quiet_world.desk.database.transaction() as tx:
        assert await tx.execute(DAMAGE[check]) > 0
    found = {checked.check: checked.findings for checked in await verified(quiet_world)}
    assert found[check]


async def test_a_code_that_is_not_six_digits_is_found(quiet_world: World) -> None:
    await quiet_world.pick_up("12932")
    found = [finding.says for check in await verified(quiet_world) for finding in check.findings]
    assert found == ["is not six digits"]


async def test_findings_are_bounded(quiet_world: World) -> None:
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute('UPDATE box SET "full" = true')
    boxes = next(check for check in await verified(quiet_world) if check.check.startswith("every box"))
    assert len(boxes.findings) == boxes.rows == 25 < sql.FINDINGS_MAX
