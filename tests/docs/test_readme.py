"""The README shows what is there: its shell works, its lists are whole."""

import asyncio
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import typer.main

from crossdock import cli
from crossdock.base import config
from crossdock.base.config import Config
from tests.docs import pages
from tests.world import World

README = pages.ROOT / "README.md"
SERVED_AT = "http://127.0.0.1:8080"
PROGRAM = ".venv/bin/crossdock"
SHOWN: dict[str, Callable[[Any], bool]] = {
    "/client/consignment": lambda said: said["success"] is True and said["data"]["status"] == "PREPARING",
    "/dtc/esboms/stockQuery": lambda said: said["flag"] is True and said["value"]["list"][0]["quantity"] == 10,
    "/cloud.api": lambda said: said["stat"]["codename"] == "SUCCESS" and len(said["data"]["list"]) == 1,
    "/api/iot/open/box/": lambda said: said["code"] == 0 and said["data"]["status"] == "success",
    "/api/orders/pick_up_code/": lambda said: [row["key"] for row in said["results"]] == ["129322"],
}
"""The call a block ends with -> whether its answer is what the text above it promises."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README speaks of curl")
@pytest.mark.parametrize("call", SHOWN)
async def test_a_block_of_shell_is_answered_with_success(world: World, call: str) -> None:
    [block] = [block for block in pages.blocks(README, "sh") if re.search(rf"{re.escape(call)}['\"? ]", block)]
    world.clock.set(datetime.now(UTC))
    await world.stock("00131031", 10)
    await world.pick_up("129322")
    await world.cabinet_answers("accepted")

    said = await run(block, world)

    assert SHOWN[call](json.loads(said)), said


def test_every_block_of_shell_is_tried() -> None:
    ends = [re.findall(r"http://[^/]*(/[^'\"? ]*)", block)[-1] for block in pages.blocks(README, "sh")]
    assert ends == list(SHOWN)


async def run(block: str, world: World) -> str:
    """The block by a plain shell, with this program and against this server."""
    assert SERVED_AT in block
    text = block.replace(SERVED_AT, str(world.client.base_url).rstrip("/"))
    text = text.replace(PROGRAM, f"{sys.executable} -m crossdock")
    process = await asyncio.create_subprocess_exec(
        "sh",
        "-e",
        "-c",
        text,
        cwd=pages.ROOT,
        env={**os.environ, "no_proxy": "*", "NO_PROXY": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


def test_the_keys_are_those_of_the_demo() -> None:
    demo = (pages.ROOT / "examples" / "demo.toml").read_text()
    account = tomllib.loads(demo)["account"][0]
    known = {one["key"] for one in account["credential"]} | {one.get("secret") for one in account["credential"]}
    shell = "".join(pages.blocks(README, "sh"))
    for shown in re.findall(r"(?:--secret |api_key: |_akey=|\"app_id\":\")([\w-]+)", shell):
        assert shown in known


def test_every_command_is_listed_and_none_is_invented() -> None:
    listed = [row[0].strip("`").split()[0] for row in pages.table(README, "command")]
    assert listed == list(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


def test_every_option_that_is_named_exists() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    for name, text in pages.table(README, "command"):
        known = {
            option
            for parameter in commands[name.strip("`").split()[0]].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert set(re.findall(r"--[a-z-]+", text)) <= known


def test_every_variable_is_listed_with_its_default() -> None:
    listed = {variable.strip("`"): default.strip("`") for variable, default, _ in pages.table(README, "variable")}
    defaults = Config()
    wanted = {variable: getattr(defaults, field) for field, variable in config._VARIABLES.items()}
    assert listed == {variable: "" if default in (None, ()) else str(default) for variable, default in wanted.items()}


def test_every_api_is_shown() -> None:
    folders = {page.parent.name for page in (pages.ROOT / "src/crossdock/dialects").glob("*/endpoints.toml")}
    assert {row[0].split(" ")[0].lower() for row in pages.table(README, "API")} == folders


def test_the_picture_is_of_a_whole_journey_and_of_no_machine() -> None:
    # A line's blanks are not to be broken, and a long text goes on in the next line.
    picture = (pages.DOCS / "journey.svg").read_text().replace("&#160;", " ")
    for named in ("birdsystem", "hongxun", "ovopark", "bestwond", "heidian", "nothing found", "order.delivered"):
        assert named in picture
    assert "The journey stopped" not in picture
    assert not re.search(r"/(tmp|home|root|work|Users)/", picture)
