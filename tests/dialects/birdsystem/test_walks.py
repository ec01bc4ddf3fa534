"""Every status of the contract, reached by what clients and the warehouse do, and seen by polling."""

from datetime import timedelta

import pytest

from crossdock.dialects.birdsystem import words
from tests.dialects.birdsystem.calls import NIKE, Erp, failure
from tests.dialects.birdsystem.floor import do

SERVICES = {"LOCAL": 5217, "DIRECT": 6101, "AGENT_DIRECT": 6102, "CLIENT_DIRECT": 6103, "FBA": 6104}
RECIPIENT = {
    "contact": "Alex Sample",
    "country_iso": "GB",
    "address_line1": "3 Example Close",
    "city": "Southport",
    "post_code": "PR9 0ZZ",
}
COLA = {
    "product_name": "cola",
    "product_name_cn": "可乐",
    "client_ref": "47-1",
    "price_customs_export": "14",
    "weight": "10",
    "quantity": 1,
    "product_customs_property[]": "1",
}
SHELF = [
    ("release to the floor", "WAIT_PICKING"),
    ("start picking", "PICKING"),
    ("start packing", "PROCESSING"),
    ("finish packing", "PROCESSING"),
]
WALKS = {
    "LOCAL": [("PENDING", "PENDING"), *SHELF, ("ship", "FINISHED")],
    "LOCAL in review": [
        ("PENDING", "PENDING"),
        ("hold", "REVIEWING"),
        ("release", "PENDING"),
        ("start picking", "PICKING"),
        ("hold", "REVIEWING"),
        ("ship", "FINISHED"),
    ],
    "LOCAL cancelled": [
        ("PENDING", "PENDING"),
        ("hold", "REVIEWING"),
        ("CANCELLED", "CANCELLED"),
        ("DELETE", "DELETED"),
    ],
    "LOCAL deleted": [("DELETE", "DELETED")],
    "FBA": [("PENDING", "PENDING"), *SHELF, ("ship", "FINISHED")],
    "DIRECT": [
        ("PENDING", "PENDING"),
        *SHELF,
        ("print the label", "ADDRESS_LABEL_PRINTED"),
        ("ship", "FINISHED"),
    ],
    "DIRECT without a label": [("PENDING", "PENDING"), *SHELF, ("ship", "FINISHED")],
    "AGENT_DIRECT": [
        ("PENDING", "PENDING"),
        ("print the label", "ADDRESS_LABEL_PRINTED"),
        ("ship", "FINISHED"),
    ],
    "AGENT_DIRECT in review": [("PENDING", "PENDING"), ("hold", "REVIEWING"), ("CANCELLED", "CANCELLED")],
    "CLIENT_DIRECT": [
        ("confirm", "CONFIRMED_BY_WAREHOUSE"),
        ("print the label", "ADDRESS_LABEL_PRINTED"),
        ("ship", "FINISHED"),
    ],
    "CLIENT_DIRECT in review": [("hold", "REVIEWING"), ("release", "PENDING"), ("CANCELLED", "CANCELLED")],
    "RETURN": [
        ("receive", "RECEIVED"),
        ("queue", "PENDING"),
        ("process", "PROCESSING"),
        ("ask", "WAITING_CLIENT_RESPOND"),
        ("WAITING_WAREHOUSE_RESPOND", "WAITING_WAREHOUSE_RESPOND"),
        ("process", "PROCESSING"),
        ("report a problem", "PROBLEM"),
        ("process", "PROCESSING"),
        ("hold", "REVIEWING"),
        ("finish", "FINISHED"),
    ],
    "RETURN announced": [
        ("PENDING", "PENDING"),
        ("receive", "RECEIVED"),
        ("queue", "PENDING"),
        ("hold", "REVIEWING"),
        ("release", "PENDING"),
        ("CANCELLED", "CANCELLED"),
        ("DELETE", "DELETED"),
    ],
}


async def begun(world, erp: Erp, type_: str):
    """A consignment with goods: PREPARING, or PENDING where the type knows nothing before."""
    if type_ == "CLIENT_DIRECT":
        [row] = (await erp.call("POST", BATCH, json={**RECIPIENT, **PACKED, "type": type_}))["data"]
        return row
    row = await erp.create(**RECIPIENT, type=type_, **(RETURNED if type_ == "RETURN" else {}), **by_service(type_))
    if type_ == "AGENT_DIRECT":
        answer = await erp.post("Agent-Direct-Consignment-Product", consignment_id=row["id"], **COLA)
        assert answer["success"], answer
    else:
        await erp.add(row)
    return row


BATCH = "/client/Consignment/Post-Pending-Consignment-With-Products-Json"
PACKED = {
    "delivery_service_id": 6103,
    "packages": [{"length": 1, "width": 1, "depth": 1, "weight": 1, "products": [{"name": "cup", "quantity": 1}]}],
}
RETURNED = {"return_consignment_action-id": 92}


def by_service(type_: str):
    return {"delivery_service_id": SERVICES.get(type_, "")}


async def step(world, erp: Erp, row, what: str):
    if what == "DELETE":
        assert (await erp.call("DELETE", f"/client/consignment/{row['id']}"))["success"]
    elif what in words.STATUSES:
        answer = await erp.set_status(what, row)
        assert answer["success"], answer
    else:
        await do(world, row, what)


@pytest.mark.parametrize("name", WALKS)
async def test_walk(world, name):
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    row = await begun(world, erp, name.split()[0])
    seen = [row["status"]]
    for what, status in WALKS[name]:
        await step(world, erp, row, what)
        [found] = await erp.find(id=row["id"])
        assert found["status"] == status, what
        assert [one["id"] for one in await erp.find(status=status, type=name.split()[0])] == [row["id"]]
        seen.append(status)
    assert seen[0] == ("PENDING" if name.startswith("CLIENT") else "PREPARING")
    await world.verified()


def test_the_walks_see_every_status():
    reached = {"PREPARING"} | {status for walk in WALKS.values() for _, status in walk}
    assert reached == set(words.STATUSES)


async def test_what_a_finished_return_printed_on_its_way(world):
    erp = Erp(world.client)
    row = await begun(world, erp, "RETURN")
    assert (row["delivery_service_id"], row["return_consignment_id"]) == (None, row["id"])
    assert (row["return_consignment_action_type"], row["return_consignment_action_name"]) == ("CONTAINER", "退货上架")
    assert {value for name, value in row.items() if name.startswith("delivery_service_")} == {None}
    for what, _ in WALKS["RETURN"]:
        await step(world, erp, row, what)
        world.clock.advance(timedelta(minutes=1))
    [found] = await erp.find()
    assert (found["arrive_time"], found["finish_time"]) == ("2024-08-02 07:10:41", "2024-08-02 07:19:41")
    assert found["consignment_feedback-note"] == "The box is torn."
    assert found["stock_status"] is None
    assert await world.rows("SELECT on_hand, allocated FROM stock") == [(1, 0)]


async def test_an_answer_that_nobody_asked_for(world):
    erp = Erp(world.client)
    row = await begun(world, erp, "LOCAL")
    assert await erp.set_status("WAITING_WAREHOUSE_RESPOND", row) == failure(
        f"Consignment {row['id']} can not be changed from PREPARING to WAITING_WAREHOUSE_RESPOND."
    )


async def test_an_erps_session(world):
    """Placed, filled, submitted, polled, cancelled; another one delivered, and its goods sent back."""
    erp = Erp(world.client)
    await world.stock("00131031", 3)

    first, second = [await erp.create(**RECIPIENT, sales_reference=f"EB-{n}") for n in (1, 2)]
    for row in (first, second):
        await erp.add(row, NIKE, 1)
    assert (await erp.set_status("PENDING", first, second))["success"]
    assert [row["sales_reference"] for row in await erp.find(status="PENDING", type="LOCAL")] == ["EB-1", "EB-2"]
    assert (await erp.post("Consignment/Batch-Update-Status", status="CANCELLED", sales_references="EB-2"))["success"]
    for what, _ in SHELF:
        await do(world, first, what)
    await do(world, first, "ship", tracking_number="JJD0002258212509047")
    [sent] = await erp.find(status="FINISHED")
    assert (sent["id"], sent["delivery_reference"]) == (first["id"], "JJD0002258212509047")
    assert [row["id"] for row in await erp.find(status="CANCELLED")] == [second["id"]]

    [action] = (await erp.call("GET", "/client/return-consignment-action"))["data"]
    back = await erp.create(
        type="RETURN",
        delivery_service_id="",
        sales_reference="EB-1",
        **{"return_consignment_action-id": action["id"]},
    )
    await erp.add(back, NIKE, 1)
    assert (await erp.set_status("PENDING", back))["success"]
    for what in ("receive", "queue", "process", "hold", "finish"):
        await do(world, back, what)
    [row] = await erp.find(type="RETURN", status="FINISHED")
    assert (row["sales_reference"], row["return_consignment_action_name"]) == ("EB-1", action["name"])
    assert await world.rows("SELECT on_hand, allocated FROM stock") == [(3, 0)]
    await world.verified()
