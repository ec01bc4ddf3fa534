"""How errors are said, and which fields are taken: the tables, walked."""

import json
from datetime import UTC, datetime
from typing import Any, cast, get_args

import msgspec
import pytest

from crossdock.base import errors as base
from crossdock.base.errors import CrossdockError
from crossdock.core.lockers import errors as lockers
from crossdock.core.lockers.model import BOOKABLE_SIZES, OFFLINE, PARCEL_MOVES
from crossdock.db.errors import ConstraintBroken, LockContested
from crossdock.dialects.bestwond import calls, wire, words
from crossdock.dialects.bestwond.errors import LockUnknown, refusal_of, refuse

BUSINESS = [
    (lockers.ParcelBooked(number="1"), 30001, "Order already booked"),
    (lockers.ParcelStored(number="1"), 30002, "Order has been deposited."),
    (lockers.ParcelTaken(number="1"), 30003, "Order has been withdrawn"),
    (lockers.ParcelUnknown(number="1"), 30004, "Order not found"),
    (lockers.ParcelStateOther(state="stored"), 30005, "Order status error"),
    (lockers.SaveCodeUnknown(), 310001, "Invalid storage code"),
    (lockers.NoFreeBox(size="S"), 310002, "No empty box"),
    (lockers.PickCodeUnknown(), 320001, "Invalid pickup code"),
    (lockers.CabinetUnknown(number="1"), 16001001, "Device is not exists"),
    (LockUnknown(lock_address="0199"), 16001601, "Get box info error"),
    (lockers.BoxUnknown(box="99"), 16001602, "Box not found"),
    (lockers.CabinetRefused(reason=OFFLINE), 16001603, "Device not online"),
    (
        lockers.CabinetRefused(reason="The device uqkey is error, Please ask seller!"),
        16001603,
        "The device uqkey is error, Please ask seller!",
    ),
    (lockers.CabinetRefused(), 16001603, "Device not online"),
]
REQUEST = [
    (base.FieldsInvalid(), 1300001, "Request parameter error"),
    (base.BodyMalformed(), 1300001, "Request parameter error"),
    (base.BodyTooLarge(), 1300001, "Request parameter error"),
    (lockers.BoxSizeUnknown(size="screen"), 1300001, "Request parameter error"),
    (base.SignatureWrong(), 1300002, "Invalid sign"),
    (base.CallerUnknown(), 1300003, "App is not exists"),
    (base.ClockSkew(), 1300004, "Invalid timestamps"),
]
SERVER = [
    (base.PathUnknown(), 404),
    (base.MethodNotAllowed(), 405),
    (ConstraintBroken(constraint="any"), 409),
    (base.TooManyRequests(), 429),
    (base.Denied(), 403),
    (base.DatabaseUnavailable(), 503),
    (base.DiskFull(), 503),
    (base.Overloaded(), 503),
    (LockContested(), 503),
    (base.Unforeseen(trace_id="x"), 500),
]


def said(error: CrossdockError) -> tuple[int, Any]:
    response = refuse(cast(Any, None), cast(Any, None), error)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.status, json.loads(response.body)


@pytest.mark.parametrize(("error", "code", "msg"), BUSINESS)
def test_a_business_refusal_is_http_200_with_null_data(error: CrossdockError, code: int, msg: str) -> None:
    assert said(error) == (200, {"code": code, "msg": msg, "data": None})


@pytest.mark.parametrize(("error", "code", "msg"), REQUEST)
def test_a_bad_request_is_http_201(error: CrossdockError, code: int, msg: str) -> None:
    assert said(error) == (201, {"code": code, "msg": msg})


@pytest.mark.parametrize(("error", "code"), SERVER)
def test_the_rest_is_http_200_in_the_words_of_the_recorded_404(error: CrossdockError, code: int) -> None:
    assert said(error) == (200, {"code": code, "msg": f"Server error,{code}"})


def _errors() -> list[type[CrossdockError]]:
    named = [value for module in (base, lockers) for value in vars(module).values()]
    return [value for value in named if isinstance(value, type) and issubclass(value, CrossdockError)]


def test_no_error_is_told_with_its_own_facts() -> None:
    for kind in _errors():
        refusal = refusal_of(kind(secret="s3cret"))
        assert "s3cret" not in refusal.msg
        assert refusal.status in (200, 201)


def test_every_state_of_a_parcel_but_deleted_has_a_status() -> None:
    assert set(words.ORDER_STATUS) == set(PARCEL_MOVES) - {"deleted"}


def test_what_may_be_deleted_is_what_the_core_lets_go() -> None:
    deletable = {state for state, moves in PARCEL_MOVES.items() if "deleted" in moves}
    assert set(words.DELETABLE.values()) == deletable
    assert all(words.ORDER_STATUS[state] == status for status, state in words.DELETABLE.items())


def test_every_size_on_the_wire_is_one_that_can_be_booked() -> None:
    assert set(words.SIZES) == set(get_args(wire.BookableSize))
    assert set(words.SIZES.values()) == set(BOOKABLE_SIZES)
    assert (words.SIZES["XL"], words.SIZES["XS"]) == ("LX", "SX")


def test_times_are_printed_in_utc_plus_8_wherever_the_cabinet_stands() -> None:
    assert words.printed(datetime(2026, 3, 27, 23, 33, 32, tzinfo=UTC)) == "2026-03-28 07:33:32"
    assert words.printed(None) is None


BOOKING: dict[str, Any] = {
    "device_number": "2100013075",
    "order_no": "100007",
    "box_size": "S",
    "timestamps": 6544215251125,
    "app_id": "bw_de2767d821f911e",
}


@pytest.mark.parametrize(
    "change",
    [
        {"timestamps": "1689665130"},
        {"timestamps": -3120460},
        {"timestamps": "-12101683"},
        {"timestamps": 10**30},
        {"device_number": 2100013075},
        {"device_number": "1"},
        {"order_no": "x" * wire.ORDER_NO_CHARS_MAX},
        {"order_no": "中 国"},
        {"box_size": "XL"},
        {"anything": {"else": [1]}},
    ],
)
def test_a_booking_is_taken_as_clients_send_it(change: dict[str, Any]) -> None:
    body = msgspec.convert({**BOOKING, **change}, wire.SetSaveOrder)
    assert str(body.device_number) in ("2100013075", "1")


@pytest.mark.parametrize(
    "change",
    [
        {"timestamps": "soon"},
        {"timestamps": ""},
        {"timestamps": 1.5},
        {"timestamps": True},
        {"timestamps": None},
        {"device_number": ""},
        {"device_number": "1" * (wire.DEVICE_NUMBER_CHARS_MAX + 1)},
        {"device_number": 10**wire.DEVICE_NUMBER_CHARS_MAX},
        {"device_number": "21\x0000130"},
        {"device_number": None},
        {"order_no": ""},
        {"order_no": 100007},
        {"order_no": "x" * (wire.ORDER_NO_CHARS_MAX + 1)},
        {"order_no": "a\x00"},
        {"box_size": "screen"},
        {"box_size": "s"},
        {"box_size": "SMLSXLX"},
    ],
)
def test_a_booking_that_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**BOOKING, **change}, wire.SetSaveOrder)


@pytest.mark.parametrize("key", ["device_number", "order_no", "box_size", "timestamps"])
def test_a_booking_without_a_required_field_is_refused(key: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: value for name, value in BOOKING.items() if name != key}, wire.SetSaveOrder)


@pytest.mark.parametrize("id_", [0, 484, "484", wire.BIGINT_MAX])
def test_an_order_id_is_a_number_or_its_text(id_: Any) -> None:
    wanted = {"timestamps": 1, "id": id_, "status": 3}
    assert int(msgspec.convert(wanted, wire.DeleteOrder).id) == int(id_)


@pytest.mark.parametrize("id_", [-1, "", "4a", "9" * 19, wire.BIGINT_MAX + 1, 1.0, None])
def test_what_is_no_order_id_is_refused(id_: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"timestamps": 1, "id": id_, "status": 3}, wire.DeleteOrder)


@pytest.mark.parametrize("length", [wire.URL_CHARS_MAX, wire.URL_CHARS_MAX + 1])
def test_an_address_has_at_most_255_characters(length: int) -> None:
    wanted = {"timestamps": 1, "save_notify_url": "https://a.example/".ljust(length, "x")}
    if length > 255:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wanted, wire.SetWebhook)
    else:
        assert msgspec.convert(wanted, wire.SetWebhook).take_notify_url is None


def test_every_path_ends_in_a_slash_and_lies_below_a_prefix() -> None:
    for endpoint in calls.ENDPOINTS:
        method, path = endpoint.call.split(" ")
        assert method == "POST"
        assert path.endswith("/")
        assert path.startswith(tuple(f"{prefix}/" for prefix in calls.PREFIXES))
