"""Heidian's words: tables that cover everything, times and money as printed, the language asked for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from crossdock.core.handover import codes
from crossdock.core.handover.model import PICK_UP_MOVES, PickUpState
from crossdock.core.orders.model import OUTBOUND_MOVES
from crossdock.dialects.heidian import words


def test_every_outbound_state_has_its_words() -> None:
    assert words.ORDER_WORDS.keys() == OUTBOUND_MOVES.keys()
    assert {said.order_status for said in words.ORDER_WORDS.values()} == {"open", "closed", "cancelled"}
    assert {said.fulfillment_status for said in words.ORDER_WORDS.values()} == {"pending", "fulfilled"}


def test_an_order_is_open_until_it_is_handed_over_and_again_after_a_rollback() -> None:
    assert words.ORDER_WORDS["shipped"] == ("open", "pending")
    assert words.ORDER_WORDS["delivered"] == ("closed", "fulfilled")
    assert "shipped" in OUTBOUND_MOVES["delivered"]


def test_the_code_states_are_the_cores() -> None:
    assert set(get_args(PickUpState)) == words.KEY_STATES == PICK_UP_MOVES.keys()


def test_a_time_is_printed_with_microseconds_in_one_zone() -> None:
    at = datetime(2021, 5, 12, 7, 40, 58, 770985, UTC)

    assert words.moment(at) == "2021-05-12T15:40:58.770985+08:00"
    assert words.moment(at.replace(microsecond=0)) == "2021-05-12T15:40:58.000000+08:00"
    assert words.moment_or_null(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "2017-02-01 00:00:00",
        "2017-01-31T16:00:00Z",
        "2017-02-01T00:00:00+08:00",
        "2017-02-01T00:00:00 08:00",
        "2017-01-31T11:00:00.000000-05:00",
        "2017-02-01",
    ],
)
def test_a_time_is_read_with_any_offset_or_none(text: str) -> None:
    assert words.read_moment(text) == datetime(2017, 1, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2017-02-30", "2017-02-01T25:00:00Z", "0" * 41])
def test_what_is_no_time_is_none(text: str) -> None:
    assert words.read_moment(text) is None


def test_the_zone_is_eight_hours_ahead() -> None:
    assert words.ZONE.utcoffset(None) == timedelta(hours=8)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("128", "128.00"), ("0.11", "0.11"), ("0.005", "0.01"), ("0", "0.00"), ("1E+3", "1000.00")],
)
def test_money_is_text_with_two_decimals(amount: str, text: str) -> None:
    assert words.money(Decimal(amount)) == text


@pytest.mark.parametrize("text", ["129322", "000000"])
def test_six_digits_are_a_code(text: str) -> None:
    assert words.code(text) == text


@pytest.mark.parametrize(
    "text", ["", "12932", "1293222", "abc", "12932a", "１２９３２２", "-12932", "12932\n", "129 32"]
)
def test_nothing_else_is_a_code(text: str) -> None:
    assert words.code(text) is None


def test_a_masked_code_shows_its_ends() -> None:
    assert codes.masked("129322") == "1****2"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("ZH-Hans-CN", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en,zh;q=0.9", "en"),
        ("zh;q=0.1, en;q=0.9", "en"),
        ("fr, zh;q=0.5", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=lots", "en"),
        ("zhuang", "en"),
        ("*", "en"),
        ("fr," * 20 + "zh", "en"),
        ("fr," * 19 + "zh", "zh"),
    ],
)
def test_the_language_is_chinese_only_when_it_is_preferred(accepted: str | None, language: str) -> None:
    assert words.language(accepted) == language


@pytest.mark.parametrize(
    "sent",
    [
        "super.heidianer.com",
        "SUPER.Heidianer.com",
        "https://super.heidianer.com",
        "http://super.heidianer.com:8080/",
        "super.heidianer.com/",
        "super.heidianer.com:443",
        " super.heidianer.com ",
    ],
)
def test_a_shop_is_its_bare_domain(sent: str) -> None:
    assert words.domain(sent) == "super.heidianer.com"
