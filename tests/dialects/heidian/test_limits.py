"""How often one caller may ask, on both sides of every limit."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.base.config import CALLS, Config, SettingInvalid
from crossdock.base.errors import TooManyRequests
from crossdock.base.ids import StaffId
from crossdock.dialects.heidian import limits
from crossdock.edge.limits import Limiter, Window

START = datetime(2024, 8, 1, tzinfo=UTC)
ONE = StaffId(31)
OTHER = StaffId(32)

WINDOWS = [
    (limits.LOGINS_OF_NAME, 10, 60),
    (limits.LOGINS_OF_ADDRESS, 10, 60),
    (limits.FETCHES_OF_ADDRESS, 60, 60),
    (limits.KEYS_OF_STAFF, 120, 60),
]


@pytest.mark.parametrize(("window", "calls", "seconds"), WINDOWS, ids=lambda value: getattr(value, "name", value))
def test_a_window_takes_so_many_calls_and_not_one_more(window: Window, calls: int, seconds: int) -> None:
    limiter = Limiter(Config())
    assert (getattr(Config(), window.setting), window.seconds) == (calls, seconds)
    for _ in range(calls):
        limiter.take(window, "caller", START)

    with pytest.raises(TooManyRequests) as refused:
        limiter.take(window, "caller", START + timedelta(seconds=1))

    assert refused.value.facts["wait_s"] == seconds - 1


def test_a_call_leaves_the_window_when_it_is_as_old_as_the_window_is_long() -> None:
    limiter = Limiter(Config(heidian_logins_a_minute=2))
    window = limits.LOGINS_OF_NAME
    limiter.take(window, "caller", START)
    limiter.take(window, "caller", START + timedelta(seconds=30))

    with pytest.raises(TooManyRequests) as refused:
        limiter.take(window, "caller", START + timedelta(seconds=59, microseconds=999_999))
    assert refused.value.facts["wait_s"] == 1
    limiter.take(window, "caller", START + timedelta(seconds=60))
    with pytest.raises(TooManyRequests) as refused:
        limiter.take(window, "caller", START + timedelta(seconds=60))
    assert refused.value.facts["wait_s"] == 30


def test_callers_and_windows_do_not_count_for_each_other() -> None:
    limiter = Limiter(Config())
    for _ in range(Config().heidian_logins_a_minute):
        limiter.take(limits.LOGINS_OF_NAME, "xxx", START)

    limiter.take(limits.LOGINS_OF_NAME, "clerk1", START)
    limiter.take(limits.LOGINS_OF_ADDRESS, "xxx", START)


def note_wrong(limiter: Limiter, staff_id: StaffId, now: datetime) -> None:
    limiter.note(limits.WRONG_KEYS_OF_STAFF, staff_id, now)


def refuse_paused(limiter: Limiter, staff_id: StaffId, now: datetime) -> None:
    limiter.refuse_paused(limits.WRONG_KEYS_OF_STAFF, staff_id, now, pause_s=limits.PAUSE_S)


def wrong_keys(limiter: Limiter, count: int, *, last: timedelta) -> datetime:
    for _ in range(count - 1):
        note_wrong(limiter, ONE, START)
    note_wrong(limiter, ONE, START + last)
    return START + last


def test_nineteen_wrong_codes_do_not_pause() -> None:
    limiter = Limiter(Config())
    now = wrong_keys(limiter, 19, last=timedelta(0))

    refuse_paused(limiter, ONE, now)


def test_twenty_wrong_codes_pause_for_a_minute() -> None:
    limiter = Limiter(Config())
    now = wrong_keys(limiter, 20, last=timedelta(minutes=9, seconds=59))

    with pytest.raises(TooManyRequests) as refused:
        refuse_paused(limiter, ONE, now)
    assert refused.value.facts["wait_s"] == 60
    refuse_paused(limiter, OTHER, now)
    with pytest.raises(TooManyRequests):
        refuse_paused(limiter, ONE, now + timedelta(seconds=59))
    refuse_paused(limiter, ONE, now + timedelta(seconds=60))


def test_twenty_wrong_codes_in_ten_minutes_and_a_moment_do_not_pause() -> None:
    limiter = Limiter(Config())
    now = wrong_keys(limiter, 20, last=timedelta(minutes=10))

    refuse_paused(limiter, ONE, now)


def test_after_a_pause_the_next_wrong_code_pauses_again() -> None:
    limiter = Limiter(Config())
    now = wrong_keys(limiter, 20, last=timedelta(0)) + timedelta(seconds=60)
    refuse_paused(limiter, ONE, now)
    note_wrong(limiter, ONE, now)

    with pytest.raises(TooManyRequests):
        refuse_paused(limiter, ONE, now)


def test_the_caller_silent_longest_is_forgotten_first() -> None:
    limiter = Limiter(Config(heidian_logins_a_minute=1), callers_max=2)
    window = limits.LOGINS_OF_NAME
    limiter.take(window, "a", START)
    limiter.take(window, "b", START)
    assert len(limiter) == 2
    limiter.take(window, "c", START)
    assert len(limiter) == 2

    with pytest.raises(TooManyRequests):
        limiter.take(window, "b", START)
    limiter.take(window, "a", START)


def test_so_many_wrong_codes_as_the_operator_says() -> None:
    limiter = Limiter(Config(heidian_wrong_keys=2))
    note_wrong(limiter, ONE, START)
    refuse_paused(limiter, ONE, START)
    note_wrong(limiter, ONE, START)

    with pytest.raises(TooManyRequests):
        refuse_paused(limiter, ONE, START)


@pytest.mark.parametrize(
    ("name", "default"),
    [("LOGINS_A_MINUTE", 10), ("FETCHES_A_MINUTE", 60), ("KEYS_A_MINUTE", 120), ("WRONG_KEYS", 20)],
)
def test_every_limit_can_be_set(name: str, default: int) -> None:
    variable, field = f"CROSSDOCK_HEIDIAN_{name}", f"heidian_{name.lower()}"

    assert getattr(Config.from_environment({}), field) == default
    for good in (CALLS.start, CALLS.stop - 1):
        assert getattr(Config.from_environment({variable: str(good)}), field) == good
    for bad in (CALLS.start - 1, CALLS.stop, "many"):
        with pytest.raises(SettingInvalid) as refused:
            Config.from_environment({variable: str(bad)})
        assert variable in refused.value.sentence
