"""The DuckDB file: every vintage, documented, latest views, and swapped in under the eyes of a reader."""

import datetime as dt
import subprocess
import sys

import duckdb
import polars as pl
import pytest
from published_example import ExampleVintage, example_tables, write_example

from pipelines.contracts import PUBLISHED_TABLES
from pipelines.warehouse import NoVintageError, VintageUnreadableError, build_warehouse, table_key

HOLDING_READER = """
import pathlib, sys, duckdb
path, stop = sys.argv[1:]
held = duckdb.connect(path, read_only=True)
count = "SELECT count(*), max(vintage_id) FROM idx.task_month"
before, reads = held.execute(count).fetchone(), 0
print("ready", flush=True)
while not pathlib.Path(stop).exists():
    assert held.execute(count).fetchone() == before
    reads += 1
print(reads)
"""
REOPENING_READER = """
import pathlib, sys, duckdb
path, stop = sys.argv[1:]
reads, seen = 0, set()
print("ready", flush=True)
while not pathlib.Path(stop).exists() or len(seen) < 2:
    with duckdb.connect(path, read_only=True) as con:
        rows, vintages = con.execute("SELECT count(*), count(DISTINCT vintage_id) FROM idx.task_month").fetchone()
    assert rows == 976 * vintages, (rows, vintages)
    seen.add(vintages)
    reads += 1
assert seen == {1, 2}, seen
print(reads)
"""


@pytest.fixture
def con(example_warehouse):
    with duckdb.connect(str(example_warehouse), read_only=True) as connection:
        yield connection


def test_every_table_holds_the_rows_of_every_vintage(example_vintages, example_warehouse, con):
    for name in PUBLISHED_TABLES:
        frames = [pl.read_parquet(path) for path in example_vintages.glob(f"*/{name}.parquet")]
        expected = pl.concat(frames).unique(table_key(PUBLISHED_TABLES[name])).height
        assert con.execute(f"SELECT count(*) FROM {name.replace('/', '.')}").fetchone() == (expected,), name


def test_every_table_view_and_column_has_a_comment(con):
    tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE comment IS NULL OR comment = ''")
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal AND (comment IS NULL OR comment = '')")
    columns = con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal AND (comment IS NULL OR comment = '')"
    )
    assert (tables.fetchall(), views.fetchall(), columns.fetchall()) == ([], [], [])


def test_comments_are_those_of_the_schemas(con):
    described = con.execute(
        "SELECT comment FROM duckdb_columns() WHERE schema_name = 'idx' AND table_name = 'occupation_month' "
        "AND column_name = 'task_coverage'"
    )
    assert described.fetchone() == (PUBLISHED_TABLES["idx/occupation_month"].columns()["task_coverage"].description,)


def test_latest_views_hold_the_last_published_vintage_of_each_month(con):
    assert con.execute("SELECT DISTINCT vintage_id FROM latest.task_month ORDER BY ALL").fetchall() == [
        ("2026-09-again",),
        ("2026-10-a",),
    ]


def test_reference_rows_are_those_of_the_last_vintage_that_has_them(tmp_path):
    vintages = write_example(tmp_path / "v", (ExampleVintage(month="2026-09"), ExampleVintage()))
    path = vintages / "2026-10-a" / "ref" / "occupation.parquet"
    pl.read_parquet(path).with_columns(median_wage_usd=pl.lit(1.0)).write_parquet(path)
    build_warehouse(vintages, tmp_path / "i.duckdb")
    with duckdb.connect(str(tmp_path / "i.duckdb"), read_only=True) as con:
        found = con.execute(
            "SELECT count(*), min(median_wage_usd), max(median_wage_usd) FROM ref.occupation"
        ).fetchone()
    assert found == (127, 1.0, 1.0)


def test_two_releases_stand_side_by_side_in_the_reference_tables(tmp_path):
    vintages = write_example(tmp_path / "v", (ExampleVintage(month="2026-09"), ExampleVintage(onet_version="30.1")))
    counts = build_warehouse(vintages, tmp_path / "i.duckdb")
    assert dict(counts.iter_rows())["ref/occupation"] == 2 * 127
    with duckdb.connect(str(tmp_path / "i.duckdb"), read_only=True) as con:
        changes = con.execute("SELECT DISTINCT is_comparable, usage_share_change FROM v_task_change").fetchall()
    assert changes == [(False, None)]


def test_panel_has_every_occupation_with_zeros_explicit_and_withheld_null(con):
    rows = con.sql("SELECT * FROM v_occupation_panel").pl()
    assert rows.group_by("period_start").len().get_column("len").to_list() == [127, 127]
    by_status = {key[0]: group for key, group in rows.group_by("usage_status")}
    assert set(by_status) == {"observed", "zero", "withheld"}
    assert by_status["withheld"].get_column("usage_share").null_count() == by_status["withheld"].height
    assert by_status["zero"].get_column("usage_share").to_list() == [0.0] * by_status["zero"].height


def test_a_change_is_stated_only_where_both_months_are_published(con):
    rows = con.sql("SELECT * FROM v_task_change").pl()
    either = rows.filter(pl.col("usage_share").is_null() | pl.col("previous_usage_share").is_null())
    both = rows.filter(pl.col("usage_share").is_not_null() & pl.col("previous_usage_share").is_not_null())
    assert either.height > 0
    assert either.get_column("usage_share_change").null_count() == either.height
    difference = both.get_column("usage_share") - both.get_column("previous_usage_share")
    assert (both.get_column("usage_share_change") - difference).abs().max() == 0
    assert rows.get_column("previous_vintage_id").unique().to_list() == ["2026-09-again"]


def test_long_view_gives_back_the_values_of_the_tables(con):
    total = con.execute(
        "SELECT sum(value) FROM v_long WHERE table_name = 'major_group_month' AND measure = 'usage_share'"
    ).fetchone()
    assert total == con.execute("SELECT sum(usage_share) FROM latest.major_group_month").fetchone()


def test_the_view_of_facets_sets_each_cluster_beside_the_one_above(con):
    rows = con.sql("FROM v_cluster_facet WHERE cluster_id = 'mid-3' AND facet_value = 'work'").pl()
    row = rows.row(-1, named=True)
    (above,) = con.execute(
        "SELECT usage_share FROM latest.cluster_facet_month WHERE cluster_id = 'top-2' AND facet_value = 'work' "
        "AND vintage_id = ?",
        [row["vintage_id"]],
    ).fetchone()
    assert row["name"] == "Draft letters and reports"
    assert row["parent_usage_share"] == above
    assert row["parent_ratio"] == pytest.approx(row["usage_share"] / above)


def test_rows_lie_in_key_order_whatever_the_order_of_the_files(example_vintages, tmp_path):
    shuffled = tmp_path / "v"
    for path in example_vintages.glob("*/*/*.parquet"):
        target = shuffled / path.relative_to(example_vintages)
        target.parent.mkdir(parents=True, exist_ok=True)
        pl.read_parquet(path).sample(fraction=1.0, shuffle=True, seed=3).write_parquet(target)
    build_warehouse(shuffled, tmp_path / "i.duckdb")
    build_warehouse(example_vintages, tmp_path / "j.duckdb")
    for name in PUBLISHED_TABLES:
        one, other = (_read(tmp_path / file, name) for file in ("i.duckdb", "j.duckdb"))
        assert one.equals(other), name


def _read(path, name):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.sql(f"SELECT * FROM {name.replace('/', '.')}").pl()


def test_times_are_utc_in_every_session_time_zone(con):
    con.execute("SET TimeZone = 'Asia/Tokyo'")
    found = con.execute("SELECT published_at FROM meta.vintage WHERE vintage_id = '2026-10-a'").fetchone()
    assert found == (dt.datetime(2026, 11, 5, 6),)


def test_a_column_that_old_vintages_lack_is_null_where_it_may_be(tmp_path):
    vintages = write_example(tmp_path / "v", (ExampleVintage(),))
    path = vintages / "2026-10-a" / "idx" / "skill_month.parquet"
    pl.read_parquet(path).drop("account_share").write_parquet(path)
    build_warehouse(vintages, tmp_path / "i.duckdb")
    assert _read(tmp_path / "i.duckdb", "idx/skill_month").get_column("account_share").null_count() == 6


def test_a_vintage_of_an_earlier_version_may_lack_a_table_that_came_later(tmp_path):
    vintages = write_example(tmp_path / "v", (ExampleVintage(month="2026-09"), ExampleVintage()))
    old = vintages / "2026-09-a"
    (old / "idx" / "skill_month.parquet").unlink()
    made = old / "meta" / "vintage.parquet"
    pl.read_parquet(made).with_columns(code_version=pl.lit("0.0.9")).write_parquet(made)
    build_warehouse(vintages, tmp_path / "i.duckdb")
    assert _read(tmp_path / "i.duckdb", "idx/skill_month")["vintage_id"].unique().to_list() == ["2026-10-a"]
    assert _read(tmp_path / "i.duckdb", "idx/task_month")["vintage_id"].n_unique() == 2


@pytest.mark.parametrize("damage", ["drop_required", "drop_table", "drop_vintage", "twice"])
def test_a_damaged_vintage_is_named_with_its_remedy_and_the_old_file_stays(tmp_path, damage):
    vintages = write_example(tmp_path / "v", (ExampleVintage(),))
    target = tmp_path / "i.duckdb"
    build_warehouse(vintages, target)
    before = target.read_bytes()
    path = vintages / "2026-10-a" / "idx" / "skill_month.parquet"
    frame = pl.read_parquet(path)
    if damage == "drop_required":
        frame.drop("base_id").write_parquet(path)
    elif damage == "drop_table":
        path.unlink()
    elif damage == "drop_vintage":
        (vintages / "2026-10-a" / "meta" / "vintage.parquet").unlink()
    else:
        pl.concat([frame, frame]).write_parquet(path)
    with pytest.raises(VintageUnreadableError, match=r"(?s)expected .* publish .*again"):
        build_warehouse(vintages, target)
    assert target.read_bytes() == before
    assert sorted(found.name for found in tmp_path.iterdir()) == ["i.duckdb", "v"]


def test_a_store_without_vintages_is_refused(tmp_path):
    (tmp_path / "v" / ".unfinished").mkdir(parents=True)
    with pytest.raises(NoVintageError, match="usage-index run"):
        build_warehouse(tmp_path / "v", tmp_path / "i.duckdb")


def test_readers_in_other_processes_are_undisturbed_while_the_file_is_replaced(tmp_path):
    vintages = write_example(tmp_path / "v", (ExampleVintage(month="2026-09"),))
    target, stop = tmp_path / "index.duckdb", tmp_path / "stop"
    build_warehouse(vintages, target)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(target), str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in (HOLDING_READER, REOPENING_READER)
    ]
    try:
        assert [reader.stdout.readline() for reader in readers] == ["ready\n", "ready\n"]
        write_example(vintages, (ExampleVintage(),))
        for _ in range(3):
            build_warehouse(vintages, target)
    finally:
        stop.touch()
        ends = [reader.communicate(timeout=60) for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0], ends
    assert all(int(out) > 0 for out, _ in ends)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_example_rows_are_what_the_schemas_allow():
    assert set(example_tables(ExampleVintage())) == set(PUBLISHED_TABLES)


def test_the_change_of_a_headline_is_its_value_less_that_of_the_month_before(con):
    rows = con.sql("SELECT * FROM v_headline_change WHERE value_change IS NOT NULL").pl()
    assert rows.height
    difference = rows.get_column("value") - rows.get_column("previous_value")
    assert rows.get_column("value_change").to_list() == difference.to_list()
