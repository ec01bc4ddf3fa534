"""What an integrator sees whose signature is not accepted."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from crossdock import signing
from crossdock.edge.workbench import first_difference
from crossdock.signing import DialectUnknown, HeaderMalformed, Signed

BODY = {
    "device_number": "2100013075",
    "order_no": "100007",
    "box_size": "S",
    "timestamps": 6544215251125,
    "app_id": "bw_de2767d821f911e",
}
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("given", "wanted", "position"),
    [
        ("abc", "abc", None),
        ("ABC", "abc", None),
        (" abc\n", "abc", None),
        ("abd", "abc", 3),
        ("xbc", "abc", 1),
        ("ab", "abc", 3),
        ("abcd", "abc", 4),
        ("", "abc", 1),
    ],
)
def test_the_first_character_that_differs(given: str, wanted: str, position: int | None) -> None:
    assert first_difference(given, wanted) == position


@given(st.text("0123456789abcdef", min_size=1), st.data())
def test_a_changed_character_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + ("g" if text[at] != "g" else "h") + text[at + 1 :]
    assert first_difference(changed, text) == at + 1


def test_the_seeds_request() -> None:
    signed = signing.explain("bestwond", json.dumps(BODY).encode(), query="", headers=[], secret=SECRET)
    assert signed.text.startswith("app_id=bw_de2767d821f911e&box_size=S&device_number=2100013075")
    assert signed.signature.startswith("1196251cda779eaba1c010ebb04bc07a")


def test_what_is_printed_points_at_the_character() -> None:
    paper = io.StringIO()
    assert not signing.show(Signed(text="a=1", signature="abcdef"), given="abXdef", out=Console(file=paper))
    lines = paper.getvalue().splitlines()
    assert "The given signature differs at character 3:" in lines
    assert lines[-2:] == ["abXdef", "  ^"]


def test_a_right_signature_is_called_right() -> None:
    paper = io.StringIO()
    assert signing.show(Signed(text="a=1", signature="abcdef"), given="ABCDEF", out=Console(file=paper))
    assert "is right" in paper.getvalue()


def test_case_counts_where_the_server_looks_at_it() -> None:
    assert first_difference("12aB", "12AB", case_counts=True) == 3
    assert first_difference("12AB", "12AB", case_counts=True) is None
    form = b"_sm=md5&orgid=1"
    signed = signing.explain("ovopark", form, query="", headers=[], secret="s")
    assert not signing.show(signed, given=signed.signature.lower(), out=Console(file=io.StringIO()))
    assert signing.show(signed, given=signed.signature, out=Console(file=io.StringIO()))


def test_a_query_as_it_is_copied_from_an_address() -> None:
    without, with_mark = (
        signing.explain("ovopark", b"", query=query, headers=[], secret="s") for query in ("_sm=md5", "?_sm=md5")
    )
    assert with_mark == without


def test_where_nothing_is_signed_no_signature_is_wrong() -> None:
    paper = io.StringIO()
    assert signing.show(Signed(text="api_key=x", signature=""), given="abc", out=Console(file=paper))
    assert "differs" not in paper.getvalue()


def test_a_dialect_that_does_not_exist_is_told_with_what_was_meant() -> None:
    with pytest.raises(DialectUnknown) as caught:
        signing.explain("hongxum", b"", query="", headers=[], secret="")
    assert "meant=hongxun" in caught.value.sentence


def test_a_header_without_a_colon() -> None:
    with pytest.raises(HeaderMalformed):
        signing.explain("birdsystem", b"", query="", headers=["api_key"], secret="")
