"""Orders hour by hour, as the sweep notes them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from crossdock.core.overview import pace
from crossdock.core.overview.model import Sight
from crossdock.core.overview.pace import DAYS, HOURS, KEPT_DAYS
from tests.world import ACCOUNT, World

SKU = "00131031"
CHINA = ZoneInfo("Asia/Shanghai")


async def told(world: World) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Placed and shipped, of each hour and of each day."""
    async with world.desk.database.transaction() as tx:
        hours, days = await pace.stretches(tx, sight=Sight(account_ids=[ACCOUNT]), zone=CHINA)
    assert (len(hours), len(days)) == (HOURS, DAYS)
    return [(one.placed, one.shipped) for one in hours], [(one.placed, one.shipped) for one in days]


async def noted(world: World, hours: int = 0) -> None:
    world.clock.advance(timedelta(hours=hours))
    async with world.desk.database.transaction() as tx:
        await pace.note(tx)


async def test_an_hour_is_what_came_since_the_one_before(quiet_world: World) -> None:
    world = quiet_world
    await world.order("N-0", lines={SKU: 1})
    await noted(world)
    await world.order("N-1", lines={SKU: 1})
    await noted(world, 1)
    await world.shipped("N-2")
    await noted(world)
    await noted(world)
    hours, _ = await told(world)
    assert hours[-2:] == [(0, 0), (2, 1)]
    assert hours[:-2] == [(0, 0)] * (HOURS - 2)
    await world.order("N-3", lines={SKU: 1})
    await noted(world, 2)
    hours, _ = await told(world)
    assert hours[-3:] == [(2, 1), (0, 0), (1, 0)]


async def test_a_day_is_that_of_the_zone(quiet_world: World) -> None:
    world = quiet_world
    world.clock.advance(timedelta(minutes=-11 - 24 * 60))  # 22:59 UTC, and nearly seven in the morning in China
    await noted(world)
    await world.order("N-1", lines={SKU: 1})
    await noted(world, 16)  # 14:59 UTC: the last hour of that day
    await noted(world, 1)  # 15:59
    await world.order("N-2", lines={SKU: 1})
    await noted(world, 1)  # 16:59, the next day
    _, days = await told(world)
    assert days[-1] == (1, 0)


async def test_what_is_old_is_forgotten(quiet_world: World) -> None:
    world = quiet_world
    await world.order("N-1", lines={SKU: 1})
    await noted(world)
    await noted(world, KEPT_DAYS * 24)
    assert len(await world.rows("SELECT 1 FROM order_hour")) == 2
    await noted(world, 1)
    assert len(await world.rows("SELECT 1 FROM order_hour")) == 2
