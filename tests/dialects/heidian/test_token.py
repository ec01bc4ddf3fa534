"""The staff token over HTTP: who is let in, and how the others are told."""

from pathlib import Path

import pytest

from crossdock.dialects.heidian.calls import ENDPOINTS
from crossdock.setup.apply import apply_file
from tests.dialects.heidian.conftest import Counter
from tests.dialects.heidian.shop import DOMAIN, TOKENS

LIST = "/api/orders/pick_up_code/"
UNKNOWN = "f" * 40


async def test_the_keyword_has_any_case(counter: Counter) -> None:
    for keyword in ("stafftoken", "StaffToken", "STAFFTOKEN"):
        answer = await counter.get(LIST, by=None, headers={"authorization": f"{keyword} {TOKENS['clerk1']}"})
        assert answer.status_code == 200, keyword


REFUSED = [
    (None, "not_authenticated", "Authentication credentials were not provided."),
    ("", "not_authenticated", "Authentication credentials were not provided."),
    (f"Bearer {TOKENS['clerk1']}", "not_authenticated", "Authentication credentials were not provided."),
    (f"CustomerToken {TOKENS['clerk1']}", "not_authenticated", "Authentication credentials were not provided."),
    ("stafftoken", "authentication_failed", "Invalid token header. No credentials provided."),
    (
        "stafftoken a b",
        "authentication_failed",
        "Invalid token header. Token string should not contain spaces.",
    ),
    (f"stafftoken {UNKNOWN}", "authentication_failed", "Invalid token."),
]


async def test_who_is_not_known_is_refused(counter: Counter) -> None:
    for header, code, detail in REFUSED:
        answer = await counter.get(LIST, by=None, headers={} if header is None else {"authorization": header})
        assert (answer.status_code, answer.json()) == (401, {"detail": detail, "code": code}), header
        assert answer.headers["www-authenticate"] == "stafftoken"


async def test_a_person_whose_access_was_withdrawn_is_refused(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE staff SET active = false WHERE username = 'clerk1'")

    answer = await counter.get(LIST, headers={"accept-language": "zh"})

    assert answer.status_code == 401
    assert answer.json() == {"detail": "用户未激活或者已删除。", "code": "authentication_failed"}


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


async def test_public_calls_do_not_look_at_the_header(counter: Counter) -> None:
    answer = await counter.get(
        "/api/shops/offline_shop/",
        by=None,
        params={"shop": DOMAIN},
        headers={"authorization": "stafftoken a b"},
    )

    assert answer.status_code == 200


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
