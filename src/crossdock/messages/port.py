"""What a carrier of notices is given, and what it says came of it."""

from typing import Final, Protocol

from msgspec import Struct

from crossdock.core.notices.model import Kind, Language, Outcome

SEND_S_MAX: Final = 30.0
"""For one message, everything included; a mail server that looks its sender up takes its time."""


class Message(Struct, frozen=True, kw_only=True):
    """One notice in words. `repr` shows none of them: the code is in there."""

    id: str
    """The same at each try, so that the other side can tell a repeat; another once an operator sent it again."""
    kind: Kind
    language: Language
    to: str
    short: str
    """For an SMS."""
    subject: str
    text: str
    html: str
    secrets: tuple[str, ...] = ()
    """What is blotted out of whatever is kept of an answer."""

    def __repr__(self) -> str:
        return f"Message({self.id} {self.kind})"


class Sent(Struct, frozen=True, kw_only=True):
    """`failure` is None when the other side took it."""

    outcome: Outcome = "sent"
    failure: str | None = None
    answer: str = ""


class NoticeChannel(Protocol):
    async def send(self, message: Message) -> Sent:
        """Never raises for what the other side or the network does; takes SEND_S_MAX at most."""
        ...

    async def reach(self) -> str | None:
        """Why nothing can be sent at the moment, without sending anything; None when all is well."""
        ...

    async def close(self) -> None:
        """End the connections that rest."""
        ...
