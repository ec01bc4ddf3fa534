"""The page's answer to `GET /client/consignment?status=FINISHED`, both rows, field for field.

The person in it is invented; every other value is the page's. The goods' size and the counter of the day are
arranged, everything else is done by calls and by the warehouse's own commands.
"""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders import commands as orders
from tests.dialects.birdsystem.calls import LOCKER, NIKE, Erp

SAMPLE = Path(__file__).with_name("finished_consignments.json")
ZONE = ZoneInfo("Asia/Shanghai")
COPIES = ("2007100360000006", "2007120360000002", "2007140360000001", "2007140360000002")
MORE_COPIES = ("2007140360000005", "2007140360000008", "2007140360000009")
WANTED = {
    "delivery_service_id": LOCKER,
    "type": "LOCAL",
    "contact": "Alex Sample",
    "address_line1": "3 Example Close",
    "city": "Telford",
    "county": "Shropshire",
    "post_code": "tf13hx",
    "country_iso": "GB",
    "telephone": "01632960123",
    "email": "alex.sample@example.com",
    "customs_price": "1",
    "neighbour_instruction": "\n".join(f"copy from consignment {number}" for number in COPIES + MORE_COPIES),
}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2020-10-29T{clock}").replace(tzinfo=ZONE)


async def test_the_sample_of_the_page(world):
    erp = Erp(world.client)
    await world.stock("00131031", 2)
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "UPDATE product SET weight_g = 2000, length_mm = 20, width_mm = 20, height_mm = 20 WHERE id = %(id)s",
            id=NIKE,
        )
        await tx.execute("INSERT INTO order_counter (company_id, day, last) VALUES (36, '2020-10-29', 88)")
    consignments = []
    for clock in ("12:09:31", "12:10:23"):
        world.clock.set(at(clock))
        consignments.append(await erp.create(**WANTED))
        await erp.add(consignments[-1])
    await erp.set_status("PENDING", *consignments)
    for clock, do in (("14:04:13", _ship), ("14:05:50", _hand_over)):
        world.clock.set(at(clock))
        for position, consignment in enumerate(consignments):
            async with world.desk.database.transaction() as tx:
                await do(tx, consignment["id"], f"JJD000225821250904{7 + position}")

    answer = await erp.call("GET", "/client/consignment", params={"status": "FINISHED"})

    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    assert answer == sample
    assert [list(row) for row in answer["data"]] == [list(row) for row in sample["data"]]
    assert len(answer["data"][0]["neighbour_instruction"]) == 255
    query = {"status": "FINISHED", "type": "LOCAL", "limit": 1}
    answer = await erp.call("GET", "/client/consignment", params=query)
    assert answer == sample | {"data": sample["data"][:1]}


async def _ship(tx, order_id: int, tracking_number: str) -> None:
    for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
        await step(tx, account_id=47, order_id=order_id)
    await fulfilment.ship(tx, account_id=47, order_id=order_id, tracking_number=tracking_number)


async def _hand_over(tx, order_id: int, _: str) -> None:
    order = await orders.locked(tx, account_id=47, order_id=order_id)
    await orders.advance(tx, order, to="delivered", dialect="house", actor="")
