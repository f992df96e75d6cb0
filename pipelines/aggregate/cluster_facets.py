"""Facets within request clusters: how each cluster divides by language, collaboration pattern and use case.

The cells form two trees. Along the clusters, a parent's value is the sum of its children's; along a facet, a cluster is
the sum of its values. Whoever has all but one part of a sum has that part too, so what a sum needs and no table
publishes is a cell as well (`is_shown` false): the conversations of a cluster that are in no cluster below it, and the
use cases of the conversations that are not occupational.
"""

from typing import Final

import polars as pl

from clio_lite.tables import COLLABORATION_PATTERNS, USE_CASES
from pipelines.aggregate.cells import ExactTable, measure_cells

FACET_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "collaboration_pattern": COLLABORATION_PATTERNS,
    "use_case": USE_CASES,
    "language": (),  # open: those that occur
}
ROOT: Final = "all"
NOT_OCCUPATIONAL: Final = "not_occupational"
KEY: Final = ("cluster_level", "cluster_id", "facet", "facet_value")


def cluster_facet_table(counted: pl.DataFrame, clusters: pl.DataFrame, members: pl.DataFrame) -> ExactTable:
    """Conversations of every cluster by facet and value.

    Args:
        counted: `conversation_id`, `account_id`, `weight`, `is_occupational` and the columns of `FACET_VALUES`.
        clusters: `clio_lite.tables.Cluster`.
        members: `clio_lite.tables.ClusterMember`.

    Returns:
        Cells by `cluster_level`, `cluster_id`, `facet`, `facet_value`, with `parent_id` (`all` at the top), `row_kind`
        and `is_shown`. The level above the top holds what is not occupational.
    """
    places = _places(counted.filter("is_occupational"), clusters, members)
    outside = counted.filter(~pl.col("is_occupational")).select(
        "conversation_id",
        cluster_level=pl.lit(clusters["cluster_level"].max() or 0, dtype=pl.Int64),
        cluster_id=pl.lit(NOT_OCCUPATIONAL),
        parent_id=pl.lit(ROOT),
        is_shown=pl.lit(value=False),
    )
    facets = counted.with_columns(pl.col(name).cast(pl.String).fill_null("not_classified") for name in FACET_VALUES)
    rows = (
        pl.concat([places, outside])
        .join(facets.select("conversation_id", "account_id", "weight", *FACET_VALUES), on="conversation_id")
        .unpivot(
            list(FACET_VALUES),
            index=["conversation_id", "account_id", "weight", "cluster_level", "cluster_id", "parent_id", "is_shown"],
            variable_name="facet",
            value_name="facet_value",
        )
        .filter((pl.col("cluster_id") != NOT_OCCUPATIONAL) | (pl.col("facet") == "use_case"))
    )
    return measure_cells(rows, KEY, catalogue=_catalogue(rows), within=KEY[:3])


def _places(occupational: pl.DataFrame, clusters: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Every conversation at every level: in its cluster, or in the rest of the cluster above, once."""
    empty = {"conversation_id": pl.String, "cluster_level": pl.Int64, "cluster_id": pl.String, "parent_id": pl.String}
    found = [pl.DataFrame(schema={**empty, "is_shown": pl.Boolean})]
    above = occupational.select("conversation_id", above=pl.lit(ROOT))
    for level in clusters["cluster_level"].unique().sort(descending=True):
        of_level = members.filter(pl.col("cluster_level") == level).select("conversation_id", "cluster_id")
        here = above.join(of_level, on="conversation_id", how="left")
        found.append(
            here.select(
                "conversation_id",
                cluster_level=pl.lit(level, dtype=pl.Int64),
                cluster_id=pl.coalesce("cluster_id", pl.format("rest of {}", "above")),
                parent_id="above",
                is_shown=pl.col("cluster_id").is_not_null(),
            )
        )
        above = here.drop_nulls("cluster_id").select("conversation_id", above="cluster_id")
    return pl.concat(found)


def _catalogue(rows: pl.DataFrame) -> pl.DataFrame:
    """Cells that exist: of every place all values of a closed facet, and those that occur of an open one."""
    places = rows.select("cluster_level", "cluster_id", "parent_id", "is_shown", "facet").unique()
    closed = pl.DataFrame(
        [(facet, value) for facet, values in FACET_VALUES.items() for value in values],
        schema={"facet": pl.String, "facet_value": pl.String},
        orient="row",
    )
    named = rows.select("cluster_level", "cluster_id", "parent_id", "is_shown", "facet", "facet_value").unique()
    kind = (
        pl.when(pl.col("facet_value").is_in(["none", "not_classified"])).then("facet_value").otherwise(pl.lit("value"))
    )
    return (
        pl.concat([places.join(closed, on="facet"), named.filter(~pl.col("facet").is_in(closed["facet"].implode()))])
        .with_columns(row_kind=kind)
        .sort(KEY)
    )
