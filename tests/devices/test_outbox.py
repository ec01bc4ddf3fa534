"""A cabinet keeps its reports in order until there is a receipt, and not without end."""

from datetime import UTC, datetime

from crossdock.devices.outbox import Outbox
from crossdock.devices.payloads import Pulse, Receipt

AT = datetime(2024, 8, 2, tzinfo=UTC)


def filled(count: int, *, reports_max: int = 10) -> Outbox:
    outbox = Outbox(reports_max=reports_max)
    for number in range(1, count + 1):
        outbox.add("pulses", Pulse, happened_at=AT, command_id=number)
    return outbox


def send(outbox: Outbox) -> list[int]:
    sent = []
    for kept in outbox.unsent():
        sent.append(kept.report.sequence)
        kept.sent = True
    return sent


def test_reports_are_sent_once_and_from_the_oldest_after_a_rewind() -> None:
    outbox = filled(3)
    assert send(outbox) == [1, 2, 3]
    assert send(outbox) == []
    outbox.heard(Receipt(boot=outbox.boot, sequence=2))
    outbox.rewind()
    assert send(outbox) == [1, 3]


def test_a_receipt_of_another_boot_is_nobodys() -> None:
    outbox = filled(1)
    outbox.heard(Receipt(boot="other", sequence=1))
    assert len(outbox) == 1
    outbox.heard(Receipt(boot=outbox.boot, sequence=1))
    outbox.heard(Receipt(boot=outbox.boot, sequence=1))
    assert len(outbox) == 0


def test_the_last_one_that_fits_and_one_more() -> None:
    assert send(filled(3, reports_max=3)) == [1, 2, 3]
    assert send(filled(4, reports_max=3)) == [2, 3, 4]


def test_what_is_kept_over_a_power_cut_keeps_its_numbers() -> None:
    outbox = filled(1)
    before = outbox.boot
    outbox.restart()
    outbox.add("pulses", Pulse, happened_at=AT, command_id=2)
    assert [(kept.report.boot == before, kept.report.sequence) for kept in outbox._kept.values()] == [
        (True, 1),
        (False, 1),
    ]
    outbox.heard(Receipt(boot=before, sequence=1))
    assert [kept.report.boot for kept in outbox._kept.values()] == [outbox.boot]


def test_numbers_of_two_boots_do_not_meet() -> None:
    assert Outbox().boot != Outbox().boot
