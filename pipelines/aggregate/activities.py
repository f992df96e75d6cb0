"""Usage by work activity, the level at which other indices publish: O*NET's intermediate and generalized activities.

A conversation comes to its activities through its task statement and the release's links of tasks to detailed
activities. Two label rules stand side by side: `multi` splits a conversation over all activities of its statement (as
"Working with AI", arXiv 2507.07935), `single` gives it to the main one (one activity per message, as NBER w34255).
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from pipelines.aggregate.cells import ExactTable, measure_cells
from pipelines.aggregate.usage import Catalogue

LABEL_RULES: Final = ("multi", "single")
ACTIVITY_LEVELS: Final = ("gwa", "iwa")
"""From the top downwards."""

UNLINKED: Final = "unlinked"
"""Matched conversations whose statement the release links to no activity."""


def statement_activities(catalogue: Catalogue) -> pl.DataFrame:
    """Part of each statement that belongs to each intermediate activity.

    Tasks that share a statement count by their part of it; a task's detailed activities count equally. Under `single`
    the activity with the largest part has it all, ties going to the lowest id. One without links is `unlinked`.

    Args:
        catalogue: Taxonomy with `task_activities`.

    Returns:
        `statement_task_id`, `label_rule`, `iwa_id`, `gwa_id`, `part`, sorted; `part` sums to 1 per statement and rule.

    Raises:
        ValueError: The catalogue has no links.
    """
    if catalogue.task_activities is None:
        raise ValueError("expected a catalogue with links of tasks to activities, found none")
    links = catalogue.task_activities.select("task_id", "iwa_id", "gwa_id", "activity_weight")
    linked = (
        catalogue.allocation.select("statement_task_id", "task_id", "alloc_weight")
        .join(links, on="task_id")
        .group_by("statement_task_id", "iwa_id", "gwa_id")
        .agg(part=(pl.col("alloc_weight") * pl.col("activity_weight")).sum())
        .with_columns(pl.col("part") / pl.col("part").sum().over("statement_task_id"))
        .sort("statement_task_id", pl.col("part").round(12), "iwa_id", descending=[False, True, False])
    )
    none = (
        catalogue.allocation.select("statement_task_id")
        .unique()
        .join(linked, on="statement_task_id", how="anti")
        .with_columns(iwa_id=pl.lit(UNLINKED), gwa_id=pl.lit(UNLINKED), part=pl.lit(1.0))
    )
    main = linked.unique("statement_task_id", keep="first", maintain_order=True).with_columns(part=pl.lit(1.0))
    rules = {"multi": linked, "single": main}
    every = [
        pl.concat([rows, none], how="diagonal").with_columns(label_rule=pl.lit(rule)) for rule, rows in rules.items()
    ]
    columns = ("statement_task_id", "label_rule", "iwa_id", "gwa_id", "part")
    return pl.concat(every).select(columns).sort("statement_task_id", "label_rule", "iwa_id")


def activity_table(
    task_rows: pl.DataFrame, catalogue: Catalogue, activities: pl.DataFrame, *, sides: Sequence[str] = ()
) -> ExactTable:
    """Usage of every intermediate and generalized activity, under each label rule.

    Args:
        task_rows: `account_id`, `statement_task_id`, `weight`; only rows matched to a statement count.
        catalogue: Taxonomy with `task_activities`.
        activities: `onet.tables.Activity`.
        sides: Values of a column `side` of the rows, each a table of its own.
    """
    by = ["side"] if sides else []
    keys = [*by, "label_rule", "activity_level", "activity_id"]
    parts = statement_activities(catalogue)
    matched = task_rows.join(parts, on="statement_task_id").with_columns(weight=pl.col("weight") * pl.col("part"))
    rows = pl.concat(
        [
            matched.select(
                *by,
                "label_rule",
                "conversation_id",
                "account_id",
                "weight",
                activity_level=pl.lit(level),
                activity_id=f"{level}_id",
            )
            for level in ACTIVITY_LEVELS
        ]
    )
    named = activities.filter(pl.col("activity_level").cast(pl.String).is_in(ACTIVITY_LEVELS)).select(
        pl.col("activity_level").cast(pl.String), "activity_id", "title", "parent_id", row_kind=pl.lit("value")
    )
    rest = pl.DataFrame({"activity_level": ACTIVITY_LEVELS}).with_columns(
        activity_id=pl.lit(UNLINKED), row_kind=pl.lit("not_classified")
    )
    cells = pl.concat([named, rest], how="diagonal").join(pl.DataFrame({"label_rule": LABEL_RULES}), how="cross")
    if sides:
        cells = cells.join(pl.DataFrame({"side": sides}), how="cross")
    return measure_cells(rows, keys, catalogue=cells, within=[*by, "label_rule", "activity_level"])


def side_rows(occupational: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    """Conversations by side and statement, those without a statement left out.

    Args:
        occupational: `conversation_id`, `account_id`.
        sides: `contracts.ConversationSide`.
    """
    matched = sides.filter(~pl.col("statement_task_id").is_in(["none", "not_classified"]))
    return (
        occupational.select("conversation_id", "account_id")
        .join(
            matched.select("conversation_id", pl.col("side").cast(pl.String), "statement_task_id"), on="conversation_id"
        )
        .with_columns(weight=pl.lit(1.0))
    )
