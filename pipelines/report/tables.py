"""The published tables of one vintage, read once from the DuckDB file and closed again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts import PUBLISHED_TABLES

CHANGE_VIEWS = ("v_headline_change", "v_major_group_change", "v_occupation_change", "v_level_precision")

_HISTORY = """
SELECT persistent_id, min(period_start) AS first_month, arg_max(name, period_start) AS last_name
FROM latest.request_cluster_month
WHERE period_start < ?::DATE AND persistent_id IN (
    SELECT persistent_id FROM idx.request_cluster_month WHERE vintage_id = ?)
GROUP BY persistent_id ORDER BY persistent_id"""


@dataclass(frozen=True)
class MonthTables:
    """What the page is made from.

    Attributes:
        vintage: Row of `meta.vintage`.
        policy: Row of `meta.sdc_policy`.
        tables: Published tables by name, rows of the vintage where a table has vintages.
        changes: The views of change and of precision, rows of the vintage; and `cluster_history`, earlier months of its
            clusters.
        months: Months of the warehouse, YYYY-MM.
    """

    vintage: dict[str, Any]
    policy: dict[str, Any]
    tables: Mapping[str, pl.DataFrame]
    changes: Mapping[str, pl.DataFrame]
    months: tuple[str, ...]

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Table by name."""
        return self.tables[name]


def read_month(warehouse: Path, month: str | None = None) -> MonthTables:
    """Read the latest vintage of a month.

    Args:
        warehouse: DuckDB file.
        month: YYYY-MM; None for the last month.

    Raises:
        ValueError: The warehouse has no such month.
    """
    with duckdb.connect(str(warehouse), read_only=True) as con:
        vintages = con.sql("SELECT * FROM latest.vintage ORDER BY reference_month").pl()
        months = tuple(vintages.get_column("reference_month").to_list())
        wanted = month or months[-1]
        if wanted not in months:
            raise ValueError(f"expected a month of the warehouse ({', '.join(months)}), found {wanted}")
        vintage = vintages.row(months.index(wanted), named=True)
        tables = {name: _rows(con, name, vintage) for name in PUBLISHED_TABLES}
        tables["idx/major_group_month"] = _short_titles(tables["idx/major_group_month"])
        changes = {
            name: _short_titles(con.sql(f"FROM {name} WHERE vintage_id = ?", params=[vintage["vintage_id"]]).pl())
            for name in CHANGE_VIEWS
        }
        changes["cluster_history"] = con.sql(_HISTORY, params=[f"{wanted}-01", vintage["vintage_id"]]).pl()
    policy = tables["meta/sdc_policy"].filter(pl.col("sdc_policy_id") == vintage["sdc_policy_id"])
    return MonthTables(vintage, policy.row(0, named=True), tables, changes, months)


def _short_titles(frame: pl.DataFrame) -> pl.DataFrame:
    """Titles of major groups without their last word, which all of them share."""
    return frame.with_columns(pl.col("^title$").str.strip_suffix(" Occupations"))


def _rows(con: duckdb.DuckDBPyConnection, name: str, vintage: dict[str, Any]) -> pl.DataFrame:
    """Rows of a table that belong to the vintage, or to its release."""
    columns = PUBLISHED_TABLES[name].columns()
    by = next((column for column in ("vintage_id", "onet_version") if column in columns), None)
    if name == "meta/vintage" or by is None:
        rows: pl.DataFrame = con.sql(f"FROM {name.replace('/', '.')} ORDER BY ALL").pl()
    else:
        query = f"FROM {name.replace('/', '.')} WHERE {by} = ? ORDER BY ALL"
        rows = con.sql(query, params=[vintage[by]]).pl()
    return rows
