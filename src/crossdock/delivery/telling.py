"""One try: whose secret signs, what is said, what came back, and what of it is kept."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from msgspec import structs

from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError, Unavailable
from crossdock.base.objects import Objects
from crossdock.core.accounts.book import AccountBook
from crossdock.core.accounts.model import Account, Credential
from crossdock.delivery.model import (
    ANSWER_CHARS_KEPT_MAX,
    BODY_CHARS_MAX,
    FAILURE_CHARS_MAX,
    Answer,
    Due,
    Tried,
)
from crossdock.delivery.patience import named
from crossdock.delivery.send import Poster
from crossdock.edge.callback import Outgoing, Owed, Sender

log = structlog.get_logger(__name__)
Signer = tuple[Account, Credential | CrossdockError | None]


class Teller:
    def __init__(
        self,
        *,
        senders: Mapping[str, Sender],
        accounts: AccountBook,
        poster: Poster,
        clock: Clock,
        objects: Objects | None = None,
    ) -> None:
        self._senders = senders
        self._accounts = accounts
        self._poster = poster
        self._clock = clock
        self._objects = objects

    async def signer(self, due: Due) -> Signer:
        """The account, and whose secret signs; an error where a secret cannot be opened. Errors: Unavailable."""
        account = await self._accounts.account(due.claimed.account_id)
        if due.receiver.credential_id is None:
            return account, None
        try:
            return account, await self._accounts.credential(due.receiver.credential_id)
        except Unavailable:
            raise
        except CrossdockError as error:
            return account, error

    async def tell(self, due: Due, signer: Signer) -> Tried:
        """Whatever goes wrong is a try that failed."""
        account, credential = signer
        started_at = self._clock.now()
        sender = self._senders[due.receiver.dialect]
        outgoing: Outgoing | None = None
        try:
            if isinstance(credential, CrossdockError):
                raise credential
            owed = Owed(
                event=due.event,
                receiver=due.receiver,
                credential=credential,
                account=account,
                attempt=due.claimed.attempts + 1,
            )
            if sender.attach is not None and self._objects is not None:
                owed = await sender.attach(self._objects, owed)
            outgoing = sender.compose(owed, started_at)
            if outgoing is None:
                return Tried(outcome="skipped", started_at=started_at, ended_at=started_at)
            answer = await self._poster.post(outgoing, timeout_s=sender.timeout_s)
            _judge(answer, sender)
        except Exception as error:
            log.error("callback fault", callback_id=due.claimed.id, cause=named(error))
            answer = Answer(outcome="fault", failure=f"a fault of this server: {type(error).__name__}")
        secret = credential.secret if isinstance(credential, Credential) else ""
        return _tried(answer, outgoing, secret, started_at, self._clock.now())


def _judge(answer: Answer, sender: Sender) -> None:
    """What came back, as the dialect takes it. A redirect is never a yes: nothing was heard where we sent it."""
    if answer.failure is not None or answer.status is None:
        return
    if 300 <= answer.status < 400:
        answer.failure = f"HTTP {answer.status}: redirects are not followed"
    else:
        answer.failure = sender.accepted(answer.status, answer.head)
    if answer.failure is not None:
        answer.outcome = "refused"


def _tried(answer: Answer, outgoing: Outgoing | None, secret: str, started_at: datetime, ended_at: datetime) -> Tried:
    kept = Tried(
        outcome=answer.outcome,
        started_at=started_at,
        ended_at=ended_at,
        status=answer.status,
        answer=_printable(answer.head.decode(errors="replace"), secret)[:ANSWER_CHARS_KEPT_MAX],
        failure=None if answer.failure is None else _printable(answer.failure, secret)[:FAILURE_CHARS_MAX],
    )
    if outgoing is None:
        return kept
    body = _printable(outgoing.body.decode(errors="replace"), secret)
    return structs.replace(kept, body=body[:BODY_CHARS_MAX])


def _printable(text: str, secret: str) -> str:
    """As PostgreSQL can keep it, and without the secret, should a partner echo it."""
    if secret:
        text = text.replace(secret, "[secret]")
    return text.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
