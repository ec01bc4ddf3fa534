"""Every member of every printed request, replaced by what it cannot be: an answer in the envelope, never a fault."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.dialects import hongxun
from tests.dialects.hongxun.samples import samples, sign
from tests.dialects.hongxun.test_calls import post
from tests.world import World

LISTED = tomllib.loads((Path(hongxun.__file__).parent / "endpoints.toml").read_text())["call"]
PATHS = {call["source"].split()[0]: call["path"].split()[1] for call in LISTED}
WRONG: tuple[Any, ...] = (None, "", 0, -1, True, [], {}, [None], [[7]], {"a": 1}, "x" * 600, "\x00", "9" * 400, "💥")
SERVED = [
    (PATHS[number], one.members["request"])
    for one in samples()
    if (number := one.title.split()[0].removeprefix("8.")) in PATHS
]


def mutated(value: Any) -> Iterator[Any]:
    """The value with one thing wrong inside it."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from (value | {name: wrong} for wrong in (*WRONG, *mutated(member)))
    elif isinstance(value, list):
        yield from ([wrong] for wrong in WRONG)
        yield from ([inner] for inner in (mutated(value[0]) if value else ()))


def whole(value: Any) -> Any:
    """Without fractions: our own client signs no others."""
    match value:
        case dict():
            return {name: whole(member) for name, member in value.items()}
        case list():
            return [whole(member) for member in value]
        case float():
            return round(value)
    return value


@pytest.mark.parametrize(("path", "request_"), SERVED, ids=[path for path, _ in SERVED])
async def test_what_a_member_cannot_be(world: World, path: str, request_: Any) -> None:
    carrier = {"create_by": "CARRIER01", "data_source": "CARRIER_TMS"} if path.startswith("/dtc/tms") else {}
    codes = set()
    for wrong in mutated(whole(request_)):
        answer = await post(world, path, sign(wrong, **carrier))
        assert answer["flag"] is (answer["code"] == 200), wrong
        assert answer["code"] != 500, wrong
        codes.add(answer["code"])
    assert 400 in codes
    await world.verified()
