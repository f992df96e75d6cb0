"""Usage by use case, model, skill and request cluster."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from clio_lite.tables import USE_CASES
from pipelines.aggregate.cells import ExactTable, measure_cells


def use_case_table(counted: pl.DataFrame) -> ExactTable:
    """Usage by use case over all counted conversations.

    Args:
        counted: `account_id`, `weight`, `use_case`.
    """
    catalogue = pl.DataFrame({"use_case": list(USE_CASES)}).with_columns(
        row_kind=pl.when(pl.col("use_case") == "not_classified").then("use_case").otherwise(pl.lit("value"))
    )
    rows = counted.with_columns(pl.col("use_case").cast(pl.String))
    return measure_cells(rows, ["use_case"], catalogue=catalogue)


def model_table(counted: pl.DataFrame) -> ExactTable:
    """Usage by model over all counted conversations; a conversation that names none is `unknown`.

    Args:
        counted: `account_id`, `weight`, `model`.
    """
    rows = counted.with_columns(pl.col("model").fill_null("unknown"))
    catalogue = rows.select(pl.col("model").unique().sort()).with_columns(row_kind=pl.lit("value"))
    return measure_cells(rows, ["model"], catalogue=catalogue)


def skill_table(occupational: pl.DataFrame, skill_names: Sequence[str]) -> ExactTable:
    """Occupational conversations that show each skill; not additive.

    `account_share` is the share of the accounts with at least one such conversation.

    Args:
        occupational: `account_id`, `weight`, `skills` (list).
        skill_names: Skills to list even where nobody shows them.
    """
    rows = occupational.filter(pl.col("skills").list.len() > 0)
    rows = rows.with_columns(pl.col("skills").list.unique()).explode("skills").rename({"skills": "skill"})
    names = sorted({*skill_names, *rows["skill"].unique()})
    catalogue = pl.DataFrame({"skill": names}, schema={"skill": pl.String}).with_columns(row_kind=pl.lit("value"))
    table = measure_cells(rows, ["skill"], catalogue=catalogue, base=occupational)
    share = pl.when(pl.col("base_accounts") > 0).then(pl.col("account_count") / pl.col("base_accounts"))
    return replace(table, cells=table.cells.with_columns(account_share=share))


def cluster_table(occupational: pl.DataFrame, clusters: pl.DataFrame, members: pl.DataFrame) -> ExactTable:
    """Usage by request cluster and level; conversations in no cluster of a level are `not_classified`.

    Args:
        occupational: `conversation_id`, `account_id`, `weight`.
        clusters: `clio_lite.tables.Cluster`.
        members: `clio_lite.tables.ClusterMember`.
    """
    levels = clusters.select(pl.col("cluster_level").unique().sort())
    rows = occupational.join(levels, how="cross").join(members, on=["conversation_id", "cluster_level"], how="left")
    rows = rows.with_columns(pl.col("cluster_id").fill_null("not_classified"))
    text = ["name", "description", "privacy_grade"]
    named = clusters.select("cluster_id", "cluster_level", "parent_id", *text, "map_x", "map_y").with_columns(
        row_kind=pl.lit("value")
    )
    rest = levels.with_columns(cluster_id=pl.lit("not_classified"), row_kind=pl.lit("not_classified"))
    keys = ["cluster_level", "cluster_id"]
    return measure_cells(rows, keys, catalogue=pl.concat([named, rest], how="diagonal"), within=["cluster_level"])
