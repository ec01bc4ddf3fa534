"""What papers say, from what is on record."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs, to_builtins

from crossdock.base import json
from crossdock.base.ids import ProductId, SiteId
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.orders import pieces
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Measure, NewPiece
from crossdock.core.papers import gathering
from crossdock.core.papers.errors import PaperTooLong, PaperUnknown
from crossdock.core.papers.packing_slip import SlipLine
from crossdock.core.papers.printing import LABELS_MAX, printed
from crossdock.core.papers.product_label import ProductLabel
from crossdock.core.units import sscc
from crossdock.core.units.errors import SsccUnknown
from crossdock.core.units.sscc import OneKind
from tests.core.papers.reading import codes, labels, pages
from tests.world import ACCOUNT, LOCKER_SERVICE, PARCEL_SERVICE, SHOP, SHOP_SERVICE, WAREHOUSE, World

HOME = {
    "contact": "Alex Sample",
    "business_name": "",
    "address_line1": "1 Sample Street",
    "city": "London",
    "post_code": "EC1A 1AA",
    "country_iso": "GB",
    "telephone": "01632 960123",
}
MEASURE = Measure(weight_g=1530, length_mm=1, width_mm=1, height_mm=1)  # type: ignore[arg-type]


async def gathered(world: World, query: Callable[..., Awaitable[Any]], **asked: Any) -> Any:
    async with world.desk.database.autocommit() as tx:
        return await query(tx, account_id=ACCOUNT, **asked)


async def order(world: World, **more: Any) -> Any:
    await world.stock("00131031", 3)
    return await world.order(
        "SO-1001",
        lines={"00131031": 3},
        state="allocated",
        **({"service": PARCEL_SERVICE, "recipient": HOME, "reference": "R-1"} | more),
    )


async def test_a_label_says_whence_and_whither_and_is_there_for_each_parcel(quiet_world: World) -> None:
    placed = await order(quiet_world)
    async with quiet_world.desk.database.transaction() as tx:
        for serial in (1, 2):
            piece = NewPiece(serial=serial, tracking_number=f"T-{serial}", **structs.asdict(MEASURE))
            await pieces.add(tx, account_id=ACCOUNT, order_id=placed.id, piece=piece)
    label = await gathered(quiet_world, gathering.parcel_label, order_id=placed.id)
    assert (label.number, label.service, label.parcels) == (str(placed.id), "飞鸟小包", 2)
    assert label.sender == ["广州一号仓 WH-GZ01"]
    assert label.recipient == ["Alex Sample", "1 Sample Street", "London EC1A 1AA", "United Kingdom"]
    assert label.notes == ["SO-1001", "R-1", "T-1", "T-2"]
    assert [codes(page) for page in pages(printed(label, "pdf"))] == [[str(placed.id)] * 2] * 2


@pytest.mark.parametrize(
    ("service", "where"),
    [
        (SHOP_SERVICE, ["静安店 SHOP-12", "上海市 静安区 示例路 1 号", "021-55550100"]),
        (LOCKER_SERVICE, ["Locker station 1 ST-01"]),
    ],
)
async def test_what_is_fetched_goes_to_where_it_is_fetched(
    quiet_world: World, service: Any, where: list[str]
) -> None:
    placed = await order(quiet_world, service=service)
    label = await gathered(quiet_world, gathering.parcel_label, order_id=placed.id)
    assert label.recipient == ["Alex Sample", *where]


async def test_before_it_leaves_all_of_it_is_enclosed_and_then_what_left(quiet_world: World) -> None:
    placed = await order(quiet_world)
    slip = await gathered(quiet_world, gathering.packing_slip, order_id=placed.id)
    assert slip.lines == [SlipLine(sku="00131031", name="Nike", ordered=3, here=3)]
    assert (slip.number, slip.code, slip.owner, slip.reference) == ("SO-1001", str(placed.id), "演示货主A", "R-1")
    assert slip.printed_at == slip.placed_at == quiet_world.clock.now()
    assert slip.printed_at.utcoffset() == timedelta(hours=8)
    assert "01632 960123" not in slip.recipient
    await quiet_world.rows("UPDATE order_line SET quantity = 5 WHERE sku = '00131031' RETURNING 1")
    await quiet_world.rows("UPDATE order_line SET done = 3 WHERE sku = '00131031' RETURNING 1")
    await quiet_world.rows("UPDATE orders SET state = 'shipped' WHERE number = 'SO-1001' RETURNING 1")
    slip = await gathered(quiet_world, gathering.packing_slip, order_id=placed.id)
    assert slip.lines == [SlipLine(sku="00131031", name="Nike", ordered=5, here=3, to_come=2)]


async def test_a_note_has_the_telephone_the_weight_and_the_carriers_number(quiet_world: World) -> None:
    order_id = (await order(quiet_world)).id
    measure = json.text(to_builtins(MEASURE))
    await quiet_world.rows("UPDATE orders SET measure = %(measure)s::jsonb RETURNING 1", measure=measure)
    await quiet_world.ship(order_id, tracking_number="T-9")
    note = await gathered(quiet_world, gathering.delivery_note, order_id=order_id)
    assert (note.recipient[-1], note.weight_g, note.tracking) == ("01632 960123", 1530, ["T-9"])
    assert [codes(page) for page in pages(printed(note, "pdf"))] == [[str(order_id)]]


async def test_orders_that_nobody_has_or_another_place_packs(quiet_world: World) -> None:
    placed = await order(quiet_world)
    inbound = await quiet_world.order("I-1", lines={"00131031": 1}, kind="inbound", state="announced")
    for query in (gathering.parcel_label, gathering.packing_slip, gathering.delivery_note):
        await gathered(quiet_world, query, order_id=placed.id, site_id=WAREHOUSE)
        for asked in (
            {"order_id": placed.id, "site_id": SHOP},
            {"order_id": inbound.id},
            {"order_id": 0},
            {"order_id": 2**63},
        ):
            with pytest.raises(OrderUnknown):
                await gathered(quiet_world, query, **asked)


async def test_goods_are_labelled_with_their_gtin_or_their_first_code_or_their_sku(quiet_world: World) -> None:
    asked: dict[str, Any] = {"lot": "L-1", "expires_on": date(2026, 1, 31), "copies": 2}
    assert await gathered(quiet_world, gathering.product_label, product_id=2989352, **asked) == ProductLabel(
        code="P-7001", sku="P-7001", name="测试手机 8GB", **asked
    )
    for code, shown in (("B-2", "B-2"), ("A-1", "A-1"), ("6291041500213", "6291041500213")):
        await quiet_world.rows(
            f"INSERT INTO product_code (account_id, code, product_id) VALUES (47, '{code}', 2989352) RETURNING 1"
        )
        assert (await gathered(quiet_world, gathering.product_label, product_id=2989352)).code == shown
    for nobodys in (0, 1, 2**63):
        with pytest.raises(ProductUnknown):
            await gathered(quiet_world, gathering.product_label, product_id=nobodys)


async def test_plates_that_were_handed_out_are_printed_as_often_as_wanted(quiet_world: World) -> None:
    goods = OneKind(product_id=ProductId(2989352), quantity=12, lot="L-1", expires_on=date(2026, 1, 31))
    async with quiet_world.desk.database.transaction() as tx:
        at: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE}
        handed = [*await sscc.hand_out(tx, **at, content=goods), *await sscc.hand_out(tx, **at)]
    found = await gathered(quiet_world, gathering.plate_labels, codes=handed, site_id=WAREHOUSE)
    for _ in range(2):
        read = [codes(picture) for picture, _ in labels(printed(found, "zpl203"))]
        assert read == [["L-1", "P-7001", f"(00){handed[0]}"], [f"(00){handed[1]}"]]
    with pytest.raises(SsccUnknown):
        await gathered(quiet_world, gathering.plate_labels, codes=handed, site_id=SiteId(SHOP))


def test_a_roll_of_labels_and_one_more_and_what_has_no_zpl() -> None:
    label = ProductLabel(code="1", sku="1", name="n", copies=LABELS_MAX)
    assert len(pages(printed(label, "pdf"), dots_per_mm=1)) == LABELS_MAX
    for copies in (0, LABELS_MAX + 1):
        with pytest.raises(PaperTooLong):
            printed(structs.replace(label, copies=copies), "pdf")
    slip = gathering.PackingSlip(
        **dict.fromkeys(("sender", "recipient", "lines"), ()),
        **dict.fromkeys(("placed_at", "printed_at"), datetime(2024, 8, 1)),  # noqa: DTZ001
        number="1",
        code="1",
    )
    for form in ("zpl203", "zpl300"):
        with pytest.raises(PaperUnknown):
            printed(slip, form)  # type: ignore[arg-type]
