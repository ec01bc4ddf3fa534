"""bench/bench_space.py works: what orders take is found, and what each index is for. Nothing here asks how much."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.bench_space import named_in_source

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_space", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("space-*.json")
    report = json.loads(file.read_text())
    rows = {one["table"]: one["rows"] for one in report["grown"]}
    assert (rows["orders"], rows["order_line"], rows["stock_move"]) == (1, 2, 4)
    assert rows["callback"] == report["callbacks"] / report["orders"] >= 1
    assert report["log_bytes"] > sum(one["heap"] for one in report["grown"]) > 1_000
    known = {one["name"]: one for one in report["indexes"]}
    assert known["orders_pkey"]["keeps"] == "primary key"
    assert known["orders_account_id_kind_number_key"]["keeps"] == "unique"
    assert known["orders_account_id_id_key"]["scans"] > 1
    assert report["postgres"] in done.stdout


def test_indexes_that_statements_name() -> None:
    assert named_in_source()["orders_listed_idx"] >= 1
