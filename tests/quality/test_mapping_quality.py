"""Recorded floors of the mapping on O*NET 29.1: business occupations, titles and requests that nothing was trained on.

The whole release takes minutes to index; its figures are in `docs/mapping.md`.
"""

import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from clio_lite.adapter import read_adapter
from clio_lite.multilingual import load_parallel_encoder
from onet.gold import SPLIT_SEED
from onet.index_building import build_task_index
from onet.release import Release, load_release
from onet.task_index import Encoder, TaskIndex
from pipelines.defs.resources import ADAPTER, PROJECTION

SHARED = os.environ.get("INDEX_SHARED_DATA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SHARED is None, reason="INDEX_SHARED_DATA does not name the folder with the O*NET releases"),
]
MAJOR_GROUP = "13"
MEASURED = {
    "evaluation": {"hit_at_1": 0.360, "hit_at_5": 0.658, "hit_at_10": 0.763, "near_at_1": 0.447, "brier": 0.220},
    "request_evaluation": {
        "hit_at_1": 0.513,
        "hit_at_5": 0.735,
        "hit_at_10": 0.779,
        "near_at_1": 0.549,
        "brier": 0.189,
    },
    "further_evaluation": {
        "hit_at_1": 0.444,
        "hit_at_5": 0.704,
        "hit_at_10": 0.741,
        "near_at_1": 0.444,
        "brier": 0.200,
    },
    "occupation_evaluation": {
        "hit_at_1": 0.792,
        "hit_at_5": 0.875,
        "hit_at_10": 0.958,
        "near_at_1": 1.0,
        "brier": 0.127,
    },
}
MIN_QUERIES = {"evaluation": 100, "request_evaluation": 100, "further_evaluation": 20, "occupation_evaluation": 15}
SLACK = 0.02


def of_group(release: Release, group: str) -> Release:
    """The occupations, tasks and links of one major group."""
    tasks = release.tasks.filter(pl.col("onet_soc_code").str.starts_with(group))
    return replace(
        release,
        occupations=release.occupations.filter(pl.col("onet_soc_code").str.starts_with(group)),
        tasks=tasks,
        task_activities=release.task_activities.join(tasks.select("task_id").unique(), on="task_id", how="semi"),
        titles=release.titles.filter(pl.col("onet_soc_code").str.starts_with(group)),
    )


@pytest.fixture(scope="module")
def encoder(encoder_cache: Path) -> Encoder:
    return load_parallel_encoder(PROJECTION, adapter=read_adapter(ADAPTER), cache_dir=encoder_cache)


@pytest.fixture(scope="module")
def index(encoder: Encoder) -> TaskIndex:
    release = load_release(Path(SHARED or "") / "onet" / "db_29_1_text.zip")
    return build_task_index(of_group(release, MAJOR_GROUP), encoder, seed=SPLIT_SEED)


@pytest.mark.parametrize("name", list(MEASURED))
def test_titles_and_requests_find_their_statements_as_measured(index: TaskIndex, name: str) -> None:
    found, floor = getattr(index, name), MEASURED[name]
    assert found.query_count > MIN_QUERIES[name]
    for measure in ("hit_at_1", "hit_at_5", "hit_at_10", "near_at_1"):
        assert getattr(found, f"{measure}_share") >= floor[measure] - SLACK
    assert found.brier <= floor["brier"] + SLACK
