"""The inbox of exceptions, through the front door."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.console.office import inbox as page
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.lockers import alarms
from crossdock.core.orders import commands as orders
from crossdock.core.overview import inbox
from crossdock.core.overview.inbox_model import DUE_AFTER, DUE_DAYS_MAX, KINDS, OF_A_KIND_MAX
from crossdock.core.overview.model import Sight
from tests import statements
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of, failed
from tests.core.places.shelves import Shelves
from tests.world import ACCOUNT, World

SKU = "00131031"
PAGE_BYTES_MAX = 100_000
STATEMENTS = 4


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def held(world: World, number: str = "N-1") -> int:
    """A stopped order."""
    await world.stock(SKU, 1)
    order = await world.order(number, lines={SKU: 1}, state="allocated")
    async with world.desk.database.transaction() as tx:
        await orders.put_on_hold(
            tx, account_id=ACCOUNT, order_id=order.id, reason="the box is broken", dialect="house", actor="x"
        )
    return order.id


async def of_every_kind(world: World) -> None:
    """One exception of each."""
    shelves = await Shelves.of(world, pieces=10)
    await held(world)
    asked = await world.order("N-2", lines={SKU: 1}, state="allocated")
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=asked.id)
        wanted = CallOff(number="N-2", content_hash=b"x", reason="bought elsewhere")
        await calling_off.call_off(tx, account_id=ACCOUNT, wanted=wanted, actor="erp")
        [(cabinet_id, number)] = await tx.rows("SELECT id, number FROM cabinet WHERE account_id = 47 LIMIT 1")
        await alarms.raise_alarm(tx, account_id=ACCOUNT, cabinet_id=cabinet_id, cabinet=number, kind="offline")
        await tx.execute(
            "INSERT INTO count_request (account_id, location_id, stock_id, reason, asked_at)"
            " VALUES (47, %(location)s, %(stock)s, 'not_found', %(now)s)",
            location=shelves.ids["A-01-1"],
            stock=shelves.stock_id,
            now=tx.now,
        )
        hears = await tx.value("SELECT min(id) FROM receiver WHERE account_id = 47")
        await tx.execute(
            "UPDATE receiver SET frozen_at = %(now)s, frozen_why = 'asked to' WHERE id = %(id)s", now=tx.now, id=hears
        )
        await tx.execute(
            "UPDATE camera SET failure = 'no_film', failed_at = %(now)s"
            " WHERE id = (SELECT min(id) FROM camera WHERE account_id = 47)",
            now=tx.now,
        )
        await tx.execute(
            "INSERT INTO callback (account_id, receiver_id, event_id, mailbox, state, due_at, created_at)"
            " SELECT 47, %(hears)s, min(id), 'm', 'parked', %(now)s, %(now)s FROM event WHERE account_id = 47",
            now=tx.now,
            hears=hears,
        )


def shown(answer: httpx.Response) -> list[str]:
    """The names of what is listed."""
    return re.findall(r'name="key" value="([a-z]+:[^"]*)"', answer.text)


async def listed(caller: Caller, query: str = "") -> list[str]:
    return shown(await caller.get(f"inbox?{query}"))


async def test_everything_that_waits_for_a_person_is_there(office: Office) -> None:
    await of_every_kind(office.world)
    caller = await office.as_operator()
    answer = await caller.get("inbox")
    assert {key.partition(":")[0] for key in shown(answer)} == set(KINDS)
    for text in (
        "the box is broken",
        "bought elsewhere",
        "offline",
        "A-01-1 · 00131031",
        "asked to",
        "it sends no film that can be kept",
    ):
        assert text in answer.text, text
    for kind in KINDS:
        assert {key.partition(":")[0] for key in await listed(caller, f"kind={kind}")} == {kind}
    assert "7 wait for somebody, 0 of them overdue." in answer.text
    office.world.clock.advance(DUE_AFTER["alarm"])
    assert "7 wait for somebody, 0 of them overdue." in (await caller.get("inbox")).text
    office.world.clock.advance(timedelta(seconds=1))
    assert "7 wait for somebody, 2 of them overdue." in (await caller.get("inbox")).text


async def test_somebody_takes_it_gives_it_back_and_it_is_done(office: Office) -> None:
    order_id = await held(office.world)
    caller = await office.as_operator()
    [key] = await listed(caller)
    item: dict[str, Any] = {"account": ACCOUNT, "key": key}
    tap = str(uuid4())
    for _ in range(2):
        answer = await caller.post("inbox", deed="take", owner="", **item, operation_id=tap)
        assert await caller.said(answer) == "You look after it."
    assert await listed(caller, "mine=1") == [key]
    await office.as_operator("bob")
    bob = office.nobody()
    late = await bob.log_in("bob")
    assert late.status_code == 303
    assert await caller.said(await caller.post("inbox", deed="leave", **item)) == "Nobody looks after it now."
    assert await listed(caller, "mine=1") == []
    assert (await caller.said(await caller.post("inbox", deed="finish", **item)))[:11] == "It is done."
    assert await listed(caller) == []
    assert await listed(caller, "which=done") == [key]
    assert await caller.said(await caller.post("inbox", deed="reopen", **item)) == "It is open again."
    await caller.post("inbox", deed="finish", **item)
    office.world.clock.advance(timedelta(minutes=1))
    async with office.world.desk.database.transaction() as tx:
        await orders.release(tx, account_id=ACCOUNT, order_id=order_id, dialect="house", actor="x")
        assert (await inbox.waiting(tx, sight=Sight(account_ids=[ACCOUNT]))) == []
    async with office.world.desk.database.transaction() as tx:
        await orders.put_on_hold(
            tx, account_id=ACCOUNT, order_id=order_id, reason="again", dialect="house", actor="x"
        )
    assert await listed(caller) == [key]
    assert [row[1:3] for row in await office.history() if row[1].endswith("_exception")] == [
        (f"{deed}_exception", f"{key} N-1") for deed in ("take", "leave", "finish", "reopen", "finish")
    ]


async def test_of_two_who_take_it_at_once_one_is_told(office: Office) -> None:
    await held(office.world)
    ada, bob = await office.as_operator(), await office.as_operator("bob")
    [key] = await listed(ada)
    await listed(bob)
    item: dict[str, Any] = {"deed": "take", "owner": "", "account": ACCOUNT, "key": key}
    await ada.post("inbox", **item)
    second = await bob.post("inbox", **item)
    assert (second.status_code, failed(second)) == (
        409,
        "Somebody else took it meanwhile: ada. Nothing was done.",
    )
    over = await bob.post("inbox", **(item | {"owner": "ada"}))
    assert await bob.said(over) == "You look after it."
    [row] = await office.world.rows("SELECT owner FROM exception_care")
    assert row == ("bob",)


async def test_a_time_is_set_by_the_clocks_that_are_shown(office: Office) -> None:
    await held(office.world)
    boss = await office.as_manager()
    [key] = await listed(boss)
    item: dict[str, Any] = {"deed": "put_off", "account": ACCOUNT, "key": key}
    await boss.post("inbox", **item, due="2024-08-03T09:00")
    assert "2024-08-03 09:00:00" in (await boss.get("inbox")).text
    [(due,)] = await office.world.rows("SELECT due_at FROM exception_care")
    assert due.isoformat() == "2024-08-03T01:00:00+00:00"
    now = office.world.clock.now()
    zone = timedelta(hours=8)
    for away, status in ((timedelta(days=DUE_DAYS_MAX), 303), (timedelta(days=DUE_DAYS_MAX, minutes=1), 400)):
        answer = await boss.post("inbox", **item, due=f"{now + zone + away:%Y-%m-%dT%H:%M:%S}")
        assert answer.status_code == status
    for due in ("", "tomorrow"):
        answer = await boss.post("inbox", **item, due=due)
        assert (answer.status_code, "Nothing was done." in failed(answer)) == (400, True)


async def test_what_cannot_be_done_is_refused_in_words(office: Office) -> None:
    await held(office.world)
    caller = await office.as_operator()
    [key] = await listed(caller)
    for fields, status in (
        ({"key": "held:1"}, 404),
        ({"key": "nonsense"}, 404),
        ({"key": ""}, 400),
        ({"account": 99}, 404),
        ({"account": "x"}, 400),
        ({"deed": "sell"}, 400),
    ):
        answer = await caller.post("inbox", **({"deed": "finish", "account": ACCOUNT, "key": key} | fields))
        assert (answer.status_code, "Nothing was done." in failed(answer)) == (status, True), fields
    support = await office.as_support()
    await support.get("inbox")
    answer = await support.post("inbox", deed="finish", account=ACCOUNT, key=key)
    assert answer.status_code == 403
    assert "I take it" not in (await support.get("inbox")).text


async def test_a_manager_sees_what_arose_in_one_place(office: Office) -> None:
    await of_every_kind(office.world)
    await office.world.rows("UPDATE orders SET site_id = 12 WHERE number = 'N-2' RETURNING 1")
    boss = await office.as_manager()
    assert {key.partition(":")[0] for key in await listed(boss)} == {"held", "count"}
    [key] = re.findall(r'value="(alarm:\d+)"', (await (await office.as_operator()).get("inbox")).text)
    assert (await boss.post("inbox", deed="finish", account=ACCOUNT, key=key)).status_code == 404


async def test_a_list_goes_on_from_a_key_and_has_an_end(office: Office) -> None:
    world = office.world
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, token, site_id, feedback,
                    created_at, updated_at)
SELECT 2408010360001000 + n, 47, 36, 'outbound', 'N-' || n, 'birdsystem', 'LOCAL', 'held', n::text, 80, 'broken',
       %(now)s, %(now)s FROM generate_series(1, %(orders)s::bigint) n
""",
            orders=OF_A_KIND_MAX + 1,
            now=tx.now,
        )
    caller = await office.as_operator()
    answer, seen = await caller.get("inbox"), []
    assert f"{OF_A_KIND_MAX} wait for somebody" in answer.text
    assert len(shown(answer)) == page.ROWS_MAX
    while True:
        assert len(answer.content) < PAGE_BYTES_MAX
        seen += shown(answer)
        if not (found := re.findall(r'href="(\?[^"]*)" rel="next"', answer.text)):
            break
        answer = await caller.get(f"inbox{found[0].replace('&amp;', '&')}")
    assert len(seen) == len(set(seen)) == OF_A_KIND_MAX
    assert len(await listed(caller, "after=nonsense")) == page.ROWS_MAX
    await world.rows(
        "INSERT INTO exception_care (account_id, key, done_at, done_by, updated_at) SELECT 47, 'held:' || id,"
        " updated_at, 'x', updated_at FROM orders WHERE state = 'held' ORDER BY id LIMIT %(done)s RETURNING 1",
        done=OF_A_KIND_MAX,
    )
    assert await listed(caller) == [f"held:{2408010360001000 + OF_A_KIND_MAX + 1}"]


async def test_it_costs_few_statements(office: Office) -> None:
    await of_every_kind(office.world)
    caller = await office.as_support()
    with statements.listed() as sent:
        await caller.get("inbox")
    assert len(sent) <= STATEMENTS, sent


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    await of_every_kind(office.world)
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as shown_:
        await shown_.goto("/console/inbox")
        await assert_accessible(shown_)
        await shown_.get_by_role("button", name="I take it").first.click()
        await expect(shown_.locator("#said")).to_have_text("You look after it.")
        await picture(shown_, "console-inbox")
        await shown_.set_viewport_size({"width": 360, "height": 740})
        await assert_accessible(shown_)
        assert await shown_.evaluate("document.documentElement.scrollWidth") <= 360
