"""What can be sent to, on both sides of each limit."""

import pytest

from crossdock.core.notices.model import (
    EMAIL_CHARS_MAX,
    EMAIL_NAME_CHARS_MAX,
    MOBILE_DIGITS_MAX,
    MOBILE_DIGITS_MIN,
    email_of,
    mobile_of,
)

DOMAIN = ".".join(["d" * 60] * 4)


@pytest.mark.parametrize(
    "text",
    [
        "buyer@example.com",
        "  first.last+tag@shop.example.co.uk ",
        "o'neil@example.com",
        "n" * EMAIL_NAME_CHARS_MAX + "@example.com",
        "n" * (EMAIL_CHARS_MAX - len(DOMAIN) - 1) + "@" + DOMAIN,
    ],
)
def test_an_address(text: str) -> None:
    assert email_of(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "buyer",
        "buyer@localhost",
        "@example.com",
        "buyer@",
        "a@b@example.com",
        "a b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a@-b.example",
        "a@example.com\r\nBcc: x@example.com",
        "a@example.com\x00",
        "<a@example.com>",
        "a@example.com,b@example.com",
        '"a b"@example.com',
        "a@[127.0.0.1]",
        "张三@example.com",
        "a@例子.example",
        "-oQ/tmp@\u2028example.com",
        "n" * (EMAIL_NAME_CHARS_MAX + 1) + "@example.com",
        "n" * (EMAIL_CHARS_MAX - len(DOMAIN)) + "@" + DOMAIN,
    ],
)
def test_no_address(text: str) -> None:
    assert email_of(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800000001", "13800000001"),
        (" +86 138-0000-0001 ", "+8613800000001"),
        ("(021) 5555.0100", "02155550100"),
        ("1" * MOBILE_DIGITS_MIN, "1" * MOBILE_DIGITS_MIN),
        ("+" + "1" * MOBILE_DIGITS_MAX, "+" + "1" * MOBILE_DIGITS_MAX),
        ("1" * (MOBILE_DIGITS_MIN - 1), None),
        ("1" * (MOBILE_DIGITS_MAX + 1), None),
        ("", None),
        ("1380000x001", None),
        ("1380000\n0001", None),
        ("１３８００００００００", None),
        ("٠١٢٣٤٥٦", None),
        ("++8613800000001", None),
    ],
)
def test_a_number(text: str, number: str | None) -> None:
    assert mobile_of(text) == number
