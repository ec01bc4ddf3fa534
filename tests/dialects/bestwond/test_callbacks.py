"""What partners are told: the bodies of webhooks and door reports, who hears them, and how often."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from crossdock.base.ids import AccountId, CredentialId, EventId, ReceiverId
from crossdock.core.accounts.model import Account, Credential
from crossdock.core.events.model import Event, Receiver
from crossdock.dialects.bestwond import DIALECT, auth, callbacks
from crossdock.edge.callback import Owed

SECRET = "0123456789abcdef0123456789abcdef"
NOW = datetime(2023, 8, 29, 9, 16, 22, tzinfo=UTC)
APP = Credential(
    id=CredentialId(5), account_id=AccountId(208), dialect="bestwond", key="bw_de2767d821f911e", secret=SECRET
)
FACTS: dict[str, Any] = {
    "id": 484,
    "account_id": 208,
    "site_id": 90,
    "order_id": None,
    "order_number": "100001",
    "state": "taken",
    "box_size": "M",
    "cabinet_id": 3,
    "cabinet": "2100012858",
    "box_id": 9540,
    "box_name": "07",
    "lock_address": "0107",
    "save_code": "623378",
    "key": "333035",
    "claimed_by": "bw_de2767d821f911e",
    "created_at": "2023-08-29T08:42:38+00:00",
    "stored_at": "2023-08-29T09:10:34+00:00",
    "used_at": "2023-08-29T09:16:22+00:00",
}


def owed(
    kind: str,
    facts: dict[str, Any],
    *,
    url: str = "https://shop.example.com/hook",
    app: Credential | None = APP,
    settings: dict[str, Any] | None = None,
    attempt: int = 1,
) -> Owed:
    event = Event(
        id=EventId(1),
        account_id=AccountId(208),
        kind=kind,
        subject="cabinet:2100012858",
        order_id=None,
        dialect="bestwond",
        actor="",
        facts=facts,
        happened_at=NOW,
        learned_at=NOW,
    )
    receiver = Receiver(
        id=ReceiverId(1),
        account_id=AccountId(208),
        dialect="bestwond",
        name="any",
        url=url,
        kinds=[kind],
        settings=settings or {},
    )
    account = Account(id=AccountId(208), code="a", name="a", zone="America/Jamaica", currency="USD")
    return Owed(event=event, receiver=receiver, credential=app, account=account, attempt=attempt)


def test_a_take_is_told_as_printed() -> None:
    outgoing = callbacks.compose(owed("handover.taken", FACTS), NOW)
    assert outgoing is not None
    body = json.loads(outgoing.body)
    assert body == {
        "app_id": "bw_de2767d821f911e",
        "timestamps": 1693300582,
        "action_type": "take",
        "id": 484,
        "market_id": 208,
        "device_number": "2100012858",
        "user_id": None,
        "user_name": "",
        "order_no": "100001",
        "status": 3,
        "ctime": "2023-08-29 16:42:38",
        "save_time": "2023-08-29 17:10:34",
        "take_time": "2023-08-29 17:16:22",
        "box_name": "07",
        "box_size": "M",
        "lock_address": "0107",
        "save_code": "623378",
        "pick_code": "333035",
    }
    assert outgoing.headers == {"content-type": "application/json"}
    assert outgoing.url == f"https://shop.example.com/hook?sign={auth.sign(body, SECRET)}"


def test_a_save_is_told_without_a_time_of_taking() -> None:
    facts = {**FACTS, "state": "stored", "used_at": None}
    outgoing = callbacks.compose(owed("handover.stored", facts), NOW)
    assert outgoing is not None
    body = json.loads(outgoing.body)
    assert (body["action_type"], body["status"], body["take_time"]) == ("save", 2, None)
    assert body["save_time"] == "2023-08-29 17:10:34"


def test_the_signature_joins_the_address_and_verifies() -> None:
    outgoing = callbacks.compose(
        owed("handover.taken", FACTS, url="https://shop.example.com/hook?x=1&y=%26#part"), NOW
    )
    assert outgoing is not None
    assert outgoing.url.startswith("https://shop.example.com/hook?x=1&y=%26&sign=")
    query = dict(parse_qsl(urlsplit(outgoing.url).query))
    assert auth.verify(json.loads(outgoing.body), query["sign"], SECRET)


def test_each_try_is_signed_with_its_own_time() -> None:
    first = callbacks.compose(owed("handover.taken", FACTS), NOW)
    later = callbacks.compose(owed("handover.taken", FACTS, attempt=2), NOW + timedelta(seconds=10))
    assert first is not None
    assert later is not None
    assert json.loads(later.body) == {**json.loads(first.body), "timestamps": 1693300592}
    assert first.url != later.url


def test_only_the_app_that_booked_is_told() -> None:
    other = Credential(id=CredentialId(6), account_id=AccountId(208), dialect="bestwond", key="bw_other", secret="s")
    assert callbacks.compose(owed("handover.taken", FACTS, app=other), NOW) is None


def test_every_app_is_told_where_none_booked() -> None:
    facts = {**FACTS, "claimed_by": None}
    assert callbacks.compose(owed("handover.taken", facts), NOW) is not None


def test_without_a_secret_nothing_is_sent() -> None:
    assert callbacks.compose(owed("handover.taken", FACTS, app=None), NOW) is None


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ({"revoked_at": NOW}, False),
        ({"valid_until": NOW}, False),
        ({"valid_until": NOW + timedelta(seconds=1)}, True),
        ({"valid_from": NOW + timedelta(seconds=1)}, False),
        ({"valid_from": NOW}, True),
    ],
)
def test_a_key_that_is_no_longer_valid_hears_of_no_codes(dates: dict[str, datetime], told: bool) -> None:
    app = msgspec.structs.replace(APP, **dates)
    assert (callbacks.compose(owed("handover.taken", FACTS, app=app), NOW) is not None) is told


def test_what_was_not_asked_for_is_not_told() -> None:
    assert callbacks.compose(owed("handover.booked", FACTS), NOW) is None


DOOR = {"cabinet": "2100017000", "box": "12", "lock_address": "010c", "door": "open"}


def _door(kind: str, facts: dict[str, Any], **more: Any) -> Any:
    outgoing = callbacks.compose(owed(kind, facts, app=None, **more), NOW)
    assert outgoing is not None
    assert outgoing.url == "https://shop.example.com/hook"
    return json.loads(outgoing.body)


def test_a_door_reports_in_the_newer_form() -> None:
    assert _door("door.changed", DOOR) == {
        "device_id": "2100017000",
        "lock_address": "",
        "lock_status": "",
        "msg_style": "2",
        "msg_data": {
            "status_num": 1,
            "lock_status_list": [
                {"suonum": "12", "bannum": "1", "lockerAdd": "010C", "lockerSta": "open", "suosta": "门开了"}
            ],
        },
    }


def test_a_closed_door_says_close() -> None:
    (line,) = _door("door.changed", {**DOOR, "door": "closed"})["msg_data"]["lock_status_list"]
    assert (line["lockerSta"], line["suosta"]) == ("close", "门关了")


def test_a_door_reports_in_the_older_form_where_that_is_set() -> None:
    facts = {"cabinet": "2100013933", "box": "01", "lock_address": "0101", "door": "open"}
    assert _door("door.changed", facts, settings={"door_form": "older"}) == {
        "device_id": "2100013933",
        "lock_address": "",
        "lock_status": "",
        "msg_data": {
            "func_type": "lock_status",
            "status_1": '{"suonum":"1","bannum":"1","suosta":"门开了"}',
            "status_num": "1",
        },
        "msg_style": "2",
    }


@pytest.mark.parametrize(("door", "lock_status"), [("open", "0"), ("closed", "1")])
def test_the_answer_to_a_question_has_the_state_and_no_data(door: str, lock_status: str) -> None:
    facts = {"cabinet": "2100013933", "box": "01", "lock_address": "0101", "door": door}
    assert _door("door.queried", facts) == {
        "device_id": "2100013933",
        "lock_address": "0101",
        "lock_status": lock_status,
        "msg_data": "",
        "msg_style": "1",
    }


def test_a_door_is_reported_three_times_at_most() -> None:
    assert callbacks.compose(owed("door.changed", DOOR, app=None, attempt=3), NOW) is not None
    assert callbacks.compose(owed("door.changed", DOOR, app=None, attempt=4), NOW) is None


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_heard(status: int) -> None:
    assert callbacks.accepted(status, b"whatever") is None


@pytest.mark.parametrize("status", [199, 300, 302, 404, 500])
def test_anything_else_is_not(status: int) -> None:
    assert callbacks.accepted(status, b'{"code":0}') == f"HTTP {status}"


def test_a_webhook_is_tried_six_times() -> None:
    assert DIALECT.sender is not None
    assert callbacks.WAITS_S == (10, 60, 5 * 60, 30 * 60, 2 * 60 * 60)
    assert DIALECT.sender.timeout_s == 10
