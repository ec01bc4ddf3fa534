"""Nobody on a line waits for more to send. Without TCP_NODELAY at both ends a round trip took 88 ms, with it 1.5."""

import ctypes
import os
import platform
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.devices.bus import Bus, Line
from tests.devices.brokers import Amqtt, Mosquitto

PIDFD_GETFD = 438
"""Linux: a descriptor of a process whose parent we are, as one of our own."""


async def test_it_is_set_on_both_ends(broker: Amqtt | Mosquitto) -> None:
    if platform.system() != "Linux":
        pytest.skip("only Linux lets us look at another process's sockets")

    async with Bus(broker.address, client_id="looked-at").line() as line:
        ours = _link(line)
        theirs = list(_connected_to(ours.getsockname(), broker.pid))
        found = [_nodelay(one) for one in (ours, *theirs)]
        for one in theirs:
            one.close()

    assert found == [True, True]


def _link(line: Line) -> socket.socket:
    link = line._client._client.socket()
    assert isinstance(link, socket.socket)
    return link


def _nodelay(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def _connected_to(address: object, pid: int) -> Iterator[socket.socket]:
    """The process's sockets whose other end has this address."""
    process = os.pidfd_open(pid)
    try:
        sockets = [entry for entry in Path(f"/proc/{pid}/fd").iterdir() if _is_socket(entry)]
        for entry in sockets:
            copy = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, int(entry.name), 0)
            if copy < 0:
                pytest.skip(f"sockets of {pid} cannot be looked at: {os.strerror(ctypes.get_errno())}")
            one = socket.socket(fileno=copy)
            try:
                other_end = one.getpeername() if one.family == socket.AF_INET else None
            except OSError:
                other_end = None
            if other_end == address:
                yield one
            else:
                one.close()
    finally:
        os.close(process)


def _is_socket(entry: Path) -> bool:
    try:
        return str(entry.readlink()).startswith("socket:")
    except FileNotFoundError:  # the one that the directory was read with
        return False
