"""Footfall: raw web logs and tracker events to trusted sessions, marts and dashboards."""

__version__ = "0.1.0"
