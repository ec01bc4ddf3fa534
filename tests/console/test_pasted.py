"""A request as people copy it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.base.errors import Invalid
from crossdock.console.office import pasted
from crossdock.console.office.pasted import PastedTooLong, PastedUnreadable
from crossdock.edge.workbench import Pasted


@pytest.mark.parametrize(
    "text",
    [
        "curl 'https://a.example/dtc/x?sign=1' -H 'Content-Type: application/json' -d '{\"a\": 1}'",
        "$ curl -sS -X POST https://a.example/dtc/x?sign=1 \\\n -H'content-type: application/json' \\\n"
        "  --data-raw '{\"a\": 1}'",
        "curl --request POST --url https://a.example/dtc/x?sign=1 --json '{\"a\": 1}' --compressed -o /dev/null",
        "curl https://a.example/dtc/x?sign=1 -H 'content-type: application/json' --data-raw $'{\\u0022a\\u0022: 1}'",
        'POST /dtc/x?sign=1 HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"a": 1}\r\n',
        'https://a.example/dtc/x?sign=1\nContent-Type: application/json\n\n{"a": 1}',
    ],
)
def test_the_same_request_in_each_form(text: str) -> None:
    found = pasted.read(text)
    assert (found.path, found.query, found.body) == ("/dtc/x", "sign=1", b'{"a": 1}')
    assert found.headers["content-type"] == "application/json"


def test_forms_of_curl() -> None:
    found = pasted.read("curl http://a.example/x -d a=1 --data-urlencode 'b=c d' -A agent -k")
    assert (found.body, found.headers) == (b"a=1&b=c+d", {"content-type": "application/x-www-form-urlencoded"})
    assert pasted.read("curl -G http://a.example/x -d a=1") == Pasted(path="/x", query="a=1")


def test_a_body_alone_and_an_address_alone() -> None:
    assert pasted.read('{"a":\n1}') == Pasted(body=b'{"a":\n1}')
    assert pasted.read("_sm=md5&a=1") == Pasted(body=b"_sm=md5&a=1")
    assert pasted.read("/dtc/x\n{\n}") == Pasted(path="/dtc/x", body=b"{\n}")
    assert pasted.read("https://a.example/dtc/x?a=%20") == Pasted(path="/dtc/x", query="a=%20")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "curl -d a=1",
        "curl http://a/x -d",
        "curl http://a/x -d @body.json",
        "curl 'http://a",
        "curl http://a/ -F a=1",
    ],
)
def test_what_is_no_request(text: str) -> None:
    with pytest.raises(PastedUnreadable):
        pasted.read(text)


def test_as_long_as_it_may_be_and_no_longer() -> None:
    text = "a=" + "x" * (pasted.CHARACTERS_MAX - 2)
    assert len(pasted.read(text).body) == pasted.CHARACTERS_MAX
    with pytest.raises(PastedTooLong):
        pasted.read(text + "x")
    headers = "".join(f"h{number}: x\n" for number in range(pasted.HEADERS_MAX))
    assert len(pasted.read(f"/x\n{headers}\n").headers) == pasted.HEADERS_MAX
    with pytest.raises(PastedUnreadable):
        pasted.read(f"/x\n{headers}more: x\n")


@given(
    st.one_of(st.text(), st.text("curl -dHG'$\\@{}=/&:\n ").map("curl ".__add__), st.text().map("https://[".__add__))
)
def test_whatever_is_pasted_is_read_or_refused(text: str) -> None:
    try:
        pasted.read(text)
    except Invalid:
        pass
