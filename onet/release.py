"""An O*NET release: all its tables, loaded from a file or folder, or downloaded.

The columns of the files are read in `release_tables`; searching the statements is in `task_index`.
"""

import hashlib
import json
import os
import re
import zipfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import dataframely as dy
import httpx
import polars as pl
import tenacity

from onet.errors import ReleaseDownloadError
from onet.release_files import SourceKind, open_release
from onet.release_tables import (
    load_activities,
    load_elements,
    load_occupations,
    load_skills,
    load_task_activities,
    load_tasks,
    load_titles,
)
from onet.tables import (
    Activity,
    ContentElement,
    OccupationSkill,
    OccupationTitle,
    OnetOccupation,
    OnetTask,
    TaskActivity,
)

DOWNLOAD_URL: Final = "https://www.onetcenter.org/dl_files/database/db_{version}_text.zip"
DOWNLOAD_ATTEMPTS: Final = 4
DEFAULT_WAIT: Final = tenacity.wait_exponential(multiplier=1, max=30)


@dataclass(frozen=True)
class Release:
    """Tables of one release, each sorted by its key; `digest` is that of their content, whatever the distribution."""

    version: str
    source_kind: SourceKind
    digest: str
    occupations: dy.DataFrame[OnetOccupation]
    tasks: dy.DataFrame[OnetTask]
    task_activities: dy.DataFrame[TaskActivity]
    activities: dy.DataFrame[Activity]
    titles: dy.DataFrame[OccupationTitle]
    skills: dy.DataFrame[OccupationSkill]
    elements: dy.DataFrame[ContentElement]
    row_counts: pl.DataFrame


def load_release(path: Path) -> Release:
    """Load a release from the official text or Excel zip, an unpacked folder of either, or the starter catalogue.

    Args:
        path: The zip or the folder.

    Returns:
        The tables, with the row counts of every file and of the table it went into.

    Raises:
        ReleaseNotFoundError: Nothing lies at `path`.
        ReleaseFormatError: A file, a column or a value is not as the release format has it.
    """
    files = open_release(path)
    occupations, counts = load_occupations(files)
    tasks, task_counts = load_tasks(files, occupations)
    activities, activity_counts = load_activities(files)
    task_activities, link_counts = load_task_activities(files, tasks, activities)
    titles, title_counts = load_titles(files, occupations)
    skills, skill_counts = load_skills(files, occupations)
    elements, element_counts = load_elements(files)
    counts += task_counts + link_counts + activity_counts + title_counts + skill_counts + element_counts
    tables: dict[str, pl.DataFrame] = {
        "occupations": occupations,
        "tasks": tasks,
        "task_activities": task_activities,
        "activities": activities,
        "titles": titles,
        "skills": skills,
        "elements": elements,
    }
    return Release(
        version=files.version,
        source_kind=files.source_kind,
        digest=_content_digest(tables),
        occupations=occupations,
        tasks=tasks,
        task_activities=task_activities,
        activities=activities,
        titles=titles,
        skills=skills,
        elements=elements,
        row_counts=pl.DataFrame([asdict(count) for count in counts]),
    )


def _content_digest(tables: dict[str, pl.DataFrame]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, table in sorted(tables.items()):
        digest.update(f"{name}\n{','.join(table.columns)}\n".encode())
        digest.update(table.write_csv(null_value="\\N", quote_style="non_numeric").encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class DownloadRecord:
    """What was downloaded: kept beside the file and compared whenever it is used again."""

    url: str
    sha256: str
    size_bytes: int


def download_release(
    version: str, cache_dir: Path, *, client: httpx.Client, wait: tenacity.wait.wait_base = DEFAULT_WAIT
) -> Path:
    """Download the official text distribution of a release once, and use the cached file afterwards.

    A zip placed in the cache by hand is taken as it is and recorded.

    Args:
        version: Version of the release, such as 29.1.
        cache_dir: Folder for the zip and the record of its SHA-256.
        client: HTTP client, with its timeouts.
        wait: Pause between the attempts.

    Returns:
        Path of the zip.

    Raises:
        ReleaseDownloadError: No such version, no network, or a checksum that differs from the recorded one.
    """
    if not re.fullmatch(r"\d{1,2}\.\d{1,2}", version):
        raise ReleaseDownloadError(
            f"{version!r} is no version of O*NET: expected one such as 29.1, or the path of a file"
        )
    url = DOWNLOAD_URL.format(version=version.replace(".", "_"))
    target = cache_dir / url.rpartition("/")[2]
    record_path = target.with_suffix(".json")
    cache_dir.mkdir(parents=True, exist_ok=True)
    recorded = _read_record(record_path)
    if not target.exists():
        partial = target.with_suffix(f".partial-{os.getpid()}")
        try:
            _fetch(url, partial, client, wait)
            _check_zip(partial, url)
            _compare(_record(url, partial), recorded, target)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    found = _record(url, target)
    _compare(found, recorded, target)
    if recorded is None:
        partial_record = record_path.with_suffix(f".partial-{os.getpid()}")
        partial_record.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
        partial_record.replace(record_path)
    return target


def _fetch(url: str, partial: Path, client: httpx.Client, wait: tenacity.wait.wait_base) -> None:
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(DOWNLOAD_ATTEMPTS),
        wait=wait,
        retry=tenacity.retry_if_exception(_is_transient),
        reraise=True,
    )
    try:
        retrying(_fetch_once, url, partial, client)
    except httpx.HTTPError as error:
        raise ReleaseDownloadError(
            f"could not download {url} ({type(error).__name__}: {error}): check the network and the version, "
            "or download the file by hand and give its path with --onet FILE"
        ) from error


def _fetch_once(url: str, partial: Path, client: httpx.Client) -> None:
    with client.stream("GET", url, follow_redirects=True) as response:
        response.raise_for_status()
        with partial.open("wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, httpx.TransportError)


def _check_zip(partial: Path, url: str) -> None:
    if not zipfile.is_zipfile(partial):
        raise ReleaseDownloadError(
            f"{url} did not answer with a zip: a proxy or a login page may stand in between; "
            "download the file by hand and give its path with --onet FILE"
        )


def _record(url: str, file: Path) -> DownloadRecord:
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return DownloadRecord(url=url, sha256=sha256, size_bytes=file.stat().st_size)


def _read_record(path: Path) -> DownloadRecord | None:
    if not path.exists():
        return None
    try:
        return DownloadRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        names = ", ".join(field.name for field in fields(DownloadRecord))
        raise ReleaseDownloadError(f"{path} is no download record with {names}: delete it and try again") from error


def _compare(found: DownloadRecord, recorded: DownloadRecord | None, target: Path) -> None:
    if recorded is not None and found.sha256 != recorded.sha256:
        raise ReleaseDownloadError(
            f"{target} has SHA-256 {found.sha256[:16]}..., recorded was {recorded.sha256[:16]}...: "
            f"delete {target.name} and {target.with_suffix('.json').name} to accept a fresh download"
        )
