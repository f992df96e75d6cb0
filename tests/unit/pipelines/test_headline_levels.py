"""Which level a month is read at first: coarse with few conversations, fine where the precision allows."""

import duckdb
import polars as pl
import pytest
from index_month import POLICY, make_catalogue, make_context, make_month

from pipelines.aggregate import aggregate_month
from pipelines.headline_levels import LEVELS, is_precise, is_precise_sql, level_precision_sql
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


def test_the_view_the_report_and_the_summary_call_the_same_rows_precise():
    rows = pl.DataFrame(
        [(name, basis) for name in ("A", "B", "C", "D", None) for basis in ("account", "not_available")],
        schema=["precision_class", "account_basis"], orient="row",
    )  # fmt: skip
    by_polars = rows.filter(is_precise())
    with duckdb.connect() as con:
        con.register("given", rows.to_arrow())
        by_sql = con.sql(f"FROM given WHERE {is_precise_sql()}").pl()
    assert sorted(by_polars.rows(), key=str) == sorted(by_sql.rows(), key=str)
    assert by_polars.filter(pl.col("account_basis") == "account")["precision_class"].to_list() == ["A", "B", "C"]
    assert by_polars.height == 8
