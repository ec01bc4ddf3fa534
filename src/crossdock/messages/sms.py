"""SMS by a provider's webhook: one signed POST for each message.

    POST CROSSDOCK_SMS_URL
    Content-Type: application/json
    Idempotency-Key: 4711
    X-Crossdock-Timestamp: 1722582641
    X-Crossdock-Signature: sha256=<hex of HMAC-SHA256 over timestamp, a full stop and the body>

    {"id":"4711","to":"13800000001","text":"...","kind":"ready","language":"zh"}

Any 2xx is a yes. The address is checked as those of callbacks are.
"""

import hashlib
import hmac
from typing import Final

from crossdock.base import json
from crossdock.base.clock import Clock
from crossdock.core.notices.model import NOT_A_MOBILE, mobile_of
from crossdock.delivery.send import Poster
from crossdock.edge.callback import Outgoing
from crossdock.messages.port import SEND_S_MAX, Message, Sent

TIMESTAMP: Final = "X-Crossdock-Timestamp"
SIGNATURE: Final = "X-Crossdock-Signature"
IDEMPOTENCY: Final = "Idempotency-Key"


class Sms:
    def __init__(self, url: str, *, secret: str, poster: Poster, clock: Clock) -> None:
        self._url = url
        self._secret = secret
        self._poster = poster
        self._clock = clock

    async def send(self, message: Message) -> Sent:
        if mobile_of(message.to) != message.to:
            return Sent(outcome="unusable", failure=NOT_A_MOBILE)
        answer = await self._poster.post(self._signed(message), timeout_s=SEND_S_MAX)
        said = answer.head.decode(errors="replace")
        if answer.failure is not None:
            outcome = "forbidden" if answer.outcome == "forbidden" else "unreachable"
            return Sent(outcome=outcome, failure=answer.failure, answer=said)  # type: ignore[arg-type]
        if not 200 <= (answer.status or 0) < 300:
            return Sent(outcome="refused", failure=f"HTTP {answer.status}", answer=said)
        return Sent(answer=said)

    async def reach(self) -> str | None:
        return await self._poster.reach(self._url)

    async def close(self) -> None:
        await self._poster.close()

    def _signed(self, message: Message) -> Outgoing:
        body = json.encode(
            {
                "id": message.id,
                "to": message.to,
                "text": message.short,
                "kind": message.kind,
                "language": message.language,
            }
        )
        timestamp = str(int(self._clock.now().timestamp()))
        return Outgoing(
            url=self._url,
            body=body,
            headers={
                "Content-Type": "application/json",
                IDEMPOTENCY: message.id,
                TIMESTAMP: timestamp,
                SIGNATURE: signature(body, timestamp=timestamp, secret=self._secret),
            },
        )


def signature(body: bytes, *, timestamp: str, secret: str) -> str:
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"
