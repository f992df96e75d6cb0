"""Assets of the clusters: requests grouped, named and put in a hierarchy. All restricted."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from clio_lite.accounts import with_assumed_accounts
from clio_lite.clusters import build_clusters
from clio_lite.embedding import with_request
from clio_lite.lineage import trace_clusters
from pipelines.aggregate.lineage import published_links
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_encoder, open_model
from pipelines.model_roles import CLUSTER_ROLES, cluster_writers, use_table
from pipelines.models import refuse_failures
from pipelines.settings import RunFields

GROUP = "clusters"
_SETTINGS = (
    "cluster_method",
    "cluster_count",
    "seed",
    "min_conversations",
    "min_accounts",
    "min_text_conversations",
    "min_text_accounts",
    "account_cap",
    "assume_account_per_conversation",
    "label_model",
    "hierarchy_model",
    "max_failure_share",
)
_IDENTITY_SETTINGS = ("assume_account_per_conversation",)
_KINDS = ("polars", "parquet", "scikitlearn")


def _accounts(conversations: pl.LazyFrame, settings: RunFields) -> pl.DataFrame:
    """Whose each conversation is, as the settings have it, and whether it is counted."""
    accounts = conversations.select("conversation_id", "account_key", "has_account", "is_counted").collect()
    return with_assumed_accounts(accounts) if settings.assume_account_per_conversation else accounts


@tables(
    TableSpec("core/cluster_member", GROUP, settings=_SETTINGS, kinds=_KINDS),
    TableSpec("core/cluster", GROUP, settings=_SETTINGS, kinds=_KINDS),
    TableSpec("core/cluster_model_use", GROUP, settings=_SETTINGS, kinds=_KINDS),
    upstream={
        "facets": "core/facets",
        "embeddings": "core/request_embeddings",
        "conversations": "core/conversations",
    },
)
def clusters(
    context: dg.AssetExecutionContext, facets: pl.DataFrame, embeddings: pl.DataFrame, conversations: pl.LazyFrame
) -> Mapping[str, pl.DataFrame]:
    """Group the requests into base clusters and levels above, with names that only common words may form."""
    settings, store = context.resources.settings, context.resources.store
    label, hierarchy = (open_model(settings, store, role, run=context.partition_key) for role in CLUSTER_ROLES)
    writers = cluster_writers(label, hierarchy, lambda: open_encoder(settings, store), settings)
    found = build_clusters(
        with_request(facets),
        embeddings,
        _accounts(conversations, settings),
        policy=settings.policy,
        cluster_count=settings.cluster_count or None,
        method=settings.cluster_method,
        seed=settings.seed,
        labeller=writers.labeller,
        level_builder=writers.level_builder,
        auditor=writers.auditor,
    )
    use = use_table([label, hierarchy])
    refuse_failures(use, max_failure_share=settings.max_failure_share)
    return {"core/cluster_member": found.members, "core/cluster": found.clusters, "core/cluster_model_use": use}


@tables(
    TableSpec(
        "core/cluster_centroid",
        GROUP,
        "One row per cluster: what the next month needs to tell whether a cluster goes on; no members.",
        settings=_IDENTITY_SETTINGS,
    ),
    TableSpec("core/cluster_lineage", GROUP, settings=_IDENTITY_SETTINGS),
    upstream={
        "members": "core/cluster_member",
        "embeddings": "core/request_embeddings",
        "conversations": "core/conversations",
        "index_manifest": "core/task_index",
    },
    earlier={"centroids_before": "core/cluster_centroid", "clusters_before": "idx/request_cluster_month"},
)
def cluster_identity(
    context: dg.AssetExecutionContext,
    members: pl.DataFrame,
    embeddings: pl.DataFrame,
    conversations: pl.LazyFrame,
    index_manifest: pl.DataFrame,
    centroids_before: pl.DataFrame | None,
    clusters_before: pl.DataFrame | None,
) -> Mapping[str, pl.DataFrame]:
    """Trace the clusters to those of the month before, and keep what the next month needs for that."""
    accounts = _accounts(conversations, context.resources.settings)
    encoder = index_manifest.item(0, "request_encoder_name")
    found = trace_clusters(members, embeddings, accounts, centroids_before, encoder=encoder)
    return {
        "core/cluster_centroid": found.centroids,
        "core/cluster_lineage": published_links(found.links, clusters_before),
    }
