"""`crossdock staff`, as an operator types it."""

import re
from collections.abc import Awaitable, Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from crossdock import cli, staff
from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.core.accounts.errors import AccountUnknown
from crossdock.core.staff import commands
from crossdock.core.staff.errors import (
    LoginLocked,
    LoginWrong,
    PasswordUnusable,
    ReasonTooLong,
    ShopAmbiguous,
    ShopUnknown,
    UsernameTaken,
    UsernameUnknown,
    UsernameUnusable,
)
from crossdock.core.staff.model import OPERATOR, REASON_CHARACTERS_MAX, WRONG_PASSWORDS_MAX
from crossdock.db.errors import ValueNotStorable
from crossdock.staff import Password
from tests.cli.conftest import Terminal
from tests.served import SECRET_KEY
from tests.world import World


class Operator:
    """Does what a command does, without a process of its own for each."""

    def __init__(self, url: str, folder: Path) -> None:
        self._config = Config(database_url=url, var=folder, secret_key=SECRET_KEY)

    async def does(self, command: Callable[..., Awaitable[Any]], *words: Any, **given: Any) -> str:
        """What it prints."""
        page = StringIO()
        out = Console(file=page, width=200, highlight=False)
        await command(self._config, *words, **given, out=out)
        return page.getvalue()

    async def asks(self, question: Callable[..., Awaitable[Any]], *words: Any, **given: Any) -> Any:
        return await question(self._config, *words, **given)


@pytest.fixture
def operator(quiet_world: World, demo_database_url: str, tmp_path: Path) -> Operator:
    return Operator(demo_database_url, tmp_path)


def cells(said: str, name: str) -> list[str]:
    """The only row of a printed table that has this cell."""
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines() if "│" in line]
    [found] = [row for row in rows if name in row]
    return found


async def log_in(world: World, username: str, password: str) -> str:
    login = await commands.log_in(world.desk.database, world.desk.seal, username=username, password=password)
    return login.token


async def open_session(world: World, username: str, password: str) -> str:
    opened = await commands.open_session(world.desk.database, username=username, password=password)
    return opened.token


async def person(world: World, username: str) -> tuple[Any, ...]:
    """shop, manager, active, has a token, sessions"""
    [found] = await world.rows(
        "SELECT p.code, s.manager, s.active, s.token_hash IS NOT NULL,"
        " (SELECT count(*) FROM staff_session o WHERE o.staff_id = s.id)"
        " FROM staff s JOIN site p ON p.id = s.site_id WHERE username = %(username)s",
        username=username,
    )
    return found


async def done(world: World) -> list[tuple[Any, ...]]:
    """What the operator did: action, about, why."""
    return await world.rows(
        "SELECT a.action, b.username, a.reason FROM staff_action a JOIN staff b ON b.id = a.about_staff_id"
        " WHERE a.actor = %(actor)s AND a.staff_id IS NULL ORDER BY a.id",
        actor=OPERATOR,
    )


# On the command line --------------------------------------------------------------


async def test_somebody_new_on_the_command_line(quiet_world: World, terminal: Terminal) -> None:
    add = ("staff", "add", "ann", "--shop", "SHOP-13", "--manager", "--password-stdin", "--reason", "new boss")

    assert await terminal.run(*add, given="pass wörd \n".encode()) == (0, "ann is a manager of SHOP-13 now.\n")

    assert await person(quiet_world, "ann") == ("SHOP-13", True, True, False, 0)
    await log_in(quiet_world, "ann", "pass wörd ")
    assert await done(quiet_world) == [("create_staff", "ann", "new boss")]


async def test_a_password_is_asked_for_twice_and_not_shown(quiet_world: World, terminal: Terminal) -> None:
    answers = [("Password", "one"), ("Once more", "other"), ("Password", "secret"), ("Once more", "secret")]

    code, said = await terminal.typed("staff", "password", "clerk1", answers=answers)

    assert code == 0
    assert "do not match" in said
    assert "secret" not in said
    assert said.endswith("clerk1 has another password now, and is logged out everywhere.\n")
    await log_in(quiet_world, "clerk1", "secret")


async def test_nobody_is_asked_for_a_password_without_a_terminal(quiet_world: World, terminal: Terminal) -> None:
    assert await terminal.run("staff", "password", "clerk1") == (
        1,
        "crossdock: There is no terminal to ask for a password: give --password-stdin or --generate.\n",
    )
    await log_in(quiet_world, "clerk1", "clerk1pw")


async def test_who_is_not_there_is_said_in_a_sentence(terminal: Terminal) -> None:
    assert await terminal.run("staff", "disable", "nobody") == (
        1,
        "crossdock: Nobody has this user name; `crossdock staff list` shows everybody. (username=nobody)\n",
    )


WRONG_WORDS = [
    (("add", "ann", "--shop", "SHOP-12", "--generate", "--password-stdin"), "not both"),
    (("password", "ann", "--generate", "--password-stdin"), "not both"),
    (("history",), "name a person, or give --shop"),
    (("history", "xxx", "--shop", "SHOP-12"), "name a person, or give --shop"),
    (("role", "clerk1", "boss"), "'clerk', 'manager'"),
    (("add", "ann"), "--shop"),
    (("history", "xxx", "--limit", "0"), "greater than or equal to 1"),
    (("history", "xxx", "--limit", "1001"), "less than or equal to 1000"),
]


@pytest.mark.parametrize(("words", "told"), WRONG_WORDS, ids=str)
def test_a_command_that_cannot_be_meant_is_not_begun(words: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(cli.app, ["staff", *words])

    assert result.exit_code == 2
    assert told in " ".join(re.sub(r"[│\n]", " ", result.output).split())


# What the commands do -------------------------------------------------------------


async def test_everybody_is_listed(quiet_world: World, operator: Operator) -> None:
    await log_in(quiet_world, "clerk1", "clerk1pw")
    await open_session(quiet_world, "clerk1", "clerk1pw")

    said = await operator.does(staff.list_, shop=None, account=None)

    # The world's clock stands in 2024: to the command that session is long over.
    last_login = "2024-08-01 23:10:41 UTC"
    assert cells(said, "clerk1") == ["demo", "SHOP-12", "clerk1", "clerk", "yes", last_login, "", "0", "yes"]
    assert cells(said, "xxx") == ["demo", "SHOP-12", "xxx", "manager", "yes", "", "", "0", "no"]
    assert cells(said, "other")[1] == "SHOP-13"
    said = await operator.does(staff.list_, shop="SHOP-13", account="demo")
    assert "other" in said
    assert "xxx" not in said
    assert "xxx" in await operator.does(staff.list_, shop=None, account="demo")
    with pytest.raises(AccountUnknown):
        await operator.does(staff.list_, shop=None, account="none")


async def test_locks_and_sessions_of_now_are_listed(quiet_world: World, operator: Operator) -> None:
    await quiet_world.rows(
        "INSERT INTO staff_session (account_id, staff_id, token_hash, created_at, ends_at)"
        " VALUES (47, 32, 'x', now(), now() + interval '1 hour') RETURNING 1"
    )
    await quiet_world.rows(
        "INSERT INTO login_try VALUES (encode(sha256('clerk1'), 'hex'), %(wrong)s::int, now()),"
        " (encode(sha256('xxx'), 'hex'), %(wrong)s::int - 1, now()) RETURNING 1",
        wrong=WRONG_PASSWORDS_MAX,
    )

    said = await operator.does(staff.list_, shop=None, account=None)

    _, _, _, _, _, _, locked_until, sessions, _ = cells(said, "clerk1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", locked_until)
    assert sessions == "1"
    assert cells(said, "xxx")[6] == ""


AT = {"shop": "SHOP-12", "account": None, "manager": False, "reason": ""}


async def test_a_generated_password_is_printed_once_and_good(quiet_world: World, operator: Operator) -> None:
    made = staff.generated(await operator.asks(staff.least_password, shop="SHOP-12", account=None))

    said = await operator.does(staff.add, "ann", made, **AT)

    assert said == f"ann is a clerk of SHOP-12 now.\nPassword, shown only here: {made.text}\n"
    assert len(made.text) == 16
    assert made.text not in repr(made)
    await log_in(quiet_world, "ann", made.text)
    other = staff.generated(1)
    assert other != made
    assert (await operator.does(staff.set_password, "ann", other, reason="")).endswith(f": {other.text}\n")
    await log_in(quiet_world, "ann", other.text)
    with pytest.raises(LoginWrong):
        await log_in(quiet_world, "ann", made.text)


async def test_a_password_is_as_long_as_the_shop_asks(quiet_world: World, operator: Operator) -> None:
    await quiet_world.rows("UPDATE site SET settings = '{\"password_characters_min\": 40}' WHERE id = 12 RETURNING 1")
    assert await operator.asks(staff.least_password, shop="SHOP-12", account=None) == 40
    assert await operator.asks(staff.least_password_of, "clerk1") == 40
    assert len(staff.generated(40).text) == 40

    for deed in (
        operator.does(staff.set_password, "clerk1", Password("x" * 39), reason=""),
        operator.does(staff.add, "ann", Password("x" * 39), **AT),
    ):
        with pytest.raises(PasswordUnusable) as refused:
            await deed
        assert "characters_min=40" in refused.value.sentence
    await log_in(quiet_world, "clerk1", "clerk1pw")
    said = await operator.does(staff.set_password, "clerk1", Password("x" * 40), reason="")
    assert "xxx" not in said, "only what nobody has chosen is printed"
    await log_in(quiet_world, "clerk1", "x" * 40)


@pytest.mark.parametrize(
    ("raw", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b" secret \r\n", " secret "),
        ("密码\n".encode(), "密码"),
        (b"", ""),
        (b"one\ntwo\n", None),
        (b"\xff", None),
    ],
)
def test_a_password_on_standard_input_is_one_line(raw: bytes, password: str | None) -> None:
    if password is None:
        with pytest.raises(staff.PasswordNoText):
            staff.read_from(BytesIO(raw))
    else:
        assert staff.read_from(BytesIO(raw)).text == password


async def test_another_password_logs_out_everywhere(quiet_world: World, operator: Operator) -> None:
    await log_in(quiet_world, "clerk1", "clerk1pw")
    await open_session(quiet_world, "clerk1", "clerk1pw")
    assert (await person(quiet_world, "clerk1"))[3:] == (True, 1)

    await operator.does(staff.set_password, "clerk1", Password("other"), reason="asked")

    assert (await person(quiet_world, "clerk1"))[3:] == (False, 0)
    await log_in(quiet_world, "clerk1", "other")
    assert await done(quiet_world) == [("set_password", "clerk1", "asked")]


async def test_access_is_withdrawn_and_given_back(quiet_world: World, operator: Operator) -> None:
    async def set_active(active: bool) -> str:
        return await operator.does(staff.set_active, "clerk1", active=active, reason="a word")

    out = "clerk1 may not log in, and is logged out everywhere.\n"
    assert await set_active(False) == out
    assert (await person(quiet_world, "clerk1"))[2] is False
    assert await set_active(False) == f"Nothing to change: {out}"
    assert await set_active(True) == "clerk1 may log in again.\n"
    await log_in(quiet_world, "clerk1", "clerk1pw")
    assert await done(quiet_world) == [("disable_staff", "clerk1", "a word"), ("enable_staff", "clerk1", "a word")]


async def test_a_role_is_given(quiet_world: World, operator: Operator) -> None:
    said = [await operator.does(staff.set_role, "clerk1", "manager", reason="") for _ in range(2)]

    assert said == ["clerk1 is a manager now.\n", "Nothing to change: clerk1 is a manager.\n"]
    assert (await person(quiet_world, "clerk1"))[1] is True
    assert await done(quiet_world) == [("set_role", "clerk1", "")]


async def test_somebody_moves(quiet_world: World, operator: Operator) -> None:
    said = [await operator.does(staff.move, "clerk1", "SHOP-13", reason="") for _ in range(2)]

    assert said == ["clerk1 works at SHOP-13 now.\n", "Nothing to change: clerk1 works at SHOP-13.\n"]
    assert (await person(quiet_world, "clerk1"))[0] == "SHOP-13"
    for place in ("SHOP-99", "WH-GZ01"):
        with pytest.raises(ShopUnknown) as refused:
            await operator.does(staff.move, "clerk1", place, reason="")
        assert refused.value.facts == {"shop": place, "account": "demo"}
    assert await done(quiet_world) == [("move_staff", "clerk1", "")] * 2, "once for each shop"


async def test_somebody_is_logged_out(quiet_world: World, operator: Operator) -> None:
    await log_in(quiet_world, "clerk1", "clerk1pw")
    await open_session(quiet_world, "clerk1", "clerk1pw")

    said = await operator.does(staff.withdraw, "clerk1", reason="a lost phone")

    assert said == "clerk1 is logged out everywhere.\n"
    assert (await person(quiet_world, "clerk1"))[3:] == (False, 0)
    assert await done(quiet_world) == [("withdraw", "clerk1", "a lost phone")]


async def test_a_lock_is_taken_away(quiet_world: World, operator: Operator) -> None:
    for _ in range(WRONG_PASSWORDS_MAX):
        with pytest.raises(LoginWrong):
            await log_in(quiet_world, "clerk1", "wrong")
    with pytest.raises(LoginLocked):
        await log_in(quiet_world, "clerk1", "clerk1pw")

    said = await operator.does(staff.unlock, "clerk1", reason="")

    assert said == "No wrong password of clerk1 counts any more.\n"
    await log_in(quiet_world, "clerk1", "clerk1pw")


async def test_the_history_of_a_shop_and_of_a_person(quiet_world: World, operator: Operator) -> None:
    await quiet_world.pick_up("129322", "used")
    await operator.does(staff.set_role, "clerk1", "manager", reason="[boss] left")
    of_shop = {"username": None, "shop": "SHOP-12", "account": None}
    of_person = {"shop": None, "account": None, "limit": 50}

    said = await operator.does(staff.history, **of_shop, limit=50)

    row = cells(said, "set_role")
    assert row[1:] == ["SHOP-12", "operator", "set_role", "clerk1", "", "role clerk → manager", "[boss] left"]
    assert cells(said, "consume")[2:4] == ["xxx", "consume"]
    assert cells(said, "issue")[2] == "system"
    assert said.index("set_role") < said.index("consume") < said.index("issue"), "newest first"
    assert "129322" not in said
    said = await operator.does(staff.history, "clerk1", **of_person)
    assert cells(said, "set_role") == row
    assert "consume" not in said
    assert "consume" in await operator.does(staff.history, "xxx", **of_person)
    assert "consume" not in await operator.does(staff.history, **of_shop, limit=1)
    assert await operator.does(staff.history, "other", **of_person) == "Nothing was done.\n"


NOBODY: list[tuple[Callable[..., Awaitable[Any]], tuple[Any, ...], dict[str, Any]]] = [
    (staff.set_active, (), {"active": False, "reason": ""}),
    (staff.set_password, (Password("x"),), {"reason": ""}),
    (staff.set_role, ("clerk",), {"reason": ""}),
    (staff.move, ("SHOP-12",), {"reason": ""}),
    (staff.withdraw, (), {"reason": ""}),
    (staff.unlock, (), {"reason": ""}),
    (staff.history, (), {"shop": None, "account": None, "limit": 1}),
]


@pytest.mark.parametrize(("command", "words", "given"), NOBODY, ids=lambda value: getattr(value, "__name__", ""))
async def test_nobody_is_told_where_to_look(
    operator: Operator, command: Callable[..., Awaitable[Any]], words: tuple[Any, ...], given: dict[str, Any]
) -> None:
    with pytest.raises(UsernameUnknown) as refused:
        await operator.does(command, "nobody", *words, **given)
    assert "`crossdock staff list`" in refused.value.sentence
    with pytest.raises(ValueNotStorable):
        await operator.does(command, "half a character \udcff", *words, **given)


async def test_a_shop_of_two_accounts_wants_one_named(quiet_world: World, operator: Operator) -> None:
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'second', 'S', 'UTC', 'GBP')"
        )
        await tx.execute(
            "INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)"
            " VALUES (112, 48, 'shop', 'SHOP-12', 's', 'UTC', now(), now())"
        )
    for deed in (
        operator.does(staff.list_, shop="SHOP-12", account=None),
        operator.does(staff.history, None, shop="SHOP-12", account=None, limit=1),
        operator.does(staff.add, "ann", Password("x"), **AT),
        operator.asks(staff.least_password, shop="SHOP-12", account=None),
    ):
        with pytest.raises(ShopAmbiguous) as refused:
            await deed
        assert "--account. (shop=SHOP-12, accounts=demo second)" in refused.value.sentence

    await operator.does(staff.add, "ann", Password("x"), **{**AT, "account": "second"})

    assert await quiet_world.rows("SELECT account_id, site_id FROM staff WHERE username = 'ann'") == [(48, 112)]


REFUSED: list[tuple[str, str, dict[str, Any], type[CrossdockError]]] = [
    ("ann", "x", {"shop": "SHOP-99"}, ShopUnknown),
    ("ann", "x", {"shop": "WH-GZ01"}, ShopUnknown),
    ("ann", "x", {"account": "none"}, ShopUnknown),
    ("clerk1", "x", {}, UsernameTaken),
    (" ann", "x", {}, UsernameUnusable),
    ("ann", "", {}, PasswordUnusable),
    ("ann", "x" * 129, {}, PasswordUnusable),
    ("ann", "x\0", {}, PasswordUnusable),
    ("ann", "x", {"reason": "x" * (REASON_CHARACTERS_MAX + 1)}, ReasonTooLong),
]


@pytest.mark.parametrize(("username", "password", "given", "error"), REFUSED, ids=str)
async def test_who_cannot_be_added(
    quiet_world: World,
    operator: Operator,
    username: str,
    password: str,
    given: dict[str, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await operator.does(staff.add, username, Password(password), **{**AT, **given})
    assert await done(quiet_world) == []
    assert await quiet_world.rows("SELECT count(*) FROM staff") == [(5,)]
