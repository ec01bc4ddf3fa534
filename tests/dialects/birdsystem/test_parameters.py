"""Which body is read how, and which source of a name wins."""

import pytest

from crossdock.base.errors import BodyMalformed
from crossdock.dialects.birdsystem import parameters
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters
from tests.dialects.birdsystem.requests import request

FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    b'--cut\r\nContent-Disposition: form-data; name="contact"\r\n\r\nAlex Sample\r\n'
    b'--cut\r\nContent-Disposition: form-data; name="ids[]"\r\n\r\n1\r\n'
    b'--cut\r\nContent-Disposition: form-data; name="ids[]"\r\n\r\n3\r\n--cut--\r\n'
)


def whole(body: bytes, content_type: str | None, *, query: str = "", method: str = "POST"):
    headers = {} if content_type is None else {"content-type": content_type}
    asked = request(method=method, body=body, headers=headers, query=query)
    return parameters.read(asked, route={}).whole()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"contact=Alex%20Sample&ids[]=1&ids[]=3", FORM),
        (b"contact=Alex+Sample&ids%5B%5D=1&ids%5B%5D=3", f"{FORM}; charset=UTF-8"),
        (b"contact=Alex+Sample&ids%5B0%5D=1&ids%5B1%5D=3", FORM),
        (MULTIPART, "multipart/form-data; boundary=cut"),
        (b'{"contact": "Alex Sample", "ids": ["1", "3"]}', "application/json"),
        (b'{"contact": "Alex Sample", "ids": ["1", "3"]}', "application/json;charset=utf-8"),
        (b'  {"contact": "Alex Sample", "ids": ["1", "3"]}', "text/plain"),
        (b'{"contact": "Alex Sample", "ids": ["1", "3"]}', None),
    ],
)
def test_every_kind_of_body_says_the_same(body, content_type):
    assert whole(body, content_type) == {"contact": "Alex Sample", "ids": ["1", "3"]}


def test_a_get_may_carry_json():
    assert whole(b'{"status": "FINISHED"}', "application/json", query="limit=1", method="GET") == {
        "status": "FINISHED",
        "limit": "1",
    }


@pytest.mark.parametrize("body", [b"", b"  ", b"hello"])
def test_a_plain_text_that_is_no_json_says_nothing(body):
    assert whole(body, "text/plain") == {}


@pytest.mark.parametrize("body", [b"{", b'{"a": 1}}', b"{'a': 1}", b'{"a": "\xff"}', b"[" * 100_000, b"hello"])
def test_json_that_does_not_parse_is_malformed(body):
    with pytest.raises(BodyMalformed):
        whole(body, "application/json")


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"5", b'"text"', b"null", b"true"])
def test_json_that_is_no_object_is_no_consignment(body):
    with pytest.raises(ValueInvalid):
        whole(body, "application/json")


def test_one_name_is_taken_from_form_then_query_then_route_then_json():
    sources = ("form", "query", "route", "document")
    for first, name in enumerate(sources):
        given = {source: {"id": source} if position >= first else {} for position, source in enumerate(sources)}
        assert Parameters(**given).get("id") == name


def test_an_empty_value_leaves_the_word_to_the_next_source():
    given = Parameters(form={}, query={"id": ""}, route={}, document={"id": 7})

    assert given.get("id") == 7
    assert given.get("other") is None


def test_a_whole_set_has_json_over_the_rest():
    given = Parameters(form={"a": "form"}, query={"a": "query", "b": "query"}, route={}, document={"b": "json"})

    assert given.whole() == {"a": "form", "b": "json"}


def test_of_a_repeated_plain_name_the_last_one_counts():
    assert parameters.lists_joined([("a", "1"), ("a", "2"), ("b", "x"), ("b[]", "3")]) == {"a": "2", "b": ["3"]}
    assert parameters.lists_joined([("[]", "1"), ("a[b]", "2"), ("c[0", "3")]) == {"[]": "1", "a[b]": "2", "c[0": "3"}
