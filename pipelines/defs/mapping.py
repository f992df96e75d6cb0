"""Assets of the mapping: clusters and conversations to O*NET task statements. All restricted."""

import dagster as dg
import polars as pl

from onet.matching import match_by_descent, match_vectors
from onet.task_hierarchy import hierarchy_from_tables
from onet.verification import CalibratedVerifier
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_encoder
from pipelines.mapping import cluster_centroids, cluster_tasks, conversation_tasks, request_texts, stacked_vectors
from pipelines.release_tables import stored_task_index

GROUP = "mapping"
CANDIDATES = 10
"""Candidate statements kept per cluster."""


@tables(
    TableSpec("core/cluster_task", GROUP),
    upstream={
        "index_manifest": "core/task_index",
        "members": "core/cluster_member",
        "embeddings": "core/request_embeddings",
    },
)
def cluster_task(
    context: dg.AssetExecutionContext, index_manifest: pl.DataFrame, members: pl.DataFrame, embeddings: pl.DataFrame
) -> pl.DataFrame:
    """Retrieve candidate statements for the centre of each base cluster, and accept one or none."""
    encoder = open_encoder(context.resources.settings, context.resources.store)
    index = stored_task_index(index_manifest, encoder, context.resources.store.task_indexes)
    ids, centroids = cluster_centroids(members, embeddings)
    verifier = CalibratedVerifier(index.vector_calibration)
    matches = match_vectors(ids.get_column("cluster_id"), centroids, index=index, verifier=verifier, top=CANDIDATES)
    return cluster_tasks(matches)


@tables(
    TableSpec("core/conversation_task", GROUP),
    upstream={
        "index_manifest": "core/task_index",
        "members": "core/cluster_member",
        "cluster_matches": "core/cluster_task",
        "embeddings": "core/request_embeddings",
        "facets": "core/facets",
        "nodes": "core/task_hierarchy",
        "placed": "core/task_hierarchy_statement",
    },
)
def conversation_task(
    context: dg.AssetExecutionContext,
    index_manifest: pl.DataFrame,
    members: pl.DataFrame,
    cluster_matches: pl.DataFrame,
    embeddings: pl.DataFrame,
    facets: pl.DataFrame,
    nodes: pl.DataFrame,
    placed: pl.DataFrame,
) -> pl.DataFrame:
    """Give every occupational conversation its task: through its cluster, directly, and down the hierarchy of tasks."""
    encoder = open_encoder(context.resources.settings, context.resources.store)
    index = stored_task_index(index_manifest, encoder, context.resources.store.task_indexes)
    direct = match_vectors(
        embeddings.get_column("conversation_id"),
        stacked_vectors(embeddings),
        index=index,
        verifier=CalibratedVerifier(index.calibration),
        top=1,
        texts=request_texts(embeddings, facets),
    )
    descended = match_by_descent(
        embeddings.get_column("conversation_id"),
        stacked_vectors(embeddings),
        index=index,
        hierarchy=hierarchy_from_tables(nodes, placed, index),
        verifier=CalibratedVerifier(index.vector_calibration),
        top=1,
    )
    return conversation_tasks(embeddings, members, cluster_matches, direct, descended)
