"""Clusters from month to month: which of this month's clusters go on from which of the month before.

No conversation of the earlier month is needed: of each of its clusters a centroid and a radius are kept. This month's
conversations are placed at the earlier month's centroids, and where they lie there is compared, level by level, with
where they lie here. What of this may be published is decided in `pipelines.publish`.
"""

from dataclasses import dataclass
from typing import Final

import dataframely as dy
import numpy as np
import polars as pl

from clio_lite.accounts import account_counts
from clio_lite.clustering import centroids_of, nearest_rows, unit_rows

RELATIONS: Final = ("continuation", "split", "merge", "birth", "death")
NO_CLUSTER: Final = "none"
"""Stands for the earlier cluster of a birth and for the later one of a death."""

HOME_SHARE: Final = 0.95
"""Part of a cluster's own conversations within its radius; one outside every radius belongs to no earlier cluster."""

LINK_SHARE: Final = 0.5
"""Two clusters are linked if this part of either one lies in the other."""

KEEP_SHARE: Final = 0.25
"""A cluster keeps the id of the earlier one if they are each other's best and this part of both lies in the other."""


def centroid_schema(dimensions: int) -> type[dy.Schema]:
    """Schema of the clusters of one month without their members.

    Args:
        dimensions: Length of each vector.
    """

    class ClusterCentroid(dy.Schema):
        cluster_id = dy.String(primary_key=True, description="Cluster of the month.")
        cluster_level = dy.Int64(min=0, description="0 for base clusters, rising towards the top.")
        persistent_id = dy.String(description="Id that the cluster keeps from month to month.")
        encoder = dy.String(description="Encoder of the vectors; only months of the same one are compared.")
        radius_score = dy.Float64(description="Cosine to the centroid that 95 % of the cluster's conversations reach.")
        embedding = dy.Array(dy.Float32(), dimensions, description="Unit mean vector of its counted conversations.")

    return ClusterCentroid


class ClusterLineage(dy.Schema):
    """One row per linked pair of a cluster and one of the month before, per birth and per death (restricted)."""

    cluster_level = dy.Int64(primary_key=True, min=0, description="0 for base clusters, rising towards the top.")
    cluster_id = dy.String(primary_key=True, description="Cluster of the month; none for a death.")
    prev_cluster_id = dy.String(primary_key=True, description="Cluster of the month before; none for a birth.")
    relation = dy.Enum(list(RELATIONS), description="How the one came from the other.")
    is_kept = dy.Bool(description="The cluster goes on under the earlier one's persistent id.")
    persistent_id = dy.String(description="Persistent id of the cluster; of the earlier one for a death.")
    overlap_share = dy.Float64(min=0, max=1, description="Part of the cluster that lies in the earlier one.")
    prev_overlap_share = dy.Float64(min=0, max=1, description="Part of what lies in the earlier one that is in this.")
    conversation_count = dy.Int64(min=0, description="Conversations of the month that lie in both; a birth's own.")
    account_count = dy.Int64(min=0, description="Distinct accounts of those.")
    top_account_share = dy.Float64(min=0, max=1, description="Share of the heaviest account.")
    top_two_account_share = dy.Float64(min=0, max=1, description="Share of the two heaviest accounts.")


@dataclass(frozen=True)
class Lineage:
    """Where the clusters of a month come from.

    Attributes:
        centroids: Rows of `centroid_schema`: what the next month needs.
        links: Rows of `ClusterLineage`; empty where there is no comparable month before.
    """

    centroids: pl.DataFrame
    links: dy.DataFrame[ClusterLineage]


def trace_clusters(
    members: pl.DataFrame,
    embeddings: pl.DataFrame,
    accounts: pl.DataFrame,
    earlier: pl.DataFrame | None,
    *,
    encoder: str,
) -> Lineage:
    """Trace the clusters of a month to those of the month before.

    A counted conversation lies in the earlier cluster with the nearest centroid of its level, if it is within that
    cluster's radius. Clusters are linked where `LINK_SHARE` of either lies in the other. A lone pair goes on
    (`continuation`) if the cluster keeps the persistent id; other links are a `split` where the larger part is that of
    the later cluster, else a `merge`. A cluster without link is a `birth`, an earlier one without link a `death`.

    Args:
        members: `tables.ClusterMember`.
        embeddings: `conversation_id`, `embedding` of at least the members.
        accounts: `conversation_id`, `account_key` (null: none), `is_counted` of at least the members.
        earlier: The centroids of the month before, or None; vectors of another encoder are not compared.
        encoder: Name of the encoder.
    """
    rows = (
        members.join(accounts.filter("is_counted"), on="conversation_id", how="inner")
        .join(embeddings.select("conversation_id", "embedding"), on="conversation_id", how="inner")
        .sort("cluster_level", "conversation_id")
        .select("conversation_id", "cluster_level", "cluster_id", "account_key", "embedding")
    )
    before = None if earlier is None else earlier.filter(pl.col("encoder") == encoder)
    is_comparable = before is not None and before.height > 0
    placed: list[pl.DataFrame] = []
    centroids: list[pl.DataFrame] = []
    for (level,), of_level in rows.group_by("cluster_level", maintain_order=True):
        vectors = unit_rows(of_level["embedding"].to_numpy())
        centroids.append(_centroids(of_level, vectors))
        if before is not None and is_comparable:
            above = before.filter(pl.col("cluster_level") == level).sort("cluster_id")
            placed.append(of_level.drop("embedding").with_columns(prev_cluster_id=_home(vectors, above)))
    links = _links(pl.concat(placed), before) if before is not None and placed else ClusterLineage.create_empty()
    found = pl.concat(centroids) if centroids else None
    dimensions = embeddings.schema["embedding"].shape[0]  # type: ignore[attr-defined]
    schema = centroid_schema(dimensions)
    if found is None:
        return Lineage(schema.create_empty(), links)
    kept = dict(links.filter("is_kept").select("cluster_id", "persistent_id").iter_rows())
    persistent = pl.col("cluster_id").replace_strict(kept, default=pl.col("cluster_id"), return_dtype=pl.String)
    table = found.with_columns(persistent_id=persistent, encoder=pl.lit(encoder)).sort("cluster_id")
    return Lineage(schema.validate(table.select(schema.column_names()), cast=True), links)


def _centroids(of_level: pl.DataFrame, vectors: np.ndarray) -> pl.DataFrame:
    """Centroid and radius of each cluster of a level."""
    ids = of_level["cluster_id"].unique().sort()
    labels = of_level["cluster_id"].rank("dense").to_numpy().astype(np.int64) - 1
    centroids = centroids_of(vectors, labels, len(ids))
    cosine = pl.Series(np.einsum("ij,ij->i", vectors, centroids[labels])).cast(pl.Float64)
    radius = (
        of_level.select("cluster_level", "cluster_id", cosine=cosine)
        .group_by("cluster_level", "cluster_id")
        .agg(radius_score=pl.col("cosine").quantile(1 - HOME_SHARE, "lower"))
        .sort("cluster_id")
    )
    return radius.with_columns(embedding=pl.Series(centroids, dtype=pl.Array(pl.Float32, centroids.shape[1])))


def _home(vectors: np.ndarray, earlier: pl.DataFrame) -> pl.Series:
    """Earlier cluster in which each row lies; null outside every radius."""
    if earlier.is_empty():
        return pl.Series([None] * len(vectors), dtype=pl.String)
    centroids = earlier["embedding"].to_numpy()
    nearest = nearest_rows(vectors, centroids)
    cosine = np.einsum("ij,ij->i", vectors, centroids[nearest])
    is_home = pl.Series(cosine >= earlier["radius_score"].to_numpy()[nearest] - 1e-6)
    ids = earlier["cluster_id"].gather(nearest)
    return pl.select(pl.when(is_home).then(ids)).to_series()


def _links(placed: pl.DataFrame, before: pl.DataFrame) -> dy.DataFrame[ClusterLineage]:
    """Links, births and deaths of every level that both months have."""
    key = ["cluster_level", "cluster_id"]
    levels = placed["cluster_level"].unique().to_list()
    before = before.filter(pl.col("cluster_level").is_in(levels)).select(
        "cluster_level", prev_cluster_id="cluster_id", prev_persistent_id="persistent_id"
    )
    placed = placed.join(before.select(pl.col("cluster_level").unique()), on="cluster_level", how="semi")
    sizes = account_counts(placed, key)
    both = account_counts(placed.filter(pl.col("prev_cluster_id").is_not_null()), [*key, "prev_cluster_id"])
    pairs = both.join(sizes.select(*key, size="conversation_count"), on=key, how="left").with_columns(
        landed=pl.col("conversation_count").sum().over("cluster_level", "prev_cluster_id")
    )
    shared = pl.col("conversation_count")
    linked = (
        pairs.with_columns(
            overlap_share=shared / pl.col("size"),
            prev_overlap_share=shared / pl.col("landed"),
            likeness=shared / (pl.col("size") + pl.col("landed") - shared),
        )
        .filter((pl.col("overlap_share") >= LINK_SHARE) | (pl.col("prev_overlap_share") >= LINK_SHARE))
        .sort(*key, "prev_cluster_id")
        .join(before, on=["cluster_level", "prev_cluster_id"], how="left")
        .pipe(_with_relations)
    )
    new = sizes.join(linked, on=key, how="anti").with_columns(
        prev_cluster_id=pl.lit(NO_CLUSTER), relation=pl.lit("birth"), persistent_id=pl.col("cluster_id")
    )
    gone = before.join(linked, on=["cluster_level", "prev_cluster_id"], how="anti").with_columns(
        cluster_id=pl.lit(NO_CLUSTER), relation=pl.lit("death"), persistent_id=pl.col("prev_persistent_id")
    )
    every = pl.concat([linked, new, gone], how="diagonal")
    measures = ("overlap_share", "prev_overlap_share", "top_account_share", "top_two_account_share")
    filled = every.with_columns(
        *(pl.col(name).fill_null(0.0) for name in measures),
        pl.col("conversation_count", "account_count").fill_null(0),
        pl.col("is_kept").fill_null(value=False),
    )
    return ClusterLineage.validate(
        filled.select(ClusterLineage.column_names()).sort(*key, "prev_cluster_id"), cast=True
    )


def _with_relations(linked: pl.DataFrame) -> pl.DataFrame:
    """Add to links, sorted by both ids, which are kept, and what each relation is."""
    now, then = ["cluster_level", "cluster_id"], ["cluster_level", "prev_cluster_id"]

    def is_best(key: list[str]) -> pl.Expr:
        """The first of the most alike links of a cluster."""
        place = pl.col("likeness").rank("ordinal", descending=True).over(key)
        return place == 1

    least = pl.min_horizontal("overlap_share", "prev_overlap_share")
    is_kept = is_best(now) & is_best(then) & (least >= KEEP_SHARE)
    is_lone = (pl.len().over(now) == 1) & (pl.len().over(then) == 1)
    relation = (
        pl.when(is_lone & pl.col("is_kept"))
        .then(pl.lit("continuation"))
        .when(pl.col("overlap_share") >= pl.col("prev_overlap_share"))
        .then(pl.lit("split"))
        .otherwise(pl.lit("merge"))
    )
    own = pl.when(pl.col("is_kept")).then(pl.col("prev_persistent_id"))
    kept_id = own.drop_nulls().first().over(now)
    return (
        linked.with_columns(is_kept=is_kept)
        .with_columns(relation=relation, persistent_id=pl.coalesce(kept_id, "cluster_id"))
        .drop("prev_persistent_id")
    )
