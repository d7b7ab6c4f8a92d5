"""Starts Airflow on one machine: ``python -m launch.demo`` and ``python -m launch.up``."""
