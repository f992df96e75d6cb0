"""Assets of the index: the build's identity, and every published table, made together behind the one door."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from onet.assignment import allocation_weights
from onet.release_tables import skill_names
from pipelines.aggregate import Catalogue, MonthInputs, aggregate_month
from pipelines.contracts import IDX_TABLES, META_TABLES
from pipelines.defs.declare import TableSpec, tables
from pipelines.provenance import last_vintage, vintage_context, vintage_row
from pipelines.publish import publish_tables
from pipelines.quality import conservation_check, step_counts, threshold_check

GROUP = "index"
_THRESHOLDS = (
    "min_conversations",
    "min_accounts",
    "min_text_conversations",
    "min_text_accounts",
    "account_cap",
    "assume_account_per_conversation",
    "channel",
    "mapping_route",
)
_KINDS = ("polars", "parquet")
_CHECKS = {"qa/conservation": {"conservation": conservation_check}}


def _index_spec(name: str) -> TableSpec:
    checks = {"thresholds": threshold_check} if name in IDX_TABLES else _CHECKS.get(name, {})
    return TableSpec(name, GROUP, settings=_THRESHOLDS, kinds=_KINDS, checks=checks)


@tables(
    TableSpec("meta/vintage", GROUP, settings=(*_THRESHOLDS, "seed", "cluster_method", "cluster_count")),
    upstream={
        "conversations": "core/conversations",
        "facets": "core/facets",
        "manifest": "core/release",
        "index_manifest": "core/task_index",
        "occupations": "ref/occupation",
        "conversation_task": "core/conversation_task",
    },
)
def vintage(context: dg.AssetExecutionContext, conversations: pl.LazyFrame, **frames: pl.DataFrame) -> pl.DataFrame:
    """Say what the build is made from; its id is a digest of exactly that."""
    month = context.partition_key
    return vintage_row(
        month,
        context.resources.settings,
        conversations=conversations.select("conversation_id", "content_hash", "account_key").collect(),
        published_at=datetime.now(tz=UTC),
        run_id=context.run_id,
        supersedes=last_vintage(context.resources.store, month),
        **frames,
    )


@tables(
    *(_index_spec(name) for name in (*IDX_TABLES, *META_TABLES) if name != "meta/vintage"),
    upstream={
        "build": "meta/vintage",
        "ingest_count": "raw/ingest_count",
        "conversations": "core/conversations",
        "facets": "core/facets",
        "conversation_task": "core/conversation_task",
        "clusters": "core/cluster",
        "members": "core/cluster_member",
        "occupations": "ref/occupation",
        "onet_task": "ref/onet_task",
        "elements": "core/content_element",
    },
)
def index_tables(
    context: dg.AssetExecutionContext,
    build: pl.DataFrame,
    ingest_count: pl.DataFrame,
    conversations: pl.LazyFrame,
    facets: pl.DataFrame,
    conversation_task: pl.DataFrame,
    clusters: pl.DataFrame,
    members: pl.DataFrame,
    occupations: pl.DataFrame,
    onet_task: pl.DataFrame,
    elements: pl.DataFrame,
) -> Mapping[str, pl.DataFrame]:
    """Count, withhold, round and validate every table of the month.

    They are made together, because what one table withholds must not be found from another.
    """
    settings = context.resources.settings
    route = conversation_task.filter(pl.col("mapping_route").cast(pl.String) == settings.mapping_route)
    inputs = MonthInputs(
        facets=facets,
        conversations=conversations.drop("messages").collect(),
        conversation_task=route,
        catalogue=Catalogue(tasks=onet_task, occupations=occupations, allocation=allocation_weights(onet_task)),
        clusters=clusters,
        members=members,
        skill_names=skill_names(elements),
    )
    rows = vintage_context(build, settings)
    exact = aggregate_month(inputs, policy=settings.policy, account_basis=rows.account_basis)
    published = publish_tables(exact, rows, step_counts=step_counts(ingest_count, inputs))
    return {name: published[name] for name in (*IDX_TABLES, *META_TABLES) if name != "meta/vintage"}
