"""Assets of the O*NET taxonomy: the release's tables and the index of its task statements."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from onet import tables as onet_tables
from onet.gold import SPLIT_SEED
from onet.phrasebook import has_phrased_activities
from onet.release import load_release
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_adapted_encoder, open_encoder, open_index_encoder, open_model
from pipelines.lineage import earlier_tasks, lineage_into, soc_crosswalk
from pipelines.model_roles import CLUSTER_ROLES, cluster_writers, use_table
from pipelines.models import refuse_failures
from pipelines.release_tables import (
    FRAMES,
    ensure_task_index,
    release_from_tables,
    release_manifest,
    stored_task_index,
    task_index_manifest,
)
from pipelines.sources import release_path
from pipelines.task_levels import TASKS_RUN, write_hierarchy

GROUP = "taxonomy"
_HIERARCHY = ("seed", "task_hierarchy_model", "max_failure_share")


def _spec(name: str, schema: type | None = None, description: str = "") -> TableSpec:
    return TableSpec(name, GROUP, description, schema=schema, is_monthly=False, settings=("onet",))


@tables(
    _spec("core/release", description="One row per file of the O*NET release: rows in the file and in our table."),
    _spec("core/onet_occupation", onet_tables.OnetOccupation),
    _spec("ref/onet_task"),
    _spec("ref/task_activity"),
    _spec("ref/activity"),
    _spec("core/occupation_title", onet_tables.OccupationTitle),
    _spec("core/occupation_skill", onet_tables.OccupationSkill),
    _spec("core/content_element", onet_tables.ContentElement),
)
def onet_release(context: dg.AssetExecutionContext) -> Mapping[str, pl.DataFrame]:
    """Load and validate the O*NET release that the settings name."""
    release = load_release(release_path(context.resources.settings, context.resources.store))
    return {
        "core/release": release_manifest(release),
        "core/onet_occupation": release.occupations,
        "ref/onet_task": release.tasks,
        "ref/task_activity": release.task_activities,
        "ref/activity": release.activities.with_columns(pl.lit(release.version).alias("onet_version")),
        "core/occupation_title": release.titles,
        "core/occupation_skill": release.skills,
        "core/content_element": release.elements,
    }


@tables(TableSpec("ref/soc_crosswalk", GROUP, is_monthly=False, settings=("soc_crosswalk",)))
def soc_crosswalk_table(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """Load the O*NET-SOC crosswalk that the settings name; no rows where none is named."""
    return soc_crosswalk(context.resources.settings)


@tables(
    TableSpec("ref/task_lineage", GROUP, is_monthly=False, settings=("earlier_onet",)),
    upstream={"onet_task": "ref/onet_task", "crosswalk": "ref/soc_crosswalk"},
)
def task_lineage(context: dg.AssetExecutionContext, onet_task: pl.DataFrame, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Trace the statements of earlier releases into this one; no rows where the settings name none."""
    return lineage_into(onet_task, earlier_tasks(context.resources.settings, context.resources.store), crosswalk)


@tables(
    TableSpec(
        "core/task_index",
        GROUP,
        "The index of task statements: what it was built from, and how well it retrieves held-out links.",
        is_monthly=False,
        settings=("onet", "encoder", "encoder_backend", "encoder_route"),
        kinds=("polars", "parquet", "onnx"),
    ),
    upstream={"manifest": "core/release", **FRAMES},
)
def task_index(context: dg.AssetExecutionContext, manifest: pl.DataFrame, **frames: pl.DataFrame) -> pl.DataFrame:
    """Embed the unique task statements, or reuse the index already built for this release and encoder."""
    settings, store = context.resources.settings, context.resources.store
    release = release_from_tables(manifest, frames)
    own = open_encoder(settings, store)
    # A configured encoder, and a catalogue of other activities than O*NET's, such as the starter's, go unadapted.
    is_adapted = not settings.encoder and has_phrased_activities(release.activities)
    encoder = open_adapted_encoder(settings, store) if is_adapted else own
    index = ensure_task_index(release, encoder, store.task_indexes, seed=SPLIT_SEED)
    return task_index_manifest(index, request_encoder_name=own.name)


@tables(
    TableSpec(
        "core/task_hierarchy",
        GROUP,
        "One row per node above the statements: 12 top nodes, and middle nodes under them; who grouped and named them.",
        is_monthly=False,
        settings=_HIERARCHY,
    ),
    TableSpec(
        "core/task_hierarchy_statement",
        GROUP,
        "One row per statement: its middle and top node.",
        is_monthly=False,
        settings=_HIERARCHY,
    ),
    TableSpec("core/task_hierarchy_model_use", GROUP, is_monthly=False, settings=_HIERARCHY),
    upstream={"index_manifest": "core/task_index"},
)
def task_hierarchy(context: dg.AssetExecutionContext, index_manifest: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """Group the statements into a hierarchy that conversations can be walked down."""
    settings, store = context.resources.settings, context.resources.store
    encoder = open_index_encoder(settings, store, index_manifest)
    index = stored_task_index(index_manifest, encoder, store.task_indexes)
    roles = CLUSTER_ROLES if settings.task_hierarchy_model else ()
    models = {role: open_model(settings, store, role, run=TASKS_RUN) for role in roles}
    writers = cluster_writers(models.get("label"), models.get("hierarchy"), lambda: encoder, settings)
    found = write_hierarchy(index, writers, seed=settings.seed)
    use = use_table(list(models.values()))
    refuse_failures(use, max_failure_share=settings.max_failure_share)
    return {
        "core/task_hierarchy": found.nodes,
        "core/task_hierarchy_statement": found.statements,
        "core/task_hierarchy_model_use": use,
    }
