"""The callback centre, through the front door."""

import re
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import AccountId
from crossdock.console.office import bodies, callbacks
from crossdock.core.events.commands import append, set_receiver
from crossdock.core.events.kinds import ORDER_PLACED
from crossdock.core.events.model import NewEvent
from crossdock.delivery import listing_sql, resending
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Office, desk_of, failed
from tests.world import ACCOUNT, World

BODY = '{"n": 1.50, "goods": [{"sku": "P-7001", "take_code": "774411"}]}'
OTHER = AccountId(48)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def owed(world: World, *states: str, name: str = "shop") -> list[int]:
    """Callbacks of one receiver, in these states, each tried twice; the second try said something else."""
    async with world.desk.database.transaction() as tx:
        await set_receiver(
            tx, account_id=ACCOUNT, dialect="hongxun", name=name, url="http://127.0.0.1:9/x", kinds=[ORDER_PLACED]
        )
        for number in range(len(states)):
            await append(tx, NewEvent(account_id=ACCOUNT, kind=ORDER_PLACED, subject=f"order:{number}"))
        ids = [row[0] for row in await tx.rows("SELECT id FROM callback ORDER BY id")][-len(states) :]
        for id_, state in zip(ids, states, strict=True):
            await tx.execute(
                "UPDATE callback SET state = %(state)s, attempts = 2, refusal = 'HTTP 502 <bad>' WHERE id = %(id)s",
                id=id_,
                state=state,
            )
        for number, body in ((1, BODY), (2, BODY.replace("1.50", "2"))):
            await tx.execute(
                "INSERT INTO callback_attempt (callback_id, number, started_at, ended_at, status, answer, failure,"
                " body) SELECT id, %(number)s, %(now)s, %(now)s + interval '1.5 s', 502, 'no way', 'HTTP 502',"
                " %(body)s FROM callback WHERE id = ANY (%(ids)s)",
                ids=ids,
                number=number,
                now=tx.now,
                body=body,
            )
    return ids


async def receiver_of(world: World, callback_id: int) -> int:
    [(found,)] = await world.rows("SELECT receiver_id FROM callback WHERE id = %(id)s", id=callback_id)
    return int(found)


def numbers(page: httpx.Response) -> list[int]:
    return [int(found) for found in re.findall(r'<a href="/console/callbacks/(\d+)">', page.text)]


async def test_receivers_and_their_callbacks(office: Office) -> None:
    world = office.world
    dead, waiting, other = await owed(world, "parked", "waiting", "delivered")
    receiver = await receiver_of(world, dead)
    caller = await office.as_support()
    page = (await caller.get("callbacks?text=SHOP")).text
    assert "hongxun shop" in page
    assert "hongxun erp" not in page
    assert "hongxun shop" not in (await caller.get("callbacks?text=nobody")).text
    assert numbers(await caller.get("callbacks/list")) == [other, waiting, dead]
    for state, ids in (("parked", [dead]), ("failing", [waiting]), ("delivered", [other]), ("skipped", [])):
        assert numbers(await caller.get(f"callbacks/list?state={state}")) == ids, state
        assert numbers(await caller.get(f"callbacks/list?state={state}&receiver={receiver}")) == ids, state
    assert numbers(await caller.get("callbacks/list?order=nothing")) == []
    assert (await caller.get("callbacks/list?receiver=999999")).status_code == 404


async def test_callbacks_of_an_order_by_either_number(office: Office) -> None:
    shipped = await office.world.shipped("CK-9", dialect="hongxun")
    ids = [row[0] for row in await office.world.rows("SELECT id FROM callback ORDER BY id DESC")]
    caller = await office.as_operator()
    for text in ("CK-9", str(shipped.order.id)):
        assert numbers(await caller.get(f"callbacks/list?order={text}")) == ids
    page = (await caller.get(f"callbacks/{ids[-1]}")).text
    assert "application/json;charset=UTF-8" in page
    assert "&#34;sign&#34;: &#34;[signature]&#34;" in page
    assert "CK-9" in page


async def test_a_page_of_callbacks_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await owed(office.world, *["parked", "waiting"] * 4)
    receiver = await receiver_of(office.world, ids[0])
    monkeypatch.setattr(callbacks, "CALLBACKS_SHOWN", 3)
    caller = await office.as_support()
    for query in (
        "list?",
        f"list?receiver={receiver}",
        "list?state=parked",
        f"list?receiver={receiver}&state=waiting",
    ):
        seen: list[int] = []
        address = f"callbacks/{query}"
        while address:
            page = await caller.get(address)
            seen += numbers(page)
            found = re.search(r'href="([^"]*)" rel="next"', page.text)
            address = f"callbacks/list{found[1].replace('&amp;', '&')}" if found else ""
        kept = ids if "state" not in query else ids[1::2] if "waiting" in query else ids[::2]
        assert seen == kept[::-1], query


async def test_of_a_rare_state_one_looks_further(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await owed(office.world, "skipped", "delivered", "delivered", "delivered")
    monkeypatch.setattr(listing_sql, "LOOKED_AT_MAX", 2)
    caller = await office.as_support()
    page = await caller.get("callbacks/list?state=skipped")
    assert numbers(page) == []
    found = re.search(r'href="(\?[^"]*)" rel="next"', page.text)
    assert found is not None
    assert numbers(await caller.get("callbacks/list" + found[1].replace("&amp;", "&"))) == [ids[0]]


async def test_one_callback_with_its_tries(office: Office) -> None:
    [dead] = await owed(office.world, "parked")
    support = await office.as_support()
    page = (await support.get(f"callbacks/{dead}")).text
    assert "1500 ms" in page
    assert "HTTP 502 &lt;bad&gt;" in page
    assert ("774411" in page, "&#34;n&#34;: 2," in page) == (False, True)
    operator = await office.as_operator()
    page = (await operator.get(f"callbacks/{dead}?try=1")).text
    assert ("774411" in page, "&#34;n&#34;: 1.50," in page) == (True, True)
    assert (await operator.get("callbacks/999999")).status_code == 404


async def test_sent_again_and_given_up_once(office: Office) -> None:
    first, second = await owed(office.world, "parked", "parked")
    caller = await office.as_operator()
    await caller.get(f"callbacks/{first}")
    operation_id = str(uuid4())
    for _ in range(2):
        answer = await caller.post(f"callbacks/{first}", deed="resend", operation_id=operation_id)
        assert answer.status_code == 303
    assert failed(await caller.post(f"callbacks/{first}", deed="give_up", reason="no use")).startswith("Only a dead")
    assert failed(await caller.post(f"callbacks/{second}", deed="give_up", reason="")).startswith("Please say why")
    said = await caller.said(await caller.post(f"callbacks/{second}", deed="give_up", reason="no use"))
    assert said == f"Callback {second} is left unsent."
    states = await office.world.rows("SELECT state FROM callback ORDER BY id")
    assert states == [("waiting",), ("skipped",)]
    assert [row[1:] for row in await office.history() if "callback" in row[1]] == [
        ("resend_callback", f"callback:{first}", ""),
        ("give_up_callback", f"callback:{second}", "no use"),
    ]


async def test_frozen_and_thawed_with_a_reason(office: Office) -> None:
    [id_] = await owed(office.world, "waiting")
    receiver = await receiver_of(office.world, id_)
    caller = await office.as_operator()
    await caller.get(f"callbacks/receivers/{receiver}")
    assert failed(await caller.post(f"callbacks/receivers/{receiver}", deed="freeze", reason="x"))
    said = await caller.said(await caller.post(f"callbacks/receivers/{receiver}", deed="freeze", reason="they move"))
    assert said == "shop is frozen."
    assert "they move" in (await caller.get(f"callbacks/receivers/{receiver}")).text
    await caller.post(f"callbacks/receivers/{receiver}", deed="thaw", reason="they moved")
    assert await office.world.rows("SELECT frozen_at FROM receiver WHERE id = %(id)s", id=receiver) == [(None,)]
    assert [row[1:] for row in await office.history() if "receiver" in row[1]] == [
        ("freeze_receiver", "receiver:hongxun shop", "they move"),
        ("thaw_receiver", "receiver:hongxun shop", "they moved"),
    ]


async def test_a_range_is_counted_and_goes_again(office: Office) -> None:
    world = office.world
    ids = await owed(world, "parked", "parked", "delivered", "parked")
    receiver = await receiver_of(world, ids[0])
    caller = await office.as_operator()
    here = f"callbacks/receivers/{receiver}/again"
    assert failed(await caller.get(here))
    assert failed(await caller.get(f"{here}?parked=yes&since=yesterday"))
    assert "3 callbacks would go again." in (await caller.get(f"{here}?parked=yes")).text
    assert "2 callbacks would go again." in (await caller.get(f"{here}?parked=yes&first={ids[1]}")).text
    assert "0 callbacks would go again." in (await caller.get(f"{here}?parked=yes&since=2099-01-01T00:00")).text
    assert await world.rows("SELECT 1 FROM callback WHERE state = 'waiting'") == []
    form = {"parked": "yes", "since": "", "until": "", "first": "", "last": str(ids[1]), "reason": "repaired"}
    operation_id = str(uuid4())
    answers = [await caller.post(here, operation_id=operation_id, **form) for _ in range(2)]
    assert {answer.headers["location"] for answer in answers} == {"/console/callbacks/runs/1"}
    assert 'data-again="/console/callbacks/runs/1"' in (await caller.get("callbacks/runs/1")).text
    await resending.go_on(world.desk.database, run_id=1)
    assert "2 of 2 callbacks" in (await caller.get("callbacks/runs/1")).text
    assert await world.rows("SELECT state FROM callback ORDER BY id") == [
        ("waiting",),
        ("waiting",),
        ("delivered",),
        ("parked",),
    ]
    assert failed(await caller.post(here, skipped="yes", reason="none of these")).startswith("No callback")


async def test_bodies_are_compared_line_by_line(office: Office) -> None:
    first, second = await owed(office.world, "parked", "parked")
    caller = await office.as_support()
    page = (await caller.get(f"callbacks/compare?left={first}.1&right={first}.2")).text
    assert "− only left" in page
    assert "+ only right" in page
    assert "Both bodies are the same." in (await caller.get(f"callbacks/compare?left={first}&right={second}")).text
    for wrong in ("x", f"{first}.9", f"{first}.", "999999"):
        assert failed(await caller.get("callbacks/compare", params={"left": str(first), "right": wrong})), wrong


def test_equal_stretches_are_folded_and_bodies_are_cut() -> None:
    lines = [str(number) for number in range(bodies.LINES_MAX)]
    same = bodies.compared("\n".join(lines), "\n".join([*lines[:-1], "x"]))
    assert ([line.mark for line in same.lines], same.cut) == (
        ["skipped", *["same"] * bodies.CONTEXT, "gone", "new"],
        False,
    )
    assert same.lines[0].count == bodies.LINES_MAX - 1 - bodies.CONTEXT
    for shown, is_cut in ((bodies.LINES_SHOWN_MAX, False), (bodies.LINES_SHOWN_MAX + 1, True)):
        all_new = bodies.compared("", "\n".join(str(number) for number in range(shown)))
        assert (len(all_new.lines), all_new.cut) == (bodies.LINES_SHOWN_MAX, is_cut)
    cut = bodies.compared("\n".join([*lines, "y"]), "\n".join([*lines, "z"]))
    assert (cut.differs, cut.cut) == (False, True)


async def test_a_moment_at_either_end_of_the_calendar_is_refused(office: Office) -> None:
    [id_] = await owed(office.world, "parked")
    path = f"callbacks/receivers/{await receiver_of(office.world, id_)}/again?parked=yes"
    caller = await office.as_operator(account_id=AccountId(47))
    for name in ("since", "until"):
        for moment, status in (
            ("0001-01-01T00:00", 400),
            ("1969-12-31T23:59", 400),
            ("1970-01-01T00:00", 200),
            ("2999-12-31T23:59", 200),
            ("3000-01-01T00:00", 400),
            ("9999-12-31T23:59", 400),
        ):
            assert (await caller.get(f"{path}&{name}={moment}")).status_code == status, (name, moment)


def test_json_is_printed_as_it_was_written() -> None:
    assert bodies.printed('{"a":1.50,"key":"42"}', codes=True) == '{\n  "a": 1.50,\n  "key": "42"\n}'
    assert "42" not in bodies.printed('{"a":[{"key":"42"}]}', codes=False)
    assert bodies.printed("a=1", codes=False) == "a=1"
    assert bodies.printed('{"key": "42", "a', codes=False) == f'{{"key": "{bodies.HIDDEN}", "a'
    for cut in ('{"a": 1, "take_code": "42', '{"key": 42, "a', '{"token": "42", "a'):
        assert "42" not in bodies.printed(cut, codes=False)
    assert "42" not in bodies.printed('{"token": "42"}', codes=False), "it opens the buyer's page"
    assert bodies.printed('{"key": "42", "a', codes=True) == '{"key": "42", "a'


async def test_who_may_do_what(office: Office) -> None:
    [id_] = await owed(office.world, "parked")
    receiver = await receiver_of(office.world, id_)
    screens = ("callbacks", "callbacks/list", f"callbacks/{id_}", f"callbacks/receivers/{receiver}")
    manager = await office.as_manager()
    assert [(await manager.get(path)).status_code for path in screens] == [403] * 4
    support = await office.as_support()
    assert [(await support.get(path)).status_code for path in screens] == [200] * 4
    for path in (f"callbacks/{id_}", f"callbacks/receivers/{receiver}", f"callbacks/receivers/{receiver}/again"):
        assert (await support.post(path, deed="resend", reason="because")).status_code == 403
    async with office.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP')"
        )
    other = await office.as_operator("eve", account_id=OTHER)
    assert "hongxun shop" not in (await other.get("callbacks")).text
    assert numbers(await other.get("callbacks/list")) == numbers(await other.get("callbacks/list?state=parked")) == []
    for path in (
        *screens[2:],
        f"callbacks/compare?left={id_}&right={id_}",
        f"callbacks/receivers/{receiver}/again?parked=1",
    ):
        assert (await other.get(path)).status_code == 404, path
    for path in (f"callbacks/{id_}", f"callbacks/receivers/{receiver}", f"callbacks/receivers/{receiver}/again"):
        fields = {"deed": "freeze" if "receivers" in path else "resend", "parked": "yes", "reason": "because"}
        assert (await other.post(path, **fields)).status_code == 404, path
    assert await office.world.rows("SELECT state FROM callback") == [("parked",)]


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    ids = await owed(office.world, "parked", "waiting", "delivered", "parked")
    receiver = await receiver_of(office.world, ids[0])
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as desk:
        await desk.goto("/console/callbacks")
        await assert_accessible(desk)
        await picture(desk, "console-callbacks")
        await desk.goto(f"/console/callbacks/receivers/{receiver}")
        await assert_accessible(desk)
        await desk.get_by_role("button", name="Count them first").click()
        await expect(desk.locator("#reckoned")).to_have_text("2 callbacks would go again.")
        await assert_accessible(desk)
        await desk.get_by_label("Reason").fill("repaired")
        await desk.get_by_role("button", name="Send them again").click()
        await expect(desk.get_by_text("under way")).to_be_visible()
        await resending.go_on(office.world.desk.database, run_id=1)
        await expect(desk.get_by_text("done", exact=True)).to_be_visible()
        await assert_accessible(desk)
        await desk.goto(f"/console/callbacks/{ids[0]}")
        await assert_accessible(desk)
        await picture(desk, "console-callback")
        await desk.get_by_role("link", name="with the one before").first.click()
        await expect(desk.get_by_text("only left")).to_be_visible()
        await assert_accessible(desk)
        await picture(desk, "console-compare")
        await desk.set_viewport_size({"width": 360, "height": 740})
        for path in ("callbacks", "callbacks/list", f"callbacks/{ids[0]}", f"callbacks/receivers/{receiver}"):
            await desk.goto(f"/console/{path}")
            await picture(desk, "phone-" + path.split("/")[-1])
            assert await desk.evaluate("document.documentElement.scrollWidth") == 360, path
