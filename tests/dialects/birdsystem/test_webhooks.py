"""What a client's addresses hear, how often it is said, and how they are set up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from crossdock.delivery.worker import Deliverer
from crossdock.dialects.birdsystem import DIALECT, callbacks, strings, webhooks
from tests.delivery.receiver import Partner, Reply
from tests.dialects.birdsystem import warehouse
from tests.dialects.birdsystem.calls import DONE, LOCKER, NIKE, Erp, failure
from tests.world import World

ALL = {
    "CONSIGNMENT": {"GET_DELIVERY_REFERENCE", "UPDATE_TRACKING_EVENT"},
    "PRODUCT": {"CREATE", "UPDATE", "DELETE", "UPDATE_LIVE_STOCK"},
    "CLIENT_DISPATCH": {"CREATE", "UPDATE", "DELETE"},
}


@pytest.fixture
def erp(world: World) -> Erp:
    return Erp(world.client)


@pytest.fixture
async def listener() -> AsyncIterator[Partner]:
    async with Partner() as partner:
        yield partner


@pytest.fixture
def deliverer(world: World) -> Deliverer:
    return Deliverer(
        database=world.desk.database,
        signals=world.desk.signals,
        senders={DIALECT.name: callbacks.SENDER},
        accounts=world.desk.accounts,
        clock=world.clock,
        networks=("127.0.0.0/8",),
    )


async def hears(erp: Erp, listener: Partner, resource_type: str, action: str = "") -> dict[str, Any]:
    answer = await erp.post("Webhook", url=listener.url, resource_type=resource_type, action=action)
    assert answer["success"], answer
    row: dict[str, Any] = answer["data"]
    return row


def heard(listener: Partner) -> list[tuple[str, str]]:
    return [(one.said["resource_type"], one.said["action"]) for one in listener.heard]


async def drained(deliverer: Deliverer) -> None:
    while await deliverer.drain():
        pass


# What is said ----------------------------------------------------------------------


def test_every_action_of_the_page_is_said_by_one_kind_of_event() -> None:
    assert {name: set(actions) for name, actions in callbacks.RESOURCES.items()} == ALL


async def test_the_tracking_number_is_told_as_it_becomes_known(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "CONSIGNMENT", "GET_DELIVERY_REFERENCE")
    consignment = await warehouse.submitted(world, erp, sales_reference="S-1", county="Merseyside")
    await drained(deliverer)
    assert listener.heard == []  # a plain change of status is not told

    await warehouse.ship(world, consignment, "JJD0002258212509047")
    await drained(deliverer)

    [one] = listener.heard
    assert one.headers["content-type"] == "application/json"
    said = one.said
    assert {name: said[name] for name in said if name != "data"} == {
        "resource_type": "CONSIGNMENT",
        "action": "GET_DELIVERY_REFERENCE",
        "time": "2024-08-02 07:10:41",
    }
    [row] = await erp.find(id=consignment["id"])
    assert set(said["data"]) == set(row) - {"primary_keys"}
    assert {type(value) for value in said["data"].values()} == {str, type(None)}
    assert said["data"]["id"] == str(consignment["id"])
    assert said["data"]["delivery_reference"] == "JJD0002258212509047"
    assert said["data"]["status"] == "FINISHED"
    assert said["data"]["sales_reference"] == "S-1"
    assert said["data"]["total_weight"] == "500.0000"
    assert said["data"]["warehouse_id"] == "80"
    assert said["data"]["arrive_time"] is None


async def test_without_a_tracking_number_there_is_none_to_tell(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "CONSIGNMENT", "GET_DELIVERY_REFERENCE")
    await warehouse.ship(world, await warehouse.submitted(world, erp), None)
    await drained(deliverer)
    assert listener.heard == []


async def test_a_service_that_hides_its_number_says_nothing(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "CONSIGNMENT")
    await world.rows(
        "UPDATE delivery_service SET rules = rules || '{\"is_hide_delivery_reference_to_consignment\": 1}'"
        " WHERE id = 5217 RETURNING 1"
    )
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD1")
    await drained(deliverer)
    assert listener.heard == []


async def test_check_points_are_told_on_the_way_to_the_locker(world, erp, listener, deliverer) -> None:
    await world.cabinet_answers("accepted")
    await hears(erp, listener, "CONSIGNMENT", "UPDATE_TRACKING_EVENT")
    consignment = await warehouse.submitted(world, erp, service=LOCKER)
    await warehouse.ship(world, consignment, "JJD1")
    [(code,)] = await world.rows("SELECT save_code FROM handover WHERE order_id = %(id)s", id=consignment["id"])
    world.clock.advance(timedelta(hours=1))
    await world.desk.doors.store(
        account_id=world.account,
        cabinet="2100013075",
        save_code=code,
        box_size="S",
        asked_by="test",
        dialect="bestwond",
    )
    await drained(deliverer)

    assert heard(listener) == [("CONSIGNMENT", "UPDATE_TRACKING_EVENT")] * 2
    first, second = (one.said["data"]["check_points"] for one in listener.heard)
    assert first[0]["current_status"] == "FINISHED"
    assert second[0] == {
        "create_time": "2024-08-02T08:10:41+08:00",
        "current_status": None,
        "note": "Parcel is in the locker.",
    }
    assert second[-len(first) :] == first


async def test_orders_of_other_partners_are_not_told(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "CONSIGNMENT")
    await world.shipped("HX-1", dialect="hongxun")
    await drained(deliverer)
    assert listener.heard == []


async def test_stock_is_told_as_goods_leave_and_come_in(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "PRODUCT", "UPDATE_LIVE_STOCK")
    await world.stock("00131031", 4)
    consignment = await warehouse.submitted(world, erp)
    await warehouse.ship(world, consignment, None)
    await drained(deliverer)
    [one] = listener.heard
    assert one.said["action"] == "UPDATE_LIVE_STOCK"
    assert one.said["data"]["id"] == str(NIKE)
    assert one.said["data"]["client_ref"] == "00131031"
    assert one.said["data"]["live_stock"] == "4"
    assert one.said["data"]["weight"] == "500.00"
    assert {type(value) for value in one.said["data"].values()} <= {str, type(None)}


async def test_a_dispatch_is_told_as_it_is_made_changed_and_withdrawn(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "CLIENT_DISPATCH")
    path = "/client/Client-Dispatch-Upload/Client-Dispatch-Json"
    goods = [{"product_id": NIKE, "quantity": 10}]
    least = {"type": "SPONTANEOUS", "warehouse_id_destination": 80, "client_dispatch_container_product_list": goods}
    [row] = (await erp.call("POST", path, json=[least]))["data"]
    for change in ({"note": "one box"}, {"status": "PENDING"}, {"status": "PREPARING"}, {"status": "DELETED"}):
        await erp.call("POST", path, json=[{"id": row["id"], **change}])
    await drained(deliverer)
    assert heard(listener) == [
        ("CLIENT_DISPATCH", action) for action in ("CREATE", "UPDATE", "UPDATE", "UPDATE", "DELETE")
    ]
    datas = [one.said["data"] for one in listener.heard]
    assert [data["status"] for data in datas] == ["PREPARING", "PREPARING", "PENDING", "PREPARING", "DELETED"]
    assert [data["note"] for data in datas] == [None, *["one box"] * 4]
    assert datas[0]["client_dispatch_container_product_list"][0]["product_id"] == str(NIKE)
    assert datas[0]["id"] == str(row["id"])


async def test_a_product_is_told_as_it_is_made_changed_and_deleted(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "PRODUCT")
    made = await erp.post("Product", name="可乐", name_customs="cola", price_customs_export="1.5", client_ref="C-1")
    assert made["success"], made
    await erp.post("Product", id=made["data"]["id"], note="cold")
    await erp.call("DELETE", f"/client/Product/{made['data']['id']}")
    await drained(deliverer)
    assert heard(listener) == [("PRODUCT", action) for action in ("CREATE", "UPDATE", "DELETE")]
    datas = [one.said["data"] for one in listener.heard]
    assert {data["id"] for data in datas} == {str(made["data"]["id"])}
    assert [data["note"] for data in datas] == [None, "cold", "cold"]
    assert [data["status"] for data in datas] == ["PREPARING", "PREPARING", "DELETED"]
    assert datas[0]["price_customs_export"] == "1.500"
    assert datas[0]["live_stock"] == "0"
    assert datas[0]["pending_stock"] is None
    assert set(datas[0]) == set(made["data"]) - {"primary_keys"}


async def test_nothing_is_written_for_nobody(world, erp) -> None:
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD1")
    kinds = {kind for (kind,) in await world.rows("SELECT kind FROM event")}
    assert kinds & {"order.tracked", "order.check_point", "product.stocked"} == set()


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({"id": 1710180020000008, "note": None}, {"id": "1710180020000008", "note": None}),
        ({"total_volume_weight": 504000}, {"total_volume_weight": "504000.0000"}),
        ({"flag": True, "other": False, "primary_keys": ("id",)}, {"flag": "1", "other": "0"}),
        ({"contact": "Alex"}, {"contact": "Alex"}),
        ({"properties": [1, 2], "none": []}, {"properties": "1,2", "none": ""}),
    ],
)
def test_every_value_is_a_text_or_null(given: dict[str, Any], printed: dict[str, Any]) -> None:
    assert strings.printed(given) == printed


# How it is sent ---------------------------------------------------------------------


async def test_three_tries_and_each_is_in_the_log(world, erp, listener, deliverer) -> None:
    listener.reply = Reply(status=500, body=b"away")
    webhook = await hears(erp, listener, "CONSIGNMENT", "GET_DELIVERY_REFERENCE")
    consignment = await warehouse.submitted(world, erp)
    await warehouse.ship(world, consignment, "JJD1")
    for wait_s in (0, *callbacks.WAITS_S, 86_400):
        world.clock.advance(timedelta(seconds=wait_s))
        await drained(deliverer)

    assert len(listener.heard) == 3
    assert len({one.body for one in listener.heard}) == 1
    answer = await erp.call("GET", "/client/Webhook-Log", params={"webhook_id": webhook["id"]})
    assert answer["total"] == 3
    assert [row["attempt"] for row in answer["data"]] == [3, 2, 1]
    [selected, _, _] = (await erp.call("GET", "/client/Webhook-Log", params={"selectFields": "attempt"}))["data"]
    assert selected == {"id": answer["data"][0]["id"], "attempt": 3}
    row = answer["data"][2]
    assert row | {"id": 0} == {
        "id": 0,
        "webhook_id": webhook["id"],
        "resource_type": "CONSIGNMENT",
        "action": "GET_DELIVERY_REFERENCE",
        "resource_id": str(consignment["id"]),
        "url": listener.url,
        "attempt": 1,
        "status": "FAILED",
        "response_code": 500,
        "response": "away",
        "message": "HTTP 500",
        "request": listener.heard[0].body.decode(),
        "create_time": "2024-08-02 07:10:41",
        "finish_time": "2024-08-02 07:10:41",
        "primary_keys": ["id"],
    }


@pytest.mark.parametrize(("status", "why"), [(200, None), (204, None), (299, None), (199, "HTTP 199")])
def test_any_2xx_is_heard(status: int, why: str | None) -> None:
    assert callbacks.accepted(status, b"") == why


async def test_the_log_is_kept_for_a_month(world, erp, listener, deliverer) -> None:
    await hears(erp, listener, "CONSIGNMENT", "GET_DELIVERY_REFERENCE")
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD1")
    await drained(deliverer)
    world.clock.advance(webhooks.LOG_KEPT)
    assert (await erp.call("GET", "/client/Webhook-Log"))["total"] == 1
    world.clock.advance(timedelta(seconds=1))
    assert (await erp.call("GET", "/client/Webhook-Log"))["total"] == 0


# How it is set up -------------------------------------------------------------------


async def test_one_is_made_changed_listed_and_deleted(world, erp, listener, deliverer) -> None:
    row = await hears(erp, listener, "consignment", "get_delivery_reference")
    assert row == {
        "id": row["id"],
        "client_id": 47,
        "url": listener.url,
        "resource_type": "CONSIGNMENT",
        "action": "GET_DELIVERY_REFERENCE",
        "status": "ACTIVE",
        "primary_keys": ["id"],
    }
    assert (await erp.call("GET", "/client/Webhook"))["data"] == [row]

    changed = await erp.post("Webhook", id=row["id"], status="INACTIVE")
    assert changed["data"] == row | {"status": "INACTIVE"}
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD1")
    await drained(deliverer)
    assert listener.heard == []

    changed = await erp.call("PUT", "/client/Webhook", json={"id": row["id"], "status": "active"})
    assert changed["data"] == row
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD2")
    await drained(deliverer)
    assert len(listener.heard) == 1

    assert await erp.call("DELETE", f"/client/Webhook/{row['id']}") == DONE
    assert await erp.call("GET", "/client/Webhook") == {
        "total": 0,
        "data": [],
        "success": True,
        "moduleName": "client",
    }
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD3")
    await drained(deliverer)
    assert len(listener.heard) == 1
    assert (await erp.call("GET", "/client/Webhook-Log"))["data"][0]["url"] == listener.url
    assert await erp.call("DELETE", f"/client/Webhook/{row['id']}") == failure("can't find the record")


async def test_an_empty_action_is_all_of_them(erp, listener) -> None:
    row = await hears(erp, listener, "PRODUCT", "UPDATE")
    assert (await erp.post("Webhook", id=row["id"], url=listener.url))["data"] == row
    changed = await erp.post("Webhook", id=row["id"], resource_type="CONSIGNMENT", action="")
    assert changed["data"] == row | {"resource_type": "CONSIGNMENT", "action": None}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"url": ""}, "Value is required and can't be empty: url"),
        ({"url": "ftp://a.example/x"}, "Invalid value for url"),
        ({"url": "http://"}, "Invalid value for url"),
        ({"url": "http://a.example:0/"}, "Invalid value for url"),
        ({"url": "http://a.example/" + "x" * 484}, "Invalid value for url"),
        ({"resource_type": ""}, "Value is required and can't be empty: resource_type"),
        ({"resource_type": "ORDER"}, "Invalid value for resource_type"),
        ({"action": "CREATE"}, "Invalid value for action"),
        ({"status": "DELETED"}, "Invalid value for status"),
        ({"id": "7"}, "can't find the record"),
    ],
)
async def test_what_is_no_webhook(erp, given: dict[str, Any], message: str) -> None:
    right = {"url": "http://a.example/x", "resource_type": "CONSIGNMENT", "action": "UPDATE_TRACKING_EVENT"}
    assert await erp.post("Webhook", **(right | given)) == failure(message)


async def test_the_longest_url_and_the_last_webhook(erp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOKS_MAX", 2)
    url = "http://a.example/" + "x" * 483
    for _ in range(2):
        assert (await erp.post("Webhook", url=url, resource_type="PRODUCT"))["success"]
    assert await erp.post("Webhook", url=url, resource_type="PRODUCT") == failure("Invalid value for url")


async def test_the_last_webhook_is_one_for_all_who_ask_at_once(world, erp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOKS_MAX", 3)
    least = {"url": "http://a.example/x", "resource_type": "PRODUCT"}
    answers = await asyncio.gather(*(Erp(world.client).post("Webhook", **least) for _ in range(20)))
    assert [answer for answer in answers if not answer["success"]] == [failure("Invalid value for url")] * 17
    [row, *_] = (await erp.call("GET", "/client/Webhook"))["data"]

    changes = [{"status": "INACTIVE"}, {"resource_type": "CONSIGNMENT"}] * 5
    await asyncio.gather(*(Erp(world.client).post("Webhook", id=row["id"], **change) for change in changes))
    [changed] = (await erp.call("GET", "/client/Webhook", params={"id": row["id"]}))["data"]
    assert changed == row | {"status": "INACTIVE", "resource_type": "CONSIGNMENT"}


async def test_receivers_of_the_setup_file_are_not_the_clients(world, erp) -> None:
    await world.rows(
        "INSERT INTO receiver (account_id, dialect, name, url, kinds)"
        " VALUES (47, 'birdsystem', 'erp', 'http://a.example', '{}') RETURNING 1"
    )
    assert (await erp.call("GET", "/client/Webhook"))["data"] == []
