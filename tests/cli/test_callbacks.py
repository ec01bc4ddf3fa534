"""`crossdock callbacks` and `crossdock cancels`, as an operator types them."""

from collections.abc import Sequence
from typing import Any

import pytest

from crossdock.core.events.commands import append, set_receiver
from crossdock.core.events.kinds import ORDER_PLACED
from crossdock.core.events.model import NewEvent
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.calling_off import CallOff
from tests.cli.conftest import Terminal
from tests.world import ACCOUNT, World


async def owed(world: World, *states: str) -> list[int]:
    async with world.desk.database.transaction() as tx:
        await set_receiver(
            tx, account_id=ACCOUNT, dialect="hongxun", name="shop", url="http://127.0.0.1:9", kinds=[ORDER_PLACED]
        )
        for number in range(len(states)):
            await append(tx, NewEvent(account_id=ACCOUNT, kind=ORDER_PLACED, subject=f"order:{number}"))
        ids = [row[0] for row in await tx.rows("SELECT id FROM callback ORDER BY id")]
        for id_, state in zip(ids, states, strict=True):
            await tx.execute(
                "UPDATE callback SET state = %(state)s, attempts = 3, refusal = 'HTTP 502 [bad]' WHERE id = %(id)s",
                id=id_,
                state=state,
            )
        await tx.execute(
            "INSERT INTO callback_attempt (callback_id, number, started_at, ended_at, status, answer, failure, body)"
            " SELECT id, 1, now(), now(), 502, 'no way', 'HTTP 502', '{\"a\": 1}' FROM callback"
        )
    return ids


async def states(world: World) -> list[tuple[Any, ...]]:
    return await world.rows("SELECT state, attempts FROM callback ORDER BY id")


def mentions(said: str, words: Sequence[str]) -> bool:
    return all(word in said for word in words)


async def test_listed_and_shown(quiet_world: World, terminal: Terminal) -> None:
    parked, *_ = await owed(quiet_world, "parked", "waiting", "parked")
    code, said = await terminal.run("callbacks", "list")
    assert code == 0
    assert mentions(said, ["hongxun shop", ORDER_PLACED, "HTTP 502 [bad]", "2 parked, 1 waiting"])
    code, said = await terminal.run("callbacks", "list", "--state", "waiting")
    assert (code, said.count(ORDER_PLACED)) == (0, 1)
    code, said = await terminal.run("callbacks", "show", str(parked))
    assert code == 0
    assert mentions(said, ["try 1", "HTTP 502", '{"a": 1}', "no way"])


async def test_sent_again_and_given_up(quiet_world: World, terminal: Terminal) -> None:
    parked, waiting, other = await owed(quiet_world, "parked", "waiting", "parked")
    code, said = await terminal.run("callbacks", "resend", str(parked), "--dry-run")
    assert (code, "1 would go again." in said) == (0, True)
    assert await states(quiet_world) == [("parked", 3), ("waiting", 3), ("parked", 3)]
    code, said = await terminal.run("callbacks", "resend", str(parked), str(waiting))
    assert (code, "2 go again." in said) == (0, True)
    assert await states(quiet_world) == [("waiting", 0), ("waiting", 0), ("parked", 3)]

    assert await terminal.run("callbacks", "give-up", str(other)) == (
        0,
        f"{other} is left unsent; what waits behind it goes on.\n",
    )
    assert [state for state, _ in await states(quiet_world)] == ["waiting", "waiting", "skipped"]


async def test_all_that_were_given_up(quiet_world: World, terminal: Terminal) -> None:
    await owed(quiet_world, *["parked"] * 5, "delivered")
    code, said = await terminal.run("callbacks", "resend", "--parked", "--dry-run")
    assert (code, "5 would go again." in said) == (0, True)
    assert await terminal.run("callbacks", "resend", "--parked", "--receiver", "nobody") == (0, "0 go again.\n")
    assert await terminal.run("callbacks", "resend", "--parked") == (0, "5 go again.\n")
    assert await states(quiet_world) == [("waiting", 0)] * 5 + [("delivered", 3)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "9"], "crossdock: "),
        (["give-up", "9"], "crossdock: "),
        (["resend", "9"], "crossdock: "),
        (["list", "--account", "nobody"], "crossdock: No account goes by this code"),
    ],
)
async def test_what_is_not_there(terminal: Terminal, words: list[str], sentence: str) -> None:
    code, said = await terminal.run("callbacks", *words)
    assert (code, said.startswith(sentence), "Traceback" in said) == (1, True, False)


async def test_neither_ids_nor_all(terminal: Terminal) -> None:
    code, said = await terminal.run("callbacks", "resend")
    assert (code, "name ids, or give --parked" in said) == (2, True)


@pytest.mark.parametrize(("word", "state"), [("grant", "cancelled"), ("refuse", "picking")])
async def test_the_floors_word(quiet_world: World, terminal: Terminal, word: str, state: str) -> None:
    world = quiet_world
    await world.stock("P-7001", 2)
    order = await world.order("CK1", lines={"P-7001": 2}, state="allocated", dialect="hongxun", type="20")
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
        wanted = CallOff(number="CK1", content_hash=b"1", reason="another colour")
        await calling_off.call_off(tx, account_id=ACCOUNT, wanted=wanted, actor="erp")
    code, said = await terminal.run("cancels", "list")
    assert (code, mentions(said, ["CK1", "all of it", "another colour", "erp"])) == (0, True)
    [(request_id,)] = await world.rows("SELECT id FROM cancel_request")
    assert await terminal.run("cancels", word, str(request_id)) == (0, f"outbound CK1: {state}\n")
    code, said = await terminal.run("cancels", "grant" if word == "refuse" else "refuse", str(request_id))
    assert (code, said.startswith("crossdock: The other word was given before")) == (1, True)
