"""What is said over MQTT, field for field as docs/devices.md prints it. Unknown fields are passed over."""

import hmac
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from crossdock.base import json
from crossdock.base.errors import Invalid
from crossdock.core.lockers.model import CodeUse, Purpose
from crossdock.devices.topics import Up

PAYLOAD_BYTES_MAX: Final = 4_096
"""The longest message of ours has about 300; whoever sends more is not a cabinet."""

CODES_BYTES_MAX: Final = 262_144
"""A list of codes is longer than all other messages: about 130 bytes a parcel."""

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339 with a zone."""
CommandId = Annotated[int, Meta(ge=1)]
LockAddress = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{4}\Z")]
"""Board and lock, two hex digits each. Newer cabinets write them upper case, the server lower case."""
Action = Literal["open", "query"]
"""Open the door, or say how it stands."""

ACTIONS: Final[dict[Purpose, Action]] = {
    "store": "open",
    "move": "open",
    "take": "open",
    "open": "open",
    "query": "query",
}
"""What a cabinet is to do; why it is asked is the server's business."""

EXPIRED: Final = "expired"
"""Why a cabinet does not carry out a command that came too late."""


class Command(Struct, frozen=True, kw_only=True):
    """`commands`, down."""

    id: CommandId
    action: Action
    lock_address: LockAddress
    issued_at: Moment
    expires_at: Moment

    def late(self, now: datetime) -> bool:
        """At `expires_at` itself it is too late."""
        return now >= self.expires_at


class Receipt(Struct, frozen=True, kw_only=True):
    """`receipts`, down: this report is on the server's disk, the cabinet may forget it."""

    boot: str
    sequence: int

    @property
    def key(self) -> str:
        """Of the report."""
        return f"{self.boot}-{self.sequence}"


class SignedCodes(Struct, frozen=True, kw_only=True):
    """`codes`, down, retained nowhere: what a cabinet may open by itself while it is cut off."""

    list: str
    """The JSON of a `Codes`, as it is signed."""
    sign: str
    """HMAC-SHA256 of `list` with the cabinet's key, hex."""


class CodeEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    code: str
    """`code_mark` of the code and the cabinet's key."""
    use: CodeUse
    parcel: int
    lock_address: LockAddress | None = None
    """Of the parcel's box; a courier's code opens the first free box of its size."""
    size: str


class FreeBox(Struct, frozen=True, kw_only=True):
    lock_address: LockAddress
    size: str


class Codes(Struct, frozen=True, kw_only=True):
    cabinet: str
    issued_at: Moment
    valid_until: Moment
    codes: list[CodeEntry]
    free: list[FreeBox]


class Report(Struct, frozen=True, kw_only=True):
    """What a cabinet keeps, and says again, until there is a receipt."""

    boot: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}\Z")]
    """Drawn anew whenever the counter starts again at 1, so that old and new numbers do not meet."""
    sequence: Annotated[int, Meta(ge=1)]
    happened_at: Moment

    @property
    def key(self) -> str:
        """Unique among all reports of one cabinet."""
        return f"{self.boot}-{self.sequence}"


class Answer(Report, frozen=True, kw_only=True):
    """`answers`, up: whether the cabinet takes the command."""

    command_id: CommandId
    accepted: bool
    reason: str = ""
    """The cabinet's words when it does not."""


class Pulse(Report, frozen=True, kw_only=True):
    """`pulses`, up: the lock was given its current; the door need not have moved."""

    command_id: CommandId


class DoorSeen(Report, frozen=True, kw_only=True):
    """`doors`, up: the door moved, for a command or by hand."""

    lock_address: LockAddress
    door: Literal["open", "closed"]
    command_id: CommandId | None = None
    use: Annotated[int, Meta(ge=1)] | None = None
    """The `sequence` of the `uses` report, where the cabinet opened it by its list."""


class Use(Report, frozen=True, kw_only=True):
    """`uses`, up: a code of the list was typed while nobody could be reached, and the cabinet opened this door."""

    use: CodeUse
    parcel: Annotated[int, Meta(ge=1)]
    lock_address: LockAddress
    listed_at: Moment
    """`issued_at` of the list it stood in."""


class DoorState(Report, frozen=True, kw_only=True):
    """`states`, up: how the door stands, because a command asked."""

    command_id: CommandId
    lock_address: LockAddress
    door: Literal["open", "closed"]


class Status(Struct, frozen=True, kw_only=True):
    """`status`, up, retained; also the last will, which is written before anything happened."""

    online: bool
    connected_at: Moment
    """When this connection was made: a will of an older one is no news."""
    happened_at: Moment | None = None


class Heartbeat(Struct, frozen=True, kw_only=True):
    """`heartbeats`, up."""

    connected_at: Moment
    happened_at: Moment


Message = Answer | Pulse | DoorSeen | DoorState | Use | Status | Heartbeat


class PayloadMalformed(Invalid):
    """A message cannot be read. Facts: cause."""


def write(message: Command | Receipt | SignedCodes | Report | Status | Heartbeat) -> bytes:
    return json.encode(message)


def read(channel: Up, payload: bytes) -> Message:
    """Errors: PayloadMalformed."""
    return _decoded(_READERS[channel], payload)  # type: ignore[no-any-return]


def read_command(payload: bytes) -> Command:
    """Errors: PayloadMalformed."""
    return _decoded(_command, payload)  # type: ignore[no-any-return]


def read_codes(payload: bytes, *, key: str, now: datetime) -> Codes | None:
    """The list, when it is signed with this key and not over. Errors: PayloadMalformed."""
    signed = _decoded(_signed_codes, payload, bytes_max=CODES_BYTES_MAX)
    if not hmac.compare_digest(codes_sign(signed.list, key), signed.sign):
        return None
    codes: Codes = _decoded(_codes, signed.list.encode(), bytes_max=CODES_BYTES_MAX)
    return codes if now < codes.valid_until else None


def codes_sign(text: str, key: str) -> str:
    return hmac.new(key.encode(), b"codes:" + text.encode(), "sha256").hexdigest()


def code_mark(code: str, key: str) -> str:
    """A code as it stands in a list: who reads the line cannot type it."""
    return hmac.new(key.encode(), b"code:" + code.encode(), "sha256").hexdigest()[:32]


def read_receipt(payload: bytes) -> Receipt:
    """Errors: PayloadMalformed."""
    return _decoded(_receipt, payload)  # type: ignore[no-any-return]


def _decoded(decoder: msgspec.json.Decoder[Any], payload: bytes, *, bytes_max: int = PAYLOAD_BYTES_MAX) -> Any:
    if len(payload) > bytes_max:
        raise PayloadMalformed(cause=f"{len(payload)} bytes, {bytes_max} are taken")
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadMalformed(cause=str(error)) from error


_READERS: Final[dict[Up, msgspec.json.Decoder[Any]]] = {
    "answers": msgspec.json.Decoder(Answer),
    "pulses": msgspec.json.Decoder(Pulse),
    "doors": msgspec.json.Decoder(DoorSeen),
    "states": msgspec.json.Decoder(DoorState),
    "uses": msgspec.json.Decoder(Use),
    "status": msgspec.json.Decoder(Status),
    "heartbeats": msgspec.json.Decoder(Heartbeat),
}
_command = msgspec.json.Decoder(Command)
_receipt = msgspec.json.Decoder(Receipt)
_signed_codes = msgspec.json.Decoder(SignedCodes)
_codes = msgspec.json.Decoder(Codes)
