"""The page of an order, and what may be done there, through the front door."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import OrderId, SiteId
from crossdock.console.office import order as page
from crossdock.console.office import screen
from crossdock.core.events import commands as events
from crossdock.core.events.model import NewEvent
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.operators.model import REASON_CHARACTERS_MIN
from crossdock.core.orders.model import NewLine
from crossdock.core.transport import routes
from crossdock.core.transport.model import NewNode
from tests import statements
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Office, desk_of, failed
from tests.world import ACCOUNT, SHOP_SERVICE, World

SKU = "00131031"
WHY = "the owner called"
PAGE_BYTES_MAX = 100_000
STATEMENTS = 12


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def allocated(world: World, number: str = "N-1", **more: Any) -> OrderId:
    await world.stock(SKU, 10)
    return (await world.order(number, lines={SKU: 2}, state="allocated", **more)).id


async def state_of(world: World, order_id: int) -> str:
    [(state,)] = await world.rows("SELECT state FROM orders WHERE id = %(id)s", id=order_id)
    return str(state)


async def test_it_shows_all_that_is_on_record(office: Office) -> None:
    world = office.world
    shipped = await world.shipped("N-1", service=SHOP_SERVICE, reference="R-1")
    assert shipped.pick_up is not None
    caller = await office.as_support()
    shown = await caller.get(f"orders/{shipped.order.id}")
    assert shown.status_code == 200
    for text in ("N-1", "R-1", str(shipped.order.id), SKU, "placed", "shipped", "WH-GZ01"):
        assert text in shown.text, text
    assert shipped.pick_up.key not in shown.text
    assert shipped.order.token not in shown.text
    assert '<form method="post" action="/console/orders' not in shown.text
    assert len(shown.content) < PAGE_BYTES_MAX


async def test_both_clocks_stand_in_the_time_of_the_place_and_in_utc(office: Office) -> None:
    world = office.world
    order = await world.parcel("L-1", "T-1")
    seen_at = datetime(2024, 8, 1, 20, 30, tzinfo=UTC)
    async with world.desk.database.transaction() as tx:
        seen = NewNode(mailno="T-1", code="80", happened_at=seen_at)
        await routes.pass_nodes(tx, account_ids=[ACCOUNT], nodes=[seen], effects={})
    caller = await office.as_support()
    text = (await caller.get(f"orders/{order.id}")).text
    row = next(row for row in text.split("<tr>") if "<td>80</td>" in row)
    assert re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row) == [
        "2024-08-02 04:30:00",
        "2024-08-01 20:30:00",
        "2024-08-02 07:10:41",
        "2024-08-01 23:10:41",
    ]


async def test_an_order_is_called_off_stopped_and_goes_on(office: Office) -> None:
    world = office.world
    order_id = await allocated(world)
    caller = await office.as_operator()
    here = f"orders/{order_id}"
    await caller.get(here)
    assert await caller.said(await caller.post(here, deed="hold", reason=WHY)) == "Order N-1 is held."
    assert await state_of(world, order_id) == "held"
    assert await caller.said(await caller.post(here, deed="release", reason=WHY)) == "Order N-1 goes on."
    assert await state_of(world, order_id) == "allocated"
    tap = str(uuid4())
    for _ in range(2):
        answer = await caller.post(here, deed="cancel", reason=WHY, operation_id=tap)
        assert await caller.said(answer) == "Order N-1 is called off."
    assert await state_of(world, order_id) == "cancelled"
    assert [row[1:] for row in await office.history() if row[1].endswith("_order")] == [
        ("hold_order", "order:N-1", WHY),
        ("release_order", "order:N-1", WHY),
        ("cancel_order", "order:N-1", WHY),
    ]
    refused = await caller.post(here, deed="hold", reason=WHY)
    assert (refused.status_code, failed(refused)[:54]) == (
        409,
        "The order is in a state that does not allow this: look",
    )
    await world.verified()


async def test_while_the_floor_works_on_it_somebody_decides(office: Office) -> None:
    world = office.world
    order_id = await allocated(world)
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order_id)
    caller = await office.as_operator()
    here = f"orders/{order_id}"
    await caller.get(here)
    said = await caller.said(await caller.post(here, deed="cancel", reason=WHY))
    assert said == "Order N-1 is being worked on: decide below whether it is called off."
    [(request,)] = await world.rows("SELECT id FROM cancel_request WHERE state = 'asked'")
    assert "Its owner asked to call it off" in (await caller.get(here)).text
    other = await world.order("N-2", lines={SKU: 1})
    foreign = await caller.post(f"orders/{other.id}", deed="grant", request=request, reason=WHY)
    assert (foreign.status_code, failed(foreign)) == (404, "Nobody asked to call that off. Nothing was done.")
    said = await caller.said(await caller.post(here, deed="refuse", request=request, reason=WHY))
    assert said == "Order N-1 goes on; its owner is told."
    late = await caller.post(here, deed="grant", request=request, reason=WHY)
    assert failed(late) == "Somebody has decided otherwise before. Nothing was done."
    await caller.post(here, deed="cancel", reason=WHY)
    [(request,)] = await world.rows("SELECT id FROM cancel_request WHERE state = 'asked'")
    said = await caller.said(await caller.post(here, deed="grant", request=request, reason=WHY))
    assert said == "Order N-1 is called off, as its owner asked."
    assert await state_of(world, order_id) == "cancelled"


async def test_what_a_form_of_it_cannot_mean_is_refused_in_words(office: Office) -> None:
    order_id = await allocated(office.world)
    caller = await office.as_operator()
    here = f"orders/{order_id}"
    await caller.get(here)
    short = await caller.post(here, deed="hold", reason="x" * (REASON_CHARACTERS_MIN - 1))
    assert (short.status_code, failed(short)) == (
        400,
        f"Please say why, in {REASON_CHARACTERS_MIN} characters at least. Nothing was done.",
    )
    for fields in ({"deed": "sell"}, {"deed": "grant", "request": "x"}, {"deed": "hold", "operation_id": "x"}):
        answer = await caller.post(here, reason=WHY, **fields)
        assert (answer.status_code, "Nothing was done." in failed(answer)) == (400, True), fields
    assert await state_of(office.world, order_id) == "allocated"
    assert (await caller.get("orders/1")).status_code == 404
    assert (await caller.get(f"orders/{10**18}")).status_code == 404
    assert (await caller.get(f"orders/{10**19}")).status_code == 404
    assert (await caller.get("orders/x")).status_code == 404


async def test_support_looks_and_a_manager_acts_in_one_place(office: Office) -> None:
    world = office.world
    order_id = await allocated(world)
    elsewhere = await world.order("S-1", lines={SKU: 1}, site_id=SiteId(12))
    twin = await world.order("S-1", lines={SKU: 1}, kind="inbound", state="announced")
    support = await office.as_support()
    await support.get()
    assert (await support.post(f"orders/{order_id}", deed="hold", reason=WHY)).status_code == 403
    manager = await office.as_manager()
    assert (await manager.get(f"orders/{elsewhere.id}")).status_code == 404
    assert (await manager.post(f"orders/{elsewhere.id}", deed="cancel", reason=WHY)).status_code == 404
    assert (await manager.get(f"orders/{elsewhere.id}/evidence")).status_code == 404
    both = await manager.post(f"orders/{twin.id}", deed="cancel", reason=WHY)
    assert (both.status_code, failed(both)[:37]) == (403, "Orders of other places bear this numb")
    await manager.post(f"orders/{order_id}", deed="hold", reason=WHY)
    assert await state_of(world, order_id) == "held"
    deeds = await world.rows("SELECT action, reason, after->>'subject' FROM staff_action WHERE action LIKE '%%order'")
    assert deeds == [("hold_order", WHY, "order:N-1")]


async def test_long_lists_go_on_from_a_key(office: Office) -> None:
    world = office.world
    order = await world.order(
        "N-1", new_lines=[NewLine(line_key=f"K-{n}", sku=SKU, quantity=1) for n in range(screen.ROWS_MAX + 1)]
    )
    async with world.desk.database.transaction() as tx:
        await events.append_many(
            tx,
            [
                NewEvent(
                    account_id=ACCOUNT,
                    kind=f"told.{n}",
                    subject=order.subject,
                    order_id=order.id,
                    facts={"text": "x" * (page.FACTS_CHARACTERS_MAX + n)},
                )
                for n in range(screen.ROWS_MAX)
            ],
        )
    caller = await office.as_support()
    here = f"orders/{order.id}"
    first = await caller.get(here)
    assert len(re.findall(r"<td>K-\d+</td>", first.text)) == page.FIRST_ROWS
    for part, pattern in {"lines": r"<td>(K-\d+)</td>", "timeline": r"<td>(told\.\d+|placed)</td>"}.items():
        whole = await caller.get(f"{here}?part={part}")
        assert len(whole.content) < PAGE_BYTES_MAX
        shown = re.findall(pattern, whole.text)
        assert len(shown) == screen.ROWS_MAX
        [next_] = re.findall(r'href="(\?[^"]*)" rel="next"', whole.text)
        rest = re.findall(pattern, (await caller.get(here + next_.replace("&amp;", "&"))).text)
        assert len({*shown, *rest}) == screen.ROWS_MAX + 1
    assert (await caller.get(f"{here}?part=timeline&after=nonsense")).status_code == 200
    assert (await caller.get(f"{here}?part=nonsense")).status_code == 200


async def test_its_evidence_is_one_tap_away_and_the_timeline_says_who_looked(office: Office) -> None:
    order_id = await allocated(office.world)
    caller = await office.as_support()
    answer = await caller.get(f"orders/{order_id}/evidence")
    assert (answer.status_code, answer.headers["location"].startswith(f"/orders/{order_id}/evidence/")) == (303, True)
    assert (await caller.client.get(answer.headers["location"])).status_code == 200
    assert "evidence looked at" in (await caller.get(f"orders/{order_id}")).text
    office.world.clock.advance(timedelta(minutes=page.EVIDENCE_MINUTES))
    assert (await caller.client.get(answer.headers["location"])).status_code == 404


async def test_it_costs_few_statements(office: Office) -> None:
    shipped = await office.world.shipped("N-1", service=SHOP_SERVICE)
    caller = await office.as_support()
    with statements.listed() as sent:
        await caller.get(f"orders/{shipped.order.id}")
    assert len(sent) <= STATEMENTS, sent


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    world = office.world
    order_id = await allocated(world, "PO-1001", reference="SALE-7")
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as shown:
        await shown.goto(f"/console/orders/{order_id}")
        await assert_accessible(shown)
        await picture(shown, "console-order")
        await shown.get_by_text("Hold the order").first.click()
        await shown.get_by_label("Reason").first.fill(WHY)
        await assert_accessible(shown)
        await shown.get_by_role("button", name="Hold the order").click()
        await expect(shown.locator("#said")).to_have_text("Order PO-1001 is held.")
        await shown.set_viewport_size({"width": 360, "height": 740})
        await assert_accessible(shown)
        assert await shown.evaluate("document.documentElement.scrollWidth") <= 360


async def test_a_form_that_is_sent_again_for_something_else_is_not_said_to_be_done(office: Office) -> None:
    world = office.world
    order_id, operation_id = await allocated(world), str(uuid4())
    other = await allocated(world, "N-2")
    for caller in (await office.as_operator(), await office.as_manager()):
        await caller.get(f"orders/{order_id}")
        form = {"deed": "hold", "reason": WHY, "operation_id": operation_id}
        assert (await caller.post(f"orders/{order_id}", **form)).status_code == 303
        assert await caller.said(await caller.post(f"orders/{order_id}", **form)) == "Order N-1 is held."
        for path, deed in ((f"orders/{order_id}", "cancel"), (f"orders/{other}", "hold")):
            answer = await caller.post(path, **{**form, "deed": deed})
            assert (answer.status_code, failed(answer)[:37]) == (409, "This form did something else before. "), path
        assert (await caller.post(f"orders/{order_id}", deed="release", reason=WHY)).status_code == 303
    assert await state_of(world, order_id) == await state_of(world, other) == "allocated"
