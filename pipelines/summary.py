"""What a command shows at its end: facts and small tables on the terminal, or the same as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.headline_levels import LEVEL_TITLES, LEVELS, is_precise_sql
from pipelines.progress import StepCost
from pipelines.storage import Store

_TOP: Final = 8
_WITHHELD: Final = "withheld"
_HEADLINES: Final = """
    SELECT m.label AS headline, h.value, m.unit, h.obs_status
    FROM latest.headline_month h JOIN meta.metric m USING (metric_id)
    WHERE strftime(h.period_start, '%Y-%m') = ? ORDER BY m.metric_id
"""
_LEVEL: Final = """
    SELECT mapping_level, precise_share FROM v_level_precision
    WHERE strftime(period_start, '%Y-%m') = ? AND is_headline ORDER BY ALL LIMIT 1
"""
_TASKS: Final = f"""
    SELECT task, usage_share, ci_low AS low_share, ci_high AS high_share, conversation_count AS conversations,
      account_band AS accounts
    FROM latest.task_month WHERE strftime(period_start, '%Y-%m') = ? AND row_kind = 'value' AND usage_share > 0
      AND {is_precise_sql()}
    ORDER BY usage_share DESC, task LIMIT ?
"""
_ACTIVITIES: Final = f"""
    SELECT title AS activity, usage_share, ci_low AS low_share, ci_high AS high_share, obs_status
    FROM latest.activity_month
    WHERE strftime(period_start, '%Y-%m') = ? AND row_kind = 'value' AND usage_share > 0 AND label_rule = 'single'
      AND activity_level = ? AND {is_precise_sql()}
    ORDER BY usage_share DESC, title LIMIT ?
"""
_OCCUPATIONS: Final = f"""
    SELECT onet_soc_code AS code, title, usage_share, task_coverage, representation_ratio AS representation
    FROM latest.occupation_month WHERE strftime(period_start, '%Y-%m') = ? AND row_kind = 'value' AND usage_share > 0
      AND {is_precise_sql()}
    ORDER BY usage_share DESC, title LIMIT ?
"""
_GROUPS: Final = """
    SELECT title AS category, usage_share, ci_low AS low_share, ci_high AS high_share, employment_share,
      representation_ratio AS representation, obs_status
    FROM latest.major_group_month WHERE strftime(period_start, '%Y-%m') = ? AND row_kind = 'value'
      AND usage_share IS DISTINCT FROM 0
    ORDER BY usage_share DESC NULLS LAST, title LIMIT ?
"""
_PATTERNS: Final = """
    SELECT collaboration_pattern AS pattern, pattern_share, account_share, obs_status
    FROM latest.collaboration_month
    WHERE strftime(period_start, '%Y-%m') = ? AND node_type = 'all' AND denominator = 'classified'
    ORDER BY pattern_share DESC NULLS LAST, pattern
"""
_WITHHELD_SQL: Final = """
    SELECT s.table_name AS "table", s.suppression_rule AS rule, s.cell_count AS cells, s.withheld_share
    FROM meta.suppression_summary s JOIN meta.vintage v USING (vintage_id)
    WHERE v.vintage_id = ? AND s.cell_count > 0 ORDER BY ALL
"""
_VINTAGE: Final = """
    SELECT vintage_id, onet_version, sdc_policy_id, notes FROM meta.vintage
    WHERE reference_month = ? ORDER BY published_at DESC LIMIT 1
"""


def _cell(column: str, value: object, status: object) -> str:
    if value is None:
        return _WITHHELD if status == "Q" else "–"
    if isinstance(value, float):
        if column.endswith(("_share", "_coverage")):
            return f"{100 * value:.1f} %"
        return f"{value:.2f}"
    return str(value)


def rich_table(title: str, frame: pl.DataFrame) -> Table:
    """Terminal table of a small frame; shares as percent, withheld cells said to be so.

    Args:
        title: Heading.
        frame: Rows; a column `obs_status` is not shown, it tells withheld from missing.
    """
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    shown = [name for name in frame.columns if name != "obs_status"]
    for name in shown:
        numeric = frame.schema[name].is_numeric()
        heading = name.removesuffix("_share").replace("_", " ")
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in frame.iter_rows(named=True):
        table.add_row(*(Text(_cell(name, row[name], row.get("obs_status"))) for name in shown))
    return table


@dataclass(frozen=True)
class Summary:
    """Result of a command.

    Attributes:
        title: What was done.
        facts: Single values.
        tables: Small tables by heading.
    """

    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "title": self.title,
            **self.facts,
            "tables": {name: frame.to_dicts() for name, frame in self.tables.items()},
        }

    def show(self, console: Console) -> None:
        """Print it."""
        console.print(f"\n[bold]{self.title}[/bold]")
        for name, value in self.facts.items():
            console.print(f"  {name}: {value}", highlight=False, soft_wrap=True)
        for name, frame in self.tables.items():
            console.print()
            console.print(rich_table(name, frame))


@dataclass(frozen=True)
class IndexSummary(Summary):
    """Result of a run: the month's figures and where the outputs lie."""

    def show(self, console: Console) -> None:
        """Print the figures, what was withheld, and the outputs last."""
        console.print(f"\n[bold]{self.title}[/bold]  {self.facts['vintage']}", highlight=False)
        if self.facts["notes"]:
            console.print(f"[yellow]{self.facts['notes']}[/yellow]", highlight=False)
        for name, frame in self.tables.items():
            console.print()
            console.print(rich_table(name, frame) if frame.height else f"[bold]{name}[/bold]: none")
        console.print()
        for name in ("warehouse", "package", "report", "quarantine"):
            console.print(f"  {name:<11}{self.facts[name]}", highlight=False, soft_wrap=True)


def headline_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Headlines as text: shares as percent, withheld ones said to be so.

    Args:
        frame: `headline`, `value`, `unit`, `obs_status`.
    """
    text = [
        _WITHHELD
        if row["obs_status"] == "Q"
        else "–"
        if row["value"] is None
        else f"{100 * row['value']:.1f} %"
        if row["unit"] == "share"
        else f"{row['value']:,.4g}"
        for row in frame.iter_rows(named=True)
    ]
    return frame.select("headline", pl.Series("value", text, dtype=pl.String))


def _advice(counts: Mapping[str, int], notes: str) -> str:
    """What to do where conversations carry no account, since cells that rest on them alone are withheld."""
    if counts.get("no_account", 0) < counts.get("accepted", 0) or "accounts of their own" in notes:
        return ""
    return "no conversation names an account, so every cell is withheld: see --assume-account-per-conversation"


def _headline_level(rows: pl.DataFrame) -> str:
    """Level that the month is read at first; major groups where no share is stated at all."""
    return LEVELS[0] if rows.is_empty() else str(rows.item(0, "mapping_level"))


def _by_activity(rows: Callable[..., pl.DataFrame], month: str, level: str) -> dict[str, pl.DataFrame]:
    """Table of the work activities where these are read first."""
    if level not in ("iwa", "gwa"):
        return {}
    return {f"Top {LEVEL_TITLES[level]}": rows(_ACTIVITIES, month, level, _TOP)}


def _level_note(level: str) -> str:
    """What to read first, where that is not the finest level."""
    if level == LEVELS[-1]:
        return ""
    return f"read {LEVEL_TITLES[level]} first: finer shares are mostly less precise than a third of themselves"


def index_summary(out: Path, store: Store, month: str, costs: Mapping[str, StepCost]) -> IndexSummary:
    """Figures of a month from the DuckDB file, opened read-only.

    Args:
        out: Folder of the outputs.
        store: The store, for the counts of the input.
        month: Month, YYYY-MM.
        costs: What each step that was run took.
    """
    warehouse = out / "index.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as con:

        def rows(query: str, *values: object) -> pl.DataFrame:
            frame: pl.DataFrame = con.sql(query, params=list(values)).pl()
            return frame

        vintage = rows(_VINTAGE, month).row(0, named=True)
        level = _headline_level(rows(_LEVEL, month))
        tables = {
            "Headlines": headline_table(rows(_HEADLINES, month)),
            "Occupational categories": rows(_GROUPS, month, _TOP),
            **_by_activity(rows, month, level),
            "Top tasks": rows(_TASKS, month, _TOP),
            "Top occupations": rows(_OCCUPATIONS, month, _TOP),
            "Collaboration (of the classified)": rows(_PATTERNS, month),
            "Withheld": rows(_WITHHELD_SQL, vintage["vintage_id"]),
        }
    read = store.read_table("raw/ingest_count", month).filter(pl.col("record_count") > 0)
    tables["Input"] = read
    counts = dict(read.iter_rows())
    facts = {
        "month": month,
        "vintage": vintage["vintage_id"],
        "onet_version": vintage["onet_version"],
        "sdc_policy_id": vintage["sdc_policy_id"],
        "headline_level": level,
        "notes": "; ".join(filter(None, [vintage["notes"], _advice(counts, vintage["notes"]), _level_note(level)])),
        "warehouse": str(warehouse),
        "package": str(out / "package"),
        "report": str(out / "report" / "index.html"),
        "quarantine": str(store.table_path("raw/quarantine", month)),
        "seconds": {name: round(cost.seconds, 2) for name, cost in costs.items()},
        "cpu_seconds": {name: round(cost.cpu_seconds, 2) for name, cost in costs.items()},
        "peak_bytes": {name: cost.peak_bytes for name, cost in costs.items()},
    }
    return IndexSummary(f"Economic-usage index, {month}", facts, tables)
