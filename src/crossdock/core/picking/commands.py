"""Waves are made, and their goods go from shelves into totes. Orders are held first, then buckets, then places."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import structs, to_builtins

from crossdock.base.ids import AccountId, LocationId, OrderId, SiteId, StaffId, StockId
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import reserving
from crossdock.core.orders.model import Order
from crossdock.core.picking import sql
from crossdock.core.picking.errors import (
    NotATote,
    NothingToPick,
    NotReplenishable,
    OrderStopped,
    PickNotYours,
    PicksWait,
    PickUnknown,
    PiecesWrong,
    ReasonUnknown,
    ToteTaken,
    ToteWrong,
    WaveUnknown,
)
from crossdock.core.picking.model import (
    CART_TOTES,
    PICKED_STATES,
    PUT_BACK_KINDS,
    REASONS,
    SPOT_KINDS,
    WAVE_ORDERS_MAX,
    Candidate,
    Demand,
    Method,
    Missing,
    NewTask,
    Pick,
    Preview,
    PutBack,
    Reason,
    Shorted,
    Spot,
    Stop,
    Task,
    Wave,
    WaveFilter,
)
from crossdock.core.picking.planning import Floor, Short, Whole, plan
from crossdock.core.places import commands as places
from crossdock.core.places import queries as place_queries
from crossdock.core.places.errors import KindWrong
from crossdock.core.places.model import Location
from crossdock.core.staff import commands as staff
from crossdock.core.stock import commands as stock
from crossdock.core.stock import sql as stock_sql
from crossdock.core.stock.model import Candidate as Bucket
from crossdock.db.tx import Tx

HELD_FOR = "short pick"
"""How the reason begins for which such an order is held."""


async def preview_wave(tx: Tx, *, account_id: AccountId, site_id: SiteId, wanted: WaveFilter) -> Preview:
    """What `create_wave` would do now; nothing is locked or written."""
    found = await sql.candidates(tx, account_id=account_id, site_id=site_id, wanted=wanted, limit=WAVE_ORDERS_MAX)
    whole, short, spots = await _plan(tx, account_id, [one.id for one in found], wanted.orders_max)
    stock_ids = {spot.stock_id for spot in spots} | {demand.stock_id for row in short.values() for demand, _ in row}
    names = await sql.products(tx, account_id=account_id, stock_ids=stock_ids)
    return Preview(
        orders=[one for one in found if one.id in whole],
        stops=_stops(whole, names, {spot.location_id: spot for spot in spots}),
        short=_missing(found, short, names),
    )


async def create_wave(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    wanted: WaveFilter,
    method: Method,
    staff_id: StaffId | None = None,
    operation_id: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Wave:
    """The oldest orders that fit and are there whole go to the floor together; the others stay as they are.

    The same operation again finds the wave it made. Errors: NothingToPick.
    """
    before = await _done_before(tx, account_id, site_id, operation_id)
    if before is not None:
        return await _wave(tx, account_id, site_id, int(before["wave"]))
    found = await sql.candidates(tx, account_id=account_id, site_id=site_id, wanted=wanted, limit=WAVE_ORDERS_MAX)
    await sql.lock_orders(tx, account_id=account_id, order_ids=[one.id for one in found])
    free = await sql.still_free(tx, account_id=account_id, order_ids=[one.id for one in found])
    await stock.hold(tx, orders=[(account_id, order.id) for order in free])
    whole, short, _ = await _plan(tx, account_id, [order.id for order in free], wanted.orders_max)
    if not whole:
        raise NothingToPick(orders=len(free), short=len(short))
    wave = await sql.add_wave(
        tx, account_id=account_id, site_id=site_id, method=method, wanted=wanted, made_by=staff_id
    )
    await sql.leave_waves(tx, account_id=account_id, order_ids=list(whole))
    await sql.add_orders(tx, account_id=account_id, wave_id=wave.id, order_ids=list(whole))
    tasks = [task for of_order in whole.values() for task in of_order]
    await sql.add_tasks(tx, account_id=account_id, wave_id=wave.id, tasks=tasks)
    for order in free:
        if order.id in whole and order.state == "allocated":
            await orders.advance(tx, order, to="released", dialect=dialect, actor=actor)
    await _record(
        tx,
        account_id,
        site_id,
        staff_id,
        "create_wave",
        operation_id,
        {"wave": wave.id, "method": method, "orders": len(whole), "wanted": to_builtins(wanted)},
    )
    return wave


async def cancel_wave(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    wave_id: int,
    staff_id: StaffId | None = None,
    operation_id: str | None = None,
) -> Wave:
    """Orders that nobody began are free for another wave; the wave ends with those that somebody did begin.

    A wave that is over stays as it is. Errors: WaveUnknown.
    """
    if await _done_before(tx, account_id, site_id, operation_id) is None:
        await _wave(tx, account_id, site_id, wave_id)
        order_ids = await sql.open_orders(tx, account_id=account_id, wave_id=wave_id)
        await sql.lock_orders(tx, account_id=account_id, order_ids=order_ids)
        begun = await sql.begun(tx, account_id=account_id, wave_id=wave_id)
        unbegun = [order_id for order_id in order_ids if order_id not in begun]
        await sql.drop(tx, account_id=account_id, order_ids=unbegun, state="left", wave_id=wave_id)
        await sql.end_wave(tx, account_id=account_id, wave_id=wave_id, state="cancelled")
        after = {"wave": wave_id, "orders": len(unbegun)}
        await _record(tx, account_id, site_id, staff_id, "cancel_wave", operation_id, after)
    return await _wave(tx, account_id, site_id, wave_id)


async def next_task(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int, staff_id: StaffId
) -> Pick | None:
    """The next walk of this person, who takes on another part of the wave when the last one is done.

    A part is an order, a cart of orders, or all that is wanted of a bucket at one location, as the wave's method has
    it; nobody else gets it. None when there is nothing left for them. Errors: WaveUnknown.
    """
    found = await _wave(tx, account_id, site_id, wave_id)
    who: dict[str, Any] = {"account_id": account_id, "wave_id": wave_id, "staff_id": staff_id}
    pick = await sql.next_pick(tx, **who, site_id=site_id)
    if pick is not None:
        return pick
    await sql.lock_wave(tx, account_id=account_id, wave_id=wave_id)
    if found.method == "batch":
        await sql.claim_walk(tx, **who)
    else:
        await sql.claim_orders(tx, **who, limit=CART_TOTES if found.method == "cluster" else 1)
    pick = await sql.next_pick(tx, **who, site_id=site_id)
    if pick is None:
        await _settle(tx, account_id, wave_id)
    return pick


async def put_down(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    wave_id: int,
    staff_id: StaffId,
    by: StaffId | None = None,
    operation_id: str | None = None,
) -> int:
    """What a person had still in hand of a wave is anybody's; how many picks that was. Errors: WaveUnknown."""
    if await _done_before(tx, account_id, site_id, operation_id) is not None:
        return 0
    await _wave(tx, account_id, site_id, wave_id)
    given_up = await sql.put_down(tx, account_id=account_id, wave_id=wave_id, staff_id=staff_id)
    after = {"wave": wave_id, "picks": given_up}
    await _record(tx, account_id, site_id, by or staff_id, "leave_wave", operation_id, after)
    return given_up


async def confirm(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    task_id: int,
    quantity: int,
    tote_code: str,
    staff_id: StaffId,
    operation_id: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> None:
    """So many pieces of a walk lie in the tote now; with the first of them an order is being picked.

    With the last of its picks the order is ready to be packed; a batch is sorted first. The same operation again does
    nothing. Errors: PickUnknown, PickNotYours, OrderStopped, PiecesWrong, LocationUnknown, NotATote, ToteWrong,
    ToteTaken, NotThere.
    """
    if await _done_before(tx, account_id, site_id, operation_id) is not None:
        return
    held, tasks, wave = await _held_walk(tx, account_id, site_id, task_id, staff_id)
    left = sum(task.left for task in tasks)
    if not 0 < quantity <= left:
        raise PiecesWrong(quantity=quantity, left=left)
    tote = await _tote(tx, account_id, site_id, tote_code)
    batch = wave.method == "batch"
    await _into(tx, tote, wave_id=wave.id, order_id=None if batch else tasks[0].order_id)
    if batch and any(task.tote_id not in (None, tote.id) for task in tasks):
        begun = next(task for task in tasks if task.tote_id not in (None, tote.id))
        raise ToteWrong(scanned=tote.code, wanted=await _code(tx, account_id, site_id, begun.tote_id))
    for task, pieces in _spread(tasks, quantity):
        if held[task.order_id].state == "released":
            held[task.order_id] = await orders.advance(
                tx, held[task.order_id], to="picking", dialect=dialect, actor=actor
            )
        await places.move(
            tx,
            account_id=account_id,
            site_id=site_id,
            stock_id=task.stock_id,
            from_location_id=task.location_id,
            to_location_id=tote.id,
            quantity=pieces,
            cause=f"pick:{task.id}:{task.picked + pieces}",
            staff_id=staff_id,
            order_id=task.order_id,
        )
        await sql.picked(tx, task=task, quantity=pieces, sorted_=0 if batch else pieces, tote_id=tote.id)
    after = {"wave": wave.id, "pick": task_id, "pieces": quantity, "tote": tote.code}
    await _record(tx, account_id, site_id, staff_id, "pick", operation_id, after)
    await _finish(tx, account_id, wave.id, {task.order_id for task in tasks})


async def sort(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    task_id: int,
    quantity: int,
    tote_code: str,
    staff_id: StaffId,
    operation_id: str | None = None,
) -> None:
    """Pieces of a batch go into the tote of their order; with the last of them the order is ready to be packed.

    Errors: PickUnknown, OrderStopped, PiecesWrong, LocationUnknown, NotATote, ToteWrong, ToteTaken.
    """
    if await _done_before(tx, account_id, site_id, operation_id) is not None:
        return
    task, wave = await _task(tx, account_id, site_id, task_id)
    await _hold(tx, account_id, [task.order_id])
    [task] = await sql.lock_tasks(tx, account_id=account_id, task_ids=[task.id])
    left = task.picked - task.sorted
    if task.tote_id is None or not 0 < quantity <= left:
        raise PiecesWrong(quantity=quantity, left=left)
    tote = await _tote(tx, account_id, site_id, tote_code)
    await _into(tx, tote, wave_id=wave.id, order_id=task.order_id)
    await places.move(
        tx,
        account_id=account_id,
        site_id=site_id,
        stock_id=task.stock_id,
        from_location_id=task.tote_id,
        to_location_id=tote.id,
        quantity=quantity,
        cause=f"sort:{task.id}:{task.sorted + quantity}",
        staff_id=staff_id,
        order_id=task.order_id,
    )
    await sql.sorted_(tx, task=task, quantity=quantity)
    await sql.free_tote(tx, account_id=account_id, tote_id=task.tote_id)
    after = {"wave": wave.id, "pick": task_id, "pieces": quantity, "tote": tote.code}
    await _record(tx, account_id, site_id, staff_id, "sort", operation_id, after)
    await _finish(tx, account_id, wave.id, {task.order_id})


async def short(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    task_id: int,
    reason: Reason,
    staff_id: StaffId,
    operation_id: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Shorted:
    """What is left of a walk is not there: it is looked for elsewhere, and the location is to be counted.

    Elsewhere is another location of the same bucket, then another bucket of the same product that nobody has set
    aside. An order whose goods nobody has is held (docs/decisions/0041). Errors: PickUnknown, PickNotYours,
    OrderStopped, ReasonUnknown.
    """
    if reason not in REASONS:
        raise ReasonUnknown(reasons=", ".join(REASONS))
    before = await _done_before(tx, account_id, site_id, operation_id)
    if before is not None:
        return Shorted(missing=before["missing"], elsewhere=before["elsewhere"], held=tuple(before["held"]))
    held, tasks, wave = await _held_walk(tx, account_id, site_id, task_id, staff_id)
    missing = sum(task.left for task in tasks)
    if tasks[0].location_id is not None:
        await sql.ask_count(
            tx,
            account_id=account_id,
            location_id=tasks[0].location_id,
            stock_id=tasks[0].stock_id,
            reason=reason,
            asked_by=staff_id,
        )
    candidates = await _buckets(tx, account_id, list(held.values()))
    free = {bucket.id: bucket.free for bucket in candidates}
    stopped: dict[OrderId, Task] = {}
    elsewhere = 0
    for task in tasks:
        await sql.end_task(tx, task=task, state="short", reason=reason)
        found = await _elsewhere(tx, task, candidates, free)
        if found is None:
            stopped.setdefault(task.order_id, task)
            continue
        elsewhere += task.left
        whose = None if wave.method == "batch" else staff_id
        await sql.add_tasks(tx, account_id=account_id, wave_id=wave.id, tasks=found, staff_id=whose)
    for order_id, task in stopped.items():
        await sql.drop(tx, account_id=account_id, order_ids=[order_id], state="short", wave_id=wave.id)
        said = await _said(tx, site_id, task, reason)
        await orders.put_on_hold(
            tx, account_id=account_id, order_id=order_id, reason=said, dialect=dialect, actor=actor
        )
    shorted = Shorted(missing=missing, elsewhere=elsewhere, held=tuple(held[order_id].number for order_id in stopped))
    after = {"wave": wave.id, "pick": task_id, **to_builtins(shorted)}
    await _record(tx, account_id, site_id, staff_id, "short_pick", operation_id, after, reason=reason)
    await _finish(tx, account_id, wave.id, set(held))
    return shorted


async def put_back(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    order_id: OrderId,
    stock_id: StockId,
    tote_code: str,
    location_code: str,
    quantity: int,
    staff_id: StaffId,
    operation_id: str,
) -> None:
    """What lies in a tote for an order that does not want it any more lies on a shelf again.

    Errors: PickUnknown, PiecesWrong, LocationUnknown, KindWrong.
    """
    if await _done_before(tx, account_id, site_id, operation_id) is not None:
        return
    await sql.lock_orders(tx, account_id=account_id, order_ids=[order_id])
    lying = await sql.put_backs(tx, account_id=account_id, site_id=site_id, order_id=order_id, limit=WAVE_ORDERS_MAX)
    row: PutBack | None = next((one for one in lying if (one.stock_id, one.tote) == (stock_id, tote_code)), None)
    if row is None:
        raise PickUnknown(id=order_id)
    if not 0 < quantity <= row.quantity:
        raise PiecesWrong(quantity=quantity, left=row.quantity)
    to = await place_queries.location_by_code(tx, account_id=account_id, site_id=site_id, code=location_code)
    if to.kind not in PUT_BACK_KINDS:
        raise KindWrong(code=to.code, kind=to.kind)
    await places.move(
        tx,
        account_id=account_id,
        site_id=site_id,
        stock_id=stock_id,
        from_location_id=row.tote_id,
        to_location_id=to.id,
        quantity=quantity,
        cause=f"put-back:{operation_id}",
        staff_id=staff_id,
        order_id=order_id,
    )
    await sql.free_tote(tx, account_id=account_id, tote_id=row.tote_id)
    after = {"order": row.number, "sku": row.sku, "pieces": quantity, "tote": row.tote, "location": to.code}
    await _record(tx, account_id, site_id, staff_id, "put_back", operation_id, after)


async def replenish(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    from_location_id: LocationId | None,
    location_code: str,
    quantity: int,
    staff_id: StaffId,
    operation_id: str,
) -> None:
    """Goods that live picks want from afar lie on a shelf now, and so many pieces of those picks are taken there.

    Errors: LocationUnknown, NotReplenishable, NotThere.
    """
    if await _done_before(tx, account_id, site_id, operation_id) is not None:
        return
    to = await place_queries.location_by_code(tx, account_id=account_id, site_id=site_id, code=location_code)
    await stock_sql.lock(tx, account_id=account_id, ids=[stock_id])
    waiting = await sql.waiting_there(
        tx, account_id=account_id, site_id=site_id, stock_id=stock_id, location_id=from_location_id
    )
    wanted = sum(task.quantity for task in waiting)
    if to.kind != "shelf" or to.id == from_location_id or not 0 < quantity <= wanted:
        raise NotReplenishable(quantity=quantity, wanted=wanted)
    await places.move(
        tx,
        account_id=account_id,
        site_id=site_id,
        stock_id=stock_id,
        from_location_id=from_location_id,
        to_location_id=to.id,
        quantity=quantity,
        cause=f"replenish:{operation_id}",
        staff_id=staff_id,
    )
    pieces = {task.id: part for task, part in _spread(waiting, quantity)}
    await sql.redirect(tx, account_id=account_id, pieces=pieces, location_id=to.id)
    after = {"stock": stock_id, "pieces": quantity, "location": to.code}
    await _record(tx, account_id, site_id, staff_id, "replenish", operation_id, after)


async def follow(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    from_location_id: LocationId | None,
    to: Location,
    moved: int,
    left: int,
) -> None:
    """Of goods that were `moved`, `left` pieces lie still where they were: picks that miss some go after them.

    The caller holds the bucket. Errors: PicksWait, where somebody is on the way to them, or nobody picks from there.
    """
    spot: dict[str, Any] = {"account_id": account_id, "site_id": site_id, "stock_id": stock_id}
    missing = await sql.promised_there(tx, **spot, location_id=from_location_id) - left
    if missing <= 0:
        return
    waiting = await sql.waiting_there(tx, **spot, location_id=from_location_id)
    going = sum(task.quantity for task in waiting) if to.kind in SPOT_KINDS else 0
    if going < missing:
        raise PicksWait(free=max(moved - missing + going, 0))
    pieces = {task.id: part for task, part in _spread(waiting[::-1], missing)}
    await sql.redirect(tx, account_id=account_id, pieces=pieces, location_id=to.id)


async def trim(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> None:
    """An order wants fewer pieces now, and gave back what was set aside for them: nobody walks for those any more.

    What was picked too much is to be put back. The caller holds the order.
    """
    for wave_id in await sql.trim(tx, account_id=account_id, order_id=order_id):
        await _finish(tx, account_id, wave_id, {order_id})


async def _plan(
    tx: Tx, account_id: AccountId, order_ids: Sequence[OrderId], most: int
) -> tuple[Whole, Short, list[Spot]]:
    demands = await sql.demands(tx, account_id=account_id, order_ids=order_ids)
    spots = await sql.spots(tx, account_id=account_id, stock_ids={one.stock_id for one in demands})
    return (*plan(order_ids, demands, Floor(spots), most), spots)


def _stops(
    whole: Whole, names: Mapping[StockId, tuple[str, ...]], spots: Mapping[LocationId | None, Spot]
) -> list[Stop]:
    pieces: Counter[tuple[LocationId | None, StockId]] = Counter()
    wanting: Counter[tuple[LocationId | None, StockId]] = Counter()
    for tasks in whole.values():
        for task in tasks:
            pieces[task.location_id, task.stock_id] += task.quantity
        wanting.update({(task.location_id, task.stock_id) for task in tasks})
    stops = []
    for location_id, stock_id in sorted(
        pieces, key=lambda at: (at[0] is None, spots[at[0]].walk_order, spots[at[0]].code, names[at[1]], at[1])
    ):
        sku, name, lot = names[stock_id]
        stops.append(
            Stop(
                code=spots[location_id].code,
                sku=sku,
                name=name,
                lot=lot,
                pieces=pieces[location_id, stock_id],
                orders=wanting[location_id, stock_id],
            )
        )
    return stops


def _missing(
    found: Sequence[Candidate],
    short: Short,
    names: Mapping[StockId, tuple[str, ...]],
) -> list[Missing]:
    numbers = {one.id: one.number for one in found}
    return [
        Missing(
            order_id=order_id,
            number=numbers[order_id],
            stock_id=demand.stock_id,
            sku=names[demand.stock_id][0],
            wanted=demand.quantity,
            found=pieces,
        )
        for order_id, lacking in short.items()
        for demand, pieces in lacking
    ]


async def _wave(tx: Tx, account_id: AccountId, site_id: SiteId, wave_id: int) -> Wave:
    """Errors: WaveUnknown."""
    found = None
    if 0 < wave_id <= order_queries.ORDER_ID_MAX:
        found = await sql.wave(tx, account_id=account_id, site_id=site_id, wave_id=wave_id)
    if found is None:
        raise WaveUnknown(id=wave_id)
    return found


async def _task(tx: Tx, account_id: AccountId, site_id: SiteId, task_id: int) -> tuple[Task, Wave]:
    """Errors: PickUnknown."""
    task = wave = None
    if 0 < task_id <= order_queries.ORDER_ID_MAX:
        task = await sql.task(tx, account_id=account_id, task_id=task_id)
    if task is not None:
        wave = await sql.wave(tx, account_id=account_id, site_id=site_id, wave_id=task.wave_id)
    if task is None or wave is None:
        raise PickUnknown(id=task_id)
    return task, wave


async def _held_walk(
    tx: Tx, account_id: AccountId, site_id: SiteId, task_id: int, staff_id: StaffId
) -> tuple[dict[OrderId, Order], list[Task], Wave]:
    """The picks of a walk and their orders, held. Errors: PickUnknown, PickNotYours, OrderStopped."""
    task, wave = await _task(tx, account_id, site_id, task_id)
    if task.state != "open" or task.staff_id != staff_id:
        raise PickNotYours(id=task_id)
    walk = await sql.same_walk(tx, task=task) if wave.method == "batch" else [task]
    held = await _hold(tx, account_id, {one.order_id for one in walk} or {task.order_id})
    locked = await sql.lock_tasks(tx, account_id=account_id, task_ids=[one.id for one in walk])
    mine = {one.id: one for one in locked if one.state == "open" and one.staff_id == staff_id}
    if not mine:
        raise PickNotYours(id=task_id)
    return held, [mine[one.id] for one in walk if one.id in mine], wave


async def _hold(tx: Tx, account_id: AccountId, order_ids: Collection[OrderId]) -> dict[OrderId, Order]:
    """Errors: OrderStopped."""
    held = {}
    for order_id in sorted(order_ids):
        order = await orders.locked(tx, account_id=account_id, order_id=order_id)
        if order.state not in PICKED_STATES:
            raise OrderStopped(id=order.id, number=order.number, state=order.state)
        held[order.id] = order
    return held


def _spread(tasks: Sequence[Task], quantity: int) -> list[tuple[Task, int]]:
    """Pieces that were taken together go to the first of the orders first."""
    spread = []
    for task in tasks:
        pieces = min(quantity, task.left)
        if pieces:
            spread.append((task, pieces))
            quantity -= pieces
    return spread


async def _tote(tx: Tx, account_id: AccountId, site_id: SiteId, code: str) -> Location:
    """Errors: LocationUnknown, NotATote."""
    tote = await place_queries.location_by_code(tx, account_id=account_id, site_id=site_id, code=code)
    if tote.kind != "tote":
        raise NotATote(tote=code)
    return tote


async def _code(tx: Tx, account_id: AccountId, site_id: SiteId, location_id: LocationId | None) -> str:
    if location_id is None:
        return ""
    where = {"account_id": account_id, "site_id": site_id}
    return (await place_queries.location_by_id(tx, **where, location_id=location_id)).code  # type: ignore[arg-type]


async def _into(tx: Tx, tote: Location, *, wave_id: int, order_id: OrderId | None) -> None:
    """The tote is the order's from now on, or the wave's. Errors: ToteWrong, ToteTaken."""
    if order_id is not None:
        has = await sql.tote_of(tx, account_id=tote.account_id, wave_id=wave_id, order_id=order_id)
        if has is not None:
            if has[0] != tote.id:
                raise ToteWrong(scanned=tote.code, wanted=has[1])
            return
    await sql.free_tote(tx, account_id=tote.account_id, tote_id=tote.id)
    taken = {"account_id": tote.account_id, "tote_id": tote.id, "wave_id": wave_id, "order_id": order_id}
    if not await sql.take_tote(tx, **taken):  # type: ignore[arg-type]
        theirs = await sql.in_tote(tx, account_id=tote.account_id, site_id=tote.site_id, code=tote.code)
        raise ToteTaken(tote=tote.code, number="" if theirs is None else theirs.number)


async def _buckets(tx: Tx, account_id: AccountId, held: Sequence[Order]) -> list[Bucket]:
    """All buckets that could serve these orders, in the order in which they go out, held at once.

    So an order that is put on hold after all finds its buckets held already, in the order of their ids.
    """
    lines = await order_queries.lines_of(tx, account_id=account_id, order_ids=[order.id for order in held])
    needs = [need for order in held for need in reserving.needs(order, lines[order.id])]
    return await stock.candidates(tx, account_id=account_id, needs=needs)


async def _elsewhere(
    tx: Tx, task: Task, candidates: Sequence[Bucket], free: dict[StockId, int]
) -> list[NewTask] | None:
    """Where the rest of a pick is fetched instead; None where it is not to be had whole. `free` is used up."""
    line = await order_queries.line(tx, account_id=task.account_id, line_id=task.order_line_id)
    own = next(bucket for bucket in candidates if bucket.id == task.stock_id)
    others = [
        bucket
        for bucket in candidates
        if bucket.id != own.id
        and bucket.goes_out
        and line.lot in ("", bucket.lot)
        and (bucket.product_id, bucket.sub_inventory_id, bucket.condition)
        == (own.product_id, own.sub_inventory_id, own.condition)
    ]
    spots = await sql.spots(tx, account_id=task.account_id, stock_ids=[own.id, *(bucket.id for bucket in others)])
    floor = Floor(spot for spot in spots if (spot.stock_id, spot.location_id) != (own.id, task.location_id))
    demand = Demand(order_id=task.order_id, order_line_id=line.id, stock_id=own.id, quantity=task.left)
    found = floor.take(demand)
    left = task.left - sum(one.quantity for one in found)
    shifted: dict[StockId, int] = {}
    for bucket in others:
        wanted = min(left, free[bucket.id])
        taken = floor.take(structs.replace(demand, stock_id=bucket.id, quantity=wanted))
        if taken:
            shifted[bucket.id] = sum(one.quantity for one in taken)
            left -= shifted[bucket.id]
            found += taken
    if left:
        return None
    for stock_id, pieces in shifted.items():
        free[stock_id] -= pieces
    if shifted:
        await stock.set_aside_elsewhere(
            tx,
            account_id=task.account_id,
            order_id=task.order_id,
            order_line_id=line.id,
            stock_id=own.id,
            to=shifted,
            cause=f"short:{task.id}",
        )
    return found


async def _said(tx: Tx, site_id: SiteId, task: Task, reason: Reason) -> str:
    names = await sql.products(tx, account_id=task.account_id, stock_ids=[task.stock_id])
    code = await _code(tx, task.account_id, site_id, task.location_id)
    return " ".join(filter(None, (f"{HELD_FOR}:", str(task.left), "x", names[task.stock_id][0], code, reason)))


async def _finish(tx: Tx, account_id: AccountId, wave_id: int, order_ids: Collection[OrderId]) -> None:
    await sql.ready(tx, account_id=account_id, wave_id=wave_id, order_ids=order_ids)
    await sql.end_wave(tx, account_id=account_id, wave_id=wave_id)


async def _settle(tx: Tx, account_id: AccountId, wave_id: int) -> None:
    """Orders that went elsewhere meanwhile are not waited for."""
    gone = await sql.gone(tx, account_id=account_id, wave_id=wave_id)
    if gone:
        await sql.drop(tx, account_id=account_id, order_ids=gone, state="left", wave_id=wave_id)
    await sql.end_wave(tx, account_id=account_id, wave_id=wave_id)


async def _done_before(
    tx: Tx, account_id: AccountId, site_id: SiteId, operation_id: str | None
) -> dict[str, Any] | None:
    """What the same tap did before."""
    if operation_id is None:
        return None
    done = await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    return None if done is None else done.after or {}


async def _record(
    tx: Tx,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId | None,
    action: str,
    operation_id: str | None,
    after: dict[str, Any],
    *,
    reason: str = "",
) -> None:
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action=action,
        reason=reason,
        after=after,
        operation_id=operation_id,
    )
