"""What waited on a slow line goes out once: the same operation acts once and is answered each time."""

import asyncio
from collections import Counter as Tally
from typing import Any

import pytest

from crossdock.core.handover.errors import KeyUsed, OperationTaken
from crossdock.core.staff import queries as staff
from crossdock.core.staff.errors import OperationIdInvalid, ReasonTooLong
from crossdock.core.staff.model import (
    OPERATION_ID_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    Action,
    ActionFilter,
)
from tests.core.handover.conftest import AT_SHOP, CLERK, MANAGER, OTHER_SHOP, Counter


async def actions(counter: Counter) -> list[Action]:
    """Oldest first."""
    _, found = await counter.do(staff.actions, **AT_SHOP, wanted=ActionFilter(), order_by="id", limit=100)
    assert isinstance(found, list)
    return found


async def test_the_history_says_before_and_after_and_which_tap(counter: Counter) -> None:
    pick_up = await counter.issued()
    await counter.prepare(pick_up, operation_id="op-1")
    await counter.consume(pick_up, operation_id="op-2", reason="friend of the buyer")
    await counter.roll_back(pick_up, operation_id="op-3", reason="wrong parcel")

    unprepared, prepared = ({"state": "unused", "prepared": is_} for is_ in (False, True))
    used = {"state": "used", "prepared": True}
    assert [
        (row.action, row.before, row.after, row.operation_id, row.reason, row.about_staff_id)
        for row in await actions(counter)
    ] == [
        ("issue", None, unprepared, None, "", None),
        ("stock_prepare", unprepared, prepared, "op-1", "", None),
        ("consume", prepared, used, "op-2", "friend of the buyer", None),
        ("rollback", used, prepared, "op-3", "wrong parcel", None),
    ]


async def test_handed_over_at_once_it_was_not_set_aside_before(counter: Counter) -> None:
    pick_up = await counter.issued()
    await counter.consume(pick_up)
    [_, row] = await actions(counter)
    assert row.before == {"state": "unused", "prepared": False}
    assert row.after == {"state": "used", "prepared": True}


async def test_a_repeat_acts_once_and_is_answered_as_things_stand(counter: Counter) -> None:
    pick_up = await counter.issued()
    first = await counter.consume(pick_up, operation_id="op-1")
    assert await counter.consume(pick_up, operation_id="op-1") == first
    with pytest.raises(KeyUsed):
        await counter.consume(pick_up, operation_id="op-2")

    back = await counter.roll_back(pick_up, operation_id="op-3")
    assert await counter.roll_back(pick_up, operation_id="op-3") == back
    assert await counter.consume(pick_up, operation_id="op-1") == back, "told, and not handed over a second time"
    assert (back.state, back.rollbacks) == ("unused", 1)
    prepared = await counter.issued("N-2")
    aside = await counter.prepare(prepared, operation_id="op-4")
    await counter.consume(prepared)
    assert (await counter.prepare(prepared, operation_id="op-4")).prepared_at == aside.prepared_at
    assert Tally(row.action for row in await actions(counter)) == {
        "issue": 2,
        "consume": 2,
        "rollback": 1,
        "stock_prepare": 1,
    }
    await counter.world.verified()


@pytest.mark.parametrize("verb", ["prepare", "consume", "roll_back"])
async def test_twenty_repeats_at_once(counter: Counter, verb: str) -> None:
    pick_up = await counter.issued()
    if verb == "roll_back":
        await counter.consume(pick_up)
    before = len(await actions(counter))

    answers = await asyncio.gather(*(getattr(counter, verb)(pick_up, operation_id="op-1") for _ in range(20)))

    assert all(answer == answers[0] for answer in answers)
    assert len(await actions(counter)) == before + 1
    await counter.world.verified()


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("prepare", {}),
        ("prepare", {"handover_id": 0}),
        ("roll_back", {"staff_id": CLERK}),
        ("consume", {"staff_id": MANAGER}),
        ("consume", {"key": "000000"}),
    ],
)
async def test_an_operation_is_one_deed_of_one_person_on_one_code(
    counter: Counter, verb: str, more: dict[str, Any]
) -> None:
    pick_up = await counter.issued()
    await counter.consume(pick_up, operation_id="op-1")
    with pytest.raises(OperationTaken):
        await getattr(counter, verb)(pick_up, operation_id="op-1", **more)
    assert [row.action for row in await actions(counter)] == ["issue", "consume"]


async def test_two_parcels_in_one_operation(counter: Counter) -> None:
    """Whichever comes first is handed over, and the other is not."""
    codes = [await counter.issued("N-1"), await counter.issued("N-2")]
    answers = await asyncio.gather(
        *(counter.consume(codes[turn % 2], operation_id="op-1") for turn in range(10)), return_exceptions=True
    )
    assert Tally(type(answer).__name__ for answer in answers) == {"PickUp": 5, "OperationTaken": 5}
    assert sorted([(await counter.read(pick_up)).state for pick_up in codes]) == ["unused", "used"]
    await counter.world.verified()


async def test_an_operation_belongs_to_its_place(counter: Counter) -> None:
    here, there = await counter.issued("N-1"), await counter.issued("N-2", site=OTHER_SHOP)
    await counter.consume(here, operation_id="op-1")
    assert (await counter.consume(there, operation_id="op-1", site_id=OTHER_SHOP)).state == "used"


@pytest.mark.parametrize(
    ("length", "taken"), [(1, True), (OPERATION_ID_CHARACTERS_MAX, True), (0, False), (65, False)]
)
async def test_the_edges_of_an_operation_id(counter: Counter, length: int, taken: bool) -> None:
    pick_up = await counter.issued()
    if taken:
        assert (await counter.consume(pick_up, operation_id="x" * length)).state == "used"
    else:
        with pytest.raises(OperationIdInvalid):
            await counter.consume(pick_up, operation_id="x" * length)
        assert (await counter.read(pick_up)).state == "unused"


@pytest.mark.parametrize(("length", "taken"), [(REASON_CHARACTERS_MAX, True), (REASON_CHARACTERS_MAX + 1, False)])
async def test_the_edges_of_a_reason(counter: Counter, length: int, taken: bool) -> None:
    pick_up = await counter.issued()
    if taken:
        assert (await counter.consume(pick_up, reason="x" * length)).state == "used"
    else:
        with pytest.raises(ReasonTooLong):
            await counter.consume(pick_up, reason="x" * length)
        assert (await counter.read(pick_up)).state == "unused"
