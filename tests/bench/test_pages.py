"""bench/bench_pages.py works: it follows links and says how big a page is. Nothing here looks at how fast it was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.bench_pages import KB_MAX, links, shape

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_pages", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("pages-*.json")
    report = json.loads(file.read_text())
    pages = {one["page"]: one for one in report["measured"]}
    assert {"/floor", "/floor/waves/#", "/floor/waves/new?method&most", "/console"} <= pages.keys()
    assert all(0 < one["bytes"] < KB_MAX * 1_000 for one in pages.values())
    assert report["cut"] == []


def test_addresses_that_differ_in_numbers_are_one_shape() -> None:
    assert shape("/console/orders/2408020360000001?after=7&q=x") == "/console/orders/#?after&q"
    assert shape("/floor/papers/plate/SSCC00395?language=zh") == "/floor/papers/plate/#"
    assert shape("/floor") == "/floor"


def test_only_pages_of_the_same_person_are_followed() -> None:
    page = '<a href="/floor/pick?x=1#top">1</a><a href="?after=3">2</a><a href="/floor/papers/label/1.pdf">3</a>'
    page += '<a href="https://example.com/floor/x">4</a><a href="/console">5</a><a>6</a><a href="/floor/logout">7</a>'
    assert list(links(page, "/floor/waves")) == ["/floor/pick?x=1", "/floor/waves?after=3"]
