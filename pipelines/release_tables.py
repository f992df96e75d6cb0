"""A release as working tables and back, and its task index kept on disk."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from filelock import FileLock

from onet.errors import TaskIndexMismatchError
from onet.index_building import build_task_index
from onet.index_form import index_form
from onet.release import Release
from onet.tables import (
    Activity,
    ContentElement,
    OccupationSkill,
    OccupationTitle,
    OnetOccupation,
    OnetTask,
    TaskActivity,
)
from onet.task_index import Encoder, TaskIndex, index_metadata, load_task_index, save_task_index

FRAMES: Mapping[str, str] = {
    "occupations": "core/onet_occupation",
    "tasks": "ref/onet_task",
    "task_activities": "ref/task_activity",
    "activities": "ref/activity",
    "titles": "core/occupation_title",
    "skills": "core/occupation_skill",
    "elements": "core/content_element",
}
"""Table of the store for each frame of a release."""


def release_manifest(release: Release) -> pl.DataFrame:
    """Rows per file of a release, with its version, kind and digest on each."""
    return release.row_counts.select(
        pl.lit(release.version).alias("onet_version"),
        pl.lit(release.source_kind).alias("source_kind"),
        pl.lit(release.digest).alias("release_digest"),
        pl.all(),
    )


def release_from_tables(manifest: pl.DataFrame, frames: Mapping[str, pl.DataFrame]) -> Release:
    """The release that the working tables hold.

    Args:
        manifest: Table `core/release`.
        frames: The other tables by the names of `FRAMES`.
    """
    first = manifest.row(0, named=True)
    return Release(
        version=first["onet_version"],
        source_kind=first["source_kind"],
        digest=first["release_digest"],
        row_counts=manifest.drop("onet_version", "source_kind", "release_digest"),
        occupations=OnetOccupation.validate(frames["occupations"]),
        tasks=OnetTask.validate(frames["tasks"]),
        task_activities=TaskActivity.validate(frames["task_activities"]),
        activities=Activity.validate(frames["activities"].drop("onet_version")),
        titles=OccupationTitle.validate(frames["titles"]),
        skills=OccupationSkill.validate(frames["skills"]),
        elements=ContentElement.validate(frames["elements"]),
    )


def task_index_path(folder: Path, release_digest: str, encoder_name: str) -> Path:
    """File of the index of a release and an encoder, in the form of this code, its requests and its weights."""
    safe = "".join(character if character.isalnum() else "-" for character in encoder_name)
    return folder / f"{release_digest}-{safe}-{index_form()}.parquet"


def ensure_task_index(release: Release, encoder: Encoder, folder: Path, *, seed: int) -> TaskIndex:
    """The index of a release, built once and reused afterwards; built anew where what is stored does not fit.

    Args:
        release: Release whose statements are indexed.
        encoder: Encoder of the statements.
        folder: Where indexes are kept.
        seed: Seed of the split that calibrates the verifier.
    """
    path = task_index_path(folder, release.digest, encoder.name)
    if not _is_usable(path, release, encoder):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not _is_usable(path, release, encoder):  # another process may have made it meanwhile
                save_task_index(build_task_index(release, encoder, seed=seed), path)
    return load_task_index(path, release_digest=release.digest, encoder_name=encoder.name)


def _is_usable(path: Path, release: Release, encoder: Encoder) -> bool:
    """Whether an index of this release, encoder and form is there as a whole."""
    try:
        index_metadata(path, release_digest=release.digest, encoder_name=encoder.name)
    except TaskIndexMismatchError:
        return False
    return True


def task_index_manifest(index: TaskIndex, *, request_encoder_name: str) -> pl.DataFrame:
    """One row that describes an index: release, encoder, size, and its measured retrieval where there is any.

    Args:
        index: Index.
        request_encoder_name: Encoder of the requests that are clustered, where the index may have an adapted one.
    """
    measured = dataclasses.asdict(index.evaluation) if index.evaluation else {}
    for prefix in ("request_", "further_", "occupation_"):
        other = getattr(index, f"{prefix}evaluation")
        measured |= {prefix + name: value for name, value in dataclasses.asdict(other).items()} if other else {}
    row = {
        "onet_version": index.onet_version,
        "release_digest": index.release_digest,
        "encoder_name": index.encoder_name,
        "request_encoder_name": request_encoder_name,
        "statement_count": index.statements.height,
        "calibration_basis": index.calibration.basis,
        "text_verifier": index.text_verifier.name,
        **{name: value for name, value in measured.items() if isinstance(value, int | float | str)},
    }
    return pl.DataFrame([row])


def stored_task_index(manifest: pl.DataFrame, encoder: Encoder, folder: Path) -> TaskIndex:
    """The index that table `core/task_index` describes.

    Raises:
        TaskIndexMismatchError: It was built for another release or encoder.
    """
    digest = manifest.item(0, "release_digest")
    path = task_index_path(folder, digest, manifest.item(0, "encoder_name"))
    return load_task_index(path, release_digest=digest, encoder_name=encoder.name)
