"""Rows that are uploaded, and what the background makes of them."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.app import background_jobs
from crossdock.base.errors import DatabaseUnavailable
from crossdock.core.uploads import commands
from crossdock.dialects.birdsystem import converting, refs, uploads
from crossdock.jobs.app import jobs
from tests.dialects.birdsystem.calls import NIKE, PARCEL, PHONE, WHO, Erp, failure
from tests.world import World

PATH = "/client/consignment-upload/Temp-Consignment-Json"
ROW = {
    "thirty_system_id": "2222",
    "type": "LOCAL",
    "status": "PENDING",
    "delivery_service_name": "飞鸟小包",
    "contact": "Alex Sample",
    "address_line1": "3, Example Close",
    "city": "Southport",
    "post_code": "PR9 0ZZ",
    "country_name": "United Kingdom",
    "sales_reference": "S-1",
    "product_company_ref": f"{NIKE}*1+{PHONE}*2",
}
AGENT = {
    "type": "AGENT_DIRECT",
    "product_company_ref": "Cola##可乐##47-1*2||14||10||其它||http://a.example/c.png||20",
}


@pytest.fixture
def erp(world: World) -> Erp:
    return Erp(world.client)


async def upload(erp: Erp, *rows: dict[str, Any]) -> Any:
    return await erp.call("POST", PATH, json=list(rows))


async def uploaded(erp: Erp, **changes: Any) -> str:
    answer = await upload(erp, ROW | changes)
    assert answer["success"], answer
    return str(answer["data"]["2222"])


async def convert(erp: Erp, **query: Any) -> Any:
    return await erp.call("GET", "/client/Temp-Consignment/Convert-Into-Consignment", params=query)


async def detail(erp: Erp, task: Any) -> Any:
    return await erp.call("GET", "/client/Gearman-background-tasks/Get-Detail", params={"id": task["taskId"]})


async def work(world: World) -> None:
    """The background does what there is to do."""
    async with jobs(world.desk.database, background_jobs(world.desk)).open_async() as app:
        await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")


async def converted(world: World, erp: Erp, **query: Any) -> Any:
    task = await convert(erp, **({"type": "LOCAL"} | query))
    assert task["success"], task
    await work(world)
    return await detail(erp, task)


async def test_uploaded_converted_and_asked_for(world, erp) -> None:
    await world.stock("00131031", 1)
    await world.stock("P-7001", 2)
    answer = await upload(erp, ROW)
    assert answer == {
        "success": True,
        "message": "File successfully uploaded! 1 records has been imported.",
        "data": {"2222": answer["data"]["2222"]},
        "moduleName": "client",
    }
    row_id = answer["data"]["2222"]

    task = await convert(erp, type="local", ids=row_id)
    assert task == {
        "numberOfTotalConsignmentsToProcess": 1,
        "taskId": task["taskId"],
        "success": True,
        "refresh": False,
    }
    assert await detail(erp, task) == {
        "taskId": str(task["taskId"]),
        "status": "QUEUE",
        "create_time": "2024-08-02 07:10:41",
        "start_time": None,
        "update_time": "2024-08-02 07:10:41",
        "finish_time": None,
        "success": True,
        "refresh": False,
        "moduleName": "client",
    }
    world.clock.advance(timedelta(minutes=1))
    await work(world)
    [row] = await erp.find(sales_reference="S-1")
    assert await detail(erp, task) == {
        "taskId": str(task["taskId"]),
        "status": "FINISH",
        "create_time": "2024-08-02 07:10:41",
        "start_time": "2024-08-02 07:11:41",
        "update_time": "2024-08-02 07:11:41",
        "finish_time": "2024-08-02 07:11:41",
        "data": {row_id: str(row["id"])},
        "errorData": {},
        "success": True,
        "refresh": False,
        "moduleName": "client",
    }
    assert (row["status"], row["stock_status"]) == ("PENDING", "ORI_AND_DES_STOCK_ENOUGH")
    assert (row["consignment_product_quantity"], row["country_iso"]) == ("3", "GB")
    assert (row["delivery_service_id"], row["temp_consignment_info_id"]) == (PARCEL, int(row_id))
    await world.verified()


async def test_each_row_fails_by_itself(world, erp) -> None:
    answer = await upload(
        erp,
        ROW | {"thirty_system_id": "a", "delivery_service_name": "nobody"},
        ROW | {"thirty_system_id": "b"},
        ROW | {"thirty_system_id": "c", "product_company_ref": "1*1"},
        ROW | {"thirty_system_id": "d", "product_company_ref": "*"},
        ROW | {"thirty_system_id": "e", "product_company_ref": ""},
        ROW | {"thirty_system_id": "f", "contact": ""},
    )
    a, b, c, d, e, f = (answer["data"][key] for key in "abcdef")
    found = await converted(world, erp)
    assert list(found["data"]) == [b]
    assert found["errorData"] == {
        a: "Cannot find expected delivery service, please verify the according option.",
        c: "Product with id 1 does not belong to you.",
        d: "Invalid value for id",
        e: "Value is required and can't be empty: product_company_ref",
        f: "Value is required and can't be empty: contact",
    }
    assert len(await erp.find()) == 1
    await world.verified()


async def test_agents_goods_are_pending_too(world, erp) -> None:
    row_id = await uploaded(erp, **AGENT, delivery_service_name=None, delivery_service_id=PARCEL)
    await world.rows("UPDATE delivery_service SET order_type = 'AGENT_DIRECT' WHERE id = 5217 RETURNING 1")
    found = await converted(world, erp, type="AGENT_DIRECT", ids=row_id)
    assert found["errorData"] == {}
    [row] = await erp.find(type="AGENT_DIRECT")
    assert (row["status"], row["consignment_product_quantity"]) == ("PENDING", "2")


async def test_by_sku_where_the_client_says_so(world, erp) -> None:
    row_id = await uploaded(erp, product_company_ref="P-7001*3+00131031")
    assert (await converted(world, erp))["errorData"] == {row_id: "Invalid value for id"}
    await world.rows(
        "UPDATE account SET settings = jsonb_build_object('birdsystem_product_ref', 'sku') WHERE id = 47 RETURNING 1"
    )
    world.desk.accounts.forget()
    assert list((await converted(world, erp))["data"]) == [row_id]
    [row] = await erp.find()
    assert row["consignment_product_quantity"] == "4"


async def test_a_row_becomes_one_consignment_however_often_it_is_asked(world, erp) -> None:
    row_id = await uploaded(erp)
    first, second = await convert(erp, type="LOCAL"), await convert(erp, type="LOCAL", ids=row_id)
    await work(world)
    third = await converted(world, erp, ids=row_id)
    assert (await detail(erp, first))["data"] == (await detail(erp, second))["data"] == third["data"]
    assert len(await erp.find()) == 1
    assert (await convert(erp, type="LOCAL"))["numberOfTotalConsignmentsToProcess"] == 0


async def test_a_failed_row_may_be_converted_again(world, erp) -> None:
    await world.rows("UPDATE delivery_service SET active = false WHERE id = 5217 RETURNING 1")
    row_id = await uploaded(erp)
    assert list((await converted(world, erp))["errorData"]) == [row_id]
    await world.rows("UPDATE delivery_service SET active = true WHERE id = 5217 RETURNING 1")
    world.desk.accounts.forget()
    assert list((await converted(world, erp))["data"]) == [row_id]


async def test_an_interrupted_task_goes_on_where_it_was(world, erp, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await uploaded(erp)
    task = await convert(erp, type="LOCAL")
    place, placed = converting.place, []

    async def interrupted(*args: Any) -> Any:
        if len(placed) == 2:
            raise DatabaseUnavailable()
        placed.append(await place(*args))
        return placed[-1]

    monkeypatch.setattr(converting, "place", interrupted)
    with pytest.raises(DatabaseUnavailable):
        await uploads.convert_rows(world.desk, task_id=task["taskId"])
    found = await detail(erp, task)
    assert (found["status"], "data" in found, "errorData" in found) == ("RUNNING", False, False)
    monkeypatch.undo()
    await uploads.convert_rows(world.desk, task_id=task["taskId"])
    found = await detail(erp, task)
    assert (found["status"], len(found["data"]), found["errorData"]) == ("FINISH", 3, {})
    assert len(await erp.find()) == 3


async def test_an_order_and_its_mark_are_one_transaction(world, erp, monkeypatch: pytest.MonkeyPatch) -> None:
    await uploaded(erp)
    task = await convert(erp, type="LOCAL")

    async def lost(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable()

    monkeypatch.setattr(commands, "converted", lost)
    with pytest.raises(DatabaseUnavailable):
        await uploads.convert_rows(world.desk, task_id=task["taskId"])
    assert await erp.find() == []


async def test_a_fault_of_ours_is_told_without_its_reason(world, erp, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = await uploaded(erp)
    task = await convert(erp, type="LOCAL")

    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(converting, "place", broken)
    await uploads.convert_rows(world.desk, task_id=task["taskId"])
    failures = (await detail(erp, task))["errorData"]
    assert list(failures) == [row_id]
    assert "secret" not in failures[row_id]


async def test_a_job_is_enqueued_with_its_task_or_not_at_all(world, erp, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = await uploaded(erp)
    assert await convert(erp, type="LOCAL", ids=f"{row_id}_999") == failure("can't find the record")
    assert await world.rows("SELECT 1 FROM background_task") == []
    assert await world.rows("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'birdsystem.convert'") == []
    task = await convert(erp, type="LOCAL", ids=row_id)
    assert await world.rows("SELECT task_name, args FROM procrastinate_jobs") == [
        ("birdsystem.convert", {"task_id": task["taskId"]})
    ]


async def test_start_passes_over_the_first(world, erp) -> None:
    await uploaded(erp)
    second = await uploaded(erp)
    assert list((await converted(world, erp, start=1))["data"]) == [second]


async def test_ids_by_either_name_and_joined(world, erp) -> None:
    first, second = await uploaded(erp), await uploaded(erp)
    assert (await convert(erp, type="LOCAL", ids=f"{first}_{second}"))["numberOfTotalConsignmentsToProcess"] == 2
    assert (await convert(erp, type="LOCAL", id=second))["numberOfTotalConsignmentsToProcess"] == 1


async def test_rows_of_another_type_or_company_are_unknown(world, erp) -> None:
    row_id = await uploaded(erp)
    assert await convert(erp, type="DIRECT", ids=row_id) == failure("can't find the record")
    await world.rows("INSERT INTO company (id, name, currency, zone) VALUES (11, 'x', 'CNY', 'UTC') RETURNING 1")
    await world.rows("INSERT INTO account_company (account_id, company_id) VALUES (47, 11) RETURNING 1")
    elsewhere = WHO | {"company_id": "11"}
    path = "/client/Temp-Consignment/Convert-Into-Consignment"
    answer = await erp.call("GET", path, headers=elsewhere, params={"type": "LOCAL", "ids": row_id})
    assert answer == failure("can't find the record")
    task = await convert(erp, type="LOCAL")
    path = "/client/Gearman-background-tasks/Get-Detail"
    answer = await erp.call("GET", path, headers=elsewhere, params={"id": task["taskId"]})
    assert answer == failure("can't find the record")


async def test_the_older_path_and_the_type_beside_the_rows(erp) -> None:
    row = {name: value for name, value in ROW.items() if name not in ("type", "thirty_system_id")}
    answer = await erp.call(
        "POST", "/client/Upload/Temp-Consignment-Json", params={"type": "direct"}, json=[row, row]
    )
    assert answer == {
        "success": True,
        "message": "File successfully uploaded! 2 records has been imported.",
        "moduleName": "client",
    }
    assert (await convert(erp, type="DIRECT"))["numberOfTotalConsignmentsToProcess"] == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": ""}, "Value is required and can't be empty: type"),
        ({"type": "FBA"}, "Invalid value for type"),
        ({"type": "CLIENT_DIRECT"}, "Invalid value for type"),
        ({"thirty_system_id": "k" * 51}, "Invalid value for thirty_system_id"),
        ({"thirty_system_id": ["k"]}, "Invalid value for thirty_system_id"),
    ],
)
async def test_what_is_no_row(world, erp, changes: dict[str, Any], message: str) -> None:
    assert await upload(erp, ROW, ROW | changes) == failure(message)
    assert await world.rows("SELECT 1 FROM temp_consignment") == []


async def test_the_longest_row_key(erp) -> None:
    assert list((await upload(erp, ROW | {"thirty_system_id": "k" * 50}))["data"]) == ["k" * 50]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "Value is required and can't be empty: type"),
        ({"type": "FBA"}, "Invalid value for type"),
        ({"type": "LOCAL", "ids": "x"}, "can't find the record"),
        ({"type": "LOCAL", "ids": "_"}, "Invalid value for ids"),
        ({"type": "LOCAL", "start": "x"}, "Invalid value for start"),
    ],
)
async def test_what_is_not_converted(erp, query: dict[str, Any], message: str) -> None:
    assert await convert(erp, **query) == failure(message)


@pytest.mark.parametrize(
    ("id_", "message"), [("", "Value is required and can't be empty: id"), ("7", None), ("x", None)]
)
async def test_no_task(erp, id_: str, message: str | None) -> None:
    assert await detail(erp, {"taskId": id_}) == failure(message or "can't find the record")


async def test_the_most_at_once(world, erp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "ROWS_MAX", 2)
    monkeypatch.setattr(uploads, "IDS_MAX", 2)
    monkeypatch.setattr(commands, "TASK_ROWS_MAX", 3)
    assert (await upload(erp, ROW, ROW))["success"]
    assert await upload(erp, ROW, ROW, ROW) == failure("Invalid value for body")
    await upload(erp, ROW, ROW)
    ids = [row[0] for row in await world.rows("SELECT id FROM temp_consignment ORDER BY id")]
    assert (await convert(erp, type="LOCAL"))["numberOfTotalConsignmentsToProcess"] == 3
    assert (await convert(erp, type="LOCAL", ids=f"{ids[0]}_{ids[1]}"))["success"]
    assert await convert(erp, type="LOCAL", ids="_".join(map(str, ids))) == failure("Invalid value for ids")


async def test_a_text_that_no_column_holds(world, erp) -> None:
    answer = await upload(erp, ROW | {"contact": "a\x00b"})
    assert answer["success"] is False
    assert erp.status == 500
    assert await world.rows("SELECT 1 FROM temp_consignment") == []


def test_products_of_a_row_that_lists_them_are_taken_as_they_are() -> None:
    assert refs.FIELD not in converting.element_of(_kept({"products": [{"id": 1}]}), refs_are="id")


def _kept(fields: dict[str, Any]) -> Any:
    from crossdock.core.uploads.model import UploadedRow

    return UploadedRow(
        id=1,
        account_id=47,
        company_id=36,
        dialect="birdsystem",
        type="LOCAL",
        row_key=None,
        fields=fields,
        actor="erp",
        order_id=None,
        created_at=None,  # type: ignore[arg-type]
    )
