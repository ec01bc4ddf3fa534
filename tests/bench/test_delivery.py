"""bench/bench_delivery.py works: what was heard is on record. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

from bench.hear import FAR_S

ROOT = Path(__file__).parents[2]


def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_delivery", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("delivery-*.json")
    report = json.loads(file.read_text())
    assert [one["answers_after_s"] for one in report["against"]] == [0, FAR_S]
    assert all(rate > 0 for one in report["against"] for rate in (*one["ours"], *one["bare"]))
    assert [one["dead"] for one in report["beside"]] == ["refuses connections", "never answers"]
    questions = [answer["question"] for answer in report["answers"]]
    assert len(questions) == len(set(questions)) == 4
    assert all("300 wait" in question for question in questions[2:])
    assert report["postgres"] in done.stdout
