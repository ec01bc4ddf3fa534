"""Where nothing else is set up: that a buyer is to be told is a line in the log. What the buyer is told is not."""

from typing import Final

import structlog

from crossdock.messages.port import Message, Sent

SHOWN_CHARS: Final = 3
"""Of an address, at its end."""

log = structlog.get_logger(__name__)


class Log:
    async def send(self, message: Message) -> Sent:
        log.info(
            "buyer to be told", notice=message.id, kind=message.kind, language=message.language, to=hidden(message.to)
        )
        return Sent()

    async def reach(self) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing is held."""


def hidden(address: str) -> str:
    """`…001` of a number, `…@example.com` of an e-mail address."""
    if not address:
        return ""
    _, at, domain = address.partition("@")
    return f"…@{domain}" if at else f"…{address[-SHOWN_CHARS:]}"
