"""Assets of the mapping: clusters and conversations to O*NET task statements. All restricted."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from onet.matching import match_by_descent, match_vectors
from onet.task_hierarchy import hierarchy_from_tables
from onet.verification import CalibratedVerifier
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_index_encoder, open_model
from pipelines.mapping import (
    cluster_centroids,
    cluster_tasks,
    conversation_tasks,
    index_embeddings,
    request_texts,
    stacked_vectors,
)
from pipelines.mapping_measures import GOLD_RUN, measure_verifiers
from pipelines.model_roles import (
    cluster_texts,
    request_subjects,
    task_verifier,
    use_table,
)
from pipelines.models import refuse_failures
from pipelines.release_tables import FRAMES, release_from_tables, stored_task_index

GROUP = "mapping"
CANDIDATES = 10
"""Candidate statements kept per cluster."""


_VERIFY = ("verify_model", "verify_test", "seed", "max_failure_share")


@tables(
    TableSpec("core/verifier_score", GROUP, is_monthly=False, settings=_VERIFY),
    TableSpec("core/verifier_reliability", GROUP, is_monthly=False, settings=_VERIFY),
    TableSpec("core/mapping_accuracy", GROUP, is_monthly=False, settings=_VERIFY),
    TableSpec("core/verifier_model_use", GROUP, is_monthly=False, settings=_VERIFY),
    upstream={"manifest": "core/release", "index_manifest": "core/task_index", **FRAMES},
)
def verifier_score(
    context: dg.AssetExecutionContext, manifest: pl.DataFrame, index_manifest: pl.DataFrame, **frames: pl.DataFrame
) -> Mapping[str, pl.DataFrame]:
    """Measure retrieval, and the language model that verifies where there is one, on requests none was trained on."""
    settings, store = context.resources.settings, context.resources.store
    encoder = open_index_encoder(settings, store, index_manifest)
    index = stored_task_index(index_manifest, encoder, store.task_indexes)
    model = open_model(settings, store, "verify", run=GOLD_RUN)
    found = measure_verifiers(release_from_tables(manifest, frames), index, encoder, settings, model)
    return {
        "core/verifier_score": found.scores,
        "core/verifier_reliability": found.reliability,
        "core/mapping_accuracy": found.accuracy,
        "core/verifier_model_use": use_table([model]),
    }


@tables(
    TableSpec("core/request_task_embedding", GROUP),
    upstream={
        "index_manifest": "core/task_index",
        "embeddings": "core/request_embeddings",
        "facets": "core/facets",
    },
)
def request_task_embedding(
    context: dg.AssetExecutionContext, index_manifest: pl.DataFrame, embeddings: pl.DataFrame, facets: pl.DataFrame
) -> pl.DataFrame:
    """Encode the requests by the encoder of the task index, once for every route to the tasks.

    Where the index has the encoder of the requests, these are their vectors as they are.
    """
    encoder = open_index_encoder(context.resources.settings, context.resources.store, index_manifest)
    return index_embeddings(embeddings, facets, encoder, index_manifest.item(0, "request_encoder_name"))


@tables(
    TableSpec("core/cluster_task", GROUP, settings=_VERIFY),
    TableSpec("core/cluster_task_model_use", GROUP, settings=_VERIFY),
    upstream={
        "index_manifest": "core/task_index",
        "clusters": "core/cluster",
        "members": "core/cluster_member",
        "embeddings": "core/request_task_embedding",
        "facets": "core/facets",
        "tasks": "ref/onet_task",
        "links": "ref/task_activity",
        "activities": "ref/activity",
        "scores": "core/verifier_score",
    },
)
def cluster_task(
    context: dg.AssetExecutionContext,
    index_manifest: pl.DataFrame,
    clusters: pl.DataFrame,
    members: pl.DataFrame,
    embeddings: pl.DataFrame,
    facets: pl.DataFrame,
    scores: pl.DataFrame,
    **taxonomy: pl.DataFrame,
) -> Mapping[str, pl.DataFrame]:
    """Retrieve candidate statements for the centre of each base cluster, and accept one or none."""
    settings, store = context.resources.settings, context.resources.store
    encoder = open_index_encoder(settings, store, index_manifest)
    index = stored_task_index(index_manifest, encoder, store.task_indexes)
    ids, centroids = cluster_centroids(members, embeddings)
    model = open_model(settings, store, "verify", run=context.partition_key)
    texts, subjects = cluster_texts(ids.get_column("cluster_id").to_list(), clusters, members, facets)
    verifier = task_verifier(model, index, texts, subjects, settings, scores, taxonomy, has_texts=False)
    matches = match_vectors(ids.get_column("cluster_id"), centroids, index=index, verifier=verifier, top=CANDIDATES)
    use = use_table([model])
    refuse_failures(use, max_failure_share=settings.max_failure_share)
    return {"core/cluster_task": cluster_tasks(matches), "core/cluster_task_model_use": use}


@tables(
    TableSpec("core/conversation_task", GROUP, settings=(*_VERIFY, "task_labels")),
    TableSpec("core/conversation_task_model_use", GROUP, settings=(*_VERIFY, "task_labels")),
    upstream={
        "index_manifest": "core/task_index",
        "members": "core/cluster_member",
        "cluster_matches": "core/cluster_task",
        "embeddings": "core/request_task_embedding",
        "facets": "core/facets",
        "nodes": "core/task_hierarchy",
        "placed": "core/task_hierarchy_statement",
        "tasks": "ref/onet_task",
        "links": "ref/task_activity",
        "activities": "ref/activity",
        "scores": "core/verifier_score",
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
    scores: pl.DataFrame,
    **taxonomy: pl.DataFrame,
) -> Mapping[str, pl.DataFrame]:
    """Give every occupational conversation its task, or up to three with weights, by each route.

    The routes: through its cluster, directly, and down the hierarchy of tasks.

    A language model, where one verifies, judges the first two routes; the third is always calibrated retrieval.
    """
    settings, store = context.resources.settings, context.resources.store
    encoder = open_index_encoder(settings, store, index_manifest)
    index = stored_task_index(index_manifest, encoder, store.task_indexes)
    ids, vectors = embeddings.get_column("conversation_id"), stacked_vectors(embeddings)
    texts = request_texts(embeddings, facets)
    model = open_model(settings, store, "verify", run=context.partition_key)
    asked = request_subjects(ids, texts)
    verifier = task_verifier(model, index, texts.to_list(), asked, settings, scores, taxonomy, has_texts=True)
    ranked = max(settings.task_labels, 2)  # the lead over the second is part of the first one's probability
    top = ranked if model is None else CANDIDATES
    direct = match_vectors(ids, vectors, index=index, verifier=verifier, top=top, texts=texts)
    descended = match_by_descent(
        ids,
        vectors,
        index=index,
        hierarchy=hierarchy_from_tables(nodes, placed, index),
        verifier=CalibratedVerifier(index.vector_calibration),
        top=ranked,
    )
    use = use_table([model])
    refuse_failures(use, max_failure_share=settings.max_failure_share)
    occupational = facets.filter("is_occupational")
    placed_tasks = conversation_tasks(
        occupational, members, cluster_matches, direct, descended, labels=settings.task_labels
    )
    return {"core/conversation_task": placed_tasks, "core/conversation_task_model_use": use}
