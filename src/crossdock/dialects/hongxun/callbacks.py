"""Our events in Hongxun's words: the confirms of inbound and outbound orders, pushed to the customer.

A receiver's `url` is the base; `settings`: `batch_callback` (false: one confirm per order, no status confirm) and
`paths` (event name -> path, `/<event>` where it names none).
"""

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Final

from crossdock.base import json
from crossdock.base.errors import BodyMalformed, CallerUnknown
from crossdock.core.events import kinds
from crossdock.core.orders.model import Kind
from crossdock.dialects.hongxun import auth, wire, words
from crossdock.dialects.hongxun.canonical import Number, canonical, parse
from crossdock.dialects.hongxun.fields import number_of
from crossdock.edge.callback import Outgoing, Owed, Sender

MINUTE_S = 60
HOUR_S = 3_600
FIRST_WAITS_S: Final = tuple(minutes * MINUTE_S for minutes in (1, 5, 15, 60, 360))
LAST_WAIT_S = 6 * HOUR_S
GIVEN_UP_S = 72 * HOUR_S
"""After the first try; what is not delivered by then waits for an operator."""
TIMEOUT_S = 10.0
REASON_CHARS_MAX = 512
"""Of the customer's `message` that is kept with a failed try."""

Request = dict[str, Any]
Push = tuple[str, Callable[[Owed], Request]]
"""What it is called, and its body."""


def in_order_confirm(owed: Owed) -> Request:
    """入库单确认: one batch; without batches the whole order."""
    return _confirm(owed, "inbound")


def out_order_confirm(owed: Owed) -> Request:
    """出库单确认: as inbound, and the parcel it left in."""
    tracking_number = owed.event.facts.get("tracking_number")
    parcels = {"packageList": [{"mailno": tracking_number}]} if tracking_number else {}
    return _confirm(owed, "outbound") | parcels


def in_order_status_confirm(owed: Owed) -> Request:
    """入库单状态确认(分批回传使用)."""
    return _status_confirm(owed, "received")


def out_order_status_confirm(owed: Owed) -> Request:
    """出库单状态确认(分批回传使用)."""
    return _status_confirm(owed, "shipped")


BATCHED: Final[dict[str, Push]] = {
    kinds.INBOUND_RECEIVED: ("inOrderConfirm", in_order_confirm),
    kinds.INBOUND_CLOSED: ("inOrderStatusConfirm", in_order_status_confirm),
    kinds.OUTBOUND_SHIPPED: ("outOrderConfirm", out_order_confirm),
    kinds.OUTBOUND_CLOSED: ("outOrderStatusConfirm", out_order_status_confirm),
}
WHOLE: Final[dict[str, Push]] = {
    kinds.INBOUND_CLOSED: ("inOrderConfirm", in_order_confirm),
    kinds.OUTBOUND_CLOSED: ("outOrderConfirm", out_order_confirm),
}
"""Kind of event -> push, with and without `batch_callback`."""


def compose(owed: Owed, now: datetime) -> Outgoing | None:
    """The push, signed with `now`; None for an event this customer is not told. Errors: CallerUnknown."""
    settings = owed.receiver.settings
    said = (BATCHED if settings.get("batch_callback") else WHOLE).get(owed.event.kind)
    if said is None:
        return None
    event, body = said
    path = settings.get("paths", {}).get(event, f"/{event}")
    return Outgoing(
        url=owed.receiver.url.rstrip("/") + path,
        body=_signed(owed, body(owed), now),
        headers={"content-type": "application/json;charset=UTF-8"},
    )


def accepted(status: int, body: bytes) -> str | None:
    """None when the customer took it: HTTP 2xx and `flag` true, as a boolean or as a text."""
    if not 200 <= status < 300:
        return f"HTTP {status}"
    try:
        said = parse(body)
    except BodyMalformed:
        return "the answer is not JSON"
    if not isinstance(said, dict):
        return "the answer is not an object"
    flag = said.get("flag")
    if flag is True or flag == "true":
        return None
    message = said.get("message")
    reason = message.literal if isinstance(message, Number) else str(message or "flag is not true")
    return reason[:REASON_CHARS_MAX]


def waits_s() -> tuple[int, ...]:
    """The pauses after each failed try, up to GIVEN_UP_S in all."""
    more = (GIVEN_UP_S - sum(FIRST_WAITS_S)) // LAST_WAIT_S
    return FIRST_WAITS_S + (LAST_WAIT_S,) * more


SENDER: Final = Sender(dialect="hongxun", compose=compose, accepted=accepted, waits_s=waits_s(), timeout_s=TIMEOUT_S)


def _confirm(owed: Owed, kind: Kind) -> Request:
    event, facts = owed.event, owed.event.facts
    if event.order_id is None:
        raise LookupError(f"event {event.id} names no order")
    code = words.downstream_order_code(kind, event.order_id)
    return {
        "customerNumber": facts["number"],
        "callbackBatchId": f"{code}-{facts.get('batch', 1):02d}",
        "downstreamOrderCode": code,
        "documentType": _document_type(kind, facts),
        "inventoryCode": facts["site"] or "",
        "subbaseCode": facts["sub_inventory"] or "",
        "orderStatus": "FULFILLED" if event.kind in WHOLE else "PARTFULFILLED",
        "confirmTime": words.printed_time(event.happened_at, _zone(owed)),
        "productList": [_line(line) for line in facts["lines"] if line["quantity"]],
    }


def _status_confirm(owed: Owed, actual: str) -> Request:
    facts = owed.event.facts
    return {
        "customerNumber": facts["number"],
        "orderStatus": "FULFILLED",
        "totalQuantity": facts["ordered"],
        "actualQuantity": facts[actual],
    }


def _document_type(kind: Kind, facts: dict[str, Any]) -> str:
    """As the customer sent it; orders of other dialects have another kind of type."""
    return facts["type"] if facts["type"] in words.DOCUMENT_TYPES[kind] else words.DOCUMENT_TYPE_ELSEWHERE[kind]


def _line(line: dict[str, Any]) -> Request:
    """The customer's own line with what was done of it; members that are not filled are left out."""
    sent = line.get("partner_fields") or {}
    texts = {field.name: text for field in wire.LINE if (text := _text(sent.get(field.name)))}
    doubles = {name: number_of(text) for name in wire.LINE_DOUBLES if (text := _text(sent.get(name)))}
    planned = _pieces(sent.get("quantity"))
    return (
        texts
        | {name: number for name, number in doubles.items() if number is not None}
        | {
            "customerLineNumber": line["line_key"],
            "customerProductCode": line["sku"],
            "quantity": line["quantity"],
            "inventoryStatus": words.INVENTORY_STATUSES[line["condition"]],
        }
        | ({"productBatchNumber": line["lot"]} if line["lot"] else {})
        | ({} if planned is None else {"planQuantity": planned})
    )


def _text(value: Any) -> str:
    """A member that was taken as a text, or as a number where a text is asked for; empty for anything else."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _pieces(value: Any) -> int | None:
    """A quantity as the customer sent it, which may be a text of digits."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _zone(owed: Owed) -> timezone:
    return words.zone_of(owed.credential.scope if owed.credential else {})


def _signed(owed: Owed, request: Request, now: datetime) -> bytes:
    """The envelope; the signature is over the numbers as they stand in these very bytes."""
    if owed.credential is None:
        raise CallerUnknown(receiver=owed.receiver.name)
    create_by, _, data_source = owed.credential.key.partition("&")
    timestamp = words.printed_time(now, _zone(owed))
    text = auth.signed_text(
        key=owed.credential.key,
        request=canonical(parse(json.encode(request))),
        secret=owed.credential.secret,
        timestamp=timestamp,
    )
    return json.encode(
        {
            "createBy": create_by,
            "dataSource": data_source,
            "sign": auth.signature(text),
            "timestamp": timestamp,
            "request": request,
        }
    )
