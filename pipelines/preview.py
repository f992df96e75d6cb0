"""Short Markdown previews of tables for the Dagster UI; of restricted tables only distributions, never rows.

Small groups are shown as '<15', because the UI is seen by more people than may read the restricted zone.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from pipelines.storage import RESTRICTED_ZONES

ROWS: Final = 12
_SMALL: Final = 15
_BAR: Final = 24
_HIDDEN: Final = frozenset({"vintage_id", "period_start", "period_end", "freq", "channel", "population"})
DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "raw/conversations": ("source_format", "has_account", "has_date"),
    "raw/quarantine": ("reason",),
    "raw/ingest_count": (),
    "core/conversations": ("is_counted", "has_account"),
    "core/facets": ("is_occupational", "collaboration_pattern", "use_case", "language", "concern_grade"),
    "core/cluster": ("cluster_level",),
    "core/cluster_task": ("verdict",),
    "core/conversation_task": ("mapping_route", "verdict"),
}
_SAFE_CORE: Final = frozenset({"core/onet_occupation", "core/release", "core/task_index", "raw/oews"})
_FIRST: Final[Mapping[str, tuple[str, ...]]] = {
    "idx/task_month": ("task", "usage_share", "account_share", "conversation_count", "account_band"),
    "idx/occupation_month": ("onet_soc_code", "title", "usage_share", "task_coverage", "representation_ratio"),
    "idx/major_group_month": ("soc_major_group", "title", "usage_share", "employment_share", "representation_ratio"),
}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= 90 else text[:87] + "..."


def markdown_table(frame: pl.DataFrame) -> str:
    """Markdown of a small frame."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * frame.width]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.iter_rows()]
    return "\n".join(lines)


def _distribution(frame: pl.LazyFrame, column: str) -> str:
    counts = (
        frame.group_by(pl.col(column).cast(pl.String))
        .agg(pl.len().alias("rows"))
        .sort("rows", column, descending=[True, False])
        .head(ROWS)
        .collect()
    )
    total = counts.get_column("rows").max() or 1
    bar = ["█" * max(1, round(_BAR * rows / total)) if rows >= _SMALL else "" for rows in counts.get_column("rows")]
    shown = counts.with_columns(
        pl.when(pl.col("rows") < _SMALL)
        .then(pl.lit(f"<{_SMALL}"))
        .otherwise(pl.col("rows").cast(pl.String))
        .alias("rows"),
        pl.Series("", bar, dtype=pl.String),
    )
    return f"**{column}**\n\n{markdown_table(shown)}"


def _published(name: str, frame: pl.LazyFrame) -> str:
    columns = frame.collect_schema().names()
    chosen = _FIRST.get(name) or tuple(column for column in columns if column not in _HIDDEN)[:10]
    if "usage_share" in columns:
        frame = frame.sort("usage_share", descending=True, nulls_last=True, maintain_order=True)
    return markdown_table(frame.select(chosen).head(ROWS).collect())


def preview(name: str, frame: pl.DataFrame | pl.LazyFrame) -> str:
    """Markdown preview of a table, or an empty text for a table of which nothing may be shown.

    Args:
        name: Table name; its zone decides what may be shown.
        frame: Its rows.
    """
    lazy = frame.lazy()
    if name.split("/", maxsplit=1)[0] not in RESTRICTED_ZONES or name in _SAFE_CORE:
        return _published(name, lazy)
    if name == "raw/ingest_count":
        return markdown_table(lazy.collect())
    return "\n\n".join(_distribution(lazy, column) for column in DISTRIBUTIONS.get(name, ()))
