"""A unique reference is one order's for six months, within one company and one type."""

from datetime import timedelta

import pytest

from crossdock.core.orders.errors import ReferenceTaken
from crossdock.core.orders.model import Placed
from crossdock.core.orders.placing import REFERENCE_KEPT
from crossdock.core.stock.errors import OutOfStock
from tests.core.orders.conftest import Counter, ask

SECOND = timedelta(seconds=1)


async def test_taken_within_six_months(counter: Counter) -> None:
    await counter.placed(ask(None, unique_reference="R-1"))
    counter.world.clock.advance(REFERENCE_KEPT)

    refusal = await counter.refused(ask(None, unique_reference="R-1"))

    assert (type(refusal), refusal.facts) == (ReferenceTaken, {"reference": "R-1"})
    assert len(await counter.world.rows("SELECT 1 FROM orders")) == 1


async def test_free_after_six_months_and_taken_again_from_then_on(counter: Counter) -> None:
    await counter.placed(ask(None, unique_reference="R-1"))
    counter.world.clock.advance(REFERENCE_KEPT + SECOND)

    await counter.placed(ask(None, unique_reference="R-1"))

    counter.world.clock.advance(REFERENCE_KEPT)
    assert isinstance(await counter.refused(ask(None, unique_reference="R-1")), ReferenceTaken)


async def test_another_type_and_a_plain_reference_are_free(counter: Counter) -> None:
    await counter.placed(ask(None, unique_reference="R-1"))
    await counter.placed(ask(None, unique_reference="R-1", type="AGENT_DIRECT"))
    await counter.placed(ask(None, reference="R-1"))
    await counter.placed(ask(None, reference="R-1"))


async def test_twenty_at_once_and_one_gets_it(counter: Counter) -> None:
    answers = await counter.put(*(ask(None, unique_reference="R-1") for _ in range(20)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Placed"] + ["ReferenceTaken"] * 19


async def test_one_reference_under_several_numbers(counter: Counter) -> None:
    """Their numbers differ, so they share a batch: the reference is still one order's."""
    answers = await counter.put(*(ask(f"N-{number}", unique_reference="R-1") for number in range(4)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Placed"] + ["ReferenceTaken"] * 3


@pytest.mark.parametrize("claimed_before", [False, True], ids=["new", "once used, long ago"])
async def test_an_order_that_was_refused_leaves_its_reference_free(counter: Counter, claimed_before: bool) -> None:
    if claimed_before:
        await counter.placed(ask(None, unique_reference="R-1"))
        counter.world.clock.advance(REFERENCE_KEPT + SECOND)

    refusal = await counter.refused(counter.reserving(None, {"00131031": 1}, unique_reference="R-1"))

    assert isinstance(refusal, OutOfStock)
    assert isinstance((await counter.put(ask(None, unique_reference="R-1")))[0], Placed)
