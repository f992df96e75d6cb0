"""A month of invented conversations over a small catalogue, as the aggregation reads it; every choice is seeded."""

from datetime import date

import numpy as np
import polars as pl

from clio_lite.privacy import DisclosurePolicy
from clio_lite.tables import COLLABORATION_PATTERNS, USE_CASES
from onet.assignment import allocation_weights
from onet.soc import SOC_MAJOR_GROUPS
from pipelines.aggregate import Catalogue, MonthInputs
from pipelines.contracts import TABLES
from pipelines.publish import VintageContext

GROUPS = ("11", "15", "25", "43")
SHARED_TASKS = 3
POLICY = DisclosurePolicy()


def make_catalogue(*, occupations_per_group: int = 3, tasks_per_occupation: int = 4) -> Catalogue:
    """Occupations with wages and zones, some unknown; the first tasks are shared by the first of every group."""
    codes = [f"{group}-{1000 + 11 * n}.00" for group in GROUPS for n in range(occupations_per_group)]
    tasks = []
    for place, code in enumerate(codes):
        for n in range(tasks_per_occupation):
            shared = place % occupations_per_group == 0 and n < SHARED_TASKS
            task_id = f"{1000 + place * 100 + n}"
            tasks.append(
                (
                    task_id,
                    code,
                    f"shared task {n}" if shared else f"task {n} of {code}",
                    str(1000 + n) if shared else task_id,
                )
            )
    names = ["task_id", "onet_soc_code", "task", "statement_task_id"]
    task_frame = pl.DataFrame(tasks, schema=names, orient="row").with_columns(
        onet_version=pl.lit("30.1"), task_key=pl.col("task"), task_type=pl.lit("Core"),
        incumbents_count=pl.lit(None, dtype=pl.Int64), importance_grade=pl.lit(None, dtype=pl.Float64),
        relevance_share=pl.lit(None, dtype=pl.Float64),
    )  # fmt: skip
    occupations = pl.DataFrame(
        {
            "onet_soc_code": codes,
            "title": [f"Occupation {code}" for code in codes],
            "description": ["invented"] * len(codes),
            "job_zone": [None if n % 5 == 4 else 1 + n % 5 for n in range(len(codes))],
            "soc_code": [code[:7] for code in codes],
            "soc_broad_code": [code[:6] + "0" for code in codes],
            "soc_minor_group": [code[:4] + "000" for code in codes],
            "soc_major_group": [code[:2] for code in codes],
            "onet_version": ["30.1"] * len(codes),
            "soc_major_group_title": [SOC_MAJOR_GROUPS[code[:2]] for code in codes],
            "task_count": [tasks_per_occupation] * len(codes),
            "employment_count": [10_000 * (n + 1) for n in range(len(codes))],
            "employment_split_weight": [1.0] * len(codes),
            "median_wage_usd": [None if n % 7 == 6 else 25_000.0 + 15_000 * n for n in range(len(codes))],
            "is_wage_top_coded": [False] * len(codes),
            "is_wage_from_hourly": [n == 1 for n in range(len(codes))],
            "oews_year": [2024] * len(codes),
            "oews_level": ["detailed"] * len(codes),
        }
    )
    tasks_checked = TABLES["ref/onet_task"].validate(
        task_frame.select(TABLES["ref/onet_task"].column_names()), cast=True
    )
    return Catalogue(
        TABLES["ref/occupation"].validate(occupations.select(TABLES["ref/occupation"].column_names()), cast=True),
        tasks_checked,
        allocation_weights(tasks_checked),
        *make_activities(tasks_checked["task_id"].to_list()),
    )


def make_activities(task_ids: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Links of tasks to six intermediate activities under three: every third task has two, every seventh none."""
    iwas = [f"4.A.{n // 2 + 1}.a.1.I0{n % 2 + 1}" for n in range(6)]
    links = [
        (task_id, f"{iwa}.D01", iwa, iwa[:9], 1 / len(chosen))
        for place, task_id in enumerate(task_ids)
        if place % 7 != 6
        for chosen in [sorted({iwas[place % 6], iwas[(place * 5 + 1) % 6]} if place % 3 == 0 else {iwas[place % 6]})]
        for iwa in chosen
    ]
    names = ["task_id", "dwa_id", "iwa_id", "gwa_id", "activity_weight"]
    task_activities = pl.DataFrame(links, schema=names, orient="row").with_columns(onet_version=pl.lit("30.1"))
    levels = [(iwa, "iwa", f"Activity {iwa}", iwa[:9]) for iwa in iwas]
    levels += [(gwa, "gwa", f"Activity {gwa}", None) for gwa in sorted({iwa[:9] for iwa in iwas})]
    activities = pl.DataFrame(
        levels, schema=["activity_id", "activity_level", "title", "parent_id"], orient="row"
    ).with_columns(onet_version=pl.lit("30.1"))
    return (
        TABLES["ref/task_activity"].validate(task_activities.select(TABLES["ref/task_activity"].column_names())),
        TABLES["ref/activity"].validate(activities.select(TABLES["ref/activity"].column_names()), cast=True),
    )


def make_month(
    *,
    seed: int,
    conversations: int = 600,
    accounts: int = 120,
    heavy: float = 0.1,
    without_account: float = 0.05,
    catalogue: Catalogue | None = None,
) -> MonthInputs:
    """Conversations with skewed tasks, one heavy account, and a cluster tree of three levels."""
    rng = np.random.default_rng(seed)
    catalogue = catalogue or make_catalogue()
    ids = [f"c{n:05d}" for n in range(conversations)]
    account = np.where(rng.random(conversations) < heavy, 0, rng.integers(0, accounts, conversations))
    has_account = rng.random(conversations) >= without_account
    frame = pl.DataFrame(
        {
            "conversation_id": ids,
            "account_key": [f"k{a:04d}" if has else None for a, has in zip(account, has_account, strict=True)],
            "has_account": has_account,
            "is_counted": rng.random(conversations) > 0.03,
            "model": rng.choice(["model-a", "model-b", "rare-model"], conversations, p=[0.6, 0.385, 0.015]),
        },
        schema_overrides={"conversation_id": pl.String, "account_key": pl.String},
    )
    facets = pl.DataFrame(
        {
            "conversation_id": ids,
            "is_occupational": rng.random(conversations) < 0.8,
            "collaboration_pattern": rng.choice(
                COLLABORATION_PATTERNS, conversations, p=[0.3, 0.15, 0.25, 0.2, 0.03, 0.04, 0.03]
            ),
            "use_case": rng.choice(USE_CASES, conversations, p=[0.5, 0.2, 0.25, 0.05]),
            "language": pl.Series(rng.choice(["en", "de", "fr", ""], conversations, p=[0.8, 0.12, 0.05, 0.03])).replace(
                "", None
            ),
            "skills": [
                sorted(set(rng.choice(["Writing", "Programming", "Speaking"], rng.integers(0, 3)))) for _ in ids
            ],
        },
        schema_overrides={"conversation_id": pl.String, "language": pl.String, "skills": pl.List(pl.String)},
    )
    statements = sorted(catalogue.tasks["statement_task_id"].unique())
    weights = 1.0 / np.arange(1, len(statements) + 1)
    chosen = rng.choice([*statements, "none"], conversations, p=[*(weights / weights.sum() * 0.95), 0.05])
    mapped = rng.random(conversations) < 0.95
    conversation_task = frame.select(
        "conversation_id",
        statement_task_id=pl.Series(chosen, dtype=pl.String),
        mapping_route=pl.lit("cluster"),
        match_weight=pl.lit(1.0),
    ).filter(pl.Series(mapped, dtype=pl.Boolean))
    clusters, members = _clusters(ids, rng)
    return MonthInputs(
        facets, frame, conversation_task, catalogue, clusters, members, skill_names=("Active Listening",)
    )


def _clusters(ids: list[str], rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Twelve base clusters under four and two; a few conversations in none."""
    base = rng.choice(12, len(ids), p=np.arange(12, 0, -1) / 78)
    members = [
        (conversation_id, level, f"L{level}-{number // (1, 3, 6)[level]}")
        for conversation_id, number in zip(ids, base, strict=True)
        if rng.random() > 0.02
        for level in (0, 1, 2)
    ]
    rows = []
    for level, count in ((0, 12), (1, 4), (2, 2)):
        for number in range(count):
            parent = None if level == 2 else f"L{level + 1}-{number // (3 if level == 0 else 2)}"
            rows.append(
                (
                    f"L{level}-{number}",
                    level,
                    parent,
                    f"Do thing {number}",
                    "Two. Sentences.",
                    4 + number % 2 if number else 3,
                )
            )
    clusters = pl.DataFrame(
        rows, schema=["cluster_id", "cluster_level", "parent_id", "name", "description", "privacy_grade"], orient="row"
    ).with_columns(map_x=pl.lit(0.1), map_y=pl.lit(0.2))
    names = {"conversation_id": pl.String, "cluster_level": pl.Int64, "cluster_id": pl.String}
    return clusters, pl.DataFrame(members, schema=names, orient="row")


def make_context(policy: DisclosurePolicy = POLICY, *, vintage_id: str = "2026-10-test") -> VintageContext:
    """Context of October 2026."""
    return VintageContext(
        vintage_id=vintage_id, period_start=date(2026, 10, 1), period_end=date(2026, 11, 1), channel="assistant",
        onet_version="30.1", account_basis="account", policy=policy,
    )  # fmt: skip
