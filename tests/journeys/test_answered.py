"""An answer that says success is on disk: server and database are killed while partners place orders."""

import asyncio
import itertools
import random
from collections.abc import Callable

import httpx
import pytest

from crossdock.journey.samples import Samples
from tests.journeys.asks import ASKS, Asker
from tests.journeys.processes import Place, kill_postgres

PARTNERS_OF_EACH = 4
ANSWERS = range(10, 60)
"""It is killed after so many answers; which, is drawn."""
OF_ONE_NAME = {
    "birdsystem": "SELECT id FROM orders WHERE kind = 'outbound' AND reference = %(name)s",
    "hongxun": "SELECT id FROM orders WHERE kind = 'inbound' AND number = %(name)s",
}


class Book:
    """What partners asked for, and what they were answered."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answered: dict[tuple[str, str], int | None] = {}
        """The id, where the API tells it."""


async def place_orders(asker: Asker, dialect: str, partner: int, book: Book, after_each: Callable[[], None]) -> None:
    for number in itertools.count():
        name = f"P{partner}-{number}"
        book.asked.append((dialect, name))
        try:
            _, said = await asker.ask(dialect, name)
        except httpx.TransportError:
            return
        if not ASKS[dialect].yes(said):
            return
        book.answered[dialect, name] = int(said["data"]["id"]) if dialect == "birdsystem" else None
        after_each()


@pytest.mark.timeout(150)
async def test_what_was_answered_is_there_once(place: Place, sample: Samples) -> None:
    server = place.serve()
    book = Book()
    answers = random.choice(ANSWERS)

    def kill_in_time() -> None:
        if len(book.answered) == answers:
            server.process.kill()
            kill_postgres(place.postgres)

    async with Asker(place.base_url, sample) as asker, asyncio.TaskGroup() as group:
        for partner in range(PARTNERS_OF_EACH):
            for dialect in OF_ONE_NAME:
                group.create_task(place_orders(asker, dialect, partner, book, kill_in_time))
    assert len(book.answered) >= answers
    assert len(book.asked) > len(book.answered), "somebody was waiting for an answer"

    server.wait()
    place.serve()
    for dialect, name in book.asked:
        found = place.rows(OF_ONE_NAME[dialect], name=name)
        assert len(found) <= 1, (dialect, name)
        if (dialect, name) in book.answered:
            assert found, (dialect, name)
            assert book.answered[dialect, name] in (None, found[0][0])
    async with Asker(place.base_url, sample) as asker:
        for dialect, name in set(book.asked) - set(book.answered):
            if dialect == "hongxun":  # where the number names the order, the partner simply asks again
                _, said = await asker.ask(dialect, name)
                assert ASKS[dialect].yes(said)
                assert len(place.rows(OF_ONE_NAME[dialect], name=name)) == 1
    assert place.findings() == []
