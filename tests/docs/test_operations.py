"""Limits, pauses and the lines of Python of docs/operations.md are what the code has."""

import asyncio
import importlib
import os
import re
import sys
from datetime import timedelta

import pytest

from crossdock.core.events.commands import append, set_receiver
from crossdock.core.events.kinds import ORDER_PLACED
from crossdock.core.events.model import NewEvent
from crossdock.delivery import queries
from crossdock.dialects.bestwond import callbacks as bestwond
from crossdock.dialects.birdsystem import callbacks as birdsystem
from crossdock.dialects.hongxun import callbacks as hongxun
from tests.docs import pages
from tests.served import SECRET_KEY
from tests.world import ACCOUNT, World

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


async def test_the_lines_of_python_put_back_what_is_parked(quiet_world: World, demo_database_url: str) -> None:
    async with quiet_world.desk.database.transaction() as tx:
        await set_receiver(
            tx, account_id=ACCOUNT, dialect="hongxun", name="docs", url="http://127.0.0.1:9", kinds=[ORDER_PLACED]
        )
        await append(tx, NewEvent(account_id=ACCOUNT, kind=ORDER_PLACED, subject="order:1"))
        await tx.execute("UPDATE callback SET state = 'parked', attempts = 17, refusal = 'HTTP 502'")
    [block] = pages.blocks(PAGE, "python")

    said = await python(block, demo_database_url)

    assert "HTTP 502" in said
    async with quiet_world.desk.database.autocommit() as tx:
        [row] = await queries.list_callbacks(tx)
    assert (row.state, row.attempts) == ("waiting", 0)


async def python(block: str, url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        block,
        cwd=pages.ROOT,
        env={**os.environ, "CROSSDOCK_DATABASE_URL": url, "CROSSDOCK_SECRET_KEY": SECRET_KEY},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
