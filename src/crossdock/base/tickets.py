"""Texts in addresses that say what their holder may see: signed, so that nobody else can make one."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from struct import Struct as Packing
from typing import Any, Final

from crossdock.base.seal import Seal

_SIGNATURE_BYTES: Final = 16


class Tickets:
    """All of one purpose; those of another are none of these."""

    def __init__(self, purpose: str, layout: str) -> None:
        """`layout` is that of the standard library's `struct`: what each ticket holds."""
        self._purpose = purpose
        self._layout = Packing(layout)

    def issue(self, seal: Seal, *values: int) -> str:
        signed = self._layout.pack(*values)
        return urlsafe_b64encode(signed + self._signature(seal, signed)).decode().rstrip("=")

    def read(self, seal: Seal, ticket: str) -> tuple[Any, ...] | None:
        """What it was issued with; None, whatever is wrong with it."""
        try:
            raw = urlsafe_b64decode(ticket.encode("ascii") + b"=" * (-len(ticket) % 4))
        except ValueError:
            return None
        # The same bytes have several spellings in Base64; one is ours.
        if urlsafe_b64encode(raw).decode().rstrip("=") != ticket:
            return None
        signed, signature = raw[: self._layout.size], raw[self._layout.size :]
        if not hmac.compare_digest(signature, self._signature(seal, signed)):
            return None
        return self._layout.unpack(signed)

    def _signature(self, seal: Seal, signed: bytes) -> bytes:
        return hmac.digest(seal.key_for(self._purpose), signed, "sha256")[:_SIGNATURE_BYTES]
