"""From a task statement to the occupations it belongs to.

Which statement a text is matched to is decided in `matching`; this module only splits a statement among occupations.
"""

from typing import Final

import dataframely as dy
import polars as pl

from onet.tables import TaskAllocation

EQUAL_SPLIT: Final = "equal"


def allocation_weights(tasks: pl.DataFrame) -> pl.DataFrame:
    """Split each statement evenly over the distinct occupations that share it.

    A statement of m occupations gives each 1/m (the split of the Anthropic Economic Index: share of the task divided by
    its number of titles). Where one occupation lists a statement under several task ids, they share its part.

    Args:
        tasks: Rows of OnetTask: statement_task_id, task_id and onet_soc_code are read.

    Returns:
        statement_task_id, task_id, onet_soc_code, alloc_rule and alloc_weight, which sums to 1 per statement; sorted.
    """
    occupation_count = pl.col("onet_soc_code").n_unique().over("statement_task_id")
    listed_count = pl.len().over("statement_task_id", "onet_soc_code")
    return (
        tasks.select("statement_task_id", "task_id", "onet_soc_code")
        .unique()
        .with_columns(
            pl.lit(EQUAL_SPLIT).alias("alloc_rule"),
            (1 / (occupation_count * listed_count)).alias("alloc_weight"),
        )
        .sort("statement_task_id", "task_id", "onet_soc_code")
    )


def allocation_table(tasks: pl.DataFrame, occupations: pl.DataFrame) -> dy.DataFrame[TaskAllocation]:
    """Weights of every statement under each split, so that readers can see how much the choice matters.

    `employment` splits by the employment of the occupations, `importance` by the mean importance of the task to each. A
    statement for which one of its occupations lacks the figure is split evenly, which `alloc_basis` says.
    Where no occupation or no task has a figure, as importance in a release without Task Ratings, the split has no rows.

    Args:
        tasks: Rows of OnetTask.
        occupations: Rows of Occupation: onet_soc_code, employment_count, employment_split_weight.

    Returns:
        One row per statement, task of an occupation and split; `alloc_weight` sums to 1 per statement and split.
    """
    version = tasks["onet_version"][0]
    equal = allocation_weights(tasks)
    size = pl.col("employment_count") * pl.col("employment_split_weight")
    figures = {
        "employment": equal.join(occupations.select("onet_soc_code", figure=size), on="onet_soc_code", how="left"),
        "importance": equal.join(
            tasks.select("task_id", "onet_soc_code", figure="importance_grade"), on=["task_id", "onet_soc_code"]
        ),
    }
    frames = [equal.with_columns(alloc_basis=pl.lit(EQUAL_SPLIT))]
    frames += [_split_by(rows, rule) for rule, rows in figures.items() if rows["figure"].is_not_null().any()]
    table = pl.concat(frames, how="diagonal").with_columns(onet_version=pl.lit(version))
    ordered = table.select(TaskAllocation.column_names()).sort(TaskAllocation.primary_key())
    return TaskAllocation.validate(ordered, cast=True)


def _split_by(rows: pl.DataFrame, rule: str) -> pl.DataFrame:
    """Split by a figure of each occupation: an occupation that lists a statement twice counts once, by its mean."""
    statement, listed = "statement_task_id", ["statement_task_id", "onet_soc_code"]
    figure = pl.col("figure").mean().over(listed) / pl.len().over(listed)
    total = pl.col("part").sum().over(statement)
    is_known = pl.col("figure").is_not_null().all().over(statement) & (total > 0)
    return rows.with_columns(part=figure).select(
        statement,
        "task_id",
        "onet_soc_code",
        alloc_rule=pl.lit(rule),
        alloc_basis=pl.when(is_known).then(pl.lit(rule)).otherwise(pl.lit(EQUAL_SPLIT)),
        alloc_weight=pl.when(is_known).then(pl.col("part") / total).otherwise("alloc_weight"),
    )
