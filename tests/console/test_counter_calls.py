"""The calls of the counter page, without a browser: who may, what is refused, and what acts once."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.json import encode
from structlog.testing import capture_logs

from crossdock.base.config import Config
from crossdock.console.counter.door import SHELL
from crossdock.console.counter.managing import ACTIONS_MAX
from crossdock.console.counter.parcels import ROWS_MAX
from crossdock.console.counter.who import COOKIE, PAUSE_S, WORD_HEADER, WRONG_KEYS_OF_STAFF
from crossdock.console.web import BODY_BYTES_MAX
from crossdock.core.fulfilment import paying
from crossdock.core.handover import board
from crossdock.core.handover.board import EXPIRING_WITHIN
from crossdock.core.handover.model import PickUp
from crossdock.core.staff.model import LOCKED_S, REASON_CHARACTERS_MAX, SESSION_H, WRONG_PASSWORDS_MAX
from tests import statements
from tests.console.counters import CLERK, CODE, MANAGER, NUMBER, STRANGER, Caller, Shop
from tests.docs import pages
from tests.world import ACCOUNT, World


@pytest.fixture
async def shop(world: World) -> Shop:
    return Shop(world)


@pytest.fixture
async def clerk(shop: Shop) -> AsyncIterator[Caller]:
    caller = await shop.caller(CLERK)
    yield caller
    await caller.client.aclose()


@pytest.fixture
async def manager(shop: Shop) -> AsyncIterator[Caller]:
    caller = await shop.caller(MANAGER)
    yield caller
    await caller.client.aclose()


@pytest.fixture
async def stranger(shop: Shop) -> AsyncIterator[Caller]:
    caller = await shop.caller(STRANGER)
    yield caller
    await caller.client.aclose()


def tap(caller: Caller, **more: Any) -> dict[str, Any]:
    return {"operation_id": str(uuid4()), "staff_id": caller.id, **more}


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", "")


async def found(caller: Caller, text: str) -> httpx.Response:
    return await caller.post("find", {"text": text})


# Who may -----------------------------------------------------------------------------

READS = ("me", "parcels", "parcels/1", "people", "actions")
WRITES: dict[str, Any] = {
    "logout": {},
    "find": {"text": CODE},
    "search": {"text": "x"},
    "parcels/1/aside": {"operation_id": str(uuid4()), "staff_id": 32},
    "parcels/1/handover": {"operation_id": str(uuid4()), "staff_id": 32},
    "parcels/1/undo": {"operation_id": str(uuid4()), "staff_id": 32, "reason": "x"},
    "people": {"username": "a", "password": "b"},
    "people/32/password": {"password": "b"},
    "people/32/disable": {},
}


async def test_nobody_sees_or_does_anything_without_a_session(shop: Shop, world: World) -> None:
    await shop.parcel()
    for path in READS:
        assert said(await world.client.get(f"/counter/{path}")) == (401, "session"), path
    for path, body in WRITES.items():
        assert said(await world.client.post(f"/counter/{path}", json=body)) == (401, "session"), path
    assert (await world.client.get("/counter/parcels/1/slip")).status_code == 401
    assert await shop.history() == []


async def test_a_slip_asked_for_without_a_session_leads_to_the_log_in(world: World) -> None:
    answer = await world.client.get("/counter/parcels/1/slip", headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/counter")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_write_carries_its_sessions_own_word(shop: Shop, clerk: Caller) -> None:
    await shop.parcel()
    other = await shop.caller(CLERK)
    for word in ("", "x", "é".encode(), other.client.headers[WORD_HEADER]):
        for path, body in WRITES.items():
            assert said(await clerk.post(path, body, headers={WORD_HEADER: word})) == (403, "stale"), path
    assert await shop.history() == []
    assert (await found(clerk, CODE)).status_code == 200


async def test_a_log_in_from_another_site_is_refused(world: World) -> None:
    body = {"username": CLERK[0], "password": CLERK[1]}
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        answer = await world.client.post("/counter/login", json=body, headers={"sec-fetch-site": site})
        assert answer.status_code == status
    assert (await world.client.post("/counter/login", data=body)).status_code == 400
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = await world.client.post("/counter/login", content=encode(body), headers={"content-type": kind})
        assert said(answer) == (400, "request"), f"{kind}: a form of another site can send that"


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_the_cookie_is_for_the_page_alone(world: World, scheme: str, secure: bool) -> None:
    body = {"username": CLERK[0], "password": CLERK[1]}
    answer = await world.client.post("/counter/login", json=body, headers={"x-forwarded-proto": scheme})
    written = answer.headers["set-cookie"].lower()
    assert written.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=strict", "path=/counter", f"max-age={SESSION_H * 3600}"} <= set(written.split("; "))
    assert ("secure" in written.split("; ")) == secure


async def test_a_shop_is_another_shops_secret(shop: Shop, stranger: Caller) -> None:
    parcel = await shop.parcel()
    assert said(await found(stranger, CODE)) == (404, "unknown")
    assert said(await found(stranger, NUMBER)) == (404, "unknown")
    assert (await stranger.get(f"parcels/{parcel.id}/slip")).status_code == 404
    assert said(await stranger.get(f"parcels/{parcel.id}")) == (404, "unknown")
    for what, more in (("aside", {}), ("handover", {}), ("undo", {"reason": "x"})):
        answer = await stranger.post(f"parcels/{parcel.id}/{what}", tap(stranger, **more))
        assert said(answer) == (404, "unknown"), what
    board = (await stranger.get("parcels")).json()
    assert (board["counts"]["waiting"], board["rows"]) == (0, [])
    assert (await stranger.post("search", {"text": NUMBER})).json()["rows"] == []
    assert said(await stranger.post("people/32/disable")) == (404, "nobody")
    assert await shop.history() == []
    actions = (await stranger.get("actions")).json()["rows"]
    assert {row["who"] for row in actions} == {"other"}


async def test_what_managers_do_clerks_may_not(clerk: Caller) -> None:
    for path in ("people", "actions"):
        assert said(await clerk.get(path)) == (403, "denied")
    for path in ("people", "people/31/password", "people/31/disable"):
        assert said(await clerk.post(path, WRITES.get(path, WRITES["people/32/password"]))) == (403, "denied"), path


@pytest.mark.parametrize("what", ["disable", "withdraw", "password"])
async def test_a_session_ends_when_access_is_withdrawn(clerk: Caller, manager: Caller, what: str) -> None:
    assert (await clerk.get("me")).status_code == 200
    body = {"password": "another one"} if what == "password" else {}
    assert (await manager.post(f"people/{clerk.id}/{what}", body)).status_code == 200
    assert said(await clerk.get("me")) == (401, "session")
    assert (await manager.get("me")).status_code == 200


async def test_a_session_ends_by_itself_and_by_log_out(shop: Shop, clerk: Caller, manager: Caller) -> None:
    assert (await manager.post("logout")).json() == {"out": True}
    assert said(await manager.get("me")) == (401, "session")
    shop.world.clock.advance(timedelta(hours=SESSION_H) - timedelta(seconds=1))
    assert (await clerk.get("me")).status_code == 200
    shop.world.clock.advance(timedelta(seconds=1))
    assert said(await clerk.get("me")) == (401, "session")


async def test_people_are_looked_after(shop: Shop, manager: Caller) -> None:
    await shop.rules(password_characters_min=8)
    body = {"username": " ann ", "password": "1234567"}
    assert said(await manager.post("people", body)) == (400, "password")
    hired = (await manager.post("people", body | {"password": "12345678"})).json()
    assert (hired["username"], hired["active"], hired["last_login"]) == ("ann", True, None)
    assert said(await manager.post("people", body | {"password": "12345678"})) == (409, "name_taken")
    assert said(await manager.post("people", {"username": "a\tb", "password": "12345678"})) == (400, "name")
    ann = await shop.caller(("ann", "12345678"))
    assert (await ann.get("me")).json()["manager"] is False

    by = f"people/{hired['id']}"
    assert (await manager.post(f"{by}/disable")).json()["active"] is False
    assert (await manager.post(f"{by}/enable")).json()["active"] is True
    assert (await manager.post(f"{by}/unlock")).status_code == 200
    assert said(await manager.post(f"people/{manager.id}/disable")) == (403, "not_a_clerk")
    assert said(await manager.post("people/0/disable")) == (404, "nobody")
    assert (await manager.post(f"{by}/promote")).status_code in {400, 404}
    names = [each["username"] for each in (await manager.get("people")).json()]
    assert names == ["ann", "clerk1"]
    rows = (await manager.get("actions")).json()["rows"]
    deeds = [(row["action"], row["who"], row["about"]) for row in rows if row["about"]]
    assert deeds == [("enable_staff", "xxx", "ann"), ("disable_staff", "xxx", "ann"), ("create_staff", "xxx", "ann")]


# What is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("login", b"{", 400),
        ("login", b'{"username": "", "password": "x"}', 400),
        ("login", b'{"username": "a\\u0000", "password": "x"}', 400),
        ("find", b'{"text": ""}', 400),
        ("find", b'{"text": "' + b"1" * 64 + b'"}', 404),
        ("find", b'{"text": "' + b"1" * 65 + b'"}', 400),
        ("find", b'{"text": 129322}', 400),
        ("find", b'{"text": "x", "more": 1}', 400),
        ("find", b'{"text": "' + b"1" * BODY_BYTES_MAX + b'"}', 413),
        ("find", b'{"text": "a\\u0000b"}', 400),
        ("search", b'{"text": "a\\u0000b"}', 400),
        ("parcels/0/aside", b'{"operation_id": "00000000-0000-4000-8000-000000000000", "staff_id": 32}', 404),
        ("parcels/1/aside", b'{"operation_id": "1", "staff_id": 32}', 400),
        ("parcels/1/aside", b'{"staff_id": 32}', 400),
        ("parcels/99999999999999999999/aside", b"{}", 400),
        ("parcels/x/aside", b"{}", 404),
        ("nothing", b"{}", 404),
        ("find?after=x", b'{"text": "1"}', 404),
    ],
)
async def test_what_is_no_request(clerk: Caller, path: str, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    answer = await clerk.client.post(f"/counter/{path}", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        "which=all",
        "after=x",
        "after=2024-08-01,1",
        "after=2024-08-01T00:00:00Z,0",
        "after=2024-08-01T00:00:00Z,x",
        "after=2024-08-01T00:00:00Z,9999999999999999999999",
    ],
)
async def test_what_is_no_list(clerk: Caller, query: str) -> None:
    assert said(await clerk.get(f"parcels?{query}")) == (400, "request")


@pytest.mark.parametrize(
    "query", ["day=x", "day=2024-02-30", "day=9999-12-31", "start=-1", "start=100001", "staff=0"]
)
async def test_what_is_no_history(manager: Caller, query: str) -> None:
    assert said(await manager.get(f"actions?{query}")) == (400, "request")


async def test_a_fault_is_told_by_its_number(clerk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "counts", None)
    with capture_logs() as logged:
        answer = await clerk.get("parcels")
    assert said(answer) == (500, "fault")
    assert logged[-1]["trace_id"] in answer.json()["text"]
    assert "NoneType" not in answer.text


async def test_wrong_passwords_lock_a_name(world: World) -> None:
    async def tried(password: str) -> httpx.Response:
        return await world.client.post("/counter/login", json={"username": CLERK[0], "password": password})

    for _ in range(WRONG_PASSWORDS_MAX):
        assert said(await tried("wrong")) == (403, "login")
    answer = await tried(CLERK[1])
    assert said(answer) == (429, "locked")
    assert "15 minutes" in answer.json()["text"]
    assert answer.headers["retry-after"] == "900"


async def test_log_ins_are_counted(world: World) -> None:
    answers = [
        await world.client.post("/counter/login", json={"username": f"name{number}", "password": "x"})
        for number in range(world.desk.config.heidian_logins_a_minute + 1)
    ]
    assert {answer.status_code for answer in answers[:-1]} == {403}
    assert said(answers[-1]) == (429, "often")


async def test_wrong_codes_are_counted_and_pause(shop: Shop, clerk: Caller) -> None:
    await shop.parcel()
    for number in range(shop.world.desk.config.heidian_wrong_keys - 1):
        assert said(await found(clerk, f"{number:06}")) == (404, "unknown")
    assert (await found(clerk, "no code at all")).status_code == 404
    assert (await found(clerk, CODE)).status_code == 200
    assert said(await found(clerk, "000099")) == (404, "unknown")
    paused = await found(clerk, CODE)
    assert said(paused) == (429, "often")
    assert paused.headers["retry-after"] == str(PAUSE_S)

    await shop.world.staff_token("clerk1", "f" * 40)
    checked = "/api/orders/pick_up_code/check/?key=129322"
    token = {"authorization": f"stafftoken {'f' * 40}"}
    assert (await shop.world.client.get(checked, headers=token)).status_code == 429, "one count for both ways"

    shop.world.clock.advance(timedelta(seconds=PAUSE_S))
    assert (await found(clerk, CODE)).status_code == 200


# Finding and listing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "typed"), [("129322", "129322"), ("001234", "1234"), ("001234", " 001 234 "), ("000000", "0")]
)
async def test_a_code_is_found_without_its_zeros(shop: Shop, clerk: Caller, code: str, typed: str) -> None:
    parcel = await shop.parcel(code=code)
    answer = (await found(clerk, typed)).json()
    assert (answer["parcel"]["id"], answer["parcel"]["code"]) == (parcel.id, code)
    assert answer["proof"]


async def test_an_orders_number_is_found_also_when_it_looks_like_a_code(shop: Shop, clerk: Caller) -> None:
    await shop.parcel(number="4711", code="000001")
    for typed in ("4711", " 4711 "):
        answer = (await found(clerk, typed)).json()
        assert (answer["parcel"]["number"], answer["proof"]) == ("4711", "")


async def test_what_is_seen_of_a_parcel(shop: Shop, clerk: Caller) -> None:
    parcel = await shop.parcel(pieces=2)
    seen = (await clerk.get(f"parcels/{parcel.id}")).json()
    assert seen["goods"] == [{"name": "Nike", "sku": "00131031", "pieces": 2}]
    facts = {"name": "张三", "mobile": "13800000001", "mobile_end": "0001", "pieces": 2, "state": "live"}
    assert {name: seen[name] for name in facts} == facts
    listed = (await clerk.get("parcels")).json()["rows"][0]
    assert "mobile" not in listed
    assert listed["code"] == CODE


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"payment": "pending"}, "unpaid"),
        ({"payment": "partially_paid"}, "part_paid"),
        ({"payment": "refunded"}, "refunded"),
        ({"payment": "partially_refunded"}, ""),
        ({"state": "canceled"}, "canceled"),
        ({"state": "expired"}, "expired"),
        ({}, ""),
    ],
)
async def test_a_parcel_that_may_not_go_says_why(
    shop: Shop, clerk: Caller, changes: dict[str, str], warning: str
) -> None:
    await shop.parcel(**changes)
    assert (await found(clerk, CODE)).json()["parcel"]["warning"] == warning


async def test_a_code_expires_by_itself(shop: Shop, clerk: Caller) -> None:
    now = shop.world.clock.now()
    await shop.parcel(expires_at=now + timedelta(seconds=1))
    assert (await found(clerk, CODE)).json()["parcel"]["state"] == "live"
    shop.world.clock.advance(timedelta(seconds=1))
    parcel = (await found(clerk, CODE)).json()["parcel"]
    assert (parcel["state"], parcel["warning"]) == ("expired", "expired")
    assert (await clerk.get("parcels")).json()["counts"]["waiting"] == 0


async def test_a_list_comes_a_page_at_a_time(shop: Shop, clerk: Caller) -> None:
    for number in range(ROWS_MAX):
        await shop.parcel(f"N-{number:02}", f"{number:06}")
    assert (await clerk.get("parcels")).json()["after"] == ""
    await shop.parcel("N-99", "000099")
    first = (await clerk.get("parcels")).json()
    assert (len(first["rows"]), first["counts"]["waiting"]) == (ROWS_MAX, ROWS_MAX + 1)
    second = (await clerk.get("parcels", params={"after": first["after"]})).json()
    assert (len(second["rows"]), second["after"]) == (1, "")
    assert len({row["id"] for row in first["rows"] + second["rows"]}) == ROWS_MAX + 1

    searched = (await clerk.post("search", {"text": "N-"})).json()
    assert (len(searched["rows"]), searched["counts"]) == (ROWS_MAX, None)
    rest = await clerk.post("search", {"text": "N-"}, params={"after": searched["after"]})
    assert len(rest.json()["rows"]) == 1


# Doing ----------------------------------------------------------------------------------


async def hand_over(caller: Caller, parcel: PickUp, **more: Any) -> httpx.Response:
    return await caller.post(f"parcels/{parcel.id}/handover", tap(caller, **more))


async def test_a_tap_acts_once_however_often_it_is_sent(shop: Shop, clerk: Caller) -> None:
    parcel = await shop.parcel()
    for what, more, action in (
        ("aside", {}, "stock_prepare"),
        ("handover", {}, "consume"),
        ("undo", {"reason": "Wrong parcel"}, "rollback"),
    ):
        once = tap(clerk, **more)
        answers = await asyncio.gather(*(clerk.post(f"parcels/{parcel.id}/{what}", once) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {200}, what
        assert [row[0] for row in await shop.history()].count(action) == 1
    assert await shop.history() == [
        ("stock_prepare", "clerk1", ""),
        ("consume", "clerk1", ""),
        ("rollback", "clerk1", "Wrong parcel"),
    ]


async def test_an_id_that_was_used_for_something_else(shop: Shop, clerk: Caller, manager: Caller) -> None:
    first, second = await shop.parcel(), await shop.parcel("N-2", "000002")
    once = tap(clerk)
    assert (await clerk.post(f"parcels/{first.id}/handover", once)).status_code == 200
    assert said(await clerk.post(f"parcels/{second.id}/handover", once)) == (409, "operation")
    theirs = once | {"staff_id": manager.id}
    assert said(await manager.post(f"parcels/{first.id}/handover", theirs)) == (409, "operation")


async def test_what_a_phone_kept_for_one_person_is_not_sent_by_another(
    shop: Shop, clerk: Caller, manager: Caller
) -> None:
    parcel = await shop.parcel()
    assert said(await manager.post(f"parcels/{parcel.id}/handover", tap(clerk))) == (409, "not_own")
    assert await shop.history() == []


async def test_two_phones_one_parcel(shop: Shop, clerk: Caller, manager: Caller) -> None:
    for number in range(10):
        parcel = await shop.parcel(f"N-{number}", f"{number:06}")
        answers = await asyncio.gather(hand_over(clerk, parcel), hand_over(manager, parcel))
        assert sorted(said(answer) for answer in answers) == [(200, ""), (409, "used")]
    assert len(await shop.history()) == 10
    await shop.world.verified()


async def test_digits_that_came_back_for_another_parcel(shop: Shop, clerk: Caller) -> None:
    old = await shop.parcel("N-1", "000001")
    await hand_over(clerk, old)
    new = await shop.parcel("N-2", "000001")
    assert said(await hand_over(clerk, old)) == (409, "used")
    assert (await clerk.get(f"parcels/{new.id}")).json()["state"] == "live"


async def test_an_undo_needs_a_reason_and_respects_the_shops_limits(shop: Shop, clerk: Caller) -> None:
    await shop.rules(rollback_window_s=600, rollbacks_max=2)
    parcel = await shop.parcel()

    async def undo(reason: str = "Wrong parcel") -> tuple[int, str]:
        return said(await clerk.post(f"parcels/{parcel.id}/undo", tap(clerk, reason=reason)))

    assert await undo() == (409, "not_used")
    await hand_over(clerk, parcel)
    assert await undo("") == (400, "reason")
    assert await undo("  ") == (400, "reason")
    assert await undo("x" * (REASON_CHARACTERS_MAX + 1)) == (400, "request")
    shop.world.clock.advance(timedelta(seconds=601))
    assert await undo() == (409, "closed")
    shop.world.clock.advance(timedelta(seconds=-1))
    assert await undo("x" * REASON_CHARACTERS_MAX) == (200, "")
    await hand_over(clerk, parcel)
    assert await undo() == (200, "")
    await hand_over(clerk, parcel)
    assert await undo() == (409, "undone_often")


async def test_a_shop_that_hands_over_what_was_set_aside(shop: Shop, clerk: Caller) -> None:
    await shop.rules(prepared_first=True)
    parcel = await shop.parcel()
    assert (await found(clerk, CODE)).json()["parcel"]["warning"] == "not_aside"
    assert said(await hand_over(clerk, parcel)) == (409, "not_aside")
    await clerk.post(f"parcels/{parcel.id}/aside", tap(clerk))
    assert (await hand_over(clerk, parcel)).status_code == 200


async def test_a_shop_that_keeps_codes_from_its_people(shop: Shop, clerk: Caller, manager: Caller) -> None:
    await shop.rules(mask_keys=True)
    parcel, other = await shop.parcel(), await shop.parcel("N-2", "000002")
    board = (await clerk.get("parcels")).json()["rows"]
    assert {row["code"] for row in board} == {"1****2", "0****2"}
    assert (await clerk.get(f"parcels/{parcel.id}")).json()["warning"] == "code"
    assert (await found(clerk, NUMBER)).json()["parcel"]["warning"] == "code"
    assert CODE not in (await clerk.get(f"parcels/{parcel.id}/slip")).text

    named = (await found(clerk, CODE)).json()
    assert named["parcel"]["warning"] == ""
    proofs = {
        "": clerk,
        "x": clerk,
        "é": clerk,
        (await found(manager, CODE)).json()["proof"]: clerk,
        (await found(clerk, "000002")).json()["proof"]: clerk,
        named["proof"]: manager,
    }
    for proof, caller in proofs.items():
        assert said(await hand_over(caller, parcel, proof=proof)) == (409, "code")
    assert CODE not in named["proof"]
    assert (await hand_over(clerk, parcel, proof=named["proof"])).status_code == 200
    history = (await manager.get("actions")).json()["rows"]
    assert history[0]["code"] == "1****2"
    assert other.id


# History, slip, size ---------------------------------------------------------------------


async def test_the_history_by_person_and_day(shop: Shop, clerk: Caller, manager: Caller) -> None:
    parcel = await shop.parcel()
    await hand_over(clerk, parcel)
    shop.world.clock.advance(timedelta(hours=1))
    await manager.post(f"parcels/{parcel.id}/undo", tap(manager, reason="Wrong parcel"))

    async def rows(**asked: Any) -> list[tuple[str, str]]:
        answer = (await manager.get("actions", params=asked)).json()
        return [(row["action"], row["who"]) for row in answer["rows"] if row["number"]]

    assert await rows() == [("rollback", "xxx"), ("consume", "clerk1"), ("issue", "")]
    assert await rows(staff=clerk.id) == [("consume", "clerk1")]
    assert await rows(day="2024-08-02") == [("rollback", "xxx"), ("consume", "clerk1"), ("issue", "")]
    assert await rows(day="2024-08-01") == [], "the shop's own day"
    newest = (await manager.get("actions")).json()["rows"][0]
    assert (newest["before"]["state"], newest["after"]["state"]) == ("used", "unused")
    assert newest["reason"] == "Wrong parcel"


async def test_the_history_comes_a_page_at_a_time(shop: Shop, clerk: Caller, manager: Caller) -> None:
    parcel = await shop.parcel()
    for _ in range(ACTIONS_MAX // 2):
        await hand_over(clerk, parcel)
        await clerk.post(f"parcels/{parcel.id}/undo", tap(clerk, reason="x"))
    first = (await manager.get("actions")).json()
    second = (await manager.get("actions", params={"start": ACTIONS_MAX})).json()
    assert len(first["rows"]) == ACTIONS_MAX
    assert len(second["rows"]) == first["total"] - ACTIONS_MAX > 0
    ids = [row["id"] for row in itertools.chain(first["rows"], second["rows"])]
    assert ids == sorted(set(ids), reverse=True)


async def test_a_slip_bears_the_number_and_never_the_code(shop: Shop, clerk: Caller) -> None:
    parcel = await shop.parcel(name="<b>张三</b>", pieces=2)
    page = (await clerk.get(f"parcels/{parcel.id}/slip")).text
    assert CODE not in page
    assert "13800000001" not in page
    assert "0001" in page
    assert "&lt;b&gt;张三" in page
    assert "2 pieces" in page


SHELL_BYTES_MAX = 60 * 1024
"""Of the whole page as it comes over the wire, uncompressed."""


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_page_is_small_and_its_own(clerk: Caller, language: str) -> None:
    sizes = {}
    for path in ("/counter", "/counter/worker.js", *SHELL):
        answer = await clerk.client.get(path, headers={"accept-language": language, "accept-encoding": "identity"})
        assert answer.status_code == 200, path
        assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", ""), f"{path} asks somebody else"
        sizes[path] = len(answer.content)
    assert sum(sizes.values()) <= SHELL_BYTES_MAX, sizes


async def test_the_page_holds_nothing_of_a_shop_and_no_script_of_its_own(clerk: Caller, world: World) -> None:
    page, anonymous = await clerk.client.get("/counter"), await world.client.get("/counter")
    assert page.text == anonymous.text
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    worker = await world.client.get("/counter/worker.js")
    assert worker.headers["service-worker-allowed"] == "/counter"
    assert worker.headers["content-type"].startswith("text/javascript")


async def test_pieces_that_were_given_back_are_not_handed_over(shop: Shop, clerk: Caller) -> None:
    parcel = await shop.parcel(pieces=3)
    async with shop.world.desk.database.transaction() as tx:
        await paying.refund(
            tx, account_id=ACCOUNT, order_id=parcel.order_id or 0, reference="R-1", pieces={"1": 1}, reason="broken"
        )
    seen = (await found(clerk, CODE)).json()["parcel"]
    assert (seen["pieces"], seen["goods"][0]["pieces"], seen["warning"]) == (2, 2, "")
    assert (await clerk.get("parcels")).json()["rows"][0]["pieces"] == 2
    async with shop.world.desk.database.transaction() as tx:
        await paying.refund(tx, account_id=ACCOUNT, order_id=parcel.order_id or 0, reference="R-2")
    seen = (await found(clerk, CODE)).json()["parcel"]
    assert (seen["state"], seen["warning"]) == ("canceled", "canceled")


# What it costs ----------------------------------------------------------------------------

COSTS = {row[0]: int(row[1]) for row in pages.table(pages.DOCS / "counter.md", "call of the page")}


async def test_a_call_costs_what_the_page_says(shop: Shop, clerk: Caller, manager: Caller) -> None:
    parcel = await shop.parcel()
    await clerk.get("me")
    await manager.get("me")
    calls = {
        "`GET /counter/parcels`, a list with its counts": lambda: clerk.get("parcels"),
        "`POST /counter/search`": lambda: clerk.post("search", {"text": "0001"}),
        "`POST /counter/find`, by a code": lambda: found(clerk, CODE),
        "`GET /counter/parcels/ID`": lambda: clerk.get(f"parcels/{parcel.id}"),
        "`POST /counter/parcels/ID/aside`": lambda: clerk.post(f"parcels/{parcel.id}/aside", tap(clerk)),
        "`POST /counter/parcels/ID/handover`": lambda: hand_over(clerk, parcel),
        "`POST /counter/parcels/ID/undo`": lambda: clerk.post(f"parcels/{parcel.id}/undo", tap(clerk, reason="x")),
        "`GET /counter/actions`": lambda: manager.get("actions"),
    }
    counted = {}
    for name, call in calls.items():
        with statements.listed() as sent:
            assert (await call()).status_code == 200, name
        counted[name] = len(sent)
    assert counted == COSTS


def test_the_limits_are_those_that_the_page_tells_of() -> None:
    page = " ".join((pages.DOCS / "counter.md").read_text().split())
    wrong_keys = Config().heidian_wrong_keys
    for said in (
        f"ends after {SESSION_H} hours",
        f"After {WRONG_PASSWORDS_MAX} wrong passwords in a row",
        f"nobody logs in under that name for {LOCKED_S // 60} minutes",
        f"after {wrong_keys} in ten minutes",
        f"JSON of at most {BODY_BYTES_MAX // 1024} KiB",
        f"at most {SHELL_BYTES_MAX // 1024} KiB over the wire",
    ):
        assert said in page
    assert (EXPIRING_WITHIN, WRONG_KEYS_OF_STAFF.seconds, PAUSE_S) == (timedelta(days=2), 600, 60)
