"""The paper's published figures, recomputed from its published inputs; the folder is named by INDEX_SHARED_DATA."""

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.published_shares import build_tables

ROOT = os.environ.get("INDEX_SHARED_DATA")
SOURCE = Path(ROOT or "absent") / "aei_release_2025_02_10"
pytestmark = pytest.mark.skipif(
    not SOURCE.is_dir(), reason="INDEX_SHARED_DATA names no folder with the published inputs"
)


@pytest.fixture(scope="module")
def tables():
    return build_tables(
        SOURCE / "onet_task_mappings.csv",
        SOURCE / "onet_task_statements.csv",
        SOURCE / "SOC_Structure.csv",
        SOURCE / "automation_vs_augmentation.csv",
        SOURCE / "wage_data.csv",
        SOURCE / "bls_employment_may_2023.csv",
        published_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


def percent(table, key, share, digits=1):
    return {row[key]: round(100 * row[share], digits) for row in table.to_dicts() if row[share] is not None}


def test_usage_by_major_group(tables):
    usage = percent(tables["idx/major_group_month"], "soc_major_group", "usage_share")
    assert {code: usage[code] for code in ("15", "27", "25", "43", "19", "13")} == {
        "15": 37.2,
        "27": 10.3,
        "25": 9.3,
        "43": 7.9,
        "19": 6.4,
        "13": 5.9,
    }


def test_depth_of_use(tables):
    curve = tables["idx/coverage_curve"]
    cuts = percent(curve, "coverage_cut", "occupation_share")
    assert [cuts[cut] for cut in (0.10, 0.25, 0.50, 0.75)] == [57.2, 36.2, 11.5, 4.1]
    assert curve["occupation_count"].unique().to_list() == [974]
    assert curve["floor_count"].unique().to_list() == [15]


def test_collaboration(tables):
    rows = tables["idx/collaboration_month"]
    five = percent(rows.filter(pl.col("denominator") == "classified"), "collaboration_pattern", "pattern_share")
    assert five == {
        "directive": 27.8,
        "feedback_loop": 14.8,
        "task_iteration": 31.3,
        "learning": 23.3,
        "validation": 2.8,
        "suppressed": 0.0,
    }
    seven = percent(rows.filter(pl.col("denominator") == "all_seven"), "collaboration_pattern", "pattern_share")
    assert seven["not_published"] == 15.8
    automation = tables["idx/automation_month"].row(by_predicate=pl.col("denominator") == "classified", named=True)
    assert round(100 * automation["augmentation_share"]) == 57
    assert round(100 * automation["automation_share"]) == 43


def test_job_zones_beside_the_printed_ones(tables):
    zones = tables["idx/job_zone_month"]
    ours = percent(zones.filter(pl.col("row_kind") == "value"), "job_zone", "usage_share", 2)
    assert ours == {"1": 0.21, "2": 6.57, "3": 13.90, "4": 59.32, "5": 20.01}
    printed = percent(zones, "job_zone", "reference_usage_share", 2)
    assert printed == {"1": 0.23, "2": 9.40, "3": 16.50, "4": 54.45, "5": 19.43}


def test_hourly_wages_are_annual_and_flagged(tables):
    occupations = tables["ref/occupation"]
    actors = occupations.row(by_predicate=pl.col("title") == "Actors", named=True)
    assert (actors["median_wage_usd"], actors["is_wage_from_hourly"]) == (17.54 * 2_080, True)
    assert occupations["median_wage_usd"].min() > 15_000


def test_employment_of_every_major_group_with_tasks(tables):
    groups = tables["idx/major_group_month"].filter(pl.col("row_kind") == "value")
    assert groups["employment_share"].null_count() == 0
    assert groups["employment_share"].sum() == pytest.approx(1)


def test_effective_number_of_tasks(tables):
    headlines = tables["idx/headline_month"]
    value = headlines.row(by_predicate=pl.col("metric_id") == "effective_task_count", named=True)["value"]
    assert int(value) == 631


def test_every_statement_is_found(tables):
    task = tables["idx/task_month"]
    rest = {row["task_id"]: row["usage_share"] for row in task.filter(pl.col("row_kind") != "value").to_dicts()}
    assert round(100 * rest["none"], 2) == 0.48
    assert rest["not_classified"] == 0
    assert task.filter((pl.col("row_kind") == "value") & (pl.col("usage_share") > 0)).height == 3_513
    assert tables["qa/conservation"]["is_conserved"].all()
