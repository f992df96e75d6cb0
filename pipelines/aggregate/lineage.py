"""Where the request clusters of a month come from, as cells that the gate can judge."""

import polars as pl

from clio_lite.lineage import NO_CLUSTER
from pipelines.aggregate.cells import CONTRIBUTION_SCHEMA, ExactTable
from pipelines.contracts import ClusterLineage


def published_links(links: pl.DataFrame, clusters_before: pl.DataFrame | None) -> pl.DataFrame:
    """Rows of `core/cluster_lineage`: links that say whether the earlier cluster was published, and in which build.

    Args:
        links: `clio_lite.lineage.ClusterLineage`.
        clusters_before: Table `idx/request_cluster_month` of the month before, as published; None: there is none, and
            no earlier cluster was published.
    """
    opened: list[str] = []
    vintage = None
    if clusters_before is not None and clusters_before.height:
        vintage = clusters_before.item(0, "vintage_id")
        is_open = (pl.col("row_kind").cast(pl.String) == "value") & (pl.col("obs_status").cast(pl.String) == "A")
        opened = clusters_before.filter(is_open)["cluster_id"].sort().to_list()
    rows = links.with_columns(
        is_prev_published=pl.col("prev_cluster_id").is_in([*opened, NO_CLUSTER]),
        prev_vintage_id=pl.lit(vintage, dtype=pl.String),
    )
    return ClusterLineage.validate(rows.select(ClusterLineage.column_names()), cast=True)


def lineage_table(lineage: pl.DataFrame) -> ExactTable:
    """Links, births and deaths as cells; they add up to nothing, so there are no contributions.

    Args:
        lineage: Table `core/cluster_lineage`.
    """
    cells = lineage.with_columns(
        pl.col("relation").cast(pl.String),
        cell_id=pl.format("{}|{}|{}", "cluster_level", "cluster_id", "prev_cluster_id"),
    )
    return ExactTable(cells.sort("cell_id"), pl.DataFrame(schema=CONTRIBUTION_SCHEMA))
