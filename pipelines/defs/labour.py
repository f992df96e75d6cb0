"""Assets of the labour statistics: OEWS, and the occupations with employment and wages beside them."""

import dagster as dg
import polars as pl

from onet.assignment import allocation_table
from onet.labour import load_oews, occupations_with_labour
from onet.soc import load_soc_structure, soc_groups
from onet.tables import Oews
from pipelines.defs.declare import TableSpec, tables
from pipelines.release_tables import FRAMES, release_from_tables
from pipelines.sources import oews_path, soc_structure_path

GROUP = "labour_statistics"


@tables(TableSpec("raw/oews", GROUP, schema=Oews, is_monthly=False, settings=("oews", "onet")))
def oews(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """Load the national OEWS estimates that the settings name; no rows where none are named."""
    path = oews_path(context.resources.settings)
    return load_oews(path) if path else Oews.create_empty()


@tables(
    TableSpec("ref/occupation", GROUP, is_monthly=False),
    upstream={"manifest": "core/release", "oews": "raw/oews", **FRAMES},
)
def occupation(
    context: dg.AssetExecutionContext, manifest: pl.DataFrame, oews: pl.DataFrame, **frames: pl.DataFrame
) -> pl.DataFrame:
    """Put employment and wages beside every occupation of the release."""
    estimates = Oews.validate(oews) if oews.height else None
    return occupations_with_labour(release_from_tables(manifest, frames), estimates)


@tables(
    TableSpec("ref/task_allocation", GROUP, is_monthly=False),
    upstream={"onet_task": "ref/onet_task", "occupation": "ref/occupation"},
)
def task_allocation(
    context: dg.AssetExecutionContext, onet_task: pl.DataFrame, occupation: pl.DataFrame
) -> pl.DataFrame:
    """Split shared statements among their occupations evenly, by employment and by importance."""
    return allocation_table(onet_task, occupation)


@tables(
    TableSpec("ref/soc_group", GROUP, is_monthly=False, settings=("soc_structure",)),
    upstream={"manifest": "core/release", "oews": "raw/oews", **FRAMES},
)
def soc_group(
    context: dg.AssetExecutionContext, manifest: pl.DataFrame, oews: pl.DataFrame, **frames: pl.DataFrame
) -> pl.DataFrame:
    """Titles and ladder of the SOC groups, from the structure file where one is named."""
    path = soc_structure_path(context.resources.settings)
    release = release_from_tables(manifest, frames)
    groups = soc_groups(
        release,
        Oews.validate(oews) if oews.height else None,
        load_soc_structure(path) if path else None,
    )
    return groups.with_columns(pl.lit(release.version).alias("onet_version"))
