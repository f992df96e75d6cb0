"""Dagster definitions, tables, figures and the command line; the only package that reads settings or the clock."""
