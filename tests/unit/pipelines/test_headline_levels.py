"""Which level a month is read at first: coarse with few conversations, fine where the precision allows."""

import duckdb
import pytest
from index_month import POLICY, make_catalogue, make_context, make_month

from pipelines.aggregate import aggregate_month
from pipelines.headline_levels import LEVELS, level_precision_sql
from pipelines.publish import publish_tables
from pipelines.uncertainty import with_sampling_errors

CATALOGUE = make_catalogue(occupations_per_group=12, tasks_per_occupation=20)


def levels(conversations, *, draws=100):
    month = make_month(seed=2, conversations=conversations, accounts=conversations // 3, catalogue=CATALOGUE)
    exact = aggregate_month(month, policy=POLICY, account_basis="account")
    tables = publish_tables(with_sampling_errors(exact, draws=draws, seed=1), make_context())
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA latest")
        for name in ("major_group_month", "activity_month", "task_month"):
            con.register("frame", tables[f"idx/{name}"].to_arrow())
            con.execute(f"CREATE TABLE latest.{name} AS FROM frame")
        return {row["mapping_level"]: row for row in con.sql(level_precision_sql()).pl().to_dicts()}


@pytest.fixture(scope="module")
def few():
    return levels(400)


@pytest.fixture(scope="module")
def many():
    return levels(9_000)


def headline(found):
    (name,) = [name for name, row in found.items() if row["is_headline"]]
    return name


def test_few_conversations_are_read_by_activities_and_many_by_task(few, many):
    assert headline(few) in ("iwa", "gwa", "major_group")
    assert few["task"]["precise_share"] < 0.5
    assert headline(many) == "task"
    assert many["task"]["precise_share"] > 0.5


def test_precise_rows_never_hold_more_than_those_stated(few, many):
    for found in (few, many):
        assert list(found) == list(LEVELS)
        for row in found.values():
            assert 0 <= row["precise_row_count"] <= row["stated_row_count"]
            assert 0 <= row["precise_share"] <= 1.001


def test_where_no_error_is_estimated_major_groups_are_read_first():
    assert headline(levels(400, draws=0)) == "major_group"
