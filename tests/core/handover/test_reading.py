"""Finding codes: by filter, by order, in pages."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.handover import queries
from crossdock.core.handover.model import PickUp, PickUpFilter
from tests.core.handover.conftest import AT_SHOP, OTHER_SHOP, Counter
from tests.world import ACCOUNT


@pytest.fixture
async def codes(counter: Counter) -> list[PickUp]:
    """Unused, prepared, used; and one in another shop."""
    made = [await counter.issued(f"N-{number}") for number in range(3)]
    await counter.issued("N-9", site=OTHER_SHOP)
    counter.world.clock.advance(timedelta(minutes=1))
    await counter.prepare(made[1])
    await counter.consume(made[2])
    return made


async def found(counter: Counter, **more: Any) -> tuple[int, list[int]]:
    """How many, and which."""
    filter_ = PickUpFilter(**{name: more.pop(name) for name in PickUpFilter.__struct_fields__ if name in more})
    total, rows = await counter.do(queries.search, **{**AT_SHOP, "filter": filter_, "start": 0, "limit": 10, **more})
    return total, [row.id for row in rows]


async def test_filters(counter: Counter, codes: list[PickUp]) -> None:
    unused, prepared, used = (pick_up.id for pick_up in codes)
    assert await found(counter) == (3, [used, prepared, unused])
    assert await found(counter, states=("unused",)) == (2, [prepared, unused])
    assert await found(counter, states=()) == (0, [])
    assert await found(counter, prepared=(True,)) == (2, [used, prepared])
    assert await found(counter, prepared=(True, False)) == (3, [used, prepared, unused])
    assert await found(counter, keys=(codes[0].key,), ids=(unused, used)) == (1, [unused])
    assert await found(counter, order_ids=(int(codes[2].order_id or 0),)) == (1, [used])
    assert await found(counter, order_by="id", start=1, limit=1) == (3, [prepared])
    assert await found(counter, order_by="-used_at") == (3, [used, prepared, unused])
    assert await found(counter, account_id=AccountId(48)) == (0, [])
    for order_by in ("key", "", "--id", "id DESC"):
        with pytest.raises(LookupError):
            await found(counter, order_by=order_by)


async def test_the_code_of_an_order(counter: Counter, codes: list[PickUp]) -> None:
    order_id = OrderId(codes[0].order_id or 0)
    newest = await counter.do(queries.newest_of_order, account_id=ACCOUNT, order_id=order_id)
    assert newest.id == codes[0].id
    assert await counter.do(queries.newest_of_order, account_id=AccountId(48), order_id=order_id) is None
    assert await counter.do(queries.newest_of_order, account_id=ACCOUNT, order_id=OrderId(1)) is None


async def test_an_online_shop_by_any_of_its_names(counter: Counter) -> None:
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE online_shop SET domains = '{shop.example,buy.example}'")
    for domain in ("super.heidianer.com", "shop.example", "buy.example"):
        assert (await counter.do(queries.online_shop, domain=domain)).name == "super"
    assert await counter.do(queries.online_shop, domain="") is None


READ = """
SELECT sum(pg_stat_get_xact_tuples_returned(oid))::bigint
  FROM pg_class
 WHERE oid = 'handover'::regclass
    OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'handover'::regclass)
"""
HISTORY = """
INSERT INTO handover (account_id, site_id, place, order_number, state, key, used_at, created_at, updated_at)
SELECT 47, 12, 'shop', 'H-' || n, CASE WHEN n <= 3 THEN 'expired' ELSE 'used' END, lpad(n::text, 6, '0'),
       now(), now(), now()
  FROM generate_series(1, 5000) AS n
"""


async def test_codes_by_state_are_found_without_the_history(counter: Counter) -> None:
    """What a list of them reads does not grow with what was ever handed over in the shop."""
    await counter.issued("N-1")
    database = counter.world.desk.database
    async with database.autocommit() as tx:
        await tx.execute(HISTORY)
        await tx.execute("VACUUM (ANALYZE) handover")

    async with database.transaction() as tx:
        before = await tx.value(READ)
        total, found = await queries.search(
            tx, **AT_SHOP, filter=PickUpFilter(states=("unused", "expired")), order_by="-id", start=0, limit=50
        )
        read = await tx.value(READ) - before

    assert (total, len(found)) == (4, 4)
    assert read <= 20
