"""Task statements of earlier releases, read from where the settings name them and traced into the release in use."""

from collections.abc import Mapping
from pathlib import Path

import dataframely as dy
import polars as pl

from onet.crosswalk import load_crosswalk
from onet.lineage import trace_tasks
from onet.release import load_release
from onet.tables import SocCrosswalk, TaskLineage
from pipelines.published_shares.frames import onet_task_frame
from pipelines.published_shares.sources import ONET_TASK_COLUMNS, read_table
from pipelines.settings import RunFields
from pipelines.sources import existing_path, release_source
from pipelines.storage import Store

_TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})


def soc_crosswalk(settings: RunFields) -> dy.DataFrame[SocCrosswalk]:
    """The crosswalk that the settings name; no rows where none is named.

    Args:
        settings: `soc_crosswalk` is read.
    """
    if not settings.soc_crosswalk:
        return SocCrosswalk.create_empty()
    return load_crosswalk(existing_path(settings.soc_crosswalk, "an O*NET-SOC crosswalk", "soc_crosswalk"))


def earlier_tasks(settings: RunFields, store: Store) -> dict[str, pl.DataFrame]:
    """Task statements of the earlier releases that the settings name, by the name given to each.

    Args:
        settings: `earlier_onet`: a release (file, folder or version), or a table of task statements alone.
        store: Keeps downloaded releases.
    """
    found: dict[str, pl.DataFrame] = {}
    for name, source in sorted(settings.earlier_onet.items()):
        path = Path(source)
        if path.suffix.lower() in _TABLE_SUFFIXES:
            file = existing_path(source, "task statements", "earlier_onet")
            found[name] = onet_task_frame(read_table(file, ONET_TASK_COLUMNS), onet_version=name)
        else:
            found[name] = load_release(release_source(source, store)).tasks
    return found


def lineage_into(
    tasks: pl.DataFrame, earlier: Mapping[str, pl.DataFrame], crosswalk: pl.DataFrame
) -> dy.DataFrame[TaskLineage]:
    """Trace every earlier release into the one in use.

    The crosswalk is used for a release that has codes of its older edition alone.

    Args:
        tasks: `ref/onet_task`.
        earlier: From `earlier_tasks`.
        crosswalk: From `soc_crosswalk`.
    """
    version = str(tasks.item(0, "onet_version"))
    newer_codes = crosswalk["to_code"].unique().implode()
    frames = []
    for name, older in earlier.items():
        has_old_codes = older.filter(~pl.col("onet_soc_code").is_in(newer_codes)).height > 0
        used = crosswalk if crosswalk.height and has_old_codes else None
        frames.append(trace_tasks(older, tasks, used, from_version=name, to_version=version))
    return TaskLineage.validate(pl.concat([TaskLineage.create_empty(), *frames]))
