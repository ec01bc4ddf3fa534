"""JSON bytes out; decoding lives with the wire types that know their shape."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    return _encoder.encode(value)


def text(value: Any) -> str:
    return _encoder.encode(value).decode()
