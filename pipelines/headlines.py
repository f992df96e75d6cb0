"""Headline figures of a month, read from its published tables: what they withhold, a headline cannot show."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.contracts import META_TABLES
from pipelines.disclosure import rounded_share
from pipelines.uncertainty import precision_class


@dataclass(frozen=True)
class MetricRule:
    """One headline metric, as `meta.metric` states it."""

    metric_id: str
    label: str
    formula: str
    unit: str
    numerator: str
    denominator: str
    is_additive: bool = False
    valid_max: float | None = 1.0
    source_equivalent: str | None = None


def _coverage_metric(percent: int) -> MetricRule:
    return MetricRule(
        f"coverage_{percent}_share",
        f"Occupations with at least {percent} % of their tasks used",
        "coverage_curve at the policy's floor: count(used_task_count / task_count >= cut) / count(occupations)",
        "share",
        f"occupations of which at least {percent} % of the tasks count as used",
        "occupations with task statements",
        source_equivalent="Economic Index: task coverage of occupations",
    )


ERRORS: Final = {
    **dict.fromkeys(("share_se", "ci_low", "ci_high", "deff", "share_corrected", "share_corrected_se"), pl.Float64),
    **dict.fromkeys(("ci_method", "precision_class"), pl.String),
}
"""Columns of the common block that state what is known of a figure's errors."""

COVERAGE_PERCENTS: Final = (10, 25, 50, 75)
METRICS: Final[tuple[MetricRule, ...]] = (
    MetricRule(
        "conversation_count",
        "Counted conversations",
        "count, rounded by the ladder of the policy",
        "count",
        "conversations inside the cap per account",
        "none: a count",
        is_additive=True,
        valid_max=None,
    ),
    MetricRule(
        "occupational_share",
        "Occupational conversations",
        "occupational / counted",
        "share",
        "conversations that pass the occupational screen",
        "counted conversations",
    ),
    MetricRule(
        "automation_share",
        "Automation",
        "(directive + feedback_loop) / five patterns",
        "share",
        "directive and feedback loop",
        "occupational conversations with one of the five patterns",
        source_equivalent="Economic Index: automation, five-pattern base",
    ),
    MetricRule(
        "augmentation_share",
        "Augmentation",
        "(task_iteration + learning + validation) / five patterns",
        "share",
        "task iteration, learning and validation",
        "occupational conversations with one of the five patterns",
        source_equivalent="Economic Index: augmentation, five-pattern base",
    ),
    MetricRule(
        "top_major_group_share",
        "Largest SOC major group",
        "max(usage_share) over published major groups",
        "share",
        "conversations of the largest major group",
        "conversations matched to a task",
    ),
    *(_coverage_metric(percent) for percent in COVERAGE_PERCENTS),
    MetricRule(
        "used_task_count",
        "Task statements used",
        "count of statements with at least min_conversations from at least min_accounts",
        "count",
        "statements with enough conversations from enough accounts",
        "none: a count",
        valid_max=None,
    ),
    MetricRule(
        "effective_task_count",
        "Effective number of tasks",
        "exp(-sum p ln p), p = usage_share of published statements / their sum",
        "count",
        "published usage shares",
        "sum of the published usage shares",
        valid_max=None,
    ),
    MetricRule(
        "none_share",
        "Matching no task",
        "none / occupational",
        "share",
        "occupational conversations that no statement fits",
        "occupational conversations",
    ),
    MetricRule(
        "not_classified_share",
        "Without a verdict",
        "not_classified / occupational",
        "share",
        "occupational conversations without a verdict",
        "occupational conversations",
    ),
    MetricRule(
        "withheld_task_share",
        "Usage in withheld task rows",
        "suppressed / occupational, in task_month",
        "share",
        "conversations in statements that disclosure control withholds",
        "occupational conversations",
    ),
    MetricRule(
        "work_use_case_share",
        "For work",
        "work / counted",
        "share",
        "conversations with use case work",
        "counted conversations",
    ),
)


def metric_table() -> pl.DataFrame:
    """Rows of `meta/metric`."""
    schema = META_TABLES["meta/metric"]
    rows = pl.DataFrame([vars(metric) for metric in METRICS], infer_schema_length=None).with_columns(
        valid_min=pl.lit(0.0)
    )
    return schema.validate(rows.select(schema.column_names()).sort("metric_id"), cast=True)


def headline_values(tables: dict[str, pl.DataFrame], population: pl.DataFrame | None) -> pl.DataFrame:
    """Headline figures of a month.

    Args:
        tables: Published tables by name.
        population: Stated rows of occupational, other and all counted conversations; None where the source has none.

    Returns:
        `metric_id`, `value`, `suppression_rule`, `conversation_count`, `account_band` and `ERRORS`: one row per
        metric. A null value with a rule is withheld, without one it is not available. A figure that is a share of a
        published row has that row's sampling error, others have none.
    """
    whole = pl.col("node_type").eq("all") & pl.col("denominator").eq("classified")
    automation = tables["idx/automation_month"].filter(whole)
    tasks = tables["idx/task_month"]
    task_values = tasks.filter(pl.col("row_kind") == "value")
    groups = tables["idx/major_group_month"].filter((pl.col("row_kind") == "value") & (pl.col("obs_status") == "A"))
    use_case = tables["idx/use_case_month"]
    found = {
        "automation_share": _stated(automation, "automation_share"),
        "augmentation_share": _mirrored(_stated(automation, "augmentation_share")),
        "top_major_group_share": _largest(tables["idx/major_group_month"], groups),
        "used_task_count": _plain(_used_task_count(task_values)),
        "effective_task_count": _plain(_effective_task_count(task_values)),
        "none_share": _stated(tasks.filter(pl.col("task_id") == "none"), "usage_share"),
        "not_classified_share": _stated(tasks.filter(pl.col("task_id") == "not_classified"), "usage_share"),
        "withheld_task_share": _stated(tasks.filter(pl.col("task_id") == "suppressed"), "usage_share"),
        "work_use_case_share": _stated(use_case.filter(pl.col("use_case") == "work"), "usage_share"),
        "occupational_share": _plain(None),
        "conversation_count": _plain(None),
    }
    if population is not None:
        found["occupational_share"] = _stated(population.filter(pl.col("kind") == "occupational"), "usage_share")
        found["conversation_count"] = _counted(population)
    curve = tables["idx/coverage_curve"]
    at_floor = curve.filter(pl.col("floor_count") == pl.col("floor_count").min())
    for percent in COVERAGE_PERCENTS:
        cut = at_floor.filter((pl.col("coverage_cut") - percent / 100).abs() < 1e-9)
        found[f"coverage_{percent}_share"] = _stated(cut, "occupation_share")
    return pl.DataFrame(
        [{"metric_id": metric.metric_id, **found[metric.metric_id]} for metric in METRICS],
        schema={
            "metric_id": pl.String,
            "value": pl.Float64,
            "suppression_rule": pl.String,
            "conversation_count": pl.Int64,
            "account_band": pl.String,
            **ERRORS,
        },
    )


def _stated(rows: pl.DataFrame, column: str) -> dict[str, object]:
    """Value and status of the first row; not available where there is none."""
    if rows.is_empty():
        return _plain(None)
    row = rows.row(0, named=True)
    return {
        "value": row[column],
        "suppression_rule": row["suppression_rule"],
        "conversation_count": row["conversation_count"],
        "account_band": row["account_band"],
        **{name: row.get(name, "none" if name == "ci_method" else None) for name in ERRORS},
    }


def _mirrored(row: dict[str, object]) -> dict[str, object]:
    """The error of a share from that of its complement: the same, with the ends of the interval turned around."""
    low, high, value, error = (row[name] for name in ("ci_low", "ci_high", "value", "share_se"))
    if isinstance(corrected := row["share_corrected"], float):
        row = {**row, "share_corrected": round(1 - corrected, 4)}
    if not (isinstance(low, float) and isinstance(high, float)):
        return row
    turned: dict[str, object] = {"ci_low": round(1 - high, 4), "ci_high": round(1 - low, 4)}
    if isinstance(value, float) and isinstance(error, float) and value > 0:
        turned["precision_class"] = precision_class(error / value)
    return {**row, **turned}


def _largest(all_groups: pl.DataFrame, groups: pl.DataFrame) -> dict[str, object]:
    """Largest published share; withheld where what is withheld together could hold a larger one."""
    largest = _stated(groups.sort("usage_share", descending=True), "usage_share")
    withheld = all_groups.filter((pl.col("row_kind") == "value") & (pl.col("obs_status") == "Q"))
    remainder = all_groups.filter(pl.col("row_kind") == "suppressed").get_column("usage_share").sum()
    if withheld.is_empty() or float(largest["value"] or 0.0) >= float(remainder or 0.0):  # type: ignore[arg-type]
        return largest
    return {**_plain(None), "suppression_rule": withheld.item(0, "suppression_rule")}


def _plain(value: float | None) -> dict[str, object]:
    nothing = dict.fromkeys(("suppression_rule", "conversation_count", "account_band", *ERRORS))
    return {**nothing, "value": value, "ci_method": "none"}


def _counted(population: pl.DataFrame) -> dict[str, object]:
    """Rounded number of counted conversations."""
    row = _stated(population.filter(pl.col("kind") == "counted"), "usage_share")
    count = row["conversation_count"]
    no_error = {name: value for name, value in _plain(None).items() if name in ERRORS}
    return {**row, **no_error, "value": float(count) if isinstance(count, int) else None}


def _used_task_count(tasks: pl.DataFrame) -> float | None:
    """Statements with enough conversations from enough accounts, be their figures withheld for another reason."""
    if tasks["obs_status"].eq("M").all():
        return None
    is_open = (pl.col("obs_status") == "A") & (pl.col("usage_share") > 0)
    is_enough = ~pl.col("suppression_rule").cast(pl.String).is_in(["too_few_conversations", "too_few_accounts"])
    return float(tasks.filter(is_open | is_enough.fill_null(value=False)).height)


def _effective_task_count(tasks: pl.DataFrame) -> float | None:
    """Exponential of the entropy of the published usage shares."""
    shares = tasks["usage_share"].drop_nulls()
    shares = shares.filter(shares > 0).sort()
    if shares.is_empty():
        return None
    value = (shares / shares.sum()).entropy(base=2.718281828459045, normalize=True)
    return float(pl.select(rounded_share(pl.lit(value).exp())).item())
