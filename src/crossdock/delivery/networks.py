"""Where callbacks may go: public addresses, and the private networks that the operator lists.

What is checked is the resolved address, never the name. An address that carries another one inside (mapped,
6to4, NAT64) is judged by what it carries, too.
Source of the table: the IANA special-purpose address registries for IPv4 and IPv6.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from crossdock.base.config import SettingInvalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ADDRESSES_KEPT = 1_024
"""Whose judgement is remembered; each callback asks for one."""

REFUSED: dict[Network, str] = {
    ip_network(block): name
    for block, name in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a carrier",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved for protocols",
        "192.0.2.0/24": "documentation",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "benchmarking",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
        "::/128": "unspecified",
        "::1/128": "loopback",
        "64:ff9b:1::/48": "private",
        "100::/64": "discarding",
        "2001::/23": "reserved for protocols",
        "2001:db8::/32": "documentation",
        "3fff::/20": "documentation",
        "5f00::/16": "segment routing",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "fec0::/10": "site-local",
        "ff00::/8": "multicast",
    }.items()
}
NAT64 = IPv6Network("64:ff9b::/96")
COMPATIBLE = IPv6Network("::/96")
"""The old way to write an IPv4 address as IPv6."""


class Networks:
    """`allowed`: blocks as `10.0.0.0/8`, from the configuration. Errors: SettingInvalid."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = tuple(_network(block) for block in allowed)
        self._judged = lru_cache(ADDRESSES_KEPT)(self._judge)

    def refusal(self, address: str) -> str | None:
        """Why nothing is sent to this address; None when it may be."""
        return self._judged(address)

    def _judge(self, address: str) -> str | None:
        outer = ip_address(address)
        if self._allows(outer):
            return None
        for one in (outer, *_carried(outer)):
            name = next((name for network, name in REFUSED.items() if one in network), None)
            if name is not None and not self._allows(one):
                return f"{address} is {name}; CROSSDOCK_CALLBACK_NETWORKS does not list it"
        return None

    def _allows(self, address: Address) -> bool:
        return any(address in network for network in self._allowed)


def _network(block: str) -> Network:
    try:
        return ip_network(block)
    except ValueError as error:
        raise SettingInvalid(
            variable="CROSSDOCK_CALLBACK_NETWORKS", value=block, wanted="a network as 10.0.0.0/8"
        ) from error


def _carried(address: Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    carried = [found for found in (address.ipv4_mapped, address.sixtofour) if found is not None]
    if address in NAT64 or (address in COMPATIBLE and int(address) > 1):
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return carried
