"""Figures of one run, and how they are summed up."""

import math
from collections.abc import Sequence

from msgspec import Struct


class Figures(Struct, frozen=True, kw_only=True):
    per_s: float
    p50_ms: float
    p99_ms: float
    server_busy: float | None = None
    """Share of one core that the server used; None where it is not known."""


def figures(latencies_s: Sequence[float], *, seconds: float, server_busy: float | None = None) -> Figures:
    """Errors: ValueError when nothing was answered."""
    if not latencies_s:
        raise ValueError("nothing was answered in the time measured: take more --seconds")
    ordered = sorted(latencies_s)
    return Figures(
        per_s=len(ordered) / seconds,
        p50_ms=percentile(ordered, 50) * 1000,
        p99_ms=percentile(ordered, 99) * 1000,
        server_busy=server_busy,
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
