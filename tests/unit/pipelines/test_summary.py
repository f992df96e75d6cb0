"""What a run shows at its end, from the DuckDB file."""

import shutil

import duckdb
import polars as pl

from pipelines.contracts import RESTRICTED_TABLES
from pipelines.storage import Store
from pipelines.summary import index_summary


def listed(folder, warehouse, *, precision):
    """Rows of the lists of tasks and occupations where every row of idx has this class."""
    folder.mkdir()
    shutil.copyfile(warehouse, folder / "index.duckdb")
    with duckdb.connect(str(folder / "index.duckdb")) as con:
        for name in ("task_month", "occupation_month"):
            con.execute(f"UPDATE idx.{name} SET precision_class = ?", [precision])
        month = con.sql("SELECT max(reference_month) AS month FROM meta.vintage").pl().item()
    store = Store(folder / "store").prepare()
    empty: pl.DataFrame = RESTRICTED_TABLES["raw/ingest_count"].create_empty()
    store.write_table("raw/ingest_count", month, empty)
    tables = index_summary(folder, store, month, {}).tables
    return [tables[name].height for name in ("Top tasks", "Top occupations")]


def test_tasks_and_occupations_whose_error_is_a_third_of_the_share_are_not_listed(example_warehouse, tmp_path):
    assert min(listed(tmp_path / "sure", example_warehouse, precision="C")) > 0
    assert listed(tmp_path / "unsure", example_warehouse, precision="D") == [0, 0]
