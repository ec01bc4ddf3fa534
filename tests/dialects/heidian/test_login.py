"""POST /api/shops/staff_login/."""

from datetime import timedelta

import pytest

from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX
from tests.dialects.heidian.conftest import Counter
from tests.dialects.heidian.shop import TOKENS

LOGIN = "/api/shops/staff_login/"
WRONG = {"non_field_errors": ["Unable to log in with provided credentials."]}


async def test_a_login_shows_the_token_every_time(counter: Counter) -> None:
    expected = {
        "id": 31,
        "username": "xxx",
        "is_manager": True,
        "token": TOKENS["xxx"],
        "offline_shop": {
            "id": 12,
            "name": "静安店",
            "address": "上海市 静安区 示例路 1 号",
            "phone": "021-55550100",
        },
    }
    for _ in range(2):
        answer = await counter.post(LOGIN, {"username": "xxx", "password": "yyy"}, by=None)
        assert answer.status_code == 200
        assert answer.json() == expected


async def test_a_first_login_makes_a_token_that_opens_staff_calls(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE staff SET token_hash = NULL, token_sealed = NULL")

    token = (await counter.post(LOGIN, {"username": "clerk1", "password": "clerk1pw"}, by=None)).json()["token"]
    answer = await counter.get("/api/orders/pick_up_code/", by=None, headers={"authorization": f"stafftoken {token}"})

    assert len(token) == 40
    assert token not in TOKENS.values()
    assert answer.status_code == 200


WRONG_LOGINS = [
    ("xxx", "wrong"),
    ("nobody", "yyy"),
    ("XXX", "yyy"),
    ("xxx", " yyy"),
    ("x" * 1000, "yyy"),
    ("a\0b", "yyy"),
    ("xxx", "y\0"),
]


async def test_every_wrong_login_has_one_answer(counter: Counter) -> None:
    for username, password in WRONG_LOGINS:
        answer = await counter.post(LOGIN, {"username": username, "password": password}, by=None)
        assert (answer.status_code, answer.json()) == (400, WRONG), username


async def test_a_withdrawn_access_is_told_nothing_else(counter: Counter) -> None:
    async with counter.desk.database.transaction() as tx:
        await tx.execute("UPDATE staff SET active = false")

    answer = await counter.post(
        LOGIN, {"username": "xxx", "password": "yyy"}, by=None, headers={"accept-language": "zh"}
    )

    assert answer.status_code == 400
    assert answer.json() == {"non_field_errors": ["无法使用提供的认证信息登录。"]}


WRONG_FIELDS: list[tuple[object, dict[str, list[str]]]] = [
    ({}, {"username": ["This field is required."], "password": ["This field is required."]}),
    ({"username": "xxx"}, {"password": ["This field is required."]}),
    ({"username": " ", "password": "yyy"}, {"username": ["This field may not be blank."]}),
    ({"username": None, "password": "yyy"}, {"username": ["This field may not be null."]}),
    (
        {"username": ["xxx"], "password": True},
        {"username": ["Not a valid string."], "password": ["Not a valid string."]},
    ),
    (["xxx"], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
]


async def test_fields_that_are_missing_or_wrong_are_named(counter: Counter) -> None:
    for body, fields in WRONG_FIELDS:
        answer = await counter.post(LOGIN, body, by=None)
        assert (answer.status_code, answer.json()) == (400, fields), body


async def test_a_name_is_trimmed_and_a_form_is_read(counter: Counter) -> None:
    answer = await counter.ask("POST", LOGIN, by=None, data={"username": " xxx ", "password": "yyy"})

    assert answer.status_code == 200


async def test_ten_logins_a_minute_from_one_address(counter: Counter) -> None:
    for number in range(10):
        answer = await counter.post(LOGIN, {"username": f"n{number}", "password": "x"}, by=None)
        assert answer.status_code == 400

    counter.world.clock.advance(timedelta(seconds=30))
    answer = await counter.post(LOGIN, {"username": "xxx", "password": "yyy"}, by=None)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "30"
    assert answer.json() == {
        "detail": "Request was throttled. Expected available in 30 seconds.",
        "code": "throttled",
    }

    counter.world.clock.advance(timedelta(seconds=30))
    answer = await counter.post(LOGIN, {"username": "xxx", "password": "yyy"}, by=None)
    assert answer.status_code == 200


LOCKED_TEXTS = [
    ("en", "Request was throttled. Expected available in 900 seconds."),
    ("zh", "请求已被限流。 预计 900 秒后可用。"),
]


@pytest.mark.parametrize(("language", "detail"), LOCKED_TEXTS)
async def test_wrong_passwords_in_a_row_lock_a_name_known_or_not(
    counter: Counter, language: str, detail: str
) -> None:
    for username in ("clerk1", "nobody"):
        body = {"username": username, "password": "wrong"}
        for _ in range(WRONG_PASSWORDS_MAX):
            assert (await counter.post(LOGIN, body, by=None)).status_code == 400
        body["password"] = "clerk1pw"
        answer = await counter.post(LOGIN, body, by=None, headers={"accept-language": language})
        assert answer.status_code == 429, username
        assert answer.headers["retry-after"] == str(LOCKED_S)
        assert answer.json() == {"detail": detail, "code": "throttled"}
        counter.world.clock.advance(timedelta(minutes=1))

    listed = await counter.get("/api/orders/pick_up_code/")
    assert listed.status_code == 200, "a token that was given is good while logging in is locked"
    counter.world.clock.advance(timedelta(seconds=LOCKED_S - 120))
    assert (await counter.post(LOGIN, {**body, "username": "clerk1"}, by=None)).status_code == 200
