"""A notice is on record if and only if what it tells of is, once, for each channel that is open and known."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.handover import commands as handover
from crossdock.core.handover.errors import KeyUsed
from crossdock.core.lockers import keeping
from crossdock.core.notices.commands import REMIND_LATE, REMINDERS_MAX, remind_due
from crossdock.core.notices.model import CHINESE_ZONES, NOT_A_MOBILE, NOT_AN_EMAIL, RECIPIENT_CHARS_MAX, Rules, Wishes
from crossdock.jobs.app import jobs
from tests.core.lockers.test_keeping import policy
from tests.core.notices.conftest import Told
from tests.world import ACCOUNT

SHOP, STATION = 12, 90
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
EMAIL = ("ready", "email", "buyer@example.com", "waiting")
SMS = ("ready", "sms", "13800000001", "waiting")
LOG = ("ready", "log", "", "waiting")


@pytest.mark.parametrize(
    ("channels", "left", "written"),
    [
        ((), {}, [LOG]),
        (("email",), {}, [EMAIL]),
        (("sms",), {}, [SMS]),
        (("email", "sms"), {}, [EMAIL, SMS]),
        (("email", "sms"), {"email": " "}, [SMS]),
        (("email", "sms"), {"telephone": ""}, [EMAIL]),
        (("email",), {"email": ""}, [LOG]),
        (("email", "sms"), {"email": "", "telephone": ""}, [LOG]),
    ],
)
async def test_by_what_the_buyer_left_and_the_house_can_do(
    told: Told, channels: tuple[str, ...], left: dict[str, str], written: list[Any]
) -> None:
    await told.open(*channels)
    await told.waiting("N-0")
    assert await told.said() == [], "a code alone is no news"

    prepared = await told.ready("N-1", **left)

    assert await told.said() == written
    [notice, *_] = await told.notices()
    assert (notice.number, notice.occasion, notice.language) == ("N-1", prepared.prepared_at, "zh")


async def test_what_a_house_can_do_is_what_its_workers_said_last(told: Told) -> None:
    await told.open("email", "sms")
    await told.open("sms")
    await told.ready()
    assert await told.said() == [SMS]


async def test_fifty_clerks_set_one_parcel_aside_and_its_buyer_is_told_once(told: Told) -> None:
    await told.open("email", "sms")
    pick_up = await told.waiting()
    await asyncio.gather(*(told.counter.prepare(pick_up) for _ in range(50)))
    assert await told.said() == [EMAIL, SMS]
    await told.counter.prepare(pick_up)
    assert await told.said() == [EMAIL, SMS]


async def test_what_is_undone_was_never_told(told: Told) -> None:
    pick_up = await told.waiting()

    async def prepare_in_vain(tx: Any, **given: Any) -> None:
        await handover.prepare(tx, **given)
        raise LookupError

    with pytest.raises(LookupError):
        await told.counter.do(prepare_in_vain, account_id=ACCOUNT, site_id=SHOP, handover_id=pick_up.id, staff_id=32)
    assert await told.said() == []


async def test_a_parcel_that_was_handed_over_at_once_is_no_news(told: Told) -> None:
    pick_up = await told.waiting()
    await told.counter.consume(pick_up)
    with pytest.raises(KeyUsed):
        await told.counter.prepare(pick_up)
    assert await told.said() == []


@pytest.mark.parametrize(
    ("left", "refusal"),
    [
        ({"email": "a@b.example\r\nBcc: all@b.example"}, NOT_AN_EMAIL),
        ({"email": "Buyer <buyer@example.com>"}, NOT_AN_EMAIL),
        ({"email": "a@b.example, c@b.example"}, NOT_AN_EMAIL),
        ({"email": "nobody"}, NOT_AN_EMAIL),
        ({"email": "x" * 1_000}, NOT_AN_EMAIL),
        ({"telephone": "call me"}, NOT_A_MOBILE),
        ({"telephone": "1380000\r\n0001"}, NOT_A_MOBILE),
    ],
)
async def test_an_address_nothing_can_be_sent_to_waits_for_somebody(
    told: Told, left: dict[str, str], refusal: str
) -> None:
    await told.open("email", "sms")
    await told.ready(**left)
    parked = [one for one in await told.notices() if one.state == "parked"]
    assert [(one.refusal, len(one.recipient) <= RECIPIENT_CHARS_MAX) for one in parked] == [(refusal, True)]
    assert len(await told.notices()) == 2, "the other channel is not held up"


# What a place wants -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "site", "told_of"),
    [
        ({}, {}, True),
        ({"ready": False}, {}, False),
        ({"ready": False}, {"ready": True}, True),
        ({}, {"ready": False}, False),
        ({}, {"reminder": False}, True),
    ],
)
async def test_a_shop_or_its_account_may_switch_it_off(
    told: Told, account: dict[str, Any], site: dict[str, Any], told_of: bool
) -> None:
    await told.wish("account", ACCOUNT, notices=account)
    await told.wish("site", SHOP, notices=site)
    await told.ready()
    assert await told.said() == ([LOG] if told_of else [])


@pytest.mark.parametrize(("language", "written"), [("en", "en"), ("zh", "zh"), (None, "zh")])
async def test_in_the_language_of_the_place(told: Told, language: str | None, written: str) -> None:
    await told.wish("site", SHOP, notices={} if language is None else {"language": language})
    await told.ready()
    assert [one.language for one in await told.notices()] == [written]


@pytest.mark.parametrize("nonsense", ["yes", [1], {"ready": "yes"}, {"language": "fr"}, None])
async def test_nonsense_that_was_written_past_the_setup_file_is_no_wish(told: Told, nonsense: Any) -> None:
    await told.wish("site", SHOP, notices=nonsense)
    await told.ready()
    assert await told.said() == [LOG]


def test_chinese_is_spoken_in_the_zones_of_the_mainland() -> None:
    def language(zone: str) -> str:
        return Rules.of(place="shop", zone=zone, site=Wishes(), account=Wishes()).language

    assert {language(zone) for zone in CHINESE_ZONES} == {"zh"}
    assert {language(zone) for zone in ("UTC", "Europe/London", "Asia/Tokyo", "Asia/Hong_Kong")} == {"en"}


# Lockers ----------------------------------------------------------------------------


async def test_a_locker_says_nothing_until_it_is_asked_to(told: Told) -> None:
    await policy(told.lockers)
    parcel = await told.stored()
    told.world.clock.advance(timedelta(hours=48))
    await told.lockers.do(keeping.remind, account_id=ACCOUNT, number=parcel.order_number, actor="test")
    assert await told.said() == []


@pytest.mark.parametrize(("table", "id_"), [("account", ACCOUNT), ("site", STATION)])
async def test_a_locker_that_is_asked_to_tells_when_a_parcel_comes_and_before_it_goes(
    told: Told, table: str, id_: int
) -> None:
    await policy(told.lockers)
    await told.wish(table, id_, notices={"ready": True, "reminder": True})
    await told.open("sms")
    parcel = await told.stored()
    assert await told.said() == [SMS]

    told.world.clock.advance(timedelta(hours=48))
    for _ in range(2):
        try:
            await told.lockers.do(keeping.remind, account_id=ACCOUNT, number="P-1", actor="test")
        except keeping.NothingDue:
            pass
    assert await told.said() == [SMS, ("reminder", *SMS[1:])]
    assert parcel.stored_at is not None
    assert [one.occasion for one in await told.notices()] == [parcel.stored_at, parcel.stored_at + 72 * HOUR]


async def test_a_parcel_without_an_order_of_ours_is_for_the_log(told: Told) -> None:
    await told.wish("site", STATION, notices={"ready": True})
    await told.open("email", "sms")
    await told.lockers.stored("P-2")
    assert await told.said() == [LOG]


# Reminders at a counter ---------------------------------------------------------------


async def ending(told: Told, number: str, *, in_h: float) -> None:
    pick_up = await told.ready(number)
    await told.counter.set(pick_up, expires_at=told.world.clock.now() + in_h * HOUR)


async def numbers(told: Told) -> list[str]:
    return [one.number for one in await told.notices(kind="reminder")]


async def test_reminded_so_many_hours_before_the_code_ends_and_once(told: Told) -> None:
    await told.wish("site", SHOP, reminder_h=24)
    await ending(told, "N-1", in_h=48)
    assert await remind_due(told.world.desk.database) == 0

    told.world.clock.advance(24 * HOUR - SECOND)
    assert await remind_due(told.world.desk.database) == 0
    told.world.clock.advance(SECOND)
    assert sum(await asyncio.gather(*(remind_due(told.world.desk.database) for _ in range(3)))) >= 1
    assert await remind_due(told.world.desk.database) == 0

    assert await numbers(told) == ["N-1"]
    [reminder] = await told.notices(kind="reminder")
    assert reminder.occasion == told.world.clock.now() + 24 * HOUR


async def test_the_sweep_of_every_minute_reminds(told: Told) -> None:
    await told.wish("site", SHOP, reminder_h=24)
    await ending(told, "N-1", in_h=24)
    async with jobs(told.world.desk.database).open_async() as app:
        await app.tasks["sweep"].func(timestamp=0)
    assert await numbers(told) == ["N-1"]


async def test_a_code_without_an_end_is_reminded_of_so_many_hours_after_its_goods_are_ready(told: Told) -> None:
    await told.wish("site", SHOP, reminder_h=24)
    await told.waiting("N-0")
    ready = await told.ready("N-1")
    told.world.clock.advance(24 * HOUR - SECOND)
    assert await remind_due(told.world.desk.database) == 0
    told.world.clock.advance(SECOND)
    assert await remind_due(told.world.desk.database) == 1
    assert await remind_due(told.world.desk.database) == 0
    [reminder] = await told.notices(kind="reminder")
    assert (reminder.number, reminder.occasion) == ("N-1", ready.prepared_at)


@pytest.mark.parametrize(("later", "reminded"), [(-SECOND, 1), (timedelta(0), 0)])
async def test_a_shop_that_begins_to_remind_digs_up_no_old_parcels(
    told: Told, later: timedelta, reminded: int
) -> None:
    await told.ready()
    await told.wish("site", SHOP, reminder_h=24)
    told.world.clock.advance(24 * HOUR + REMIND_LATE + later)
    assert await remind_due(told.world.desk.database) == reminded


async def test_no_reminder_of_a_code_that_ended_or_was_used(told: Told) -> None:
    await told.wish("site", SHOP, reminder_h=24)
    await ending(told, "N-1", in_h=0)
    used = await told.ready("N-2")
    await told.counter.set(used, expires_at=told.world.clock.now() + HOUR)
    await told.counter.consume(used)
    assert await remind_due(told.world.desk.database) == 0


@pytest.mark.parametrize("settings", [{}, {"reminder_h": None}, {"reminder_h": 24, "notices": {"reminder": False}}])
async def test_where_no_buyer_is_reminded(told: Told, settings: dict[str, Any]) -> None:
    await told.wish("site", SHOP, **settings)
    await ending(told, "N-1", in_h=1)
    assert await remind_due(told.world.desk.database) == 0


async def test_nobody_is_called_to_a_counter_that_would_send_them_away(told: Told) -> None:
    await told.wish("site", SHOP, reminder_h=24, prepared_first=True)
    pick_up = await told.waiting()
    await told.counter.set(pick_up, expires_at=told.world.clock.now() + HOUR)
    assert await remind_due(told.world.desk.database) == 0
    await told.counter.prepare(pick_up)
    assert await remind_due(told.world.desk.database) == 1


@pytest.mark.parametrize("count", [REMINDERS_MAX - 1, REMINDERS_MAX, REMINDERS_MAX + 1])
async def test_more_reminders_than_one_transaction_holds(told: Told, count: int) -> None:
    await told.wish("site", SHOP, reminder_h=24)
    await told.world.rows(
        "INSERT INTO handover (account_id, site_id, place, order_number, state, key, expires_at, created_at,"
        " updated_at) SELECT 47, 12, 'shop', 'M-' || n, 'unused', lpad(n::text, 6, '0'),"
        " %(now)s::timestamptz + interval '1 hour', %(now)s, %(now)s FROM generate_series(1, %(count)s) n"
        " RETURNING 1",
        now=told.world.clock.now(),
        count=count,
    )
    assert await remind_due(told.world.desk.database) == count
    assert await told.world.rows("SELECT count(DISTINCT handover_id) FROM notice") == [(count,)]
