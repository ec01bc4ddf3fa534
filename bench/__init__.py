"""Measurements: one `bench_*.py` per question; each prints machine, input and result."""
