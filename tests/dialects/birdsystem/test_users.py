"""The account and its people: seen without their keys."""

import json

from crossdock.core.accounts.users import USERS_MAX
from crossdock.dialects.birdsystem.users import EMAIL_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX
from tests.dialects.birdsystem.calls import COMPANY, KEY, Erp, failure


async def listed(erp: Erp, **query):
    answer = await erp.call("GET", "/client/Client-User", params=query)
    assert answer["success"], answer
    return answer["data"]


async def test_a_second_user_has_a_key_of_their_own(world):
    erp = Erp(world.client)

    made = (await erp.post("Client-User", username="anna", email="anna@example.com", password="secret"))["data"]

    assert made["username"] == "anna"
    assert await listed(erp, username="anna") == [made]
    assert [row["username"] for row in await listed(erp)] == ["erp", "anna"]
    [(key,)] = await world.rows("SELECT key FROM credential WHERE id = %(id)s", id=made["id"])
    everything = json.dumps([made, await listed(erp)])
    assert key not in everything
    assert KEY not in everything
    assert "secret" not in everything
    answer = await erp.call("GET", "/client/Client", headers={"api_key": key, "company_id": str(COMPANY)})
    assert [row["id"] for row in answer["data"]] == [47]
    await erp.create()
    assert len(key) == 32


async def test_a_name_is_given_once(world):
    erp = Erp(world.client)

    assert await erp.post("Client-User", username="erp") == failure("Username [erp] already exists")
    assert erp.status == 500
    assert len(await listed(erp)) == 1
    assert await erp.post("Client-User") == failure("Value is required and can't be empty: username")


async def test_widths(world):
    erp = Erp(world.client)

    for field, most in (("username", USERNAME_CHARACTERS_MAX), ("email", EMAIL_CHARACTERS_MAX)):
        given = {"username": f"of {field}"}
        assert (await erp.post("Client-User", **(given | {field: "a" * most})))["success"]
        answer = await erp.post("Client-User", **(given | {field: "a" * (most + 1)}))
        assert answer == failure(f"Invalid value for {field}")
    assert await erp.post("Client-User", username="a\nb") == failure("Invalid value for username")


async def test_another_email(world):
    erp = Erp(world.client)
    [erp_user] = await listed(erp)

    answer = await erp.post("Client-User", id=erp_user["id"], email="a@example.com", username="other")

    assert answer["data"] == erp_user | {"email": "a@example.com"}
    assert (await erp.post("Client-User", id=erp_user["id"], email=" "))["data"] == erp_user
    assert (await erp.post("Client-User", username="second", email=""))["data"]["email"] is None
    assert await erp.post("Client-User", id=erp_user["id"]) == failure("No data to update after sanitization")
    for unknown in (9_999, "x"):
        assert await erp.post("Client-User", id=unknown, email="b") == failure("can't find the record")


async def test_users_of_other_accounts_and_apis_are_not_seen(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET scope = scope || '{\"user\": \"hx\"}' WHERE dialect = 'hongxun'")
    [(other,)] = await world.rows("SELECT min(id) FROM credential WHERE dialect = 'hongxun'")

    assert [row["username"] for row in await listed(erp)] == ["erp"]
    assert await erp.post("Client-User", id=other, email="b") == failure("can't find the record")


async def test_a_withdrawn_key(world):
    erp = Erp(world.client)
    made = (await erp.post("Client-User", username="anna"))["data"]
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET revoked_at = %(now)s WHERE id = %(id)s", now=tx.now, id=made["id"])

    assert await listed(erp, status="DELETED") == [made | {"status": "DELETED"}]


async def test_how_many_users(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO credential (account_id, dialect, key, scope)"
            " SELECT 47, 'birdsystem', 'k' || n, jsonb_build_object('user', 'u' || n)"
            " FROM generate_series(1, %(free)s) n",
            free=USERS_MAX - 2,
        )

    assert (await erp.post("Client-User", username="the last"))["success"]
    assert not (await erp.post("Client-User", username="one more"))["success"]
    assert len(await listed(erp, limit=-1)) == USERS_MAX
