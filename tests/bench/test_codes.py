"""bench/bench_codes.py works: every code is used once, both sides write the same, waits for locks are seen.

Nothing here looks at how fast anything is.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from bench.locks import Watch

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_codes", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("codes-*.json")
    report = json.loads(file.read_text())
    assert report["rows_per_code"] == {
        "staff_action": 1,
        "event": 2,
        "codes used": 1,
        "orders delivered": 1,
        "callback": 0,
    }
    for mode in ("own", "shared"):
        [taken] = report[mode]
        assert all(side["per_s"] > 0 and 0 < side["p50_ms"] <= side["p99_ms"] for side in taken.values())
    [raced] = report["raced"]
    assert raced["codes"] > 0
    assert raced["waits"]["looks"] > 0
    assert report["used"] > raced["codes"]
    assert raced["pgbench_ms"] > 0
    assert len(report["answers"]) == 4
    assert report["postgres"] in done.stdout


def test_a_wait_is_measured_against_who_holds_the_lock(database_url: str) -> None:
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url, autocommit=True) as waiter:
        holder.execute("SELECT pg_advisory_xact_lock(4711)")
        time.sleep(0.05)
        waiting = threading.Thread(target=waiter.execute, args=("SELECT pg_advisory_lock(4711)",))
        with Watch(database_url) as watch:
            waiting.start()
            time.sleep(0.1)
        holder.rollback()
        waiting.join()

    assert watch.waits.seen > 0
    assert watch.waits.longest_ms > 0
    assert 0 < watch.waits.share < 1, "who held it had begun before"
