"""Topics name one cabinet and one channel, and nothing else passes for one."""

import pytest

from crossdock.devices import topics
from crossdock.devices.topics import NUMBER_CHARS_MAX, CabinetNumberUnusable, Place


def test_a_topic_is_built_and_read_back() -> None:
    assert topics.topic("2100013075", "commands") == "crossdock/v1/cabinets/2100013075/commands"
    for channel in topics.UP:
        assert topics.place(topics.topic("2100013075", channel)) == Place("2100013075", channel)


def test_one_filter_hears_every_cabinet() -> None:
    assert topics.of_all_cabinets("doors") == "crossdock/v1/cabinets/+/doors"


@pytest.mark.parametrize("number", ["", "a/b", "+", "#", "21 00", "$SYS", "柜", "1\n"])
def test_a_number_that_would_change_the_topic_is_refused(number: str) -> None:
    with pytest.raises(CabinetNumberUnusable):
        topics.topic(number, "commands")


def test_the_longest_number_and_one_more() -> None:
    assert topics.topic("9" * NUMBER_CHARS_MAX, "status").endswith("9/status")
    assert topics.place(f"{topics.ROOT}/{'9' * NUMBER_CHARS_MAX}/status") is not None
    with pytest.raises(CabinetNumberUnusable):
        topics.topic("9" * (NUMBER_CHARS_MAX + 1), "status")
    assert topics.place(f"{topics.ROOT}/{'9' * (NUMBER_CHARS_MAX + 1)}/status") is None


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "status",
        "crossdock/v2/cabinets/1/status",
        "crossdock/v1/cabinets/1/commands",
        "crossdock/v1/cabinets/1/Status",
        "crossdock/v1/cabinets//status",
        "crossdock/v1/cabinets/1/2/status",
        "/crossdock/v1/cabinets/1/status",
    ],
)
def test_other_topics_are_nobodys(topic: str) -> None:
    assert topics.place(topic) is None
