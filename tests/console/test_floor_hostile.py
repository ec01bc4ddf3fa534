"""What nobody types by accident: every form and address of the floor answers it in words, and never with a fault."""

import re
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from crossdock.console.floor import TOPICS
from crossdock.core.counting import commands as counting
from crossdock.core.manifests.model import Loaded
from tests.console.floors import BOSS, WORKER, Hand, hand
from tests.core.bench.conftest import Benches
from tests.core.manifests.conftest import Door
from tests.core.picking.floor import SKU, Floor
from tests.core.returning.conftest import Back
from tests.world import World

TEXTS = [
    "a\0b",
    "%_' OR 1=1 --\\{sku}",
    "x" * 5_000,
    "\u202e📦مرحبا",
    "(01)(10)(21)",
    "]d2019501234567890317999999",
    "9999-12-31",
]
NUMBERS = ["0", "-1", "１", "1e9", "9223372036854775808", "9" * 5_000]
WHOLE = frozenset(
    [
        "quantity",
        "location",
        "stock",
        "task",
        "order",
        "scan",
        "request",
        "piece",
        "dock",
        "round",
        "count",
        "service",
        "owner",
        "hours",
        "lines_min",
        "lines_max",
        "most",
        "weight_g",
        "count",
    ]
)
IDS = ["-1", "999999", "9" * 30]


def fields_of(topic: Any) -> set[str]:
    source = Path(topic.__file__).read_text()
    return set(re.findall(r"form\.(?:text|whole|number)\(\s*\"([a-z_]+)\"", source)) | {"sku", "lot", "quantity"}


def addresses(method: str) -> list[tuple[Any, str]]:
    found = []
    for topic in TOPICS:
        for handler in topic.HANDLERS:
            if method in handler.http_methods:
                found += [(topic, path) for path in handler.paths]
    return found


async def ids(world: World) -> dict[str, int]:
    """Of something of each kind that is under way, by the beginning of its address."""
    floor = await Floor.of(world)
    await floor.hire()
    bench = Benches(floor)
    for code in ("A-01", "A-02"):
        await floor.place(code)
    await bench.picked("N-1", {SKU: 2}, "TOTE-01")
    packing = await bench.open("N-1")
    await floor.shelve(SKU, 3, "A-02")
    await floor.order("N-2", {SKU: 2})
    wave = await floor.wave("batch")
    comes = await world.order("IN-1", lines={SKU: 5}, kind="inbound", state="announced")
    returned = await Back(world).here("R-1")
    loaded: Loaded = await Door(world).load((await Door(world).packed("D-1")).number)
    count = await floor.do(counting.begin, location_code="A-02", staff_id=floor.people[0])
    stray = await Back(world).stray("X-1", "a box")
    return {
        "/floor/receive": comes.id,
        "/floor/pick": wave.id,
        "/floor/waves": wave.id,
        "/floor/pack": packing.id,
        "/floor/ship": loaded.manifest_id,
        "/floor/returns": returned.id,
        "/floor/strays": stray.id,
        "/floor/count": count.id,
        "/floor/adjust": 1,
        "/floor/plates": 1,
    }


async def sent(hand: Hand, word: str, path: str, fields: dict[str, str]) -> httpx.Response:
    return await hand.client.post(path, data=fields | {"word": word, "operation_id": str(uuid4())})


async def word_of(hand: Hand) -> str:
    page = await hand.get("/floor/count")
    return re.findall(r'name="word" value="([^"]+)"', page.text)[0]


def filled(path: str, known: dict[str, int], number: str | None = None) -> str:
    here = next((str(value) for prefix, value in known.items() if path.startswith(prefix)), "1")
    return re.sub(r"\{[^}]*:int\}", number or here, re.sub(r"\{[^}]*:str\}", "x", path))


@pytest.mark.parametrize("who", [WORKER, BOSS])
async def test_no_form_meets_a_fault(world: World, who: tuple[str, str]) -> None:
    known = await ids(world)
    met = Counter[int]()
    async with hand(world, who) as one:
        word = await word_of(one)
        for topic, path in addresses("POST"):
            names = fields_of(topic)
            sets = [
                *((filled(path, known), text, "1") for text in TEXTS),
                *((filled(path, known), SKU, number) for number in NUMBERS),
                *((filled(path, known, number), "1", "1") for number in IDS),
            ]
            for address, text, number in sets:
                answer = await sent(one, word, address, {name: number if name in WHOLE else text for name in names})
                assert answer.status_code < 500, (address, text[:30], number[:30], answer.text)
                assert "from before you logged in" not in answer.text
                met[answer.status_code] += 1
    assert {400, 404, 409} <= met.keys()
    await world.verified()


async def test_no_address_meets_a_fault(world: World) -> None:
    known = await ids(world)
    names = sorted({name for topic in TOPICS for name in fields_of(topic)} | {"after", "before", "row", "bench"})
    async with hand(world, BOSS) as one:
        for _, path in addresses("GET"):
            for text in [*TEXTS, *NUMBERS]:
                for chosen in (names, ["product", "after", "row"]):
                    answer = await one.client.get(filled(path, known), params=dict.fromkeys(chosen, text[:700]))
                    assert answer.status_code < 500, (path, text[:30], answer.text)
            for number in IDS:
                answer = await one.client.get(filled(path, known, number))
                assert answer.status_code < 500, (path, number, answer.text)
