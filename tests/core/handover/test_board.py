"""What lies at one counter: its lists, their order, where they end, and what a search finds."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from crossdock.core.handover import board
from crossdock.core.handover.board import EXPIRING_WITHIN, SEARCHED_FOR
from crossdock.core.handover.board_sql import Counted
from crossdock.core.handover.errors import KeyUnknown
from crossdock.core.handover.model import PickUp
from tests.core.handover.conftest import AT_SHOP, OTHER_SHOP, Counter
from tests.world import START

HERE: dict[str, Any] = {**AT_SHOP, "zone": "Asia/Shanghai"}


async def numbers(counter: Counter, which: str, **more: Any) -> list[str]:
    rows = await counter.do(board.listed, **HERE, **{"which": which, "limit": 10, **more})
    return [row.order_number for row in rows]


async def found(counter: Counter, text: str) -> set[str]:
    rows = await counter.do(board.searched, **AT_SHOP, text=text, limit=10)
    return {row.order_number for row in rows}


async def came(counter: Counter, number: str, **more: Any) -> PickUp:
    counter.world.clock.advance(timedelta(seconds=1))
    return await counter.issued(number, **more)


async def test_each_parcel_stands_in_its_list(counter: Counter) -> None:
    for number in ("N-1", "N-2"):
        await came(counter, number)
    await counter.prepare(await came(counter, "N-3"))
    await counter.consume(await came(counter, "N-4"))
    await came(counter, "N-5", expires_at=START + EXPIRING_WITHIN)
    await came(counter, "elsewhere", site=OTHER_SHOP)
    gone = await came(counter, "canceled")
    await counter.set(gone, state="canceled")

    assert await counter.do(board.counts, **HERE) == Counted(waiting=3, aside=1, handed=1, expiring=1)
    assert await numbers(counter, "waiting") == ["N-5", "N-2", "N-1"]
    assert await numbers(counter, "aside") == ["N-3"]
    assert await numbers(counter, "handed") == ["N-4"]
    assert await numbers(counter, "expiring") == ["N-5"]


@pytest.mark.parametrize("which", ["waiting", "expiring"])
async def test_a_list_goes_on_where_it_was_left(counter: Counter, which: str) -> None:
    for number in range(5):
        await came(counter, f"N-{number}", expires_at=START + timedelta(hours=12 - number))
    whole = await numbers(counter, which)
    assert len(whole) == 5
    page = await counter.do(board.listed, **HERE, which=which, limit=2)
    await came(counter, "new", expires_at=START + timedelta(hours=13 if which == "waiting" else 1))
    rest = await numbers(counter, which, after=page[-1].place)
    assert [row.order_number for row in page] + rest == whole


async def test_what_expires_is_listed_up_to_its_last_moment(counter: Counter) -> None:
    await came(counter, "in time", expires_at=START + EXPIRING_WITHIN + timedelta(seconds=10))
    assert await numbers(counter, "expiring") == []
    counter.world.clock.set(START + timedelta(seconds=10))
    assert await numbers(counter, "expiring") == ["in time"]
    counter.world.clock.set(START + EXPIRING_WITHIN + timedelta(seconds=10))
    assert await numbers(counter, "expiring") == []
    assert (await counter.do(board.counts, **HERE)).waiting == 0


async def test_today_begins_at_the_shops_midnight(counter: Counter) -> None:
    await counter.consume(await came(counter, "N-1"))
    midnight = datetime.fromisoformat("2024-08-03T00:00:00+08:00")
    counter.world.clock.set(midnight - timedelta(seconds=1))
    assert await numbers(counter, "handed") == ["N-1"]
    counter.world.clock.set(midnight)
    assert await numbers(counter, "handed") == []
    assert (await counter.do(board.counts, **HERE)).handed == 0


async def test_a_search_by_number_name_or_the_end_of_a_mobile(counter: Counter) -> None:
    first = await came(counter, "AB-100%")
    await came(counter, "CD-200", expires_at=START + timedelta(hours=1))
    await counter.set(first, full_name="李四", mobile="13912345678")
    await counter.consume(first)
    assert await found(counter, "ab-1") == {"AB-100%"}
    assert await found(counter, "0%") == {"AB-100%"}
    assert await found(counter, "_") == set()
    assert await found(counter, "李") == {"AB-100%"}
    assert await found(counter, "678") == {"AB-100%"}
    assert await found(counter, "78") == set(), "two digits are not enough"
    assert await found(counter, "1391234567") == set(), "only the end of a mobile"
    assert await found(counter, "-") == {"AB-100%", "CD-200"}


async def test_a_search_looks_back_so_far(counter: Counter) -> None:
    await came(counter, "N-1")
    counter.world.clock.advance(SEARCHED_FOR)
    assert await found(counter, "N-1") == {"N-1"}
    counter.world.clock.advance(timedelta(seconds=1))
    assert await found(counter, "N-1") == set()


async def test_an_orders_number_names_its_parcel_here_alone(counter: Counter) -> None:
    parcel = await came(counter, "N-1")
    await came(counter, "N-2", site=OTHER_SHOP)
    assert (await counter.do(board.of_number, **AT_SHOP, number="N-1")).id == parcel.id
    for number in ("N-2", "N"):
        with pytest.raises(KeyUnknown):
            await counter.do(board.of_number, **AT_SHOP, number=number)
