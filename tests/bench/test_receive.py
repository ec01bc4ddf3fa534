"""bench/bench_receive.py works, with rows that were counted. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_receive", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("receive-*.json")
    report = json.loads(file.read_text())
    measured = {(one["what"], one["lines"]) for one in report["measured"]}
    assert measured == {(what, lines) for what in ("receipt", "placing", "shipment") for lines in (5, 20)}
    assert all(seconds > 0 for one in report["measured"] for seconds in (*one["ours"], *one["bare"]))
    written = {(one["what"], one["lines"]): one["rows"] for one in report["measured"]}
    assert written["receipt", 20]["stock_move inserted"] == written["receipt", 20]["stock updated"] == 20
    assert written["placing", 20]["order_line inserted"] == 20
    assert len(report["answers"]) == 9
