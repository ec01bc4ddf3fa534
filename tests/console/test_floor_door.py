"""The floor's way in and out, and what every form of it carries."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from crossdock.console import words
from crossdock.console.floor import TOPICS, door, screen
from crossdock.console.floor.who import COOKIE
from crossdock.core.staff.model import LOCKED_S, SESSION_H, WRONG_PASSWORDS_MAX
from tests.console.floors import BOSS, WORKER, forms, hand
from tests.world import World


async def test_only_people_of_a_warehouse_come_in(world: World) -> None:
    client = world.client
    assert (await client.get("/floor")).headers["location"] == "/floor/login"
    deep = await client.get("/floor/nowhere?x=1")
    assert deep.status_code == 404
    for who, told in (
        (("floor1", "wrong"), "The name or the password is wrong."),
        (("clerk1", "clerk1pw"), "People of a shop log in at /counter."),
        (("", ""), "cannot be used in the field"),
    ):
        answer = await client.post("/floor/login", data={"username": who[0], "password": who[1]})
        assert answer.status_code in {400, 403}
        assert told in answer.text
        assert "set-cookie" not in answer.headers
    other_way = await client.post("/counter/login", json={"username": WORKER[0], "password": WORKER[1]})
    assert other_way.status_code == 403
    strange = await client.post(
        "/floor/login", data={"username": WORKER[0], "password": WORKER[1]}, headers={"sec-fetch-site": "cross-site"}
    )
    assert strange.status_code == 403


async def test_wrong_passwords_lock_the_name_as_at_the_counter(world: World) -> None:
    for _ in range(WRONG_PASSWORDS_MAX):
        answer = await world.client.post("/floor/login", data={"username": "floor1", "password": "no"})
        assert answer.status_code == 403
    right = {"username": WORKER[0], "password": WORKER[1]}
    locked = await world.client.post("/floor/login", data=right)
    assert (locked.status_code, "for 15 minutes" in locked.text) == (429, True)
    world.clock.advance(timedelta(seconds=LOCKED_S))
    assert (await world.client.post("/floor/login", data=right)).status_code == 303


@pytest.mark.parametrize(
    ("to", "comes_to"),
    [
        ("/floor/receive?x=1", "/floor/receive?x=1"),
        ("//evil.example/floor/", "/floor"),
        ("https://evil.example/", "/floor"),
        ("/floor/\\evil", "/floor"),
        ("/counter", "/floor"),
    ],
)
async def test_a_log_in_comes_back_to_a_page_of_ours_only(world: World, to: str, comes_to: str) -> None:
    page = await world.client.get("/floor/login", params={"over": "1", "to": to})
    [form] = forms(page)
    sent = form.fields | {"username": WORKER[0], "password": WORKER[1]}
    assert (await world.client.post(form.action, data=sent)).headers["location"] == comes_to


async def test_a_session_ends_and_its_cookie_is_for_the_floor_alone(world: World) -> None:
    async with hand(world) as floor:
        menu = await floor.get("/floor")
        assert (menu.status_code, "floor1" in menu.text, "WH-GZ01" in menu.text) == (200, True, True)
        [kept] = [cookie for cookie in floor.client.cookies.jar if cookie.name == COOKIE]
        assert (kept.path, kept.has_nonstandard_attr("HttpOnly")) == ("/floor", True)
        world.clock.advance(timedelta(hours=SESSION_H) - timedelta(seconds=1))
        assert (await floor.get("/floor")).status_code == 200
        world.clock.advance(timedelta(seconds=1))
        assert (await floor.get("/floor")).status_code == 303
        late = await floor.send(menu, "/floor/logout")
        assert "What you did last was not booked." in late.text
    async with hand(world, BOSS) as floor:
        menu = await floor.get("/floor")
        assert "manager" in menu.text
        assert (await floor.send(menu, "/floor/logout")).status_code == 200
        assert (await floor.get("/floor")).status_code == 303


@pytest.mark.parametrize("word", ["", "0" * 64, "é"])
async def test_a_form_without_its_session_s_word_does_nothing(world: World, word: str) -> None:
    async with hand(world) as floor:
        answer = await floor.client.post("/floor/logout", data={"word": word, "operation_id": str(uuid4())})
        assert answer.status_code == 403
        assert (await floor.get("/floor")).status_code == 200


async def test_a_stolen_session_of_another_page_opens_nothing(world: World) -> None:
    async with httpx.AsyncClient(base_url=world.base_url) as client:
        await client.post("/counter/login", json={"username": "clerk1", "password": "clerk1pw"})
        [token] = [cookie.value for cookie in client.cookies.jar]
        answer = await client.get("/floor", headers={"cookie": f"{COOKIE}={token}"})
        assert answer.status_code == 303


def test_every_text_of_the_floor_is_translated() -> None:
    chinese = words.translations("zh")
    said = [door.SAYS, *(says for topic in TOPICS for says in vars(topic).values() if isinstance(says, screen.Says))]
    texts = {text for one in said for text in (*one.texts.values(), *one.failures.values())}
    texts |= {text for topic in TOPICS for item in topic.ITEMS for text in (item.title, item.hint)}
    texts |= {text for topic in TOPICS for text in getattr(topic, "MESSAGES", ())}
    assert sorted(text for text in texts if chinese.gettext(text) == text and len(text) > 3) == []
