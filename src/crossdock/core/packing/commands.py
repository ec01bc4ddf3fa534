"""Taking packing reports."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import OrderId, PackingId
from crossdock.core.events.commands import append_many
from crossdock.core.events.kinds import PACKING_REPORTED
from crossdock.core.events.model import NewEvent
from crossdock.core.packing import sql
from crossdock.core.packing.errors import PackingReported
from crossdock.core.packing.model import MISMATCH, NO_CAMERA, OVERLAPS, REVERSED, PackingReport, Reported, Warnings
from crossdock.core.packing.sql import LinkedOrder, OrderedGoods
from crossdock.db.tx import Tx

Answer = Reported | CrossdockError


async def report_many(tx: Tx, reports: list[PackingReport]) -> list[Answer]:
    """Store a batch of reports, each once; an answer for each, in the order given. Moves no stock.

    A report is tied to the outbound order that carries its number, or else its reference, in the same account.
    What is odd about it is told as warnings and never a reason to refuse it. Quantities are pieces or kilograms,
    times aware UTC. Answers: Reported, PackingReported (also when the repeat says the same).
    """
    stored = await _store(tx, reports)
    answers: list[Answer] = []
    for report in reports:
        # Popped: of two reports of one number in a batch the second is a repeat.
        fresh = stored.pop((report.enterprise_id, report.order_number), None)
        answers.append(fresh or PackingReported(number=report.order_number))
    return answers


async def _store(tx: Tx, reports: Sequence[PackingReport]) -> dict[tuple[int, str], Reported]:
    """(enterprise, number) of what is new, with its items and its event written."""
    orders = await sql.linked_orders(tx, reports)
    warnings = await _warnings(tx, reports, orders)
    order_ids = [orders[position].order_id if position in orders else None for position in range(len(reports))]
    ids = await sql.insert(tx, reports, order_ids=order_ids, warnings=warnings)
    fresh: dict[PackingId, int] = {}
    for position, report in enumerate(reports):
        if packing_id := ids.get((report.enterprise_id, report.order_number)):
            fresh.setdefault(packing_id, position)
    if not fresh:
        return {}
    await sql.insert_items(tx, [(packing_id, reports[position]) for packing_id, position in fresh.items()])
    if overlaps := await sql.overlaps(tx, list(fresh)):
        for packing_id, numbers in overlaps.items():
            warnings[fresh[packing_id]][OVERLAPS] = {"numbers": numbers}
        await sql.warn(tx, {packing_id: warnings[fresh[packing_id]] for packing_id in overlaps})
    await append_many(
        tx,
        [_reported(reports[position], orders.get(position), warnings[position]) for position in fresh.values()],
    )
    return {
        (reports[position].enterprise_id, reports[position].order_number): Reported(
            packing_id=packing_id, order_id=order_ids[position], warnings=warnings[position]
        )
        for packing_id, position in fresh.items()
    }


async def _warnings(tx: Tx, reports: Sequence[PackingReport], orders: Mapping[int, LinkedOrder]) -> list[Warnings]:
    """For each report what can be told of it without its neighbours."""
    mismatches = await _mismatches(tx, reports, orders)
    unfilmed = await sql.without_camera(tx, reports)
    warnings: list[Warnings] = []
    for position, report in enumerate(reports):
        told: Warnings = {MISMATCH: mismatches[position]} if mismatches[position] else {}
        if report.filmed_to < report.filmed_from:
            told[REVERSED] = {"seconds": int((report.filmed_from - report.filmed_to).total_seconds())}
        if position in unfilmed:
            told[NO_CAMERA] = {"station": report.station}
        warnings.append(told)
    return warnings


def _reported(report: PackingReport, order: LinkedOrder | None, warnings: Warnings) -> NewEvent:
    return NewEvent(
        account_id=report.account_id,
        kind=PACKING_REPORTED,
        subject=f"packing:{report.order_number}" if order is None else f"order:{order.order_id}",
        order_id=None if order is None else order.order_id,
        order_dialect=None if order is None else order.dialect,
        dialect=report.dialect,
        actor=report.actor,
        facts={
            "number": report.order_number,
            "station": report.station,
            "operator": report.operator,
            "filmed_from": report.filmed_from.isoformat(),
            "filmed_to": report.filmed_to.isoformat(),
            "warnings": warnings,
        },
        happened_at=report.filmed_to,
    )


async def _mismatches(
    tx: Tx, reports: Sequence[PackingReport], orders: Mapping[int, LinkedOrder]
) -> list[dict[str, str]]:
    """For each report what differs from its order; nothing for one without an order."""
    mismatches: list[dict[str, str]] = [{} for _ in reports]
    if not orders:
        return mismatches
    linked = [(reports[position], order.order_id) for position, order in orders.items()]
    ordered: defaultdict[OrderId, list[OrderedGoods]] = defaultdict(list)
    for goods in await sql.ordered_goods(
        tx, account_ids=[report.account_id for report, _ in linked], order_ids=[id for _, id in linked]
    ):
        ordered[goods.order_id].append(goods)
    bar_codes = await _bar_codes(tx, (report for report, _ in linked))
    for position, order in orders.items():
        mismatches[position] = difference(reports[position], ordered[order.order_id], bar_codes)
    return mismatches


async def _bar_codes(tx: Tx, reports: Iterable[PackingReport]) -> dict[tuple[int, str], int]:
    pairs = sorted({(report.account_id, item.goods_code) for report in reports for item in report.items})
    return await sql.products_by_bar_code(
        tx, account_ids=[account_id for account_id, _ in pairs], codes=[code for _, code in pairs]
    )


def difference(
    report: PackingReport, ordered: Sequence[OrderedGoods], bar_codes: Mapping[tuple[int, str], int]
) -> dict[str, str]:
    """SKU, or the packed code no ordered product has -> "packed 1, ordered 2". A SKU counts before a bar code."""
    skus = {goods.sku: goods.sku for goods in ordered}
    by_product = {int(goods.product_id): goods.sku for goods in ordered if goods.product_id is not None}
    packed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for item in report.items:
        product_id = bar_codes.get((report.account_id, item.goods_code), 0)
        name = skus.get(item.goods_code) or by_product.get(product_id) or item.goods_code
        packed[name] += item.quantity
    wanted = {goods.sku: Decimal(goods.quantity) for goods in ordered}
    return {
        name: f"packed {_plain(packed[name])}, ordered {_plain(wanted.get(name, Decimal(0)))}"
        for name in [*wanted, *(name for name in packed if name not in wanted)]
        if packed[name] != wanted.get(name, Decimal(0))
    }


def _plain(quantity: Decimal) -> str:
    """Without exponent and without zeros at the end."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
