"""What a request's bytes say: queries, forms, multipart bodies, paths."""

import pytest

from crossdock.base.errors import BodyMalformed
from crossdock.edge import request as module
from crossdock.edge.request import FORM_TYPE, MULTIPART_TYPE, Request, decoded_path

BOUNDARY = "----line"


def request(*, query: bytes = b"", body: bytes = b"", content_type: str = FORM_TYPE, **headers: str) -> Request:
    return Request(
        method="POST",
        path="/",
        query_string=query,
        headers=[(b"content-type", content_type.encode()), *((k.encode(), v.encode()) for k, v in headers.items())],
        body=body,
    )


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def multipart(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode(), boundary: str = BOUNDARY) -> Request:
    return request(body=b"".join(parts) + end, content_type=f"{MULTIPART_TYPE}; boundary={boundary}")


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"", []),
        (b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        (b"empty=&bare", [("empty", ""), ("bare", "")]),
        (b"a=x+y%20z&b=%2B", [("a", "x y z"), ("b", "+")]),
        ("name=张三".encode(), [("name", "张三")]),
        (b"name=%E5%BC%A0%E4%B8%89", [("name", "张三")]),
        (b'quote="&brackets=[1]', [("quote", '"'), ("brackets", "[1]")]),
        (b"sign=a=b==", [("sign", "a=b==")]),
        (b"semi=a;b", [("semi", "a;b")]),
    ],
)
def test_pairs_of_a_query_and_of_a_form(raw: bytes, pairs: list[tuple[str, str]]) -> None:
    assert request(query=raw).query == pairs
    assert request(body=raw).form == pairs


@pytest.mark.parametrize("raw", [b"a=\xff", b"a=%ff", b"%c3%28=1"])
def test_what_is_not_utf8_is_malformed(raw: bytes) -> None:
    with pytest.raises(BodyMalformed):
        _ = request(query=raw).query
    with pytest.raises(BodyMalformed):
        _ = request(body=raw).form


def test_so_many_fields_and_no_more() -> None:
    full = b"&".join([b"a=1"] * module.FORM_FIELDS_MAX)
    assert len(request(body=full).form) == module.FORM_FIELDS_MAX
    with pytest.raises(BodyMalformed):
        _ = request(body=full + b"&a=1").form


def test_so_many_parts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORM_FIELDS_MAX", 3)
    assert len(multipart(*[part("a", b"1")] * 3).form) == 3
    with pytest.raises(BodyMalformed):
        _ = multipart(*[part("a", b"1")] * 4).form


def test_parts_of_text_and_files_of_text() -> None:
    asked = multipart(
        part("name", "张三".encode()),
        part("empty", b""),
        part("page", b"line 1\r\nline 2", '; filename="a.txt"\r\nContent-Type: text/plain'),
    )
    assert asked.form == [("name", "张三"), ("empty", ""), ("page", "line 1\r\nline 2")]


def test_a_part_may_be_larger_than_one_read() -> None:
    assert multipart(part("a", b"x" * 200_000)).form == [("a", "x" * 200_000)]


def test_a_quoted_boundary() -> None:
    assert multipart(part("a", b"1"), boundary=f'"{BOUNDARY}"').form == [("a", "1")]


@pytest.mark.parametrize(
    "asked",
    [
        request(body=b"x", content_type=MULTIPART_TYPE),
        request(body=b"x", content_type=f"{MULTIPART_TYPE}; boundary="),
        multipart(part("a", b"1"), end=b""),
        multipart(part("a", b"1"), part("b", b"2")[:-4], end=b""),
        multipart(part("a", b"\xff")),
        multipart(part("a", b"\xff", '; filename="a.bin"')),
        multipart(b"no part at all", end=b""),
        multipart(end=b""),
    ],
    ids=["no boundary", "empty boundary", "no end", "cut", "not text", "binary file", "no part", "nothing"],
)
def test_a_multipart_body_that_cannot_be_read(asked: Request) -> None:
    with pytest.raises(BodyMalformed):
        _ = asked.form


def test_other_types_have_no_form() -> None:
    assert request(body=b"a=1", content_type="application/json").form == []
    assert request(body=b"a=1", content_type="").form == []


@pytest.mark.parametrize(
    "sent", ["application/x-www-form-urlencoded; charset=UTF-8", " Application/X-WWW-Form-URLEncoded"]
)
def test_the_media_type_alone_decides(sent: str) -> None:
    assert request(body=b"a=1", content_type=sent).form == [("a", "1")]


def test_headers_are_found_in_any_case_and_with_underscores() -> None:
    asked = request(api_key="k", **{"x-sign": "s"})
    assert (asked.header("API_KEY"), asked.header("X-Sign"), asked.header("x-none")) == ("k", "s", None)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/api/orders", "/api/orders"),
        (b"/a%20b", "/a b"),
        (b"/a+b", "/a+b"),
        (b"/%E5%BC%A0", "/张"),
        ("/张".encode(), "/张"),
        (b"/%ff", "/\ufffd"),
        (b"/\xff", "/\ufffd"),
        (b"/100%", "/100%"),
    ],
)
def test_paths(raw: bytes, path: str) -> None:
    assert decoded_path(raw) == path
