"""bench/bench_day.py works: what was answered is on record. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import day

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_day", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("day-*.json")
    report = json.loads(file.read_text())
    assert all(report["answered"][kind.call] > 0 for kind in day.KINDS)
    [taken] = report["rounds"]
    assert all(taken[side]["per_s"] > 0 for side in ("ours", "echo"))
    assert [(one["asked"], one["bound"]) for one in report["answers"]] == [("at least", 0.3)]
    assert report["postgres"] in done.stdout


def test_the_proportions_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")

    rows = [f"| {kind.partner} | `{kind.call}` | {kind.does} | {kind.per_100} |" for kind in day.KINDS]

    assert sum(kind.per_100 for kind in day.KINDS) == 100
    assert [row for row in rows if row not in page] == []
