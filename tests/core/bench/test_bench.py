"""An order at the bench, from its tote to a closed parcel, and everything that may come between."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.bench import commands, queries
from crossdock.core.bench.commands import CODE_SHOWN_MAX
from crossdock.core.bench.errors import (
    BenchBusy,
    BenchUnknown,
    BoxUnknown,
    CancelArrived,
    LotWrong,
    NotClosed,
    NothingToUndo,
    NotInOrder,
    NotPackable,
    NotPackedHere,
    NotPicked,
    OrderGone,
    PackedBefore,
    PackedElsewhere,
    PackingOver,
    PackingUnknown,
    ScanUnknown,
    SerialNeeded,
    SerialScanned,
    SerialWrong,
    TooMany,
    WeightInvalid,
)
from crossdock.core.bench.model import (
    DIFFERS_G_MIN,
    SERIAL_CHARACTERS_MAX,
    STATION_CHARACTERS_MAX,
    WEIGHT_G_MAX,
)
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.fulfilment.errors import CancelWaiting
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import NewLine
from crossdock.core.packing import queries as packings
from crossdock.core.picking import queries as picking
from crossdock.core.transport import readings
from crossdock.core.transport.model import Reading
from tests.core.bench.conftest import BENCH, OTHER_BENCH, Benches
from tests.core.picking.floor import HERE, OTHER_SKU, SKU
from tests.world import ACCOUNT, SHOP

CALL_OFF = CallOff(number="N-1", content_hash=b"1", reason="changed my mind")
LOTTED = "01095212340000131726013110L-1"


async def asked_off(benches: Benches) -> int:
    """The owner of N-1 asks; the number of that."""
    await benches.floor.do(_call_off)
    [(request_id,)] = await benches.world.rows("SELECT max(id) FROM cancel_request")
    return int(request_id)


async def _call_off(tx: Any, *, account_id: Any, site_id: Any) -> None:
    await calling_off.call_off(tx, account_id=account_id, wanted=CALL_OFF)


async def decided(benches: Benches, request_id: int, *, granted: bool) -> None:
    async with benches.world.desk.database.transaction() as tx:
        await calling_off.decide(tx, account_id=ACCOUNT, request_id=request_id, granted=granted)


async def test_the_last_right_scan_closes_the_parcel_and_leaves_the_report_of_its_film(benches: Benches) -> None:
    order = await benches.picked("N-1", {SKU: 2, OTHER_SKU: 1})
    opened = await benches.open("T-1")
    assert await benches.floor.state("N-1") == "packing"
    assert (opened.state, opened.station, opened.department_id, opened.username) == ("open", "001", 123, "picker1")
    benches.world.clock.advance(timedelta(seconds=20))
    step = await benches.scan(opened, SKU)
    assert step.line is not None
    assert (step.refused, step.line.packed, step.line.left) == (None, 1, 1)
    await benches.scan(opened, OTHER_SKU)
    benches.world.clock.advance(timedelta(seconds=10))
    step = await benches.scan(opened, SKU)
    assert (step.packing.state, await benches.floor.state("N-1")) == ("packed", "packed")
    assert step.reported is not None
    assert (step.reported.order_id, step.reported.warnings) == (order.id, {})
    async with benches.world.desk.database.autocommit() as tx:
        [report] = await packings.packings_of_order(tx, account_id=ACCOUNT, order_id=order.id)
    assert (report.filmed_from, report.filmed_to) == (step.packing.opened_at, step.packing.ended_at)
    assert (report.filmed_to - report.filmed_from).total_seconds() == 30
    assert (report.order_number, report.station, report.operator, report.ordered_at) == (
        "N-1",
        "001",
        "picker1",
        order.created_at,
    )
    assert {(item.goods_code, item.quantity) for item in report.items} == {(SKU, 2), (OTHER_SKU, 1)}
    assert step.packing.packing_id == report.id
    assert await benches.floor.do(picking.order_in_tote, tote_code="T-1") is None
    timeline = await benches.world.rows("SELECT kind FROM event WHERE order_id = %(id)s ORDER BY id", id=order.id)
    assert [kind for (kind,) in timeline][-2:] == ["order.state", "packing.reported"]
    await benches.world.verified()


async def test_a_packed_order_ships_and_another_one_takes_its_tote(benches: Benches) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    await benches.scan(await benches.open("N-1"), SKU)
    await benches.picked("N-2", {SKU: 1})
    opened = await benches.open("T-1")
    assert opened.order_id != order.id
    async with benches.world.desk.database.transaction() as tx:
        await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order.id)
    await benches.scan(opened, SKU)
    await benches.world.verified()


@pytest.mark.parametrize("code", ["T-1", "N-1", "label", "tracking"])
async def test_an_order_is_found_by_its_tote_its_number_and_its_labels(benches: Benches, code: str) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    await benches.world.rows("UPDATE orders SET tracking_number = 'TRACK-1' RETURNING 1")
    said = {"label": str(order.id), "tracking": "TRACK-1"}.get(code, code)
    assert (await benches.open(said)).order_id == order.id


async def test_what_cannot_be_packed_is_refused_when_it_is_opened(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    await benches.floor.shelve(SKU, 4, "A-01")
    await benches.floor.order("N-2", {SKU: 2})
    refused: list[tuple[str, type[CrossdockError]]] = [("N-2", NotPicked), ("nobody", NotPackedHere)]
    wave = await benches.floor.wave()
    refused += [("N-2", NotPicked)]
    pick = await benches.floor.next(wave)
    assert pick is not None
    await benches.floor.pick(pick, "T-2", 1)
    refused += [("T-2", NotPicked), ("T-3", NotPackedHere), ("9" * 30, NotPackedHere), ("0", NotPackedHere)]
    await benches.world.order("D-1", lines={SKU: 1})
    await benches.world.order("S-1", lines={SKU: 1}, site_id=SHOP)
    await benches.world.order("I-1", lines={SKU: 1}, kind="inbound", state="announced")
    refused += [("D-1", NotPackable), ("S-1", NotPackedHere), ("I-1", NotPackedHere)]
    for code, kind in refused:
        with pytest.raises(kind):
            await benches.open(code)
    await benches.scan(await benches.open("N-1"), SKU)
    with pytest.raises(PackedBefore):
        await benches.open("N-1")
    assert await benches.floor.state("N-2") == "picking"


async def test_a_bench_is_one_of_the_warehouse(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    listed = await benches.floor.do(queries.stations)
    assert [(one.key, one.name, one.filmed) for one in listed] == [(BENCH, "001", True)]
    for wrong in ("", "123/", "999/001", "x/1", "123/\0", "123/" + "9" * (STATION_CHARACTERS_MAX + 1)):
        with pytest.raises(BenchUnknown):
            await benches.open("N-1", wrong)
    first = await benches.floor.do(queries.station, bench="/" + "9" * STATION_CHARACTERS_MAX)
    assert (first.department_id, first.filmed) == (123, False)
    step = await benches.scan(await benches.open("N-1", "130/007"), SKU)
    assert step.reported is not None
    assert step.reported.warnings == {"no_camera": {"station": "007"}}


async def test_a_warehouse_that_is_nobodys_department_packs_without_a_report(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    await benches.world.rows("UPDATE department SET site_id = 12 RETURNING 1")
    assert await benches.floor.do(queries.stations) == []
    step = await benches.scan(await benches.open("N-1", "/bench 1"), SKU)
    assert (step.packing.state, step.reported, step.packing.packing_id) == ("packed", None, None)


async def test_a_number_with_a_report_keeps_it(benches: Benches) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    opened = await benches.open("N-1")
    await benches.world.rows(
        "INSERT INTO packing (account_id, enterprise_id, department_id, order_number, station, filmed_from,"
        " filmed_to, ordered_at, reported_at) VALUES (47, 1, 123, 'N-1', '009', now(), now(), now(), now())"
        " RETURNING id"
    )
    step = await benches.scan(opened, SKU)
    assert (step.packing.state, step.reported) == ("packed", None)
    assert await benches.world.rows("SELECT station FROM packing") == [("009",)]
    found = await _of_order(benches, order.id)
    assert found.state == "packed"


async def _of_order(benches: Benches, order_id: int) -> Any:
    async with benches.world.desk.database.autocommit() as tx:
        return await queries.of_order(tx, account_id=ACCOUNT, order_id=order_id)  # type: ignore[arg-type]


async def test_a_wrong_scan_blocks_until_a_right_one_or_a_button(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 2, OTHER_SKU: 1})
    opened = await benches.open("N-1")
    wrong = [("IP-XX3355", NotInOrder), ("no such code", ScanUnknown)]
    for code, kind in wrong:
        step = await benches.scan(opened, code)
        assert type(step.refused) is kind
        assert step.packing.block is not None
        assert type(queries.blocked(step.packing)) is kind
    step = await benches.scan(opened, OTHER_SKU)
    assert (step.refused, step.packing.block) == (None, None)
    step = await benches.scan(opened, OTHER_SKU)
    assert isinstance(step.refused, TooMany)
    assert step.refused.facts == {"sku": OTHER_SKU, "left": 0, "quantity": 1}
    seen = await benches.floor.do(commands.acknowledge, packing_id=opened.id)
    assert (seen.block, seen.state) == (None, "open")
    bench = await benches.floor.do(queries.bench, packing_id=opened.id)
    assert (bench.wanted, bench.packed, bench.totes) == (3, 1, ["T-1"])


async def test_the_order_itself_scanned_once_more_is_no_wrong_piece(benches: Benches) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    opened = await benches.open("N-1")
    for code in ("N-1", "T-1", str(order.id)):
        step = await benches.scan(opened, code)
        assert (step.refused, step.line, step.packing.block) == (None, None, None)
    for length, told in ((CODE_SHOWN_MAX, CODE_SHOWN_MAX), (CODE_SHOWN_MAX + 1, CODE_SHOWN_MAX)):
        step = await benches.scan(opened, "T" * length)
        assert isinstance(step.refused, ScanUnknown)
        assert step.refused.facts == {"code": "T" * told}


async def test_the_same_scan_counts_once_and_a_repeat_of_the_last_one_finds_the_parcel_closed(
    benches: Benches,
) -> None:
    await benches.picked("N-1", {SKU: 2})
    opened = await benches.open("N-1", operation_id="o-1")
    assert (await benches.open("N-1", operation_id="o-1")).id == opened.id
    for _ in range(2):
        step = await benches.scan(opened, SKU, operation_id="s-1")
        assert step.line is not None
        assert step.line.packed == 1
    for _ in range(2):
        step = await benches.scan(opened, SKU, operation_id="s-2")
        assert (step.refused, step.packing.state) == (None, "packed")
    with pytest.raises(PackingOver):
        await benches.scan(opened, SKU)
    assert await benches.world.rows("SELECT count(*) FROM packing") == [(1,)]
    assert await benches.world.rows("SELECT count(*) FROM staff_action WHERE action = 'pack'") == [(1,)]


async def test_the_last_scan_is_taken_back_once(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 3})
    opened = await benches.open("N-1")
    with pytest.raises(NothingToUndo):
        await benches.undo(opened)
    await benches.scan(opened, SKU)
    await benches.scan(opened, SKU)
    for _ in range(2):
        await benches.undo(opened, "u-1")
    bench = await benches.floor.do(queries.bench, packing_id=opened.id)
    assert bench.packed == 1
    for _ in range(2):
        step = await benches.scan(opened, SKU)
    assert step.packing.state == "packed"
    with pytest.raises(PackingOver):
        await benches.undo(opened)


async def test_what_is_put_aside_is_picked_again_and_packed_from_its_beginning(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 2})
    opened = await benches.open("N-1")
    await benches.scan(opened, SKU)
    for _ in range(2):
        aside = await benches.put_aside(opened, "the tape is used up")
        assert (aside.state, aside.reason, await benches.floor.state("N-1")) == (
            "put_aside",
            "the tape is used up",
            "picking",
        )
    with pytest.raises(PackingOver):
        await benches.scan(opened, SKU)
    assert [one.number for one in await benches.floor.do(queries.ready)] == ["N-1"]
    again = await benches.open("T-1")
    assert again.id != opened.id
    await benches.scan(again, SKU)
    assert (await benches.scan(again, SKU)).reported is not None
    with pytest.raises(PackingOver):
        await benches.put_aside(again)
    await benches.world.verified()


async def test_a_call_off_stops_the_parcel_at_the_next_scan(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 2})
    opened = await benches.open("N-1")
    await benches.scan(opened, SKU)
    request_id = await asked_off(benches)
    for operation_id in ("s-1", "s-1", "s-2"):
        step = await benches.scan(opened, SKU, operation_id=operation_id)
        assert isinstance(step.refused, CancelArrived)
        assert step.refused.facts == {"number": "N-1", "totes": "T-1"}
    assert (step.packing.state, await benches.floor.state("N-1")) == ("stopped", "picking")
    with pytest.raises(CancelWaiting):
        await benches.open("N-1")
    await decided(benches, request_id, granted=True)
    assert await benches.floor.state("N-1") == "cancelled"
    back = await benches.floor.do(picking.put_backs)
    assert [(row.number, row.tote, row.sku, row.quantity) for row in back] == [("N-1", "T-1", SKU, 2)]
    assert await benches.world.rows("SELECT count(*) FROM packing") == [(0,)]
    await benches.world.verified()


async def test_a_call_off_that_was_refused_lets_the_order_be_packed(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    opened = await benches.open("N-1")
    request_id = await asked_off(benches)
    await benches.scan(opened, SKU)
    await decided(benches, request_id, granted=False)
    step = await benches.scan(await benches.open("N-1"), SKU)
    assert step.packing.state == "packed"


@pytest.mark.parametrize("what", ["cancelled", "held"])
async def test_an_order_that_is_gone_stops_at_the_next_scan(benches: Benches, what: str) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    opened = await benches.open("N-1")
    if what == "cancelled":
        await decided(benches, await asked_off(benches), granted=True)
    else:
        async with benches.world.desk.database.transaction() as tx:
            await orders.put_on_hold(
                tx, account_id=ACCOUNT, order_id=order.id, reason="a call", dialect="house", actor="x"
            )
    for _ in range(2):
        step = await benches.scan(opened, SKU)
        assert isinstance(step.refused, OrderGone)
        assert step.refused.facts == {"number": "N-1", "totes": "T-1", "state": what}
    assert step.packing.state == "stopped"
    assert [row.tote for row in await benches.floor.do(picking.put_backs)] == ["T-1"]
    await benches.world.verified()


async def test_a_bench_is_free_again_when_its_order_is_gone(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    await benches.picked("N-2", {SKU: 1}, "T-2")
    gone = await benches.open("N-1")
    with pytest.raises(BenchBusy) as busy:
        await benches.open("N-2")
    assert busy.value.facts == {"number": "N-1", "station": "001", "username": "picker1"}
    await decided(benches, await asked_off(benches), granted=True)
    await benches.scan(await benches.open("N-2"), SKU)
    assert (await benches.floor.do(queries.packing, packing_id=gone.id)).state == "stopped"
    assert (await benches.put_aside(gone)).state == "stopped"


async def test_an_order_whose_packing_began_elsewhere_is_opened_as_it_is(benches: Benches) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    async with benches.world.desk.database.transaction() as tx:
        await fulfilment.start_packing(tx, account_id=ACCOUNT, order_id=order.id)
    assert (await benches.scan(await benches.open("N-1"), SKU)).packing.state == "packed"


async def test_one_of_many_packers_opens_an_order(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    answers = await asyncio.gather(
        *(benches.open("N-1", f"123/{number}") for number in range(8)), return_exceptions=True
    )
    assert Counter(type(answer).__name__ for answer in answers) == {"Packing": 1, "PackedElsewhere": 7}
    [(state,)] = await benches.world.rows("SELECT state FROM bench_packing")
    assert state == "open"
    with pytest.raises(PackedElsewhere):
        await benches.open("T-1", OTHER_BENCH)


async def test_a_bench_opens_one_of_many_orders(benches: Benches) -> None:
    for position in range(3):
        await benches.picked(f"N-{position}", {SKU: 1}, f"T-{position + 1}")
    answers = await asyncio.gather(*(benches.open(f"N-{n}") for n in range(3)), return_exceptions=True)
    assert Counter(type(answer).__name__ for answer in answers) == {"Packing": 1, "BenchBusy": 2}
    states = await benches.world.rows("SELECT state, count(*) FROM orders GROUP BY state ORDER BY state")
    assert states == [("packing", 1), ("picking", 2)]


async def test_scans_that_come_together_count_each_once_and_one_closes(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 4})
    opened = await benches.open("N-1")
    answers = await asyncio.gather(
        *(benches.scan(opened, SKU, operation_id=f"s-{number % 6}") for number in range(12)), return_exceptions=True
    )
    steps = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert {type(answer) for answer in answers if isinstance(answer, BaseException)} <= {PackingOver}
    assert sum(step.reported is not None for step in steps) == 1
    assert await benches.world.rows("SELECT sum(quantity)::bigint FROM bench_scan") == [(4,)]
    assert await benches.floor.state("N-1") == "packed"
    await benches.world.verified()


async def test_a_call_off_and_the_last_scan_meet(benches: Benches) -> None:
    """Whichever holds the order first: either it is packed, and the floor is asked, or the parcel stops."""
    await benches.picked("N-1", {SKU: 1})
    opened = await benches.open("N-1")
    step, _ = await asyncio.gather(benches.scan(opened, SKU), asked_off(benches))
    assert (step.packing.state, await benches.floor.state("N-1")) in {("packed", "packed"), ("stopped", "picking")}
    await benches.world.verified()


async def test_a_serial_number_is_asked_for_and_scanned_once(benches: Benches) -> None:
    await benches.world.rows("UPDATE product SET serial_tracked = true WHERE sku = %(sku)s RETURNING 1", sku=SKU)
    order = await benches.picked("N-1", {SKU: 2})
    opened = await benches.open("N-1")
    with pytest.raises(SerialNeeded):
        await benches.scan(opened, SKU)
    bench = await benches.floor.do(queries.bench, packing_id=opened.id)
    assert bench.packing.block is None
    step = await benches.scan(opened, SKU, serial="9" * (SERIAL_CHARACTERS_MAX + 1))
    assert isinstance(step.refused, SerialWrong)
    assert (await benches.scan(opened, SKU, serial="9" * SERIAL_CHARACTERS_MAX)).refused is None
    step = await benches.scan(opened, SKU, serial="9" * SERIAL_CHARACTERS_MAX)
    assert isinstance(step.refused, SerialScanned)
    assert (await benches.scan(opened, SKU, serial="SN-2")).packing.state == "packed"
    async with benches.world.desk.database.autocommit() as tx:
        serials = await queries.serials_of_order(tx, account_id=ACCOUNT, order_id=order.id)
        [report] = await packings.packings_of_order(tx, account_id=ACCOUNT, order_id=order.id)
    assert serials == {"1": ["9" * SERIAL_CHARACTERS_MAX, "SN-2"]}
    assert report.items[0].attributes == {"serials": serials["1"]}


@pytest.mark.parametrize(("most", "told"), [(1, ["SN-1"]), (2, ["SN-1", "SN-2"])])
async def test_a_report_names_so_many_serial_numbers_of_a_line(
    benches: Benches, monkeypatch: pytest.MonkeyPatch, most: int, told: list[str]
) -> None:
    monkeypatch.setattr(commands, "SERIALS_TOLD_MAX", most)
    await benches.picked("N-1", {SKU: 2})
    opened = await benches.open("N-1")
    for serial in ("SN-1", "SN-2"):
        await benches.scan(opened, SKU, serial=serial)
    assert await benches.world.rows("SELECT attributes FROM packing_item") == [({"serials": told},)]


async def test_a_piece_with_a_name_is_found_by_it(benches: Benches) -> None:
    await benches.world.car("LDEMO1")
    await benches.world.car("LDEMO2")
    order = await benches.world.order("N-1", lines={"CAR-S5": 1}, owner="OWN-CAR", state="allocated")
    async with benches.world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
    opened = await benches.open("N-1")
    with pytest.raises(SerialNeeded):
        await benches.scan(opened, "CAR-S5")
    assert isinstance((await benches.scan(opened, "CAR-S5", serial="LDEMO9")).refused, SerialWrong)
    assert (await benches.scan(opened, "LDEMO2")).packing.state == "packed"
    async with benches.world.desk.database.transaction() as tx:
        serials = await queries.serials_of_order(tx, account_id=ACCOUNT, order_id=order.id)
        await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order.id, units=serials)
    await benches.world.verified()


async def test_a_code_may_tell_its_lot_and_count_its_pieces(benches: Benches) -> None:
    await benches.world.rows(
        "UPDATE product_code SET code = '09521234000013' WHERE code = %(sku)s RETURNING 1", sku=SKU
    )
    await benches.floor.shelve(SKU, 5, "A-01", lot="L-1")
    await benches.floor.order("N-1", {SKU: 5})
    wave = await benches.floor.wave()
    pick = await benches.floor.next(wave)
    assert pick is not None
    await benches.floor.pick(pick, "T-1")
    opened = await benches.open("N-1")
    step = await benches.scan(opened, LOTTED.replace("L-1", "L-2"))
    assert isinstance(step.refused, LotWrong)
    assert (step.refused.facts["lot"], step.refused.facts["wanted"]) == ("L-2", "L-1")
    assert (await benches.scan(opened, LOTTED)).refused is None
    step = await benches.scan(opened, "(02)09521234000013(37)5")
    assert isinstance(step.refused, TooMany)
    assert step.refused.facts == {"sku": SKU, "left": 4, "quantity": 5}
    assert (await benches.scan(opened, "(02)09521234000013(37)4")).packing.state == "packed"


async def test_goods_that_are_only_passed_on_go_by_their_owners_code(benches: Benches) -> None:
    await benches.floor.shelve(SKU, 1, None)
    lines = (
        NewLine(line_key="1", sku="LEAFLET", stocked=False, quantity=1),
        NewLine(line_key="2", sku=SKU, quantity=1),
    )
    order = await benches.world.order("N-1", new_lines=lines, state="allocated")
    async with benches.world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
    opened = await benches.open("N-1")
    assert (await benches.scan(opened, "LEAFLET")).refused is None
    assert isinstance((await benches.scan(opened, "LEAFLET")).refused, TooMany)
    assert (await benches.scan(opened, SKU)).packing.state == "packed"


async def test_a_parcel_is_weighed_and_one_that_is_far_off_is_told(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 2})
    opened = await benches.open("N-1")
    with pytest.raises(NotClosed):
        await benches.weigh(opened, Decimal(500))
    await benches.scan(opened, SKU)
    packed = (await benches.scan(opened, SKU)).packing
    parcel = await benches.parcel(packed)
    assert parcel.suggestion.carton is not None
    assert (parcel.pieces, parcel.suggestion.carton.name, parcel.expected_g) == (2, "XS", 1_090)
    assert (parcel.weight_g, parcel.odd) == (None, False)
    for wrong in (0, -1, WEIGHT_G_MAX + 1):
        with pytest.raises(WeightInvalid):
            await benches.weigh(packed, Decimal(wrong))
    with pytest.raises(BoxUnknown):
        await benches.weigh(packed, None, "crate")
    allowed = 1_090 * Decimal("0.15")
    assert allowed > DIFFERS_G_MIN
    for weight_g, odd in ((1_090 + int(allowed), False), (1_090 + int(allowed) + 1, True), (WEIGHT_G_MAX, True)):
        await benches.weigh(packed, Decimal(weight_g))
        parcel = await benches.parcel(packed)
        assert (parcel.weight_g, parcel.odd) == (weight_g, odd)
    await benches.weigh(packed, None, "S")
    parcel = await benches.parcel(packed)
    assert (parcel.weight_g, parcel.packing.box, parcel.expected_g) == (None, "S", 1_180)


async def test_the_scale_is_read_and_a_typed_weight_counts_before_it(benches: Benches) -> None:
    order = await benches.picked("N-1", {SKU: 1})
    packed = (await benches.scan(await benches.open("N-1"), SKU)).packing
    for weight_g in (900, 601):
        benches.world.clock.advance(timedelta(seconds=5))
        async with benches.world.desk.database.transaction() as tx:
            reading = Reading(
                mailno=str(order.id),
                device="DWS-1",
                weight_g=Decimal(weight_g),
                length_mm=Decimal(100),
                width_mm=Decimal(100),
                height_mm=Decimal(100),
                volume_cm3=Decimal(1_000),
                measured_at=tx.now,
            )
            await readings.read(tx, **HERE, reading=reading)
    parcel = await benches.parcel(packed)
    assert parcel.reading is not None
    assert (parcel.reading.weight_g, parcel.reading.device, parcel.weight_g) == (601, "DWS-1", 601)
    await benches.weigh(packed, Decimal(600))
    assert (await benches.parcel(packed)).weight_g == 600


async def test_a_packing_of_another_place_is_unknown(benches: Benches) -> None:
    await benches.picked("N-1", {SKU: 1})
    opened = await benches.open("N-1")
    for command, given in (
        (commands.scan, {"code": SKU, "operation_id": "s"}),
        (commands.acknowledge, {}),
        (commands.undo, {"staff_id": benches.packer, "operation_id": "u"}),
        (commands.put_aside, {"staff_id": benches.packer}),
        (queries.bench, {}),
    ):
        for packing_id, site_id in ((opened.id, SHOP), (opened.id + 1, HERE["site_id"]), (2**70, HERE["site_id"])):
            with pytest.raises(PackingUnknown):
                await benches.floor.do(command, packing_id=packing_id, site_id=site_id, **given)  # type: ignore[arg-type]
    assert await benches.floor.do(queries.ready, site_id=SHOP) == []
