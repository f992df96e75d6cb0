"""Which cells of the facets of clusters are withheld.

Level by level from the top. Each cell stands in two sums: with the other values of its cluster, and with the same value
of the clusters beside it. What is withheld in a cluster is withheld in the clusters below it too, so that a total
withheld above is not found from parts below. Of the level at the top the totals are those of other tables:
`idx/use_case_month` over all conversations, and `idx/collaboration_month` over the occupational ones.
"""

from typing import Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy
from pipelines.aggregate import ExactTable
from pipelines.aggregate.cluster_facets import ROOT
from pipelines.disclosure import withhold_cells

_ABOVE: Final = {"facet": pl.String, "parent_id": pl.String, "facet_value": pl.String, "is_closed_above": pl.Boolean}


def decide_cluster_facets(
    table: ExactTable, clusters: pl.DataFrame, totals: pl.DataFrame, *, policy: DisclosurePolicy
) -> pl.DataFrame:
    """Decide every cell of the facets of clusters, those that are in no table included.

    Args:
        table: From `aggregate.cluster_facets.cluster_facet_table`.
        clusters: `cluster_level`, `cluster_id` of the clusters whose own counts are withheld; `not_classified` stands
            for the conversations in no cluster.
        totals: `facet`, `facet_value`, `is_closed` of the values whose total over all clusters other tables
            state or withhold.
        policy: Thresholds.

    Returns:
        `cell_id`, `suppression_rule`.
    """
    cells = table.cells
    closed = clusters.select("cluster_level", "cluster_id", is_closed=pl.lit(value=True))
    rest_closed = closed.filter(pl.col("cluster_id") == "not_classified").select(
        "cluster_level", is_rest_closed="is_closed"
    )
    cells = cells.join(closed, on=["cluster_level", "cluster_id"], how="left").join(
        rest_closed, on="cluster_level", how="left"
    )
    is_rest = ~pl.col("is_shown") & pl.col("cluster_id").str.starts_with("rest of ")
    cells = cells.with_columns(
        is_closed=pl.col("is_closed").fill_null(value=False)
        | (is_rest & pl.col("is_rest_closed").fill_null(value=False))
    )
    above = totals.select("facet", "facet_value", parent_id=pl.lit(ROOT), is_closed_above="is_closed")
    decided: list[pl.DataFrame] = []
    for level in cells["cluster_level"].unique().sort(descending=True):
        of_level = cells.filter(pl.col("cluster_level") == level).join(
            above.select(*_ABOVE), on=["facet", "parent_id", "facet_value"], how="left"
        )
        rules = _decide_level(of_level, table.contributions, policy)
        decided.append(rules)
        above = of_level.join(rules, on="cell_id").select(
            "facet", "facet_value", parent_id="cluster_id", is_closed_above=pl.col("suppression_rule").is_not_null()
        )
    if not decided:
        return cells.select("cell_id", suppression_rule=pl.lit(None, dtype=pl.String))
    return pl.concat(decided).sort("cell_id")


def _decide_level(cells: pl.DataFrame, contributions: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Decide the cells of one level, given what is closed above them."""
    along_facet = cells.filter(~pl.col("is_closed")).select(
        "cell_id", group_id=pl.format("{}|cluster|{}", "facet", "cluster_id"), part=pl.lit(1.0)
    )
    value = pl.when("is_closed_above").then(pl.lit("withheld")).otherwise(pl.format("value {}", "facet_value"))
    along_clusters = cells.filter(pl.col("is_closed_above").is_not_null()).select(
        "cell_id", group_id=pl.format("{}|below|{}|{}", "facet", "parent_id", value), part=pl.lit(1.0)
    )
    forced = cells.filter(pl.col("is_closed") | pl.col("is_closed_above").fill_null(value=False)).select(
        "cell_id", suppression_rule=pl.lit("complementary")
    )
    links = pl.concat([along_facet, along_clusters])
    rules = withhold_cells(cells, contributions, links, policy=policy, forced=forced)
    return _with_hidden_zeros(cells, rules)


def _with_hidden_zeros(cells: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Withhold the zeros beside a withheld cell that holds the whole cluster: they would say that it does."""
    has_count = pl.col("conversation_count") > 0
    is_alone = (has_count & pl.col("suppression_rule").is_not_null()).sum().over("cluster_id", "facet") == 1
    rule = pl.when(~has_count & is_alone).then(pl.lit("complementary")).otherwise("suppression_rule")
    joined = cells.select("cell_id", "cluster_id", "facet", "conversation_count").join(rules, on="cell_id")
    return joined.select("cell_id", suppression_rule=rule).sort("cell_id")
