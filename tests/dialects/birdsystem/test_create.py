"""POST /client/consignment through the front door."""

import asyncio
from datetime import timedelta

import pytest

from tests.dialects.birdsystem.calls import LEAST, LOCKER, PARCEL, WHO, Erp, failure

FULL = LEAST | {"address_line1": "3, Example Close", "city": "Southport", "post_code": "PR9 0ZZ", "type": "local"}


async def test_every_kind_of_body_creates(world):
    erp = Erp(world.client)
    json = '{"contact":"Alex Sample","country_iso":"GB","delivery_service_id":5217}'
    sent = {
        "form": {"data": LEAST},
        "json": {"json": LEAST},
        "multipart": {"files": {name: (None, str(value)) for name, value in LEAST.items()}},
        "text": {"content": json, "headers": WHO | {"content-type": "text/plain"}},
        "unlabelled": {"content": json},
        "query": {"params": LEAST},
    }

    for kind, body in sent.items():
        for method in ("POST", "PUT"):
            answer = await erp.call(method, "/client/Consignment/", **body)
            assert (erp.status, list(answer)) == (200, ["data", "success", "moduleName"]), kind
            record = answer["data"]
            assert (record["contact"], record["status"]) == ("Alex Sample", "PREPARING")
            assert record["delivery_service_id"] == PARCEL


async def test_json_wins_over_the_query_for_the_whole_set(world):
    answer = await Erp(world.client).call(
        "POST", "/client/consignment", params={"contact": "Query", "city": "Query"}, json=LEAST
    )

    assert (answer["data"]["contact"], answer["data"]["city"]) == ("Alex Sample", "Query")


async def test_what_was_created_is_what_is_listed(world):
    erp = Erp(world.client)
    record = await erp.create(**FULL, sales_reference="2", custom_identity_reference="ERP-1", sales_price="10")

    assert await erp.find(id=record["id"]) == [record]
    assert (record["address_line1"], record["type"]) == ("3, Example Close", "LOCAL")
    assert (record["sales_reference"], record["sales_price"]) == ("2", "10.000")
    assert (record["consignment_product_quantity"], record["consignment_product_reference"]) == ("0", None)
    assert (record["finish_time"], record["stock_status"]) == (None, None)


async def test_ids_count_up_within_a_day_of_the_company(world):
    erp = Erp(world.client)
    first, second = await erp.create(), await erp.create()
    day = world.clock.now() + timedelta(hours=8)  # the company's zone is Asia/Shanghai

    assert str(first["id"]) == f"{day:%y%m%d}0360000001"
    assert second["id"] == first["id"] + 1


async def test_an_identity_reference_is_taken_once(world):
    erp = Erp(world.client)
    await erp.create(custom_identity_reference="ERP-10001")
    again = LEAST | {"custom_identity_reference": "ERP-10001"}

    refused = failure("Duplicate consignment identity reference [ERP-10001]")
    assert await erp.post("consignment", **again) == refused
    assert erp.status == 500
    world.clock.advance(timedelta(days=183))
    assert await erp.post("consignment", **again) == refused
    world.clock.advance(timedelta(days=1))
    assert (await erp.post("consignment", **again))["success"]
    assert len(await erp.find(custom_identity_reference="ERP-10001")) == 2


async def test_one_of_many_with_one_identity_reference_wins(world):
    form = LEAST | {"custom_identity_reference": "ERP-10001"}

    answers = await asyncio.gather(*(Erp(world.client).post("consignment", **form) for _ in range(8)))

    assert sorted(answer["success"] for answer in answers) == [False] * 7 + [True]


@pytest.mark.parametrize("service", [1, 99999999999])
async def test_an_unknown_service(world, service):
    assert await Erp(world.client).post("consignment", **(LEAST | {"delivery_service_id": service})) == failure(
        "Cannot find expected delivery service, please verify the according option."
    )


async def test_a_service_of_another_type(world):
    assert await Erp(world.client).post("consignment", **(FULL | {"type": "AGENT_DIRECT"})) == failure(
        "Cannot find expected delivery service, please verify the according option."
    )


async def test_a_service_that_is_switched_off(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE delivery_service SET active = false WHERE id = 5217")
    world.desk.accounts.forget()

    refused = failure("Cannot find expected delivery service, please verify the according option.")
    assert await erp.post("consignment", **LEAST) == refused
    assert (await erp.post("consignment", **(LEAST | {"delivery_service_id": LOCKER})))["success"]


async def test_an_update_is_not_taken_for_a_create(world):
    erp = Erp(world.client)
    record = await erp.create()

    for path, form in (
        ("consignment", LEAST | {"id": record["id"]}),
        (f"consignment/{record['id']}", LEAST),
    ):
        assert (await erp.post(path, **form))["data"]["id"] == record["id"]
    assert await erp.post("consignment", **(LEAST | {"id": "7"})) == failure("can't find the record")
    assert (await erp.post("consignment", **(LEAST | {"id": ""})))["success"]
    assert len(await erp.find()) == 2


async def test_the_timeline_says_who_and_hides_the_key(world):
    record = await Erp(world.client).create()
    async with world.desk.database.transaction(readonly=True) as tx:
        rows = await tx.rows("SELECT kind, dialect, actor FROM event WHERE order_id = %(id)s", id=record["id"])

    assert rows == [("order.placed", "birdsystem", "erp")]
