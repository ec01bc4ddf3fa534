"""The platform's webhook `order_paid`, told when a paid order has got its pick-up code; and ours, of what becomes of
that code, in the same envelope and with the same signature.

A receiver belongs to one online shop: its credential's key is the shop's domain, the secret signs.
Source: docs.heidianer.com/webhooks/webhooks.html; the body's envelope from a public receiver.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from crossdock.base import json
from crossdock.core.codes.model import CodeChanged, OnlineShop
from crossdock.core.events import kinds
from crossdock.core.events.model import Event
from crossdock.core.handover.model import Issued
from crossdock.core.orders.model import PAID
from crossdock.dialects.heidian.auth import webhook_digest
from crossdock.dialects.heidian.order import order_body
from crossdock.dialects.heidian.views import staff_named, stock_status
from crossdock.dialects.heidian.words import NAME, moment
from crossdock.edge.callback import Outgoing, Owed, Sender

EVENTS: Final = {
    kinds.HANDOVER_ISSUED: "order_paid",
    kinds.HANDOVER_PREPARED: "pick_up_code_prepared",
    kinds.HANDOVER_USED: "pick_up_code_used",
    kinds.HANDOVER_ROLLED_BACK: "pick_up_code_rolled_back",
    kinds.HANDOVER_EXPIRED: "pick_up_code_expired",
    kinds.HANDOVER_CANCELED: "pick_up_code_canceled",
}
"""Event -> `X-HeyShop-Event`. The platform knows the first; the others are ours."""
WAITS_S: Final = (300,)
"""One more try, as the page says."""
TIMEOUT_S: Final = 10.0
HEARD: Final = 200
"""No other status is a yes, not even another 2xx."""


def compose(owed: Owed, _now: datetime) -> Outgoing | None:
    """None for any other event, another online shop's order, and a code whose order is not paid."""
    named, sold_by = EVENTS.get(owed.event.kind), owed.event.facts.get("shop")
    if named is None or sold_by is None or owed.credential is None:
        return None
    shop = msgspec.convert(sold_by, OnlineShop)
    data = order_paid(owed.event) if owed.event.kind == kinds.HANDOVER_ISSUED else code_changed(owed.event)
    if data is None or shop.domain != owed.credential.key:
        return None
    raw = json.encode({"event": named, "data": data})
    digest = webhook_digest(raw, owed.credential.secret)
    return Outgoing(
        url=owed.receiver.url,
        body=raw,
        headers={
            "content-type": "application/json",
            "X-HeyShop-Shop-Domain": shop.domain,
            "X-HeyShop-Shop-Id": str(shop.id),
            "X-HeyShop-Shop": short_name_of(shop),
            "X-HeyShop-Event": named,
            "X-HeyShop-Sha256": digest,
            # Receivers in use read this older name too, and compare with lower case.
            "X-HeyShop-Hmac-Sha256": digest.lower(),
        },
    )


def order_paid(event: Event) -> dict[str, Any] | None:
    """The order, as staff are shown it; None when it is not paid."""
    issued = msgspec.convert(event.facts, Issued)
    if issued.order.payment not in PAID:
        return None
    return order_body(
        issued.order,
        lines=issued.lines,
        products={product.id: product for product in issued.products},
        full_name=issued.full_name,
        mobile=issued.mobile,
        payments=issued.payments,
    )


def code_changed(event: Event) -> dict[str, Any]:
    """The row of the shop's history, and how the code stands after it; neither the row's `id` nor the code."""
    changed = msgspec.convert(event.facts, CodeChanged)
    return {
        "action": changed.action,
        "staff": staff_named(changed.staff_id, event.actor),
        "offline_shop": changed.site_id,
        "pick_up_code": changed.handover_id,
        "key_status": changed.state,
        "stock_status": stock_status(prepared=changed.prepared),
        "heyshop_order_id": event.order_id,
        "order_number": changed.number,
        "reason": changed.reason,
        "created_at": moment(event.happened_at),
    }


def accepted(status: int, _body: bytes) -> str | None:
    return None if status == HEARD else f"HTTP {status}"


def short_name_of(shop: OnlineShop) -> str:
    """Headers hold no Chinese: then the first label of the domain, which the platform makes it from."""
    return shop.name if shop.name.isascii() else shop.domain.partition(".")[0]


SENDER: Final = Sender(
    dialect=NAME, compose=compose, accepted=accepted, waits_s=lambda _: WAITS_S, timeout_s=TIMEOUT_S
)
