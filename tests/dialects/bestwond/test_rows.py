"""Our rows in the vendor's words: pages and remarks of the box log, and what a wrong cabinet says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.base.ids import DoorCommandId
from crossdock.core.lockers.model import LogRow
from crossdock.dialects.bestwond import rows, words
from crossdock.dialects.bestwond.wire import PAGES_LISTED_MAX

ASKED = datetime(2023, 7, 18, 8, 9, 22, tzinfo=UTC)


def task(**given: Any) -> LogRow:
    return LogRow(
        **{
            "command_id": DoorCommandId(129535),
            "box_name": "01",
            "lock_address": "0101",
            "state": "accepted",
            "refusal": None,
            "dialect": "bestwond",
            "asked_by": "bw_1",
            "asked_at": ASKED,
            "answered_at": ASKED + timedelta(seconds=1),
            **given,
        }
    )


@pytest.mark.parametrize(
    ("given", "remark"),
    [
        ({}, "API calls success"),
        ({"dialect": "house"}, "Manage backend calls success"),
        ({"state": "refused", "refusal": "Device not online"}, "API calls : Device not online"),
        ({"state": "expired", "refusal": "Device not online"}, "API calls : Device not online"),
        ({"state": "refused", "refusal": "jammed", "dialect": "house"}, "Manage backend calls : jammed"),
        ({"state": "refused", "refusal": ""}, "API calls : Device not online"),
        ({"state": "waiting", "answered_at": None}, "API calls"),
        ({"state": "sent", "answered_at": None, "dialect": "house"}, "Manage backend calls"),
    ],
)
def test_a_remark_says_who_and_how_it_went(given: dict[str, Any], remark: str) -> None:
    assert rows.remark(task(**given)) == remark


@pytest.mark.parametrize(
    ("number", "size", "total", "first", "last", "pages"),
    [
        (1, 20, 1, True, True, 1),
        (1, 20, 0, True, True, 0),
        (1, 20, 20, True, True, 1),
        (1, 20, 21, True, False, 2),
        (2, 20, 21, False, True, 2),
        (3, 20, 21, False, True, 2),
        (2, 1, 3, False, False, 3),
    ],
)
def test_a_page_knows_its_place(number: int, size: int, total: int, first: bool, last: bool, pages: int) -> None:
    page = rows.log_page(number=number, size=size, total=total)
    assert (page.is_first_page, page.is_last_page, page.total_page) == (first, last, pages)
    assert (page.page_num, page.page_size, page.total_count) == (number, size, total)
    assert page.page_list == list(range(1, pages + 1))


@pytest.mark.parametrize(("total", "listed"), [(PAGES_LISTED_MAX, PAGES_LISTED_MAX), (5_000, PAGES_LISTED_MAX)])
def test_a_list_of_pages_has_an_end(total: int, listed: int) -> None:
    page = rows.log_page(number=1, size=1, total=total)
    assert (page.total_page, len(page.page_list)) == (total, listed)


@pytest.mark.parametrize(("refusal", "told"), [(None, ("success", "ok")), ("jammed", ("fail", "jammed"))])
def test_an_outcome_is_a_status_and_its_words(refusal: str | None, told: tuple[str, str]) -> None:
    assert words.outcome(refusal) == told
