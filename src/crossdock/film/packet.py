"""A packet of pictures, still encoded: PyAV's class, which is generic in its stubs only and a name for types here."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import VideoStream
    from av.packet import Packet

    VideoPacket = Packet[VideoStream]
else:
    VideoPacket = Any
