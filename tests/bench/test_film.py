"""bench/bench_film.py works: a clip of what was filmed, all its pictures in it. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_film", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("film-*.json")
    report = json.loads(file.read_text())
    assert report["pictures"] >= 45 * 25
    assert report["clip_ms"] > 0
    assert report["copy_ms"] > 0
    assert "joined / copied" in done.stdout
