"""The index tables from published task shares alone: percentages by task statement, without conversations.

The shares are public already, so nothing is withheld or rounded; counts and accounts are not available, and the rows
say so. Reading is in `sources`; the shapes that aggregation needs are made in `frames`.
"""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy
from onet.assignment import allocation_table, allocation_weights
from pipelines.aggregate import Catalogue, ExactMonth, ExactTable, aggregate_usage
from pipelines.aggregate.usage import coverage_curve
from pipelines.provenance import INDEX_VERSION, LICENCE, code_version
from pipelines.publish import VintageContext, publish_tables
from pipelines.published_shares.frames import (
    REMAINDERS,
    occupation_frame,
    onet_task_frame,
    published_collaboration,
    task_share_rows,
    with_employment,
)
from pipelines.published_shares.sources import PublishedSources, read_sources, shares_digest

__all__ = [
    "PublishedSources",
    "build_tables",
    "read_sources",
    "shares_context",
    "shares_digest",
    "shares_vintage",
    "tables_from_sources",
]

SOURCE_FLOOR: Final = 15  # the published files list only tasks with at least 15 conversations (and 5 accounts)
# arXiv 2503.04761, table of usage by job zone. It does not follow from the published inputs by the equal split.
PAPER_JOB_ZONES: Final = {"1": 0.0023, "2": 0.0940, "3": 0.1650, "4": 0.5445, "5": 0.1943}
# Digest of the task shares published with that paper (release of 2025-02-10), as `shares_digest` gives it.
PAPER_SHARES_DIGEST: Final = "9c8f1c404d9ffe82657d8626903e5277"


def shares_context(
    sources: PublishedSources,
    *,
    period_start: date = date(2024, 12, 1),
    period_end: date = date(2025, 2, 1),
    channel: str = "assistant",
    onet_version: str = "20.1",
) -> VintageContext:
    """Context of a build from published shares; the defaults are those of the release of 2025-02-10.

    Args:
        sources: Source frames.
        period_start: First day that the shares describe.
        period_end: First day after.
        channel: Where the conversations came from.
        onet_version: Release of the task statements.
    """
    return VintageContext(
        vintage_id=f"{period_start:%Y-%m}-shares-{shares_digest(sources.task_shares)[:12]}",
        period_start=period_start,
        period_end=period_end,
        channel=channel,
        onet_version=onet_version,
        account_basis="not_available",
        policy=DisclosurePolicy(),
    )


def shares_vintage(sources: PublishedSources, context: VintageContext, *, published_at: datetime) -> pl.DataFrame:
    """Row of `meta/vintage` of a build from published shares.

    Args:
        sources: Source frames.
        context: The build.
        published_at: When it is made, UTC.
    """
    none = "none: made from published shares"
    row = {
        "vintage_id": context.vintage_id,
        "index_version": INDEX_VERSION,
        "reference_month": f"{context.period_start:%Y-%m}",
        "published_at": published_at,
        "status": "final",
        "supersedes": None,
        "source": "published_shares",
        "onet_version": context.onet_version,
        "soc_version": context.soc_system,
        "oews_year": None,
        **dict.fromkeys(("summariser", "embedder", "verifier", "facet_version"), none),
        "mapping_route": "cluster",
        "task_label_count": 1,
        "code_version": code_version(),
        "dagster_run_id": None,
        "input_digest": shares_digest(sources.task_shares),
        "sdc_policy_id": context.policy.policy_id,
        "seed": 0,
        "licence": LICENCE,
        "citation": "Computed from published task shares; cite their source, such as arXiv 2503.04761.",
        "notes": "Shares as published by the source; counts and accounts are not available; nothing withheld here.",
    }
    return pl.DataFrame([row], schema_overrides={"supersedes": pl.String, "dagster_run_id": pl.String})


def build_tables(
    task_shares: Path,
    onet_tasks: Path,
    soc: Path,
    collaboration: Path | None = None,
    wages: Path | None = None,
    employment: Path | None = None,
    *,
    published_at: datetime,
) -> dict[str, pl.DataFrame]:
    """Read the published files and make every table of the index from them.

    Args:
        task_shares: Percentages by task statement.
        onet_tasks: O*NET task statements.
        soc: SOC structure.
        collaboration: Percentages by collaboration pattern.
        wages: Median wages and job zones.
        employment: Employment by major group.
        published_at: Time of the build, UTC.

    Returns:
        As `tables_from_sources`, with the row of `meta/vintage`.

    Raises:
        InputUnusableError: A file is missing or cannot be used.
    """
    sources = read_sources(
        task_shares, onet_tasks, soc, collaboration=collaboration, wages=wages, employment=employment
    )
    context = shares_context(sources)
    return tables_from_sources(
        sources, context=context, vintage=shares_vintage(sources, context, published_at=published_at)
    )


def tables_from_sources(
    sources: PublishedSources, *, context: VintageContext | None = None, vintage: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """Make every table of the index from published task shares.

    Statements and occupations that the source does not list are not available (null), not zero: it leaves out tasks
    below its floor.

    Args:
        sources: Source frames.
        context: The build; by default `shares_context(sources)`.
        vintage: Row of `meta/vintage` of the build.

    Returns:
        Published tables by name, the reference tables among them; those that need conversations are empty.

    Raises:
        InputUnusableError: A column is missing, a value is no share, or no statement is found in the catalogue.
    """
    context = context or shares_context(sources)
    tasks = onet_task_frame(sources.onet_tasks, onet_version=context.onet_version)
    occupations = occupation_frame(sources, tasks, onet_version=context.onet_version)
    catalogue = Catalogue(occupations, tasks, allocation_weights(tasks))
    task_rows = task_share_rows(sources.task_shares, tasks)
    tables, _ = aggregate_usage(task_rows, catalogue, policy=None, remainders=REMAINDERS)
    coverage = coverage_curve(catalogue, tables["task"], floors=[SOURCE_FLOOR], policy=None)
    for name in ("task", "task_occupation", "occupation"):
        tables[name] = _unlisted_as_missing(tables[name])
    if sources.employment is not None:
        tables["major_group"] = with_employment(tables["major_group"], sources.employment)
    if shares_digest(sources.task_shares) == PAPER_SHARES_DIGEST:
        printed = pl.col("zone").replace_strict(PAPER_JOB_ZONES, default=None, return_dtype=pl.Float64)
        zones = tables["job_zone"]
        tables["job_zone"] = replace(zones, cells=zones.cells.with_columns(reference_usage_share=printed))
    exact = ExactMonth(
        tables=tables,
        collaboration=None if sources.collaboration is None else published_collaboration(sources.collaboration),
        coverage=coverage,
        catalogue=catalogue,
        has_counts=False,
    )
    groups = sources.soc.with_columns(pl.lit(context.onet_version).alias("onet_version"))
    reference = {
        "ref/onet_task": tasks,
        "ref/occupation": occupations,
        "ref/task_allocation": allocation_table(tasks, occupations),
        "ref/soc_group": groups,
    }
    return publish_tables(exact, context, vintage=vintage, reference=reference)


def _unlisted_as_missing(table: ExactTable) -> ExactTable:
    """Null the shares of statements and occupations that the source does not list."""
    is_unlisted = (pl.col("row_kind") == "value") & (pl.col("usage_share") == 0)
    shares = [
        pl.when(~is_unlisted).then(pl.col(name)).alias(name)
        for name in ("usage_share", "representation_ratio")
        if name in table.cells.columns
    ]
    return replace(table, cells=table.cells.with_columns(shares))
