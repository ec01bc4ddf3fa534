"""A parcel at the counter: listed, prepared, checked, handed over, taken back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.config import Config
from crossdock.dialects.heidian.words import moment_or_null
from tests.dialects.heidian import shop
from tests.dialects.heidian.conftest import Counter
from tests.world import SHOP_SERVICE

LIST = "/api/orders/pick_up_code/"
NOT_FOUND = {"detail": "Not found.", "code": "not_found"}


async def act(counter: Counter, verb: str, key: Any = "129322", **more: Any) -> Any:
    return await counter.post(f"{LIST}{verb}/", {"key": key}, **more)


async def history(counter: Counter) -> list[str]:
    answer = await counter.get("/api/shops/action_history/", params={"page_size": 100})
    return [row["action"] for row in answer.json()["results"]][::-1]


# Handing over -----------------------------------------------------------------------


async def test_a_code_is_redeemed_once(counter: Counter) -> None:
    await counter.pick_up()
    counter.world.clock.advance(timedelta(minutes=5))

    first, second = await act(counter, "consume"), await act(counter, "consume")

    assert first.status_code == 200
    assert first.json()["key_status"] == "used"
    assert first.json()["stock_status"] == "prepared"
    assert first.json()["used_by"] == {"id": 32, "username": "clerk1"}
    assert first.json()["prepared_by"] == {"id": 32, "username": "clerk1"}
    assert first.json()["used_at"] is not None
    assert second.status_code == 400
    assert second.json() == {"detail": "This code has already been used.", "code": "key_used"}


async def test_one_of_fifty_clerks_wins(counter: Counter) -> None:
    await counter.pick_up()

    answers = await asyncio.gather(*(act(counter, "consume", by=("clerk1", "xxx")[turn % 2]) for turn in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {answer.json()["code"] for answer in answers if answer.status_code == 400} == {"key_used"}
    assert await history(counter) == ["issue", "consume"]
    await counter.world.verified()


async def test_two_clerks_fifty_times(counter: Counter) -> None:
    """Each race has one winner and one who is told so."""
    await counter.pick_up()
    for _ in range(50):
        one, other = await asyncio.gather(*(act(counter, "consume", by=name) for name in ("clerk1", "xxx")))
        won, lost = sorted((one, other), key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code, lost.json()["code"]) == (200, 400, "key_used")
        assert won.json()["used_by"]["username"] == ("clerk1" if won is one else "xxx")
        assert (await act(counter, "rollback", by="xxx")).status_code == 200
        counter.world.clock.advance(timedelta(seconds=1))
    assert await history(counter) == ["issue", *["consume", "rollback"] * 50][-100:]
    await counter.world.verified()


async def test_a_lost_answer_is_cleared_up_by_a_check(counter: Counter) -> None:
    await counter.pick_up()
    consumed = (await act(counter, "consume")).json()
    await act(counter, "consume")

    checked = (await counter.get(f"{LIST}check/", params={"key": "129322"})).json()

    assert checked["order"] is not None
    assert checked | {"order": None} == consumed | {"order": None}


async def test_consume_and_rollback_go_on_for_ever_and_each_is_remembered(counter: Counter) -> None:
    found = await counter.pick_up()

    for _ in range(30):
        assert (await act(counter, "consume")).status_code == 200
        back = await act(counter, "rollback")
        assert back.status_code == 200
        assert back.json()["key"] == "129322"
        assert back.json()["key_status"] == "unused"
        assert back.json()["stock_status"] == "prepared"
        assert back.json()["used_at"] is None
        assert back.json()["used_by"] is None
    assert (await act(counter, "consume")).status_code == 200

    assert await history(counter) == ["issue", *["consume", "rollback"] * 30, "consume"]
    order = (await counter.get(f"{LIST}{found.id}/order/")).json()
    assert [made["status"] for made in order["fulfillments"]] == ["cancelled"] * 30 + ["success"]
    assert (order["order_status"], order["fulfillment_status"]) == ("closed", "fulfilled")
    assert order["closed_at"] is not None


async def test_the_orders_timeline_names_who_did_what(counter: Counter) -> None:
    found = await counter.pick_up()
    [(before,)] = await counter.world.rows("SELECT max(id) FROM event")
    await counter.post(f"{LIST}{found.id}/stock_prepare/", by="xxx")
    await act(counter, "consume", by="clerk1")
    await act(counter, "rollback", by="xxx")

    told = await counter.world.rows(
        "SELECT kind, actor, dialect FROM event WHERE order_id = %(order)s AND id > %(before)s ORDER BY id",
        order=found.order_id,
        before=before,
    )

    assert told == [
        ("handover.prepared", "xxx", "heidian"),
        ("handover.used", "clerk1", "heidian"),
        ("order.delivered", "clerk1", "heidian"),
        ("handover.rolled_back", "xxx", "heidian"),
        ("order.state", "xxx", "heidian"),
    ]


async def test_after_a_rollback_the_order_is_open_again(counter: Counter) -> None:
    found = await counter.pick_up()
    await act(counter, "consume")
    await act(counter, "rollback")

    order = (await counter.get(f"{LIST}{found.id}/order/")).json()

    assert (order["order_status"], order["fulfillment_status"]) == ("open", "pending")
    assert order["closed_at"] is None
    assert order["fulfilled_at"] is None


@pytest.mark.parametrize(
    ("state", "verb", "code"),
    [
        ("used", "consume", "key_used"),
        ("expired", "consume", "key_expired"),
        ("canceled", "consume", "key_canceled"),
        ("unused", "rollback", "key_not_used"),
        ("expired", "rollback", "key_not_used"),
        ("canceled", "rollback", "key_canceled"),
        ("used", "stock_prepare", "key_used"),
        ("expired", "stock_prepare", "key_expired"),
        ("canceled", "stock_prepare", "key_canceled"),
    ],
)
async def test_a_state_that_does_not_allow_it_is_told(counter: Counter, state: str, verb: str, code: str) -> None:
    found = await counter.pick_up(state=state)

    if verb == "stock_prepare":
        answer = await counter.post(f"{LIST}{found.id}/stock_prepare/")
    else:
        answer = await act(counter, verb)

    assert answer.status_code == 400
    assert answer.json()["code"] == code


@pytest.mark.parametrize("payment", ["pending", "partially_paid", "refunded"])
async def test_what_is_not_paid_is_not_handed_over(counter: Counter, payment: str) -> None:
    found = await counter.pick_up()
    await shop.order_pays(counter.desk, found, payment)

    answer = await act(counter, "consume", headers={"accept-language": "zh"})

    assert answer.status_code == 400
    assert answer.json() == {"detail": "订单未付款", "code": "order_not_paid"}


async def test_a_code_is_good_until_it_expires(counter: Counter) -> None:
    found = await counter.pick_up()
    await shop.expires_in(counter.desk, found, timedelta(minutes=10))
    counter.world.clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))
    assert (await counter.get(f"{LIST}check/", params={"key": "129322"})).json()["key_status"] == "unused"

    counter.world.clock.advance(timedelta(microseconds=1))
    assert (await act(counter, "consume")).json()["code"] == "key_expired"
    assert (await counter.get(f"{LIST}check/", params={"key": "129322"})).json()["key_status"] == "expired"
    assert await history(counter) == ["issue", "expire"]


async def test_a_rollback_after_the_expiry_leaves_the_code_expired(counter: Counter) -> None:
    found = await counter.pick_up()
    await shop.expires_in(counter.desk, found, timedelta(minutes=10))
    await act(counter, "consume")
    counter.world.clock.advance(timedelta(minutes=10))

    assert (await act(counter, "rollback")).json()["key_status"] == "expired"


async def test_a_shop_may_close_its_rollback_window(counter: Counter) -> None:
    await counter.pick_up()
    await shop.settings(counter.desk, 12, rollback_window_s=60)
    await act(counter, "consume")
    counter.world.clock.advance(timedelta(seconds=60, microseconds=1))
    late = await act(counter, "rollback")
    counter.world.clock.advance(timedelta(microseconds=-1))
    in_time = await act(counter, "rollback")

    assert late.status_code == 400
    assert late.json() == {
        "detail": "This code can no longer be rolled back.",
        "code": "rollback_window_closed",
    }
    assert in_time.status_code == 200


async def test_a_shop_may_limit_how_often_a_code_is_rolled_back(counter: Counter) -> None:
    await counter.pick_up()
    await shop.settings(counter.desk, 12, rollbacks_max=1)
    await act(counter, "consume")
    assert (await act(counter, "rollback")).status_code == 200
    await act(counter, "consume")

    refused = await act(counter, "rollback", headers={"accept-language": "zh"})

    assert refused.status_code == 400
    assert refused.json() == {"detail": "已达到冲正次数上限", "code": "rollback_limit_reached"}


@pytest.mark.parametrize("hours", [None, 1, 168])
async def test_a_shop_may_let_its_codes_end(counter: Counter, hours: int | None) -> None:
    if hours is not None:
        await shop.settings(counter.desk, 12, code_valid_h=hours)
    shipped = await counter.world.shipped("N-1", service=SHOP_SERVICE)
    [row] = (await counter.get(LIST)).json()["results"]
    assert shipped.pick_up is not None
    ends = None if hours is None else counter.world.clock.now() + timedelta(hours=hours)
    assert (shipped.pick_up.expires_at, row["expires_at"]) == (ends, moment_or_null(ends))


async def test_a_shop_may_ask_for_prepared_parcels(counter: Counter) -> None:
    found = await counter.pick_up()
    await shop.settings(counter.desk, 12, prepared_first=True)

    assert (await act(counter, "consume")).json()["code"] == "not_prepared"
    await counter.post(f"{LIST}{found.id}/stock_prepare/")
    assert (await act(counter, "consume")).status_code == 200


@pytest.mark.parametrize("key", [12, 12.0, "000012", " 000012 "])
async def test_a_code_that_became_a_number_gets_its_zeros_back(counter: Counter, key: Any) -> None:
    await counter.pick_up("000012")

    assert (await act(counter, "consume", key)).status_code == 200


NO_CODES = ["abc", "12", "1293222", 1293222, -1, 1.5, "１２９３２２", "x" * 32, "129322"]


@pytest.mark.parametrize("verb", ["consume", "rollback"])
async def test_what_is_no_code_of_this_branch_is_not_found(counter: Counter, verb: str) -> None:
    await counter.pick_up()
    for key in NO_CODES:
        answer = await act(counter, verb, key, by="other")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND), key


NO_KEYS: list[tuple[dict[str, Any], str]] = [
    ({}, "This field is required."),
    ({"key": None}, "This field may not be null."),
    ({"key": " "}, "This field may not be blank."),
    ({"key": {"a": 1}}, "Not a valid string."),
    ({"key": False}, "Not a valid string."),
    ({"key": "x" * 33}, "Ensure this field has no more than 32 characters."),
    ({"key": "1293\0"}, "Null characters are not allowed."),
]


async def test_a_key_that_is_missing_or_no_text(counter: Counter) -> None:
    for body, text in NO_KEYS:
        answer = await counter.post(f"{LIST}consume/", body)
        assert (answer.status_code, answer.json()) == (400, {"key": [text]}), body


# Preparing, checking ------------------------------------------------------------------


async def test_preparing_twice_changes_nothing_more(counter: Counter) -> None:
    found = await counter.pick_up()
    first = await counter.post(f"{LIST}{found.id}/stock_prepare/")
    counter.world.clock.advance(timedelta(minutes=1))
    second = await counter.post(f"{LIST}{found.id}/stock_prepare/", by="xxx")

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["stock_status"] == "prepared"
    assert first.json()["prepared_by"] == {"id": 32, "username": "clerk1"}
    assert await history(counter) == ["issue", "stock_prepare"]


async def test_preparing_ignores_any_body(counter: Counter) -> None:
    found = await counter.pick_up()

    answer = await counter.ask(
        "POST", f"{LIST}{found.id}/stock_prepare/", content=b"<x/>", headers={"content-type": "text/xml"}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("state", ["unused", "used", "expired", "canceled"])
async def test_every_code_of_the_branch_can_be_checked(counter: Counter, state: str) -> None:
    found = await counter.pick_up(state=state)
    before = await history(counter)

    answer = await counter.get(f"{LIST}check/", params={"key": "129322"})

    assert answer.status_code == 200
    body = answer.json()
    assert body["key_status"] == state
    assert body["id"] == found.id
    assert body["order"]["id"] == body["heyshop_order_id"] == found.order_id
    assert body["order"]["order_number"] == shop.NUMBER
    assert body["order"]["lines"][0]["sku"] == "00131031"
    assert await history(counter) == before


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ({}, 400, {"key": ["This field is required."]}),
        ({"key": ""}, 400, {"key": ["This field may not be blank."]}),
        ({"key": "000000"}, 404, NOT_FOUND),
        ({"key": "abc"}, 404, NOT_FOUND),
        ({"key": "1293222"}, 404, NOT_FOUND),
    ],
)
async def test_a_check_without_a_code(
    counter: Counter, query: dict[str, str], status: int, body: dict[str, Any]
) -> None:
    answer = await counter.get(f"{LIST}check/", params=query)

    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize("path", ["", "order/", "stock_prepare/"])
async def test_another_branch_finds_nothing(counter: Counter, path: str) -> None:
    found = await counter.pick_up()
    method = "POST" if path == "stock_prepare/" else "GET"

    answer = await counter.ask(method, f"{LIST}{found.id}/{path}", by="other")

    assert answer.status_code == 404
    assert answer.json() == NOT_FOUND
    assert (await counter.ask(method, f"{LIST}{found.id}/{path}")).status_code == 200


# The list ---------------------------------------------------------------------------


async def test_the_list_holds_the_branch_and_its_filters_hold(counter: Counter) -> None:
    one = await counter.pick_up("000001", number="N-1")
    two = await counter.pick_up("000002", "used", number="N-2")
    three = await counter.pick_up("000003", "canceled", number="N-3")

    async def keys(query: str) -> list[str]:
        answer = await counter.get(f"{LIST}?{query}")
        assert answer.status_code == 200
        assert answer.json()["count"] == len(answer.json()["results"])
        return [row["key"] for row in answer.json()["results"]]

    assert await keys("") == ["000003", "000002", "000001"]
    assert await keys("order_by=id") == ["000001", "000002", "000003"]
    assert await keys(f"id={one.id}") == ["000001"]
    assert await keys(f"id__in={one.id},%20{three.id}") == ["000003", "000001"]
    assert await keys("stock_status=prepared") == ["000002"]
    assert await keys("stock_status__in=unprepare,%20prepared") == ["000003", "000002", "000001"]
    assert await keys(f"heyshop_order_id={two.order_id}") == ["000002"]
    assert await keys(f"heyshop_order_id__in={two.order_id},{one.order_id}") == ["000002", "000001"]
    assert await keys("key=000002") == ["000002"]
    assert await keys("key_in=000001,000002") == ["000002", "000001"]
    assert await keys("key__in=000001") == ["000001"]
    assert await keys("key_status=used") == ["000002"]
    assert await keys("key_status__in=unused,%20canceled") == ["000003", "000001"]
    assert await keys("key_status=used&key_status=unused") == ["000001"]
    assert await keys("key_status=lost") == []
    assert await keys("id=abc") == []
    assert await keys("id__in=") == ["000003", "000002", "000001"]
    assert await keys("key=%00") == []
    assert await keys("key=%ff%fe") == []
    assert (await counter.get(LIST, by="other")).json()["count"] == 0


async def test_an_expiry_that_is_due_is_seen_by_the_filters(counter: Counter) -> None:
    found = await counter.pick_up()
    await shop.expires_in(counter.desk, found, timedelta(minutes=1))
    counter.world.clock.advance(timedelta(minutes=1))

    assert (await counter.get(LIST, params={"key_status": "unused"})).json()["count"] == 0
    assert (await counter.get(LIST, params={"key_status": "expired"})).json()["count"] == 1


async def test_pages_of_the_list(counter: Counter) -> None:
    for number in range(3):
        await counter.pick_up(f"00000{number}", number=f"N-{number}")

    first = (await counter.get(f"{LIST}?page_size=2&order_by=id")).json()
    last = (await counter.get(first["next"])).json()

    assert first["count"] == last["count"] == 3
    assert first["previous"] is None
    assert [row["key"] for row in last["results"]] == ["000002"]
    assert last["next"] is None
    assert last["previous"].endswith(f"{LIST}?order_by=id&page_size=2")
    beyond = await counter.get(f"{LIST}?page=3&page_size=2", headers={"accept-language": "zh"})
    assert beyond.status_code == 404
    assert beyond.json() == {"detail": "无效页。", "code": "not_found"}


@pytest.mark.parametrize("path", ["/api/orders/pick_up_code/", "/api/shops/action_history/"])
@pytest.mark.parametrize(("mask", "wrong", "status"), [(True, 19, 200), (True, 20, 429), (False, 20, 200)])
async def test_masked_codes_are_not_found_out_by_filters(
    counter: Counter, path: str, mask: bool, wrong: int, status: int
) -> None:
    """One that is known among them hides nothing."""
    await counter.pick_up("129322")
    await shop.settings(counter.desk, 12, mask_keys=mask)
    for number in range(wrong):
        query = {"key": f"{number:06}"} if "history" in path else {"key_in": f"129322,{number:06}"}
        assert (await counter.get(path, params=query)).status_code == 200
    assert (await counter.get(path)).status_code == status


async def test_no_more_masked_codes_are_named_than_checked(counter: Counter) -> None:
    await shop.settings(counter.desk, 12, mask_keys=True)
    most = counter.desk.config.heidian_keys_a_minute
    for count, status in ((most + 1, 429), (1, 429)):
        query = {"key_in": ",".join(f"{number:06}" for number in range(count))}
        assert (await counter.get(LIST, params=query)).status_code == status


async def test_a_shop_may_mask_codes_in_its_list(counter: Counter) -> None:
    """Whoever did not name a code does not learn it: neither here nor on the way to the buyer's page."""
    found = await counter.pick_up()
    await shop.settings(counter.desk, 12, mask_keys=True)

    for path in (LIST, f"{LIST}{found.id}/", "/api/shops/action_history/"):
        answer = await counter.get(path)
        assert "1****2" in answer.text, path
        assert "129322" not in answer.text, path
    assert (await counter.post(f"{LIST}{found.id}/stock_prepare/")).json()["key"] == "1****2"
    assert (await counter.get(f"{LIST}{found.id}/order/")).json()["token"] == ""
    assert (await counter.get(f"{LIST}check/", params={"key": "129322"})).json()["key"] == "129322"
    assert (await act(counter, "consume")).json()["key"] == "129322"
    await counter.post("/api/shops/staff_login/", {"username": "xxx", "password": "yyy"}, by=None)
    assert (await counter.get("/api/shops/action_history/")).json()["results"][0]["key"] == ""


# Limits -------------------------------------------------------------------------------


async def test_twenty_wrong_codes_pause_the_token(counter: Counter) -> None:
    await counter.pick_up()
    for _ in range(Config().heidian_wrong_keys - 1):
        assert (await act(counter, "consume", "000000")).status_code == 404
    assert (await counter.get(LIST)).status_code == 200
    assert (await counter.get(f"{LIST}check/", params={"key": "abc"})).status_code == 404

    paused = await act(counter, "consume")
    assert paused.status_code == 429
    assert paused.headers["retry-after"] == "60"
    assert (await act(counter, "check", by="xxx")).status_code == 405
    assert (await counter.get(LIST, by="xxx")).status_code == 200

    counter.world.clock.advance(timedelta(seconds=60))
    assert (await act(counter, "consume")).status_code == 200


async def test_a_token_tries_codes_so_often_a_minute(counter: Counter) -> None:
    await counter.pick_up()
    for _ in range(Config().heidian_keys_a_minute):
        assert (await counter.get(f"{LIST}check/", params={"key": "129322"})).status_code == 200

    refused = await act(counter, "consume")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert (await counter.get(LIST)).status_code == 200
    assert (await act(counter, "consume", by="xxx")).status_code == 200
