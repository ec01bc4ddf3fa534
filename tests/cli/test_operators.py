"""`crossdock operators`, as an administrator types it."""

from collections.abc import Awaitable, Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from crossdock import operators
from crossdock.base.config import Config
from crossdock.core.operators import commands
from crossdock.core.operators.errors import OperatorUnknown
from crossdock.core.operators.model import PASSWORD_CHARACTERS_MIN
from crossdock.core.staff.errors import LoginWrong, PasswordUnusable
from crossdock.staff import Password
from tests.cli.conftest import Terminal
from tests.served import SECRET_KEY
from tests.world import World

LONGEST_TOO_SHORT, SHORTEST = "x" * (PASSWORD_CHARACTERS_MIN - 1), "x" * PASSWORD_CHARACTERS_MIN


async def test_somebody_comes_and_goes(quiet_world: World, demo_database_url: str, tmp_path: Path) -> None:
    config = Config(database_url=demo_database_url, var=tmp_path, secret_key=SECRET_KEY)

    async def does(command: Callable[..., Awaitable[Any]], *words: Any, **given: Any) -> str:
        page = StringIO()
        await command(config, *words, **given, out=Console(file=page, width=200, highlight=False))
        return page.getvalue()

    new: dict[str, Any] = {"role": "operator", "account": None, "reason": "first"}
    assert await does(operators.list_) == "Nobody.\n"
    with pytest.raises(PasswordUnusable):
        await does(operators.add, "ada", Password(LONGEST_TOO_SHORT), **new)
    said = await does(operators.add, "ada", Password(SHORTEST, generated=True), **new)
    assert said.splitlines() == [
        "ada is an operator of all accounts now.",
        "The first log-in at /console sets up the second factor.",
        f"Password, shown only here: {SHORTEST}",
    ]
    said = await does(operators.add, "sue", Password(SHORTEST), role="support", account="demo", reason="")
    assert said == "sue is support of demo now.\n"

    database = quiet_world.desk.database
    with pytest.raises(PasswordUnusable):
        await does(operators.set_password, "sue", Password(LONGEST_TOO_SHORT), reason="")
    await does(operators.set_password, "sue", Password(f"{SHORTEST}y"), reason="")
    with pytest.raises(LoginWrong):
        await commands.log_in(database, username="sue", password=SHORTEST)
    await commands.log_in(database, username="sue", password=f"{SHORTEST}y")
    off: dict[str, Any] = {"active": False, "reason": "left"}
    assert "may not log in" in await does(operators.set_active, "sue", **off)
    assert "Nothing to change" in await does(operators.set_active, "sue", **off)
    assert "second factor" in await does(operators.reset_totp, "ada", reason="")
    assert "counts any more" in await does(operators.unlock, "ada", reason="")

    [ada, sue] = [line.split("│")[1:-1] for line in (await does(operators.list_)).splitlines() if "│" in line]
    assert [cell.strip() for cell in ada[:5]] == ["ada", "operator", "all", "no", "yes"]
    assert [cell.strip() for cell in sue[:5]] == ["sue", "support", "demo", "no", "no"]
    with pytest.raises(OperatorUnknown):
        await does(operators.unlock, "nobody", reason="")


async def test_it_is_typed(terminal: Terminal) -> None:
    code, said = await terminal.run("operators", "add", "sue", "--support", "--generate")
    assert (code, "sue is support of all accounts now." in said) == (0, True)
