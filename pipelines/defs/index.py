"""Assets of the index: every published table of a month and what it was made from, behind the one door."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from onet.assignment import allocation_weights
from onet.release_tables import skill_names
from pipelines.aggregate import Catalogue, MonthInputs, aggregate_month
from pipelines.contracts import IDX_TABLES, META_TABLES
from pipelines.defs.declare import TableSpec, tables
from pipelines.model_roles import summed_use
from pipelines.provenance import (
    STATISTICAL_SETTINGS,
    Publication,
    last_vintage,
    vintage_context,
    vintage_row,
    with_hierarchy_note,
)
from pipelines.publish import publish_tables
from pipelines.publish.making import Making
from pipelines.quality import conservation_check, step_counts, threshold_check
from pipelines.uncertainty import with_sampling_errors
from pipelines.validation.publication import month_validation
from pipelines.validation.tables import ACCURACY, AGREEMENT, ESTIMATES

GROUP = "index"
MODEL_USES = {
    f"{name}_use": f"core/{name}_model_use"
    for name in ("facet", "cluster", "cluster_task", "conversation_task", "verifier", "task_hierarchy", "side")
}
_SETTINGS = (
    "min_conversations",
    "min_accounts",
    "min_text_conversations",
    "min_text_accounts",
    *STATISTICAL_SETTINGS,
)
_KINDS = ("polars", "parquet")
_CHECKS = {"qa/conservation": {"conservation": conservation_check}}


def _index_spec(name: str) -> TableSpec:
    checks = {"thresholds": threshold_check} if name in IDX_TABLES else _CHECKS.get(name, {})
    return TableSpec(name, GROUP, settings=_SETTINGS, kinds=_KINDS, checks=checks)


@tables(
    *(_index_spec(name) for name in (*IDX_TABLES, *META_TABLES)),
    upstream={
        "manifest": "core/release",
        "index_manifest": "core/task_index",
        "ingest_count": "raw/ingest_count",
        "conversations": "core/conversations",
        "facets": "core/facets",
        "conversation_task": "core/conversation_task",
        "clusters": "core/cluster",
        "members": "core/cluster_member",
        "lineage": "core/cluster_lineage",
        "occupations": "ref/occupation",
        "tasks": "ref/onet_task",
        "elements": "core/content_element",
        "task_activities": "ref/task_activity",
        "activities": "ref/activity",
        "failures": "core/facet_failure",
        "sides": "core/conversation_side",
        "side_failures": "core/side_failure",
        "verifier_score": "core/verifier_score",
        "verifier_reliability": "core/verifier_reliability",
        "mapping_accuracy": "core/mapping_accuracy",
        "task_nodes": "core/task_hierarchy",
        **MODEL_USES,
    },
    beside={"accuracy": ACCURACY, "agreement": AGREEMENT, "estimates": ESTIMATES},
)
def index_tables(
    context: dg.AssetExecutionContext,
    manifest: pl.DataFrame,
    index_manifest: pl.DataFrame,
    conversations: pl.LazyFrame,
    facets: pl.DataFrame,
    conversation_task: pl.DataFrame,
    clusters: pl.DataFrame,
    members: pl.DataFrame,
    lineage: pl.DataFrame,
    accuracy: pl.DataFrame | None,
    agreement: pl.DataFrame | None,
    estimates: pl.DataFrame | None,
    **others: pl.DataFrame,
) -> Mapping[str, pl.DataFrame]:
    """Count, withhold, round and validate every table of the month.

    They are made together, because what one table withholds must not be found from another, and because the row of
    meta/vintage names what exactly these rows were made from.
    """
    settings, store = context.resources.settings, context.resources.store
    facts = conversations.drop("messages").collect()
    validation = month_validation(
        accuracy,
        agreement,
        estimates,
        conversations=facts,
        facets=facets,
        conversation_task=conversation_task.filter(pl.col("mapping_route").cast(pl.String) == settings.mapping_route),
        tasks=others["tasks"],
        occupations=others["occupations"],
    )
    made = vintage_row(
        context.partition_key,
        settings,
        conversations=facts,
        facets=facets,
        manifest=manifest,
        index_manifest=index_manifest,
        occupations=others["occupations"],
        conversation_task=conversation_task,
        clusters=clusters,
        publication=Publication(datetime.now(tz=UTC), context.run_id, last_vintage(store, context.partition_key)),
        lineage=lineage,
        validation_digest=validation.digest,
    )
    vintage = with_hierarchy_note(made, others["task_nodes"])
    routes = {str(route): rows for (route,), rows in conversation_task.group_by("mapping_route", maintain_order=True)}
    inputs = MonthInputs(
        facets=facets,
        conversations=facts,
        conversation_task=routes.pop(settings.mapping_route, conversation_task.clear()),
        other_routes=routes,
        catalogue=Catalogue(
            tasks=others["tasks"],
            occupations=others["occupations"],
            allocation=allocation_weights(others["tasks"]),
            task_activities=others["task_activities"],
            activities=others["activities"],
        ),
        clusters=clusters,
        members=members,
        lineage=lineage,
        sides=others["sides"],
        skill_names=skill_names(others["elements"]),
    )
    rows = vintage_context(vintage, settings)
    counted = aggregate_month(inputs, policy=settings.policy, account_basis=rows.account_basis)
    exact = with_sampling_errors(counted, draws=settings.bootstrap_draws, seed=settings.seed)
    failures = pl.concat([others["failures"], others["side_failures"]])
    measured = (others[name] for name in ("verifier_score", "verifier_reliability", "mapping_accuracy"))
    making = Making(failures, *measured)
    return publish_tables(
        exact,
        rows,
        vintage=vintage,
        step_counts=step_counts(others["ingest_count"], inputs),
        model_use=summed_use([others[name] for name in MODEL_USES]),
        making=making,
        validation=validation,
    )
