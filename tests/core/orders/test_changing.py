"""What may still be changed of an order, and until when."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from crossdock.core.events import kinds
from crossdock.core.events.queries import timeline
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import (
    LineUnknown,
    OrderUnknown,
    ReferenceTaken,
    StateForbids,
    UpdateForbidden,
    WeightNotBigger,
)
from crossdock.core.orders.model import NOTED_STATES, OUTBOUND_MOVES, Changes, Measure, NewLine, Order
from tests.core.orders.conftest import Counter, ask
from tests.world import ACCOUNT, SHOP_SERVICE

WHO = {"account_id": ACCOUNT, "dialect": "house", "actor": "test"}
MEASURE = Measure(weight_g=Decimal(501), length_mm=Decimal(1), width_mm=Decimal("2.5"), height_mm=Decimal(3))


async def placed(counter: Counter, number: str = "N-1", state: str = "draft", **facts) -> Order:
    order = (await counter.placed(ask(number, {"00131031": 2}, **facts))).order
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s WHERE id = %(id)s", state=state, id=order.id)
        return await queries.order(tx, account_id=ACCOUNT, order_id=order.id)


async def update(counter: Counter, order: Order, *, noted=("note",), **changes) -> Order:
    async with counter.world.desk.database.transaction() as tx:
        return await commands.update(tx, order_id=order.id, changes=Changes(**changes), noted=noted, **WHO)


async def told(counter: Counter, order: Order, kind: str) -> list[dict[str, Any]]:
    async with counter.world.desk.database.transaction(readonly=True) as tx:
        return [e.facts for e in await timeline(tx, account_id=ACCOUNT, order_id=order.id) if e.kind == kind]


async def test_a_draft_takes_everything(counter: Counter) -> None:
    order = await placed(counter, partner_fields={"a": "1", "b": "2"}, recipient={"contact": "A"}, reference="R")
    counter.world.clock.advance(structs.replace(order).created_at - order.created_at)

    changed = await update(
        counter,
        order,
        recipient={"contact": "B"},
        service_id=SHOP_SERVICE,
        reference=None,
        partner_fields={"a": None, "c": "3"},
    )

    assert (changed.recipient, changed.service_id, changed.reference) == ({"contact": "B"}, SHOP_SERVICE, None)
    assert changed.partner_fields == {"b": "2", "c": "3"}
    assert (await update(counter, order)).partner_fields == {"b": "2", "c": "3"}
    assert await told(counter, order, kinds.ORDER_CHANGED) == [
        {"fields": ["partner_fields.a", "partner_fields.c", "recipient", "reference", "service_id"]}
    ]


@pytest.mark.parametrize("state", sorted(OUTBOUND_MOVES))
async def test_later_notes_and_references_only_and_at_last_nothing(counter: Counter, state: str) -> None:
    order = await placed(counter, state=state)
    may = {
        "note": state in NOTED_STATES or state == "draft",
        "reference": state in NOTED_STATES or state == "draft",
        "recipient": state == "draft",
        "else": state == "draft",
    }
    asked = {
        "note": {"partner_fields": {"note": "x"}},
        "reference": {"reference": "R-2"},
        "recipient": {"recipient": {"contact": "B"}},
        "else": {"partner_fields": {"else": "x"}},
    }
    for name, changes in asked.items():
        if may[name]:
            await update(counter, order, **changes)
        else:
            with pytest.raises(UpdateForbidden) as refused:
                await update(counter, order, **changes)
            assert refused.value.facts == {"id": order.id, "number": "N-1", "state": state, "fields": name}
    await update(counter, order, recipient=order.recipient)  # what stays the same is no change


async def test_another_unique_reference(counter: Counter) -> None:
    first = await placed(counter, "N-1", unique_reference="U-1")
    second = await placed(counter, "N-2", unique_reference="U-2")

    with pytest.raises(ReferenceTaken):
        await update(counter, second, unique_reference="U-1", old_unique_reference="U-2")
    await update(counter, second, unique_reference="U-3", old_unique_reference="U-2")
    await update(counter, first, unique_reference="U-2", old_unique_reference="U-1")
    await update(counter, first, unique_reference="U-2", old_unique_reference="U-2")
    await counter.refused(ask("N-3", unique_reference="U-3"))
    await counter.placed(ask("N-3", unique_reference="U-1"))


async def test_an_order_of_nobody(counter: Counter) -> None:
    with pytest.raises(OrderUnknown):
        await update(counter, structs.replace(await placed(counter), id=7), reference="R")


async def test_a_line_is_changed_and_taken_off(counter: Counter) -> None:
    order = await placed(counter)
    async with counter.world.desk.database.transaction() as tx:
        [line] = await queries.lines(tx, account_id=ACCOUNT, order_id=order.id)
        changed = await commands.change_line(tx, account_id=ACCOUNT, line=line, quantity=5, partner_fields={"a": "1"})
        assert (changed.quantity, changed.partner_fields, changed.sku) == (5, {"a": "1"}, "00131031")
        changed = await commands.change_line(tx, account_id=ACCOUNT, line=line, partner_fields={"b": "2"})
        assert (changed.quantity, changed.partner_fields) == (5, {"a": "1", "b": "2"})
        assert (await queries.order(tx, account_id=ACCOUNT, order_id=order.id)).pieces == 5
        await commands.remove_line(tx, account_id=ACCOUNT, line=line)
        assert (await queries.order(tx, account_id=ACCOUNT, order_id=order.id)).pieces == 0
        assert await queries.lines(tx, account_id=ACCOUNT, order_id=order.id) == []
        with pytest.raises(LineUnknown):
            await commands.remove_line(tx, account_id=ACCOUNT, line=line)


async def test_the_lines_of_a_submitted_order_stay(counter: Counter) -> None:
    order = await placed(counter, state="pending")
    async with counter.world.desk.database.transaction() as tx:
        [line] = await queries.lines(tx, account_id=ACCOUNT, order_id=order.id)
        with pytest.raises(StateForbids):
            await commands.change_line(tx, account_id=ACCOUNT, line=line, quantity=1)
        with pytest.raises(StateForbids):
            await commands.remove_line(tx, account_id=ACCOUNT, line=line)


@pytest.mark.parametrize("state", sorted(OUTBOUND_MOVES))
async def test_deleted_from_where_the_table_says(counter: Counter, state: str) -> None:
    order = await placed(counter, state=state)
    async with counter.world.desk.database.transaction() as tx:
        if "deleted" in {*OUTBOUND_MOVES[state], state}:
            assert (await commands.delete(tx, order_id=order.id, **WHO)).state == "deleted"
        else:
            with pytest.raises(StateForbids):
                await commands.delete(tx, order_id=order.id, **WHO)


async def measured(counter: Counter, order: Order, weight_g: int, above: int = 500) -> Order:
    async with counter.world.desk.database.transaction() as tx:
        return await commands.fix_measure(
            tx,
            **WHO,
            order_id=order.id,
            measure=structs.replace(MEASURE, weight_g=Decimal(weight_g)),
            weight_above_g=Decimal(above),
        )


async def test_a_parcel_is_measured_anew_to_more(counter: Counter) -> None:
    order = await placed(counter, state="labelled", type="DIRECT")

    with pytest.raises(WeightNotBigger):
        await measured(counter, order, 500)
    assert (await measured(counter, order, 501)).measure == MEASURE
    with pytest.raises(WeightNotBigger):
        await measured(counter, order, 501)
    assert (await measured(counter, order, 502)).measure is not None
    said = await told(counter, order, kinds.ORDER_MEASURED)
    assert [(facts["measure"]["weight_g"], facts["known_g"]) for facts in said] == [("501", "500"), ("502", "501")]


@pytest.mark.parametrize(
    ("type_", "state"), [("LOCAL", "labelled"), ("DIRECT", "packed"), ("CLIENT_DIRECT", "labelled")]
)
async def test_others_are_not_measured_anew(counter: Counter, type_: str, state: str) -> None:
    order = await placed(counter, state=state, type=type_)
    with pytest.raises(StateForbids):
        await measured(counter, order, 900)


async def test_orders_submitted_together_share_the_stock_in_the_order_of_their_ids(counter: Counter) -> None:
    await counter.world.stock("00131031", 3)
    facts = {"sub_inventory_id": counter.owner}
    orders = [(await counter.placed(ask(f"N-{n}", {"00131031": 2}, **facts))).order for n in range(3)]
    async with counter.world.desk.database.transaction() as tx:
        ids = [order.id for order in reversed(orders)]
        states = [one.state for one in await commands.submit_all(tx, order_ids=ids, **WHO)]
    assert states == ["allocated", "pending", "pending"]
    await counter.world.verified()


async def test_an_unstocked_line_keeps_its_product_free_key(counter: Counter) -> None:
    order = await placed(counter)
    async with counter.world.desk.database.transaction() as tx:
        line = await commands.add_line(
            tx,
            order_id=order.id,
            line=NewLine(line_key="x", sku="S-1", stocked=False, quantity=1),
            **WHO,
        )
        changed = await commands.change_line(tx, account_id=ACCOUNT, line=line, sku="S-2")
    assert (changed.sku, changed.product_id, changed.line_key) == ("S-2", None, "x")
