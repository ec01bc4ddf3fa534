"""The signature: worked examples, and what no forger may get past it."""

import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crossdock.base.errors import BodyMalformed, ClockSkew
from crossdock.base.ids import AccountId, CredentialId
from crossdock.core.accounts.model import Credential
from crossdock.dialects.bestwond import auth, explain

SECRET = "0123456789abcdef0123456789abcdef"

WORKED = {
    "open box": (
        {
            "device_number": "2000012297",
            "lock_address": "0101",
            "use_type": "S",
            "timestamps": 1689665078,
            "app_id": "bw_de2767d821f911e",
        },
        "app_id=bw_de2767d821f911e&device_number=2000012297&lock_address=0101&timestamps=1689665078&use_type=S",
        "001cbd432200c905820fa833d9f565ef47af48fcb18025d52670e9cdaaf5d19b"
        "2086c4ea56c950154401b1106157138a891f22542300e5562fe7aecc0ce31799",
    ),
    "the seed's booking": (
        {
            "device_number": "2100013075",
            "order_no": "100007",
            "box_size": "S",
            "timestamps": 6544215251125,
            "app_id": "bw_de2767d821f911e",
        },
        "app_id=bw_de2767d821f911e&box_size=S&device_number=2100013075&order_no=100007&timestamps=6544215251125",
        "1196251cda779eaba1c010ebb04bc07a9528609ede40d7bbad6254113862d5fd"
        "08e2cab3b8c159b8dd0b9bf50680036df67d08e0b2cbeb89ea870066075bf02f",
    ),
    "values that need encoding": (
        {
            "app_id": "bw_de2767d821f911e",
            "timestamps": 1690791588,
            "save_notify_url": "https://shop.example.com/hook/save?x=1",
            "take_notify_url": "https://shop.example.com/hook/take",
        },
        "app_id=bw_de2767d821f911e&save_notify_url=https%3A%2F%2Fshop.example.com%2Fhook%2Fsave%3Fx%3D1"
        "&take_notify_url=https%3A%2F%2Fshop.example.com%2Fhook%2Ftake&timestamps=1690791588",
        "daee3c9175e0f932b8c2e6fb5185e1c88d8604b74f98e869fe7a8bb2b2945831"
        "0494b1c95c463679198f7384115d0a314d9fe3ff9c9bcd8911b7c3a70780478c",
    ),
    "answer with a space": (
        {
            "app_id": "bw_de2767d821f911e",
            "device_number": "2000012297",
            "timestamps": 1689665078,
            "lock_address": "0101",
            "status": "success",
            "msg": "ok",
            "task_id": 129531,
        },
        "app_id=bw_de2767d821f911e&device_number=2000012297&lock_address=0101&msg=ok&status=success"
        "&task_id=129531&timestamps=1689665078",
        "1a62f9ae29f667054604b2439f669c4bfc35a54c80ad61bea405756682479a03"
        "834ee79ce8c0ac01d58268810296457069e4aa5669ebc60e7de4e6919cc2b2e3",
    ),
    "answer with a list": (
        {
            "device_number": "2100013075",
            "timestamps": 1690000000,
            "left_box_count": 3,
            "used_box_count": 1,
            "disabled_box_count": 0,
            "already_sysnc_count": 2,
            "already_save_count": 1,
            "already_take_count": 5,
            "box_size_count": [
                {"count": 3, "box_size": "M", "status": 1},
                {"count": 1, "box_size": "S", "status": 2},
            ],
        },
        "already_save_count=1&already_sysnc_count=2&already_take_count=5&box_size_count="
        "%5B%7B%27count%27%3A+3%2C+%27box_size%27%3A+%27M%27%2C+%27status%27%3A+1%7D%2C+"
        "%7B%27count%27%3A+1%2C+%27box_size%27%3A+%27S%27%2C+%27status%27%3A+2%7D%5D"
        "&device_number=2100013075&disabled_box_count=0&left_box_count=3&timestamps=1690000000&used_box_count=1",
        "867c86257330e2a23073884575c4988d8407dc8b2afe01755a3e337c72ff7ed2"
        "b1f271a8728c4a60b584f017744a8ac6725116b364ee6175405c4e7ed392eb41",
    ),
}


@pytest.mark.parametrize("name", WORKED)
def test_the_worked_examples_are_signed_as_printed(name: str) -> None:
    body, text, signature = WORKED[name]
    assert auth.signed_text(body) == text
    assert auth.sign(body, SECRET) == signature
    assert auth.sign(text, SECRET) == signature
    assert auth.verify(body, signature, SECRET)


def test_a_refused_open_is_signed_with_plus_for_its_spaces() -> None:
    assert auth.signed_text({"msg": "Device not online"}) == "msg=Device+not+online"


def test_values_are_printed_as_python_prints_them() -> None:
    body = {"a": None, "b": True, "c": False, "d": 12, "e": "12", "f": 1.5}
    assert auth.signed_text(body) == "a=None&b=True&c=False&d=12&e=12&f=1.5"


def test_keys_sort_by_code_point_and_are_encoded_too() -> None:
    assert auth.signed_text({"a b": 1, "_": 2, "b": 3, "B": 4}) == "B=4&_=2&a+b=1&b=3"


def test_a_sign_in_the_body_is_not_signed() -> None:
    body, _, signature = WORKED["open box"]
    assert auth.verify({**body, "sign": signature}, signature, SECRET)
    assert auth.verify({**body, "sign": "anything & = %"}, signature, SECRET)


def test_a_signature_may_be_in_upper_case() -> None:
    body, _, signature = WORKED["open box"]
    assert auth.verify(body, signature.upper(), SECRET)


@pytest.mark.parametrize("signature", ["", "0" * 128, "é", "001cbd"])
def test_what_is_no_signature_of_the_body_is_refused(signature: str) -> None:
    body, _, _ = WORKED["open box"]
    assert not auth.verify(body, signature, SECRET)


SPECIAL = {"app_id": "bw_1", "x": "a b~c*d!e'f(g)h/中"}
FORMS = {
    "form": "app_id=bw_1&x=a+b~c%2Ad%21e%27f%28g%29h%2F%E4%B8%AD",
    "php": "app_id=bw_1&x=a+b%7Ec%2Ad%21e%27f%28g%29h%2F%E4%B8%AD",
    "browser": "app_id=bw_1&x=a+b~c*d%21e%27f%28g%29h%2F%E4%B8%AD",
    "percent": "app_id=bw_1&x=a%20b~c*d!e'f(g)h%2F%E4%B8%AD",
    "raw": "app_id=bw_1&x=a b~c*d!e'f(g)h/中",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_published_encoding_is_taken(form: str) -> None:
    assert FORMS[form] in auth.accepted_texts(SPECIAL)
    assert auth.verify(SPECIAL, auth.sign(FORMS[form], SECRET), SECRET)


@pytest.mark.parametrize("sign", sorted(auth.NOT_RAW))
def test_the_raw_form_is_taken_only_where_it_can_be_read_in_one_way(sign: str) -> None:
    for body in ({"x": f"a{sign}b"}, {f"x{sign}y": "b"}):
        (key, value) = next(iter(body.items()))
        assert not auth.verify(body, auth.sign(f"{key}={value}", SECRET), SECRET)
    assert auth.verify({"x": "a:b"}, auth.sign("x=a:b", SECRET), SECRET)


def test_a_key_cannot_pass_for_two_fields() -> None:
    smuggled = {"device_name=Test&device_number": "2100013075"}
    meant = {"device_name": "Test", "device_number": "2100013075"}
    assert not auth.verify(smuggled, auth.sign(meant, SECRET), SECRET)


# The near misses: few letters, and all that an encoder treats in a way of its own.
TEXT = st.text(alphabet="ab" + "&=%+ ~*!'()/20" + "中", max_size=8) | st.text(max_size=8)
KEYS = TEXT.filter(lambda key: key != auth.SIGN)
VALUES = TEXT | st.integers() | st.booleans() | st.none()
BODIES = st.dictionaries(KEYS, VALUES, max_size=5)


def _words(body: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in body.items()}


@settings(deadline=None)
@given(body=BODIES)
def test_every_accepted_signature_verifies_for_its_own_body(body: dict[str, Any]) -> None:
    for text in auth.accepted_texts(body):
        assert auth.verify(body, auth.sign(text, SECRET), SECRET)
        assert not auth.verify(body, auth.sign(text, SECRET + "0"), SECRET)


@settings(deadline=None)
@given(body=BODIES, other=BODIES)
def test_no_signature_verifies_for_another_body(body: dict[str, Any], other: dict[str, Any]) -> None:
    assume(_words(body) != _words(other))
    assert set(auth.accepted_texts(body)).isdisjoint(auth.accepted_texts(other))


@settings(deadline=None)
@given(data=st.data(), body=st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
def test_no_signature_verifies_when_one_key_or_value_differs(data: st.DataObject, body: dict[str, Any]) -> None:
    key = data.draw(st.sampled_from(sorted(body)))
    changed = dict(body)
    value = changed.pop(key)
    change = data.draw(st.sampled_from(("value", "key", "gone", "one more")))
    if change == "value":
        changed[key] = data.draw(VALUES)
    elif change == "key":
        changed[data.draw(KEYS)] = value
    elif change == "one more":
        changed = {**body, data.draw(KEYS): data.draw(VALUES)}
    assume(_words(changed) != _words(body))
    for text in auth.accepted_texts(body):
        assert not auth.verify(changed, auth.sign(text, SECRET), SECRET)


PLAIN = st.text(alphabet=string.ascii_letters + string.digits + "-_.", max_size=12)


@settings(deadline=None)
@given(body=st.dictionaries(PLAIN, PLAIN | st.integers(), max_size=6))
def test_all_forms_agree_on_plain_values(body: dict[str, Any]) -> None:
    body.pop(auth.SIGN, None)
    assert set(auth.accepted_texts(body)) == {auth.signed_text(body)}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b'{"a":"\xff"}',
        b'{"a":"\\ud800x"}',
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
)
def test_what_is_no_object_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(BodyMalformed):
        auth.fields_of(raw)


def test_a_value_too_deep_to_print_is_malformed() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BodyMalformed):
        auth.signed_text({"a": deep})
    while deep:  # taken apart level by level: freeing it in one go would recurse
        deep = deep.pop()


def test_explain_says_what_was_signed() -> None:
    _, text, signature = WORKED["open box"]
    raw = (
        b'{"device_number":"2000012297","lock_address":"0101","use_type":"S","timestamps":1689665078,'
        b'"app_id":"bw_de2767d821f911e"}'
    )
    assert explain(raw, query="sign=", headers={}, secret=SECRET) == (text, signature)


@pytest.mark.parametrize("form", FORMS)
def test_explain_takes_the_form_that_the_client_has_signed(form: str) -> None:
    raw = json.dumps(SPECIAL).encode()
    signature = auth.sign(FORMS[form], SECRET)
    assert explain(raw, query=f"sign={signature.upper()}", headers={}, secret=SECRET) == (FORMS[form], signature)


@pytest.mark.parametrize("query", ["", "sign", "sign=0", "sign=%ff", "x=1"])
def test_explain_falls_back_to_the_documented_form(query: str) -> None:
    raw = json.dumps(SPECIAL).encode()
    wanted = (FORMS["form"], auth.sign(FORMS["form"], SECRET))
    assert explain(raw, query=query, headers={}, secret=SECRET) == wanted


def test_explain_says_where_a_body_cannot_be_read() -> None:
    with pytest.raises(BodyMalformed, match="byte 6"):
        explain(b'{"a": }', query="", headers={}, secret=SECRET)


NOW = datetime(2023, 7, 18, 7, 24, 38, tzinfo=UTC)


def _app(scope: dict[str, Any]) -> Credential:
    return Credential(id=CredentialId(1), account_id=AccountId(47), dialect="bestwond", key="bw_1", scope=scope)


def _timestamp(seconds: int) -> int:
    return int((NOW + timedelta(seconds=seconds)).timestamp())


@pytest.mark.parametrize("timestamps", [_timestamp(0), -3120460, 6544215251125, "nonsense", None])
def test_without_a_window_any_timestamp_is_taken(timestamps: Any) -> None:
    auth.check_window(_app({}), timestamps, NOW)


@pytest.mark.parametrize(
    "timestamps", [_timestamp(300), _timestamp(-300), str(_timestamp(300)), _timestamp(300) * 1000 + 999]
)
def test_a_window_takes_its_own_edge(timestamps: Any) -> None:
    auth.check_window(_app({"timestamps_window_s": 300}), timestamps, NOW)


@pytest.mark.parametrize(
    "timestamps", [_timestamp(301), _timestamp(-301), _timestamp(301) * 1000, -3120460, "nonsense", None]
)
def test_a_window_refuses_what_is_past_its_edge(timestamps: Any) -> None:
    with pytest.raises(ClockSkew):
        auth.check_window(_app({"timestamps_window_s": 300}), timestamps, NOW)
