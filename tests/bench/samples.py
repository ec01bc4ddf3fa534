"""Small reports as the benches make them: what draws and prints them must go with every field."""

from datetime import UTC, datetime

from bench import bench_commits, bench_create, bench_lists, bench_lockers, bench_memory, bench_pages, bench_receive
from bench.figures import Figures
from bench.goals import at_least, at_most
from bench.machine import Cores, Machine

TAKEN_AT = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MACHINE = Machine(cores=2, cpu="A processor", system="Linux 6.1", python="3.11.7", commit="0123abc")
POSTGRES = "18.6"
CORES = Cores(server=(0,), rest=(1,))
SPREAD = (0.9, 1.0, 1.1, 1.0, 1.2)
"""Of five rounds; their median is 1."""


def spread(value: float) -> list[float]:
    return [value * one for one in SPREAD]


def figures(per_s: float) -> Figures:
    return Figures(per_s=per_s, p50_ms=1_000 / per_s, p99_ms=3_000 / per_s, server_busy=0.9)


def create() -> bench_create.Report:
    measured = []
    for name, share in (("birdsystem", 0.6), ("hongxun", 0.5), ("hongxun, one product", 2.0), ("ovopark", 1.1)):
        for connections, pgbench in ((1, 400.0), (16, 2_500.0), (64, 3_000.0)):
            rounds = [
                bench_create.Round(ours=figures(share * ours), pgbench=figures(pgbench)) for ours in spread(pgbench)
            ]
            measured.append(
                bench_create.Measured(
                    workload=name, connections=connections, rounds=rounds, bare=figures(4 * pgbench), ratio=share
                )
            )
    return bench_create.Report(
        taken_at=TAKEN_AT,
        machine=MACHINE,
        postgres=POSTGRES,
        pgbench="pgbench 18.6",
        cores=CORES,
        seconds=1.5,
        rows_per_order={"birdsystem": {"orders": 1.0}},
        measured=measured,
        beside=[],
        answers=[
            at_least(0.7, "birdsystem, 64 connections", spread(0.6), by="ours / pgbench, calls a second"),
            at_least(1.0, "ovopark, 64 connections", spread(1.1), by="ours / pgbench, calls a second"),
        ],
    )


def lists() -> bench_lists.Report:
    sizes = (100_000, 1_000_000, 10_000_000)
    costs = {
        "first of a status": (5.0, 5.2, 5.4),
        "newest of a status": (5.0, 5.0, 5.1),
        "poll by update_time": (8.0, 8.5, 9.0),
        "the manual's poll": (7.0, 7.0, 7.2),
        bench_lists.DEEPEST: (6.0, 7.0, 10.0),
        "codes by key_status__in": (12.0, 12.0, 15.0),
    }
    points = [
        bench_lists.Point(question=name, orders=count, rounds_ms=spread(ms))
        for name, taken in costs.items()
        for count, ms in zip(sizes, taken, strict=True)
    ]
    loaded = [
        bench_lists.Loaded(orders=count, seconds=1, bytes_on_disk=count * 800, bare_deep_ms=count / 5_000)
        for count in sizes
    ]
    return bench_lists.Report(
        taken_at=TAKEN_AT,
        machine=MACHINE,
        postgres=POSTGRES,
        cores=CORES,
        seconds=1,
        rounds=5,
        loaded=loaded,
        points=points,
        answers=[at_most(1.5, f"list: {bench_lists.DEEPEST}", spread(10 / 6), by="10,000,000 orders / 100,000, ms")],
    )


def receive() -> bench_receive.Report:
    measured = [
        bench_receive.Measured(
            what=what, lines=lines, ours=spread(each * lines / 1_000), bare=spread(lines / 8_000), rows={"event": 2}
        )
        for what, each in (("placing", 0.3), ("receipt", 0.4), ("shipment", 0.35))
        for lines in bench_receive.SIZES
    ]
    return bench_receive.Report(
        taken_at=TAKEN_AT,
        machine=MACHINE,
        postgres=POSTGRES,
        rounds=5,
        measured=measured,
        answers=[at_most(3, "receipt of 1,000 lines", spread(3.2), by="ours / bare set-based SQL, time")],
    )


def lockers() -> bench_lockers.Report:
    ours = [0] * 4 + [80, 400, 600, 300, 120, 60, 20, 8, 4] + [1] * 25 + [0] * 62 + [3]
    bare = [0, 900, 500, 150, 30, 10, 5, 2] + [0] * 32 + [4, 2, 1] + [0] * 58
    of_each = [
        bench_lockers.Spread(counts=counts, gathered=bench_lockers.gathered(counts)) for counts in (ours, bare)
    ]
    taken = bench_lockers.Round(
        ours=figures(190), bare=figures(600), ours_spread=of_each[0], bare_spread=of_each[1], refused=0
    )
    return bench_lockers.Report(
        taken_at=TAKEN_AT,
        machine=MACHINE,
        postgres=POSTGRES,
        cores=CORES,
        cabinets=1_000,
        rate_per_s=200,
        seconds=8,
        rounds=[taken] * 5,
        p99=2.0,
        answers=[at_most(0.01, "doors: no steps of 40 ms", spread(0.0012), by="gathered / all answers")],
    )


def memory() -> bench_memory.Report:
    return bench_memory.Report(
        taken_at=TAKEN_AT,
        machine=MACHINE,
        postgres=POSTGRES,
        orders=100_000,
        rest_s=5,
        together_mb=spread(120),
        apart_mb=spread(160),
        orders_mb=130,
        callbacks_mb=140,
        answers=[at_most(150, "memory at rest, web and worker", spread(120), by="megabytes (PSS)")],
    )


def commits() -> bench_commits.Report:
    flushed = [
        bench_commits.Flushed(workload=name, figures=figures(900), on_record=round(100 * orders), flushes=100)
        for name, each in (("birdsystem", 14.0), ("hongxun", 13.0), ("ovopark", 11.0))
        for orders in spread(each)
    ]
    return bench_commits.Report(
        taken_at=TAKEN_AT,
        machine=MACHINE,
        postgres=POSTGRES,
        cores=CORES,
        seconds=1,
        connections=64,
        flushed=flushed,
        killed=[bench_commits.Killed(victim=victim, acknowledged=500, unanswered=9, lost=0) for victim in VICTIMS],
        acknowledged=1_000,
        lost=0,
        answers=[at_least(12, "ovopark, 64 connections", spread(11), by="on record / flushes of the log")],
    )


def pages() -> bench_pages.Report:
    measured = [
        bench_pages.Measured(page=f"/{first}/page-{number}", bytes=size * number, ms=3.0 * number, by_login=1.5)
        for first, size in (("console", 4_000), ("floor", 1_500))
        for number in range(2, 30)
    ]
    return bench_pages.Report(
        taken_at=TAKEN_AT, machine=MACHINE, postgres=POSTGRES, orders=1_005_000, rounds=7, measured=measured, cut=[]
    )


VICTIMS: tuple[bench_commits.Victim, ...] = ("postgres", "server")
SAMPLES = {
    "commits": commits,
    "create": create,
    "lists": lists,
    "lockers": lockers,
    "memory": memory,
    "pages": pages,
    "receive": receive,
}
"""Of every question that has a curve."""
