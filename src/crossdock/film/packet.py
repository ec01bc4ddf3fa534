"""A packet of pictures, still encoded: PyAV's class is generic in its stubs only."""

from typing import TYPE_CHECKING

from av import VideoStream
from av.packet import Packet

if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]
else:
    VideoPacket = Packet
