"""Tables of words: walked from both ends."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossdock.core.orders.model import FIRST_STATES, OUTBOUND_MOVES, RETURN_MOVES
from crossdock.dialects.birdsystem import words


def core_states() -> set[str]:
    return {*OUTBOUND_MOVES, *RETURN_MOVES}


def test_every_core_state_prints_as_exactly_one_status():
    assert set(words.STATUS_OF_STATE) == core_states()
    assert set(words.STATUS_OF_STATE.values()) == set(words.STATUSES)
    for state in core_states():
        assert [status for status, states in words.STATES_OF_STATUS.items() if state in states] == [
            words.STATUS_OF_STATE[state]
        ]


def test_every_core_state_has_a_stock_status():
    assert set(words.STOCK_STATUS) == set(OUTBOUND_MOVES)


def test_a_new_consignment_is_preparing():
    assert words.STATUS_OF_STATE["draft"] == "PREPARING"
    assert "draft" in FIRST_STATES["outbound"]


def test_a_client_may_cancel_only_where_the_core_can():
    assert {"draft", "pending", "allocated", "held"} == words.CANCELLED_BY_CLIENT
    for moves in (OUTBOUND_MOVES, RETURN_MOVES):
        for state in words.CANCELLED_BY_CLIENT & moves.keys():
            assert "cancelled" in moves[state]


def test_what_is_created_is_a_documented_type():
    assert set(words.TYPES) == words.CREATED_TYPES | words.BATCH_TYPES
    assert {"FBA"} == words.CREATED_TYPES - words.BATCH_TYPES
    assert {"CLIENT_DIRECT"} == words.BATCH_TYPES - words.CREATED_TYPES
    assert words.DEFAULT_TYPE in words.CREATED_TYPES


def test_countries_are_all_of_iso_3166_1():
    assert len(words.COUNTRIES) == 249
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in words.COUNTRIES)
    assert all(name == name.upper() for name in words.COUNTRIES.values())
    assert (words.COUNTRIES["GB"], words.COUNTRIES["CN"]) == ("UNITED KINGDOM", "CHINA")
    assert "UK" not in words.COUNTRIES


@pytest.mark.parametrize(
    ("value", "places", "printed"),
    [
        (0, 2, "0.00"),
        ("10", 3, "10.000"),
        (Decimal("2"), 2, "2.00"),
        (Decimal("1.005"), 2, "1.01"),
        (8000, 2, "8000.00"),
        (8000, 0, "8000"),
        (-3, 3, "-3.000"),
        (2**53, 2, "9007199254740992.00"),
        (0.125, 2, "0.13"),
    ],
)
def test_decimals_have_their_places(value, places, printed):
    assert words.fixed(value, places) == printed


def test_times_are_in_the_company_zone():
    moment = datetime(2020, 10, 29, 4, 9, 31, tzinfo=UTC)

    assert words.shown(moment, "Asia/Shanghai") == "2020-10-29 12:09:31"
    assert words.shown(moment, "Europe/London") == "2020-10-29 04:09:31"
    assert words.shown(None, "Asia/Shanghai") is None


@pytest.mark.parametrize(("volume_mm3", "weight_g"), [(8000, 1), (0, 0), (2_999, 0), (3_000, 1), (9_000, 2)])
def test_volume_weight(volume_mm3, weight_g):
    assert words.volume_weight_g(volume_mm3) == weight_g
