"""GS1's numbers: check digits, GTIN of goods, SSCC of a pallet or a carton.

Source: GS1 General Specifications, sections 3 (application identifiers) and 7.9 (check digits).
"""

from datetime import date
from typing import Final

SSCC_DIGITS: Final = 18
GTIN_DIGITS: Final = (8, 12, 13, 14)
PREFIX_DIGITS_MIN: Final = 4
PREFIX_DIGITS_MAX: Final = 12
"""Of a GS1 company prefix."""
LOT_CHARACTERS_MAX: Final = 20
COUNT_MAX: Final = 99_999_999
_OTHER_SIGNS: Final = frozenset("!\"%&'()*+,-./_:;<=>?")


def check_digit(digits: str) -> str:
    """Of all digits before it: weights 3, 1, 3, … from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def is_sscc(code: str) -> bool:
    return len(code) == SSCC_DIGITS and _checked(code)


def is_gtin(code: str) -> bool:
    return len(code) in GTIN_DIGITS and _checked(code)


def is_prefix(text: str) -> bool:
    return PREFIX_DIGITS_MIN <= len(text) <= PREFIX_DIGITS_MAX and _digits(text)


def sscc(prefix: str, serial: int) -> str:
    """`serial` counts through all extension digits, of which the first is its own first digit.

    Errors: OverflowError beyond `serials_of` the prefix.
    """
    if not 0 <= serial < serials_of(prefix):
        raise OverflowError(serial)
    digits = str(serial).zfill(SSCC_DIGITS - 1 - len(prefix))
    body = digits[0] + prefix + digits[1:]
    return body + check_digit(body)


def serials_of(prefix: str) -> int:
    """How many there are: 17 digits without the prefix."""
    return int(10 ** (SSCC_DIGITS - 1 - len(prefix)))


def is_lot(text: str) -> bool:
    """Whether it may stand behind AI (10): GS1's 82 signs, at most 20 of them."""
    return 0 < len(text) <= LOT_CHARACTERS_MAX and all(
        sign in _OTHER_SIGNS or (sign.isascii() and sign.isalnum()) for sign in text
    )


def content(gtin: str, count: int) -> str:
    """AI (02) with (37): so many pieces of one kind are in it."""
    return f"02{gtin.zfill(14)}37{count}"


def expiry(day: date) -> str:
    """AI (17)."""
    return f"17{day:%y%m%d}"


def _checked(code: str) -> bool:
    return _digits(code) and check_digit(code[:-1]) == code[-1]


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
