"""Order ids: 16 digits that say day and company, given out once and in order."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.core.orders.errors import OrderIdsExhausted
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import Placed
from crossdock.db.intake import BATCH_MAX
from tests.core.orders.conftest import Counter, ask
from tests.world import COMPANY

LAST = 9_999_999


async def used_up_to(counter: Counter, last: int) -> None:
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO order_counter (company_id, day, last) VALUES (36, '2024-08-02', %(last)s)", last=last
        )


async def test_the_first_of_a_day(counter: Counter) -> None:
    assert (await counter.placed(ask(None))).order.id == 240802_036_0000001


async def test_two_hundred_at_once_have_ids_of_their_own(counter: Counter) -> None:
    """Without a gap; in the order they came within a batch, while two batches may overtake each other."""
    answers = await counter.put(*(ask(None) for _ in range(200)))
    ids = [answer.order.id for answer in answers if isinstance(answer, Placed)]
    assert sorted(ids) == [240802_036_0000001 + number for number in range(200)]
    for batch in (ids[:BATCH_MAX], ids[BATCH_MAX:]):
        assert batch == sorted(batch)


async def test_a_new_day_begins_at_midnight_in_the_companys_zone(counter: Counter) -> None:
    midnight = datetime(2024, 8, 2, 16, 0, tzinfo=UTC)  # 00:00 on the third in Shanghai
    counter.world.clock.set(midnight - timedelta(microseconds=1))
    assert (await counter.placed(ask(None))).order.id == 240802_036_0000001
    counter.world.clock.set(midnight)
    assert (await counter.placed(ask(None))).order.id == 240803_036_0000001


async def test_two_companies_count_apart(counter: Counter) -> None:
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO company (id, name, currency, zone) VALUES (7, 'UK', 'GBP', 'Pacific/Kiritimati')"
        )
    answers = await counter.put(*(ask(None, company_id=company) for company in (36, 7, 36, 7)))
    assert [answer.order.id for answer in answers if isinstance(answer, Placed)] == [
        240802_036_0000001,
        240802_007_0000001,
        240802_036_0000002,
        240802_007_0000002,
    ]


async def test_the_ten_millionth_of_a_day_is_refused(counter: Counter) -> None:
    await used_up_to(counter, LAST - 1)
    assert (await counter.placed(ask(None))).order.id == 240802_036_9999999
    assert isinstance(await counter.refused(ask(None)), OrderIdsExhausted)

    counter.world.clock.advance(timedelta(days=1))
    assert (await counter.placed(ask(None))).order.id == 240803_036_0000001


async def test_a_batch_over_the_end_is_served_as_far_as_it_goes(counter: Counter) -> None:
    await used_up_to(counter, LAST - 2)
    answers = await counter.put(*(ask(None) for _ in range(4)))
    assert [type(answer).__name__ for answer in answers] == [
        "Placed",
        "Placed",
        "OrderIdsExhausted",
        "OrderIdsExhausted",
    ]


@pytest.mark.parametrize("count", [1, 3])
async def test_a_block_is_taken_in_one_piece(counter: Counter, count: int) -> None:
    ids = await OrderIds(counter.world.desk.database).take([COMPANY] * count)
    assert ids == [240802_036_0000001 + number for number in range(count)]
