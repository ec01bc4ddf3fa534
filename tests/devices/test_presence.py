"""Who counts as there: on both sides of the longest silence, and of an older goodbye."""

from datetime import timedelta

import pytest

from crossdock.base.clock import HeldClock
from crossdock.devices.presence import HEARTBEAT_S, SILENCE_S_MAX, Presence


@pytest.fixture
def presence(clock: HeldClock) -> Presence:
    presence = Presence(clock)
    presence.there("1", clock.now())
    return presence


def test_the_longest_silence_and_one_moment_more(presence: Presence, clock: HeldClock) -> None:
    clock.advance(timedelta(seconds=SILENCE_S_MAX))
    assert presence.all_silent() == []
    clock.advance(timedelta(microseconds=1))
    assert presence.all_silent() == ["1"]
    presence.there("1", clock.now())
    assert presence.all_silent() == []


def test_who_was_never_there_or_has_gone_is_not_silent(presence: Presence, clock: HeldClock) -> None:
    presence.gone("1")
    presence.gone("2")
    clock.advance(timedelta(days=1))
    assert not presence.silent("1")
    assert not presence.silent("2")


def test_a_goodbye_is_outlived_by_a_newer_connection_only(presence: Presence, clock: HeldClock) -> None:
    first = clock.now()
    assert not presence.outlived("1", first)
    assert not presence.outlived("2", first)
    presence.there("1", first + timedelta(microseconds=1))
    assert presence.outlived("1", first)
    presence.there("1", first)  # an old heartbeat that was under way
    assert presence.outlived("1", first)


def test_two_heartbeats_may_be_lost() -> None:
    assert 2 * HEARTBEAT_S < SILENCE_S_MAX
