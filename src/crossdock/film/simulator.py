"""A camera without glass: the test picture over RTSP (interleaved in TCP) and as MPEG-TS over HTTP, on loopback.

Its pictures show the true time. What it claims elsewhere may be wrong, as a camera's clock is: in RTCP sender reports
and in the `Date` of its answers. Time stamps may jump, the line may drop.
"""

import asyncio
import re
import secrets
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime
from struct import pack
from types import TracebackType
from typing import Any, Final

import av
from msgspec import Struct

from crossdock.base.clock import Clock
from crossdock.base.tasks import stopped
from crossdock.film.picture import CLOCK_RATE, FPS, HEIGHT, KEY_S, TIME_BASE, WIDTH, Encoder

HOST: Final = "127.0.0.1"
REPORT_S: Final = 1.0
"""Between two sender reports."""
WAITING_MAX: Final = 500
"""Packets that one receiver may be behind; then it is hung up on."""
RTP_BYTES_MAX: Final = 1_400
_NTP_EPOCH: Final = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_NAL: Final = re.compile(rb"\x00\x00\x00?\x01")
_SPS, _PPS, _FU_A, _REFERENCE_BITS, _TYPE_BITS = 7, 8, 28, 0xE0, 0x1F
_H264: Final = 96
"""The number of H.264 in our session description."""


class _Shot(Struct, frozen=True):
    """One encoded picture."""

    ticks: int
    key: bool
    nals: list[bytes]
    ts: bytes


class SimulatedCamera:
    """Streams while its block runs; ports of 0 take free ones."""

    def __init__(
        self,
        clock: Clock,
        *,
        fps: int = FPS,
        key_s: float = KEY_S,
        rtsp_port: int = 0,
        http_port: int = 0,
        silent_after: int | None = None,
    ) -> None:
        """`silent_after`: after so many pictures a receiver gets no more, and is not hung up on."""
        self._silent_after = silent_after
        self._clock = clock
        self._fps, self._key_s = fps, key_s
        self._ports = (rtsp_port, http_port)
        self._lie = self._jump = timedelta()
        self._restamp = False
        self._receivers: set[asyncio.Queue[_Shot | None]] = set()
        self._sets = b""
        self._first: asyncio.Event
        self.rtsp_url = self.http_url = ""

    async def __aenter__(self) -> "SimulatedCamera":
        self._first = asyncio.Event()
        self._rtsp = await asyncio.start_server(self._speak_rtsp, HOST, self._ports[0])
        self._http = await asyncio.start_server(self._speak_http, HOST, self._ports[1])
        self.rtsp_url = f"rtsp://{HOST}:{self._rtsp.sockets[0].getsockname()[1]}/station"
        self.http_url = f"http://{HOST}:{self._http.sockets[0].getsockname()[1]}/station.ts"
        self._filming = asyncio.create_task(self._film(), name="simulated camera")
        await self._first.wait()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await stopped(self._filming)
        self.drop()
        for server in (self._rtsp, self._http):
            server.close()

    def lie(self, by: timedelta) -> None:
        """Its own clock is so far ahead of the truth."""
        self._lie = by

    def jump(self, by: timedelta) -> None:
        """From the next picture on all time stamps are so much later, or earlier."""
        self._jump += by
        self._restamp = True

    def drop(self) -> None:
        """Hang up on whoever looks; they may come again."""
        for receiver in self._receivers:
            receiver.put_nowait(None)
        self._receivers.clear()

    async def _film(self) -> None:
        start = self._clock.now()
        loop_start = asyncio.get_running_loop().time()
        encoder = Encoder(fps=self._fps, key_s=self._key_s)
        written: list[bytes] = []
        out: Any = None
        number = 0
        while True:
            at = self._clock.now()
            if out is None or self._restamp:
                self._restamp = False
                out = av.open(_Writer(written.append), "w", format="mpegts", container_options=_TS)
                stream = out.add_mux_stream("h264", rate=self._fps, width=WIDTH, height=HEIGHT)
                stream.time_base = TIME_BASE
            ticks = round((at - start + self._jump).total_seconds() * CLOCK_RATE) + CLOCK_RATE
            for packet in encoder.encode(at, round((at - start).total_seconds() * CLOCK_RATE)):
                nals = [nal for nal in _NAL.split(bytes(packet)) if nal]
                key = packet.is_keyframe
                if key:
                    self._sets = b",".join(b64encode(nal) for nal in nals if nal[0] & _TYPE_BITS in (_SPS, _PPS))
                packet.pts = packet.dts = ticks
                packet.stream = stream
                out.mux(packet)
                self._hand_out(_Shot(ticks, key, nals, b"".join(written)))
                written.clear()
            self._first.set()
            number += 1
            await asyncio.sleep(max(0.0, loop_start + number / self._fps - asyncio.get_running_loop().time()))

    def _hand_out(self, shot: _Shot) -> None:
        for receiver in list(self._receivers):
            if receiver.qsize() > WAITING_MAX:
                self._receivers.discard(receiver)
                receiver.put_nowait(None)
            else:
                receiver.put_nowait(shot)

    async def _speak_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            asked = await reader.readuntil(b"\r\n\r\n")
            date = format_datetime(self._clock.now() + self._lie, usegmt=True)
            head = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            if not asked.startswith(b"HEAD"):
                await self._stream(writer, lambda shot: shot.ts)
        writer.close()

    async def _stream(self, writer: asyncio.StreamWriter, bytes_of: Callable[[_Shot], bytes]) -> None:
        """From the next picture that needs no other, until one side hangs up."""
        shots: asyncio.Queue[_Shot | None] = asyncio.Queue()
        self._receivers.add(shots)
        sent = 0
        try:
            while (shot := await shots.get()) is not None:
                if (sent or shot.key) and sent != self._silent_after:
                    sent += 1
                    writer.write(bytes_of(shot))
                    await writer.drain()
        finally:
            self._receivers.discard(shots)

    async def _speak_rtsp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = secrets.token_hex(4)
        streaming: asyncio.Task[None] | None = None
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                lead = await reader.readexactly(1)
                if lead == b"$":  # what the receiver reports
                    head = await reader.readexactly(3)
                    await reader.readexactly(int.from_bytes(head[1:], "big"))
                    continue
                asked = (lead + await reader.readuntil(b"\r\n\r\n")).decode()
                method, target, *_ = asked.split()
                number = re.search(r"^CSeq: *(\d+)", asked, re.MULTILINE | re.IGNORECASE)
                answer = ["RTSP/1.0 200 OK", f"CSeq: {number[1] if number else 0}"]
                body = ""
                if method == "OPTIONS":
                    answer.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN")
                elif method == "DESCRIBE":
                    body = self._described()
                    answer += [
                        f"Content-Base: {target}/",
                        "Content-Type: application/sdp",
                        f"Content-Length: {len(body)}",
                    ]
                elif method == "SETUP":
                    answer += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", f"Session: {session}"]
                else:
                    answer.append(f"Session: {session}")
                writer.write("\r\n".join([*answer, "", body]).encode())
                if method == "PLAY" and streaming is None:
                    streaming = asyncio.create_task(self._play(writer))
                if method == "TEARDOWN":
                    break
        if streaming is not None:
            await stopped(streaming)
        writer.close()

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await self._stream(writer, _Rtp(self._clock, lambda: self._lie).packets)
        writer.close()

    def _described(self) -> str:
        return "\r\n".join(
            [
                "v=0",
                f"o=- 0 0 IN IP4 {HOST}",
                "s=crossdock",
                "t=0 0",
                f"m=video 0 RTP/AVP {_H264}",
                f"c=IN IP4 {HOST}",
                f"a=rtpmap:{_H264} H264/{CLOCK_RATE}",
                f"a=fmtp:{_H264} packetization-mode=1;sprop-parameter-sets={self._sets.decode()}",
                "a=control:track",
                "",
            ]
        )


_TS: Final = {"flush_packets": "1", "mpegts_flags": "pat_pmt_at_frames"}


class _Writer:
    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        self._write(bytes(data))
        return len(data)


class _Rtp:
    """Packets of one receiver (RFC 3550, RFC 6184), in the frames of a shared connection (RFC 2326, 10.12)."""

    def __init__(self, clock: Clock, lie: Callable[[], timedelta]) -> None:
        self._clock, self._lie = clock, lie
        self._number = 0
        self._bytes = 0
        self._source = secrets.token_bytes(4)
        self._reported_at: datetime | None = None

    def packets(self, shot: _Shot) -> bytes:
        now = self._clock.now()
        sent = b""
        if self._reported_at is None or (now - self._reported_at).total_seconds() >= REPORT_S:
            self._reported_at = now
            sent += self._report(now + self._lie(), shot.ticks)
        payloads = [payload for nal in shot.nals for payload in _payloads(nal)]
        for payload in payloads:
            last = payload is payloads[-1]
            head = pack(">BBHI", 0x80, last << 7 | _H264, self._number & 0xFFFF, shot.ticks & 0xFFFFFFFF)
            sent += _framed(0, head + self._source + payload)
            self._number += 1
            self._bytes += len(payload)
        return sent

    def _report(self, claimed: datetime, ticks: int) -> bytes:
        """What its clock says, and the time stamp of that moment."""
        since = claimed - _NTP_EPOCH
        seconds = since // timedelta(seconds=1)
        fraction = (since % timedelta(seconds=1)).microseconds * 2**32 // 1_000_000
        head = pack(">BBH", 0x80, 200, 6) + self._source
        return _framed(
            1, head + pack(">IIIII", seconds, fraction, ticks & 0xFFFFFFFF, self._number, self._bytes & 0xFFFFFFFF)
        )


def _payloads(nal: bytes) -> list[bytes]:
    """Whole, or in fragments that fit."""
    if len(nal) <= RTP_BYTES_MAX:
        return [nal]
    kind, rest = nal[0], nal[1:]
    parts = [rest[at : at + RTP_BYTES_MAX] for at in range(0, len(rest), RTP_BYTES_MAX)]
    return [
        bytes(
            [
                kind & _REFERENCE_BITS | _FU_A,
                (part is parts[0]) << 7 | (part is parts[-1]) << 6 | kind & _TYPE_BITS,
            ]
        )
        + part
        for part in parts
    ]


def _framed(channel: int, packet: bytes) -> bytes:
    return b"$" + pack(">BH", channel, len(packet)) + packet
