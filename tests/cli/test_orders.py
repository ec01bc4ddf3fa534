"""`crossdock orders`, as an operator types it."""

from decimal import Decimal

import pytest

from tests.cli.conftest import Terminal
from tests.world import ACCOUNT, SHOP_SERVICE, World


async def test_paid_and_given_back(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.shipped("N-1", service=SHOP_SERVICE, payment="pending")
    pay = ("orders", "pay", "N-1", "--reference", "T-1")
    said = "order N-1: payment pending -> paid; state shipped -> shipped; pieces 1 -> 1; pick-up code unused"
    assert await terminal.run(*pay, "--dry-run") == (0, f"{said}; nothing was written.\n")
    assert await quiet_world.rows("SELECT count(*) FROM payment") == [(0,)]
    assert await terminal.run(*pay) == (0, f"{said}.\n")
    assert await quiet_world.rows("SELECT kind, amount, actor FROM payment") == [("sale", 998, "crossdock orders")]


async def test_given_back(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.shipped("N-1", service=SHOP_SERVICE)
    refund = ("orders", "refund", "N-1", "--reference")
    code, told = await terminal.run(*refund, "R-1", "--amount", "8.50", "--reason", "late")
    assert (code, told.partition(";")[0]) == (0, "order N-1: payment paid -> partially_refunded")
    assert await quiet_world.rows("SELECT amount, reason FROM payment") == [(Decimal("8.50"), "late")]
    code, told = await terminal.run(*refund, "R-2", "--account", "demo")
    assert (code, told.rpartition("; ")[2]) == (0, "pick-up code canceled.\n")
    await quiet_world.verified()


async def test_pieces_of_a_line(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.stock("00131031", 3)
    order = await quiet_world.order("N-1", lines={"00131031": 3}, service=SHOP_SERVICE, state="allocated")
    await quiet_world.ship(order.id)
    code, told = await terminal.run("orders", "refund", "N-1", "--reference", "R-1", "--piece", "1=2")
    assert (code, "pieces 3 -> 1" in told) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pay", "N-9", "--reference", "x"), "The account has no such order. (number=N-9)"),
        (("pay", "N-1", "--reference", "x"), "name one with --account. (number=N-1)"),
        (("pay", "N-1", "--reference", "x", "--amount", "many"), "many is not an amount, as 12.50"),
        (("pay", "N-1", "--reference", "x", "--amount", "-1", "--account", "demo"), "An amount must be above zero"),
        (("refund", "N-1", "--reference", "x", "--piece", "1"), "1 is not LINE=N, once for each line"),
        (("refund", "N-1", "--reference", "x", "--piece", "1=1", "--piece", "1=1"), "1=1 is not LINE=N"),
        (("refund", "N-1", "--reference", "x", "--piece", "1=" + "9" * 5_000), "is not LINE=N"),
        (("refund", "N-1", "--reference", "x", "--piece", "7=1", "--account", "demo"), "has no such line. (line=7)"),
    ],
)
async def test_what_cannot_be(quiet_world: World, terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    order = await quiet_world.order("N-1", lines={"00131031": 1}, payment="paid")
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'b', 'b', 'UTC', 'GBP')")
        await tx.execute("INSERT INTO account_company (account_id, company_id) VALUES (48, 36)")
        await tx.execute(
            "INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, token, recipient,"
            " partner_fields, created_at, updated_at)"
            " VALUES (7, 48, 36, 'outbound', 'N-1', 'x', '', 'draft', 't', '{}', '{}', now(), now())"
        )
    code, told = await terminal.run("orders", *words)
    assert code != 0
    assert said in " ".join(told.replace("│", " ").split())
    assert order.account_id == ACCOUNT
    assert await quiet_world.rows("SELECT count(*) FROM payment") == [(0,)]
