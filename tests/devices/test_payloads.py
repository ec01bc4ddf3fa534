"""Messages are written as docs/devices.md prints them, and what differs is refused with its place."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from crossdock.core.lockers.model import Purpose
from crossdock.devices import payloads, topics
from crossdock.devices.payloads import (
    ACTIONS,
    PAYLOAD_BYTES_MAX,
    Answer,
    Command,
    DoorSeen,
    PayloadMalformed,
    Receipt,
    Report,
    Status,
)

AT = datetime(2024, 8, 2, 7, 10, 41, tzinfo=UTC)
DOC = Path(__file__).parents[2] / "docs" / "devices.md"
ANSWER = {
    "boot": "k3f9a1c2", "sequence": 17, "happened_at": "2024-08-02T15:10:41+08:00",
    "command_id": 129531, "accepted": True,
}  # fmt: skip


def written(**changes: object) -> bytes:
    return json.dumps({**ANSWER, **changes}).encode()


def samples() -> dict[str, bytes]:
    """The JSON blocks of the document, by the channel in the heading above them."""
    found: dict[str, bytes] = {}
    channel = ""
    lines = iter(DOC.read_text().splitlines())
    for line in lines:
        if line.startswith("### `"):
            channel = line.split("`")[1]
        if line == "```json":
            found[channel] = next(lines).encode()
    return found


def test_the_document_shows_every_channel() -> None:
    assert sorted(samples()) == sorted([*topics.UP, *get_args(topics.Down)])


@pytest.mark.parametrize("channel", topics.UP)
def test_what_the_document_shows_going_up_is_understood(channel: topics.Up) -> None:
    sample = samples()[channel]
    message = payloads.read(channel, sample)
    assert payloads.read(channel, payloads.write(message)) == message
    assert json.loads(payloads.write(message)).keys() == json.loads(sample).keys()


def test_what_the_document_shows_going_down_is_understood() -> None:
    for sample, read in (
        (samples()["commands"], payloads.read_command),
        (samples()["receipts"], payloads.read_receipt),
    ):
        assert json.loads(payloads.write(read(sample))) == json.loads(sample)


def test_times_keep_their_moment_whatever_the_zone() -> None:
    answer = payloads.read("answers", written())
    assert isinstance(answer, Answer)
    assert answer.happened_at == AT
    assert answer.key == "k3f9a1c2-17"


def test_a_time_is_written_in_rfc_3339() -> None:
    status = Status(online=False, connected_at=AT)
    assert json.loads(payloads.write(status)) == {
        "online": False, "connected_at": "2024-08-02T07:10:41Z", "happened_at": None,
    }  # fmt: skip


def test_unknown_fields_are_passed_over() -> None:
    assert isinstance(payloads.read("answers", written(firmware="2.1")), Answer)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"command_id": "129531"}, "$.command_id"),
        ({"command_id": 0}, "$.command_id"),
        ({"accepted": 1}, "$.accepted"),
        ({"sequence": 0}, "$.sequence"),
        ({"boot": ""}, "$.boot"),
        ({"boot": "a b"}, "$.boot"),
        ({"boot": "a\n"}, "$.boot"),
        ({"boot": "a" * 65}, "$.boot"),
        ({"happened_at": "2024-08-02T15:10:41"}, "$.happened_at"),
        ({"happened_at": 1722582641}, "$.happened_at"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], place: str) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        payloads.read("answers", written(**changes))
    assert place in str(caught.value)


def test_the_longest_boot_is_taken() -> None:
    assert isinstance(payloads.read("answers", written(boot="a" * 64)), Answer)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"boot":"\xff"}'])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    for channel in topics.UP:
        with pytest.raises(PayloadMalformed):
            payloads.read(channel, payload)
    with pytest.raises(PayloadMalformed):
        payloads.read_command(payload)
    with pytest.raises(PayloadMalformed):
        payloads.read_receipt(payload)


def test_the_longest_payload_and_one_more() -> None:
    room = PAYLOAD_BYTES_MAX - len(written(reason=""))
    assert isinstance(payloads.read("answers", written(reason="x" * room)), Answer)
    with pytest.raises(PayloadMalformed, match=str(PAYLOAD_BYTES_MAX)):
        payloads.read("answers", written(reason="x" * (room + 1)))


@pytest.mark.parametrize("lock", ["010A", "010a", "0000", "FfFf"])
def test_a_lock_address_is_four_hex_digits_in_either_case(lock: str) -> None:
    sample = json.loads(samples()["doors"]) | {"lock_address": lock}
    seen = payloads.read("doors", json.dumps(sample).encode())
    assert isinstance(seen, DoorSeen)
    assert seen.lock_address == lock


@pytest.mark.parametrize("lock", ["", "101", "01010", "01g0", "01 1", "0101\n"])
def test_anything_else_is_no_lock_address(lock: str) -> None:
    sample = json.loads(samples()["doors"]) | {"lock_address": lock}
    with pytest.raises(PayloadMalformed, match="lock_address"):
        payloads.read("doors", json.dumps(sample).encode())


def test_a_command_is_late_at_its_end_and_not_before() -> None:
    command = Command(id=1, action="open", lock_address="0101", issued_at=AT, expires_at=AT + timedelta(seconds=10))
    assert not command.late(command.expires_at - timedelta(microseconds=1))
    assert command.late(command.expires_at)


def test_every_purpose_is_one_action() -> None:
    assert set(ACTIONS) == set(get_args(Purpose))
    assert {purpose for purpose, action in ACTIONS.items() if action == "query"} == {"query"}


def test_only_reports_are_kept_until_there_is_a_receipt() -> None:
    kept = {channel for channel in topics.UP if isinstance(payloads.read(channel, samples()[channel]), Report)}
    assert kept == {"answers", "pulses", "doors", "states", "uses"}
    assert payloads.read_receipt(samples()["receipts"]) == Receipt(boot="k3f9a1c2", sequence=17)
