"""Group commit: who shares a batch, who fails with whom, and that nobody is lost or left waiting."""

import asyncio
from collections import Counter
from collections.abc import Hashable
from contextlib import suppress

import pytest

from crossdock.base.errors import CrossdockError, DatabaseUnavailable, Invalid, Overloaded
from crossdock.db.errors import LockContested
from crossdock.db.intake import BATCH_MAX, TOGETHER, Intake


class Press:
    """A handler that remembers its batches, refuses what it is told to, and can be held."""

    def __init__(self, *, breaks: dict[str, Exception] | None = None) -> None:
        self.batches: list[list[str]] = []
        self.breaks = breaks or {}
        self.open = asyncio.Event()
        self.open.set()
        self.busy: Counter[Hashable] = Counter()
        self.busy_max = 0
        self.running = 0
        self.running_max = 0

    async def __call__(self, commands: list[str]) -> list[str | CrossdockError]:
        self.batches.append(commands)
        self.busy.update(command[0] for command in commands)
        self.running += 1
        self.busy_max = max(self.busy_max, *self.busy.values())
        self.running_max = max(self.running_max, self.running)
        await self.open.wait()
        await asyncio.sleep(0)
        self.busy.subtract(command[0] for command in commands)
        self.running -= 1
        for command in commands:
            if command in self.breaks:
                raise self.breaks[command]
        return [Invalid(command=command) if command.endswith("?") else f"done {command}" for command in commands]


def intake(
    press: Press, *, waiting_max: int = 1_000, batch_max: int = BATCH_MAX, writers: int = 2
) -> Intake[str, str]:
    return Intake(
        press, key=lambda command: command[0], waiting_max=waiting_max, batch_max=batch_max, writers=writers
    )


async def test_who_comes_together_is_written_together() -> None:
    press = Press()
    puts = intake(press)

    answers = await asyncio.gather(*(puts.put(command) for command in ("a", "b", "c")))

    assert answers == ["done a", "done b", "done c"]
    assert press.batches == [["a", "b", "c"]]


async def test_a_caller_alone_does_not_wait_for_company() -> None:
    press = Press()
    assert await intake(press).put("a") == "done a"
    assert press.batches == [["a"]]


@pytest.mark.parametrize(("callers", "batches"), [(3, [3]), (4, [3, 1])])
async def test_a_batch_has_an_upper_size(callers: int, batches: list[int]) -> None:
    press = Press()
    puts = intake(press, batch_max=3)

    await asyncio.gather(*(puts.put(chr(97 + number)) for number in range(callers)))

    assert [len(batch) for batch in press.batches] == batches


@pytest.mark.parametrize(
    ("callers", "writers", "batches"),
    [(TOGETHER, 2, [TOGETHER]), (TOGETHER + 1, 2, [17, 16]), (3 * TOGETHER, 3, [TOGETHER] * 3), (100, 1, [100])],
)
async def test_many_are_parted_among_the_writers(callers: int, writers: int, batches: list[int]) -> None:
    press = Press()
    puts = intake(press, writers=writers)

    await asyncio.gather(*(puts.put(chr(0x4E00 + number)) for number in range(callers)))

    assert [len(batch) for batch in press.batches] == batches


async def test_a_writer_waits_for_its_share_and_not_longer_than_the_others_write() -> None:
    press = Press()
    press.open.clear()
    puts = intake(press)
    names = iter(map(chr, range(0x4E00, 0x9000)))

    def come(callers: int) -> list[asyncio.Task[str]]:
        return [asyncio.create_task(puts.put(next(names))) for _ in range(callers)]

    first = come(TOGETHER)
    await asyncio.sleep(0.01)
    others = come(TOGETHER - 1)
    await asyncio.sleep(0.01)
    assert [len(batch) for batch in press.batches] == [TOGETHER]
    others += come(1)
    await asyncio.sleep(0.01)
    assert [len(batch) for batch in press.batches] == [TOGETHER] * 2
    few = come(5)
    await asyncio.sleep(0.01)
    press.open.set()
    await asyncio.gather(*first, *others, *few)
    assert [len(batch) for batch in press.batches] == [TOGETHER, TOGETHER, 5]


async def test_no_more_batches_at_one_time_than_writers() -> None:
    press = Press()
    puts = intake(press, batch_max=1, writers=2)

    await asyncio.gather(*(puts.put(letter) for letter in "abcdef"))

    assert press.running_max == 2


async def test_one_that_is_refused_does_not_touch_its_neighbours() -> None:
    press = Press()
    puts = intake(press)

    answers = await asyncio.gather(*(puts.put(name) for name in ("a", "b?", "c")), return_exceptions=True)

    assert [str(answer) for answer in answers] == [
        "done a",
        "A value is missing or not acceptable. (command=b?)",
        "done c",
    ]
    assert len(press.batches) == 1


async def test_one_that_breaks_its_batch_fails_alone() -> None:
    press = Press(breaks={"b": ZeroDivisionError("b")})
    puts = intake(press)

    answers = await asyncio.gather(*(puts.put(name) for name in "abc"), return_exceptions=True)

    assert answers[0] == "done a"
    assert isinstance(answers[1], ZeroDivisionError)
    assert answers[2] == "done c"
    assert press.batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]


async def test_a_contested_lock_is_tried_again_one_by_one() -> None:
    press = Press(breaks={"b": LockContested()})
    puts = intake(press)

    answers = await asyncio.gather(*(puts.put(name) for name in "abc"), return_exceptions=True)

    assert [answers[0], answers[2]] == ["done a", "done c"]
    assert isinstance(answers[1], LockContested)


async def test_a_database_that_is_away_fails_all_at_once_and_the_next_ones_go_on() -> None:
    press = Press(breaks={"b": DatabaseUnavailable()})
    puts = intake(press)

    answers = await asyncio.gather(*(puts.put(name) for name in "abc"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 3
    assert press.batches == [["a", "b", "c"]]
    assert await puts.put("a") == "done a"


async def test_one_key_is_never_twice_under_way() -> None:
    press = Press()
    puts = intake(press, batch_max=2)

    await asyncio.gather(*(puts.put(f"{letter}{turn}") for turn in range(5) for letter in "ab"))

    assert press.busy_max == 1
    for letter in "ab":
        seen = [command for batch in press.batches for command in batch if command[0] == letter]
        assert seen == [f"{letter}{turn}" for turn in range(5)], "first come, first served"


async def test_a_key_is_free_again_after_its_batch_failed() -> None:
    press = Press(breaks={"a1": DatabaseUnavailable()})
    puts = intake(press)

    answers = await asyncio.gather(puts.put("a1"), puts.put("a2"), return_exceptions=True)

    assert [type(answers[0]), answers[1]] == [DatabaseUnavailable, "done a2"]


async def test_without_a_key_equals_share_a_batch() -> None:
    press = Press()
    puts = Intake[str, str](press, key=lambda _: None)

    await asyncio.gather(puts.put("a"), puts.put("a"))

    assert press.batches == [["a", "a"]]


async def test_the_queue_has_an_end() -> None:
    press = Press()
    press.open.clear()
    puts = intake(press, waiting_max=2, writers=1)
    first = asyncio.create_task(puts.put("a"))
    await _until(lambda: bool(press.batches))

    waiting = [asyncio.create_task(puts.put(letter)) for letter in "bc"]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await puts.put("d")

    press.open.set()
    assert await asyncio.gather(first, *waiting) == ["done a", "done b", "done c"]
    assert await puts.put("d") == "done d"


async def test_who_leaves_before_its_turn_is_not_written() -> None:
    press = Press()
    press.open.clear()
    puts = intake(press, writers=1)
    first = asyncio.create_task(puts.put("a"))
    await _until(lambda: bool(press.batches))
    leaver, stayer = asyncio.create_task(puts.put("b")), asyncio.create_task(puts.put("c"))
    await asyncio.sleep(0)

    leaver.cancel()
    press.open.set()

    assert await asyncio.gather(first, stayer) == ["done a", "done c"]
    assert press.batches == [["a"], ["c"]]
    assert leaver.cancelled()


async def test_who_leaves_while_it_is_written_harms_nobody() -> None:
    press = Press()
    press.open.clear()
    puts = intake(press)
    leaver, stayer = asyncio.create_task(puts.put("a")), asyncio.create_task(puts.put("b"))
    await _until(lambda: bool(press.batches))

    leaver.cancel()
    with suppress(asyncio.CancelledError):
        await leaver
    press.open.set()

    assert await stayer == "done b"
    assert await puts.put("a2") == "done a2", "its key is free again"


async def test_closing_waits_for_what_was_put_a_moment_ago() -> None:
    press = Press()
    puts = intake(press, batch_max=1, writers=1)
    tasks = [asyncio.create_task(puts.put(letter)) for letter in "abc"]
    await asyncio.sleep(0)
    assert not press.batches

    await puts.close()

    assert press.batches == [["a"], ["b"], ["c"]]
    assert await asyncio.gather(*tasks) == ["done a", "done b", "done c"]


async def _until(ready) -> None:  # type: ignore[no-untyped-def]
    while not ready():
        await asyncio.sleep(0)
