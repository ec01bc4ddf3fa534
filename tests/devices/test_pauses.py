"""Pauses grow up to a bound, and a loss is told once."""

import pytest
from structlog.testing import capture_logs

from crossdock.devices.pauses import Outage, Pauses


def test_pauses_double_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.devices.pauses.random.uniform", lambda _, high: high)
    pauses = Pauses(first_s=1.0, longest_s=5.0)
    assert [pauses.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    pauses.reset()
    assert pauses.next_s() == 1.0


def test_pauses_are_shaken() -> None:
    drawn = {Pauses(first_s=1.0).next_s() for _ in range(20)}
    assert len(drawn) > 1
    assert all(0.5 <= pause_s <= 1.0 for pause_s in drawn)


def test_a_loss_and_a_return_are_one_line_each() -> None:
    outage = Outage("broker")
    with capture_logs() as logs:
        outage.ended()
        outage.began(OSError("refused"))
        outage.began(OSError("refused"))
        outage.ended()
        outage.ended()
        outage.began(OSError())
    assert [(entry["event"], entry.get("cause")) for entry in logs] == [
        ("lost; trying again until it is back", "refused"),
        ("is back", None),
        ("lost; trying again until it is back", "OSError"),
    ]
