"""bench/bench_reads.py works: both sides send the same statements and answer the same. Nothing here looks at how
fast."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.bare import Differing, record
from bench.bench_reads import CALLS
from bench.day import checks, get
from bench.send import Plan, SendFailed, send
from tests.world import World

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_reads", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("reads-*.json")
    report = json.loads(file.read_text())
    names = [call.name for call in CALLS]
    assert list(report["statements"]) == names
    assert all(report["statements"][name] and report["bytes"][name] > 500 for name in names)
    assert [one["name"] for one in report["measured"]] == [name for name in names for _ in range(2)]
    for one in report["measured"]:
        [taken] = one["rounds"]
        assert all(taken[side]["figures"]["per_s"] > 0 for side in ("ours", "bare"))
    assert [(one["asked"], one["bound"]) for one in report["answers"]] == [("at least", 0.5)] * len(CALLS)
    assert report["postgres"] in done.stdout


async def test_what_a_call_sends_is_recorded(quiet_world: World) -> None:
    await quiet_world.pick_up("129322")
    await quiet_world.staff_token("clerk1", "f" * 40)

    known = await record(quiet_world.house.app, checks("f" * 40, ["129322"]))

    [(asked, recorded)] = known.items()
    assert (asked.path, asked.query) == (b"/api/orders/pick_up_code/check/", b"key=129322")
    assert b'"key":"129322"' in recorded.body
    assert any("FROM staff" in text for text in recorded.texts)
    assert any("FROM handover" in text for text in recorded.texts)
    assert all(" site WHERE" not in text for text in recorded.texts), "the place is known from the call before"


async def test_a_call_that_is_refused_is_not_recorded(quiet_world: World) -> None:
    with pytest.raises(Differing, match="Invalid token"):
        await record(quiet_world.house.app, checks("e" * 40, ["129322"]))


@pytest.mark.parametrize(("body", "fails"), [(b'{"database":"ok"}', False), (b'{"database":"no"}', True)])
async def test_another_answer_ends_the_run(world: World, body: bytes, fails: bool) -> None:
    port = urlsplit(world.base_url).port
    assert port is not None
    plan = Plan(ports=[port], connections=1, requests=[get("/healthz", {})], success=[b"database"], bodies=[body])

    if fails:
        with pytest.raises(SendFailed):
            await asyncio.to_thread(send, plan, ())
    else:
        assert (await asyncio.to_thread(send, plan, ())).answered == 1
