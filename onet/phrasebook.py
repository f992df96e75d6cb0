"""The phrasebook: requests as people type them, each written for one detailed work activity or for one occupation.

How its lines are written and reviewed is in `phrasebook.md`; what it is used for, in `bridges`, `hubs`, `adaptation`.
"""

from functools import cache
from importlib import resources
from typing import Final

import polars as pl

from onet.errors import PhrasebookMismatchError

ENGLISH_MEASURING_WRITERS: Final = ("h", "o")

MEASURING_WRITERS: Final = (*ENGLISH_MEASURING_WRITERS, "t")
"""Writers whose requests nothing is trained on: on them probabilities are fitted and accuracy is measured.

Those that are not in ENGLISH_MEASURING_WRITERS wrote in other languages."""

IS_MEASURING: Final = pl.col("writer").is_in(MEASURING_WRITERS)

KNOWN_SHARE: Final = 0.9
"""Part of the phrasebook's activities that a release must have for its ids to mean the same; releases retire a few."""

PHRASEBOOK_SCHEMA: Final = {
    "iwa_id": pl.String,
    "dwa_id": pl.String,
    "language": pl.String,
    "writer": pl.String,
    "style": pl.String,
    "request": pl.String,
}

OCCUPATION_SCHEMA: Final = {"onet_soc_code": pl.String, "writer": pl.String, "request": pl.String}


@cache
def request_files() -> tuple[bytes, bytes]:
    """Contents of the two files: requests of activities, and requests from occupations."""
    folder = resources.files("onet")
    return (folder / "phrasebook.csv").read_bytes(), (folder / "occupation_requests.csv").read_bytes()


@cache
def read_phrasebook() -> pl.DataFrame:
    """Read the phrasebook.

    Returns:
        iwa_id, dwa_id, language (ISO 639-1), writer (a letter), style (terse or chatty) and request, sorted by all.
    """
    return pl.read_csv(request_files()[0], schema=PHRASEBOOK_SCHEMA)


@cache
def read_occupation_requests() -> pl.DataFrame:
    """Read the requests from occupations.

    Returns:
        onet_soc_code, writer (a letter) and request, sorted by all of them.
    """
    return pl.read_csv(request_files()[1], schema=OCCUPATION_SCHEMA)


def has_phrased_activities(activities: pl.DataFrame) -> bool:
    """Whether the activities of a release are those that the phrasebook was written for.

    Args:
        activities: Activity of the release.
    """
    written = set(read_phrasebook()["dwa_id"])
    return len(written & set(activities["activity_id"])) >= KNOWN_SHARE * len(written)


def taught_requests(activities: pl.DataFrame) -> pl.DataFrame:
    """Requests of activities in all languages, without those of MEASURING_WRITERS.

    Args:
        activities: Activity of a release.

    Returns:
        The columns of `read_phrasebook`.

    Raises:
        PhrasebookMismatchError: The release has other activities, though their ids may look alike.
    """
    if not has_phrased_activities(activities):
        written = set(read_phrasebook()["dwa_id"])
        known = len(written & set(activities["activity_id"]))
        raise PhrasebookMismatchError(
            f"expected a release with the {len(written)} activities of the phrasebook, found {known} of them: "
            "name O*NET's own release, such as 29.1, not a catalogue with ids of its own"
        )
    return read_phrasebook().filter(~IS_MEASURING)


def activity_phrases(activities: pl.DataFrame) -> dict[str, list[str]]:
    """English requests of `taught_requests` by detailed activity.

    Args:
        activities: Activity of a release.

    Raises:
        PhrasebookMismatchError: The release has other activities, though their ids may look alike.
    """
    lines = taught_requests(activities).filter(pl.col("language") == "en").select("dwa_id", "request")
    return {dwa: group["request"].to_list() for (dwa,), group in lines.group_by("dwa_id", maintain_order=True)}
