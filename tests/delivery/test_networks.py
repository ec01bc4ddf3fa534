"""Which addresses may be sent to: both edges of every block, and addresses inside addresses."""

from ipaddress import IPv6Network, ip_address
from itertools import pairwise

import pytest

from crossdock.base.config import SettingInvalid
from crossdock.delivery.networks import REFUSED, Networks

INSIDE = sorted(
    {(str(end), name) for block, name in REFUSED.items() for end in (block[0], block[-1])},
)
EDGES = {
    "1.0.0.0": "9.255.255.255",
    "11.0.0.0": "100.63.255.255",
    "100.128.0.0": "126.255.255.255",
    "128.0.0.0": "169.253.255.255",
    "169.255.0.0": "172.15.255.255",
    "172.32.0.0": "191.255.255.255",
    "192.0.1.0": "192.0.1.255",
    "192.0.3.0": "192.167.255.255",
    "192.169.0.0": "198.17.255.255",
    "198.20.0.0": "198.51.99.255",
    "198.51.101.0": "203.0.112.255",
    "203.0.114.0": "223.255.255.255",
}
"""The public stretches between the refused IPv4 blocks: first and last address."""


@pytest.mark.parametrize(("address", "name"), INSIDE)
def test_both_ends_of_a_special_block_are_refused(address: str, name: str) -> None:
    assert name in (Networks().refusal(address) or "")


@pytest.mark.parametrize("address", [*EDGES.keys(), *EDGES.values(), "2001:200::", "2a00:1450:4001::200e"])
def test_what_lies_between_them_is_public(address: str) -> None:
    assert Networks().refusal(address) is None


def test_the_public_stretches_leave_no_gap() -> None:
    blocks = sorted((block for block in REFUSED if not isinstance(block, IPv6Network)), key=int_of)
    between = [
        (str(before[-1] + 1), str(after[0] - 1)) for before, after in pairwise(blocks) if before[-1] + 1 != after[0]
    ]
    assert between == list(EDGES.items())


def int_of(block: object) -> int:
    return int(block[0])  # type: ignore[index]


@pytest.mark.parametrize(
    "address",
    ["::ffff:127.0.0.1", "::ffff:10.1.2.3", "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "::7f00:1", "fe80::1%eth0"],
)
def test_a_private_address_inside_another_is_refused(address: str) -> None:
    assert Networks().refusal(address) is not None


@pytest.mark.parametrize("address", ["::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::808:808"])
def test_a_public_address_inside_another_is_not(address: str) -> None:
    assert Networks().refusal(address) is None


@pytest.mark.parametrize("inside", ["10.20.0.0", "10.20.255.255", "::ffff:10.20.0.1"])
def test_what_the_operator_lists_is_allowed(inside: str) -> None:
    assert Networks(("192.168.7.0/24", "10.20.0.0/16")).refusal(inside) is None


@pytest.mark.parametrize("outside", ["10.19.255.255", "10.21.0.0", "127.0.0.1", "::1"])
def test_and_no_more_than_that(outside: str) -> None:
    assert Networks(("10.20.0.0/16",)).refusal(outside) is not None


def test_the_refusal_says_what_to_do() -> None:
    assert Networks().refusal("127.0.0.1") == ("127.0.0.1 is loopback; CROSSDOCK_CALLBACK_NETWORKS does not list it")


@pytest.mark.parametrize("block", ["10.0.0.0/33", "10.0.0.1/8", "intranet", ""])
def test_a_block_that_is_none_is_told_at_the_start(block: str) -> None:
    with pytest.raises(SettingInvalid):
        Networks((block,))


def test_the_table_names_networks_of_both_kinds() -> None:
    assert {ip_address(str(block[0])).version for block in REFUSED} == {4, 6}
