"""Where the key and the company are looked for."""

import pytest

from crossdock.dialects.birdsystem import auth, explain
from tests.dialects.birdsystem.requests import request

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("query", "headers", "body", "found"),
    [
        ("", {"api_key": "a"}, b"", ("a", "header")),
        ("", {"API_KEY": " a "}, b"", ("a", "header")),
        ("api_key=b", {}, b"", ("b", "query")),
        ("api_key=b", {"api_key": ""}, b"", ("b", "query")),
        ("", FORM, b"api_key=c", ("c", "form")),
        ("api_key=b", {"api_key": "a", **FORM}, b"api_key=c", ("a", "header")),
        ("api_key=b", FORM, b"api_key=c", ("b", "query")),
        ("api_key[]=b", {}, b"", ("", "nowhere")),
        ("", {"api-key": "a"}, b"", ("", "nowhere")),
    ],
)
def test_header_then_query_then_form(query, headers, body, found):
    shown = auth.shown(request(query=query, headers=headers, body=body), "api_key")

    assert (shown.value, shown.place) == found


def test_explain_says_what_was_recognised_and_signs_nothing():
    said = explain(
        b"company_id=36&contact=Alex",
        query="api_key=0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        secret="",
    )

    assert said == ("api_key=0f1e2d3c4b5a69788796a5b4c3d2e1f0 (query), company_id=36 (form)", "")


def test_explain_says_why_a_body_cannot_be_read():
    text, signature = explain(b"a=%ff", query="", headers=FORM, secret="")

    assert text.startswith("The body cannot be read.")
    assert signature == ""
