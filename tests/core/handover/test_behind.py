"""What stands behind a code comes in one statement, and is to the letter what the tables hold."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.catalog import queries as catalog
from crossdock.core.handover import queries
from crossdock.core.handover.behind_sql import HISTORY_MAX
from crossdock.core.handover.errors import KeyUnknown
from crossdock.core.handover.model import Behind, PickUp
from crossdock.core.orders import payment_sql
from crossdock.core.orders import queries as orders
from crossdock.core.orders.model import product_ids
from tests import statements
from tests.core.handover.conftest import AT_SHOP, SHOP, Counter
from tests.world import ACCOUNT


async def behind(counter: Counter, pick_up: PickUp) -> Behind:
    async with counter.world.desk.database.autocommit() as tx:
        of_key = await queries.behind_key(tx, **AT_SHOP, key=pick_up.key)
        assert of_key == await queries.behind(tx, **AT_SHOP, handover_id=pick_up.id)
    return of_key


async def set_odd_values(counter: Counter, order_id: int) -> None:
    """Values that a float, a short text or a plain number would not carry."""
    async with counter.world.desk.database.transaction() as tx:
        odd: dict[str, Any] = {"id": order_id, "hash": bytes(range(100)), "at": tx.now + timedelta(microseconds=1)}
        await tx.execute(
            'UPDATE orders SET content_hash = %(hash)s, updated_at = %(at)s, measure = \'{"weight_g": 0.10,'
            ' "length_mm": 1234567, "width_mm": 1, "height_mm": 1}\','
            ' partner_fields = \'{"note": "a \\"b\\" 王\\n", "deep": [1, 2.50, null]}\' WHERE id = %(id)s',
            **odd,
        )
        await tx.execute("UPDATE product SET price = 1234567890.10, partner_fields = '{\"x\": 0.1}'")
        await tx.execute(
            "INSERT INTO payment (account_id, order_id, kind, reference, amount, channel, pieces, reason, dialect,"
            " actor, created_at) VALUES (47, %(id)s, 'sale', 'R-1', 9999999.90, 'wx', '{\"1\": 2}', '', 'x', '',"
            " %(at)s), (47, %(id)s, 'refund', 'R-2', 0.10, 'wx', '{}', 'broken', 'x', '', %(at)s)",
            **odd,
        )


async def test_all_of_it_is_as_the_tables_hold_it(counter: Counter) -> None:
    await counter.world.stock("00131031", 3)
    order = await counter.world.order("N-1", lines={"00131031": 2, "P-7001": 1}, state="draft")
    pick_up = await counter.issue(order)
    await set_odd_values(counter, order.id)

    found = await behind(counter, pick_up)

    async with counter.world.desk.database.autocommit() as tx:
        of_order: dict[str, Any] = {"account_id": ACCOUNT, "order_id": order.id}
        lines = await orders.lines(tx, **of_order)
        assert found.pick_up == await queries.check(tx, **AT_SHOP, key=pick_up.key)
        assert found.order == await orders.order(tx, **of_order)
        assert found.lines == lines
        assert found.products == await catalog.products(tx, account_id=ACCOUNT, ids=product_ids(lines))
        assert found.payments == await payment_sql.of_order(tx, **of_order)
    assert found.order is not None
    assert found.order.content_hash == bytes(range(100))
    assert [line.sku for line in found.lines] == ["00131031", "P-7001"]
    assert [str(row.amount) for row in found.payments] == ["9999999.90", "0.10"]
    assert {str(product.price) for product in found.products.values()} == {"1234567890.10"}


async def test_its_history_is_the_newest_of_its_hand_overs_in_their_order(counter: Counter) -> None:
    pick_up, other = await counter.issued("N-1"), await counter.issued("N-2")
    await counter.prepare(pick_up)
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO staff_action (account_id, site_id, action, handover_id, reason, actor, created_at)"
            " SELECT 47, %(site)s, CASE WHEN n %% 2 = 1 THEN 'consume' ELSE 'rollback' END, id, '', '', %(now)s"
            "   FROM generate_series(1, %(many)s::int) n, unnest(%(codes)s::bigint[]) AS id ORDER BY n, id",
            site=SHOP,
            many=HISTORY_MAX + 2,
            codes=[pick_up.id, other.id],
            now=tx.now,
        )

    found = await behind(counter, pick_up)

    assert [row.action for row in found.history] == ["consume", "rollback"] * (HISTORY_MAX // 2)
    assert [row.id for row in found.history] == sorted(row.id for row in found.history)
    [(newest,)] = await counter.world.rows(
        "SELECT max(id) FROM staff_action WHERE handover_id = %(id)s", id=pick_up.id
    )
    assert found.history[-1].id == newest


async def test_a_code_of_no_order_has_nothing_behind_it(counter: Counter) -> None:
    pick_up = await counter.issued()
    await counter.world.rows("UPDATE handover SET order_id = NULL WHERE id = %(id)s RETURNING id", id=pick_up.id)

    found = await behind(counter, pick_up)

    assert (found.order, found.lines, found.products, found.payments) == (None, [], {}, [])


async def test_it_says_whether_a_code_of_the_shop_is_over(counter: Counter) -> None:
    clock = counter.world.clock
    pick_up = await counter.issued("N-1")
    await counter.issued("N-2", expires_at=clock.now() + timedelta(hours=1))

    assert not (await behind(counter, pick_up)).due
    clock.advance(timedelta(hours=1))
    assert (await behind(counter, pick_up)).due


async def test_it_is_one_statement(counter: Counter) -> None:
    pick_up = await counter.issued()

    with statements.listed() as sent:
        await behind(counter, pick_up)

    assert len(sent) == 2, "one for the digits, one for the number"


async def test_digits_that_nobody_has(counter: Counter) -> None:
    async with counter.world.desk.database.autocommit() as tx:
        with pytest.raises(KeyUnknown):
            await queries.behind_key(tx, **AT_SHOP, key="000000")
        with pytest.raises(KeyUnknown):
            await queries.behind(tx, **AT_SHOP, handover_id=1)
