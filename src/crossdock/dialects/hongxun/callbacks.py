"""Our events in Hongxun's words, pushed to the customer: which push, where to, signed, and what counts as heard.

A receiver's `url` is the base; `settings`: `batch_callback` (false: one confirm per order, no status confirm),
`paths` (event name -> path, `/<event>` where it names none) and `retry` (pauses of its own, in seconds).
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec import Raw, structs

from crossdock.base import json
from crossdock.base.errors import BodyMalformed, CallerUnknown
from crossdock.base.objects import Objects
from crossdock.core.events import kinds
from crossdock.core.events.model import Event, Receiver
from crossdock.dialects.hongxun import auth, confirms, pushes, words
from crossdock.dialects.hongxun.canonical import Number, canonical, parse
from crossdock.dialects.hongxun.confirms import Hearer
from crossdock.edge.callback import Outgoing, Owed, Sender, waits_of

MINUTE_S = 60
HOUR_S = 3_600
FIRST_WAITS_S: Final = tuple(minutes * MINUTE_S for minutes in (1, 5, 15, 60, 360))
LAST_WAIT_S = 6 * HOUR_S
GIVEN_UP_S = 72 * HOUR_S
"""After the first try; what is not delivered by then waits for an operator."""
WAITS_S: Final = FIRST_WAITS_S + (LAST_WAIT_S,) * ((GIVEN_UP_S - sum(FIRST_WAITS_S)) // LAST_WAIT_S)
TIMEOUT_S = 10.0
REASON_CHARS_MAX = 512
"""Of the customer's `message` that is kept with a failed try."""

Body = Callable[[Event, Hearer], Any]
Push = tuple[str, Body]
"""What it is called, and its body."""

ALWAYS: Final[dict[str, Push]] = {
    kinds.TITLE_TRANSFERRED: ("innerOrderConfirm", confirms.inner_order_confirm),
    kinds.TRANSPORT_DISPATCHED: ("tmsOrderConfirm", confirms.tms_order_confirm),
    kinds.TRANSPORT_FINISHED: ("tmsOrderConfirm", confirms.tms_order_confirm),
    kinds.CANCEL_DECIDED: ("cancelResult", confirms.cancel_result),
    kinds.ROUTE_PASSED: ("routePush", pushes.route_push),
    kinds.ORDER_SIGNED: ("signInfoPush", pushes.sign_info_push),
    kinds.PROOF_PICTURED: ("signImagePush", pushes.sign_image_push),
    kinds.VEHICLES_INSPECTED: ("vehicleCheckConfirm", pushes.vehicle_check_confirm),
    kinds.PRODUCT_MEASURED: ("productVolumeWeightSync", pushes.product_volume_weight_sync),
}
BATCHED: Final[dict[str, Push]] = ALWAYS | {
    kinds.INBOUND_RECEIVED: ("inOrderConfirm", confirms.in_order_confirm),
    kinds.INBOUND_CLOSED: ("inOrderStatusConfirm", confirms.in_order_status_confirm),
    kinds.OUTBOUND_SHIPPED: ("outOrderConfirm", confirms.out_order_confirm),
    kinds.OUTBOUND_CLOSED: ("outOrderStatusConfirm", confirms.out_order_status_confirm),
}
WHOLE: Final[dict[str, Push]] = ALWAYS | {
    kinds.INBOUND_CLOSED: ("inOrderConfirm", confirms.in_order_confirm),
    kinds.OUTBOUND_CLOSED: ("outOrderConfirm", confirms.out_order_confirm),
}
"""Kind of event -> push, with and without `batch_callback`."""


def compose(owed: Owed, now: datetime) -> Outgoing | None:
    """The push, signed with `now`; None for an event this customer is not told. Errors: CallerUnknown."""
    settings = owed.receiver.settings
    said = (BATCHED if is_batched(owed.receiver) else WHOLE).get(owed.event.kind)
    if said is None:
        return None
    event, body = said
    path = settings.get("paths", {}).get(event, f"/{event}")
    hearer = _hearer(owed)
    return Outgoing(
        url=owed.receiver.url.rstrip("/") + path,
        body=_signed(owed, body(owed.event, hearer), words.printed_time(now, hearer.zone)),
        headers={"content-type": "application/json;charset=UTF-8"},
    )


def is_batched(receiver: Receiver) -> bool:
    """Whether it hears of each batch, and of the end by a status confirm."""
    return bool(receiver.settings.get("batch_callback"))


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


def waits_s(receiver: Receiver) -> tuple[int, ...]:
    """The pauses after each failed try: the customer's own, else those of the contract."""
    return waits_of(receiver, WAITS_S)


async def attach(objects: Objects, owed: Owed) -> Owed:
    """Pictures that are kept here, whole. Errors: ObjectMissing, Unavailable."""
    if owed.event.kind != kinds.PROOF_PICTURED:
        return owed
    pictures = [
        picture
        if picture["object_key"] is None
        else picture | {"base64": b64encode(await objects.get(picture["object_key"])).decode()}
        for picture in owed.event.facts["pictures"]
    ]
    return structs.replace(owed, event=structs.replace(owed.event, facts=owed.event.facts | {"pictures": pictures}))


SENDER: Final = Sender(
    dialect="hongxun", compose=compose, accepted=accepted, waits_s=waits_s, timeout_s=TIMEOUT_S, attach=attach
)


def _hearer(owed: Owed) -> Hearer:
    """Who is told, by the credential that signs."""
    if owed.credential is None:
        return Hearer(zone=words.zone_of({}))
    create_by, _, _ = owed.credential.key.partition("&")
    return Hearer(zone=words.zone_of(owed.credential.scope), create_by=create_by)


def _signed(owed: Owed, request: Any, timestamp: str) -> bytes:
    """The envelope; `request` stands in it as the very text that is signed."""
    if owed.credential is None:
        raise CallerUnknown(receiver=owed.receiver.name)
    create_by, _, data_source = owed.credential.key.partition("&")
    written = canonical(request)
    text = auth.signed_text(
        key=owed.credential.key, request=written, secret=owed.credential.secret, timestamp=timestamp
    )
    return json.encode(
        {
            "createBy": create_by,
            "dataSource": data_source,
            "sign": auth.signature(text),
            "timestamp": timestamp,
            "request": Raw(written.encode()),
        }
    )
