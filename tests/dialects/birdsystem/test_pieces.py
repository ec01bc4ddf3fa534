"""Consignment-Parcel-Piece, return-consignment-action and Fix-Consignment-Measure-Info through the front door."""

import pytest

from crossdock.dialects.birdsystem.parcels import SERIAL_MAX
from tests.dialects.birdsystem.calls import NIKE, Erp, failure
from tests.dialects.birdsystem.floor import do

PIECE = {"serial": 0, "weight": "500", "length": 10, "width": "20.5", "depth": 30}


async def put(erp: Erp, consignment, **changes):
    return await erp.post("Consignment-Parcel-Piece", **(PIECE | {"consignment_id": consignment["id"]} | changes))


async def listed(erp: Erp, **query):
    return await erp.call("GET", "/client/Consignment-Parcel-Piece", params=query)


async def test_pieces_are_kept_and_listed_by_serial(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    second = (await put(erp, consignment, serial=1, reference="B", delivery_reference="T-2", description="d" * 51))[
        "data"
    ]
    first = (await put(erp, consignment))["data"]

    assert first.pop("id") > 0
    assert first == {
        "serial": "0",
        "consignment_id": consignment["id"],
        "reference": None,
        "delivery_reference": None,
        "weight": "500.00",
        "length": "10.00",
        "width": "20.50",
        "depth": "30.00",
        "description": None,
        "create_time": "2024-08-02 07:10:41",
        "primary_keys": ["id"],
    }
    assert (second["reference"], second["delivery_reference"], second["description"]) == ("B", "T-2", "d" * 50)
    answer = await listed(erp, consignment_id=consignment["id"])
    assert (answer["total"], [row["serial"] for row in answer["data"]]) == (2, ["0", "1"])
    answer = await listed(erp, consignment_id=consignment["id"], reference="B")
    assert answer["data"] == [second]
    assert (await listed(erp, id=second["id"]))["data"] == [second]
    assert (await listed(erp, consignment_id=7))["data"] == (await listed(erp, id=7))["data"] == []
    assert await listed(erp) == failure("Value is required and can't be empty: consignment_id")


async def test_changed_by_id(world):
    erp = Erp(world.client)
    consignment, other = await erp.create(), await erp.create()
    piece = (await put(erp, consignment))["data"]
    await put(erp, consignment, serial=1)
    changed = (await put(erp, other, id=piece["id"], weight=600, serial=5))["data"]

    assert changed == piece | {"weight": "600.00", "serial": "5"}
    assert await put(erp, consignment, id=piece["id"], serial=1) == failure("Invalid value for serial")
    assert await put(erp, consignment, id=7) == failure("can't find the record")
    assert await put(erp, consignment, id="x") == failure("Invalid value for id")


@pytest.mark.parametrize("field", ["serial", "consignment_id", "weight", "length", "width", "depth"])
async def test_required(world, field):
    erp = Erp(world.client)
    assert await put(erp, await erp.create(), **{field: ""}) == failure(
        f"Value is required and can't be empty: {field}"
    )


async def test_refused(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    await put(erp, consignment)
    for changes, text in (
        ({"serial": 0}, "Invalid value for serial"),
        ({"serial": SERIAL_MAX + 1}, "Invalid value for serial"),
        ({"serial": 1, "weight": "much"}, "Invalid value for weight"),
        ({"serial": 1, "reference": "x" * 51}, "Invalid value for reference"),
        ({"serial": 1, "consignment_id": 7}, "Consignment with id 7 does not belong to you."),
    ):
        assert await put(erp, consignment, **changes) == failure(text)
    assert (await put(erp, consignment, serial=SERIAL_MAX, reference="x" * 50))["success"]


async def test_what_is_over_is_not_split(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    await erp.set_status("CANCELLED", consignment)
    assert await put(erp, consignment) == failure("What has left, or never will, is not split into parcels any more.")


async def test_what_can_be_done_with_returned_goods(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO return_action (id, company_id, name, type, cost, active)"
            " VALUES (93, 36, '销毁', 'DISPOSE', 1.5, false)"
        )
    path = "/client/return-consignment-action"
    answer = await erp.call("GET", path)
    assert answer["total"] == 2
    assert answer["data"][0] == {
        "id": 92,
        "company_id": 36,
        "name": "退货上架",
        "cost": "0.000",
        "weight_unit_price": "0.000",
        "volume_unit_price": "0.000",
        "sku_unit_price": "0.000",
        "product_unit_price": "0.000",
        "type": "CONTAINER",
        "return_consignment_type": "SINGLE",
        "status": "ACTIVE",
        "primary_keys": ["id"],
    }
    assert (answer["data"][1]["cost"], answer["data"][1]["status"]) == ("1.500", "DELETED")
    assert [row["id"] for row in (await erp.call("GET", path, params={"type": "dispose"}))["data"]] == [93]
    assert [row["id"] for row in (await erp.call("GET", f"{path}/92"))["data"]] == [92]


RETURN = {"type": "RETURN", "delivery_service_id": ""}
ACTION, ACTION_TYPE = "return_consignment_action-id", "return_consignment-return_consignment_action_type"


async def test_how_a_return_says_what_is_to_be_done(world):
    erp = Erp(world.client)
    for said in ({ACTION: 92}, {ACTION_TYPE: "container"}):
        row = await erp.create(**RETURN, **said)
        assert row["return_consignment_action_name"] == "退货上架"
    for said, text in (
        ({}, f"Value is required and can't be empty: {ACTION}"),
        ({ACTION: 93}, f"Invalid value for {ACTION}"),
        ({ACTION_TYPE: "DISPOSE"}, f"Invalid value for {ACTION_TYPE}"),
        ({ACTION_TYPE: "burn"}, f"Invalid value for {ACTION_TYPE}"),
    ):
        form = {"contact": "A", "country_iso": "GB", **RETURN, **said}
        assert await erp.post("consignment", **form) == failure(text)


async def test_another_action_while_it_is_preparing(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO return_action (id, company_id, name, type) VALUES (93, 36, 'x', 'CHECK')")
    row = await erp.create(**RETURN, **{ACTION: 92})
    changed = await erp.post(f"consignment/{row['id']}", **{ACTION: 93})
    assert changed["data"]["return_consignment_action_type"] == "CHECK"
    assert (await erp.find())[0]["return_consignment_action_name"] == "x"


MEASURE = {"length": 10, "width": 20, "depth": "30.5", "weight": "501"}


async def labelled(world, erp: Erp, type_: str = "DIRECT", service: int = 6101):
    await world.stock("00131031", 1)
    row = await erp.create(type=type_, delivery_service_id=service)
    await erp.add(row, NIKE)
    await erp.set_status("PENDING", row)
    for step in ("start picking", "start packing", "finish packing", "print the label")[
        : 4 if type_ == "DIRECT" else 3
    ]:
        await do(world, row, step)
    return row


async def fix(erp: Erp, row, **changes):
    return await erp.post("Consignment/Fix-Consignment-Measure-Info", **({"id": row["id"]} | MEASURE | changes))


async def test_a_parcel_is_measured_anew(world):
    erp = Erp(world.client)
    row = await labelled(world, erp)

    assert await fix(erp, row, weight=500) == failure("Only allow update weight to bigger.")
    assert await fix(erp, row) == {"success": True}
    assert await fix(erp, row) == failure("Only allow update weight to bigger.")
    [found] = await erp.find()
    assert [found[name] for name in ("length", "width", "depth", "total_weight", "total_volume")] == [
        "10.00",
        "20.00",
        "30.50",
        501,
        "6100.00",
    ]


async def test_others_are_not_measured_anew(world):
    erp = Erp(world.client)
    text = "Only DIRECT and AGENT_DIRECT consignments in ADDRESS_LABEL_PRINTED are measured anew."
    assert await fix(erp, await erp.create(type="DIRECT", delivery_service_id=6101)) == failure(text)
    assert await fix(erp, await labelled(world, erp, "LOCAL", 5217)) == failure(text)
    assert await fix(erp, {"id": 7}) == failure("can't find the record")
    row = await labelled(world, erp)
    for field in ("id", *MEASURE):
        assert await fix(erp, row, **{field: ""}) == failure(f"Value is required and can't be empty: {field}")
    assert await fix(erp, row, width="wide") == failure("Invalid value for width")
