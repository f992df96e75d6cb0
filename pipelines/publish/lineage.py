"""Published rows of where the request clusters come from; overlaps to one decimal, no counts."""

import polars as pl

from pipelines.aggregate import ExactMonth
from pipelines.contracts import IDX_TABLES
from pipelines.publish.decisions import Decisions
from pipelines.publish.vintage import VintageContext, common_rows, stated_rows

OVERLAPS = ("overlap_share", "prev_overlap_share")


def coarse_overlaps() -> list[pl.Expr]:
    """Overlaps to one decimal: finer ones, beside the count of the whole cluster, would tell that of a small rest."""
    return [pl.col(name).round(1) for name in OVERLAPS]


def lineage_rows(exact: ExactMonth, decisions: Decisions, context: VintageContext) -> pl.DataFrame:
    """Rows of `idx/cluster_lineage_month`; a source without clusters gives none.

    Args:
        exact: The month before disclosure control.
        decisions: What is withheld.
        context: The build.
    """
    schema = IDX_TABLES["idx/cluster_lineage_month"]
    if "cluster_lineage" not in exact.tables:
        return schema.create_empty()
    cells = exact.tables["cluster_lineage"].cells.join(decisions.tables["cluster_lineage"], on="cell_id", how="left")
    stated = stated_rows(
        cells.with_columns(coarse_overlaps()),
        main="overlap_share",
        shares=[],
        values=[*OVERLAPS, "relation", "persistent_id"],
        has_counts=False,
    ).with_columns(base_id=pl.lit("cluster"), conversation_count=pl.lit(None, dtype=pl.Int64))
    return common_rows(stated, schema, context, population="occupational")


def with_identity(cells: pl.DataFrame, exact: ExactMonth, decisions: Decisions) -> pl.DataFrame:
    """Add to the cells of the clusters their persistent id and, where both may be stated, the cluster they continue.

    Args:
        cells: Cells of the table `cluster`.
        exact: The month before disclosure control.
        decisions: What is withheld.
    """
    own = pl.when(pl.col("row_kind") == "value").then(pl.col("cluster_id"))
    if "cluster_lineage" not in exact.tables:
        return cells.with_columns(
            persistent_id=own,
            prev_cluster_id=pl.lit(None, dtype=pl.String),
            prev_overlap_share=pl.lit(None, dtype=pl.Float64),
        )
    kept = exact.tables["cluster_lineage"].cells.filter("is_kept").with_columns(coarse_overlaps())
    ids = dict(kept.select("cluster_id", "persistent_id").iter_rows())
    opened = kept.join(
        decisions.tables["cluster_lineage"].filter(pl.col("suppression_rule").is_null()), on="cell_id", how="semi"
    )
    return cells.with_columns(
        persistent_id=pl.col("cluster_id").replace_strict(ids, default=own, return_dtype=pl.String)
    ).join(opened.select("cluster_id", "prev_cluster_id", "prev_overlap_share"), on="cluster_id", how="left")
