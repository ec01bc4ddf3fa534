"""The smallest carton that holds the goods, as far as their sizes are known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.bench.boxes import (
    CARTONS,
    CARTONS_MAX,
    NAME_CHARACTERS_MAX,
    SIDE_MM_MAX,
    Carton,
    cartons_of,
    read,
    suggest,
)
from crossdock.core.catalog.model import Product

NOW = datetime(2024, 8, 1, tzinfo=UTC)
SMALL = Carton(name="S", length_mm=100, width_mm=100, height_mm=100)
LONG = Carton(name="tube", length_mm=900, width_mm=100, height_mm=100)


def product(length_mm: int = 0, width_mm: int = 0, height_mm: int = 0, **more: Any) -> Product:
    sides = {"length_mm": length_mm, "width_mm": width_mm, "height_mm": height_mm}
    return Product(
        id=ProductId(1), account_id=AccountId(1), sku="A", name="a", created_at=NOW, updated_at=NOW, **sides, **more
    )


@pytest.mark.parametrize(
    ("goods", "carton"),
    [
        ([(product(50, 50, 50), 6)], "S"),  # 750 of 1000 cm3
        ([(product(50, 50, 50), 7)], "tube"),  # 875
        ([(product(100, 10, 100), 1)], "S"),
        ([(product(101, 10, 10), 1)], "tube"),
        ([(product(10, 900, 10), 1), (product(50, 50, 50), 1)], "tube"),
        ([(product(901, 10, 10), 1)], None),
        ([(product(partner_fields={"volume_cm3": "850"}), 1)], "S"),
        ([(product(partner_fields={"volume_cm3": "851"}), 1)], "tube"),
        ([], None),
    ],
)
def test_goods_go_into_the_smallest_carton_that_holds_them(goods: list[Any], carton: str | None) -> None:
    found = suggest([LONG, SMALL], goods)
    assert (None if found.carton is None else found.carton.name, found.unmeasured) == (carton, ())


def test_nothing_is_suggested_while_a_size_is_not_known() -> None:
    found = suggest(CARTONS, [(product(), 1), (product(50, 50, 50), 1)])
    assert (found.carton, found.unmeasured) == (None, ("A",))


def test_a_warehouse_has_its_own_cartons_or_the_usual_ones() -> None:
    own = {"name": "A", "length_mm": 10, "width_mm": 10, "height_mm": 10}
    assert [one.name for one in cartons_of({"cartons": [own]})] == ["A"]
    for wrong in ({}, {"cartons": "x"}, {"cartons": [{"name": "A"}]}, {"cartons": []}):
        assert cartons_of(wrong) == CARTONS


def cartons(count: int = 1, **more: Any) -> list[dict[str, Any]]:
    sides = {"length_mm": 10, "width_mm": 10, "height_mm": 10}
    return [{"name": f"C{position}", **sides, **more} for position in range(count)]


@pytest.mark.parametrize(
    ("given", "good"),
    [
        (cartons(CARTONS_MAX), True),
        (cartons(CARTONS_MAX + 1), False),
        (cartons(2, name="A"), False),
        (cartons(name="A" * NAME_CHARACTERS_MAX), True),
        (cartons(name="A" * (NAME_CHARACTERS_MAX + 1)), False),
        (cartons(name=""), False),
        (cartons(length_mm=SIDE_MM_MAX), True),
        (cartons(length_mm=SIDE_MM_MAX + 1), False),
        (cartons(width_mm=0), False),
        (cartons(weight_g=-1), False),
        (cartons(colour="brown"), False),
    ],
)
def test_a_carton_has_a_name_and_sides(given: list[dict[str, Any]], good: bool) -> None:
    if good:
        assert len(read(given)) == len(given)
    else:
        with pytest.raises(ValueError, match=r"."):
            read(given)
