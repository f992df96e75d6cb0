"""Short Markdown previews of tables for the Dagster UI; of restricted tables only distributions, never rows.

Small groups are shown as '<15', because the UI is seen by more people than may read the restricted zone.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

import polars as pl

from pipelines.disclosure import rounded_count
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
_LABEL_WIDTH: Final = 320
_BAR_WIDTH: Final = 300
_BAR_HEIGHT: Final = 20
_CHARTS: Final[Mapping[str, tuple[str, str]]] = {
    "idx/task_month": ("task", "usage_share"),
    "idx/occupation_month": ("title", "usage_share"),
    "idx/major_group_month": ("title", "usage_share"),
    "idx/collaboration_month": ("collaboration_pattern", "pattern_share"),
    "idx/job_zone_month": ("job_zone", "usage_share"),
    "idx/wage_month": ("wage_band", "usage_share"),
    "idx/use_case_month": ("use_case", "usage_share"),
    "idx/model_month": ("model", "usage_share"),
    "idx/skill_month": ("skill", "usage_share"),
}
"""Label and share of the bars shown above a table's rows."""

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
    return _cut(str(value).replace("|", "\\|").replace("\n", " "), 90)


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
        .otherwise(rounded_count(pl.col("rows").cast(pl.Float64)).cast(pl.String))
        .alias("rows"),
        pl.Series("", bar, dtype=pl.String),
    )
    return f"**{column}**\n\n{markdown_table(shown)}"


def bar_chart(labels: Sequence[str], shares: Sequence[float]) -> str:
    """Markdown image of horizontal bars: an SVG of a few lines that needs neither a browser nor a server to draw.

    Args:
        labels: Names of the bars.
        shares: Their lengths, from 0 to 1.
    """
    longest = max([*shares, 1e-9])
    rows = []
    for number, (label, share) in enumerate(zip(labels, shares, strict=True)):
        top = number * _BAR_HEIGHT
        width = round(_BAR_WIDTH * share / longest, 1)
        rows.append(
            f'<text x="{_LABEL_WIDTH - 8}" y="{top + 14}" text-anchor="end">{escape(_cut(label, 46))}</text>'
            f'<rect x="{_LABEL_WIDTH}" y="{top + 3}" width="{width}" height="{_BAR_HEIGHT - 6}" fill="#3b6ea5"/>'
            f'<text x="{_LABEL_WIDTH + width + 6}" y="{top + 14}">{100 * share:.1f} %</text>'
        )
    width, height = _LABEL_WIDTH + _BAR_WIDTH + 70, len(rows) * _BAR_HEIGHT
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12"><rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(rows)}</svg>'
    )
    return f"![bar chart of the rows below](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _chart(name: str, frame: pl.LazyFrame) -> str:
    if name not in _CHARTS:
        return ""
    label, share = _CHARTS[name]
    rows = frame.filter((pl.col(share) > 0) & pl.col(label).is_not_null())
    if name == "idx/collaboration_month":
        rows = rows.filter((pl.col("node_type") == "all") & (pl.col("denominator") == "classified"))
    top = rows.sort(share, label, descending=[True, False]).select(label, share).head(ROWS).collect()
    if top.is_empty():
        return ""
    return bar_chart([str(value) for value in top.get_column(label)], top.get_column(share).to_list()) + "\n\n"


def _published(name: str, frame: pl.LazyFrame) -> str:
    columns = frame.collect_schema().names()
    chosen = _FIRST.get(name) or tuple(column for column in columns if column not in _HIDDEN)[:10]
    if "usage_share" in columns:
        frame = frame.sort("usage_share", descending=True, nulls_last=True, maintain_order=True)
    return _chart(name, frame) + markdown_table(frame.select(chosen).head(ROWS).collect())


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
