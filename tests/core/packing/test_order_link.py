"""A report finds its order and says where the goods differ."""

import pytest

from crossdock.base.ids import AccountId, EnterpriseId, OrderId
from crossdock.core.events.queries import timeline
from crossdock.core.packing.queries import packings_of_order
from tests.core.packing.conftest import Bench, item, report
from tests.world import ACCOUNT


async def test_found_by_its_number(bench: Bench) -> None:
    order = await bench.order("N-1", lines={"00131031": 1})

    answer = await bench.reported(report("N-1"))

    assert (answer.order_id, answer.warnings) == (order.id, {})
    async with bench.transaction() as tx:
        events = await timeline(tx, account_id=ACCOUNT, order_id=order.id)
    [told] = [event for event in events if event.kind == "packing.reported"]
    assert told.subject == f"order:{order.id}"


async def test_found_by_its_reference_only_without_a_number(bench: Bench) -> None:
    by_reference = await bench.order("X-1", reference="N-1")
    assert (await bench.reported(report("N-1"))).order_id == by_reference.id

    await bench.order("X-2", reference="N-2")
    by_number = await bench.order("N-2")
    assert (await bench.reported(report("N-2"))).order_id == by_number.id


async def test_of_one_reference_the_newest_living_order_counts(bench: Bench) -> None:
    await bench.order("X-1", reference="N-1")
    newest = await bench.order("X-2", reference="N-1")
    cancelled = await bench.order("X-3", reference="N-1")
    async with bench.transaction() as tx:
        await tx.execute("UPDATE orders SET state = 'cancelled' WHERE id = %(id)s", id=cancelled.id)

    assert (await bench.reported(report("N-1"))).order_id == newest.id


async def test_an_inbound_order_is_not_packed(bench: Bench) -> None:
    await bench.order("N-1", lines={"00131031": 1}, kind="inbound", state="announced")

    assert (await bench.reported(report("N-1"))).order_id is None


async def test_another_accounts_order_is_not_found(bench: Bench) -> None:
    await bench.order("N-1", lines={"00131031": 1})
    async with bench.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'EUR')"
        )

    assert (await bench.reported(report("N-1", account_id=AccountId(48)))).order_id is None


@pytest.mark.parametrize(
    ("packed", "mismatch"),
    [
        ([("00131031", "2"), ("P-7001", "1")], {}),
        ([("00131031", "1"), ("00131031", "1.0"), ("P-7001", "1")], {}),
        ([("00131031", "1"), ("P-7001", "1")], {"00131031": "packed 1, ordered 2"}),
        ([("00131031", "2")], {"P-7001": "packed 0, ordered 1"}),
        ([("00131031", "2"), ("P-7001", "1"), ("toy", "0.50")], {"toy": "packed 0.5, ordered 0"}),
        ([("00131031", "2"), ("P-7001", "1"), ("IP-XX3355", "1e1")], {"IP-XX3355": "packed 10, ordered 0"}),
    ],
)
async def test_what_differs(bench: Bench, packed: list[tuple[str, str]], mismatch: dict[str, str]) -> None:
    await bench.order("N-1", lines={"00131031": 2, "P-7001": 1})

    answer = await bench.reported(report("N-1", *(item(code, quantity) for code, quantity in packed)))

    warnings = {"mismatch": mismatch} if mismatch else {}
    assert answer.warnings == warnings
    [found] = await bench.rows("SELECT warnings FROM packing")
    assert found == (warnings,)


async def test_a_bar_code_names_its_product(bench: Bench) -> None:
    await bench.order("N-1", lines={"P-7001": 2})
    async with bench.transaction() as tx:
        await tx.execute(
            "INSERT INTO product_code (account_id, code, product_id)"
            " SELECT account_id, '6901234567892', id FROM product WHERE sku = 'P-7001'"
        )

    answer = await bench.reported(report("N-1", item("6901234567892"), item("P-7001")))

    assert answer.warnings == {}


async def test_each_report_of_a_batch_is_compared_with_its_own_order(bench: Bench) -> None:
    first = await bench.order("N-1", lines={"00131031": 1})
    second = await bench.order("N-2", lines={"00131031": 5})

    answers = await bench.report(report("N-2"), report("N-0"), report("N-1"))

    assert [(answer.order_id, answer.warnings.get("mismatch", {})) for answer in answers] == [  # type: ignore[union-attr]
        (second.id, {"00131031": "packed 1, ordered 5"}),
        (None, {}),
        (first.id, {}),
    ]


async def test_packings_of_an_order(bench: Bench) -> None:
    order = await bench.order("N-1", lines={"00131031": 1})
    await bench.reported(report("N-1"))
    await bench.reported(report("N-1", enterprise_id=EnterpriseId(12), department_id=130))
    await bench.reported(report("N-2"))

    async with bench.transaction() as tx:
        found = await packings_of_order(tx, account_id=ACCOUNT, order_id=order.id)
        foreign = await packings_of_order(tx, account_id=AccountId(48), order_id=order.id)
        none = await packings_of_order(tx, account_id=ACCOUNT, order_id=OrderId(1))

    assert [(packing.enterprise_id, len(packing.items)) for packing in found] == [(1, 1), (12, 1)]
    assert foreign == none == []


async def test_lines_of_one_product_are_summed(bench: Bench) -> None:
    await bench.order("N-1", lines={"00131031": 1})
    async with bench.transaction() as tx:
        await tx.execute(
            "INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, quantity)"
            " SELECT account_id, order_id, 2, '2', product_id, sku, 2 FROM order_line"
        )

    assert (await bench.reported(report("N-1", item(quantity="3")))).warnings == {}
