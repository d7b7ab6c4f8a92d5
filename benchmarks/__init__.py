"""Benchmarks: one module a subject, each run with ``python -m benchmarks.<name>``; README.md has the figures."""
