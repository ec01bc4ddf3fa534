"""List parameters: what is asked of the core for each of them."""

import pytest

from crossdock.base.errors import BodyMalformed
from crossdock.core.search import Criterion, SortKey
from crossdock.dialects.birdsystem import listing
from crossdock.dialects.birdsystem.columns import NUMBER_MAX
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.listing import ALL_MAX, LIMIT_DEFAULT, LIMIT_MAX, Page
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.dialects.birdsystem.tables import CONSIGNMENTS


def given(**values) -> Parameters:
    return Parameters(form={}, query=values, route={}, document={})


@pytest.mark.parametrize(
    ("limit", "used"),
    [
        ("1", 1),
        (str(LIMIT_MAX), LIMIT_MAX),
        (str(LIMIT_MAX + 1), LIMIT_DEFAULT),
        ("0", LIMIT_DEFAULT),
        ("", LIMIT_DEFAULT),
        (None, LIMIT_DEFAULT),
        ("ten", LIMIT_DEFAULT),
        ("-2", LIMIT_DEFAULT),
        ("9" * 30, LIMIT_DEFAULT),
        (20, 20),
        ("-1", ALL_MAX + 1),
        (-1, ALL_MAX + 1),
    ],
)
def test_limit(limit, used):
    assert listing.page(given(limit=limit)) == Page(0, used)


def test_how_many_rows_one_answer_holds():
    assert listing.bounded([0] * ALL_MAX) == [0] * ALL_MAX
    with pytest.raises(ValueInvalid):
        listing.bounded([0] * (ALL_MAX + 1))


@pytest.mark.parametrize(("start", "used"), [("7", 7), (7, 7), ("-1", 0), ("x", 0), ("", 0), (None, 0), ("1.5", 0)])
def test_start(start, used):
    assert listing.page(given(start=start)).start == used


@pytest.mark.parametrize(
    ("asked", "criterion"),
    [
        ({"status": "pending"}, Criterion("state", "in", ["pending", "allocated"])),
        ({"status": "FINISHED"}, Criterion("state", "in", ["shipped", "delivered", "returned", "finished"])),
        ({"status": ["PICKING", "PENDING"]}, Criterion("state", "in", ["picking", "pending", "allocated"])),
        ({"status": "RECEIVED"}, Criterion("state", "in", ["received"])),
        ({"status": "NEW"}, Criterion("state", "in", [])),
        ({"type": "fba"}, Criterion("type", "in", ["FBA"])),
        ({"id": "2010290360000089"}, Criterion("id", "in", [2010290360000089])),
        ({"id": 2010290360000089}, Criterion("id", "in", [2010290360000089])),
        ({"id": "abc"}, Criterion("id", "in", [0])),
        ({"id": "9" * 19}, Criterion("id", "in", [NUMBER_MAX])),
        ({"consignment_product_reference": "2989068"}, Criterion("product_id", "in", [2989068])),
        ({"sales_reference": 2}, Criterion("reference", "in", ["2"])),
        ({"delivery_reference": "J1"}, Criterion("tracking_number", "in", ["J1"])),
        ({"post_code": "tf13hx"}, Criterion("recipient.post_code", "in", ["tf13hx"])),
        ({"contact": "Alex"}, Criterion("recipient.contact", "in", ["Alex"])),
        ({"sales_order_id": "5"}, Criterion("partner_fields.sales_order_id", "in", ["5"])),
        (
            {"custom_identity_reference": "ERP-1"},
            Criterion("partner_fields.custom_identity_reference", "in", ["ERP-1"]),
        ),
    ],
)
def test_plain_columns(asked, criterion):
    assert listing.criteria(given(**asked), CONSIGNMENTS, zone="UTC") == [*CONSIGNMENTS.own, criterion]


@pytest.mark.parametrize(
    "asked", [{}, {"status": "", "id": "", "contact": ""}, {"_dc": "1", "page": "2"}, {"city": "Telford"}]
)
def test_empty_and_unknown_parameters_do_not_filter(asked):
    assert listing.criteria(given(**asked), CONSIGNMENTS, zone="UTC") == [*CONSIGNMENTS.own]


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        (None, []),
        ('[{"property":"update_time","direction":"DESC"}]', [SortKey("updated_at", True)]),
        (
            '[{"property":"contact","direction":"asc"},{"property":"id","direction":"desc"}]',
            [SortKey("recipient.contact"), SortKey("id", True)],
        ),
        ([{"property": "create_time"}], [SortKey("created_at")]),
        ('{"property":"id"}', [SortKey("id")]),
        ('[{"property":"nothing"},{"direction":"DESC"}]', []),
        ('[{"property":"id"},{"property":"id","direction":"DESC"}]', [SortKey("id")]),
    ],
)
def test_sort(sort, keys):
    assert listing.sort(given(sort=sort), CONSIGNMENTS) == keys


def test_sort_that_cannot_be_read():
    with pytest.raises(BodyMalformed):
        listing.sort(given(sort="[{"), CONSIGNMENTS)
    with pytest.raises(ValueInvalid):
        listing.sort(given(sort="[1]"), CONSIGNMENTS)


def test_selected_columns_always_hold_the_key():
    assert listing.selected(given()) is None
    assert listing.selected(given(selectFields="status, type")) == {"id", "status", "type"}
