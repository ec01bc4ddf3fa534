"""`filter`: every type and comparison, and what is passed over."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest

from crossdock.base.errors import BodyMalformed
from crossdock.core.search import Criterion
from crossdock.dialects.birdsystem import filters
from crossdock.dialects.birdsystem.columns import NUMBER_MAX, VALUE_CHARACTERS_MAX, VALUES_MAX
from crossdock.dialects.birdsystem.errors import SearchWrong, ValueInvalid
from crossdock.dialects.birdsystem.filters import CONDITIONS_MAX
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.dialects.birdsystem.tables import CONSIGNMENTS

ZONE = "Asia/Shanghai"


def read(*elements, **more) -> list[Criterion]:
    text = msgspec.json.encode(elements).decode()
    given = Parameters(form={}, query={"filter": text, **more}, route={}, document={})
    return filters.criteria(given, CONSIGNMENTS, zone=ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("element", "criteria"),
    [
        ({"type": "string", "field": "city", "value": "elf"}, [Criterion("recipient.city", "contains", "elf")]),
        (
            {"type": "string", "field": "status", "value": "pick"},
            [Criterion("state", "in", ["released", "picking"])],
        ),
        ({"type": "string", "field": "is_urgent", "value": "1"}, [Criterion("partner_fields.is_urgent", "eq", "1")]),
        ({"type": "numeric", "field": "id", "value": "7"}, [Criterion("id", "eq", 7)]),
        ({"type": "numeric", "field": "id", "value": 7, "comparison": "ne"}, [Criterion("id", "ne", 7)]),
        ({"type": "numeric", "field": "id", "value": 7, "comparison": "gt"}, [Criterion("id", "ge", 7)]),
        ({"type": "numeric", "field": "id", "value": 7, "comparison": "lt"}, [Criterion("id", "le", 7)]),
        (
            {"type": "numeric", "field": "consignment_product_quantity", "value": 1.5, "comparison": "gt"},
            [Criterion("pieces", "ge", Decimal("1.5"))],
        ),
        ({"type": "numeric", "field": "warehouse_id", "value": "false"}, [Criterion("site_id", "eq", 0)]),
        ({"type": "numeric", "field": "id", "value": "7.0"}, [Criterion("id", "eq", 7)]),
        ({"type": "numeric", "field": "id", "value": " 7e3 "}, [Criterion("id", "eq", 7000)]),
        ({"type": "numeric", "field": "id", "value": NUMBER_MAX}, [Criterion("id", "eq", NUMBER_MAX)]),
        (
            {"type": "numeric", "field": "id", "value": NUMBER_MAX + 1, "comparison": "lt"},
            [Criterion("id", "le", NUMBER_MAX)],
        ),
        (
            {"type": "numeric", "field": "id", "value": "-1e30", "comparison": "gt"},
            [Criterion("id", "ge", -NUMBER_MAX)],
        ),
        (
            {"type": "numeric", "field": "is_urgent", "value": "0.0"},
            [Criterion("partner_fields.is_urgent", "ne", "1")],
        ),
        ({"type": "numeric", "field": "is_urgent", "value": 0}, [Criterion("partner_fields.is_urgent", "ne", "1")]),
        (
            {"type": "numeric", "field": "is_urgent", "value": "false"},
            [Criterion("partner_fields.is_urgent", "ne", "1")],
        ),
        (
            {"type": "boolean", "field": "is_urgent", "value": True},
            [Criterion("partner_fields.is_urgent", "eq", "1")],
        ),
        *(
            (
                {"type": "boolean", "field": "is_urgent", "value": falsy},
                [Criterion("partner_fields.is_urgent", "ne", "1")],
            )
            for falsy in (False, 0, 0.0, "0", "false")
        ),
        (
            {"type": "list", "field": "status", "value": ["PENDING", "FINISHED"]},
            [Criterion("state", "in", ["pending", "allocated", "shipped", "delivered", "returned", "finished"])],
        ),
        ({"type": "list", "field": "id", "value": [7, "8", "x"]}, [Criterion("id", "in", [7, 8, 0])]),
        (
            {"type": "list", "field": "id", "value": [7, 8.5]},
            [Criterion("id", "in", [Decimal(7), Decimal("8.5")])],
        ),
        ({"type": "list", "field": "contact", "value": "A"}, [Criterion("recipient.contact", "in", ["A"])]),
        ({"field": "contact", "value": "A"}, [Criterion("recipient.contact", "in", ["A"])]),
        ({"type": "colour", "property": "type", "value": "local"}, [Criterion("type", "in", ["LOCAL"])]),
        (
            {"field": "city", "property": "county", "value": "A"},
            [Criterion("recipient.county", "in", ["A"])],
        ),
        (
            {"type": "date", "field": "update_time", "comparison": "gt", "value": "2024-03-01"},
            [Criterion("updated_at", "ge", at("2024-03-01T00:00:00"))],
        ),
        (
            {"type": "date", "field": "update_time", "comparison": "lt", "value": "2024-03-01 10:00:07"},
            [Criterion("updated_at", "le", at("2024-03-01T10:00:07.999999"))],
        ),
        (
            {"type": "date", "field": "update_time", "comparison": "ne", "value": "2024-03-01 10:00:07"},
            [Criterion("updated_at.second", "ne", at("2024-03-01T10:00:07"))],
        ),
        (
            {"field": "update_time", "value": "2024-03-01 10:00:07"},
            [
                Criterion("updated_at", "ge", at("2024-03-01T10:00:07")),
                Criterion("updated_at", "le", at("2024-03-01T10:00:07.999999")),
            ],
        ),
        (
            {"type": "list", "field": "update_time", "value": ["2024-03-01", "2024-03-02"]},
            [Criterion("updated_at.second", "in", [at("2024-03-01"), at("2024-03-02")])],
        ),
        (
            {"type": "string", "field": "update_time", "value": "2024-03-01"},
            [
                Criterion("updated_at", "ge", at("2024-03-01")),
                Criterion("updated_at", "le", at("2024-03-01T23:59:59.999999")),
            ],
        ),
        (
            {"type": "date", "field": "update_time", "comparison": "gt", "value": "2024-03-01T02:00:07Z"},
            [Criterion("updated_at", "ge", at("2024-03-01T10:00:07"))],
        ),
        (
            {"type": "numeric", "field": "sales_reference", "comparison": "ne", "value": 7},
            [Criterion("reference", "ne", "7")],
        ),
        (
            {"type": "numeric", "field": "status", "comparison": "ne", "value": "pending"},
            [Criterion("state", "ne", "pending"), Criterion("state", "ne", "allocated")],
        ),
        ({"type": "numeric", "field": "type", "comparison": "ne", "value": "fba"}, [Criterion("type", "ne", "FBA")]),
        (
            {"type": "numeric", "field": "is_urgent", "comparison": "ne", "value": 1},
            [Criterion("partner_fields.is_urgent", "ne", "1")],
        ),
        (
            {"type": "numeric", "field": "is_urgent", "comparison": "ne", "value": 0},
            [Criterion("partner_fields.is_urgent", "eq", "1")],
        ),
        (
            {"type": "date", "field": "create_time", "value": "9999-12-31 10:00:07"},
            [
                Criterion("created_at", "ge", at("9999-12-31T00:00:00")),
                Criterion("created_at", "le", at("9999-12-31T23:59:59.999999")),
            ],
        ),
    ],
)
def test_read(element, criteria):
    assert read(element) == criteria


@pytest.mark.parametrize(
    "element",
    [
        {"type": "string", "field": "contact", "value": ""},
        {"type": "string", "field": "contact"},
        {"type": "string", "field": "contact", "value": None},
        {"type": "list", "field": "status", "value": []},
        {"type": "numeric", "field": "id", "value": 7, "comparison": "like"},
        {"type": "string", "field": "product-client_ref", "value": "A"},
        {"type": "string", "field": ["contact"], "value": "A"},
        {"type": "date", "field": "contact", "value": "2024-03-01"},
        {"value": "A"},
    ],
)
def test_passed_over(element):
    assert read(element) == []


def test_all_conditions_hold():
    assert read({"field": "city", "value": "A"}, {"field": "county", "value": "B"}) == [
        Criterion("recipient.city", "in", ["A"]),
        Criterion("recipient.county", "in", ["B"]),
    ]


@pytest.mark.parametrize(
    ("comparison", "value", "criterion"),
    [
        ("eq", 0, Criterion("site_id", "is_null", True)),
        ("lt", -1, Criterion("site_id", "is_null", True)),
        ("gt", 0, Criterion("site_id", "ge", 0)),
        ("eq", 1, Criterion("site_id", "eq", 1)),
    ],
)
def test_zero_may_stand_for_not_set(comparison, value, criterion):
    element = {"type": "numeric", "field": "warehouse_id", "comparison": comparison, "value": value}

    assert read(element, includeNullFields="id, warehouse_id") == [criterion]
    assert read(element, includeNullFields="id") != [Criterion("site_id", "is_null", True)]


@pytest.mark.parametrize(
    ("name", "field"), [("finish_time", "finished_at"), ("delivery_reference", "tracking_number"), ("type", "type")]
)
def test_zero_may_stand_for_not_set_in_any_column(name, field):
    element = {"type": "numeric", "field": name, "value": "0"}

    assert read(element, includeNullFields=name) == [Criterion(field, "is_null", True)]
    day = {"type": "numeric", "field": "finish_time", "value": "2024-03-01"}
    assert read(day, includeNullFields="finish_time") == read(day)
    flag = {"type": "numeric", "field": "is_urgent", "value": 0}
    assert read(flag, includeNullFields="is_urgent") == read(flag)


def test_field_and_query():
    assert read(field="contact", query="A") == [Criterion("recipient.contact", "contains", "A")]
    assert read(field="nothing", query="A") == read(field="contact", query="") == []


@pytest.mark.parametrize(
    ("name", "operator", "value", "criteria"),
    [
        ("contact", "like", "A", [Criterion("recipient.contact", "contains", "A")]),
        ("contact", "=", "A", [Criterion("recipient.contact", "in", ["A"])]),
        ("contact", "<>", "A", [Criterion("recipient.contact", "ne", "A")]),
        ("id", "=", "7", [Criterion("id", "eq", 7)]),
        ("id", "!=", "7", [Criterion("id", "ne", 7)]),
        ("id", ">=", "7", [Criterion("id", "ge", 7)]),
        ("id", "<=", "7", [Criterion("id", "le", 7)]),
        ("id", ">", "7", [Criterion("id", "gt", 7)]),
        ("id", "<", "7", [Criterion("id", "lt", 7)]),
        ("update_time", "<", "2024-03-01", [Criterion("updated_at", "lt", at("2024-03-01"))]),
        ("update_time", ">", "2024-03-01", [Criterion("updated_at", "gt", at("2024-03-01T00:00:00.999999"))]),
        ("id", "; DROP TABLE orders; --", "7", []),
        ("nothing", "=", "7", []),
        ("id", "=", "", []),
    ],
)
def test_fields_operators_and_values(name, operator, value, criteria):
    second = [Criterion("recipient.city", "contains", "elf")]

    assert read(fields=name, operators=operator, values=value) == criteria
    assert read(fields=[name], operators=[operator], values=value) == criteria
    assert read(fields=[name, "city"], operators=[operator, "LIKE"], values=[value, "elf"]) == criteria + second
    assert read(fields=["city", name], operators=["LIKE", operator], values="elf") == second
    assert read(field="city", query="elf", fields=[name], operators=[operator], values=[value]) == second


def test_fields_and_operators_go_in_step():
    for fields, operators in ((["id"], []), ([], ["="]), (["id", "city"], ["="]), ("id", ["=", "="])):
        with pytest.raises(SearchWrong):
            read(fields=fields, operators=operators, values=["7"])
    fields = ["contact"] * (CONDITIONS_MAX + 1)
    assert len(read(fields=fields[1:], operators=["="] * CONDITIONS_MAX, values=fields)) == CONDITIONS_MAX
    with pytest.raises(ValueInvalid):
        read(fields=fields, operators=["="] * len(fields), values=fields)


def test_as_a_real_array():
    element = {"field": "contact", "value": "A"}

    for document in ([element], element):
        given = Parameters(form={}, query={}, route={}, document={"filter": document})
        assert filters.criteria(given, CONSIGNMENTS, zone=ZONE) == [Criterion("recipient.contact", "in", ["A"])]


def test_what_cannot_be_read():
    with pytest.raises(BodyMalformed):
        filters.elements("filter", "[{")
    for shape in ("[1]", '"a"', "7"):
        with pytest.raises(ValueInvalid):
            filters.elements("filter", shape)
    with pytest.raises(ValueInvalid):
        read({"type": "date", "field": "create_time", "value": "yesterday"})


def test_how_many_conditions():
    element = {"field": "contact", "value": "A"}

    assert len(read(*[element] * CONDITIONS_MAX)) == CONDITIONS_MAX
    with pytest.raises(ValueInvalid):
        read(*[element] * (CONDITIONS_MAX + 1))


def test_how_many_values_one_condition_lists():
    def ids(count: int):
        return read({"type": "list", "field": "id", "value": [7] * count})

    assert ids(VALUES_MAX) == [Criterion("id", "in", [7] * VALUES_MAX)]
    with pytest.raises(ValueInvalid):
        ids(VALUES_MAX + 1)


@pytest.mark.parametrize("type_", ["string", "list", None])
def test_how_long_a_value_is(type_):
    def asked(characters: int):
        return read({"type": type_, "field": "contact", "value": "a" * characters})

    assert len(asked(VALUE_CHARACTERS_MAX)) == 1
    with pytest.raises(ValueInvalid):
        asked(VALUE_CHARACTERS_MAX + 1)
