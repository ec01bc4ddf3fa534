"""Filters of the lists: trimmed, combined, and never showing too much."""

from datetime import UTC, datetime

import pytest

from crossdock.core.handover.model import PickUpFilter
from crossdock.core.staff.model import ActionFilter, StaffFilter
from crossdock.dialects.heidian import filters


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, PickUpFilter()),
        ({"id": "1001"}, PickUpFilter(ids=(1001,))),
        ({"id__in": "1001,1002,1003"}, PickUpFilter(ids=(1001, 1002, 1003))),
        ({"id": "1001", "id__in": "1001,1002"}, PickUpFilter(ids=(1001,))),
        ({"id": "1003", "id__in": "1001,1002"}, PickUpFilter(ids=())),
        ({"stock_status": "unprepare"}, PickUpFilter(prepared=(False,))),
        ({"stock_status__in": "unprepare, prepared"}, PickUpFilter(prepared=(False, True))),
        ({"heyshop_order_id": "1001"}, PickUpFilter(order_ids=(1001,))),
        ({"heyshop_order_id__in": "1001,1002,1003"}, PickUpFilter(order_ids=(1001, 1002, 1003))),
        ({"key": "123456"}, PickUpFilter(keys=("123456",))),
        ({"key_in": "123456,654321"}, PickUpFilter(keys=("123456", "654321"))),
        ({"key__in": " 123456 , 654321 "}, PickUpFilter(keys=("123456", "654321"))),
        ({"key_in": "123456", "key__in": "654321"}, PickUpFilter(keys=())),
        ({"key_status": "used"}, PickUpFilter(states=("used",))),
        (
            {"key_status__in": "used, unused, expired, canceled"},
            PickUpFilter(states=("used", "unused", "expired", "canceled")),
        ),
        ({"id__in": "", "key": " ", "key_in": ",", "stock_status": ""}, PickUpFilter()),
        ({"id__in": "1001,,1002,"}, PickUpFilter(ids=(1001, 1002))),
        ({"unknown": "x"}, PickUpFilter()),
    ],
)
def test_what_a_list_of_codes_is_asked_for(query: dict[str, str], wanted: PickUpFilter) -> None:
    assert filters.pick_ups(query) == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"id": "abc"},
        {"id": "10.5"},
        {"id": "9" * 20},
        {"id": "9223372036854775808"},
        {"id__in": "1001,abc"},
        {"stock_status": "unprepared"},
        {"heyshop_order_id": "abc"},
        {"key": "12932"},
        {"key_in": "123456,x"},
        {"key_status": "lost"},
        {"key_status": "cancelled"},
        {"key_status__in": "used,lost"},
    ],
)
def test_a_value_that_cannot_be_valid_lets_nothing_through(query: dict[str, str]) -> None:
    assert filters.impossible(filters.pick_ups(query))


def test_the_largest_number_the_database_holds_is_still_asked_for() -> None:
    assert filters.pick_ups({"id": "9223372036854775807"}) == PickUpFilter(ids=(2**63 - 1,))


def test_what_a_list_of_staff_is_asked_for() -> None:
    assert filters.staff({}) == StaffFilter()
    assert filters.staff({"id__in": "31, 32", "username": "xxx", "is_active": "False"}) == StaffFilter(
        ids=(31, 32), username="xxx", active=False
    )
    assert filters.staff({"is_active": "perhaps"}) is None
    assert filters.staff({"username": "a\0b"}) is None


def test_what_the_history_is_asked_for() -> None:
    at = datetime(2021, 5, 13, 3, 20, tzinfo=UTC)
    assert filters.actions({}) == ActionFilter()
    assert filters.actions(
        {
            "id": "501",
            "action__in": "consume, rollback",
            "staff": "31",
            "pick_up_code": "1001",
            "key": "129322",
            "heyshop_order_id": "2894",
            "created_at__gte": "2021-05-13T11:20:00+08:00",
            "created_at__lte": "2021-05-13 11:20:00",
        }
    ) == ActionFilter(
        ids=(501,),
        actions=("consume", "rollback"),
        staff_ids=(31,),
        handover_ids=(1001,),
        keys=("129322",),
        order_ids=(2894,),
        since=at,
        until=at,
    )
    assert filters.actions({"created_at__gte": "soon"}) is None
    assert filters.impossible(filters.actions({"action": "steal"}) or ActionFilter())


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("", "-id"),
        ("id", "id"),
        ("-created_at", "-created_at"),
        ("used_at", "used_at"),
        ("key", "-id"),
        ("--id", "-id"),
        ("id; DROP TABLE", "-id"),
    ],
)
def test_an_order_that_is_not_offered_is_the_usual_one(asked: str, order: str) -> None:
    assert filters.order_by({"order_by": asked}, filters.PICK_UP_ORDERS, "-id") == order
