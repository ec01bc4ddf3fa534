"""The staff token over HTTP: who is let in, and how the others are told."""

from pathlib import Path

import pytest

from crossdock.base.ids import StaffId
from crossdock.core.staff import commands as people
from crossdock.core.staff import managing
from crossdock.dialects.heidian.calls import ENDPOINTS
from crossdock.setup.apply import apply_file
from tests.dialects.heidian.conftest import Counter
from tests.dialects.heidian.shop import DOMAIN, NUMBER, TOKENS

LIST = "/api/orders/pick_up_code/"
UNKNOWN = "f" * 40


async def test_the_keyword_has_any_case(counter: Counter) -> None:
    for keyword in ("stafftoken", "StaffToken", "STAFFTOKEN"):
        answer = await counter.get(LIST, by=None, headers={"authorization": f"{keyword} {TOKENS['clerk1']}"})
        assert answer.status_code == 200, keyword


ANONYMOUS = ("not_authenticated", "Authentication credentials were not provided.", "身份认证信息未提供。")
INVALID = ("authentication_failed", "Invalid token.", "认证令牌无效。")
EMPTY = (
    "authentication_failed",
    "Invalid token header. No credentials provided.",
    "没有提供认证信息（认证令牌HTTP头无效）。",
)
SPACED = (
    "authentication_failed",
    "Invalid token header. Token string should not contain spaces.",
    "认证令牌字符串不应该包含空格（无效的认证令牌HTTP头）。",
)
INACTIVE = ("authentication_failed", "User inactive or deleted.", "用户未激活或者已删除。")
REFUSED = [
    (None, ANONYMOUS),
    ("", ANONYMOUS),
    (f"Bearer {TOKENS['clerk1']}", ANONYMOUS),
    (f"CustomerToken {TOKENS['clerk1']}", ANONYMOUS),
    (TOKENS["clerk1"], ANONYMOUS),
    ("stafftoken", EMPTY),
    ("stafftoken a b", SPACED),
    (f"stafftoken {UNKNOWN}", INVALID),
    (f"stafftoken {TOKENS['clerk1'].upper()}", INVALID),
]


async def told(counter: Counter, header: str | None, expected: tuple[str, str, str]) -> None:
    """On a GET and on a POST, in both languages."""
    code, english, chinese = expected
    own = {} if header is None else {"authorization": header}
    for method, path in (("GET", LIST), ("POST", f"{LIST}consume/"), ("POST", "/api/shops/staff/")):
        for language, detail in (("en", english), ("zh", chinese)):
            answer = await counter.ask(method, path, by=None, headers={**own, "accept-language": language})
            assert (answer.status_code, answer.json()) == (401, {"detail": detail, "code": code}), (header, path)
            assert answer.headers["www-authenticate"] == "stafftoken"


@pytest.mark.parametrize(("header", "expected"), REFUSED, ids=str)
async def test_who_is_not_known_is_refused(
    counter: Counter, header: str | None, expected: tuple[str, str, str]
) -> None:
    await told(counter, header, expected)


async def test_a_person_whose_access_was_withdrawn_is_refused(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await managing.disable(tx, staff_id=StaffId(32), by=None)
    await told(counter, f"stafftoken {TOKENS['clerk1']}", INACTIVE)

    async with counter.desk.database.transaction() as tx:
        await managing.enable(tx, staff_id=StaffId(32), by=None)
    await told(counter, f"stafftoken {TOKENS['clerk1']}", INVALID)


async def test_a_token_that_was_withdrawn_is_nobodys(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await managing.withdraw(tx, staff_id=StaffId(32), by=None)

    await told(counter, f"stafftoken {TOKENS['clerk1']}", INVALID)
    login = {"username": "clerk1", "password": "clerk1pw"}
    token = (await counter.post("/api/shops/staff_login/", login, by=None)).json()["token"]
    assert token != TOKENS["clerk1"]
    assert (await counter.get(LIST, by=None, headers={"authorization": f"stafftoken {token}"})).status_code == 200


async def test_a_session_of_a_page_is_no_token(counter: Counter) -> None:
    opened = await people.open_session(counter.desk.database, username="clerk1", password="clerk1pw")

    await told(counter, f"stafftoken {opened.token}", INVALID)


async def test_another_password_in_the_setup_file_withdraws_the_token(counter: Counter, tmp_path: Path) -> None:
    """While the server runs: the old token is nobody's, the next login shows a new one."""
    changed = tmp_path / "changed.toml"
    changed.write_text(
        '[[account]]\ncode = "demo"\n[[account.shop]]\ncode = "SHOP-12"\n'
        '[[account.shop.staff]]\nusername = "clerk1"\npassword = "another word"\n'
    )
    assert (await counter.get(LIST)).status_code == 200

    await apply_file(changed, database=counter.desk.database, seal=counter.desk.seal, environ={})

    refused = await counter.get(LIST)
    assert (refused.status_code, refused.json()["detail"]) == (401, "Invalid token.")
    login = {"username": "clerk1", "password": "another word"}
    token = (await counter.post("/api/shops/staff_login/", login, by=None)).json()["token"]
    assert token != TOKENS["clerk1"]
    assert (await counter.get(LIST, by=None, headers={"authorization": f"stafftoken {token}"})).status_code == 200


STAFF_CALLS = [endpoint.call for endpoint in ENDPOINTS if endpoint.options.staff]


async def test_every_staff_call_needs_a_token(counter: Counter) -> None:
    assert len(STAFF_CALLS) == 10
    for call in STAFF_CALLS:
        method, path = call.replace("[id]", "1").split(" ")
        answer = await counter.ask(method, path, by=None)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), call


async def test_a_post_may_carry_the_token_in_its_body(counter: Counter) -> None:
    await counter.pick_up()
    body = {"key": "129322", "stafftoken": TOKENS["clerk1"]}

    assert (await counter.post(f"{LIST}consume/", body, by=None)).status_code == 200
    form = await counter.ask("POST", f"{LIST}rollback/", by=None, data=body)
    assert form.status_code == 200


async def test_the_header_wins_over_the_body(counter: Counter) -> None:
    await counter.pick_up()
    body = {"key": "129322", "stafftoken": TOKENS["clerk1"]}

    answer = await counter.post(f"{LIST}consume/", body, by=None, headers={"authorization": f"stafftoken {UNKNOWN}"})

    assert answer.status_code == 401


async def test_a_get_carries_no_token_in_its_body(counter: Counter) -> None:
    answer = await counter.ask("GET", LIST, by=None, json={"stafftoken": TOKENS["clerk1"]})

    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["", "stafftoken", "stafftoken a b", f"stafftoken {UNKNOWN}", "Bearer x"])
async def test_public_calls_do_not_look_at_the_header(counter: Counter, header: str) -> None:
    await counter.pick_up()
    [(order_token,)] = await counter.world.rows("SELECT token FROM orders WHERE number = %(number)s", number=NUMBER)
    wrong = {"authorization": header}

    shops = await counter.get("/api/shops/offline_shop/", by=None, params={"shop": DOMAIN}, headers=wrong)
    fetched = {"order_token": order_token, "shop": DOMAIN}
    code = await counter.get(f"{LIST}fetch/", by=None, params=fetched, headers=wrong)
    login = {"username": "clerk1", "password": "clerk1pw"}
    logged_in = await counter.post("/api/shops/staff_login/", login, by=None, headers=wrong)

    assert [answer.status_code for answer in (shops, code, logged_in)] == [200, 200, 200]


@pytest.mark.parametrize("by", ["clerk1", "xxx"])
async def test_only_a_manager_sees_and_hires_staff(counter: Counter, by: str) -> None:
    listed = await counter.get("/api/shops/staff/", by=by)
    hired = await counter.post("/api/shops/staff/", {"username": "new", "password": "yyy"}, by=by)

    if by == "xxx":
        assert (listed.status_code, hired.status_code) == (200, 201)
    else:
        refused = {
            "detail": "You do not have permission to perform this action.",
            "code": "permission_denied",
        }
        assert (listed.status_code, hired.status_code) == (403, 403)
        assert listed.json() == hired.json() == refused
