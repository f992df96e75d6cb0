"""Usage by task, by task of an occupation, by occupation and by groups of occupations; depth of use."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy
from pipelines.aggregate.cells import ExactTable, measure_cells

REMAINDERS: Final = ("none", "not_classified")
COVERAGE_CUTS: Final = tuple(step / 20 for step in range(21))
FLOOR_MULTIPLES: Final = (1, 2, 5, 10)
WAGE_BANDS: Final[tuple[tuple[int, int | None], ...]] = (
    (0, 30_000),
    (30_000, 45_000),
    (45_000, 60_000),
    (60_000, 80_000),
    (80_000, 100_000),
    (100_000, 150_000),
    (150_000, None),
)


@dataclass(frozen=True)
class Catalogue:
    """The taxonomy that usage is counted against.

    Attributes:
        occupations: `onet.tables.Occupation`; those without task statements are not counted against.
        tasks: `onet.tables.OnetTask`.
        allocation: `statement_task_id`, `task_id`, `onet_soc_code`, `alloc_rule`, `alloc_weight`.
        task_activities: `onet.tables.TaskActivity`; None where the source has no work activities.
        activities: `onet.tables.Activity`; None likewise.
    """

    occupations: pl.DataFrame
    tasks: pl.DataFrame
    allocation: pl.DataFrame
    task_activities: pl.DataFrame | None = None
    activities: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        """Refuse an allocation that would lose or invent conversations.

        Raises:
            ValueError: Weights of a statement do not sum to 1, or a statement or occupation is missing.
        """
        sums = self.allocation.group_by("statement_task_id").agg(pl.col("alloc_weight").sum())
        bad = sums.filter((pl.col("alloc_weight") - 1).abs() > 1e-9).height
        missing = self.tasks.join(self.allocation, on=["task_id", "onet_soc_code"], how="anti").height
        lost = self.tasks.join(self.occupations, on="onet_soc_code", how="anti").height
        if bad or missing or lost:
            raise ValueError(
                f"allocation weights must sum to 1 per statement and cover the catalogue: {bad} statements do not, "
                f"{missing} tasks have no weight, {lost} tasks have no occupation"
            )

    @property
    def used_occupations(self) -> pl.DataFrame:
        """Occupations that have task statements."""
        return self.occupations.join(self.tasks, on="onet_soc_code", how="semi").sort("onet_soc_code")


def wage_band_name(low: int, high: int | None) -> str:
    """Name of a wage band, such as `030000-044999`; the open one ends in `+`.

    Args:
        low: Lower end, included.
        high: Upper end, excluded; None for the open band.
    """
    return f"{low:06d}+" if high is None else f"{low:06d}-{high - 1:06d}"


def task_table(task_rows: pl.DataFrame, catalogue: Catalogue, remainders: Sequence[str] = REMAINDERS) -> ExactTable:
    """Usage of every statement of the catalogue, with `none` and `not_classified` as rows.

    Args:
        task_rows: `account_id`, `statement_task_id`, `weight` over all counted occupational conversations.
        catalogue: Taxonomy.
        remainders: Ids of rows that are no statement, equal to their `row_kind`.
    """
    statements = (
        catalogue.tasks.sort("statement_task_id", "task_id", "onet_soc_code")
        .group_by("statement_task_id", maintain_order=True)
        .agg(pl.col("task").first(), occupation_count=pl.col("onet_soc_code").n_unique().cast(pl.Int64))
        .with_columns(row_kind=pl.lit("value"))
    )
    rest = pl.DataFrame({"statement_task_id": list(remainders), "row_kind": list(remainders)})
    rows = task_rows.rename({"statement_task_id": "task_id"})
    everything = pl.concat([statements, rest], how="diagonal").rename({"statement_task_id": "task_id"})
    return measure_cells(rows, ["task_id"], catalogue=everything)


def task_occupation_table(
    task_rows: pl.DataFrame, catalogue: Catalogue, remainders: Sequence[str] = REMAINDERS
) -> ExactTable:
    """Usage of every task of every occupation after the split of shared statements.

    Args:
        task_rows: As for `task_table`.
        catalogue: Taxonomy.
        remainders: As for `task_table`.
    """
    split = catalogue.allocation.select("statement_task_id", "task_id", "onet_soc_code", "alloc_rule", "alloc_weight")
    rest = pl.DataFrame(
        {"statement_task_id": list(remainders), "task_id": list(remainders), "row_kind": list(remainders)}
    ).with_columns(onet_soc_code=pl.lit("all"), alloc_rule=pl.lit(split["alloc_rule"].first() or "equal"))
    everything = pl.concat([split.with_columns(row_kind=pl.lit("value")), rest], how="diagonal")
    rows = task_rows.join(everything, on="statement_task_id").with_columns(
        weight=pl.col("weight") * pl.col("alloc_weight").fill_null(1.0)
    )
    return measure_cells(rows, ["task_id", "onet_soc_code"], catalogue=everything)


def occupation_rows(task_rows: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Matched conversations split over occupations: `account_id`, `onet_soc_code`, `weight` and the groups.

    Args:
        task_rows: As for `task_table`.
        catalogue: Taxonomy.
    """
    groups = with_groups(catalogue.used_occupations).select("onet_soc_code", "soc_major_group", "zone", "wage_band")
    return (
        task_rows.join(catalogue.allocation, on="statement_task_id")
        .with_columns(weight=pl.col("weight") * pl.col("alloc_weight"))
        .join(groups, on="onet_soc_code", how="left")
    )


def with_groups(occupations: pl.DataFrame) -> pl.DataFrame:
    """Add the job zone as text, the wage band and the part of employment that belongs to each occupation.

    Args:
        occupations: `onet.tables.Occupation` frame.
    """
    wage = pl.col("median_wage_usd")
    band: pl.Expr = pl.lit("unknown")
    for low, high in WAGE_BANDS:
        band = pl.when(wage >= low).then(pl.lit(wage_band_name(low, high))).otherwise(band)
    employment = pl.col("employment_count") * pl.col("employment_split_weight")
    return occupations.with_columns(
        zone=pl.col("job_zone").cast(pl.String).fill_null("unknown"), wage_band=band, employment=employment
    ).with_columns(
        employment_share=pl.when(pl.col("employment").sum() > 0).then(pl.col("employment") / pl.col("employment").sum())
    )


def occupation_table(
    rows: pl.DataFrame, catalogue: Catalogue, tasks: ExactTable, *, policy: DisclosurePolicy | None
) -> ExactTable:
    """Usage, representation and depth of use of every occupation with task statements.

    Args:
        rows: From `occupation_rows`.
        catalogue: Taxonomy.
        tasks: From `task_table`.
        policy: Thresholds from which a task counts as used; None where every listed task does.
    """
    kept = with_groups(catalogue.occupations).join(catalogue.tasks, on="onet_soc_code", how="semi")
    depth = occupation_depth(catalogue, tasks, floor=_floor(policy), policy=policy)
    attributes = (
        kept.drop("task_count")
        .join(depth, on="onet_soc_code", how="left")
        .with_columns(
            row_kind=pl.lit("value"), alloc_rule=pl.lit(catalogue.allocation["alloc_rule"].first() or "equal")
        )
    )
    table = measure_cells(rows, ["onet_soc_code"], catalogue=attributes)
    return replace(table, cells=with_representation(table.cells))


def with_representation(cells: pl.DataFrame) -> pl.DataFrame:
    """Add `representation_ratio`: usage share over employment share.

    Args:
        cells: `usage_share`, `employment_share`.
    """
    return cells.with_columns(
        representation_ratio=pl.when(pl.col("employment_share") > 0).then(
            pl.col("usage_share") / pl.col("employment_share")
        )
    )


def group_table(
    rows: pl.DataFrame, catalogue: Catalogue, key: str, groups: Sequence[str], *, titles: dict[str, str] | None = None
) -> ExactTable:
    """Usage by groups of occupations: major groups, job zones or wage bands.

    Occupations whose group is unknown form the cell `unknown`, outside the base: its shares are null.

    Args:
        rows: From `occupation_rows`.
        catalogue: Taxonomy.
        key: Column of the group in `rows`.
        groups: Every group that exists.
        titles: Titles by group, where groups have one.
    """
    occupations = with_groups(catalogue.occupations)
    sums = occupations.group_by(key).agg(
        pl.col("employment_share").sum(),
        _known=pl.col("employment_share").is_not_null().any(),
        occupation_count=pl.col("task_count").gt(0).sum().cast(pl.Int64),
        hourly_occupation_count=(pl.col("is_wage_from_hourly").fill_null(value=False) & pl.col("task_count").gt(0))
        .sum()
        .cast(pl.Int64),
    )
    names = pl.DataFrame({key: [*groups, "unknown"]}, schema={key: pl.String})
    if titles is not None:
        names = names.filter(pl.col(key) != "unknown").with_columns(
            title=pl.col(key).replace_strict(titles, default=None, return_dtype=pl.String)
        )
    attributes = (
        names.join(sums, on=key, how="left")
        .with_columns(
            pl.when("_known").then("employment_share").alias("employment_share"),
            pl.col("occupation_count", "hourly_occupation_count").fill_null(0),
            row_kind=pl.when(pl.col(key) == "unknown").then(pl.lit("not_classified")).otherwise(pl.lit("value")),
            alloc_rule=pl.lit(catalogue.allocation["alloc_rule"].first() or "equal"),
        )
        .drop("_known")
    )
    table = measure_cells(rows, [key], catalogue=attributes, base=rows.filter(pl.col(key) != "unknown"))
    shares = [
        pl.when(pl.col(key) != "unknown").then(pl.col(column)).alias(column)
        for column in ("usage_share", "account_share")
    ]
    return replace(table, cells=with_representation(table.cells.with_columns(shares)))


def wage_table(rows: pl.DataFrame, catalogue: Catalogue) -> ExactTable:
    """Usage by band of the median annual wage.

    Args:
        rows: From `occupation_rows`.
        catalogue: Taxonomy.
    """
    bounds = pl.DataFrame(
        [(wage_band_name(low, high), float(low), None if high is None else float(high)) for low, high in WAGE_BANDS],
        schema={"wage_band": pl.String, "wage_low_usd": pl.Float64, "wage_high_usd": pl.Float64},
        orient="row",
    )
    table = group_table(rows, catalogue, "wage_band", bounds["wage_band"].to_list())
    return replace(table, cells=table.cells.join(bounds, on="wage_band", how="left").sort("wage_band"))


def _floor(policy: DisclosurePolicy | None) -> int:
    return 1 if policy is None else policy.min_conversations


def used_statements(tasks: ExactTable, *, floor: float, policy: DisclosurePolicy | None) -> pl.DataFrame:
    """Statements that count as used: enough conversations from enough accounts.

    A dominant account withholds a task's figures, but does not make it unused: its row names the rule anyway.

    Args:
        tasks: From `task_table`.
        floor: Least conversations.
        policy: Thresholds; None where every statement with usage counts.

    Returns:
        `statement_task_id`.
    """
    is_used = pl.col("conversation_count") > 0
    if policy is not None:
        is_used = (pl.col("conversation_count") >= floor) & (pl.col("account_count") >= policy.min_accounts)
    return tasks.cells.filter((pl.col("row_kind") == "value") & is_used).select(statement_task_id="task_id")


def occupation_depth(
    catalogue: Catalogue, tasks: ExactTable, *, floor: float, policy: DisclosurePolicy | None
) -> pl.DataFrame:
    """Depth of use by occupation: `onet_soc_code`, `task_count`, `used_task_count`, `task_coverage`.

    Args:
        catalogue: Taxonomy.
        tasks: From `task_table`.
        floor: Conversations from which a task counts as used.
        policy: Thresholds; a used task has at least their accounts.
    """
    used = used_statements(tasks, floor=floor, policy=policy).with_columns(is_used=pl.lit(value=True))
    return (
        catalogue.tasks.join(used, on="statement_task_id", how="left")
        .group_by("onet_soc_code")
        .agg(
            task_count=pl.len().cast(pl.Int64),
            used_task_count=pl.col("is_used").fill_null(value=False).sum().cast(pl.Int64),
        )
        .with_columns(task_coverage=pl.col("used_task_count") / pl.col("task_count"))
        .sort("onet_soc_code")
    )


def coverage_curve(
    catalogue: Catalogue, tasks: ExactTable, *, floors: Sequence[int], policy: DisclosurePolicy | None
) -> pl.DataFrame:
    """Share of occupations with at least each share of their tasks used, for each floor.

    The cut 0 stands for "any task used": coverage above 0.

    Args:
        catalogue: Taxonomy.
        tasks: From `task_table`.
        floors: Conversations from which a task counts as used; none below the policy's.
        policy: Thresholds; a used task has at least their accounts.

    Returns:
        `floor_count`, `coverage_cut`, `occupation_share`, `occupation_count`.
    """
    cuts = pl.DataFrame({"coverage_cut": list(COVERAGE_CUTS)})
    curves = []
    for floor in floors:
        depth = occupation_depth(catalogue, tasks, floor=floor, policy=policy)
        at_zero = pl.when(pl.col("coverage_cut") == 0).then(pl.col("task_coverage") > 0)
        reached = at_zero.otherwise(pl.col("task_coverage") >= pl.col("coverage_cut") - 1e-12)
        curves.append(
            depth.join(cuts, how="cross")
            .group_by("coverage_cut")
            .agg(occupation_share=reached.mean(), occupation_count=pl.len().cast(pl.Int64))
            .with_columns(floor_count=pl.lit(floor, dtype=pl.Int64))
        )
    return pl.concat(curves).sort("floor_count", "coverage_cut")
