"""Many lines are placed, received and shipped with as many statements as one line is."""

import pytest

from crossdock.core.fulfilment import commands as outbound
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from tests import statements
from tests.core.fulfilment.conftest import Floor
from tests.world import ACCOUNT

LINES = 60
PRODUCTS = """
INSERT INTO product (account_id, sku, name, created_at, updated_at)
SELECT %(account_id)s, 'L-' || number, 'line', now(), now() FROM generate_series(1, %(count)s) AS number
"""


@pytest.fixture
async def goods(floor: Floor) -> dict[str, int]:
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute(PRODUCTS, account_id=ACCOUNT, count=LINES)
    return {f"L-{number}": 2 for number in range(1, LINES + 1)}


async def sent_by(floor: Floor, lines: dict[str, int], number: str) -> dict[str, int]:
    """Statements of each command on an order of these lines."""
    sent = {}
    coming = await floor.world.order(f"I-{number}", lines=lines, kind="inbound", state="announced", dialect="hongxun")
    receipts = counted({str(line_no): 2 for line_no in range(1, len(lines) + 1)})
    with statements.listed() as listed:
        await floor.do(inbound.receive, coming, receipts=receipts)
    sent["receive"] = len(listed)
    with statements.listed() as listed:
        going = await floor.world.order(f"N-{number}", lines=lines, state="allocated")
    sent["place"] = len(listed)
    for step in (outbound.start_picking, outbound.start_packing, outbound.finish_packing):
        await floor.do(step, going)
    with statements.listed() as listed:
        await floor.do(outbound.ship, going)
    sent["ship"] = len(listed)
    return sent


async def test_many_lines_take_as_many_statements_as_one(floor: Floor, goods: dict[str, int]) -> None:
    one = await sent_by(floor, {"L-1": 2}, "1")

    many = await sent_by(floor, goods, "2")

    assert many == one
    assert {row[2:] for row in await floor.on_shelf()} == {(0, 0)}, "all of it came, and all of it left"
    await floor.world.verified()
