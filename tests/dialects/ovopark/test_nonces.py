"""How long a nonce is remembered, and how many."""

from datetime import UTC, datetime, timedelta

from crossdock.dialects.ovopark.nonces import Nonces

NOW = datetime(2024, 1, 15, 1, 30, tzinfo=UTC)
KEPT = timedelta(minutes=20)


def test_a_nonce_is_used_once_per_key() -> None:
    nonces = Nonces(kept=KEPT)

    assert nonces.first_use("a", "n", NOW)
    assert not nonces.first_use("a", "n", NOW)
    assert nonces.first_use("b", "n", NOW)


def test_key_and_nonce_do_not_run_together() -> None:
    nonces = Nonces(kept=KEPT)

    assert nonces.first_use("a", "bc", NOW)
    assert nonces.first_use("ab", "c", NOW)


def test_a_nonce_is_kept_for_the_whole_time_and_no_longer() -> None:
    nonces = Nonces(kept=KEPT)
    nonces.first_use("a", "n", NOW)

    assert not nonces.first_use("a", "n", NOW + KEPT)
    assert nonces.first_use("a", "n", NOW + KEPT + timedelta(seconds=1))


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    nonces = Nonces(kept=KEPT, nonces_max=2)
    assert nonces.first_use("a", "1", NOW)
    assert nonces.first_use("a", "2", NOW)
    assert not nonces.first_use("a", "1", NOW)

    assert nonces.first_use("a", "3", NOW)

    assert not nonces.first_use("a", "2", NOW)
    assert nonces.first_use("a", "1", NOW)
