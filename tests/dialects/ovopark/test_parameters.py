"""Which parameters a request carries, in each of the forms its body may have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.base.errors import BodyMalformed
from crossdock.dialects.ovopark.auth import reading_of, sign
from crossdock.dialects.ovopark.wire import Parameters, parameters_of
from crossdock.edge.request import Request

FORM = "application/x-www-form-urlencoded"
JSON = "application/json;charset=utf-8"


def request(*, query: str = "", content_type: str = FORM, body: str | bytes = b"") -> Request:
    return Request(
        method="POST",
        path="/cloud.api",
        query_string=query.encode(),
        headers=[(b"content-type", content_type.encode())],
        body=body.encode() if isinstance(body, str) else body,
    )


def test_query_comes_before_form_and_the_first_value_counts() -> None:
    found = parameters_of(request(query="a=1&a=2&b=", body="a=3&b=4&c=+x%2B"))

    assert found.signed == {"a": "1", "b": "", "c": " x+"}
    assert found.beside == {}


def test_json_beside_a_query_is_not_signed() -> None:
    found = parameters_of(
        request(query="a=1&b=", content_type=JSON, body='{"a": 2, "b": "3", "c": {"d" : [1]}, "e": null, "_mt": "x"}')
    )

    assert found.signed == {"a": "1", "b": ""}
    assert (found.business("a"), found.business("b")) == ("1", "")
    assert (found.business("c"), found.business("e")) == ('{"d" : [1]}', "")
    assert found.public("_mt") == ""


def test_json_alone_is_the_whole_set() -> None:
    found = parameters_of(request(content_type=JSON, body='{"a": "1", "n": 7, "t": true, "none": null}'))

    assert found.signed == {"a": "1", "n": "7", "t": "true"}
    assert found.flat


@pytest.mark.parametrize("body", ["", " ", "{}"])
def test_a_json_body_may_be_empty(body: str) -> None:
    assert parameters_of(request(query="a=1", content_type=JSON, body=body)).signed == {"a": "1"}


@pytest.mark.parametrize(
    "body", ["[]", "1", "{", '{"a":}', b'{"a":"\xff"}', b'{"a":{"b":"\xff"}}', "[" * 100_000, '{"a":' + "[" * 100_000]
)
def test_a_json_body_that_is_no_object_is_malformed(body: str | bytes) -> None:
    with pytest.raises(BodyMalformed):
        parameters_of(request(query="a=1", content_type=JSON, body=body))


def test_a_form_that_is_not_utf_8_is_malformed() -> None:
    with pytest.raises(BodyMalformed):
        parameters_of(request(body="a=%FF"))


def test_flat_json_is_verified_as_it_stands_first() -> None:
    plain = {"_sm": "md5", "when": "a+b%20c"}
    sent = Parameters(signed={**plain, "_sig": sign(plain, "secret")[1]}, flat=True)

    assert reading_of(sent, "secret") is sent


def test_flat_json_may_be_url_encoded() -> None:
    signature = sign({"_sm": "md5", "when": "2018-07-27 00:00:00"}, "secret")[1]
    sent = {"_sm": "md5", "when": "2018-07-27+00%3A00%3A00", "_sig": signature}

    read = reading_of(Parameters(signed=sent, flat=True), "secret")

    assert read is not None
    assert read.public("when") == "2018-07-27 00:00:00"
    assert reading_of(Parameters(signed=sent, flat=False), "secret") is None


def test_flat_json_with_broken_encoding_is_only_wrong() -> None:
    assert reading_of(Parameters(signed={"_sm": "md5", "a": "%FF", "_sig": "x"}, flat=True), "secret") is None


@given(
    query=st.binary(max_size=30),
    body=st.binary(max_size=60) | st.text(max_size=60).map(str.encode),
    content_type=st.sampled_from(
        [FORM, JSON, "multipart/form-data; boundary=x", "multipart/form-data", "", "text/plain"]
    ),
)
def test_any_bytes_are_read_or_malformed(query: bytes, body: bytes, content_type: str) -> None:
    sent = Request(
        method="POST",
        path="/m.api",
        query_string=query,
        headers=[(b"content-type", content_type.encode())],
        body=body,
    )
    try:
        read = parameters_of(sent)
    except BodyMalformed:
        return
    assert all(isinstance(value, str) for value in [*read.signed.values(), *read.beside.values()])
