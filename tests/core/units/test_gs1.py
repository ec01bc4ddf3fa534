"""Check digits, and the numbers they end."""

import pytest
from barcode.ean import EuropeanArticleNumber13, EuropeanArticleNumber14
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.units import gs1

DIGITS = st.text("0123456789", min_size=17, max_size=17)
PREFIXES = st.text("0123456789", min_size=gs1.PREFIX_DIGITS_MIN, max_size=gs1.PREFIX_DIGITS_MAX)


@pytest.mark.parametrize(
    "code",
    [
        "376104250021234569",  # GS1 General Specifications, 7.9
        "6291041500213",  # gs1.org, how to calculate a check digit
    ],
)
def test_samples_of_gs1(code: str) -> None:
    assert gs1.check_digit(code[:-1]) == code[-1]


@given(digits=DIGITS)
def test_it_is_the_one_of_ean(digits: str) -> None:
    assert EuropeanArticleNumber13(digits[:12]).ean[-1] == gs1.check_digit(digits[:12])
    assert EuropeanArticleNumber14(digits[:13]).ean[-1] == gs1.check_digit(digits[:13])


@given(digits=DIGITS, place=st.integers(0, 17), more=st.integers(1, 9))
def test_any_one_digit_that_is_wrong_is_found(digits: str, place: int, more: int) -> None:
    code = digits + gs1.check_digit(digits)
    assert gs1.is_sscc(code)
    wrong = code[:place] + str((int(code[place]) + more) % 10) + code[place + 1 :]
    assert not gs1.is_sscc(wrong)


@given(prefix=PREFIXES, data=st.data())
def test_serials_become_numbers_that_differ_and_bear_the_prefix(prefix: str, data: st.DataObject) -> None:
    most = gs1.serials_of(prefix)
    serials = data.draw(st.sets(st.integers(0, most - 1), min_size=1, max_size=9) | st.just({0, most - 1}))
    codes = {gs1.sscc(prefix, serial) for serial in serials}
    assert len(codes) == len(serials)
    assert all(gs1.is_sscc(code) and code[1:].startswith(prefix) for code in codes)


@given(prefix=PREFIXES)
def test_a_serial_beyond_the_last_is_none(prefix: str) -> None:
    for serial in (-1, gs1.serials_of(prefix)):
        with pytest.raises(OverflowError):
            gs1.sscc(prefix, serial)


def test_what_is_no_number_of_gs1() -> None:
    for text in ("", "37610425002123456", "3761042500212345690", "37610425002123456٩", "x76104250021234569"):
        assert not gs1.is_sscc(text)
    assert gs1.is_gtin("6291041500213")
    assert not gs1.is_gtin("6291041500214")
    assert [gs1.is_prefix(text) for text in ("401", "4012", "4" * 12, "4" * 13, "40x2", "٤٠١٢")] == [
        *(False, True, True, False, False, False)
    ]
