"""Goods that a seller announces, and what becomes of them."""

import json
from typing import Any

import pytest

from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders.model import INBOUND_MOVES
from crossdock.dialects.birdsystem import arrivals, dispatches
from tests.dialects.birdsystem.calls import NIKE, PHONE, Erp, failure
from tests.world import ACCOUNT, World

PATH = "/client/Client-Dispatch-Upload/Client-Dispatch-Json"
WAREHOUSE = 80
GOODS = {
    "client_dispatch_container_reference": "BOX-1",
    "client_dispatch_container_type_code": "BIG",
    "client_dispatch_container_weight": "12000",
    "product_id": NIKE,
    "quantity": 10,
}
LEAST = {
    "type": "NORMAL",
    "warehouse_id_origination": 7,
    "warehouse_id_destination": WAREHOUSE,
    "client_dispatch_container_product_list": [GOODS],
}


@pytest.fixture
def erp(world: World) -> Erp:
    return Erp(world.client)


async def upload(erp: Erp, *dispatches_: dict[str, Any]) -> Any:
    return await erp.call("POST", PATH, json=list(dispatches_))


async def uploaded(erp: Erp, **changes: Any) -> dict[str, Any]:
    answer = await upload(erp, LEAST | changes)
    assert answer["success"], answer
    [row] = answer["data"]
    return row


async def receive(world: World, row: dict[str, Any], **pieces: int) -> None:
    async with world.desk.database.transaction() as tx:
        await inbound.receive(
            tx, account_id=ACCOUNT, order_id=row["id"], receipts=counted({key[1:]: n for key, n in pieces.items()})
        )


async def test_all_that_was_said_is_in_the_row(erp) -> None:
    row = await uploaded(
        erp,
        type="normal",
        status="dispatched",
        final_freight_method="SEA",
        sea_trans_calc_fee_method="VOLUME",
        warehouse_dispatch_freight_id="5",
        delivery_time="2024-08-09",
        is_use_whole_warehouse_dispatch_freight="1",
        client_dispatch_delivery_type_id=3,
        client_dispatch_delivery_type_code="DDP",
        client_vat_number_id=9,
        reference="R-1",
        delivery_reference="MAERSK-1",
        note="n" * 300,
        client_dispatch_final_address_contact="Alex Sample",
        client_dispatch_final_address_country_iso="gb",
        some_other_field="passed over",
    )
    address = {f"client_dispatch_final_address_{name}": None for name in ("business_name", "email", "telephone")}
    assert row["id"] > 10**15
    assert row == {
        "id": row["id"],
        "company_id": 36,
        "client_id": 47,
        "type": "NORMAL",
        "status": "DISPATCHED",
        "warehouse_id_origination": 7,
        "warehouse_id_destination": WAREHOUSE,
        "warehouse_dispatch_freight_id": 5,
        "client_dispatch_delivery_type_id": 3,
        "client_vat_number_id": 9,
        "reference": "R-1",
        "delivery_reference": "MAERSK-1",
        "final_freight_method": "SEA",
        "sea_trans_calc_fee_method": "VOLUME",
        "client_dispatch_delivery_type_code": "DDP",
        "delivery_time": "2024-08-09",
        "is_use_whole_warehouse_dispatch_freight": "1",
        "note": "n" * 255,
        **address,
        "client_dispatch_final_address_contact": "Alex Sample",
        "client_dispatch_final_address_address_line1": None,
        "client_dispatch_final_address_address_line2": None,
        "client_dispatch_final_address_address_line3": None,
        "client_dispatch_final_address_city": None,
        "client_dispatch_final_address_county": None,
        "client_dispatch_final_address_post_code": None,
        "client_dispatch_final_address_country_iso": "GB",
        "quantity": "10",
        "client_dispatch_container_product_list": [
            {
                "id": row["client_dispatch_container_product_list"][0]["id"],
                "client_dispatch_container_reference": "BOX-1",
                "client_dispatch_container_type_code": "BIG",
                "client_dispatch_container_weight": "12000.00",
                "product_id": NIKE,
                "quantity": "10",
                "quantity_received": "0",
            }
        ],
        "create_time": "2024-08-02 07:10:41",
        "update_time": "2024-08-02 07:10:41",
        "finish_time": None,
        "primary_keys": ["id"],
    }


async def test_the_goods_come_in_and_can_be_sold(world, erp) -> None:
    row = await uploaded(erp, status="DISPATCHED")
    await receive(world, row, _1=9)
    [(on_hand,)] = await world.rows("SELECT sum(on_hand)::int FROM stock WHERE product_id = %(id)s", id=NIKE)
    assert on_hand == 9
    await world.verified()
    answer = await upload(erp, {"id": row["id"], "note": "late"})
    assert answer == failure(
        f"Client dispatch {row['id']} is PROCESSING, it can be changed while it is PREPARING only."
    )
    async with world.desk.database.transaction() as tx:
        await inbound.close_inbound(tx, account_id=ACCOUNT, order_id=row["id"])
    [row] = (await upload(erp, {"id": row["id"]}))["data"]
    assert row["status"] == "FINISHED"
    assert row["client_dispatch_container_product_list"][0]["quantity_received"] == "9"
    await world.verified()


async def test_all_or_none_in_the_order_given(world, erp) -> None:
    foreign = {**GOODS, "product_id": 1}
    answer = await upload(erp, LEAST, LEAST | {"client_dispatch_container_product_list": [foreign]})
    assert answer == failure("Product with id 1 does not belong to you.")
    assert await world.rows("SELECT 1 FROM orders") == []

    answer = await upload(erp, LEAST | {"reference": "a"}, LEAST | {"reference": "b"})
    assert [row["reference"] for row in answer["data"]] == ["a", "b"]


async def test_one_product_in_two_containers_is_two_lines(erp) -> None:
    other = GOODS | {"client_dispatch_container_reference": "BOX-2", "quantity": 1}
    row = await uploaded(erp, client_dispatch_container_product_list=[GOODS, other])
    assert row["quantity"] == "11"
    found = row["client_dispatch_container_product_list"]
    assert [one["client_dispatch_container_reference"] for one in found] == ["BOX-1", "BOX-2"]


async def test_an_update_changes_what_is_given(erp) -> None:
    row = await uploaded(erp, reference="R-1", note="first", final_freight_method="SEA")
    changed = await upload(
        erp,
        {
            "id": str(row["id"]),
            "note": "second",
            "client_dispatch_container_product_list": [{"product_id": PHONE, "quantity": 2}],
        },
    )
    [after] = changed["data"]
    assert (after["note"], after["reference"], after["final_freight_method"]) == ("second", "R-1", "SEA")
    [goods] = after["client_dispatch_container_product_list"]
    assert (goods["product_id"], goods["quantity"], after["quantity"]) == (PHONE, "2", "2")


@pytest.mark.parametrize(
    ("type_", "announced"),
    [
        ("NORMAL", "DISPATCHED"),
        ("CLIENT_TRANSFER", "DISPATCHED"),
        ("DIRECT", "DISPATCHED"),
        ("WAREHOUSE_TRANSFER", "PENDING"),
        ("SPONTANEOUS", "PENDING"),
    ],
)
async def test_there_and_back(erp, type_: str, announced: str) -> None:
    row = await uploaded(erp, type=type_, warehouse_id_origination=WAREHOUSE)
    assert row["status"] == "PREPARING"
    for status in (announced, "PREPARING", announced, announced, "PREPARING", "DELETED", "DELETED"):
        [after] = (await upload(erp, {"id": row["id"], "status": status}))["data"]
        assert after["status"] == status
    answer = await upload(erp, {"id": row["id"], "status": "PREPARING"})
    assert answer == failure(f"Client dispatch {row['id']} can not be changed from DELETED to PREPARING.")


async def test_a_rejected_one_is_prepared_again(world, erp) -> None:
    row = await uploaded(erp, status="DISPATCHED")
    async with world.desk.database.transaction() as tx:
        await inbound.reject_inbound(tx, account_id=ACCOUNT, order_id=row["id"], reason="no label")
    [after] = (await upload(erp, {"id": row["id"]}))["data"]
    assert after["status"] == "REJECTED"
    assert await upload(erp, {"id": row["id"], "status": "DISPATCHED"}) == failure(
        f"Client dispatch {row['id']} can not be changed from REJECTED to DISPATCHED."
    )
    [after] = (await upload(erp, {"id": row["id"], "status": "PREPARING", "note": "with a label"}))["data"]
    assert (after["status"], after["note"]) == ("PREPARING", "with a label")
    await world.verified()


async def test_goods_of_an_announced_one_are_fixed(erp) -> None:
    row = await uploaded(erp, status="DISPATCHED")
    fixed = failure(f"Client dispatch {row['id']} is DISPATCHED, it can be changed while it is PREPARING only.")
    assert await upload(erp, {"id": row["id"], "client_dispatch_container_product_list": [GOODS]}) == fixed
    assert await upload(erp, {"id": row["id"], "note": "x"}) == fixed
    assert (await upload(erp, {"id": row["id"]}))["success"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": ""}, "Value is required and can't be empty: type"),
        ({"type": "AIR"}, "Invalid value for type"),
        ({"warehouse_id_destination": ""}, "Value is required and can't be empty: warehouse_id_destination"),
        ({"warehouse_id_destination": 12}, "Invalid value for warehouse_id_destination"),
        ({"warehouse_id_destination": 999}, "Invalid value for warehouse_id_destination"),
        ({"warehouse_id_origination": ""}, "Value is required and can't be empty: warehouse_id_origination"),
        ({"type": "DIRECT"}, "Invalid value for warehouse_id_origination"),
        ({"status": "FINISHED"}, "Invalid value for status"),
        ({"status": "DELETED"}, "Invalid value for status"),
        ({"status": "DISPATCHED", "client_dispatch_container_product_list": []},
         "Value is required and can't be empty: client_dispatch_container_product_list"),
        ({"reference": "r" * 51}, "Invalid value for reference"),
        ({"delivery_time": "2024-02-30"}, "Invalid value for delivery_time"),
        ({"delivery_time": "soon"}, "Invalid value for delivery_time"),
        ({"client_dispatch_final_address_country_iso": "XX"},
         "Invalid value for client_dispatch_final_address_country_iso"),
        ({"client_dispatch_container_product_list": {"product_id": 1}},
         "Invalid value for client_dispatch_container_product_list"),
        ({"client_dispatch_container_product_list": [1]}, "Invalid value for client_dispatch_container_product_list"),
        ({"client_dispatch_container_product_list": [{"quantity": 1}]},
         "Value is required and can't be empty: product_id"),
        ({"client_dispatch_container_product_list": [{"product_id": 1}]},
         "Value is required and can't be empty: quantity"),
        ({"client_dispatch_container_product_list": [GOODS | {"quantity": 0}]}, "Invalid value for quantity"),
        ({"client_dispatch_container_product_list": [GOODS | {"quantity": 1_000_001}]}, "Invalid value for quantity"),
        ({"client_dispatch_container_product_list": [GOODS | {"client_dispatch_container_weight": "100000000"}]},
         "Invalid value for client_dispatch_container_weight"),
        ({"client_dispatch_container_product_list": [GOODS | {"client_dispatch_container_reference": "r" * 51}]},
         "Invalid value for client_dispatch_container_reference"),
        ({"id": 1}, "can't find the record"),
        ({"id": "abc"}, "can't find the record"),
    ],
)  # fmt: skip
async def test_what_is_no_dispatch(world, erp, given: dict[str, Any], message: str) -> None:
    assert await upload(erp, LEAST | given) == failure(message)
    assert await world.rows("SELECT 1 FROM orders") == []


async def test_type_and_destination_stay(erp) -> None:
    row = await uploaded(erp)
    assert await upload(erp, {"id": row["id"], "type": "SPONTANEOUS"}) == failure("Invalid value for type")
    assert (await upload(erp, {"id": row["id"], "type": "NORMAL", "warehouse_id_destination": "80"}))["success"]


async def test_other_orders_are_no_dispatches(world, erp) -> None:
    consignment = await erp.create()
    assert await upload(erp, {"id": consignment["id"]}) == failure("can't find the record")
    row = await uploaded(erp)
    await world.rows("UPDATE orders SET dialect = 'hongxun' WHERE id = %(id)s RETURNING 1", id=row["id"])
    assert await upload(erp, {"id": row["id"]}) == failure("can't find the record")
    assert await erp.find(id=row["id"]) == []


async def test_the_most_at_once(erp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatches, "BATCH_MAX", 2)
    monkeypatch.setattr(arrivals, "GOODS_MAX", 2)
    assert len((await upload(erp, LEAST, LEAST))["data"]) == 2
    assert await upload(erp, LEAST, LEAST, LEAST) == failure("Invalid value for body")
    await uploaded(erp, client_dispatch_container_product_list=[GOODS] * 2)
    assert await upload(erp, LEAST | {"client_dispatch_container_product_list": [GOODS] * 3}) == failure(
        "Invalid value for client_dispatch_container_product_list"
    )


@pytest.mark.parametrize("path", ["Warehouse-Dispatch-Freight/Get-Closest-Freight", "Client-Dispatch-Vat-Number"])
async def test_helpers_list_what_the_setup_file_says(world, erp, path: str) -> None:
    empty = {"total": 0, "data": [], "success": True, "moduleName": "client"}
    assert await erp.call("GET", f"/client/{path}") == empty
    said = json.dumps(
        [
            {"id": 3, "name": "Sea, weekly"},
            {"id": 4, "name": "Air", "company_id": 36},
            {"id": 5, "name": "Rail", "company_id": 11},
        ]
    )
    await world.rows(
        "UPDATE account SET settings = jsonb_build_object('birdsystem_dispatch_freights', %(said)s::jsonb,"
        " 'birdsystem_vat_numbers', %(said)s::jsonb) WHERE id = 47 RETURNING 1",
        said=said,
    )
    world.desk.accounts.forget()
    answer = await erp.call("GET", f"/client/{path}", params={"limit": 1})
    assert answer["total"] == 2
    assert answer["data"] == [{"id": 3, "name": "Sea, weekly", "company_id": 36, "primary_keys": ["id"]}]


def test_every_state_has_a_status_and_every_wanted_status_a_state() -> None:
    assert set(arrivals.STATUS_OF_STATE) == set(INBOUND_MOVES)
    assert set(arrivals.STATE_OF_WANTED.values()) <= set(INBOUND_MOVES)
