"""From a task statement to the occupations it belongs to.

Which statement a text is matched to is decided in `matching`; this module only splits a statement among occupations.
"""

from typing import Final

import polars as pl

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
