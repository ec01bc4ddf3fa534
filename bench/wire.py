"""HTTP as clients of a bench speak it: a request that is ready, then a whole answer, on a connection that stays."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final, cast

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
OK: Final = b"HTTP/1.1 200 "


class Asking(asyncio.Protocol, ABC):
    """One connection; it asks for nothing while an answer is under way."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.WriteTransport, transport).write

    def data_received(self, data: bytes) -> None:
        data = self._received + data
        head_end = data.find(HEAD_END)
        length_at = data.find(LENGTH, 0, head_end)
        if head_end < 0 or length_at < 0:
            self._received = data
            return
        length = int(data[length_at + len(LENGTH) : data.index(b"\r", length_at)])
        if len(data) < head_end + len(HEAD_END) + length:
            self._received = data
            return
        self._received = b""
        self.answered(data)

    @abstractmethod
    def answered(self, answer: bytes) -> None:
        """Head and body, as soon as they are whole."""
