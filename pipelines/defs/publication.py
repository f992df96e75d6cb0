"""Assets of the publication: the archived build, the DuckDB file, the data package and the report."""

from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.contracts import PUBLISHED_TABLES
from pipelines.defs.automation import MONTHLY_FRESHNESS
from pipelines.defs.declare import TableSpec, tables
from pipelines.package import write_package
from pipelines.provenance import archive_tables, published_tables
from pipelines.report import write_report
from pipelines.warehouse import build_warehouse

GROUP = "publication"
_ONE_WRITER = "warehouse"
_FILES = {"file": pl.String, "byte_count": pl.Int64}


def _file_sizes(folder: Path) -> pl.DataFrame:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [{"file": str(path.relative_to(folder)), "byte_count": path.stat().st_size} for path in files]
    return pl.DataFrame(rows, schema=_FILES)


@tables(
    TableSpec("publication/vintage", GROUP, "One row per table of the build, archived in the store as published."),
    deps=sorted(PUBLISHED_TABLES),
)
def archived_vintage(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """Archive the build: nothing that was published is ever overwritten by another build."""
    store = context.resources.store
    ready = published_tables(store, context.partition_key)
    return archive_tables(ready, store.vintages / ready["meta/vintage"].item(0, "vintage_id"))


@tables(
    TableSpec(
        "publication/warehouse",
        GROUP,
        "One row per table of index.duckdb, the file with every vintage of the store.",
        is_monthly=False,
        kinds=("duckdb",),
        freshness_policy=MONTHLY_FRESHNESS,
    ),
    deps=["publication/vintage"],
    pool=_ONE_WRITER,
)
def warehouse(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """Build index.duckdb from the Parquet of every vintage and swap it in."""
    return build_warehouse(context.resources.store.vintages, context.resources.out / "index.duckdb")


@tables(
    TableSpec(
        "publication/package",
        GROUP,
        "One row per file of the data package.",
        is_monthly=False,
        kinds=("parquet", "csv"),
    ),
    deps=["publication/warehouse"],
    pool=_ONE_WRITER,
)
def package(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """Write the Frictionless data package from the DuckDB file."""
    out: Path = context.resources.out
    write_package(out / "index.duckdb", out / "package")
    return _file_sizes(out / "package")


@tables(
    TableSpec(
        "publication/report", GROUP, "One row per file of the report.", is_monthly=False, kinds=("plotly", "html")
    ),
    deps=["publication/warehouse"],
    pool=_ONE_WRITER,
)
def report(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """Write the report page from the DuckDB file."""
    out: Path = context.resources.out
    write_report(out / "index.duckdb", out / "report")
    return _file_sizes(out / "report")
