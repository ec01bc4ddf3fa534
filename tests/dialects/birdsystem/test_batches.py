"""What Batch-Update-Status names."""

import pytest

from crossdock.dialects.birdsystem.batches import NAMED_MAX, status_change
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters


def change(**values):
    return status_change(Parameters(form=values, query={}, route={}, document={}))


@pytest.mark.parametrize(
    ("given", "by", "names"),
    [
        ({"ids": "1_2_1"}, "ids", ("1", "2")),
        ({"ids": 1904160360000015}, "ids", ("1904160360000015",)),
        ({"ids": ["1", 2]}, "ids", ("1", "2")),
        ({"ids": "_1__"}, "ids", ("1",)),
        ({"sales_references": "a b|c_d"}, "sales_references", ("a b", "c_d")),
        ({"custom_identity_references": "a|b"}, "custom_identity_references", ("a", "b")),
        ({"custom_identity_reference": "a|b"}, "custom_identity_references", ("a", "b")),
        ({"ids": "", "sales_references": "a"}, "sales_references", ("a",)),
    ],
)
def test_three_ways_to_name(given, by, names):
    found = change(status="pending", **given)

    assert (found.target, found.by, found.names) == ("PENDING", by, names)


@pytest.mark.parametrize("given", [{}, {"status": "PENDING"}, {"ids": "1"}, {"status": "PENDING", "ids": "_"}])
def test_missing(given):
    with pytest.raises(ValueRequired):
        change(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"status": "FINISHED", "ids": "1"},
        {"status": "PENDING", "ids": "1", "sales_references": "a"},
        {"status": "PENDING", "ids": {"a": 1}},
    ],
)
def test_wrong(given):
    with pytest.raises(ValueInvalid):
        change(**given)


def test_how_many_one_call_may_name():
    ids = [str(number) for number in range(NAMED_MAX + 1)]

    assert len(change(status="PENDING", ids="_".join(ids[:-1])).names) == NAMED_MAX
    with pytest.raises(ValueInvalid):
        change(status="PENDING", ids="_".join(ids))
