"""The platform's webhook `order_paid`: told when a paid order has got its pick-up code.

A receiver belongs to one online shop: its credential's key is the shop's domain, the secret signs.
Source: docs.heidianer.com/webhooks/webhooks.html; the body's envelope from a public receiver.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from crossdock.base import json
from crossdock.core.events.kinds import HANDOVER_ISSUED
from crossdock.core.handover.model import Issued, OnlineShop
from crossdock.core.orders.model import PAID
from crossdock.dialects.heidian.auth import webhook_digest
from crossdock.dialects.heidian.order import order_body
from crossdock.dialects.heidian.words import NAME
from crossdock.edge.callback import Outgoing, Owed, Sender

EVENT: Final = "order_paid"
WAITS_S: Final = (300,)
"""One more try, as the page says."""
TIMEOUT_S: Final = 10.0
HEARD: Final = 200
"""No other status is a yes, not even another 2xx."""


def compose(owed: Owed, _now: datetime) -> Outgoing | None:
    """None for another event, another online shop's order, and one that is not paid."""
    if owed.event.kind != HANDOVER_ISSUED or owed.credential is None:
        return None
    issued = msgspec.convert(owed.event.facts, Issued)
    if issued.shop is None or issued.shop.domain != owed.credential.key or issued.order.payment not in PAID:
        return None
    raw = json.encode({"event": EVENT, "data": data(issued)})
    digest = webhook_digest(raw, owed.credential.secret)
    return Outgoing(
        url=owed.receiver.url,
        body=raw,
        headers={
            "content-type": "application/json",
            "X-HeyShop-Shop-Domain": issued.shop.domain,
            "X-HeyShop-Shop-Id": str(issued.shop.id),
            "X-HeyShop-Shop": short_name_of(issued.shop),
            "X-HeyShop-Event": EVENT,
            "X-HeyShop-Sha256": digest,
            # Receivers in use read this older name too, and compare with lower case.
            "X-HeyShop-Hmac-Sha256": digest.lower(),
        },
    )


def data(issued: Issued) -> dict[str, Any]:
    """The order, as staff are shown it."""
    return order_body(
        issued.order,
        lines=issued.lines,
        products={product.id: product for product in issued.products},
        full_name=issued.full_name,
        mobile=issued.mobile,
        payments=issued.payments,
    )


def accepted(status: int, _body: bytes) -> str | None:
    return None if status == HEARD else f"HTTP {status}"


def short_name_of(shop: OnlineShop) -> str:
    """Headers hold no Chinese: then the first label of the domain, which the platform makes it from."""
    return shop.name if shop.name.isascii() else shop.domain.partition(".")[0]


SENDER: Final = Sender(
    dialect=NAME, compose=compose, accepted=accepted, waits_s=lambda _: WAITS_S, timeout_s=TIMEOUT_S
)
