"""Who is let in, and what everybody else is told."""

from datetime import UTC, datetime

import pytest

from tests.dialects.birdsystem.calls import KEY, LEAST, LOGIN_REQUIRED, WHO, Erp

KNOWN = (
    (WHO, {}),
    ({}, WHO),
    ({"api_key": KEY}, {"company_id": "36"}),
    ({"company_id": "36"}, {"api_key": KEY}),
    ({"Api_Key": KEY, "COMPANY_ID": "36"}, {}),
    ({"api_key": "", "company_id": ""}, WHO),
)
"""Headers and query."""

STRANGERS = (
    {},
    {"api_key": KEY},
    {"company_id": "36"},
    WHO | {"api_key": "f" * 32},
    WHO | {"api_key": KEY.upper()},
    WHO | {"api_key": "a" * 65},
    WHO | {"company_id": "11"},
    WHO | {"company_id": "036x"},
    WHO | {"company_id": "9" * 10},
    {"api-key": KEY, "company-id": "36"},
)


async def test_let_in(world):
    erp = Erp(world.client)
    for headers, query in KNOWN:
        answer = await erp.call("GET", "/client/consignment", headers=headers, params=query)
        assert answer == {"total": 0, "data": [], "success": True, "moduleName": "client"}


async def test_let_in_by_a_form(world):
    answer = await Erp(world.client).call("POST", "/client/consignment", headers={}, data=WHO | LEAST)

    assert answer["success"]


async def test_login_required(world):
    erp = Erp(world.client)
    for headers in STRANGERS:
        assert await erp.call("GET", "/client/consignment", headers=headers) == LOGIN_REQUIRED, headers
        assert erp.status == 500


async def test_a_nul_in_a_key_is_a_wrong_key(world):
    erp = Erp(world.client)

    for name in WHO:
        query = WHO | {name: WHO[name] + "\x00"}
        assert await erp.call("GET", "/client/consignment", headers={}, params=query) == LOGIN_REQUIRED


@pytest.mark.parametrize(
    "change", ["revoked_at = now() - interval '1 day'", "valid_until = '2000-01-01'", "valid_from = '2999-01-01'"]
)
async def test_a_key_out_of_its_dates(world, change):
    world.clock.set(datetime.now(UTC))
    async with world.desk.database.transaction() as tx:
        await tx.execute(f"UPDATE credential SET {change} WHERE key = %(key)s", key=KEY)
    world.desk.accounts.forget()

    assert await Erp(world.client).call("GET", "/client/consignment") == LOGIN_REQUIRED


async def test_one_account_never_sees_another(world):
    erp = Erp(world.client)
    consignment = await erp.create(custom_identity_reference="ERP-1", sales_reference="S-1")
    await _other_account(world)
    other = {"api_key": "0" * 32, "company_id": "36"}

    listed = await erp.call("GET", "/client/consignment", headers=other, params={"id": consignment["id"]})
    assert listed["total"] == 0
    for named in ({"ids": consignment["id"]}, {"sales_references": "S-1"}, {"custom_identity_references": "ERP-1"}):
        answer = await erp.call(
            "POST", "/client/Consignment/Batch-Update-Status", headers=other, data=named | {"status": "CANCELLED"}
        )
        assert answer == {"success": False, "message": "can't find the record"}
    answer = await erp.call(
        "POST",
        "/client/Consignment-Product",
        headers=other,
        data={"consignment_id": consignment["id"], "product_id": 2989068, "quantity": 1},
    )
    assert answer == {
        "success": False,
        "message": f"Consignment with id {consignment['id']} does not belong to you.",
    }
    assert await erp.statuses(consignment) == ["PREPARING"]


async def test_a_company_of_the_same_account_is_a_scope_of_its_own(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    async with world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO company VALUES (11, '深圳', 'CNY', 'Asia/Shanghai')")
        await tx.execute("INSERT INTO account_company VALUES (47, 11)")
    there = WHO | {"company_id": "11"}

    assert (await erp.call("GET", "/client/consignment", headers=there))["total"] == 0
    answer = await erp.call(
        "POST",
        "/client/Consignment/Batch-Update-Status",
        headers=there,
        data={"ids": consignment["id"], "status": "CANCELLED"},
    )
    assert answer == {"success": False, "message": "can't find the record"}


async def test_the_company_list_needs_no_key(world):
    erp = Erp(world.client)

    for headers in ({}, {"api_key": "", "company_id": ""}, WHO):
        assert await erp.call("GET", "/client/public/company-list", headers=headers) == {
            "total": 1,
            "data": [{"id": 36, "site_name": "CN 东莞站", "currency_code": "CNY"}],
            "success": True,
            "moduleName": "client",
        }
    assert (await erp.call("GET", "/client/Public/Company-List/", headers={}, params={"start": 1}))["data"] == []


async def _other_account(world) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'b', 'B', 'UTC', 'CNY')")
        await tx.execute("INSERT INTO account_company VALUES (48, 36)")
        await tx.execute(
            "INSERT INTO credential (account_id, dialect, key) VALUES (48, 'birdsystem', %(key)s)", key="0" * 32
        )
