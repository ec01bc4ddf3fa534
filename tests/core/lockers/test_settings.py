"""What partner and operator set at a cabinet, and who sees which of its tasks."""

from typing import Any

import pytest

from crossdock.base.ids import AccountId
from crossdock.core.events.model import HOUSE
from crossdock.core.lockers import commands, queries
from crossdock.core.lockers.errors import CabinetUnknown
from crossdock.core.lockers.model import OFFLINE, Asker, Cabinet, Screen
from tests.core.lockers.conftest import APP, ASKED, Lockers
from tests.world import ACCOUNT, CABINET

SCREEN = Screen(qr="https://a.example/", address="Bestwond", help_line="18100000000")


async def test_a_screen_is_kept_beside_what_the_operator_says(lockers: Lockers) -> None:
    before = await lockers.cabinet()
    assert before.screen == Screen()
    told = await lockers.do(commands.set_screen, account_id=ACCOUNT, cabinet=CABINET, screen=SCREEN)
    after = await lockers.cabinet()
    assert told == after
    assert (after.screen, after.details) == (SCREEN, before.details)


@pytest.mark.parametrize("whose", [{"account_id": AccountId(48)}, {"cabinet": "none"}])
async def test_a_screen_of_others_is_not_set(lockers: Lockers, whose: dict[str, Any]) -> None:
    with pytest.raises(CabinetUnknown):
        await lockers.do(
            commands.set_screen, **{"account_id": ACCOUNT, "cabinet": CABINET, "screen": SCREEN, **whose}
        )
    assert (await lockers.cabinet()).screen == Screen()


@pytest.mark.parametrize(("switch", "last"), [(None, "P"), (False, "P"), (True, None)])
async def test_an_emptied_box_remembers_its_order_unless_told_not_to(
    lockers: Lockers, switch: bool | None, last: str | None
) -> None:
    if switch is not None:
        async with lockers.world.desk.database.transaction() as tx:
            await tx.execute(
                "UPDATE cabinet SET details = details || jsonb_build_object('clear_on_take', %(switch)s::boolean)",
                switch=switch,
            )
    parcel = await lockers.stored("P")
    await lockers.answer(await lockers.ask_take(parcel))
    box = await lockers.box("05")
    assert (box.full, box.last_order_number, box.last_stored_at is None) == (False, last, last is None)
    await lockers.world.verified()


@pytest.mark.parametrize(
    ("online", "fault", "reason"),
    [(True, None, None), (False, None, OFFLINE), (True, "uqkey", "uqkey"), (False, "uqkey", "uqkey")],
)
async def test_why_a_cabinet_takes_no_command(
    lockers: Lockers, online: bool, fault: str | None, reason: str | None
) -> None:
    await (lockers.world.cabinet_online() if online else lockers.world.cabinet_offline())
    if fault:
        await lockers.world.cabinet_fault(fault)
    cabinet: Cabinet = await lockers.cabinet()
    assert cabinet.unwilling == reason


async def test_each_sees_its_own_tasks_and_the_houses(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    asked = [("bestwond", APP), ("bestwond", "bw_other"), (HOUSE, "Li"), ("other", APP)]
    for dialect, asked_by in asked:
        await lockers.do(
            commands.ask_open,
            **{**ASKED, "lock_address": "0105", "use_type": "O", "dialect": dialect, "asked_by": asked_by},
        )
    box = await lockers.box("05")

    seen = {}
    for asked_by in (APP, "bw_other", "bw_third"):
        total, rows = await lockers.do(
            queries.log,
            cabinet_id=box.cabinet_id,
            box_id=box.id,
            start=0,
            limit=9,
            seen_by=Asker(dialect="bestwond", asked_by=asked_by),
        )
        assert total == len(rows)
        seen[asked_by] = [(row.dialect, row.asked_by) for row in rows]

    assert seen == {
        APP: [(HOUSE, "Li"), ("bestwond", APP)],
        "bw_other": [(HOUSE, "Li"), ("bestwond", "bw_other")],
        "bw_third": [(HOUSE, "Li")],
    }


async def test_reading_needs_no_right_to_write(lockers: Lockers) -> None:
    await lockers.world.booked("P")
    async with lockers.world.desk.database.transaction(readonly=True) as tx:
        assert await queries.parcel_by_number(tx, account_id=ACCOUNT, number="P")
