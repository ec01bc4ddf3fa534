"""Where a parcel is, for whoever knows its number."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.dialects.birdsystem import tracking
from tests.dialects.birdsystem import warehouse
from tests.dialects.birdsystem.calls import Erp, failure
from tests.world import World


@pytest.fixture
def erp(world: World) -> Erp:
    return Erp(world.client)


async def ask(erp: Erp, references: str, **rest: Any) -> Any:
    return await erp.call(
        "GET", "/consignment/tracking", headers={}, params={"tracking_references": references}, **rest
    )


async def test_newest_first_in_local_time_and_without_a_key(world, erp) -> None:
    consignment = await warehouse.submitted(world, erp, sender_country_iso="CN")
    world.clock.advance(timedelta(hours=2))
    await warehouse.ship(world, consignment, "JJD1")

    assert await ask(erp, "JJD1") == {
        "success": True,
        "data": {
            "JJD1": {
                "destination_country": "GB",
                "origination_country": "CN",
                "check_points": [
                    {
                        "create_time": "2024-08-02T09:10:41+08:00",
                        "current_status": "FINISHED",
                        "note": "Consignment is now at [ FINISHED ] status, waiting for dispatch.",
                    },
                    {
                        "create_time": "2024-08-02T09:10:41+08:00",
                        "current_status": "PROCESSING",
                        "note": "Consignment is now at [ PROCESSING ] status.",
                    },
                    {
                        "create_time": "2024-08-02T09:10:41+08:00",
                        "current_status": "PICKING",
                        "note": "Consignment is now at [ PICKING ] status.",
                    },
                    {
                        "create_time": "2024-08-02T07:10:41+08:00",
                        "current_status": "PENDING",
                        "note": "Consignment is now at [ PENDING ] status.",
                    },
                    {
                        "create_time": "2024-08-02T07:10:41+08:00",
                        "current_status": "PREPARING",
                        "note": "Consignment is now at [ PREPARING ] status.",
                    },
                ],
            }
        },
        "message": [],
    }


async def test_unknown_ones_are_left_out(world, erp) -> None:
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD1")
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD2")
    answer = await ask(erp, "JJD2, NONE,JJD1,JJD1," + "x" * 51)
    assert list(answer["data"]) == ["JJD2", "JJD1"]
    assert await ask(erp, "NONE") == {"success": True, "data": {}, "message": []}


async def test_of_two_with_one_number_the_newest(world, erp) -> None:
    await warehouse.ship(world, await warehouse.submitted(world, erp, country_iso="FR"), "JJD1")
    await warehouse.ship(world, await warehouse.submitted(world, erp, country_iso="DE"), "JJD1")
    assert (await ask(erp, "JJD1"))["data"]["JJD1"]["destination_country"] == "DE"


async def test_a_hidden_number_and_other_partners_orders_are_unknown(world, erp) -> None:
    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD1")
    await world.rows("UPDATE orders SET dialect = 'hongxun' WHERE tracking_number = 'JJD1' RETURNING 1")
    assert (await ask(erp, "JJD1"))["data"] == {}

    await warehouse.ship(world, await warehouse.submitted(world, erp), "JJD2")
    assert list((await ask(erp, "JJD2"))["data"]) == ["JJD2"]
    await world.rows(
        'UPDATE delivery_service SET rules = rules || \'{"is_hide_delivery_reference_to_consignment": "1"}\''
        " WHERE id = 5217 RETURNING 1"
    )
    assert (await ask(erp, "JJD2"))["data"] == {}


async def test_nothing_asked_and_too_much_asked(erp) -> None:
    assert await ask(erp, " , ") == failure("Value is required and can't be empty: tracking_references")
    most = ",".join(f"R{number}" for number in range(tracking.REFERENCES_MAX))
    assert (await ask(erp, most))["data"] == {}
    assert await ask(erp, most + ",one") == failure("Invalid value for tracking_references")


@pytest.mark.parametrize("path", ["/consignment/tracking/", "/Consignment/Tracking"])
async def test_the_path_as_all_others(erp, path: str) -> None:
    answer = await erp.call("GET", path, headers={}, params={"tracking_references": "A"})
    assert answer == {"success": True, "data": {}, "message": []}


@pytest.mark.parametrize("path", ["/client/tracking", "/consignment/tracking/7"])
async def test_no_other_path_leads_there(erp, path: str) -> None:
    assert (await erp.call("GET", path, params={"tracking_references": "A"}))["success"] is False
    assert erp.status == 404


@pytest.mark.parametrize("value", [None, "", ",", [], {}, {"a": 1}])
def test_no_references(value: Any) -> None:
    with pytest.raises(CrossdockError):
        tracking.references(value)
