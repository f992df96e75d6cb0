"""Dagster assets, checks, jobs, schedules and sensors, one module per part of the graph."""
