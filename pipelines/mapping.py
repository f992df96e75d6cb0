"""From clusters and conversations to task statements: centroids, and the two routes side by side.

Pure functions on frames; retrieval and verification are in `onet`, the assets in `defs.mapping`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.task_index import Encoder
from pipelines.contracts import ClusterTask, ConversationSide, ConversationTask

NONE = "none"
NOT_CLASSIFIED = "not_classified"
LEAST_PART = 0.5
"""A further label is at least this part as probable as the first: less is what retrieval always finds."""


def stacked_vectors(embeddings: pl.DataFrame) -> NDArray[np.float32]:
    """Vectors of a frame with a column `embedding` as an array of shape (rows, dimensions)."""
    return embeddings.get_column("embedding").to_numpy().astype(np.float32, copy=False)


def request_texts(embeddings: pl.DataFrame, facets: pl.DataFrame) -> pl.Series:
    """The request of each embedded conversation, in the order of the embeddings.

    Args:
        embeddings: One `conversation_id` per vector.
        facets: Requests by `conversation_id`, at least those that are embedded.
    """
    requests = facets.select("conversation_id", "request")
    return embeddings.select("conversation_id").join(
        requests, on="conversation_id", how="left", maintain_order="left", validate="1:1"
    )["request"]


def index_embeddings(
    embeddings: pl.DataFrame, facets: pl.DataFrame, encoder: Encoder, request_encoder_name: str
) -> pl.DataFrame:
    """The requests as vectors of the index's encoder: as they are, or encoded anew where the index has another.

    Args:
        embeddings: One `conversation_id` and `embedding` per request.
        facets: Requests by `conversation_id`.
        encoder: Encoder of the index.
        request_encoder_name: Encoder of the embeddings.
    """
    if encoder.name == request_encoder_name or embeddings.is_empty():
        return embeddings
    vectors = encoder.encode(request_texts(embeddings, facets).to_list())
    return embeddings.with_columns(embedding=pl.Series(vectors, dtype=pl.Array(pl.Float32, encoder.dimensions)))


def cluster_centroids(members: pl.DataFrame, embeddings: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.float32]]:
    """Unit mean vector of each base cluster.

    Args:
        members: Cluster members of all levels; only level 0 is used.
        embeddings: One unit vector per conversation.

    Returns:
        Frame with one `cluster_id` per row, sorted, and the array of centroids of shape (clusters, dimensions).
    """
    base = members.filter(pl.col("cluster_level") == 0).select("conversation_id", "cluster_id")
    joined = embeddings.join(base, on="conversation_id").sort("cluster_id", "conversation_id")
    ids = joined.select("cluster_id").unique().sort("cluster_id")
    if joined.is_empty():
        width = embeddings.schema["embedding"].shape[0]  # type: ignore[attr-defined]
        return ids, np.zeros((0, width), dtype=np.float32)
    starts = joined.with_row_index().group_by("cluster_id").agg(pl.col("index").min()).sort("cluster_id")
    sums = np.add.reduceat(stacked_vectors(joined).astype(np.float64), starts.get_column("index").to_numpy(), axis=0)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return ids, (sums / np.where(norms > 0, norms, 1)).astype(np.float32)


def cluster_tasks(matches: pl.DataFrame) -> pl.DataFrame:
    """Ranked candidates of each cluster in the shape of `core/cluster_task`.

    Args:
        matches: Result of `onet.matching` with the cluster's id in `id`.
    """
    table = matches.rename({"id": "cluster_id"}).select(ClusterTask.column_names()).sort("cluster_id", "rank")
    return ClusterTask.validate(table, cast=True)


def chosen_tasks(matches: pl.DataFrame, key: str, *, labels: int = 1) -> pl.DataFrame:
    """Accepted statements of each id; `none` where none fits, `not_classified` where the verifier abstained.

    Where the first candidate is accepted, those after it that are at least `LEAST_PART` as probable are labels too, up
    to `labels` in all. Weights are their probabilities over the sum of these.

    Args:
        matches: Ranked candidates with `rank`, `statement_task_id`, `match_prob`, `verdict`, `verifier`.
        key: Column that identifies what was matched.
        labels: Most statements of an id.

    Returns:
        One row per id and label, with `match_weight`, which sums to 1 per id, and the verdict on the id.
    """
    verdict = pl.col("verdict").cast(pl.String)
    prob = pl.col("match_prob")
    ranked = matches.filter(pl.col("rank") <= labels).sort(key, "rank")
    first_verdict = verdict.first().over(key)
    is_further = (first_verdict == "accepted") & (prob > 0) & (prob >= LEAST_PART * prob.first().over(key))
    kept = ranked.with_columns(is_kept=(pl.col("rank") == 1) | is_further, verdict=first_verdict).filter("is_kept")
    whole = prob.sum().over(key)
    return kept.select(
        key,
        pl.when(verdict == "accepted")
        .then(pl.col("statement_task_id"))
        .when(verdict == "none_fits")
        .then(pl.lit(NONE))
        .otherwise(pl.lit(NOT_CLASSIFIED))
        .alias("statement_task_id"),
        "match_prob",
        verdict,
        "verifier",
        match_weight=pl.when(pl.len().over(key) > 1).then(prob / whole).otherwise(1.0),
    )


def conversation_tasks(
    occupational: pl.DataFrame,
    members: pl.DataFrame,
    cluster_matches: pl.DataFrame,
    direct_matches: pl.DataFrame,
    hierarchy_matches: pl.DataFrame,
    *,
    labels: int = 1,
) -> pl.DataFrame:
    """Tasks of every occupational conversation by each route.

    Args:
        occupational: One `conversation_id` per occupational conversation.
        members: Cluster members; level 0 is used.
        cluster_matches: Table `core/cluster_task`.
        direct_matches: Ranked candidates per conversation with `id`, from all statements.
        hierarchy_matches: The same from the way down the hierarchy of tasks.
        labels: Most statements of a conversation.

    Returns:
        Table `core/conversation_task`: weights sum to 1 per conversation and route; a conversation in no cluster is
        not classified by the cluster route.
    """
    base = members.filter(pl.col("cluster_level") == 0).select("conversation_id", "cluster_id")
    by_cluster = base.join(chosen_tasks(cluster_matches, "cluster_id", labels=labels), on="cluster_id").drop(
        "cluster_id"
    )
    by_itself, by_descent = (
        chosen_tasks(matches, "id", labels=labels).rename({"id": "conversation_id"})
        for matches in (direct_matches, hierarchy_matches)
    )
    routes = []
    for route, chosen in (("cluster", by_cluster), ("conversation", by_itself), ("hierarchy", by_descent)):
        rows = occupational.select("conversation_id").join(chosen, on="conversation_id", how="left")
        routes.append(
            rows.with_columns(
                pl.lit(route).alias("mapping_route"),
                pl.col("statement_task_id").fill_null(NOT_CLASSIFIED),
                pl.col("verdict").fill_null("abstained"),
                pl.col("verifier").fill_null("none"),
                pl.col("match_weight").fill_null(1.0),
            )
        )
    key = ("conversation_id", "mapping_route", "statement_task_id")
    table = pl.concat(routes).select(ConversationTask.column_names()).sort(key)
    return ConversationTask.validate(table, cast=True)


def conversation_sides(phrases: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """Task of each side of the conversations, in the shape of `core/conversation_side`.

    Args:
        phrases: `clio_lite.tables.SidePhrase`.
        matches: Ranked candidates with `id`: conversation and side joined by `|`.
    """
    chosen = chosen_tasks(matches, "id").select("id", "statement_task_id", "match_prob", "verifier")
    rows = phrases.with_columns(id=pl.format("{}|{}", "conversation_id", "side")).join(chosen, on="id")
    table = rows.select(ConversationSide.column_names()).sort("conversation_id", "side")
    return ConversationSide.validate(table, cast=True)
