"""From the wave to the tote, by each of the three methods."""

from collections import Counter
from datetime import timedelta

import pytest

from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.orders import commands as orders
from crossdock.core.picking import commands, queries
from crossdock.core.picking.errors import (
    NotATote,
    NothingToPick,
    OrderStopped,
    PickNotYours,
    PickUnknown,
    PiecesWrong,
    ToteTaken,
    ToteWrong,
    WaveUnknown,
)
from crossdock.core.picking.model import Method, Stop
from crossdock.core.places.errors import KindWrong, LocationUnknown
from tests.core.picking.floor import OTHER_SKU, SKU, Floor
from tests.world import ACCOUNT, LOCKER_SERVICE, PARCEL_SERVICE


async def called_off(floor: Floor, number: str, pieces: dict[str, int]) -> None:
    """Its owner asks for it, and a manager grants what somebody has to decide on."""
    wanted = CallOff(number=number, content_hash=b"1", pieces=pieces, batch_key="B-1" if pieces else None)
    async with floor.world.desk.database.transaction() as tx:
        await calling_off.call_off(tx, account_id=ACCOUNT, wanted=wanted)
        for asked in await calling_off.waiting(tx, account_id=ACCOUNT, number=number):
            await calling_off.decide(tx, account_id=ACCOUNT, request_id=asked.id, granted=True)


async def test_an_order_goes_from_its_shelves_into_one_tote_and_is_ready_to_be_packed(floor: Floor) -> None:
    await floor.shelve(SKU, 2, "A-01")
    await floor.shelve(SKU, 5, "A-03")
    await floor.shelve(OTHER_SKU, 1, "A-02")
    order = await floor.order("N-1", {SKU: 3, OTHER_SKU: 1})
    wave = await floor.wave()
    assert await floor.state("N-1") == "released"

    walk = []
    while (pick := await floor.next(wave)) is not None:
        walk.append((pick.location, pick.sku, pick.left, pick.there, pick.tote))
        await floor.pick(pick, "T-1")
        assert await floor.state("N-1") == "picking"
    assert walk == [
        ("A-02", OTHER_SKU, 1, 1, None),
        ("A-01", SKU, 2, 2, "T-1"),
        ("A-03", SKU, 1, 5, "T-1"),
    ]

    assert await floor.lies() == {("A-03", SKU): 4, ("T-1", SKU): 3, ("T-1", OTHER_SKU): 1}
    progress = await floor.progress(wave)
    assert (progress.state, progress.ready, progress.picked, progress.pieces) == ("done", 1, 4, 4)
    found = await floor.do(queries.order_in_tote, tote_code="T-1")
    assert (found.order_id, found.number, found.ready) == (order.id, "N-1", True)
    for step in (fulfilment.start_packing, fulfilment.finish_packing, fulfilment.ship):
        async with floor.world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=order.id)  # type: ignore[operator]
    await floor.world.verified()


async def test_a_cart_of_many_totes_is_walked_once_and_each_pick_says_which_tote(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    await floor.shelve(OTHER_SKU, 9, "A-02")
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 1, OTHER_SKU: 1})
    wave = await floor.wave("cluster")
    walk = []
    while (pick := await floor.next(wave)) is not None:
        tote = pick.tote or f"T-{pick.place}"
        walk.append((pick.location, pick.number, tote))
        await floor.pick(pick, tote)
    assert walk == [("A-02", "N-1", "T-1"), ("A-02", "N-2", "T-2"), ("A-01", "N-1", "T-1"), ("A-01", "N-2", "T-2")]
    assert (await floor.progress(wave)).ready == 2
    await floor.world.verified()


async def test_a_batch_is_taken_together_and_sorted_into_the_totes_of_its_orders(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    for number, pieces in (("N-1", 2), ("N-2", 1), ("N-3", 3)):
        await floor.order(number, {SKU: pieces})
    wave = await floor.wave("batch")
    pick = await floor.next(wave)
    assert pick is not None
    assert (pick.orders, pick.left, pick.there) == (3, 6, 9)
    await floor.pick(pick, "T-4", 4)
    again = await floor.next(wave)
    assert again is not None
    assert (again.left, again.tote) == (2, "T-4")
    with pytest.raises(ToteWrong) as refused:
        await floor.pick(again, "T-3")
    assert refused.value.facts == {"scanned": "T-3", "wanted": "T-4"}
    await floor.pick(again, "T-4")
    assert await floor.next(wave) is None
    assert await floor.do(queries.order_in_tote, tote_code="T-4") is None

    progress = await floor.progress(wave)
    assert (progress.state, progress.ready, progress.to_sort) == ("live", 0, 6)
    places = []
    while (step := await floor.do(queries.sort_step, wave_id=wave.id, code=SKU)) is not None:
        places.append((step.number, step.place, step.left))
        await floor.do(
            commands.sort,
            task_id=step.task_id,
            quantity=1,
            tote_code=step.tote or f"T-{step.place}",
            staff_id=floor.people[0],
        )
    assert places == [("N-1", 1, 2), ("N-1", 1, 1), ("N-2", 2, 1), ("N-3", 3, 3), ("N-3", 3, 2), ("N-3", 3, 1)]
    assert await floor.lies() == {("A-01", SKU): 3, ("T-1", SKU): 2, ("T-2", SKU): 1, ("T-3", SKU): 3}
    assert (await floor.progress(wave)).state == "done"
    await floor.world.verified()


async def test_what_is_not_put_away_is_picked_where_it_came_in_and_reserves_last(floor: Floor) -> None:
    await floor.shelve(SKU, 1, None)
    await floor.shelve(SKU, 1, "R-01")
    await floor.shelve(SKU, 1, "A-03")
    await floor.order("N-1", {SKU: 2})
    wave = await floor.wave()
    preview = [(pick.location, pick.there) for pick in [await floor.next(wave)] if pick]
    assert preview == [("A-03", 1)]
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1")
    pick = await floor.next(wave)
    assert pick is not None
    assert (pick.location_id, pick.location, pick.there) == (None, "", 1)
    await floor.pick(pick, "T-1")
    assert await floor.lies() == {("R-01", SKU): 1, ("T-1", SKU): 2}
    await floor.world.verified()


async def test_a_preview_says_what_the_wave_would_be_and_writes_nothing(floor: Floor) -> None:
    await floor.shelve(SKU, 5, "A-01")
    await floor.shelve(OTHER_SKU, 3, "Q-01")
    await floor.order("N-1", {SKU: 1})
    await floor.order("N-2", {OTHER_SKU: 2})
    await floor.order("N-3", {SKU: 2})
    preview = await floor.preview()
    assert [order.number for order in preview.orders] == ["N-1", "N-3"]
    names = {"sku": SKU, "name": preview.stops[0].name, "lot": ""}
    assert preview.stops == [Stop(code="A-01", pieces=3, orders=2, **names)]
    assert [(one.number, one.sku, one.wanted, one.found) for one in preview.short] == [("N-2", OTHER_SKU, 2, 0)]
    assert await floor.world.rows("SELECT 1 FROM wave") == []
    await floor.wave()
    assert [await floor.state(number) for number in ("N-1", "N-2", "N-3")] == ["released", "allocated", "released"]
    with pytest.raises(NothingToPick) as refused:
        await floor.wave()
    assert refused.value.facts == {"orders": 1, "short": 1}


async def test_each_filter_leaves_out_what_it_says(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    await floor.shelve(OTHER_SKU, 9, "A-01")
    await floor.order("old", {SKU: 1}, service=PARCEL_SERVICE)
    until = floor.world.clock.now()
    floor.world.clock.advance(timedelta(hours=2))
    await floor.order("two", {SKU: 1, OTHER_SKU: 1}, service=LOCKER_SERVICE)
    await floor.order("none", {SKU: 1})
    await floor.world.rows(
        'UPDATE delivery_service SET rules = rules || \'{"carrier": "SF"}\' WHERE id = %(id)s RETURNING id',
        id=PARCEL_SERVICE,
    )
    owner = (await floor.world.desk.accounts.sub_inventory(ACCOUNT, "OWN-A")).id
    for wanted, numbers in (
        ({}, ["old", "two", "none"]),
        ({"service_ids": (PARCEL_SERVICE, LOCKER_SERVICE)}, ["old", "two"]),
        ({"carrier": "SF"}, ["old"]),
        ({"placed_until": until}, ["old"]),
        ({"lines_max": 1}, ["old", "none"]),
        ({"lines_min": 2}, ["two"]),
        ({"owner_ids": (owner,)}, ["old", "two", "none"]),
        ({"owner_ids": (owner + 1,)}, []),
        ({"orders_max": 1}, ["old"]),
        ({"orders_max": 2, "lines_max": 1}, ["old", "none"]),
    ):
        seen = await floor.preview(**wanted)
        assert [order.number for order in seen.orders] == numbers, wanted


async def test_a_wave_that_is_cancelled_keeps_what_somebody_began(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 2})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1", 1)
    assert (await floor.do(commands.cancel_wave, wave_id=wave.id)).state == "live"
    assert (await floor.progress(wave)).gone == 1
    again = await floor.wave()
    progress = await floor.progress(again)
    assert (progress.orders, await floor.state("N-2")) == (1, "released")
    assert (await floor.do(commands.cancel_wave, wave_id=again.id)).state == "cancelled"
    assert await floor.next(again) is None
    rest = await floor.next(wave)
    assert rest is not None
    await floor.pick(rest, "T-1")
    assert (await floor.progress(wave)).state == "done"
    await floor.world.verified()


async def test_a_cancelled_order_is_gone_at_the_next_step_and_its_goods_are_to_be_put_back(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    first = await floor.order("N-1", {SKU: 2})
    await floor.order("N-2", {SKU: 1})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1", 1)
    async with floor.world.desk.database.transaction() as tx:
        await orders.cancel(tx, account_id=ACCOUNT, order_id=first.id, dialect="house", actor="")
    with pytest.raises(OrderStopped) as refused:
        await floor.pick(pick, "T-1", 1)
    assert refused.value.facts["state"] == "cancelled"
    following = await floor.next(wave)
    assert following is not None
    assert following.number == "N-2"
    with pytest.raises(ToteTaken) as taken:
        await floor.pick(following, "T-1")
    assert taken.value.facts == {"tote": "T-1", "number": "N-1"}
    await floor.pick(following, "T-2")
    assert await floor.next(wave) is None
    assert (await floor.progress(wave)).state == "done"

    [back] = await floor.do(queries.put_backs)
    assert (back.number, back.tote, back.sku, back.quantity, back.shelf) == ("N-1", "T-1", SKU, 1, "A-01")
    given = {"order_id": first.id, "stock_id": back.stock_id, "tote_code": "T-1", "staff_id": floor.people[0]}
    with pytest.raises(KindWrong):
        await floor.do(commands.put_back, **given, location_code="T-3", quantity=1, operation_id="op-0")
    await floor.do(commands.put_back, **given, location_code="A-03", quantity=1, operation_id="op-1")
    await floor.do(commands.put_back, **given, location_code="A-03", quantity=1, operation_id="op-1")
    assert await floor.do(queries.put_backs) == []
    with pytest.raises(PickUnknown):
        await floor.do(commands.put_back, **given, location_code="A-03", quantity=1, operation_id="op-2")
    assert await floor.lies() == {("A-01", SKU): 7, ("A-03", SKU): 1, ("T-2", SKU): 1}
    assert await floor.world.rows("SELECT count(*) FROM tote_use WHERE freed_at IS NULL") == [(1,)]
    await floor.world.verified()


async def test_an_order_that_somebody_asked_to_call_off_waits_for_the_word(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    await floor.order("N-1", {SKU: 2})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1", 1)
    await floor.world.rows(
        "INSERT INTO cancel_request (account_id, number, content_hash, state, wanted, dialect, actor, asked_at)"
        " VALUES (47, 'N-1', '', 'asked', '{}', 'x', 'x', now()) RETURNING id"
    )
    assert await floor.next(wave) is None
    progress = await floor.progress(wave)
    assert (progress.state, progress.call_offs) == ("live", 1)
    await floor.world.rows("UPDATE cancel_request SET state = 'refused', decided_at = now() RETURNING id")
    assert await floor.next(wave) is not None


async def test_refusals_say_what_is_wrong(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 2})
    await floor.hire_another()
    wave = await floor.wave()
    mine, theirs = await floor.next(wave), await floor.next(wave, 1)
    assert mine is not None
    assert theirs is not None
    for quantity in (0, -1, 3, 2**70):
        with pytest.raises(PiecesWrong):
            await floor.pick(mine, "T-1", quantity)
    with pytest.raises(NotATote):
        await floor.pick(mine, "A-02")
    with pytest.raises(LocationUnknown):
        await floor.pick(mine, "nowhere")
    with pytest.raises(PickNotYours):
        await floor.pick(theirs, "T-1")
    await floor.pick(mine, "T-1", 1, operation_id="op-1")
    await floor.pick(mine, "T-1", 1, operation_id="op-1")
    with pytest.raises(ToteWrong) as wrong:
        await floor.pick(mine, "T-2", 1)
    assert wrong.value.facts == {"scanned": "T-2", "wanted": "T-1"}
    with pytest.raises(ToteTaken):
        await floor.pick(theirs, "T-1", person=1)
    await floor.pick(mine, "T-1", 1)
    with pytest.raises(PickNotYours):
        await floor.pick(mine, "T-1", 1)
    for unknown in (0, 2**70, 10**9):
        with pytest.raises(PickUnknown):
            await floor.do(commands.confirm, task_id=unknown, quantity=1, tote_code="T-1", staff_id=floor.people[0])
        with pytest.raises(WaveUnknown):
            await floor.do(commands.next_task, wave_id=unknown, staff_id=floor.people[0])
    assert await floor.lies() == {("A-01", SKU): 7, ("T-1", SKU): 2}


async def test_what_somebody_puts_down_is_anybodys(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    await floor.order("N-1", {SKU: 2})
    await floor.hire_another()
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1", 1)
    assert await floor.next(wave, 1) is None
    assert await floor.do(commands.put_down, wave_id=wave.id, staff_id=floor.people[0]) == 1
    theirs = await floor.next(wave, 1)
    assert theirs is not None
    assert (theirs.task_id, theirs.left, theirs.tote) == (pick.task_id, 1, "T-1")
    with pytest.raises(PickNotYours):
        await floor.pick(pick, "T-1")


@pytest.mark.parametrize(("method", "tote"), [("single", "T-1"), ("batch", "T-4")])
@pytest.mark.parametrize(("before", "back"), [(0, 0), (1, 0), (2, 0), (3, 1)])
async def test_of_what_is_called_off_meanwhile_nobody_walks_for_more_and_the_rest_is_put_back(
    floor: Floor, method: Method, tote: str, before: int, back: int
) -> None:
    await floor.shelve(SKU, 9, "A-01")
    order = await floor.order("N-1", {SKU: 3})
    wave = await floor.wave(method)
    pick = await floor.next(wave)
    assert pick is not None
    if before:
        await floor.pick(pick, tote, before)
    await called_off(floor, "N-1", {"1": 1})
    assert await floor.lies() == Counter({("A-01", SKU): 9 - before, (tote, SKU): before}) - Counter()
    while (pick := await floor.next(wave)) is not None:
        await floor.pick(pick, tote)
    while (step := await floor.do(queries.sort_step, wave_id=wave.id, code=SKU)) is not None:
        given = {"task_id": step.task_id, "quantity": step.left, "staff_id": floor.people[0]}
        await floor.do(commands.sort, **given, tote_code="T-1")
    assert (await floor.progress(wave)).ready == 1
    for row in await floor.do(queries.put_backs):
        given = {"order_id": order.id, "stock_id": row.stock_id, "quantity": row.quantity, "tote_code": row.tote}
        await floor.do(
            commands.put_back, **given, location_code="A-02", staff_id=floor.people[0], operation_id="op-1"
        )
    assert await floor.do(queries.put_backs) == []
    assert await floor.lies() == Counter({("A-01", SKU): 7 - back, ("T-1", SKU): 2, ("A-02", SKU): back}) - Counter()
    await floor.world.verified()


async def test_the_whole_of_a_line_called_off_ends_its_picks(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    await floor.shelve(OTHER_SKU, 1, "A-02")
    await floor.order("N-1", {SKU: 1, OTHER_SKU: 1})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    assert pick.sku == OTHER_SKU
    await floor.pick(pick, "T-1")
    await called_off(floor, "N-1", {"1": 1})
    assert await floor.next(wave) is None
    progress = await floor.progress(wave)
    assert (progress.state, progress.ready) == ("done", 1)
    assert [row[0] for row in await floor.world.rows("SELECT state FROM pick_task ORDER BY id")] == ["void", "done"]
    await floor.world.verified()


async def test_what_is_called_off_in_its_parcel_is_put_back_although_its_tote_has_other_goods(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    first = await floor.order("N-1", {SKU: 2})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1")
    for step in (fulfilment.start_packing, fulfilment.finish_packing):
        async with floor.world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=first.id)
    assert await floor.do(queries.put_backs) == []
    second = await floor.order("N-2", {SKU: 1})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1")

    await called_off(floor, "N-1", {})
    [row] = await floor.do(queries.put_backs)
    assert (row.number, row.state, row.tote, row.quantity) == ("N-1", "cancelled", "T-1", 2)
    given = {"order_id": first.id, "stock_id": row.stock_id, "tote_code": "T-1", "staff_id": floor.people[0]}
    await floor.do(commands.put_back, **given, location_code="A-01", quantity=2, operation_id="op-1")
    assert await floor.do(queries.put_backs) == []
    assert (await floor.do(queries.order_in_tote, tote_code="T-1")).number == "N-2"
    for step in (fulfilment.start_packing, fulfilment.finish_packing, fulfilment.ship):
        async with floor.world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=second.id)  # type: ignore[operator]
    assert await floor.lies() == {("A-01", SKU): 8}
    assert await floor.do(queries.put_backs) == []
    await floor.order("N-3", {SKU: 1})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1")
    rests = await floor.world.rows("SELECT emptied_at IS NULL FROM tote_use ORDER BY id")
    assert rests == [(False,), (False,), (True,)]
    await floor.world.verified()


async def test_a_tote_is_free_again_when_its_goods_are_in_a_parcel(floor: Floor) -> None:
    await floor.shelve(SKU, 9, "A-01")
    order = await floor.order("N-1", {SKU: 1})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    await floor.pick(pick, "T-1")
    await floor.order("N-2", {SKU: 1})
    wave = await floor.wave()
    pick = await floor.next(wave)
    assert pick is not None
    with pytest.raises(ToteTaken):
        await floor.pick(pick, "T-1")
    for step in (fulfilment.start_packing, fulfilment.finish_packing):
        async with floor.world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=order.id)
    await floor.pick(pick, "T-1")
    assert (await floor.do(queries.order_in_tote, tote_code="T-1")).number == "N-2"
