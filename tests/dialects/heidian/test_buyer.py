"""The buyer's calls: the code behind an order's token, and the branches of an online shop."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.config import Config
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter

FETCH = "/api/orders/pick_up_code/fetch/"
BRANCHES = "/api/shops/offline_shop/"
NOT_FOUND = {"detail": "Not found.", "code": "not_found"}


async def token_of(counter: Counter, found: Any) -> str:
    return str((await counter.get(f"/api/orders/pick_up_code/{found.id}/order/")).json()["token"])


async def test_a_shop_is_known_however_its_domain_is_written(counter: Counter) -> None:
    for said in ("SUPER.heidianer.com", "https://super.heidianer.com/", "super.heidianer.com:443"):
        assert (await counter.get(BRANCHES, by=None, params={"shop": said})).status_code == 200, said


async def test_the_buyer_sees_the_code_and_the_whole_branch(counter: Counter) -> None:
    found = await counter.pick_up()
    token = await token_of(counter, found)

    answer = await counter.get(FETCH, by=None, params={"order_token": token, "shop": shop.DOMAIN})

    assert answer.status_code == 200
    body = answer.json()
    assert body["key"] == "129322"
    assert body["offline_shop"] == {
        "id": 12,
        "name": "静安店",
        "province": "上海市",
        "city": "上海市",
        "district": "静安区",
        "address": "上海市 静安区 示例路 1 号",
        "phone": "021-55550100",
        "location": "121.459384,31.247105",
        "business_hours": "10:00-22:00",
        "pic": "",
        "is_active": True,
    }
    assert not {"prepared_by", "used_by", "metafield"} & body.keys()


async def test_the_shop_may_stand_in_the_header_and_the_query_wins(counter: Counter) -> None:
    found = await counter.pick_up()
    query = {"order_token": await token_of(counter, found)}
    header = {"x-shop-domain": shop.DOMAIN}

    assert (await counter.get(FETCH, by=None, params=query, headers=header)).status_code == 200
    answer = await counter.get(FETCH, by=None, params={**query, "shop": "else.heidianer.com"}, headers=header)
    assert answer.status_code == 404


async def test_a_shops_own_domain_is_as_good(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE online_shop SET domains = '{shop.example.com}'")

    for domain in (shop.DOMAIN, "shop.example.com"):
        assert (await counter.get(BRANCHES, by=None, params={"shop": domain})).status_code == 200


async def test_a_shop_with_a_domain_of_its_own_is_found_under_the_platforms(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE online_shop SET domain = 'shop.example.com', name = 'Super'")

    async def branches(domain: str) -> int:
        return (await counter.get(BRANCHES, by=None, params={"shop": domain})).status_code

    assert await branches("shop.example.com") == 200
    assert await branches("super.heidianer.com") == 200
    for nobodys in ("super", "super.example.com", "a.super.heidianer.com", "heidianer.com", ".heidianer.com"):
        assert await branches(nobodys) == 404, nobodys

    async with counter.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO online_shop (account_id, name, domain) VALUES (47, 'super', 'other.example')")
    assert await branches("super.heidianer.com") == 404, "two are meant"
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE online_shop SET domains = '{super.heidianer.com}' WHERE name = 'Super'")
    assert await branches("super.heidianer.com") == 200


async def test_a_code_of_no_online_shop_is_shown_by_its_accounts(counter: Counter) -> None:
    found = await counter.pick_up()
    token = await token_of(counter, found)
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE handover SET shop_id = NULL")
        await tx.execute("INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'z', 'z', 'UTC', 'EUR');")
        await tx.execute("INSERT INTO online_shop (account_id, name, domain) VALUES (48, 'z', 'z.example')")

    for domain, status in ((shop.DOMAIN, 200), ("z.example", 404)):
        answer = await counter.get(FETCH, by=None, params={"order_token": token, "shop": domain})
        assert answer.status_code == status, domain


async def test_nothing_can_be_probed(counter: Counter) -> None:
    found = await counter.pick_up()
    token = await token_of(counter, found)
    async with counter.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO online_shop (account_id, name, domain) VALUES (47, 'else', 'else.heidianer.com')"
        )
    tries = [
        {"order_token": token, "shop": "nobody.heidianer.com"},
        {"order_token": token, "shop": "else.heidianer.com"},
        {"order_token": "123456", "shop": shop.DOMAIN},
        {"order_token": token.upper(), "shop": shop.DOMAIN},
    ]

    for query in tries:
        answer = await counter.get(FETCH, by=None, params=query)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND), query
    await shop.order_pays(counter.desk, found, "pending")
    answer = await counter.get(FETCH, by=None, params={"order_token": token, "shop": shop.DOMAIN})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_a_code_that_just_expired_is_shown_so(counter: Counter) -> None:
    found = await counter.pick_up()
    token = await token_of(counter, found)
    await shop.expires_in(counter.desk, found, timedelta(minutes=1))
    counter.world.clock.advance(timedelta(minutes=1))

    answer = await counter.get(FETCH, by=None, params={"order_token": token, "shop": shop.DOMAIN})

    assert answer.json()["key_status"] == "expired"


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, {"order_token": ["This field is required."], "shop": ["This field is required."]}),
        ({"order_token": "x"}, {"shop": ["This field is required."]}),
        ({"order_token": "", "shop": "x"}, {"order_token": ["This field may not be blank."]}),
        (
            {"order_token": "x" * 101, "shop": "x" * 256},
            {
                "order_token": ["Ensure this field has no more than 100 characters."],
                "shop": ["Ensure this field has no more than 255 characters."],
            },
        ),
    ],
)
async def test_parameters_that_are_missing_or_too_long(
    counter: Counter, query: dict[str, str], fields: dict[str, list[str]]
) -> None:
    answer = await counter.get(FETCH, by=None, params=query)

    assert answer.status_code == 400
    assert answer.json() == fields


async def test_the_longest_parameters_are_looked_up(counter: Counter) -> None:
    answer = await counter.get(FETCH, by=None, params={"order_token": "x" * 100, "shop": "x" * 255})

    assert answer.status_code == 404


async def test_so_many_fetches_a_minute_from_one_address(counter: Counter) -> None:
    query = {"order_token": "123456", "shop": shop.DOMAIN}
    for _ in range(Config().heidian_fetches_a_minute):
        assert (await counter.get(FETCH, by=None, params=query)).status_code == 404

    refused = await counter.get(FETCH, by=None, params=query)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    counter.world.clock.advance(timedelta(seconds=60))
    assert (await counter.get(FETCH, by=None, params=query)).status_code == 404


async def test_branches_in_use_by_id(counter: Counter) -> None:
    answer = await counter.get(BRANCHES, by=None, params={"shop": shop.DOMAIN})
    assert [row["id"] for row in answer.json()["results"]] == [12, 13]

    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE site SET active = false WHERE id = 12")
    answer = await counter.get(BRANCHES, by=None, params={"shop": shop.DOMAIN})
    assert [row["id"] for row in answer.json()["results"]] == [13]


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ({}, 400, {"shop": ["This field is required."]}),
        ({"shop": "nobody.example"}, 404, NOT_FOUND),
        ({"shop": shop.DOMAIN, "page": "2"}, 404, {"detail": "Invalid page.", "code": "not_found"}),
    ],
)
async def test_branches_of_nobody(counter: Counter, query: dict[str, str], status: int, body: dict[str, Any]) -> None:
    answer = await counter.get(BRANCHES, by=None, params=query)

    assert (answer.status_code, answer.json()) == (status, body)
