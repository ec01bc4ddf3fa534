"""Which pieces are taken where. Pure: what lies where and what is promised comes in, picks go out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from crossdock.base.ids import OrderId, StockId
from crossdock.core.picking.model import Demand, NewTask, Spot

NEAREST: Final = {"shelf": 0, "dock": 1, "": 2, "reserve": 3}
"""Kinds of locations that goods are picked from, the first that is asked first; "" is what is not put away."""


Whole = dict[OrderId, list[NewTask]]
Short = dict[OrderId, list[tuple[Demand, int]]]
"""What of an order's demands is not there whole, and how much is."""


class Floor:
    """What may still be promised, while orders are planned one after the other."""

    def __init__(self, spots: Iterable[Spot]) -> None:
        self._spots: defaultdict[StockId, list[Spot]] = defaultdict(list)
        self._free: dict[tuple[StockId, int | None], int] = {}
        for spot in sorted(spots, key=_nearest):
            self._spots[spot.stock_id].append(spot)
            self._free[spot.stock_id, spot.location_id] = spot.free

    def take(self, demand: Demand) -> list[NewTask]:
        """As much of it as there is."""
        tasks, wanted = [], demand.quantity
        for spot in self._spots[demand.stock_id]:
            key = (spot.stock_id, spot.location_id)
            pieces = min(wanted, self._free[key])
            if pieces > 0:
                self._free[key] -= pieces
                wanted -= pieces
                tasks.append(
                    NewTask(
                        order_id=demand.order_id,
                        order_line_id=demand.order_line_id,
                        stock_id=demand.stock_id,
                        location_id=spot.location_id,
                        quantity=pieces,
                    )
                )
        return tasks

    def give_back(self, tasks: Iterable[NewTask]) -> None:
        for task in tasks:
            self._free[task.stock_id, task.location_id] += task.quantity


def plan(order_ids: Sequence[OrderId], demands: Iterable[Demand], floor: Floor, most: int) -> tuple[Whole, Short]:
    """Orders in the order given, until so many are there whole: what is picked for those, and what the others lack.

    An order that is not there whole, or of which nothing is set aside, takes nothing from the others.
    """
    wanted: defaultdict[OrderId, list[Demand]] = defaultdict(list)
    for demand in demands:
        wanted[demand.order_id].append(demand)
    whole: Whole = {}
    short: Short = {}
    for order_id in order_ids:
        if len(whole) == most:
            break
        found = [(demand, floor.take(demand)) for demand in wanted[order_id]]
        tasks = [task for _, taken in found for task in taken]
        lacking = [
            (demand, pieces)
            for demand, taken in found
            if (pieces := sum(task.quantity for task in taken)) < demand.quantity
        ]
        if tasks and not lacking:
            whole[order_id] = tasks
        else:
            floor.give_back(tasks)
            short[order_id] = lacking
    return whole, short


def _nearest(spot: Spot) -> tuple[int, int, str]:
    return (NEAREST[spot.kind], spot.walk_order, spot.code)
