"""A mail server: real SMTP on loopback, keeps all it takes, answers as a test tells it to."""

import asyncio
import ssl
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LOGIN = ("shop", "s3cr3t of the shop")


class Mailbox:
    """`async with Mailbox() as mailbox`; `mailbox.address` is host and port. Its certificate is for localhost."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, starttls: bool = False, login: bool = False) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.senders: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.encrypted: list[bool] = []
        self.refusal: str | None = None
        """Said to every recipient, as `550 5.1.1 No such user`."""
        self.after_data = "250 2.0.0 Taken as Q1"
        self.open = asyncio.Event()
        """Cleared, it takes a message and does not say so."""
        self.open.set()
        self._tls = tls
        self._starttls = starttls
        self._login = login
        self._changed = asyncio.Condition()
        self._port = 0

    async def __aenter__(self) -> "Mailbox":
        def protocol() -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it does not see that its line is encrypted from the start
                return SMTP(
                    self,
                    tls_context=self._tls if self._starttls else None,
                    auth_required=self._login,
                    auth_require_tls=self._starttls,
                    authenticator=self._authenticate,
                )

        self._server = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", self._port, ssl=None if self._starttls else self._tls
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open.set()
        self._server.close()
        await self._server.wait_closed()

    @property
    def address(self) -> str:
        return f"localhost:{self._port}"

    async def has_taken(self, count: int) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.taken) >= count)

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        login = (given.login.decode(), given.password.decode())
        self.logins.append(login)
        return AuthResult(success=login == LOGIN, handled=False)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal is not None:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        async with self._changed:
            self.taken.append(message)
            self.recipients.append(list(envelope.rcpt_tos))
            self.senders.append(envelope.mail_from or "")
            self.encrypted.append(session.ssl is not None)
            self._changed.notify_all()
        await self.open.wait()
        return self.after_data
