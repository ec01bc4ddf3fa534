"""bench/bench_commits.py works: flushes are counted, and nothing that was answered is lost when processes are killed.

Nothing here looks at how fast anything is.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_commits", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("commits-*.json")
    report = json.loads(file.read_text())
    assert [one["workload"] for one in report["flushed"]] == ["birdsystem", "hongxun", "ovopark"]
    for flushed in report["flushed"]:
        assert 0 < flushed["flushes"] <= flushed["on_record"]
        assert flushed["figures"]["per_s"] > 0
    assert [one["victim"] for one in report["killed"]] == ["postgres", "server"]
    assert all(one["acknowledged"] > 0 for one in report["killed"])
    assert report["acknowledged"] == sum(one["acknowledged"] for one in report["killed"])
    assert report["lost"] == 0
    assert len(report["answers"]) == 4
    assert report["postgres"] in done.stdout
