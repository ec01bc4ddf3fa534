"""POST and DELETE /client/consignment/[id] through the front door."""

import pytest

from crossdock.dialects.birdsystem.consignments import ANSWER_WIDTH
from tests.dialects.birdsystem.calls import DONE, LOCKER, NIKE, PARCEL, PICK_UP, Erp, failure
from tests.dialects.birdsystem.floor import do

NOT_FOUND = failure("can't find the record")


async def update(erp: Erp, consignment, **fields):
    return await erp.post("consignment", id=consignment["id"], **fields)


async def changed(erp: Erp, consignment, **fields):
    answer = await update(erp, consignment, **fields)
    assert answer["success"], answer
    [row] = await erp.find(id=consignment["id"])
    assert answer["data"] == row
    return {name: value for name, value in row.items() if value != consignment[name] and name != "update_time"}


async def test_what_is_sent_changes_and_the_rest_stays(world):
    erp = Erp(world.client)
    consignment = await erp.create(city="Telford", sales_reference="S-1", is_urgent="1", special_instruction="x")

    assert await changed(
        erp,
        consignment,
        contact="Robin Sample",
        city="",
        country_iso="fr",
        sales_reference="S-2",
        custom_identity_reference="C-1",
        is_urgent="",
        sales_price="7.5",
        delivery_service_id=PICK_UP,
        special_instruction="y" * 256,
        update_time="2020-01-01 00:00:00",
        status="FINISHED",
        total_price="9.99",
    ) == {
        "contact": "Robin Sample",
        "city": None,
        "country_iso": "FR",
        "country_name": "FRANCE",
        "sales_reference": "S-2",
        "custom_identity_reference": "C-1",
        "is_urgent": "0",
        "sales_price": "7.500",
        "delivery_service_id": PICK_UP,
        "delivery_service_id_internal": PICK_UP,
        "delivery_service_name": "到店自提",
        "special_instruction": "y" * 255,
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"contact": ""}, "Value is required and can't be empty: contact"),
        ({"contact": "x" * 21}, "Invalid value for contact"),  # of the service
        ({"country_iso": "ZZ"}, "Invalid value for country_iso"),
        ({"type": "FBA", "city": "x"}, "Invalid value for type"),
        (
            {"delivery_service_id": 6101},
            "Cannot find expected delivery service, please verify the according option.",
        ),
        ({"is_urgent": "often"}, "Invalid value for is_urgent"),
        ({"colour": "red", "update_time": "x"}, "No data to update after sanitization"),
        ({}, "No data to update after sanitization"),
    ],
)
async def test_refused(world, fields, text):
    erp = Erp(world.client)
    consignment = await erp.create()

    assert await update(erp, consignment, **fields) == failure(text)
    assert await erp.find() == [consignment]


async def test_a_consignment_that_is_not_there(world):
    erp = Erp(world.client)
    hongxuns = await world.order("CK-1", dialect="hongxun")
    for id_ in (7, "x", hongxuns.id):
        assert await erp.post("consignment", id=id_, city="x") == NOT_FOUND
        assert await erp.call("DELETE", f"/client/consignment/{id_}") == NOT_FOUND


async def test_by_put_json_and_the_id_in_the_path(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    for method, path, document in (
        ("PUT", "/client/consignment", {"id": consignment["id"], "city": "A"}),
        ("PUT", f"/client/Consignment/{consignment['id']}/", {"city": "B"}),
        ("POST", f"/client/Consignment/{consignment['id']}", {"city": "C"}),
    ):
        answer = await erp.call(method, path, json=document)
        assert (answer["data"]["id"], answer["data"]["city"]) == (consignment["id"], document["city"])


async def test_later_it_takes_notes_and_references_only(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    await erp.add(consignment)
    await erp.set_status("PENDING", consignment)
    notes = {
        "special_instruction": "a",
        "neighbour_instruction": "b",
        "sales_reference": "c",
        "sales_order_id": "d",
        "payment_reference": "e",
        "custom_identity_reference": "f",
    }
    number = consignment["id"]

    assert (await update(erp, consignment, **notes))["success"]
    assert await update(erp, consignment, contact="Robin Sample") == failure(
        f"Consignment {number} is PENDING, recipient can not be changed."
    )
    assert await update(erp, consignment, sales_price="1", delivery_service_id=PICK_UP) == failure(
        f"Consignment {number} is PENDING, sales_price, delivery_service_id can not be changed."
    )
    assert (await update(erp, consignment, contact=consignment["contact"], special_instruction="z"))["success"]
    await do(world, consignment, "hold")
    assert (await update(erp, consignment, special_instruction="new box"))["success"]
    await erp.set_status("CANCELLED", consignment)
    assert await update(erp, consignment, special_instruction="too late") == failure(
        f"Consignment {number} is CANCELLED, special_instruction can not be changed."
    )
    assert await update(erp, consignment, sales_reference="S-2") == failure(
        f"Consignment {number} is CANCELLED, sales_reference can not be changed."
    )
    [row] = await erp.find()
    assert {name: row[name] for name in notes} == notes | {"special_instruction": "new box"}


@pytest.mark.parametrize("service", [PARCEL, LOCKER])
async def test_a_whole_record_sent_back_changes_what_differs(world, service):
    """As an ERP does that reads a consignment, writes a note into it and puts it."""
    erp = Erp(world.client)
    consignment = await erp.create(
        delivery_service_id=service, sales_price="10", omp_name="ebay", custom_identity_reference="C-1"
    )
    await erp.add(consignment)
    await erp.set_status("PENDING", consignment)
    [row] = await erp.find()

    form = {name: "" if value is None else value for name, value in row.items()}
    other_words = {"sales_price": "10.0", "is_urgent": False, "length": 0}
    for note, kind, sent in ("a", "json", row), ("b", "data", form), ("c", "json", row | other_words):
        answer = await erp.call("PUT", "/client/consignment", **{kind: sent | {"special_instruction": note}})
        assert answer["data"] == row | {"special_instruction": note}, answer
    for name, value in (
        ("sales_price", "10.001"),
        ("is_urgent", "1"),
        ("sender_country_iso", "FR"),
        ("omp_name", ""),
    ):
        assert await update(erp, consignment, **{name: value}) == failure(
            f"Consignment {consignment['id']} is PENDING, {name} can not be changed."
        )


async def test_another_identity_reference(world):
    erp = Erp(world.client)
    first, second = [await erp.create(custom_identity_reference=name) for name in ("C-1", "C-2")]

    assert await update(erp, second, custom_identity_reference="C-1") == failure(
        "Duplicate consignment identity reference [C-1]"
    )
    assert (await update(erp, first, custom_identity_reference="C-3"))["success"]
    assert (await update(erp, second, custom_identity_reference="C-1"))["success"]
    assert (await update(erp, second, custom_identity_reference=""))["success"]
    await erp.create(custom_identity_reference="C-1")


async def test_deleted(world):
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    draft, cancelled, pending = [await erp.create() for _ in range(3)]
    await erp.set_status("CANCELLED", cancelled)
    await erp.add(pending, NIKE)
    await erp.set_status("PENDING", pending)

    assert await erp.call("DELETE", f"/client/consignment/{draft['id']}") == DONE
    assert await erp.call("DELETE", "/client/Consignment", params={"id": cancelled["id"]}) == DONE
    assert await erp.call("DELETE", f"/client/consignment/{draft['id']}") == DONE
    assert await erp.call("DELETE", f"/client/consignment/{pending['id']}") == failure(
        f"Consignment {pending['id']} can not be changed from PENDING to DELETED."
    )
    assert await erp.call("DELETE", "/client/consignment") == NOT_FOUND
    assert await erp.statuses(draft, cancelled, pending) == ["DELETED", "DELETED", "PENDING"]
    await world.verified()


async def test_what_the_client_answers_is_cut(world):
    erp = Erp(world.client)
    back = (await erp.post("consignment", type="RETURN", contact="A", country_iso="GB", **{A: 92}))["data"]
    await erp.add(back)
    await erp.set_status("PENDING", back)
    for step in ("process", "ask"):
        await do(world, back, step)
    for answer, kept in (("x" * (ANSWER_WIDTH + 1), "x" * ANSWER_WIDTH), ("again", "x" * ANSWER_WIDTH)):
        form = {"ids": back["id"], "status": "WAITING_WAREHOUSE_RESPOND", "consignment_feedback-note": answer}
        assert await erp.post("Consignment/Batch-Update-Status", **form) == DONE
        assert (await erp.find())[0]["consignment_feedback-note"] == kept


A = "return_consignment_action-id"
