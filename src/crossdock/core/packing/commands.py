"""Taking packing reports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import EnterpriseId
from crossdock.core.packing import reporting_sql as sql
from crossdock.core.packing.errors import PackingReported
from crossdock.core.packing.model import MISMATCH, NO_CAMERA, REVERSED, PackingReport, Reported, Warnings
from crossdock.db.tx import Tx

Answer = Reported | CrossdockError


async def report_many(tx: Tx, reports: Sequence[PackingReport]) -> list[Answer]:
    """Store a batch of reports, each once; an answer for each, in the order given. Moves no stock.

    A report is tied to the outbound order that carries its number, or else its reference, in the same account.
    What is odd about it is told as warnings and never a reason to refuse it. Quantities are pieces or kilograms,
    times aware UTC. Answers: Reported, PackingReported (also when the repeat says the same).
    """
    first: dict[tuple[EnterpriseId, str], int] = {}
    for position, report in enumerate(reports):
        first.setdefault((report.enterprise_id, report.order_number), position)
    answers: list[Answer] = [PackingReported(number=report.order_number) for report in reports]
    news = {position: reports[position] for position in first.values()}
    found = await sql.look(tx, [_asked(position, report) for position, report in news.items()])
    orders = {order.position: order for order in found.orders}
    near, unfilmed = _near(news), set(found.unfilmed)
    rows = [
        _row(position, report, orders.get(position), near[position], filmed=position not in unfilmed)
        for position, report in news.items()
    ]
    for stored in await sql.write(tx, rows):
        order = orders.get(stored.position)
        answers[stored.position] = Reported(
            packing_id=stored.packing_id, order_id=None if order is None else order.order_id, warnings=stored.warnings
        )
    return answers


def _asked(position: int, report: PackingReport) -> sql.Asked:
    return sql.Asked(
        position=position,
        account_id=report.account_id,
        number=report.order_number,
        department_id=report.department_id,
        station=report.station,
        codes=[item.goods_code for item in report.items],
    )


def _row(
    position: int, report: PackingReport, order: sql.LinkedOrder | None, near: list[sql.Near], *, filmed: bool
) -> sql.Row:
    return sql.Row(
        position=position,
        account_id=report.account_id,
        enterprise_id=report.enterprise_id,
        department_id=report.department_id,
        order_number=report.order_number,
        order_id=None if order is None else order.order_id,
        order_dialect=None if order is None else order.dialect,
        station=report.station,
        operator=report.operator,
        order_type=report.order_type,
        filmed_from=report.filmed_from.isoformat(),
        filmed_to=report.filmed_to.isoformat(),
        ordered_at=report.ordered_at,
        warnings=_warnings(report, order, filmed=filmed),
        near=near,
        dialect=report.dialect,
        actor=report.actor,
        items=report.items,
    )


def _warnings(report: PackingReport, order: sql.LinkedOrder | None, *, filmed: bool) -> Warnings:
    """What can be told of a report without its neighbours."""
    told: Warnings = {}
    if order is not None and (differs := difference(report, order.goods, order.bar_codes)):
        told[MISMATCH] = differs
    if report.filmed_to < report.filmed_from:
        told[REVERSED] = {"seconds": int((report.filmed_from - report.filmed_to).total_seconds())}
    if not filmed:
        told[NO_CAMERA] = {"station": report.station}
    return told


def _near(reports: Mapping[int, PackingReport]) -> dict[int, list[sql.Near]]:
    """For each those of the others that were packed at its station at the same time."""
    stations: defaultdict[tuple[int, str], list[PackingReport]] = defaultdict(list)
    for report in reports.values():
        stations[report.department_id, report.station].append(report)
    return {
        position: [
            sql.Near(order_number=other.order_number, filmed_from=other.filmed_from)
            for other in stations[report.department_id, report.station]
            if other is not report and _overlap(report, other)
        ]
        for position, report in reports.items()
    }


def _overlap(one: PackingReport, other: PackingReport) -> bool:
    """A window that runs backwards overlaps nothing."""
    return (
        one.filmed_from <= one.filmed_to
        and other.filmed_from <= other.filmed_to
        and other.filmed_from < one.filmed_to
        and other.filmed_to > one.filmed_from
    )


def difference(
    report: PackingReport, ordered: Sequence[sql.OrderedGoods], bar_codes: Mapping[str, int]
) -> dict[str, str]:
    """SKU, or the packed code no ordered product has -> "packed 1, ordered 2". A SKU counts before a bar code."""
    skus = {goods.sku: goods.sku for goods in ordered}
    by_product = {int(goods.product_id): goods.sku for goods in ordered if goods.product_id is not None}
    packed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for item in report.items:
        product_id = bar_codes.get(item.goods_code, 0)
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
