"""Sections of the page that show usage; a section whose table has no value is None."""

from typing import Final

import polars as pl

from pipelines.figures import (
    automation_figure,
    beside_employment_figure,
    change_figure,
    coverage_figure,
    pattern_figure,
    share_bar_figure,
    wage_scatter_figure,
)
from pipelines.figures.collaboration import PATTERN_TITLES
from pipelines.figures.numbers import percent
from pipelines.headline_levels import is_precise
from pipelines.report.blocks import Column, FigureBlock, Section, Table, make_table
from pipelines.report.tables import MonthTables
from pipelines.report.tree import cluster_tree

TREE_ROWS: Final = 400
TOP_ROWS: Final = 25
_WITHHELD_TOGETHER: Final = "All withheld rows together"
_MEASURES: Final = (
    Column("conversation_count", "Conversations (rounded)", "count"),
    Column("account_band", "Accounts", "band"),
)
REMAINDER_TITLES: Final = {
    "none": "Fits none",
    "not_classified": "Not classified",
    "suppressed": _WITHHELD_TOGETHER,
    "not_published": "Not published by the source",
}
USE_CASE_TITLES: Final = {"work": "Work", "coursework": "Coursework", "personal": "Personal"} | REMAINDER_TITLES


def values(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of tasks, occupations or groups, without the remainders, largest first and withheld last.

    Args:
        frame: Fact table with `row_kind` and `usage_share`.
    """
    key = next(name for name in frame.columns if name in _SORT_KEYS)
    return frame.filter(pl.col("row_kind") == "value").sort(
        "usage_share", key, descending=[True, False], nulls_last=True
    )


_SORT_KEYS: Final = ("task_id", "onet_soc_code", "soc_major_group", "job_zone", "wage_band", "use_case", "model")


def has_values(frame: pl.DataFrame, column: str = "usage_share") -> bool:
    """Whether any row states a value.

    Args:
        frame: Fact table.
        column: The measure.
    """
    return frame.get_column(column).is_not_null().any()


def major_group_section(tables: MonthTables) -> Section | None:
    """Occupational categories beside employment."""
    frame = tables["idx/major_group_month"]
    if not has_values(frame):
        return None
    rows = values(frame)
    whole = with_interval(pl.concat([rows, _remainders(frame, "title")], how="diagonal_relaxed"))
    table = make_table(
        "Usage and employment by SOC major group",
        [
            Column("soc_major_group", "SOC", "code"),
            Column("title", "Major group"),
            Column("usage_share", "Usage", "share"),
            Column("interval", "95 % interval", "band"),
            Column("employment_share", "Employment", "share"),
            Column("representation_ratio", "Usage / employment", "ratio"),
            Column("account_share", "Share of accounts", "share"),
            *_MEASURES,
        ],
        whole,
    )
    over = rows.filter(pl.col("representation_ratio") > 1)
    lead = (
        "Each conversation that matches a task counts once; a task shared by several occupations is split evenly.",
        f"{over.height} of {rows.height} categories take a larger share of usage than of employment.",
    )
    figure = beside_employment_figure(rows, label="title", subject="occupational category")
    caption = "Share of matched conversations (filled) and of U.S. employment (open), by SOC major group."
    block = FigureBlock("groups", figure, caption, table)
    return Section("groups", "Where AI is used, beside where people work", lead, (block,))


def occupation_section(tables: MonthTables) -> Section | None:
    """Top tasks and occupations."""
    tasks, occupations = tables["idx/task_month"], tables["idx/occupation_month"]
    if not has_values(tasks):
        return None
    statements = values(tasks)
    withheld = statements.filter(pl.col("obs_status") == "Q").height
    zero = statements.filter(pl.col("usage_share") == 0).height
    used = statements.filter(pl.col("usage_share") > 0).height
    counts = (
        (used, "were used"),
        (withheld, "are withheld because too few people stand behind them"),
        (zero, "were seen in no conversation"),
        (statements.height - used - withheld - zero, "are not published by the source"),
    )
    said = "; ".join(f"{count:,} {words}" for count, words in counts if count)
    precise = statements.filter(is_precise())
    unsure = statements.height - precise.height
    if unsure:
        said += (
            f"; {unsure:,} of those used have no known standard error under a third of their share and are not listed"
        )
    lead = (f"Of {statements.height:,} task statements: {said}.",)
    first = [Column("usage_share", "Usage", "bar"), Column("interval", "95 % interval", "band")]
    return Section(
        "top",
        "Top occupations and tasks",
        lead,
        tables=(
            make_table(
                f"Occupations with the most usage (first {TOP_ROWS})",
                [
                    Column("title", "Occupation"),
                    Column("onet_soc_code", "O*NET-SOC", "code"),
                    *first,
                    Column("employment_share", "Employment", "share"),
                    Column("task_coverage", "Tasks used", "share"),
                    *_MEASURES,
                ],
                _seen(with_interval(values(occupations).filter(is_precise()))),
            ),
            make_table(
                f"Task statements with the most usage (first {TOP_ROWS}; base: all occupational conversations)",
                [
                    Column("task", "Task statement"),
                    *first,
                    Column("account_share", "Share of accounts", "share"),
                    *_MEASURES,
                ],
                _seen(with_interval(precise)),
            ),
        ),
    )


def with_interval(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the 95 % interval as text; null where none is stated.

    Args:
        frame: `ci_low`, `ci_high`.
    """
    ends = pl.struct("ci_low", "ci_high").map_elements(
        lambda row: None if row["ci_low"] is None else f"{percent(row['ci_low'])} – {percent(row['ci_high'])}",
        return_dtype=pl.String,
    )
    return frame.with_columns(interval=ends)


def depth_section(tables: MonthTables) -> Section | None:
    """Depth of use with the whole threshold curve."""
    curve = tables["idx/coverage_curve"].sort("floor_count", "coverage_cut")
    if not has_values(curve, "occupation_share"):
        return None
    floor = _floors(curve)[0]
    lead = (
        f"A task counts as used from {floor} conversations (and enough accounts). The curve shows every cut, so "
        "that no "
        "headline hides a choice; the grey lines ask for more conversations per task, as marked.",
    )
    table = make_table(
        "Share of occupations at or above each share of tasks used",
        [
            Column("coverage_cut", "Tasks used, at least", "share"),
            *(Column(str(value), f"From {value:,} conversations", "share") for value in _floors(curve)),
        ],
        curve.with_columns(pl.col("floor_count").cast(pl.String))
        .pivot("floor_count", index="coverage_cut", values="occupation_share")
        .sort("coverage_cut"),
    )
    occupations = curve.item(0, "occupation_count")
    caption = f"Share of {occupations:,} occupations by least share of their tasks used."
    return Section("depth", "How deep use goes", lead, (FigureBlock("depth", coverage_figure(curve), caption, table),))


def _floors(curve: pl.DataFrame) -> list[int]:
    return curve.get_column("floor_count").unique().sort().to_list()


def collaboration_section(tables: MonthTables) -> Section | None:
    """Collaboration split overall and by major group."""
    patterns = tables["idx/collaboration_month"].filter(pl.col("node_type") == "all")
    classified = patterns.filter((pl.col("denominator") == "classified") & (pl.col("row_kind") == "value"))
    if not has_values(classified, "pattern_share"):
        return None
    order = [*PATTERN_TITLES, "none", "not_classified", "suppressed", "not_published"]
    name = pl.col("collaboration_pattern").replace(PATTERN_TITLES | REMAINDER_TITLES)
    wide = (
        patterns.with_columns(
            pattern=name, rank=pl.col("collaboration_pattern").replace_strict(order, range(len(order)))
        )
        .sort("rank")
        .pivot("denominator", index="pattern", values="pattern_share", maintain_order=True)
    )
    bases = {"classified": "Of the five patterns", "with_none": "With none", "all_seven": "With not classified"}
    shown = [Column(base, title, "share") for base, title in bases.items() if base in wide.columns]
    lead = (
        "Automation is directive or feedback loop: the assistant does the task. Augmentation is task "
        "iteration, learning "
        "or validation: person and assistant work on it together. Shares depend on what is in the denominator; "
        "the table "
        "gives all three.",
    )
    overall = FigureBlock(
        "patterns",
        pattern_figure(classified),
        "Collaboration patterns, share of conversations with one of the five.",
        make_table("Collaboration patterns under each denominator", [Column("pattern", "Pattern"), *shown], wide),
    )
    figures = [overall, *_automation_by_group(tables)]
    return Section("collaboration", "Automation or augmentation", lead, tuple(figures))


def _automation_by_group(tables: MonthTables) -> list[FigureBlock]:
    titles = tables["idx/major_group_month"].select("soc_major_group", "title").unique()
    rows = (
        tables["idx/automation_month"]
        .filter((pl.col("node_type") == "major_group") & (pl.col("denominator") == "classified"))
        .join(titles, left_on="node_id", right_on="soc_major_group")
        .sort("automation_share", "node_id", descending=[True, False], nulls_last=True)
    )
    if not has_values(rows, "automation_share"):
        return []
    table = make_table(
        "Automation and augmentation by SOC major group",
        [
            Column("title", "Major group"),
            Column("automation_share", "Automation", "share"),
            Column("augmentation_share", "Augmentation", "share"),
            *_MEASURES,
        ],
        rows,
    )
    figure = automation_figure(rows, label="title", subject="occupational category")
    return [FigureBlock("automation", figure, "Automation and augmentation by SOC major group.", table)]


def wage_section(tables: MonthTables) -> Section | None:
    """Wage and job zone."""
    wages, zones = tables["idx/wage_month"], tables["idx/job_zone_month"]
    blocks = []
    if has_values(tables["idx/occupation_month"]) and has_values(tables["idx/occupation_month"], "median_wage_usd"):
        occupations = values(tables["idx/occupation_month"])
        columns = [
            Column("title", "Occupation"),
            Column("median_wage_usd", "Median wage", "usd"),
            Column("usage_share", "Usage", "share"),
        ]
        figure = wage_scatter_figure(occupations)
        caption = "Usage by median wage, one dot per occupation. Withheld occupations are not shown; zeros are."
        table = make_table(f"First {TOP_ROWS} occupations", columns, _seen(occupations))
        blocks.append(FigureBlock("wage-occupations", figure, caption, table))
    band = pl.struct("wage_low_usd", "wage_high_usd").map_elements(_band_title, return_dtype=pl.String)
    for figure_id, frame, title, subject in (
        ("wage-bands", wages.sort("wage_band").with_columns(group=band), "Median annual wage", "wage band"),
        ("zones", zones.sort("job_zone").with_columns(group=_zone_title()), "Job zone", "job zone"),
    ):
        if has_values(frame):
            rows = frame.filter(pl.col("row_kind") == "value")
            figure = beside_employment_figure(rows, label="group", subject=subject)
            beside = " (filled) and of employment (open)" if has_values(rows, "employment_share") else ""
            caption = f"Share of usage{beside} by {subject} of the occupation."
            table = _beside_table(frame, title, figure_id == "zones")
            blocks.append(FigureBlock(figure_id, figure, caption, table))
    lead = (
        "Wages are OEWS annual medians; the job zone is O*NET's measure of the preparation an occupation needs, from 1 "
        "(little) to 5 (extensive).",
    )
    return Section("wages", "Wages and preparation", lead, tuple(blocks)) if blocks else None


def _beside_table(frame: pl.DataFrame, title: str, has_reference: bool) -> Table:
    columns = [
        Column("group", title),
        Column("usage_share", "Usage", "share"),
        Column("employment_share", "Employment", "share"),
        Column("account_share", "Share of accounts", "share"),
        *_MEASURES,
    ]
    if has_reference and has_values(frame, "reference_usage_share"):
        columns.insert(2, Column("reference_usage_share", "Printed in the paper", "share"))
    together = pl.when(pl.col("row_kind") == "suppressed").then(pl.lit(_WITHHELD_TOGETHER)).otherwise("group")
    return make_table(f"Usage by {title.lower()}", columns, frame.with_columns(group=together))


def _band_title(band: dict[str, float | None]) -> str:
    low, high = band["wage_low_usd"], band["wage_high_usd"]
    if low is None:
        return "Wage unknown"
    if high is None:
        return f"${low / 1000:,.0f}k and more"
    return f"Under ${high / 1000:,.0f}k" if low == 0 else f"${low / 1000:,.0f}k–{high / 1000:,.0f}k"


def _zone_title() -> pl.Expr:
    zone = pl.col("job_zone")
    return pl.when(zone.str.contains(r"^\d$")).then(pl.format("Zone {}", zone)).otherwise(pl.lit("Zone unknown"))


def mix_section(tables: MonthTables) -> Section | None:
    """Use case, models and skills."""
    blocks = []
    for name, column, title, base in (
        ("idx/use_case_month", "use_case", "Use case", "all counted conversations"),
        ("idx/model_month", "model", "Model", "all counted conversations"),
        ("idx/skill_month", "skill", "Skill shown by the assistant", "occupational conversations"),
    ):
        frame = tables[name]
        if not has_values(frame):
            continue
        kind = pl.col("row_kind") == "value" if "row_kind" in frame.columns else pl.lit(value=True)
        titles = USE_CASE_TITLES if column == "use_case" else REMAINDER_TITLES
        whole = frame.with_columns(pl.col(column).replace(titles)).sort(
            "usage_share", column, descending=[True, False], nulls_last=True
        )
        shown = whole.filter(kind & (pl.col("usage_share").fill_null(1.0) > 0)).head(12)
        columns = [Column(column, title), Column("usage_share", "Usage", "share"), *_MEASURES]
        table = make_table(f"{title}, share of {base}", columns, whole)
        figure = share_bar_figure(shown, label=column, subject=title.lower(), axis=f"Share of {base}")
        more = " One conversation may show several." if column == "skill" else ""
        caption = f"{title}, share of {base}.{more}"
        blocks.append(FigureBlock(column.replace("_", "-"), figure, caption, table))
    return Section("mix", "What for, with which model, with which skills", (), tuple(blocks)) if blocks else None


def change_section(tables: MonthTables) -> Section | None:
    """Change from the month before, where there is one."""
    groups = tables.changes["v_major_group_change"]
    if not has_values(groups, "usage_share_change"):
        return None
    rows = groups.sort("usage_share_change", "soc_major_group", descending=[True, False], nulls_last=True)
    columns = [
        Column("title", "Major group"),
        Column("usage_share", "Usage", "share"),
        Column("previous_usage_share", "Month before", "share"),
        Column("usage_share_change", "Change", "points"),
    ]
    status = pl.when(pl.col("usage_share_change").is_null()).then(pl.lit("Q")).otherwise(pl.lit("A"))
    rows = rows.with_columns(obs_status=status)
    largest = tables.changes["v_occupation_change"].drop_nulls("usage_share_change")
    largest = largest.sort(pl.col("usage_share_change").abs(), pl.col("onet_soc_code"), descending=[True, False]).head(
        10
    )
    before = groups.item(0, "previous_period_start")
    lead = (
        f"Against {before:%B %Y}, latest vintages of both months. A change is stated only where both months are "
        "published. "
        "Sampling error is not yet estimated: small changes may be noise.",
    )
    block = FigureBlock(
        "change",
        change_figure(rows, label="title", subject="occupational category"),
        "Change of the usage share by SOC major group.",
        make_table("Change of usage by SOC major group", columns, rows),
    )
    occupations = make_table(
        "Occupations with the largest changes",
        [Column("title", "Occupation"), *columns[1:]],
        largest,
    )
    return Section("change", "Change from the month before", lead, (block,), (occupations,) if largest.height else ())


def cluster_section(tables: MonthTables) -> Section | None:
    """The cluster tree."""
    clusters = tables["idx/request_cluster_month"].filter(pl.col("row_kind") == "value")
    if clusters.is_empty():
        return None
    roots = cluster_tree(_broad_enough(clusters))
    policy = tables.policy
    lead = (
        "Requests grouped by what is asked for, from broad to narrow; open a line to see what it holds. A name "
        "is published "
        f"only from {policy['min_text_conversations']} conversations of {policy['min_text_accounts']} accounts "
        "and after "
        "the privacy gate. Shares are of occupational conversations.",
    )
    link = (
        "explorer.html",
        f"Explore all {clusters.height:,} clusters: search, map, facets of each (explorer.html, beside this page)",
    )
    return Section("clusters", "What people ask for", lead, tree=roots, link=link)


def _broad_enough(clusters: pl.DataFrame) -> pl.DataFrame:
    """The levels from the top down that the page has room for; the explorer has them all."""
    at_or_above = clusters.group_by("cluster_level").len().sort("cluster_level", descending=True)
    shown = at_or_above.filter((pl.col("len").cum_sum() <= TREE_ROWS) | (pl.int_range(pl.len()) == 0))
    return clusters.filter(pl.col("cluster_level").is_in(shown["cluster_level"].implode()))


def _seen(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("usage_share") > 0).head(TOP_ROWS)


def _remainders(frame: pl.DataFrame, label: str) -> pl.DataFrame:
    """Remainder rows that say something, with a title."""
    rest = frame.filter((pl.col("row_kind") != "value") & (pl.col("usage_share").fill_null(1.0) > 0))
    return rest.with_columns(
        pl.col("row_kind").cast(pl.String).replace(REMAINDER_TITLES).alias(label),
        pl.lit("").alias(next(name for name in frame.columns if name in _SORT_KEYS)),
    )
