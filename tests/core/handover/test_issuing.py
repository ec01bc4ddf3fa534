"""Codes: six digits, live ones unique, one for each order."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from crossdock.core.handover import commands
from crossdock.core.handover.codes import TRIES_MAX, draw
from crossdock.core.handover.commands import DIGITS_REST
from crossdock.core.handover.errors import KeyClash
from crossdock.core.orders import queries
from tests.core.handover.conftest import OTHER_SHOP, SHOP, Counter
from tests.world import ACCOUNT


def drawn(monkeypatch: pytest.MonkeyPatch, *codes: str) -> None:
    """These codes are drawn, then others."""
    codes_ = itertools.chain(codes, (f"{number:06d}" for number in itertools.count(900_000)))
    monkeypatch.setattr(commands, "draw", lambda: next(codes_))


async def online_shops(counter: Counter) -> list[int]:
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO online_shop (account_id, name, domain) VALUES (47, 'second', 'second.example')")
    return [row[0] for row in await counter.world.rows("SELECT id FROM online_shop ORDER BY id")]


async def test_a_code_of_six_digits(counter: Counter) -> None:
    order = await counter.order("N-1")
    pick_up = await counter.issue(order)
    assert (pick_up.state, pick_up.order_number, pick_up.order_id) == ("unused", "N-1", order.id)
    assert (pick_up.full_name, pick_up.mobile, pick_up.prepared_at, pick_up.used_by) == (
        "张三",
        "13800000001",
        None,
        None,
    )
    assert len(pick_up.key) == 6
    assert pick_up.key.isdecimal()
    assert await counter.history() == [("issue", None, "")]
    await counter.world.verified()


def test_leading_zeros_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.core.handover.codes.secrets.randbelow", lambda limit: 42 if limit == 10**6 else -1)
    assert draw() == "000042"


async def test_an_order_keeps_its_code_whoever_asks_for_another(counter: Counter) -> None:
    order = await counter.order("N-1")
    codes = await asyncio.gather(*(counter.issue(order) for _ in range(20)))
    assert len({pick_up.id for pick_up in codes}) == 1
    await counter.consume(codes[0])
    assert (await counter.issue(order)).id == codes[0].id, "a used one is still its code"
    assert len(await counter.world.rows("SELECT 1 FROM handover")) == 1


@pytest.mark.parametrize("state", ["expired", "canceled"])
async def test_an_order_whose_code_is_over_gets_a_new_one(counter: Counter, state: str) -> None:
    old = await counter.issued("N-1")
    await counter.set(old, state=state)
    order = await counter.do(queries.order, account_id=ACCOUNT, order_id=old.order_id)
    new = await counter.issue(order)
    assert (new.id != old.id, new.state) == (True, "unused")


async def test_a_hundred_codes_of_one_shop_differ(counter: Counter) -> None:
    orders = [await counter.world.order(f"N-{number}") for number in range(100)]
    codes = await asyncio.gather(*(counter.issue(order) for order in orders))
    assert len({pick_up.key for pick_up in codes}) == 100


async def test_live_digits_are_drawn_again_in_the_same_shop_only(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(monkeypatch, "000001", "000001", "000002", "000001")
    first = await counter.issued("N-1")
    second = await counter.issued("N-2")
    elsewhere = await counter.issued("N-3", site=OTHER_SHOP)
    assert [first.key, second.key, elsewhere.key] == ["000001", "000002", "000001"]


async def test_live_digits_of_one_online_shop_are_drawn_again_in_all_its_shops(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = await online_shops(counter)
    drawn(monkeypatch, "000001", "000001", "000002", "000001")
    orders = [await counter.world.order(f"N-{number}") for number in range(3)]
    first = await counter.issue(orders[0], shop_id=shop, site_id=SHOP)
    second = await counter.issue(orders[1], shop_id=shop, site_id=OTHER_SHOP)
    third = await counter.issue(orders[2], shop_id=other, site_id=OTHER_SHOP)
    assert [first.key, second.key, third.key] == ["000001", "000002", "000001"]


@pytest.mark.parametrize("where", ["same place", "same online shop"])
@pytest.mark.parametrize("rested", [False, True])
async def test_used_digits_rest(counter: Counter, monkeypatch: pytest.MonkeyPatch, where: str, rested: bool) -> None:
    [shop, _] = await online_shops(counter)
    drawn(monkeypatch, "000001", "000001", "000002")
    first = await counter.issue(await counter.order("N-1"), shop_id=shop)
    await counter.consume(first)
    counter.world.clock.advance(DIGITS_REST + timedelta(seconds=1) if rested else DIGITS_REST)

    more = {"shop_id": shop, "site_id": OTHER_SHOP} if where == "same online shop" else {"shop_id": None}
    second = await counter.issue(await counter.order("N-2"), **more)

    assert second.key == ("000001" if rested else "000002")


@pytest.mark.parametrize(("tries", "found"), [(TRIES_MAX - 1, True), (TRIES_MAX, False)])
async def test_drawing_ends(counter: Counter, monkeypatch: pytest.MonkeyPatch, tries: int, found: bool) -> None:
    drawn(monkeypatch, "000001", *["000001"] * tries)
    await counter.issued("N-1")
    if found:
        assert (await counter.issued("N-2")).key == "900000"
    else:
        order = await counter.order("N-2")
        with pytest.raises(KeyClash):
            await counter.issue(order)
