"""Which stock goes out first is a setting of the place."""

from datetime import date

import pytest

from crossdock.core.orders.model import NewLine
from crossdock.core.stock.errors import OutOfStock
from tests.core.orders.conftest import Counter, with_lines
from tests.world import WAREHOUSE

SKU = "00131031"
LOTS = {"C": date(2024, 8, 3), "A": None, "B": date(2024, 8, 2), "E": date(2024, 8, 1)}
"""In the order they came in, and the last good day of each. It is the 2nd of August in Guangzhou."""


@pytest.fixture
async def shelf(counter: Counter) -> Counter:
    for lot, expires_on in LOTS.items():
        await counter.world.stock(SKU, 1, lot=lot)
        await counter.world.rows(
            "UPDATE stock SET expires_on = %(day)s WHERE lot = %(lot)s RETURNING id", day=expires_on, lot=lot
        )
    return counter


async def rule(counter: Counter, name: str) -> None:
    await counter.world.rows(
        "UPDATE site SET settings = jsonb_build_object('allocation', %(name)s::text)"
        " WHERE id = %(site)s RETURNING id",
        name=name,
        site=WAREHOUSE,
    )


async def went_out(counter: Counter, pieces: int) -> list[str]:
    """One piece after the other; the lots in the order they were set aside."""
    for number in range(pieces):
        await counter.placed(counter.reserving(f"N-{number}", {SKU: 1}))
    rows = await counter.world.rows(
        "SELECT s.lot FROM stock_move m JOIN stock s ON s.id = m.stock_id WHERE m.allocated > 0 ORDER BY m.id"
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("name", "lots"), [("", "ABCE"), ("lot", "ABCE"), ("fifo", "CABE"), ("fefo", "BCA"), ("no rule", "ABCE")]
)
async def test_each_rule_has_its_order(shelf: Counter, name: str, lots: str) -> None:
    await rule(shelf, name)
    assert "".join(await went_out(shelf, len(lots))) == lots
    await shelf.world.verified()


async def test_what_has_expired_never_goes_out_by_fefo_though_it_is_asked_for(shelf: Counter) -> None:
    await rule(shelf, "fefo")
    refused = await shelf.refused(shelf.reserving("N-1", {SKU: 4}))
    assert isinstance(refused, OutOfStock)
    assert refused.facts["available"] == 3
    lot = NewLine(line_key="1", sku=SKU, quantity=1, lot="E")
    wanted = with_lines("N-2", lot, state="allocated", sub_inventory_id=shelf.owner)
    assert isinstance(await shelf.refused(wanted), OutOfStock)
    await rule(shelf, "fifo")
    await shelf.placed(wanted)


async def test_another_condition_than_asked_never_goes_out_by_fefo(shelf: Counter) -> None:
    await rule(shelf, "fefo")
    await shelf.world.rows("UPDATE stock SET condition = 'defective' WHERE lot = 'B' RETURNING id")
    assert await went_out(shelf, 2) == ["C", "A"]
    broken = NewLine(line_key="1", sku=SKU, quantity=1, condition="defective")
    await shelf.placed(with_lines("N-9", broken, state="allocated", sub_inventory_id=shelf.owner))
    assert (await went_out(shelf, 0))[-1] == "B"


async def test_the_clock_of_the_place_says_what_has_expired(shelf: Counter) -> None:
    """At the same moment the 1st of August is not over yet west of the Atlantic."""
    await rule(shelf, "fefo")
    await shelf.world.rows(
        "UPDATE site SET zone = 'America/New_York' WHERE id = %(site)s RETURNING id", site=WAREHOUSE
    )
    assert await went_out(shelf, 1) == ["E"]
