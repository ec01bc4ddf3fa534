"""POST /client/Consignment/Batch-Update-Status through the front door."""

import asyncio

import pytest

from crossdock.core.orders import commands
from crossdock.dialects.birdsystem.batches import NAMED_MAX
from tests.dialects.birdsystem.calls import DONE, NIKE, PHONE, Erp, failure
from tests.dialects.birdsystem.floor import do


async def filled(erp: Erp, **fields):
    consignment = await erp.create(**fields)
    await erp.add(consignment)
    return consignment


@pytest.mark.parametrize(("stock", "stock_status"), [(1, "ORI_AND_DES_STOCK_ENOUGH"), (0, "STOCK_NOT_ENOUGH")])
async def test_submit(world, stock, stock_status):
    erp = Erp(world.client)
    if stock:
        await world.stock("00131031", stock)
    consignment = await filled(erp)

    assert await erp.set_status("pending", consignment) == DONE
    assert await erp.set_status("PENDING", consignment) == DONE
    [row] = await erp.find(id=consignment["id"])
    assert (row["status"], row["stock_status"]) == ("PENDING", stock_status)


async def test_a_consignment_without_products_is_not_submitted(world):
    erp = Erp(world.client)
    consignment = await erp.create()

    assert await erp.set_status("PENDING", consignment) == failure(
        f"You consignment {consignment['id']} does not have product associated, please add product first"
        " before changing the consignment status to Pending."
    )


async def test_all_or_nothing(world):
    erp = Erp(world.client)
    first, empty, last = await filled(erp), await erp.create(), await filled(erp)

    assert not (await erp.set_status("PENDING", first, empty, last))["success"]
    assert await erp.statuses(first, empty, last) == ["PREPARING"] * 3
    unknown = {"id": first["id"] + 99}
    assert await erp.set_status("PENDING", first, unknown) == failure("can't find the record")
    assert await erp.statuses(first) == ["PREPARING"]
    assert await erp.set_status("PENDING", first, last, first) == DONE
    assert await erp.statuses(first, empty, last) == ["PENDING", "PREPARING", "PENDING"]


async def test_a_product_that_is_not_active(world):
    erp = Erp(world.client)
    consignment = await filled(erp)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE product SET active = false WHERE id = %(id)s", id=NIKE)

    assert await erp.set_status("PENDING", consignment) == failure(f"Product with id {NIKE} is not active.")


async def test_a_service_that_was_switched_off(world):
    erp = Erp(world.client)
    consignment = await filled(erp)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE delivery_service SET active = false")
    world.desk.accounts.forget()

    assert await erp.set_status("PENDING", consignment) == failure(
        "Cannot find expected delivery service, please verify the according option."
    )
    assert await erp.set_status("CANCELLED", consignment) == DONE


@pytest.mark.parametrize("submitted", [False, True])
async def test_cancel(world, submitted):
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    first, second = await filled(erp), await filled(erp)
    if submitted:
        assert await erp.set_status("PENDING", first) == DONE

    assert await erp.set_status("CANCELLED", first) == DONE
    assert await erp.set_status("CANCELLED", first) == DONE
    assert await erp.statuses(first) == ["CANCELLED"]
    assert await erp.set_status("PENDING", second) == DONE
    [row] = await erp.find(id=second["id"])
    assert row["stock_status"] == "ORI_AND_DES_STOCK_ENOUGH"  # what the first had set aside is free again
    assert await erp.set_status("PENDING", first) == failure(
        f"Consignment {first['id']} can not be changed from CANCELLED to PENDING."
    )


async def test_what_is_being_picked_is_not_cancelled_by_a_client(world):
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    consignment = await filled(erp)
    await erp.set_status("PENDING", consignment)
    async with world.desk.database.transaction() as tx:
        order = await commands.locked(tx, account_id=47, order_id=consignment["id"])
        await commands.advance(tx, order, to="picking", dialect="house", actor="test")

    assert await erp.set_status("CANCELLED", consignment) == failure(
        f"Consignment {consignment['id']} can not be changed from PICKING to CANCELLED."
    )


async def test_what_the_warehouse_closed_is_cancelled_and_may_be_deleted(world):
    erp = Erp(world.client)
    closed = await filled(erp, sales_reference="S-1")
    await erp.set_status("PENDING", closed)
    await do(world, closed, "close")
    again = await filled(erp, sales_reference="S-1")

    assert await erp.set_status("CANCELLED", closed) == DONE
    assert await erp.post("Consignment/Batch-Update-Status", status="PENDING", sales_references="S-1") == DONE
    assert await erp.statuses(closed, again) == ["CANCELLED", "PENDING"]
    assert await erp.call("DELETE", f"/client/consignment/{closed['id']}") == DONE
    assert await erp.statuses(closed) == ["DELETED"]


async def test_by_references(world):
    erp = Erp(world.client)
    first = await filled(erp, sales_reference="S 1", custom_identity_reference="C1")
    second = await filled(erp, sales_reference="S 1", custom_identity_reference="C2")
    third = await filled(erp, sales_reference="S_2")

    async def change(status: str, **named: str):
        return await erp.post("Consignment/Batch-Update-Status", status=status, **named)

    assert await change("PENDING", custom_identity_reference="C1") == DONE
    assert await erp.statuses(first, second, third) == ["PENDING", "PREPARING", "PREPARING"]
    assert await change("CANCELLED", custom_identity_references="C1") == DONE
    assert await change("PENDING", custom_identity_references="C1|C2") == failure("can't find the record")
    assert await change("PENDING", sales_references="S 1|S_2") == DONE
    assert await erp.statuses(first, second, third) == ["CANCELLED", "PENDING", "PENDING"]
    assert await change("CANCELLED", sales_references="S 1") == DONE
    assert await change("CANCELLED", sales_references="S 1") == DONE
    assert await erp.statuses(first, second, third) == ["CANCELLED", "CANCELLED", "PENDING"]
    assert await change("CANCELLED", sales_references="S 1|S 3") == failure("can't find the record")


async def test_how_many_one_call_may_name(world):
    erp = Erp(world.client)
    ids = [{"id": number} for number in range(1, NAMED_MAX + 2)]

    assert await erp.set_status("PENDING", *ids[:-1]) == failure("can't find the record")
    assert await erp.set_status("PENDING", *ids) == failure("Invalid value for ids")


async def test_ids_as_a_json_number(world):
    erp = Erp(world.client)
    consignment = await erp.create()

    answer = await erp.call(
        "PUT",
        "/client/consignment/batch-update-status/",
        json={"ids": consignment["id"], "status": "CANCELLED"},
    )
    assert answer == DONE


async def test_the_last_pieces_go_to_one_of_two(world):
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    consignments = [await filled(erp) for _ in range(4)]

    await asyncio.gather(*(Erp(world.client).set_status("PENDING", one) for one in consignments))

    found = sorted(str(row["stock_status"]) for row in await erp.find(status="PENDING"))
    assert found == ["ORI_AND_DES_STOCK_ENOUGH", *["STOCK_NOT_ENOUGH"] * 3]


async def test_batches_in_opposite_orders_do_not_lock_each_other(world):
    erp = Erp(world.client)
    consignments = [await erp.create() for _ in range(6)]
    for consignment in consignments:
        await erp.add(consignment, PHONE)

    answers = await asyncio.gather(
        *(
            Erp(world.client).set_status("PENDING", *(reversed(consignments) if turn % 2 else consignments))
            for turn in range(6)
        )
    )

    assert answers == [DONE] * 6
