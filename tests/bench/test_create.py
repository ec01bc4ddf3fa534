"""bench/bench_create.py works: both sides place orders, write the same rows, and the report says what was measured.

Nothing here looks at how fast anything is.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench import figures, orders, pgbench
from crossdock.dialects.hongxun import auth
from crossdock.edge.request import Request

ROOT = Path(__file__).parents[2]
SECRET = "c8f1e2d3b4a59687"


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        ("hongxun", {"orders": 1, "order_line": 1, "stock_move": 1, "stock updates": 1, "event": 1}),
        ("ovopark", {"packing": 1, "packing_item": 3, "event": 1}),
    ],
)
@pytest.mark.timeout(120)
def test_it_runs(tmp_path: Path, only: str, rows: dict[str, float]) -> None:
    command = [sys.executable, "-m", "bench.bench_create", "--tiny", "--only", only, "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("create-*.json")
    report = json.loads(file.read_text())
    assert rows.items() <= report["rows_per_order"][only].items()
    assert [measured["connections"] for measured in report["measured"]] == [1, 2]
    [beside] = report["beside"]
    for measured in report["measured"]:
        for side in (
            *measured["rounds"][0].values(),
            measured["bare"],
            *beside["naive"][0].values(),
            beside["half"][0],
        ):
            assert side["per_s"] > 0
            assert 0 < side["p50_ms"] <= side["p99_ms"]
        assert measured["ratio"] == pytest.approx(
            measured["rounds"][0]["ours"]["per_s"] / measured["rounds"][0]["pgbench"]["per_s"]
        )
    assert beside["half_rate"] == report["measured"][1]["rounds"][0]["ours"]["per_s"] / 2
    assert [answer["question"] for answer in report["answers"]] == [
        f"{only}, 2 connections",
        f"{only}, 2 connections",
        f"{only}, one connection",
        f"{only}, at half the highest rate",
    ]
    assert report["postgres"] in done.stdout
    assert report["machine"]["commit"] in done.stdout


def test_every_hongxun_request_is_signed_and_has_its_own_number() -> None:
    bodies = [
        request.partition(b"\r\n\r\n")[2]
        for request in orders.requests(orders.WORKLOADS["hongxun"], first=orders.NUMBER_FIRST, count=50)
    ]

    envelopes = [auth.read(body) for body in bodies]

    for envelope in envelopes:
        auth.verify(envelope, SECRET)
    numbers = [envelope.request["customerNumber"] for envelope in envelopes]
    assert numbers == [str(orders.NUMBER_FIRST + position) for position in range(50)]
    products = {envelope.request["productList"][0]["customerProductCode"] for envelope in envelopes}
    assert 1 < len(products) <= 50


def test_one_product_is_one_product() -> None:
    workload = orders.WORKLOADS["hongxun, one product"]

    requests = orders.requests(workload, first=orders.NUMBER_FIRST, count=20)

    assert all(orders.sku(0).encode() in request for request in requests)


def test_a_birdsystem_request_is_a_form() -> None:
    [raw] = orders.requests(orders.WORKLOADS["birdsystem"], first=1, count=1)
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]

    request = Request(
        method="POST", path="", query_string=b"", headers=[(name, value) for name, value in lines], body=body
    )

    assert request.header("company_id") == "36"
    assert request.header("content-length") == str(len(body))
    assert dict(request.form)["contact"] == "Alex Sample"


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "CAST(NULL AS text)"),
        ("plain", "CAST(E'plain' AS text)"),
        ("it's", "CAST(E'it''s' AS text)"),
        ("a\\b", "CAST(E'a\\\\b' AS text)"),
        ('{"a": ":b"}', 'CAST(E\'{"a"\\x3a "\\x3ab"}\' AS text)'),
    ],
)
def test_a_literal_holds_nothing_that_pgbench_would_replace(value: str | None, literal: str) -> None:
    assert pgbench._literal(value, "text") == literal


def test_pgbench_is_found_on_path_when_the_wheel_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "pgbench"
    shutil.copy("/bin/true", other)
    monkeypatch.setattr(pgbench.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert pgbench.program() == str(other)


def test_without_pgbench_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgbench.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))

    with pytest.raises(pgbench.PgbenchMissing, match="apt-get install postgresql-client"):
        pgbench.program()


def test_percentiles_are_values_that_were_measured() -> None:
    hundred = [float(number) for number in range(1, 101)]

    assert figures.percentile(hundred, 50) == 50
    assert figures.percentile(hundred, 99) == 99
    assert figures.percentile([7.0], 99) == 7


def test_a_run_without_answers_has_no_figures() -> None:
    with pytest.raises(ValueError, match="nothing was answered"):
        figures.figures([], seconds=1)


def test_figures_are_per_second_and_in_milliseconds() -> None:
    measured = figures.figures([0.002, 0.001, 0.004], seconds=2)

    assert msgspec.to_builtins(measured) == {"per_s": 1.5, "p50_ms": 2, "p99_ms": 4, "server_busy": None}
