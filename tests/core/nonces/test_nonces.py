"""A nonce is used once within its time, whoever asks; later it is forgotten."""

import asyncio
from datetime import timedelta

from crossdock.core.nonces import commands
from crossdock.core.nonces.commands import KEPT_MAX
from tests.world import World

KEPT = timedelta(minutes=20)
SECOND = timedelta(seconds=1)


async def used(world: World, key: str = "a", nonce: str = "n", dialect: str = "ovopark") -> bool:
    async with world.desk.database.autocommit() as tx:
        return await commands.use(tx, dialect=dialect, key=key, nonce=nonce, kept=KEPT)


async def swept(world: World) -> int:
    async with world.desk.database.transaction() as tx:
        return await commands.sweep(tx)


async def test_once_per_key_and_dialect(quiet_world: World) -> None:
    assert await used(quiet_world)
    assert not await used(quiet_world)
    assert await used(quiet_world, key="b")
    assert await used(quiet_world, dialect="hongxun")
    assert await used(quiet_world, nonce="n" * 10_000 + "\0")


async def test_for_the_whole_time_and_no_longer(quiet_world: World) -> None:
    assert await used(quiet_world)

    quiet_world.clock.advance(KEPT)
    assert not await used(quiet_world)

    quiet_world.clock.advance(SECOND)
    assert await used(quiet_world)
    assert not await used(quiet_world)


async def test_of_many_at_once_one_is_first(quiet_world: World) -> None:
    for _ in range(2):  # a new one, and one that was forgotten
        assert sum(await asyncio.gather(*(used(quiet_world) for _ in range(20)))) == 1
        quiet_world.clock.advance(KEPT + SECOND)


async def test_old_ones_are_swept(quiet_world: World) -> None:
    await used(quiet_world)
    quiet_world.clock.advance(KEPT_MAX)
    assert await swept(quiet_world) == 0

    quiet_world.clock.advance(SECOND)
    assert await swept(quiet_world) == 1
    assert await quiet_world.rows("SELECT count(*) FROM call_nonce") == [(0,)]
