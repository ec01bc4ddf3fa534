"""docs/asyncapi.yaml says what docs/devices.md says and what the code reads and writes."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError

from crossdock.devices import payloads, topics
from crossdock.devices.payloads import (
    Answer,
    Command,
    DoorSeen,
    DoorState,
    Heartbeat,
    Pulse,
    Receipt,
    Report,
    SignedCodes,
    Status,
    Use,
)
from tests.devices.test_payloads import samples
from tests.docs import pages

DOCUMENT: Final[dict[str, Any]] = yaml.safe_load((pages.DOCS / "asyncapi.yaml").read_text())
CHANNELS: Final = [*topics.UP, *topics.DOWN]
KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    "answers": Answer,
    "pulses": Pulse,
    "doors": DoorSeen,
    "states": DoorState,
    "uses": Use,
    "codes": SignedCodes,
    "status": Status,
    "heartbeats": Heartbeat,
    "commands": Command,
    "receipts": Receipt,
}
AT = datetime(2024, 8, 2, 7, 10, 41, 310_000, tzinfo=UTC)
REPORT: dict[str, Any] = {"boot": "b", "sequence": 1, "happened_at": AT}


def found(ref: str) -> Any:
    part: Any = DOCUMENT
    for name in ref.removeprefix("#/").split("/"):
        part = part[name]
    return part


def message(channel: str) -> dict[str, Any]:
    """The one that goes over this channel."""
    [one] = DOCUMENT["channels"][channel]["messages"].values()
    return dict(found(one["$ref"]))


def schema(channel: str) -> dict[str, Any]:
    return {"components": DOCUMENT["components"], **message(channel)["payload"]}


def check(channel: str, sample: Any) -> None:
    Draft7Validator(schema(channel)).validate(sample)


def test_every_reference_leads_somewhere() -> None:
    for ref in set(refs_in(DOCUMENT)):
        assert found(ref), ref


def refs_in(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in refs_in(value)]
    return [ref for value in part for ref in refs_in(value)] if isinstance(part, list) else []


def test_its_channels_are_those_of_the_code() -> None:
    said = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}
    assert said == {channel: f"{topics.ROOT}/{{number}}/{channel}" for channel in CHANNELS}
    assert all(list(channel["parameters"]) == ["number"] for channel in DOCUMENT["channels"].values())


def test_the_server_sends_what_goes_down_and_receives_what_goes_up() -> None:
    done = [(one["action"], one["channel"]["$ref"].rpartition("/")[2]) for one in DOCUMENT["operations"].values()]
    expected = [*(("send", channel) for channel in topics.DOWN), *(("receive", channel) for channel in topics.UP)]
    assert sorted(done) == sorted(expected)


def test_quality_and_retention_are_those_of_the_page() -> None:
    for operation in DOCUMENT["operations"].values():
        channel = operation["channel"]["$ref"].rpartition("/")[2]
        bindings = operation["bindings"]
        binding = (found(bindings["$ref"]) if "$ref" in bindings else bindings)["mqtt"]
        assert (binding["qos"], binding["retain"]) == (int(channel != "receipts"), channel == "status"), channel


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_sample_of_the_page_is_valid_and_is_its_example(channel: str) -> None:
    sample = json.loads(samples()[channel])
    check(channel, sample)
    assert [example["payload"] for example in message(channel)["examples"]] == [sample]


@pytest.mark.parametrize("channel", CHANNELS)
def test_its_fields_are_those_of_the_code(channel: str) -> None:
    [code] = [made for made in msgspec.json.schema(KINDS[channel])["$defs"].values() if "properties" in made]
    said = found(message(channel)["payload"]["$ref"])
    assert set(said["properties"]) == set(code["properties"])
    assert set(said["required"]) == set(code["required"])


@pytest.mark.parametrize(
    ("channel", "written"),
    [
        ("answers", Answer(**REPORT, command_id=1, accepted=True)),
        ("doors", DoorSeen(**REPORT, lock_address="010C", door="closed")),
        ("status", Status(online=False, connected_at=AT)),
    ],
)
def test_what_the_code_leaves_empty_is_valid(channel: str, written: Report | Status) -> None:
    check(channel, json.loads(payloads.write(written)))


def test_the_last_will_is_a_status() -> None:
    for server in DOCUMENT["servers"].values():
        will = found(server["bindings"]["$ref"])["mqtt"]["lastWill"]
        assert will["topic"] == DOCUMENT["channels"]["status"]["address"]
        status = payloads.read("status", will["message"].encode())
        assert isinstance(status, Status)
        assert (status.online, status.happened_at) == (False, None)
        check("status", json.loads(will["message"]))


def test_every_server_wants_user_and_password() -> None:
    for server in DOCUMENT["servers"].values():
        [scheme] = server["security"]
        assert found(scheme["$ref"])["type"] == "userPassword"


@pytest.mark.parametrize(
    "change",
    [
        {"boot": ""},
        {"boot": "a" * 65},
        {"boot": "a b"},
        {"sequence": 0},
        {"command_id": "1"},
        {"command_id": None},
        {"accepted": 1},
        {"happened_at": "2024-08-02T15:10:41"},
        {"happened_at": 1722582641},
        {"reason": None},
    ],
)
def test_what_the_code_refuses_is_not_valid(change: dict[str, Any]) -> None:
    sample = json.loads(samples()["answers"]) | change
    with pytest.raises(payloads.PayloadMalformed):
        payloads.read("answers", json.dumps(sample).encode())
    with pytest.raises(ValidationError):
        check("answers", sample)


def test_unknown_fields_are_valid() -> None:
    check("answers", json.loads(samples()["answers"]) | {"firmware": "2.1"})
