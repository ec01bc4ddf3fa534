"""What we tell the partner: order webhooks, per app and signed; door reports, per cabinet and bare.

Source: api-99445956 for when a webhook fires, folder-18963576 for door reports. Payload, signature and retries
of the webhooks are printed nowhere: the body is the order row of save-or-take, signed as a request is.
"""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

from crossdock.base import json
from crossdock.core.events.kinds import DOOR_CHANGED, DOOR_QUERIED, HANDOVER_STORED, HANDOVER_TAKEN
from crossdock.core.events.model import Event
from crossdock.core.lockers.model import Parcel
from crossdock.dialects.bestwond import auth, rows, words
from crossdock.edge.callback import Outgoing, Owed, Sender

WAITS_S: Final = (10, 60, 300, 1_800, 7_200)
TIMEOUT_S: Final = 10.0
DOOR_TRIES_MAX: Final = 3
"""A late door report misleads."""
DOOR_FORM: Final = "door_form"
"""Among a cabinet's details, kept in its receiver's settings: `older` for reports as older cabinets send them."""
OLDER: Final = "older"


def compose(owed: Owed, now: datetime) -> Outgoing | None:
    """The POST for one event; None when it is not this receiver's affair."""
    if owed.event.kind in words.ACTIONS:
        return _webhook(owed, now)
    if owed.event.kind in (DOOR_CHANGED, DOOR_QUERIED):
        return _door_report(owed)
    return None


def accepted(status: int, _body: bytes) -> str | None:
    """Any 2xx is heard, whatever the answer says."""
    return None if 200 <= status < 300 else f"HTTP {status}"


def save_receiver(app_id: str) -> tuple[str, list[str]]:
    """Name and kinds of the receiver of `save_notify_url`."""
    return f"save:{app_id}", [HANDOVER_STORED]


def take_receiver(app_id: str) -> tuple[str, list[str]]:
    """Name and kinds of the receiver of `take_notify_url`."""
    return f"take:{app_id}", [HANDOVER_TAKEN]


def doors_receiver(device_number: str) -> tuple[str, list[str]]:
    """Name and kinds of the receiver of `call_ad`."""
    return f"doors:{device_number}", [DOOR_CHANGED, DOOR_QUERIED]


def webhook_body(event: Event, *, app_id: str, now: datetime) -> dict[str, Any]:
    """The order row with `app_id`, `timestamps` in seconds and `action_type` before it."""
    parcel = msgspec.convert(event.facts, Parcel)
    row = rows.order_row(parcel, device_number=str(event.facts["cabinet"]))
    return {
        "app_id": app_id,
        "timestamps": words.unix_s(now),
        "action_type": words.ACTIONS[event.kind],
        **msgspec.to_builtins(row),
    }


def signed_url(url: str, signature: str) -> str:
    """`sign` joins whatever the address asks for already."""
    parts = urlsplit(url)
    query = f"{parts.query}&{auth.SIGN}={signature}" if parts.query else f"{auth.SIGN}={signature}"
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def door_body(event: Event, *, older: bool) -> dict[str, Any]:
    """`msg_style` 1: the answer to a question; 2: what a door did by itself, in the newer or older form."""
    door, lock_address = event.facts["door"], str(event.facts["lock_address"])
    device = {"device_id": event.facts["cabinet"]}
    if event.kind == DOOR_QUERIED:
        answer = {"lock_address": lock_address, "lock_status": words.DOOR_STATUS[door]}
        return {**device, **answer, "msg_data": "", "msg_style": "1"}
    board, lock = int(lock_address[:2], 16), int(lock_address[2:], 16)
    state = {"suonum": str(lock), "bannum": str(board)}
    bare = {"lock_address": "", "lock_status": ""}
    if older:
        status = json.text({**state, "suosta": words.DOOR_CHINESE[door]})
        told: dict[str, Any] = {"func_type": "lock_status", "status_1": status, "status_num": "1"}
        return {**device, **bare, "msg_data": told, "msg_style": "2"}
    line = {
        **state,
        "lockerAdd": lock_address.upper(),
        "lockerSta": words.DOOR_LIST[door],
        "suosta": words.DOOR_CHINESE[door],
    }
    return {**device, **bare, "msg_style": "2", "msg_data": {"status_num": 1, "lock_status_list": [line]}}


def _webhook(owed: Owed, now: datetime) -> Outgoing | None:
    """Told to the app that booked; to every app of the account where none did, as each might have booked it.

    Codes stand in it: a key that is no longer valid hears nothing.
    """
    app = owed.credential
    if app is None or not app.valid_at(now) or owed.event.facts.get("claimed_by") not in (None, app.key):
        return None
    body = webhook_body(owed.event, app_id=app.key, now=now)
    return _outgoing(signed_url(owed.receiver.url, auth.sign(body, app.secret)), body)


def _door_report(owed: Owed) -> Outgoing | None:
    if owed.attempt > DOOR_TRIES_MAX:
        return None
    older = owed.receiver.settings.get(DOOR_FORM) == OLDER
    return _outgoing(owed.receiver.url, door_body(owed.event, older=older))


def _outgoing(url: str, body: dict[str, Any]) -> Outgoing:
    return Outgoing(url=url, body=json.encode(body), headers={"content-type": "application/json"})


SENDER: Final = Sender(
    dialect=auth.NAME, compose=compose, accepted=accepted, waits_s=lambda _: WAITS_S, timeout_s=TIMEOUT_S
)
