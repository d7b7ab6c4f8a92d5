"""Lookups over distinct values, in plain Python: user agents, visitors, privacy."""
