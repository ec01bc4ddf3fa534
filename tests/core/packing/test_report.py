"""A report is stored once, whole, and leaves its mark on the timeline."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from crossdock.base.ids import AccountId, EnterpriseId
from crossdock.core.packing.errors import PackingReported
from crossdock.core.packing.model import PackedItem, Packing, Reported
from crossdock.core.packing.queries import packing_by_number
from tests.core.packing.conftest import ENTERPRISE, FILMED_FROM, NOW, Bench, item, report
from tests.world import ACCOUNT


async def on_record(bench: Bench, number: str, **whose: int) -> Packing | None:
    owner = {"account_id": ACCOUNT, "enterprise_id": ENTERPRISE, **whose}
    async with bench.transaction() as tx:
        return await packing_by_number(
            tx,
            account_id=AccountId(owner["account_id"]),
            enterprise_id=EnterpriseId(owner["enterprise_id"]),
            number=number,
        )


async def test_everything_that_was_reported_is_on_record(bench: Bench) -> None:
    items = (
        PackedItem(
            goods_code="00131031",
            goods_name="Nike 鞋",
            price=Decimal("998.10"),
            quantity=Decimal("0.125"),
            box_number="box001",
            batch_number="B1",
            scanned_at=FILMED_FROM + timedelta(seconds=9),
            attributes={"skus": [{"key": 2, "value": "Sports"}]},
        ),
        item("P-7001", "2"),
    )
    sent = report("N-1", *items, operator="Cashier A", order_type="Online orders")

    answer = await bench.reported(sent)

    found = await on_record(bench, "N-1")
    assert found == Packing(
        id=answer.packing_id,
        account_id=ACCOUNT,
        enterprise_id=ENTERPRISE,
        department_id=123,
        order_number="N-1",
        order_id=None,
        station="001",
        operator="Cashier A",
        order_type="Online orders",
        filmed_from=sent.filmed_from,
        filmed_to=sent.filmed_to,
        ordered_at=sent.ordered_at,
        reported_at=NOW,
        warnings={},
        items=items,
        items_count=len(items),
    )


async def test_a_number_is_reported_once(bench: Bench) -> None:
    await bench.reported(report("N-1", operator="first"))

    [repeat] = await bench.report(report("N-1", item(), item(), operator="second"))

    assert isinstance(repeat, PackingReported)
    found = await on_record(bench, "N-1")
    assert found is not None
    assert (found.operator, len(found.items)) == ("first", 1)
    assert await bench.rows("SELECT count(*) FROM event WHERE kind = 'packing.reported'") == [(1,)]


async def test_enterprises_do_not_share_their_numbers(bench: Bench) -> None:
    first = await bench.reported(report("N-1"))
    second = await bench.reported(report("N-1", enterprise_id=EnterpriseId(12), department_id=130))

    assert first.packing_id != second.packing_id


async def test_a_batch_answers_each_in_its_place(bench: Bench) -> None:
    await bench.reported(report("N-2"))

    answers = await bench.report(
        report("N-3"),
        report("N-2"),
        report("N-1", item(), item("P-7001")),
        report("N-3", item("second")),
    )

    assert [type(answer) for answer in answers] == [
        Reported,
        PackingReported,
        Reported,
        PackingReported,
    ]
    first, last = await on_record(bench, "N-3"), await on_record(bench, "N-1")
    assert first is not None
    assert last is not None
    assert [one.goods_code for one in first.items] == ["00131031"]
    assert [one.goods_code for one in last.items] == ["00131031", "P-7001"]


async def test_a_film_of_one_moment_is_taken(bench: Bench) -> None:
    assert isinstance(await bench.reported(report(filmed_to=FILMED_FROM)), Reported)


async def test_of_many_at_once_one_wins(bench: Bench) -> None:
    async def batch(turn: int) -> list[object]:
        numbers = ["N-1", "N-2", "N-3"]
        return list(await bench.report(*(report(number) for number in numbers[turn % 3 :] + numbers[: turn % 3])))

    answers = [answer for batch in await asyncio.gather(*map(batch, range(6))) for answer in batch]

    assert sum(isinstance(answer, Reported) for answer in answers) == 3
    assert sum(isinstance(answer, PackingReported) for answer in answers) == 15
    assert await bench.rows("SELECT count(*) FROM packing") == [(3,)]
    assert await bench.rows("SELECT count(*) FROM packing_item") == [(3,)]


async def test_the_timeline_hears_of_it(bench: Bench) -> None:
    sent = report("N-1", operator="Cashier A")
    await bench.reported(sent)

    rows = await bench.rows(
        "SELECT account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at FROM event"
    )

    facts = {
        "number": "N-1",
        "station": "001",
        "operator": "Cashier A",
        "filmed_from": "2024-01-15T01:00:00+00:00",
        "filmed_to": "2024-01-15T01:00:44+00:00",
        "warnings": {},
    }
    assert rows == [
        (
            ACCOUNT,
            "packing.reported",
            "packing:N-1",
            None,
            "ovopark",
            "S107-00009901",
            facts,
            sent.filmed_to,
            NOW,
        )
    ]


async def test_another_account_sees_nothing(bench: Bench) -> None:
    await bench.reported(report("N-1"))

    assert await on_record(bench, "N-1", account_id=48) is None
    assert await on_record(bench, "N-1", enterprise_id=12) is None
