"""Limits, pauses and commands of docs/operations.md are what the code has."""

import importlib
import re
import shlex
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from crossdock.cli import app
from crossdock.core.notices.model import PAUSES_S
from crossdock.dialects.bestwond import callbacks as bestwond
from crossdock.dialects.birdsystem import callbacks as birdsystem
from crossdock.dialects.hongxun import callbacks as hongxun
from tests.docs import pages

PAGE = pages.DOCS / "operations.md"
UNITS = {"s": 1, "minutes": 60, "hours": 3_600}


@pytest.mark.parametrize(("constant", "value"), [row[:2] for row in pages.table(PAGE, "constant")])
def test_a_limit_is_what_the_page_says(constant: str, value: str) -> None:
    module, _, name = constant.strip("`").rpartition(".")
    assert str(getattr(importlib.import_module(f"crossdock.{module}"), name)) == value


def test_pauses_are_what_the_page_says() -> None:
    said = {row[0]: row[1] for row in pages.table(PAGE, "partner")}

    first, later = hongxun.WAITS_S[:4], hongxun.WAITS_S[4:]
    minutes = ", ".join(str(wait // 60) for wait in first)
    assert said["hongxun"] == f"{minutes} minutes, then every {later[0] // 3_600} hours, 72 hours in all"
    assert len(set(later)) == 1
    assert timedelta(hours=72) - timedelta(hours=6) < timedelta(seconds=sum(hongxun.WAITS_S)) <= timedelta(hours=72)

    waits = [
        int(number) * UNITS[unit]
        for numbers, unit in re.findall(r"([\d, ]+) (s|minutes|hours)", said["bestwond, webhooks"])
        for number in re.findall(r"\d+", numbers)
    ]
    assert tuple(waits) == bestwond.WAITS_S
    minutes = ", ".join(str(wait // 60) for wait in birdsystem.WAITS_S)
    assert said["birdsystem"] == f"{minutes} minutes, three tries in all"
    assert len(birdsystem.WAITS_S) + 1 == 3
    assert said["bestwond, door reports"] == f"{bestwond.DOOR_TRIES_MAX} tries in all"


def test_the_pauses_of_notices_are_what_the_page_says() -> None:
    hours = " and ".join(str(pause_s // 3_600) for pause_s in PAUSES_S[3:])
    minutes = ", ".join(str(pause_s // 60) for pause_s in PAUSES_S[:3])
    assert f"A failed try is repeated after {minutes} minutes, {hours} hours;" in PAGE.read_text()


OURS = [
    line
    for block in pages.blocks(PAGE, "sh")
    for line in block.splitlines()
    if line.startswith(".venv/bin/crossdock ")
]


@pytest.mark.parametrize("line", OURS)
def test_a_command_is_one_that_there_is(line: str) -> None:
    """Its words and options, without doing anything."""
    words = shlex.split(line)
    said = CliRunner().invoke(app, [*(word for word in words[1:] if not word.isdigit()), "--help"])
    assert said.exit_code == 0, said.output
    for option in [word for word in words if word.startswith("--")]:
        assert option in said.output
