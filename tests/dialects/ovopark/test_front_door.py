"""The gateway asked over HTTP: what is stored, who may, and an envelope for everything."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from crossdock.base.config import OVOPARK_WINDOW_S
from crossdock.base.ids import AccountId, EnterpriseId
from crossdock.core.nonces.commands import KEPT_MAX
from crossdock.core.packing.model import PackedItem, Packing
from crossdock.core.packing.queries import packing_by_number
from crossdock.db.intake import Intake
from crossdock.dialects.ovopark import BODY_BYTES_MAX
from crossdock.dialects.ovopark.auth import KEY_CHARACTERS_MAX
from tests.dialects.ovopark.conftest import IPOS_JSON, SEND_ORDER, Gate, order, signed

NUMBER = "21382148343292"


async def on_record(gate: Gate, number: str = NUMBER) -> Packing | None:
    async with gate.desk.database.transaction(readonly=True) as tx:
        return await packing_by_number(tx, account_id=AccountId(47), enterprise_id=EnterpriseId(1), number=number)


async def test_a_report_is_stored_as_it_was_sent(gate: Gate) -> None:
    assert await gate.code(data=order()) == 0

    found = await on_record(gate)
    assert found is not None
    assert (found.department_id, found.station, found.operator, found.order_type) == (
        123,
        "001",
        "Cashier A",
        "Online orders",
    )
    assert (found.filmed_from, found.filmed_to, found.ordered_at) == (
        datetime(2019, 7, 2, 17, 1, 1, tzinfo=UTC),
        datetime(2019, 7, 2, 17, 1, 45, tzinfo=UTC),
        datetime(2019, 7, 2, 17, 1, 15, tzinfo=UTC),
    )
    assert found.items == (
        PackedItem(
            goods_code="00131031",
            goods_name="Nike",
            price=Decimal(998),
            quantity=Decimal(1),
            box_number="box001",
            batch_number="B20190703",
            scanned_at=datetime(2019, 7, 2, 17, 1, 10, tzinfo=UTC),
            attributes={"skus": [{"key": 2, "value": "Sports"}]},
        ),
    )


async def test_a_scan_time_in_another_pattern_is_kept(gate: Gate) -> None:
    await gate.code(data=order(iposJson=IPOS_JSON.replace("2019-07-03 01:01:10", "just now")))

    found = await on_record(gate)
    assert found is not None
    assert (found.items[0].scanned_at, found.items[0].attributes["scanned"]) == (None, "just now")


async def test_an_unsigned_body_cannot_replace_what_is_signed(gate: Gate) -> None:
    other = IPOS_JSON.replace(NUMBER, "77777").replace("001", "999")

    assert await gate.code(params=order(), json={"iposJson": other, "enterpriseId": 12}) == 0

    assert await on_record(gate, "77777") is None
    found = await on_record(gate)
    assert found is not None
    assert found.station == "001"


async def test_of_many_callers_with_one_number_one_is_first(gate: Gate) -> None:
    codes = await asyncio.gather(*(gate.code(data=order(orgId="1", extra=str(turn))) for turn in range(12)))

    assert sorted(codes) == [0] + [208003] * 11


async def test_two_calls_have_two_ids(gate: Gate) -> None:
    first, second = [await gate.send(data=signed("open.none")) for _ in range(2)]

    assert first["stat"]["cid"] != second["stat"]["cid"]


# Who may -------------------------------------------------------------------------


async def test_a_key_ends_and_is_revoked(gate: Gate) -> None:
    await gate.execute("UPDATE credential SET valid_until = %(now)s WHERE dialect = 'ovopark'", now=gate.clock.now())
    assert await gate.code(data=order()) == 3

    await gate.execute("UPDATE credential SET revoked_at = %(now)s WHERE dialect = 'ovopark'", now=gate.clock.now())
    assert await gate.code(data=order()) == 2


@pytest.mark.parametrize("key", ["x" * KEY_CHARACTERS_MAX, "x" * (KEY_CHARACTERS_MAX + 1), "\0", "键"])
async def test_keys_nobody_has(gate: Gate, key: str) -> None:
    assert await gate.code(data=order(_akey=key)) == 2


async def test_a_key_of_the_longest_length(gate: Gate) -> None:
    key = "x" * KEY_CHARACTERS_MAX
    await gate.execute("UPDATE credential SET key = %(key)s WHERE key = 'S107-00009901'", key=key)

    assert await gate.code(data=order(_akey=key)) == 0


async def test_a_method_the_key_was_not_given(gate: Gate) -> None:
    await gate.execute(
        "UPDATE credential SET scope = scope || %(scope)s WHERE dialect = 'ovopark'", scope={"methods": [SEND_ORDER]}
    )

    assert await gate.code(data=signed("open.ovopark.storehouse.getSkuType", "v1")) == 9
    assert await gate.code(data=order()) == 0


async def test_an_organisation_that_is_not_the_keys(gate: Gate) -> None:
    await gate.execute("INSERT INTO organisation_enterprise (organisation_id, enterprise_id) VALUES (2, 1)")

    assert await gate.code(data=order(orgId="2")) == 206006
    assert await gate.code(data=signed("open.gateway.getBusinessOrg", "v1", orgid="2")) == 206006
    assert await gate.code(data=signed("open.gateway.authentication", "v2", orgid="2")) == 206006


async def test_what_belongs_to_another_account_is_denied(gate: Gate) -> None:
    await gate.execute(
        """
WITH stranger AS (
    INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'EUR') RETURNING id
), place AS (
    INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)
    SELECT 900, id, 'warehouse', 'W', 'W', 'UTC', now(), now() FROM stranger RETURNING id
), firm AS (
    INSERT INTO enterprise (id, account_id, name) SELECT 77, id, 'Other' FROM stranger RETURNING id
), agent AS (
    INSERT INTO organisation (id, account_id, name) SELECT 7, id, 'Other' FROM stranger RETURNING id
), granted AS (
    INSERT INTO organisation_enterprise (organisation_id, enterprise_id) SELECT agent.id, firm.id FROM agent, firm
)
INSERT INTO department (id, enterprise_id, site_id, shop_code, name)
SELECT 777, firm.id, place.id, 'D777', 'Other' FROM firm, place
"""
    )

    assert await gate.code(data=order(orgId="7")) == 206006
    assert await gate.code(data=order(orgId="7", enterpriseId="77")) == 206006
    assert await gate.code(data=signed("open.gateway.getBusinessOrg", "v1", orgid="7")) == 206006
    assert await gate.code(data=signed("open.gateway.authentication", "v2", orgid="7")) == 206006
    assert await gate.code(data=order(enterpriseId="77")) == 206006
    assert await gate.code(data=order(iposJson=IPOS_JSON.replace("D001", "D777"))) == 206005
    assert await gate.code(data=order(iposJson=IPOS_JSON.replace('"shopId":"D001"', '"depId":777'))) == 206005


async def test_a_shop_code_that_others_use_too(gate: Gate) -> None:
    await gate.execute("UPDATE department SET enterprise_id = 13 - enterprise_id")
    await gate.execute("UPDATE department SET shop_code = 'D130' WHERE id = 123")

    assert await gate.code(data=order(iposJson=IPOS_JSON.replace("D001", "D130"))) == 0

    found = await on_record(gate)
    assert found is not None
    assert found.department_id == 130


async def test_a_nonce_is_good_again_when_its_request_is_not(gate: Gate) -> None:
    call = signed("open.ovopark.storehouse.getSkuType", "v1", _nonce="n", _timestamp="20240115094000")
    assert await gate.code(data=call) == 0

    gate.clock.advance(timedelta(minutes=20))
    assert await gate.code(data=call) == -100

    gate.clock.advance(timedelta(seconds=1))
    assert await gate.code(data=call) == 16


@pytest.mark.parametrize(("seconds", "code"), [(-31, 16), (-30, 0), (30, 0), (31, 16)])
async def test_an_operator_may_set_the_window(gate: Gate, seconds: int, code: int) -> None:
    narrow = Gate(replace(gate.desk, config=structs.replace(gate.desk.config, ovopark_window_s=30)), gate.clock)
    gate.clock.advance(timedelta(seconds=seconds))

    assert await narrow.code(data=signed("open.ovopark.storehouse.getSkuType", "v1")) == code


def test_nonces_are_kept_for_the_widest_window() -> None:
    """A request stamped ahead by the whole window stays good for twice as long."""
    assert timedelta(seconds=2 * (OVOPARK_WINDOW_S.stop - 1)) <= KEPT_MAX


async def test_a_nonce_counts_only_behind_a_good_signature(gate: Gate) -> None:
    call = signed("open.ovopark.storehouse.getSkuType", "v1", _nonce="n")

    assert await gate.code(data={**call, "_sig": "0" * 32}) == 7
    assert await gate.code(data=call) == 0


# An envelope for everything ------------------------------------------------------


async def test_the_body_has_a_limit(gate: Gate) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}

    assert await gate.code(content=b"a=" + b"x" * (BODY_BYTES_MAX - 2), headers=form) == 1
    assert await gate.code(content=b"a=" + b"x" * (BODY_BYTES_MAX - 1), headers=form) == -500


@pytest.mark.parametrize("url", ["/cloud.api/", "/m.api/x", "/M.API/v2/orders"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
async def test_a_path_that_is_not_served(gate: Gate, method: str, url: str) -> None:
    assert await gate.code(method=method, url=url) == 9


async def test_any_verb_and_any_case_of_the_path(gate: Gate) -> None:
    call = signed("open.ovopark.storehouse.getSkuType", "v1")

    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        assert await gate.code(method=method, url="/Cloud.API", params=call) == 0


async def test_headers_of_the_vendors_clients_are_ignored(gate: Gate) -> None:
    headers = {"environment": "formal", "charset": "UTF-8", "authenticator": "nonsense"}

    assert await gate.code(data=order(), headers=headers) == 0


async def test_a_busy_house(gate: Gate) -> None:
    async def never(reports: list[Any]) -> list[Any]:
        raise AssertionError

    busy = gate.with_packings(Intake(never, key=lambda report: None, waiting_max=0))

    answer = await busy.send(data=order())

    assert answer["stat"]["code"] == 206999
    assert answer["stat"]["gatewayParam"] == {"isGatewayReturn": False}


async def test_a_fault_is_not_told(gate: Gate) -> None:
    async def faulty(reports: list[Any]) -> list[Any]:
        raise RuntimeError("the reason")

    answer = await gate.with_packings(Intake(faulty, key=lambda report: None)).send(data=order())

    assert (answer["stat"]["code"], answer["data"]) == (-999, None)
    assert "reason" not in answer["result"]
