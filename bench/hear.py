"""The partners who are told: a process that answers Hongxun's yes on some ports, on one later, on one never.

    python -m bench.hear --ports N [--core C ...]

Printed when it listens, as JSON: `ports`, `far`, which answers after FAR_S, `silent`, and `count`, a port that tells
whoever connects how many bodies were heard so far. It does as little as it can, so that what is measured is who
speaks to it.
"""

import asyncio
import json
from typing import Annotated, cast

import typer
import uvloop

from bench.machine import pin
from bench.wire import HEAD_END, LENGTH
from crossdock.running import told_to_stop

YES = '{"code":200,"message":"响应成功","flag":true}'.encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(YES), YES)
FAR_S = 0.005
"""Of a partner in the same city, or one who keeps what was said before the yes."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Heard:
    count = 0


class Hearing(asyncio.Protocol):
    def __init__(self, heard: Heard, *, after_s: float = 0) -> None:
        self._heard = heard
        self._after_s = after_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.WriteTransport, transport).write

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (whole := _length(self._received)) is not None and len(self._received) >= whole:
            self._received = self._received[whole:]
            self._heard.count += 1
            if self._after_s:
                asyncio.get_running_loop().call_later(self._after_s, self._write, ANSWER)
            else:
                self._write(ANSWER)


class Silent(asyncio.Protocol):
    """Takes the connection and everything that is said on it."""


class Counting(asyncio.Protocol):
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        told = cast(asyncio.WriteTransport, transport)
        told.write(str(self._heard.count).encode())
        told.close()


def _length(received: bytes) -> int | None:
    """Of the first request, head and body; None while its head is not whole."""
    end = received.find(HEAD_END)
    if end < 0:
        return None
    head = received[:end].lower()
    at = head.index(LENGTH) + len(LENGTH)
    return end + len(HEAD_END) + int(head[at:].partition(b"\r")[0])


async def listen(ports: int) -> None:
    loop, heard = asyncio.get_running_loop(), Heard()
    servers = [
        *[await loop.create_server(lambda: Hearing(heard), "127.0.0.1", 0) for _ in range(ports)],
        await loop.create_server(lambda: Hearing(heard, after_s=FAR_S), "127.0.0.1", 0),
        await loop.create_server(Silent, "127.0.0.1", 0),
        await loop.create_server(lambda: Counting(heard), "127.0.0.1", 0),
    ]
    *hearing, far, silent, count = [server.sockets[0].getsockname()[1] for server in servers]
    print(json.dumps({"ports": hearing, "far": far, "silent": silent, "count": count}), flush=True)
    await told_to_stop().wait()


@app.command()
def main(ports: Annotated[int, typer.Option()] = 1, core: Annotated[list[int] | None, typer.Option()] = None) -> None:
    pin([0], tuple(core or ()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(listen(ports))


if __name__ == "__main__":
    app()
