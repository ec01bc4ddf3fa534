"""Weighing machines: nothing is signed, so it matters who calls and from where."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.transport import commands as transport
from crossdock.core.transport.model import NewParcel
from crossdock.core.transport.readings import KEPT
from crossdock.dialects.hongxun.scales import FIGURE_MAX, FIGURE_MIN
from tests.world import World

PATH = "/dtc/device/dwsParcel"
KEY = {"X-Device-Key": "3e5a9c10d7b24f68"}
PARCEL = {"mailno": "DEMO000123456", "longs": 30.5, "widths": 20.0, "heights": 10.0, "weight": 1250, "volume": 6100}


async def weigh(
    world: World, headers: dict[str, str] | None = None, *, at: str = "2024-08-02 07:10:41", **changes: Any
) -> tuple[int, str]:
    body = {"warehouseCode": "WH-GZ01", "timestamp": at, "request": PARCEL | changes}
    answer = (await world.client.post(PATH, json=body, headers=KEY if headers is None else headers)).json()
    return answer["code"], answer["message"]


async def credential(world: World, statement: str) -> None:
    await world.rows(f"UPDATE credential SET {statement} WHERE key = 'DWS&WH-GZ01' RETURNING id")
    world.desk.accounts.forget()


async def test_a_reading_of_an_unknown_number_is_kept_until_its_parcel_leaves(world: World) -> None:
    assert await weigh(world) == (404, "运单不存在:DEMO000123456")
    world.clock.advance(KEPT - timedelta(seconds=1))
    await world.parcel("CK1", "DEMO000123456")
    rows = "SELECT weight_g::int, length_mm::int, volume_cm3::int FROM waybill"
    assert await world.rows(rows) == [(1250, 305, 6100)]


@pytest.mark.parametrize(
    ("mailnos", "weights"), [(["DEMO000123456"], [1250]), (["DEMO000123456", "DEMO000123457"], [None, None])]
)
@pytest.mark.parametrize("of_outbound", [False, True])
async def test_our_own_number_is_that_of_the_only_parcel_which_may_come_later(
    world: World, mailnos: list[str], weights: list[int | None], of_outbound: bool
) -> None:
    leg = await world.leg("CK1")
    code = f"HXYS{leg.id}"
    assert await weigh(world, mailno=code) == (404, f"运单不存在:{code}")
    if of_outbound:
        await world.parcel("CK1", *mailnos)
    else:
        async with world.desk.database.transaction() as tx:
            parcels = [NewParcel(mailno=mailno) for mailno in mailnos]
            await transport.dispatch(tx, account_id=world.account, order_id=leg.id, parcels=parcels)
    assert await world.rows("SELECT weight_g::int FROM waybill ORDER BY mailno") == [(one,) for one in weights]
    code_now, _ = await weigh(world, mailno=code, at="2024-08-02 07:11:41", weight=900)
    assert code_now == (200 if len(mailnos) == 1 else 404)
    assert (await weigh(world, mailno="HXYS1"))[0] == 404


@pytest.mark.parametrize("at", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
async def test_a_machine_that_knows_no_time_is_told_so_and_holds_up_nothing(world: World, at: str) -> None:
    assert await weigh(world, at=at) == (400, "参数错误:timestamp 格式应为yyyy-MM-dd HH:mm:ss")
    await world.parcel("CK1", "DEMO000123456")
    assert await weigh(world, at=at) == (400, "参数错误:timestamp 格式应为yyyy-MM-dd HH:mm:ss")
    assert await world.rows("SELECT count(*) FROM scale_reading") == [(0,)]


@pytest.mark.parametrize(
    ("statement", "headers", "code"),
    [
        ('secret_sealed = NULL, scope = \'{"role": "device", "addresses": ["127.0.0.0/8"]}\'', {}, 404),
        ('secret_sealed = NULL, scope = \'{"role": "device", "addresses": ["10.0.0.7"]}\'', {}, 401),
        ('scope = \'{"role": "device", "addresses": ["10.0.0.7"]}\'', KEY, 401),
        ('scope = \'{"role": "device", "addresses": ["127.0.0.1", "10.0.0.7"]}\'', KEY, 404),
        ('scope = \'{"role": "device", "addresses": ["no address"]}\'', KEY, 401),
        ("secret_sealed = NULL", {}, 403),
        ("revoked_at = '2024-08-01'", KEY, 403),
        ('scope = \'{"role": "customer"}\'', KEY, 401),
        ("name = name", {"X-Device-Key": "3e5a9c10d7b24f69"}, 401),
    ],
)
async def test_who_may_send(world: World, statement: str, headers: dict[str, str], code: int) -> None:
    if statement != "name = name":
        await credential(world, statement)
    assert (await weigh(world, headers))[0] == code
    assert await world.rows("SELECT count(*) FROM scale_reading") == [(1 if code == 404 else 0,)]


@pytest.mark.parametrize(
    ("weight", "code"),
    [
        (str(FIGURE_MIN), 404),
        ("0.0009", 400),
        (str(FIGURE_MAX), 404),
        (str(FIGURE_MAX + 1), 400),
        (0, 400),
        (-1, 400),
        (None, 400),
        ("a lot", 400),
        ([1], 400),
    ],
)
async def test_what_a_parcel_may_weigh(world: World, weight: Any, code: int) -> None:
    assert (await weigh(world, weight=weight))[0] == code


async def test_what_cannot_be_kept_is_named_by_its_path(world: World) -> None:
    assert await weigh(world, remark="\x00") == (400, "参数错误:request.remark 含有无法保存的内容")


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"warehouseCode": "WH-GZ01"}', '{"request": []}'])
async def test_what_is_no_reading(world: World, body: str) -> None:
    answer = await world.client.post(PATH, content=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (200, 400)
