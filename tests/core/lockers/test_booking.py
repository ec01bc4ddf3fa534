"""A parcel is announced, found again, struck out."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId
from crossdock.core.handover.codes import TRIES_MAX
from crossdock.core.lockers import booking, commands
from crossdock.core.lockers.errors import (
    BoxSizeUnknown,
    CabinetUnknown,
    NoFreeBox,
    ParcelBooked,
    ParcelStateOther,
    ParcelStored,
    ParcelTaken,
    ParcelUnknown,
)
from crossdock.core.lockers.model import BOOKABLE_SIZES, PARCEL_MOVES
from tests.core.lockers.conftest import APP, Lockers
from tests.world import ACCOUNT, CABINET

BOOKING: dict[str, Any] = {
    "account_id": ACCOUNT,
    "cabinet": CABINET,
    "order_number": "100001",
    "box_size": "S",
    "claimed_by": APP,
    "dialect": "bestwond",
    "actor": APP,
}


async def book(lockers: Lockers, **more: Any) -> Any:
    return await lockers.do(commands.book, **{**BOOKING, **more})


async def refusal(lockers: Lockers, **more: Any) -> type[CrossdockError]:
    with pytest.raises(CrossdockError) as caught:
        await book(lockers, **more)
    return type(caught.value)


def drawn(monkeypatch: pytest.MonkeyPatch, *codes: str) -> None:
    """These codes are drawn, then others."""
    codes_ = itertools.chain(codes, (f"{number:06d}" for number in itertools.count(900_000)))
    monkeypatch.setattr(booking, "draw", lambda: next(codes_))


async def test_a_booking_has_two_codes_and_no_box(lockers: Lockers) -> None:
    parcel = await book(lockers)
    assert parcel.state == "booked"
    assert (parcel.order_number, parcel.box_size, parcel.claimed_by) == ("100001", "S", APP)
    assert (parcel.box_id, parcel.box_name, parcel.order_id) == (None, None, None)
    for code in (parcel.save_code, parcel.key):
        assert len(code) == 6
        assert code.isdecimal()
    told = {"handover_id": parcel.id, "number": "100001", "cabinet": CABINET, "box_size": "S"}
    assert await lockers.events("handover.booked") == [told]


async def test_it_finds_its_order_by_the_number(lockers: Lockers) -> None:
    order = await lockers.world.order("100001")
    assert (await book(lockers)).order_id == order.id


@pytest.mark.parametrize("size", BOOKABLE_SIZES)
async def test_any_bookable_size_also_one_the_cabinet_has_not(lockers: Lockers, size: str) -> None:
    assert (await book(lockers, box_size=size)).box_size == size


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"box_size": "screen"}, BoxSizeUnknown),
        ({"box_size": "XXL"}, BoxSizeUnknown),
        ({"cabinet": "none"}, CabinetUnknown),
        ({"account_id": AccountId(48)}, CabinetUnknown),
    ],
)
async def test_what_cannot_be_booked(lockers: Lockers, given: dict[str, Any], error: type[CrossdockError]) -> None:
    assert await refusal(lockers, **given) is error


async def test_a_number_is_booked_once_in_every_state(lockers: Lockers) -> None:
    await book(lockers, order_number="booked")
    await lockers.stored("stored")
    taken = await lockers.stored("taken")
    await lockers.answer(await lockers.ask_take(taken))

    kinds = [await refusal(lockers, order_number=number) for number in ("booked", "stored", "taken")]
    assert kinds == [ParcelBooked, ParcelStored, ParcelTaken]


async def test_fifty_book_one_number_at_once(lockers: Lockers) -> None:
    answers = await asyncio.gather(*(book(lockers) for _ in range(50)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Parcel"] + ["ParcelBooked"] * 49
    assert len(await lockers.events("handover.booked")) == 1


async def test_the_houses_own_booking_goes_to_the_first_who_asks(lockers: Lockers) -> None:
    ours = await book(lockers, claimed_by=None)
    answers = await asyncio.gather(
        *(book(lockers, claimed_by=f"app {number}") for number in range(5)), return_exceptions=True
    )
    [claimed] = [answer for answer in answers if not isinstance(answer, Exception)]
    assert (claimed.id, claimed.save_code, claimed.key) == (ours.id, ours.save_code, ours.key)
    assert claimed.claimed_by.startswith("app ")
    assert [type(answer) for answer in answers if answer is not claimed] == [ParcelBooked] * 4


async def test_nor_does_the_house_claim_from_itself(lockers: Lockers) -> None:
    await book(lockers, claimed_by=None)
    assert await refusal(lockers, claimed_by=None) is ParcelBooked


# Codes -----------------------------------------------------------------------------


async def test_a_hundred_bookings_share_no_code(lockers: Lockers) -> None:
    parcels = await asyncio.gather(*(book(lockers, order_number=f"N{number}") for number in range(100)))
    codes = [code for parcel in parcels for code in (parcel.save_code, parcel.key)]
    assert len(set(codes)) == 200


@pytest.mark.parametrize(
    "again", [("000001", "777777"), ("777777", "000002"), ("000002", "777777"), ("777777", "000001")]
)
async def test_a_code_in_use_is_drawn_again(
    lockers: Lockers, monkeypatch: pytest.MonkeyPatch, again: tuple[str, str]
) -> None:
    """As save code, as pick-up code, and one in the place of the other."""
    drawn(monkeypatch, "000001", "000002", *again, "123456", "654321")
    await book(lockers, order_number="first")
    second = await book(lockers, order_number="second")
    assert (second.save_code, second.key) == ("123456", "654321")


async def test_codes_of_the_past_are_free(lockers: Lockers, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(monkeypatch, "000001", "000002", "000001", "000002")
    first = await book(lockers)
    await lockers.do(commands.delete_parcel, account_id=ACCOUNT, id=first.id, believed="booked")
    second = await book(lockers)
    assert (second.save_code, second.key) == ("000001", "000002")


@pytest.mark.parametrize(("tries", "found"), [(TRIES_MAX - 1, True), (TRIES_MAX, False)])
async def test_drawing_ends(lockers: Lockers, monkeypatch: pytest.MonkeyPatch, tries: int, found: bool) -> None:
    drawn(monkeypatch, "000001", "000002", *["000001", "000002"] * tries)
    await book(lockers, order_number="first")
    if found:
        assert (await book(lockers, order_number="second")).save_code == "900000"
    else:
        assert await refusal(lockers, order_number="second") is NoFreeBox


# Striking out ------------------------------------------------------------------------


async def arranged(lockers: Lockers, state: str) -> int:
    parcel = await lockers.world.booked("P") if state in ("booked", "deleted") else await lockers.stored("P")
    if state == "taken":
        await lockers.answer(await lockers.ask_take(parcel))
    if state == "deleted":
        await lockers.do(commands.delete_parcel, account_id=ACCOUNT, id=parcel.id, believed="booked")
    return int(parcel.id)


@pytest.mark.parametrize("by", ["id", "number"])
@pytest.mark.parametrize("believed", ["booked", "stored", "taken", "deleted"])
@pytest.mark.parametrize("state", PARCEL_MOVES)
async def test_only_what_is_as_believed_and_not_in_a_box(
    lockers: Lockers, state: Any, believed: str, by: str
) -> None:
    id_ = await arranged(lockers, state)
    named = {"id": id_} if by == "id" else {"number": "P"}
    delete: Callable[..., Any] = commands.delete_parcel
    if state == believed and "deleted" in PARCEL_MOVES[state]:
        await lockers.do(delete, account_id=ACCOUNT, believed=believed, **named)
        assert await lockers.world.rows("SELECT state FROM handover") == [("deleted",)]
        assert len(await lockers.events("handover.deleted")) == 1
    else:
        error = ParcelUnknown if state == "deleted" else ParcelStateOther
        with pytest.raises(error):
            await lockers.do(delete, account_id=ACCOUNT, believed=believed, **named)
        assert await lockers.world.rows("SELECT state FROM handover") == [(state,)]
    await lockers.world.verified()


async def test_not_while_its_door_is_being_opened(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(parcel)
    with pytest.raises(ParcelStateOther):
        await lockers.do(commands.delete_parcel, account_id=ACCOUNT, id=parcel.id, believed="booked")
    await lockers.answer(command)
    assert (await lockers.parcel("P")).state == "stored"


@pytest.mark.parametrize("by", ["id", "number"])
async def test_nor_when_the_door_was_asked_for_a_moment_ago(lockers: Lockers, by: str) -> None:
    """The asker's transaction is open: striking out waits for it and then sees the command."""
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    named: dict[str, Any] = {"id": parcel.id} if by == "id" else {"number": "P"}
    async with lockers.world.desk.database.transaction() as tx:
        await commands.ask_store(
            tx, account_id=ACCOUNT, cabinet=CABINET, save_code=parcel.save_code, box_size="S", asked_by="", dialect=""
        )
        striking = asyncio.create_task(
            lockers.do(commands.delete_parcel, account_id=ACCOUNT, believed="booked", **named)
        )
        await waits_for_a_lock(lockers)
    with pytest.raises(ParcelStateOther):
        await striking


async def test_of_nobody_and_of_others(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    for given in (
        {"account_id": ACCOUNT, "id": 1_000},
        {"account_id": ACCOUNT, "number": "Q"},
        {"account_id": AccountId(48), "id": parcel.id},
        {"account_id": AccountId(48), "number": "P"},
        {"account_id": ACCOUNT},
    ):
        with pytest.raises(ParcelUnknown):
            await lockers.do(commands.delete_parcel, believed="booked", **given)


async def waits_for_a_lock(lockers: Lockers) -> None:
    """Until some other statement of this database waits for a row."""
    while not await lockers.world.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ):
        await asyncio.sleep(0)
