"""What comes back: how it is found, what may be said of each piece, and what of it is stock in the end."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from crossdock.base.errors import CrossdockError
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.fulfilment import returns
from crossdock.core.fulfilment.errors import ReturnActionForbids
from crossdock.core.fulfilment.model import Inspected
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid, StateForbids
from crossdock.core.orders.model import NewLine
from crossdock.core.places.errors import LocationClosed, LocationUnknown
from crossdock.core.returning import commands, queries, strays
from crossdock.core.returning.errors import (
    LotMissing,
    MoreThanReturned,
    NoteMissing,
    NoteTooLong,
    NotOfReturn,
    NotToStock,
    PieceGone,
    PiecesMissing,
    PlaceUnfit,
    ReturnNotAnnounced,
    ReturnNotInspected,
    ReturnNotReceived,
    ReturnUnknown,
    SerialHere,
    SerialMissing,
    SerialSeen,
    StraySettled,
    StrayUnknown,
    TooManyPieces,
)
from crossdock.core.returning.model import (
    CONDITIONS,
    LOT_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    PLACES,
    QUANTITY_MAX,
    SERIAL_CHARACTERS_MAX,
    VERDICTS,
    Wanted,
)
from tests.core.returning.conftest import PHONE, PLACE, SKU, WHO, WORKER, Back
from tests.world import ACCOUNT, SHOP


async def test_pieces_of_one_return_go_to_good_stock_to_quarantine_and_away(back: Back) -> None:
    order = await back.here()
    assert order.state == "received"
    await back.see(order, SKU, location="A-01-1")
    await back.see(order, SKU, "quarantine", note="Sole is loose")
    await back.see(order, SKU, "reject", note="Not ours")
    await back.see(order, PHONE)
    assert await back.lying() == []
    here = await back.inspection(order)
    assert (here.order.state, here.owner, here.seen) == (
        "processing",
        "OWN-A",
        {line.id: line.quantity for line in here.lines},
    )
    done = await back.finish(order)
    assert (done.order.state, done.restock, done.quarantine, done.reject, done.missing) == ("finished", 2, 1, 1, 0)
    assert await back.lying() == [
        (SKU, "", "good", None, 1, "A-01-1", 1),
        (SKU, "", "defective", None, 1, "Q-01", 1),
        (PHONE, "", "good", None, 1, "DOCK-1", 1),
    ]
    assert await back.world.rows("SELECT sku, quantity, done FROM order_line ORDER BY line_no") == [
        (SKU, 3, 2),
        (PHONE, 1, 1),
    ]
    [(facts,)] = await back.world.rows("SELECT facts FROM event WHERE facts ->> 'to' = 'finished'")
    assert [(one["line_key"], one["condition"], one["note"]) for one in facts["inspected"]] == [
        ("1", "good", ""),
        ("1", "defective", "Sole is loose"),
        ("1", None, "Not ours"),
        ("2", "good", ""),
    ]
    [(told,)] = await back.world.rows("SELECT after FROM staff_action WHERE action = 'finish_return'")
    assert told == {"return": "R-1", "restock": 2, "quarantine": 1, "reject": 1, "missing": 0}
    await back.world.verified()


async def test_alike_pieces_in_two_locations_and_lots_are_each_where_they_were_put(back: Back) -> None:
    order = await back.here(lines={SKU: 6})
    await back.see(order, SKU, quantity=2, location="A-01-1")
    await back.see(order, SKU, quantity=1, location="A-01-2")
    await back.see(order, SKU, quantity=3, lot="L-7", location="A-01-2")
    await back.finish(order)
    assert await back.lying() == [
        (SKU, "", "good", None, 3, "A-01-1", 2),
        (SKU, "", "good", None, 3, "A-01-2", 1),
        (SKU, "L-7", "good", None, 3, "A-01-2", 3),
    ]
    await back.world.verified()


async def test_a_return_is_found_by_all_that_may_stand_on_it(back: Back) -> None:
    await back.world.shipped("N-1", reference="SO-7")
    shipped = await back.world.tracked("PX-1")
    order = await back.announced("R-1", reference="N-1")
    other = await back.announced("R-2", reference=str(shipped.order.id))
    third = await back.announced("R-3")
    async with back.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET tracking_number = 'BACK-3' WHERE id = %(id)s", id=third.id)
    for code, wanted in (
        ("R-1", order),
        (str(order.id), order),
        ("N-1", order),
        ("PX-1", other),
        (str(shipped.order.id), other),
        ("BACK-3", third),
    ):
        assert (await back.found(code)).id == wanted.id, code
    await back.world.shipped("N-9")
    with pytest.raises(ReturnNotAnnounced) as refusal:
        await back.found("N-9")
    assert refusal.value.facts["number"] == "N-9"
    for code in ("nobody", "9" * 40):
        with pytest.raises(ReturnUnknown):
            await back.found(code)
    with pytest.raises(ReturnUnknown):
        await back.found("R-1", site_id=SHOP)


async def test_of_two_returns_of_an_order_the_open_one_is_meant(back: Back) -> None:
    first = await back.here("R-1", reference="SO-7")
    second = await back.announced("R-2", reference="SO-7")
    assert (await back.found("SO-7")).id == second.id
    await back.receive(second)
    await back.finish(second, "Nothing was in the box")
    assert (await back.found("SO-7")).id == first.id


async def test_what_is_refused_in_the_hand(back: Back) -> None:
    coming = await back.announced("R-0")
    with pytest.raises(ReturnNotReceived):
        await back.see(coming, SKU)
    order = await back.here()
    async with back.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE product SET lot_tracked = true WHERE sku = 'P-7001'")
        await tx.execute("UPDATE location SET active = false WHERE code = 'B-01-1'")
    refused: list[tuple[dict[str, Any], type[CrossdockError]]] = [
        ({"code": "nobody"}, CodeUnknown),
        ({"code": "IP-XX3355"}, NotOfReturn),
        ({"code": SKU, "quantity": 4}, MoreThanReturned),
        ({"code": SKU, "quantity": 0}, QuantityInvalid),
        ({"code": SKU, "quantity": QUANTITY_MAX + 1}, QuantityInvalid),
        ({"code": SKU, "verdict": "quarantine"}, NoteMissing),
        ({"code": SKU, "verdict": "reject", "note": "  "}, NoteMissing),
        ({"code": SKU, "note": "x" * (NOTE_CHARACTERS_MAX + 1)}, NoteTooLong),
        ({"code": SKU, "lot": "x" * (LOT_CHARACTERS_MAX + 1)}, CodeUnknown),
        ({"code": PHONE}, LotMissing),
        ({"code": SKU, "location": "nowhere"}, LocationUnknown),
        ({"code": SKU, "location": "B-01-1"}, LocationClosed),
        ({"code": SKU, "location": "Q-01"}, PlaceUnfit),
        ({"code": SKU, "verdict": "quarantine", "note": "x", "location": "A-01-1"}, PlaceUnfit),
    ]
    for said, error in refused:
        with pytest.raises(error):
            await back.see(order, **said)
    assert await back.world.rows("SELECT 1 FROM return_piece") == []
    await back.see(order, SKU, "quarantine", 3, note="x" * NOTE_CHARACTERS_MAX, lot="x" * LOT_CHARACTERS_MAX)
    with pytest.raises(MoreThanReturned):
        await back.see(order, SKU)
    await back.see(order, PHONE, lot="L-1")


async def test_a_piece_with_a_name_comes_back_as_the_same_piece(back: Back) -> None:
    await back.world.stock(PHONE, 1)
    await back.world.rows("UPDATE product SET serial_tracked = true WHERE sku = 'P-7001' RETURNING 1")
    await back.world.rows(
        "INSERT INTO unit (account_id, product_id, code, sn, imei1, stock_id, received_at)"
        " SELECT account_id, product_id, 'SN-1', 'SN-1', 'IMEI-1', id, now() FROM stock RETURNING 1"
    )
    order = await back.here(lines={PHONE: 3})
    with pytest.raises(SerialMissing):
        await back.see(order, PHONE)
    with pytest.raises(SerialHere):
        await back.see(order, PHONE, serial="SN-1")
    await back.world.rows("UPDATE unit SET state = 'shipped', shipped_at = now() RETURNING 1")
    seen = await back.see(order, "SN-1", quantity=5)
    assert (seen.serial, seen.quantity) == ("SN-1", 1)
    with pytest.raises(SerialSeen):
        await back.see(order, PHONE, serial="SN-1")
    with pytest.raises(CodeUnknown):
        await back.see(order, PHONE, serial="x" * (SERIAL_CHARACTERS_MAX + 1))
    longest = "x" * SERIAL_CHARACTERS_MAX
    await back.see(order, PHONE, "quarantine", note="Not one of ours", serial=longest)
    await back.see(order, PHONE, "reject", note="Broken")
    await back.finish(order)
    assert await back.world.rows(
        "SELECT u.code, u.imei1, u.state, s.condition FROM unit u JOIN stock s ON s.id = u.stock_id ORDER BY u.code"
    ) == [("SN-1", "IMEI-1", "in_stock", "good"), (longest, None, "in_stock", "defective")]
    await back.world.verified()


async def test_the_owner_s_word_keeps_goods_out_of_stock(back: Back) -> None:
    [(action,)] = await back.world.rows(
        "INSERT INTO return_action (company_id, name, type) VALUES (36, 'away', 'DISPOSE') RETURNING id"
    )
    order = await back.here(action=int(action))
    for verdict in ("restock", "quarantine"):
        with pytest.raises(NotToStock) as refusal:
            await back.see(order, SKU, verdict, note="x")  # type: ignore[arg-type]
        assert refusal.value.facts["action"] == "DISPOSE"
    await back.see(order, SKU, "reject", 3, note="Thrown away")
    await back.see(order, PHONE, "reject", note="Thrown away")
    assert (await back.finish(order)).reject == 4
    assert await back.lying() == []
    silent = await back.here("R-2", action=None)
    await back.see(silent, SKU, quantity=3)
    await back.see(silent, PHONE)
    assert (await back.finish(silent)).restock == 4
    await back.world.verified()


async def test_what_did_not_come_is_said_why(back: Back) -> None:
    order = await back.here()
    await back.see(order, SKU, quantity=2)
    with pytest.raises(PiecesMissing) as refusal:
        await back.finish(order)
    assert refusal.value.facts["pieces"] == 2
    with pytest.raises(NoteTooLong):
        await back.finish(order, "x" * (NOTE_CHARACTERS_MAX + 1))
    done = await back.finish(order, "The phone was not in the box")
    assert (done.missing, done.order.feedback) == (2, "The phone was not in the box")
    with pytest.raises(ReturnNotInspected):
        await back.see(order, PHONE)
    await back.world.verified()


async def test_a_repeat_of_any_step_changes_nothing(back: Back) -> None:
    order = await back.announced()
    for _ in range(3):
        assert (await back.receive(order, operation_id="op-1")).state == "received"
    seen = [await back.see(order, SKU, quantity=3, operation_id="op-2") for _ in range(3)]
    assert len({one.id for one in seen}) == 1
    assert (await back.receive(order)).state == "processing"
    done = [await back.finish(order, "no phone", operation_id="op-3") for _ in range(3)]
    assert {structs.astuple(one)[1:] for one in done} == {(3, 0, 0, 1)}
    with pytest.raises(ReturnNotInspected):
        await back.finish(order, "no phone")
    assert await back.lying() == [(SKU, "", "good", None, 3, "DOCK-1", 3)]
    await back.world.verified()


async def test_a_finding_is_taken_back_once(back: Back) -> None:
    order = await back.here()
    piece = await back.see(order, SKU, quantity=3)
    await back.take_back(order, piece)
    with pytest.raises(PieceGone):
        await back.take_back(order, piece)
    assert (await back.inspection(order)).pieces == []
    piece = await back.see(order, SKU, quantity=3)
    await back.finish(order, "no phone")
    with pytest.raises(PieceGone):
        await back.take_back(order, piece)
    assert await back.lying() == [(SKU, "", "good", None, 3, "DOCK-1", 3)]


async def test_of_many_hands_none_sees_a_piece_too_many_and_one_finishes(back: Back) -> None:
    order = await back.here(lines={SKU: 3})
    answers = await asyncio.gather(*(back.see(order, SKU) for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["MoreThanReturned"] * 3 + ["Piece"] * 3
    done = await asyncio.gather(*(back.finish(order) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Finished"] + ["ReturnNotInspected"] * 3
    assert await back.lying() == [(SKU, "", "good", None, 3, "DOCK-1", 3)]
    await back.world.verified()


async def test_the_owner_is_asked_and_the_work_goes_on_with_the_answer(back: Back) -> None:
    order = await back.here()
    where: Any = PLACE | {"actor": "floor1", "order_id": order.id}
    async with back.world.desk.database.transaction() as tx:
        with pytest.raises(NoteMissing):
            await commands.ask_owner(tx, **where, question=" ")
    for _ in range(2):
        async with back.world.desk.database.transaction() as tx:
            asked = await commands.ask_owner(tx, **where, question="Which colour?")
    assert (asked.state, asked.feedback) == ("waiting_client", "Which colour?")
    with pytest.raises(ReturnNotInspected):
        await back.see(order, SKU)
    async with back.world.desk.database.transaction() as tx:
        await returns.client_answered(tx, account_id=ACCOUNT, order_id=order.id, answer="Red", dialect="x", actor="x")
    await back.see(order, SKU)
    assert (await back.inspection(order)).order.state == "processing"


async def test_goods_without_a_product_are_looked_at_and_are_no_stock(back: Back) -> None:
    order = await back.world.order("R-1", kind="return", type="RETURN", return_action_id=None)
    async with back.world.desk.database.transaction() as tx:
        line = NewLine(line_key="1", sku="BOX-9", stocked=False, quantity=2)
        by: Any = {"account_id": ACCOUNT, "order_id": order.id, "dialect": "x", "actor": "x"}
        await orders.add_line(tx, **by, line=line)
        await orders.submit(tx, **by)
    await back.receive(order)
    await back.see(order, "BOX-9", quantity=2)
    await back.finish(order)
    assert await back.lying() == []
    await back.world.verified()


async def test_a_return_has_its_limits(back: Back, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PIECES_MAX", 2)
    order = await back.here()
    await back.see(order, SKU)
    await back.see(order, SKU)
    with pytest.raises(TooManyPieces):
        await back.see(order, SKU)


async def test_what_nobody_announced_is_put_on_record_and_settled(back: Back) -> None:
    await back.world.shipped("N-1")
    for _ in range(2):
        known = await back.stray("N-1", "  A shoe, left  ", operation_id="op-1")
    unknown = await back.stray("???", "A lamp")
    assert (known.what, known.number, unknown.number) == ("A shoe, left", "N-1", "")
    for what, error in ((" ", NoteMissing), ("x" * (NOTE_CHARACTERS_MAX + 1), NoteTooLong)):
        with pytest.raises(error):
            await back.stray("x", what)
    async with back.world.desk.database.autocommit() as tx:
        [first] = await queries.strays(tx, **PLACE, limit=1)
        [second] = await queries.strays(tx, **PLACE, after=first.id, limit=9)
        assert await queries.strays(tx, **(PLACE | {"site_id": SHOP}), limit=9) == []
    assert (first.id, second.id) == (known.id, unknown.id)
    settle: Any = PLACE | {"staff_id": WORKER, "stray_id": known.id}
    async with back.world.desk.database.transaction() as tx:
        for _ in range(2):
            settled = await strays.settle(tx, **settle, settlement="Sent back to its sender", operation_id="op-2")
        with pytest.raises(StraySettled):
            await strays.settle(tx, **settle, settlement="Again", operation_id="op-3")
        for stray_id in (0, 99, 10**30):
            with pytest.raises(StrayUnknown):
                await strays.settle(tx, **(settle | {"stray_id": stray_id}), settlement="x", operation_id="x")
        with pytest.raises(NoteMissing):
            await strays.settle(tx, **settle, settlement="", operation_id="x")
    assert settled.settlement == "Sent back to its sender"


async def test_an_order_of_another_kind_or_place_is_no_return_here(back: Back) -> None:
    outbound = await back.world.order("N-1", lines={SKU: 1})
    elsewhere = await back.announced("R-1", site_id=SHOP)
    for order in (outbound, elsewhere):
        for deed in (back.receive(order), back.see(order, SKU), back.finish(order), back.inspection(order)):
            with pytest.raises(ReturnUnknown):
                await deed  # type: ignore[misc]
    async with back.world.desk.database.autocommit() as tx:
        assert await queries.returning(tx, **PLACE, limit=9) == []
        assert await queries.here(tx, **PLACE) == 0


async def test_returns_are_listed_from_the_last_one_seen(back: Back) -> None:
    first = await back.here("R-1")
    second = await back.announced("R-2")
    await back.see(first, SKU, quantity=2)
    async with back.world.desk.database.autocommit() as tx:
        [one] = await queries.returning(tx, **PLACE, limit=1)
        [two] = await queries.returning(tx, **PLACE, after=one.order_id, limit=9)
        assert await queries.here(tx, **PLACE) == 1
    assert (one.number, one.pieces, one.seen) == ("R-1", 4, 2)
    assert (two.order_id, two.arrived_at) == (second.id, None)


def test_each_verdict_has_its_condition_and_its_places() -> None:
    assert set(VERDICTS) == set(CONDITIONS) == set(PLACES)


@pytest.mark.parametrize(
    ("inspected", "error"),
    [
        ([Inspected(line_key="9", quantity=1, condition="good")], LineUnknown),
        ([Inspected(line_key="1", quantity=0, condition="good")], QuantityInvalid),
        ([Inspected(line_key="1", quantity=2, condition="good")] * 2, QuantityInvalid),
    ],
)
async def test_a_return_is_not_finished_with_pieces_it_has_not(
    back: Back, inspected: list[Inspected], error: type[CrossdockError]
) -> None:
    order = await back.here()
    await back.see(order, SKU)
    by: Any = {"account_id": ACCOUNT, "order_id": order.id}
    async with back.world.desk.database.transaction() as tx:
        await orders.put_on_hold(tx, **by, reason="x", dialect="x", actor="x")
    with pytest.raises(error):
        async with back.world.desk.database.transaction() as tx:
            await returns.finish_return(tx, **by, inspected=inspected)


async def test_finishing_as_seen_obeys_the_owner_s_action(back: Back) -> None:
    [(action,)] = await back.world.rows(
        "INSERT INTO return_action (company_id, name, type) VALUES (36, 'away', 'SELLER') RETURNING id"
    )
    order = await back.here(action=int(action))
    by: Any = {"account_id": ACCOUNT, "order_id": order.id}
    seen = [Inspected(line_key="1", quantity=1, condition="good")]
    async with back.world.desk.database.transaction() as tx:
        await returns.queue_return(tx, **by)
        await orders.put_on_hold(tx, **by, reason="x", dialect="x", actor="x")
    with pytest.raises(ReturnActionForbids):
        async with back.world.desk.database.transaction() as tx:
            await returns.finish_return(tx, **by, inspected=seen)


async def test_a_return_that_is_over_is_not_received(back: Back) -> None:
    order = await back.announced()
    async with back.world.desk.database.transaction() as tx:
        await orders.cancel(tx, account_id=ACCOUNT, order_id=order.id, dialect="x", actor="x")
    with pytest.raises(StateForbids):
        await back.receive(order)
    wanted = Wanted(code=SKU, verdict="restock")
    with pytest.raises(ReturnNotReceived):
        async with back.world.desk.database.transaction() as tx:
            await commands.inspect(tx, **WHO, order_id=order.id, wanted=wanted, operation_id="x")
