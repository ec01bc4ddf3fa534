"""The manager's calls, and the history of the branch."""

from typing import Any

import pytest

from crossdock.base.ids import StaffId
from crossdock.core.staff import managing
from crossdock.core.staff import queries as staff_book
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter

STAFF = "/api/shops/staff/"
HISTORY = "/api/shops/action_history/"


async def test_a_new_employee_is_an_ordinary_one_of_the_managers_branch(counter: Counter) -> None:
    body = {
        "username": " new ",
        "password": " y ",
        "is_manager": True,
        "is_active": False,
        "offline_shop": 13,
        "token": "x",
    }

    answer = await counter.post(STAFF, body, by="xxx")

    assert answer.status_code == 201
    made = answer.json()
    assert made["username"] == "new"
    assert made["is_manager"] is False
    assert made["is_active"] is True
    assert made["offline_shop"]["id"] == 12
    assert made["last_login"] is None
    assert not {"password", "token"} & made.keys()
    login = "/api/shops/staff_login/"
    assert (await counter.post(login, {"username": "new", "password": " y "}, by=None)).status_code == 200
    assert (await counter.post(login, {"username": "new", "password": "y"}, by=None)).status_code == 400


REFUSED: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({}, {"username": ["This field is required."], "password": ["This field is required."]}),
    (
        {"username": "", "password": ""},
        {"username": ["This field may not be blank."], "password": ["This field may not be blank."]},
    ),
    ({"username": "clerk1", "password": "y"}, {"username": ["A user with that username already exists."]}),
    ({"username": "other", "password": "y"}, {"username": ["A user with that username already exists."]}),
    (
        {"username": "x" * 151, "password": "y" * 129},
        {
            "username": ["Ensure this field has no more than 150 characters."],
            "password": ["Ensure this field has no more than 128 characters."],
        },
    ),
    ({"username": "a\0b", "password": "y"}, {"username": ["Null characters are not allowed."]}),
    ({"username": "a\tb", "password": "y"}, {"username": ["This value does not match the required pattern."]}),
]


async def test_an_employee_that_cannot_be_made(counter: Counter) -> None:
    for body, fields in REFUSED:
        answer = await counter.post(STAFF, body, by="xxx")
        assert (answer.status_code, answer.json()) == (400, fields), body


@pytest.mark.parametrize(("password", "status"), [("seven77", 400), ("eight888", 201)])
async def test_a_shop_may_ask_for_longer_passwords(counter: Counter, password: str, status: int) -> None:
    await shop.settings(counter.desk, 12, password_characters_min=8)

    answer = await counter.post(STAFF, {"username": "new", "password": password}, by="xxx")

    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {"password": ["Ensure this field has at least 8 characters."]}


async def test_the_longest_name_and_password(counter: Counter) -> None:
    answer = await counter.post(STAFF, {"username": "x" * 150, "password": "y" * 128}, by="xxx")

    assert answer.status_code == 201


async def test_subordinates_without_the_manager(counter: Counter) -> None:
    await counter.post(STAFF, {"username": "new", "password": "y"}, by="xxx")
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE staff SET active = false WHERE username = 'new'")

    async def names(query: str) -> list[str]:
        answer = await counter.get(f"{STAFF}?{query}", by="xxx")
        assert answer.status_code == 200
        return [row["username"] for row in answer.json()["results"]]

    assert sorted(await names("")) == ["clerk1", "new"]
    assert await names("id=32") == ["clerk1"]
    assert await names("id__in=31,32") == ["clerk1"]
    assert await names("is_active=false") == ["new"]
    assert await names("username=clerk1") == ["clerk1"]
    assert await names("order_by=-username") == ["new", "clerk1"]
    assert await names("is_active=perhaps") == []
    assert await names("id=x") == []


async def test_the_history_of_the_branch(counter: Counter) -> None:
    found = await counter.pick_up()
    await counter.post("/api/orders/pick_up_code/consume/", {"key": "129322"})
    await counter.post("/api/orders/pick_up_code/rollback/", {"key": "129322"}, by="xxx")

    async def actions(query: str) -> list[str]:
        answer = await counter.get(f"{HISTORY}?{query}")
        assert answer.status_code == 200
        return [row["action"] for row in answer.json()["results"]]

    newest = (await counter.get(HISTORY)).json()["results"][0]
    assert newest.pop("created_at")
    assert newest == {
        "id": newest["id"],
        "action": "rollback",
        "staff": {"id": 31, "username": "xxx"},
        "offline_shop": 12,
        "pick_up_code": found.id,
        "key": "129322",
        "heyshop_order_id": found.order_id,
        "order_number": found.order_number,
        "reason": "",
    }
    assert await actions("") == ["rollback", "consume", "issue"]
    assert await actions("order_by=id") == ["issue", "consume", "rollback"]
    assert await actions("action=consume") == ["consume"]
    assert await actions("action__in=consume,%20issue") == ["consume", "issue"]
    assert await actions("staff=31") == ["rollback"]
    assert await actions(f"pick_up_code={found.id}&key=129322&heyshop_order_id={found.order_id}") == [
        "rollback",
        "consume",
        "issue",
    ]
    assert await actions("created_at__gte=2100-01-01T00:00:00Z") == []
    assert await actions("created_at__lte=2100-01-01 00:00:00&staff=32") == ["consume"]
    assert await actions("action=steal") == []
    assert (await counter.get(HISTORY, by="other")).json()["count"] == 0
    issued = (await counter.get(f"{HISTORY}?action=issue")).json()["results"][0]
    assert issued["staff"] is None


async def test_hiring_and_logging_in_are_remembered(counter: Counter) -> None:
    await counter.post(STAFF, {"username": "new", "password": "y"}, by="xxx")
    await counter.post("/api/shops/staff_login/", {"username": "new", "password": "y"}, by=None)

    rows = (await counter.get(HISTORY)).json()["results"]

    assert [(row["action"], row["staff"]["username"]) for row in rows] == [
        ("login", "new"),
        ("create_staff", "xxx"),
    ]
    assert rows[0]["pick_up_code"] is None
    assert rows[0]["key"] == rows[0]["order_number"] == ""


async def test_what_is_done_to_people_is_in_the_history_in_words_of_ours(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        boss = await staff_book.staff_by_token(tx, token=shop.TOKENS["xxx"])
        await managing.disable(tx, staff_id=StaffId(32), by=boss, reason="left")
        await managing.enable(tx, staff_id=StaffId(32), by=None)
        await managing.set_role(tx, staff_id=StaffId(32), role="manager")

    rows = (await counter.get(f"{HISTORY}?action__in=disable_staff,enable_staff,set_role", by="xxx")).json()[
        "results"
    ]

    assert [(row["action"], row["staff"], row["reason"]) for row in rows] == [
        ("set_role", None, ""),
        ("enable_staff", None, ""),
        ("disable_staff", {"id": 31, "username": "xxx"}, "left"),
    ]
    assert set(rows[0]) == {
        "id",
        "action",
        "staff",
        "offline_shop",
        "pick_up_code",
        "key",
        "heyshop_order_id",
        "order_number",
        "reason",
        "created_at",
    }


async def test_a_name_of_another_case_is_another_name(counter: Counter) -> None:
    answer = await counter.post(STAFF, {"username": "CLERK1", "password": "y"}, by="xxx")

    assert (answer.status_code, answer.json()["username"]) == (201, "CLERK1")


async def test_who_was_a_manager_hires_nobody(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await managing.set_role(tx, staff_id=StaffId(31), role="clerk")

    answers = [
        await counter.get(STAFF, by="xxx"),
        await counter.post(STAFF, {"username": "n", "password": "y"}, by="xxx"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_the_list_of_another_branch_is_its_own(counter: Counter) -> None:
    assert (await counter.get(STAFF, by="other")).json()["results"] == []


async def test_staff_and_history_are_paged(counter: Counter) -> None:
    for name in ("one", "two"):
        assert (await counter.post(STAFF, {"username": name, "password": "y"}, by="xxx")).status_code == 201

    for path, total in ((STAFF, 3), (HISTORY, 2)):
        seen = []
        for page in (1, 2):
            body = (await counter.get(f"{path}?page_size=1&page={page}", by="xxx")).json()
            assert body["count"] == total
            assert (body["previous"] is None) == (page == 1)
            seen += [row["id"] for row in body["results"]]
        assert len(set(seen)) == 2
        assert (await counter.get(f"{path}?page=9", by="xxx")).status_code == 404


async def test_every_filter_of_the_history_by_itself(counter: Counter) -> None:
    found = await counter.pick_up()
    await counter.post("/api/orders/pick_up_code/consume/", {"key": "129322"})
    await counter.post(STAFF, {"username": "new", "password": "y"}, by="xxx")
    rows = (await counter.get(f"{HISTORY}?order_by=-created_at")).json()["results"]
    ids = {row["action"]: row["id"] for row in rows}
    assert list(ids) == ["create_staff", "consume", "issue"]

    for query, actions in (
        (f"id={ids['consume']}", ["consume"]),
        (f"id__in={ids['issue']}, {ids['consume']}", ["consume", "issue"]),
        ("staff__in=31, 32", ["create_staff", "consume"]),
        (f"pick_up_code={found.id}", ["consume", "issue"]),
        ("key=129322", ["consume", "issue"]),
        ("key=29322", []),
        (f"heyshop_order_id={found.order_id}", ["consume", "issue"]),
        ("order_by=created_at", ["issue", "consume", "create_staff"]),
        ("order_by=username", ["create_staff", "consume", "issue"]),
        ("staff=32&action=create_staff", []),
        ("id=x", []),
        ("created_at__gte=yesterday", []),
    ):
        answer = await counter.get(f"{HISTORY}?{query}")
        assert [row["action"] for row in answer.json()["results"]] == actions, query


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_the_history_is_read_only(counter: Counter, method: str) -> None:
    answer = await counter.ask(method, HISTORY, by="xxx")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
