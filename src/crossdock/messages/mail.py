"""E-mail by one SMTP server, the operator's own or a provider's."""

import asyncio
import socket
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from crossdock.base.clock import Clock
from crossdock.base.errors import SetupFailed
from crossdock.core.notices.model import NOT_AN_EMAIL, email_of
from crossdock.messages.port import SEND_S_MAX, Message, Sent

Encryption = Literal["tls", "starttls", "none"]
_SCHEMES: dict[str, tuple[Encryption, int]] = {
    "smtps": ("tls", 465),
    "smtp": ("starttls", 587),
    "smtp+plain": ("none", 25),
}


class SmtpUrlMalformed(SetupFailed):
    """CROSSDOCK_SMTP_URL cannot be used: write smtp://user:password@host:587, smtps://..., or smtp+plain://host."""


class LoginInClear(SetupFailed):
    """CROSSDOCK_SMTP_URL would show its password to the network: with a login use smtp:// or smtps://."""


class Server(Struct, frozen=True, kw_only=True):
    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"

    __str__ = __repr__


def server_of(url: str) -> Server:
    """Read `CROSSDOCK_SMTP_URL`; user and password may be percent-encoded. Errors: SmtpUrlMalformed, LoginInClear."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SmtpUrlMalformed() from None  # what Python says may quote the password
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query or port == 0:
        raise SmtpUrlMalformed()
    encryption, usual_port = _SCHEMES[parts.scheme]
    if bool(parts.username) != bool(parts.password):
        raise SmtpUrlMalformed()
    if encryption == "none" and parts.username:
        raise LoginInClear()
    return Server(
        host=parts.hostname,
        port=port or usual_port,
        encryption=encryption,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Mail:
    def __init__(self, server: Server, *, sender: Address, clock: Clock, trust: ssl.SSLContext | None = None) -> None:
        """`trust`: whose certificates count, where not the system's."""
        self._server = server
        self._sender = sender
        self._clock = clock
        self._trust = trust or ssl.create_default_context()

    async def send(self, message: Message) -> Sent:
        if email_of(message.to) != message.to:
            return Sent(outcome="unusable", failure=NOT_AN_EMAIL)
        try:
            async with asyncio.timeout(SEND_S_MAX):
                _, answer = await aiosmtplib.send(
                    self._composed(message), sender=self._sender.addr_spec, recipients=[message.to], **self._line()
                )
        except Exception as error:
            return _failed(error)
        return Sent(answer=answer)

    async def reach(self) -> str | None:
        try:
            async with asyncio.timeout(SEND_S_MAX), aiosmtplib.SMTP(**self._line()):
                return None
        except Exception as error:
            return _failed(error).failure

    async def close(self) -> None:
        """Each message has a connection of its own."""

    def _line(self) -> dict[str, Any]:
        server = self._server
        return {
            "hostname": server.host,
            "port": server.port,
            "username": server.username,
            "password": server.password,
            "use_tls": server.encryption == "tls",
            # Never "if the server offers it": whoever sits in between could take the offer away.
            "start_tls": server.encryption == "starttls",
            "tls_context": None if server.encryption == "none" else self._trust,
            "local_hostname": socket.gethostname(),
            "timeout": SEND_S_MAX,
        }

    def _composed(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<notice.{message.id}@{self._sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        mail.add_alternative(message.html, subtype="html")
        mail["Content-Language"] = message.language  # any earlier it would belong to the first part alone
        return mail


def _failed(error: Exception) -> Sent:
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            said = "; ".join(f"{one.code} {one.message}" for one in error.recipients)
            return Sent(outcome="refused", failure=f"recipient refused: {said}")
        case aiosmtplib.SMTPResponseException():
            return Sent(outcome="refused", failure=f"{type(error).__name__}: {error.code} {error.message}")
        case TimeoutError():
            return Sent(outcome="unreachable", failure=f"no answer within {SEND_S_MAX:g} s")
        case aiosmtplib.SMTPServerDisconnected() | OSError():
            return Sent(outcome="unreachable", failure=f"{type(error).__name__}: {error}")
        case aiosmtplib.SMTPException():
            return Sent(outcome="refused", failure=f"{type(error).__name__}: {error}")
    raise error
