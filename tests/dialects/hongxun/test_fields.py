"""What a body may hold: limits, tolerance, and one message for all that is wrong."""

import json
from decimal import Decimal
from typing import Any

import pytest

from crossdock.base.errors import FieldsInvalid
from crossdock.dialects.hongxun import wire
from crossdock.dialects.hongxun.canonical import parse
from crossdock.dialects.hongxun.fields import (
    AND_MORE,
    CODE_CHARS_MAX,
    COMPLAINTS_MAX,
    NAME_CHARS_MAX,
    NUMBER_CHARS_MAX,
    NUMBER_EXPONENT_MAX,
    PATH_CHARS_MAX,
    REMARK_CHARS_MAX,
)
from crossdock.dialects.hongxun.words import DOCUMENT_TYPES
from tests.dialects.hongxun.samples import sample


def parsed(value: Any) -> Any:
    return parse(json.dumps(value))


def complaints(request: Any, kind: Any = "inbound") -> list[str]:
    with pytest.raises(FieldsInvalid) as refused:
        wire.order_body(parsed(request), kind)
    return list(refused.value.facts["complaints"])


def in_order(**changes: Any) -> dict[str, Any]:
    return sample("8.1")["request"] | changes


def in_line(**changes: Any) -> dict[str, Any]:
    return in_order(productList=[in_order()["productList"][0] | changes])


def stock_query(**changes: Any) -> wire.StockQuery:
    return wire.stock_query(parsed(sample("8.12")["request"] | changes))


def test_the_printed_bodies_are_taken() -> None:
    body = wire.order_body(parsed(sample("8.1")["request"]), "inbound")

    assert body.lines == (
        wire.Line(
            number="10",
            product_code="P-7001",
            product_name="测试手机 8GB",
            batch_number="L2407",
            inventory_status="",
            quantity=10,
        ),
    )
    assert body.texts["customerNumber"] == "RK2024080200017"
    assert wire.order_body(parsed(sample("8.2")["request"]), "outbound").lines[1].product_code == "P-7002"


def test_the_request_is_kept_as_sent() -> None:
    sent = parse('{"unknown": [1, 1.10, null, {"a": true}], ' + json.dumps(sample("8.1")["request"])[1:])

    kept = wire.order_body(sent, "inbound").members

    assert kept["unknown"] == [1, Decimal("1.10"), None, {"a": True}]
    assert str(kept["unknown"][1]) == "1.10"
    assert kept["productList"][0]["ebelp"] == "00010"


def test_one_message_names_all_that_is_missing() -> None:
    assert complaints({"customerNumber": "", "documentType": None}, "inbound") == [
        "request.customerNumber 不能为空",
        "request.documentType 不能为空",
        "request.inventoryCode 不能为空",
        "request.inventoryName 不能为空",
        "request.subbaseCode 不能为空",
        "request.subbaseName 不能为空",
        "request.productList 不能为空",
    ]


def test_an_outbound_order_needs_its_consignee() -> None:
    request = sample("8.2")["request"]
    for name in ("contact", "mobile", "provinceName", "cityName", "areaName", "addressDetail"):
        del request[name]

    assert [complaint.split()[0] for complaint in complaints(request, "outbound")] == [
        "request.contact",
        "request.mobile",
        "request.provinceName",
        "request.cityName",
        "request.areaName",
        "request.addressDetail",
    ]


def test_lines_are_named_with_their_place() -> None:
    assert complaints(in_order(productList=[{}, "x", {"quantity": 1, "customerLineNumber": "1"}])) == [
        "request.productList[1] 类型错误",
        "request.productList[0].customerLineNumber 不能为空",
        "request.productList[0].customerProductCode 不能为空",
        "request.productList[0].quantity 不能为空",
        "request.productList[2].customerProductCode 不能为空",
    ]


@pytest.mark.parametrize("value", [[], None, {}, "x", 1])
def test_an_order_needs_a_list_of_lines(value: Any) -> None:
    assert complaints(in_order(productList=value))[0].startswith("request.productList ")


def test_a_line_number_comes_once() -> None:
    line = in_order()["productList"][0]
    assert complaints(in_order(productList=[line, line])) == ["request.productList[1].customerLineNumber 重复"]
    assert complaints(in_order(productList=[7, line, line])) == [
        "request.productList[0] 类型错误",
        "request.productList[2].customerLineNumber 重复",
    ]


@pytest.mark.parametrize("quantity", [1, wire.PIECES_MAX, "7", str(wire.PIECES_MAX)])
def test_a_quantity_is_whole_and_positive(quantity: Any) -> None:
    assert wire.order_body(parsed(in_line(quantity=quantity)), "inbound").lines[0].quantity == int(quantity)


@pytest.mark.parametrize(
    "quantity", [0, -1, wire.PIECES_MAX + 1, 1.0, 1.5, "1.0", "x", "９", "9" * 5_000, True, [1], {}]
)
def test_any_other_quantity_is_refused(quantity: Any) -> None:
    assert complaints(in_line(quantity=quantity)) == ["request.productList[0].quantity 必须为正整数"]


def test_the_number_of_lines_has_a_limit() -> None:
    line = in_order()["productList"][0]
    lines = [line | {"customerLineNumber": str(number)} for number in range(wire.LINES_MAX + 1)]

    assert len(wire.order_body(parsed(in_order(productList=lines[1:])), "inbound").lines) == wire.LINES_MAX
    assert complaints(in_order(productList=lines)) == [f"request.productList 不能超过{wire.LINES_MAX}条"]


@pytest.mark.parametrize(
    ("name", "chars_max"),
    [
        ("customerNumber", CODE_CHARS_MAX),
        ("supplierName", NAME_CHARS_MAX),
        ("remark", REMARK_CHARS_MAX),
        ("ext10", REMARK_CHARS_MAX),
    ],
)
def test_texts_have_a_length(name: str, chars_max: int) -> None:
    assert wire.order_body(parsed(in_order(**{name: "线" * chars_max})), "inbound").texts[name] == "线" * chars_max
    assert complaints(in_order(**{name: "线" * (chars_max + 1)})) == [f"request.{name} 长度不能超过{chars_max}"]


@pytest.mark.parametrize("value", [True, False, [], {}, ["x"]])
def test_a_text_is_no_boolean_and_no_container(value: Any) -> None:
    assert complaints(in_order(remark=value)) == ["request.remark 类型错误"]


def test_a_number_counts_as_the_text_it_was_written_with() -> None:
    numbers = '{"documentType": 10, "remark": 1.10, '
    texts = {name: value for name, value in in_order().items() if name not in ("documentType", "remark")}
    request = parse(numbers + json.dumps(texts)[1:])
    body = wire.order_body(request, "inbound")

    assert (body.texts["documentType"], body.texts["remark"]) == ("10", "1.10")
    assert (body.members["documentType"], body.members["remark"]) == ("10", "1.10")


@pytest.mark.parametrize("kind", ["inbound", "outbound"])
def test_every_documented_order_type_is_taken_and_no_other(kind: Any) -> None:
    request = sample("8.1" if kind == "inbound" else "8.2")["request"]
    for code in DOCUMENT_TYPES[kind]:
        wire.order_body(parsed(request | {"documentType": code}), kind)
    for code in ("90", "100", "010", "x", *({"110"} if kind == "outbound" else ())):
        assert complaints(request | {"documentType": code}, kind) == ["request.documentType 取值无效"]


@pytest.mark.parametrize("value", [None, "", 0.45, 1, "0.45", "1e3"])
def test_a_double_is_null_a_number_or_a_numeric_text(value: Any) -> None:
    wire.order_body(parsed(in_line(unitWeight=value, singlePieceVolume=value)), "inbound")


@pytest.mark.parametrize("value", ["x", "1,5", "1e301", "9" * (NUMBER_CHARS_MAX + 1), True, [], {}])
def test_any_other_double_is_refused(value: Any) -> None:
    assert complaints(in_line(unitWeight=value)) == ["request.productList[0].unitWeight 必须为数字"]


@pytest.mark.parametrize("value", ["2024-08-03", "2024-08-03T09:00:00", "2024-13-03 09:00:00", "明天"])
def test_the_arrival_is_a_time(value: str) -> None:
    assert complaints(in_order(planArriveTime=value)) == ["request.planArriveTime 格式应为yyyy-MM-dd HH:mm:ss"]


def test_a_line_may_name_its_condition() -> None:
    assert wire.order_body(parsed(in_line(inventoryStatus="20")), "inbound").lines[0].inventory_status == "20"
    assert complaints(in_line(inventoryStatus="30")) == ["request.productList[0].inventoryStatus 取值无效"]


def test_how_it_is_delivered_is_one_of_two() -> None:
    request = sample("8.2")["request"]
    wire.order_body(parsed(request | {"transportType": "20"}), "outbound")
    assert complaints(request | {"transportType": "30"}, "outbound") == ["request.transportType 取值无效"]


@pytest.mark.parametrize(
    ("member", "where"),
    [
        ({"x": "a\x00"}, "request.x"),
        ({"x": [{"y": "\ud800"}]}, "request.x[0].y"),
        ({"x": {"\x00": 1}}, "request.x"),
        ({"\x00": 1}, "request"),
        ({"x": int("9" * (NUMBER_CHARS_MAX + 1))}, "request.x"),
    ],
)
def test_what_no_database_keeps_is_refused_and_named(member: dict[str, Any], where: str) -> None:
    assert complaints(in_order(**member)) == [f"{where} 含有无法保存的内容"]
    with pytest.raises(FieldsInvalid):
        stock_query(**member)


@pytest.mark.parametrize("sign", ["", "-"])
def test_numbers_are_kept_up_to_a_length_and_an_exponent(sign: str) -> None:
    def kept(literal: str) -> Any:
        sent = parse(json.dumps(in_order(ext_x=0)).replace('"ext_x": 0', f'"ext_x": {literal}'))
        return wire.order_body(sent, "inbound").members["ext_x"]

    assert kept("9" * NUMBER_CHARS_MAX) == int("9" * NUMBER_CHARS_MAX)
    assert kept(f"1e{sign}{NUMBER_EXPONENT_MAX}") == Decimal(f"1e{sign}{NUMBER_EXPONENT_MAX}")
    for literal in ("9" * (NUMBER_CHARS_MAX + 1), f"1e{sign}{NUMBER_EXPONENT_MAX + 1}", "1e99999999999999999999"):
        with pytest.raises(FieldsInvalid):
            kept(literal)


def test_complaints_end_somewhere() -> None:
    def sent(count: int) -> list[str]:
        return complaints(in_order(productList=["x"] * count))

    assert len(sent(COMPLAINTS_MAX)) == COMPLAINTS_MAX
    for more in (1, 2):
        assert sent(COMPLAINTS_MAX + more)[COMPLAINTS_MAX - 1 :] == [
            f"request.productList[{COMPLAINTS_MAX - 1}] 类型错误",
            AND_MORE,
        ]


def test_a_place_is_named_up_to_a_length() -> None:
    for length in (PATH_CHARS_MAX, PATH_CHARS_MAX + 1):
        name = "x" * (length - len("request."))
        assert complaints(in_order(**{name: "\x00"})) == [f"request.{name}"[:PATH_CHARS_MAX] + " 含有无法保存的内容"]


@pytest.mark.parametrize("request_", [[], [{}]])
def test_an_array_is_no_order(request_: Any) -> None:
    assert complaints(request_) == ["request 类型错误"]


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        ([], ()),
        ([{"customerProductCode": "A"}, {"customerProductCode": "B", "more": 1}], ("A", "B")),
        (["A", 7], ("A", "7")),
        ([{"code": "A"}], ("A",)),
        ([{"code": "A", "name": None}, {"customerProductCode": "B", "code": None}], ("A", "B")),
        (["A" * CODE_CHARS_MAX], ("A" * CODE_CHARS_MAX,)),
        (["A"] * wire.PRODUCT_CODES_MAX, ("A",) * wire.PRODUCT_CODES_MAX),
    ],
)
def test_products_are_objects_or_texts(sent: Any, codes: tuple[str, ...]) -> None:
    assert stock_query(productCodeList=sent).product_codes == codes


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "A",
        {},
        [{}],
        [None],
        [""],
        [{"a": 1, "b": 2}],
        [{"customerProductCode": ""}],
        [["A"]],
        [True],
        ["A" * (CODE_CHARS_MAX + 1)],
        ["A"] * (wire.PRODUCT_CODES_MAX + 1),
    ],
)
def test_any_other_list_of_products_is_refused(sent: Any) -> None:
    with pytest.raises(FieldsInvalid):
        stock_query(productCodeList=sent)


@pytest.mark.parametrize(
    ("member", "least", "most"), [("pageSize", 1, wire.PAGE_ROWS_MAX), ("pageNum", 1, wire.PAGES_MAX)]
)
def test_pages_have_bounds(member: str, least: int, most: int) -> None:
    for value in (least, most, str(most)):
        stock_query(**{member: value})
    for value in (least - 1, most + 1, None, 1.5):
        with pytest.raises(FieldsInvalid):
            stock_query(**{member: value})
