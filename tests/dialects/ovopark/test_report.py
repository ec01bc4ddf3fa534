"""Reading iposJson: what is required, how long it may be, and that nothing odd gets through."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.dialects.ovopark.errors import FieldMalformed, FieldMissing
from crossdock.dialects.ovopark.report import (
    FRACTION_DIGITS_MAX,
    GOODS_MAX,
    GOODS_REQUIRED,
    INT_DIGITS_MAX,
    ORDER_REQUIRED,
    SKUS_MAX,
    TEXT_CHARACTERS_MAX,
    WHOLE_DIGITS_MAX,
    read_order,
)

TEXTS = ["shopId", "orderNo", "userName", "machineId", "orderType"]
GOODS_TEXTS = ["goodsId", "goodsName", "boxNo", "batchNo", "scanTime"]
TIMES = ["startTime", "endTime", "orderTime"]


def goods(**changes: Any) -> dict[str, Any]:
    return {"goodsId": "00131031", "goodsPrice": 998, "goodsName": "Nike", "goodsNums": 1, **changes}


def order(**changes: Any) -> str:
    return json.dumps(
        {
            "shopId": "D001",
            "orderNo": "21382148343292",
            "machineId": "001",
            "startTime": "2019-07-03 01:01:01",
            "endTime": "2019-07-03 01:01:45",
            "orderTime": "2019-07-03 01:01:15",
            "goods": [goods()],
            **changes,
        }
    )


def malformed(text: str) -> str:
    with pytest.raises(FieldMalformed) as caught:
        read_order(text)
    return str(caught.value.facts["field"])


def missing(text: str) -> str:
    with pytest.raises(FieldMissing) as caught:
        read_order(text)
    return str(caught.value.facts["field"])


def test_times_are_china_time() -> None:
    read = read_order(order())

    assert read.start_time == datetime(2019, 7, 2, 17, 1, 1, tzinfo=UTC)
    assert read.end_time == datetime(2019, 7, 2, 17, 1, 45, tzinfo=UTC)


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("name", ORDER_REQUIRED)
def test_required_of_the_order(name: str, nothing: Any) -> None:
    assert missing(order(**{name: nothing})) == name


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("name", GOODS_REQUIRED)
def test_required_of_each_line(name: str, nothing: Any) -> None:
    assert missing(order(goods=[goods(), goods(**{name: nothing})])) == f"goods[1].{name}"


def test_one_of_the_two_place_fields_is_enough() -> None:
    assert read_order(order(shopId=None, depId=123)).dep_id == 123
    assert missing(order(shopId=None, depId="")) == "depId/shopId"


def test_missing_is_told_before_malformed() -> None:
    assert missing(order(orderNo="x" * 101, startTime="now", goods=[goods(goodsNums=None)])) == "goods[0].goodsNums"


@pytest.mark.parametrize("name", TEXTS)
def test_length_of_texts(name: str) -> None:
    read_order(order(**{name: "语" * TEXT_CHARACTERS_MAX}))
    assert malformed(order(**{name: "语" * (TEXT_CHARACTERS_MAX + 1)})) == name


@pytest.mark.parametrize("name", GOODS_TEXTS)
def test_length_of_texts_of_a_line(name: str) -> None:
    read_order(order(goods=[goods(**{name: "x" * TEXT_CHARACTERS_MAX})]))
    assert malformed(order(goods=[goods(**{name: "x" * (TEXT_CHARACTERS_MAX + 1)})])) == f"goods[0].{name}"


@pytest.mark.parametrize("wrong", [True, {}, [], ["x"], "a\0b"])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_none(name: str, wrong: Any) -> None:
    assert malformed(order(**{name: wrong})) == name


def test_numbers_come_as_texts_and_texts_as_numbers() -> None:
    read = read_order(
        order(
            orderNo=21382148343292, depId="0123", goods=[goods(goodsId=131031, goodsPrice="998.10", goodsNums="1e1")]
        )
    )

    assert (read.order_no, read.dep_id) == ("21382148343292", 123)
    assert (read.goods[0].goods_id, read.goods[0].price, read.goods[0].nums) == (
        "131031",
        Decimal("998.10"),
        Decimal(10),
    )


def test_a_fraction_keeps_its_digits() -> None:
    text = order().replace('"goodsNums": 1', '"goodsNums": 0.30000000000000004')

    assert read_order(text).goods[0].nums == Decimal("0.30000000000000004")


def test_digits_of_an_int() -> None:
    assert read_order(order(depId="9" * INT_DIGITS_MAX)).dep_id == int("9" * INT_DIGITS_MAX)
    assert malformed(order(depId="9" * (INT_DIGITS_MAX + 1))) == "depId"
    assert malformed(order(goods=[goods(skus=[{"skuKeyId": 10**INT_DIGITS_MAX}])])) == "goods[0].skus[0].skuKeyId"


@pytest.mark.parametrize("wrong", ["1.5", 1.5, "one", True, "１", "1_0", " 1"])
def test_ints_that_are_none(wrong: Any) -> None:
    assert malformed(order(depId=wrong)) == "depId"


@pytest.mark.parametrize("name", ["goodsPrice", "goodsNums"])
def test_digits_of_a_number(name: str) -> None:
    read_order(order(goods=[goods(**{name: "9" * WHOLE_DIGITS_MAX + ".5"})]))
    read_order(order(goods=[goods(**{name: f"1e-{FRACTION_DIGITS_MAX}"})]))
    for wrong in ("9" * (WHOLE_DIGITS_MAX + 1), f"1e-{FRACTION_DIGITS_MAX + 1}", "1e9999", "0e9999"):
        assert malformed(order(goods=[goods(**{name: wrong})])) == f"goods[0].{name}"


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "1_0", "１", "", " 1", "+1", "0x1", True, [], {}])
def test_numbers_that_are_none(wrong: Any) -> None:
    with pytest.raises((FieldMalformed, FieldMissing)):
        read_order(order(goods=[goods(goodsNums=wrong)]))


@pytest.mark.parametrize(
    "wrong", ["now", "2019-07-03 01: 01: 01", "2019-7-3 01:01:01", "2019-02-30 01:01:01", 20190703]
)
@pytest.mark.parametrize("name", TIMES)
def test_times_in_another_pattern(name: str, wrong: Any) -> None:
    assert malformed(order(**{name: wrong})) == name


def test_earliest_and_latest_year() -> None:
    read_order(order(startTime="1970-01-01 00:00:00"))
    assert malformed(order(startTime="1969-12-31 23:59:59")) == "startTime"
    assert malformed(order(startTime="0001-01-01 00:00:00")) == "startTime"
    read_order(order(endTime="9998-12-31 23:59:59"))
    assert malformed(order(endTime="9999-01-01 00:00:00")) == "endTime"


def test_a_span_may_run_backwards() -> None:
    """It is told as a warning: docs/decisions/0036."""
    read = read_order(order(endTime="2019-07-03 01:01:00"))
    assert read.end_time < read.start_time


def test_lines_of_an_order() -> None:
    assert len(read_order(order(goods=[goods()] * GOODS_MAX)).goods) == GOODS_MAX
    assert malformed(order(goods=[goods()] * (GOODS_MAX + 1))) == "goods"


@pytest.mark.parametrize(
    ("wrong", "field"), [("x", "goods"), ({}, "goods"), ([1], "goods[0]"), ([goods(), None], "goods[1]")]
)
def test_goods_that_are_none(wrong: Any, field: str) -> None:
    assert malformed(order(goods=wrong)) == field


def test_skus_are_a_list_of_objects() -> None:
    assert read_order(order(goods=[goods(skus=None)])).goods[0].skus == ()
    assert malformed(order(goods=[goods(skus={"skuKeyId": 2})])) == "goods[0].skus"
    assert malformed(order(goods=[goods(skus=[2])])) == "goods[0].skus[0]"


def test_skus_of_a_line() -> None:
    assert len(read_order(order(goods=[goods(skus=[{}] * SKUS_MAX)])).goods[0].skus) == SKUS_MAX
    assert malformed(order(goods=[goods(), goods(skus=[{}] * (SKUS_MAX + 1))])) == "goods[1].skus"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"x"', "[" * 100_000, '{"a":' + "9" * 5_000 + "}"])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises((FieldMalformed, FieldMissing)):
        read_order(text)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=120),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from([*TEXTS, *TIMES, "depId", "goods"]), json_values, max_size=3),
    line=st.dictionaries(st.sampled_from([*GOODS_TEXTS, "goodsPrice", "goodsNums", "skus"]), json_values, max_size=3),
)
def test_any_json_is_read_or_refused(changes: dict[str, Any], line: dict[str, Any]) -> None:
    try:
        read = read_order(order(**{"goods": [goods(**line)], **changes}))
    except (FieldMalformed, FieldMissing):
        return
    assert all("\0" not in text for text in (read.order_no, read.machine_id, read.goods[0].goods_id))
