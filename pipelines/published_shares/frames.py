"""From source frames to what the tables are aggregated from: catalogue, weights, employment, collaboration."""

from dataclasses import replace
from typing import Final

import dataframely as dy
import polars as pl

from clio_lite.tables import COLLABORATION_PATTERNS
from onet.release_tables import task_key
from onet.soc import soc_columns
from onet.tables import Occupation, OnetTask
from pipelines.aggregate import ExactTable
from pipelines.aggregate.collaboration import (
    AUGMENTATION_PATTERNS,
    AUTOMATION_PATTERNS,
    DENOMINATORS,
    ExactCollaboration,
)
from pipelines.aggregate.usage import with_representation
from pipelines.errors import InputUnusableError
from pipelines.published_shares.sources import (
    COLLABORATION_COLUMNS,
    EMPLOYMENT_COLUMNS,
    ONET_TASK_COLUMNS,
    TASK_SHARE_COLUMNS,
    WAGE_COLUMNS,
    PublishedSources,
    read_numbers,
    require_columns,
)

REMAINDERS: Final = ("none", "not_classified", "not_published")
HOURS_PER_YEAR: Final = 2_080
HIGHEST_HOURLY_WAGE: Final = 1_000.0  # no annual median is below, no hourly one above
SUM_SLACK: Final = 1e-6  # percent; below, a missing remainder is rounding of the source


def onet_task_frame(onet_tasks: pl.DataFrame, *, onet_version: str) -> pl.DataFrame:
    """Task statements in the shape of `onet.tables.OnetTask`.

    Args:
        onet_tasks: Rows of the published file.
        onet_version: Release they come from.

    Raises:
        InputUnusableError: A column is missing or a row is malformed.
    """
    require_columns(onet_tasks, ONET_TASK_COLUMNS, "the task statements")
    task_id = pl.col("task_id")
    optional = {"Task Type": pl.String, "Incumbents Responding": pl.String}
    absent = [
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in optional.items() if name not in onet_tasks.columns
    ]
    rows = onet_tasks.with_columns(absent).select(
        onet_version=pl.lit(onet_version),
        task_id=pl.col("Task ID").cast(pl.String),
        onet_soc_code="O*NET-SOC Code",
        task="Task",
        task_key=task_key(pl.col("Task")),
        task_type="Task Type",
        incumbents_count=pl.col("Incumbents Responding").cast(pl.Float64, strict=False).cast(pl.Int64),
        importance_grade=pl.lit(None, dtype=pl.Float64),
        relevance_share=pl.lit(None, dtype=pl.Float64),
    )
    lowest = task_id.sort_by(task_id.str.len_chars(), task_id).first().over("task_key")
    rows = rows.with_columns(statement_task_id=lowest).select(OnetTask.column_names())
    return _validated(rows, OnetTask, "the task statements")


def occupation_frame(sources: PublishedSources, tasks: pl.DataFrame, *, onet_version: str) -> pl.DataFrame:
    """Occupations of the statements in the shape of `onet.tables.Occupation`, with wages and job zones if given.

    Args:
        sources: Source frames.
        tasks: From `onet_task_frame`.
        onet_version: Release of the statements.

    Raises:
        InputUnusableError: A major group has no title, or the wages fit no occupation.
    """
    counts = tasks.group_by("onet_soc_code").agg(task_count=pl.len().cast(pl.Int64))
    titles = sources.onet_tasks.group_by("O*NET-SOC Code").agg(title=pl.col("Title").min())
    majors = sources.soc.filter(pl.col("soc_group_level").cast(pl.String) == "major").select(
        soc_major_group="soc_group_code", soc_major_group_title="title"
    )
    occupations = (
        titles.rename({"O*NET-SOC Code": "onet_soc_code"})
        .with_columns(soc_columns())
        .join(counts, on="onet_soc_code")
        .join(majors, on="soc_major_group", how="left")
        .join(_wage_frame(sources.wages, titles["O*NET-SOC Code"]), on="onet_soc_code", how="left")
    )
    untitled = occupations.filter(pl.col("soc_major_group_title").is_null())["soc_major_group"].unique().sort()
    if untitled.len():
        raise InputUnusableError(
            f"expected a title for every SOC major group, none for {', '.join(untitled)}: give a complete SOC structure"
        )
    rows = occupations.with_columns(
        onet_version=pl.lit(onet_version),
        description=pl.lit("not in the published files"),
        employment_count=pl.lit(None, dtype=pl.Int64),
        employment_split_weight=pl.lit(1.0),
        is_wage_top_coded=pl.lit(None, dtype=pl.Boolean),
        oews_year=pl.lit(None, dtype=pl.Int64),
        oews_level=pl.lit(None, dtype=pl.String),
    ).select(Occupation.column_names())
    return _validated(rows, Occupation, "the occupations")


def _wage_frame(wages: pl.DataFrame | None, codes: pl.Series) -> pl.DataFrame:
    """Job zone and annual wage by code; hourly figures are turned into 2,080 hours and flagged."""
    if wages is None:
        return pl.DataFrame(
            schema={
                "onet_soc_code": pl.String,
                "job_zone": pl.Int64,
                "median_wage_usd": pl.Float64,
                "is_wage_from_hourly": pl.Boolean,
            }
        )
    require_columns(wages, WAGE_COLUMNS, "the wages")
    if wages["SOCcode"].is_in(codes.implode()).sum() == 0:
        raise InputUnusableError(
            "expected O*NET-SOC codes of the task statements in the wages, found none: same release?"
        )
    if wages["SOCcode"].is_duplicated().any():
        raise InputUnusableError("expected one row per O*NET-SOC code in the wages, found several: correct the file")
    wage = pl.col("MedianSalary").cast(pl.Float64, strict=False)
    zone = pl.col("JobZone").cast(pl.Int64, strict=False)
    is_hourly = wage < HIGHEST_HOURLY_WAGE
    # The file marks an unknown zone by -1.
    return wages.select(
        onet_soc_code="SOCcode",
        job_zone=pl.when(zone.is_between(1, 5)).then(zone),
        median_wage_usd=pl.when(wage > 0).then(pl.when(is_hourly).then(wage * HOURS_PER_YEAR).otherwise(wage)),
        is_wage_from_hourly=pl.when(wage > 0).then(is_hourly),
    )


def task_share_rows(task_shares: pl.DataFrame, tasks: pl.DataFrame) -> pl.DataFrame:
    """Task shares by statement id: fractions, with `none`, what fits no statement, and what the source leaves out.

    Args:
        task_shares: `task_name`, `pct`.
        tasks: From `onet_task_frame`.

    Returns:
        `account_id` (null), `statement_task_id`, `weight`; the weights sum to 1.

    Raises:
        InputUnusableError: A share is missing or negative, the sum exceeds 100, or no name is a statement.
    """
    require_columns(task_shares, TASK_SHARE_COLUMNS, "the task shares")
    pct = read_numbers(task_shares, "pct", "the task shares")
    total = float(pct.sum())
    if not 0 < total <= 100.5:
        raise InputUnusableError(
            f"expected percentages that sum to at most 100 in the task shares, found {total:.6g}: give the whole file"
        )
    keys = tasks.select("task_key", "statement_task_id").unique()
    shares = task_shares.select(task_key=task_key(pl.col("task_name").cast(pl.String)), pct=pct).join(
        keys, on="task_key", how="left"
    )
    if shares["statement_task_id"].null_count() == shares.height:
        raise InputUnusableError(
            f"expected names of task statements in the task shares, none of {shares.height} is one: "
            "give the statements of the release that the shares were made with"
        )
    is_pseudo = pl.col("task_key").is_in(["none", "not_classified"])
    named = shares.select(
        pl.coalesce("statement_task_id", pl.when(is_pseudo).then("task_key").otherwise(pl.lit("not_classified"))).alias(
            "statement_task_id"
        ),
        "pct",
    )
    rest = max(0.0, 100 - total)
    if rest > SUM_SLACK:
        named = pl.concat([named, pl.DataFrame({"statement_task_id": ["not_published"], "pct": [rest]})])
    return (
        named.group_by("statement_task_id")
        .agg(weight=pl.col("pct").sum() / (total + rest if rest > SUM_SLACK else total))
        .sort("statement_task_id")
        .with_columns(account_id=pl.lit(None, dtype=pl.String))
    )


def with_employment(table: ExactTable, employment: pl.DataFrame) -> ExactTable:
    """Major groups beside the employment of the file, matched by title.

    Args:
        table: Exact table of the major groups.
        employment: Title of the major group, and persons employed.

    Raises:
        InputUnusableError: A column is missing, a value is no count, or no title is a major group's.
    """
    require_columns(employment, EMPLOYMENT_COLUMNS, "the employment")
    title, count = EMPLOYMENT_COLUMNS
    persons = read_numbers(employment, count, "the employment")
    shares = employment.select(title=title, employment_share=persons / persons.sum())
    if shares["title"].is_in(table.cells["title"].implode()).sum() == 0:
        raise InputUnusableError("expected titles of SOC major groups in the employment, found none: give major groups")
    cells = table.cells.drop("employment_share").join(shares, on="title", how="left").sort("soc_major_group")
    return replace(table, cells=with_representation(cells))


def published_collaboration(collaboration: pl.DataFrame) -> ExactCollaboration:
    """Collaboration of all conversations from published percentages.

    `classified` and `with_none` are shares of what the file states; `all_seven` are the file's own percentages, with
    what it leaves out as `not_published`.

    Args:
        collaboration: `interaction_type`, `pct`.

    Raises:
        InputUnusableError: A share is missing or negative, the sum exceeds 100, or a pattern is unknown or repeated.
    """
    require_columns(collaboration, COLLABORATION_COLUMNS, "the collaboration shares")
    pct = read_numbers(collaboration, "pct", "the collaboration shares")
    names = collaboration.select(task_key(pl.col("interaction_type").cast(pl.String)).str.replace_all("[ -]", "_"))[
        "interaction_type"
    ]
    wrong = sorted(set(names) - set(COLLABORATION_PATTERNS))
    if wrong or names.is_duplicated().any() or pct.sum() > 100.5:
        raise InputUnusableError(
            f"expected each of {', '.join(COLLABORATION_PATTERNS)} at most once and 100 % in all, found "
            f"{len(wrong)} unknown patterns and {pct.sum():.6g} %: correct the file"
        )
    stated = dict(zip(names, pct / 100, strict=True))
    if sum(stated.get(name, 0.0) for name in DENOMINATORS["classified"]) <= 0:
        raise InputUnusableError(
            "expected shares of the five collaboration patterns, found none: give the published file"
        )
    rest = max(0.0, 1 - float(pct.sum()) / 100)
    rows, bases = [], []
    for denominator, patterns in DENOMINATORS.items():
        known = {name: stated.get(name) for name in patterns}
        whole = sum(value for value in known.values() if value is not None)
        if denominator == "all_seven" and rest > SUM_SLACK:
            known, whole = {**known, "not_published": rest}, whole + rest
        for name, value in known.items():
            kind = name if name in {"none", "not_classified", "not_published"} else "value"
            rows.append((denominator, name, kind, None if value is None else value / whole))
        automation, augmentation = (
            sum(stated.get(name, 0.0) for name in bucket) / whole
            for bucket in (AUTOMATION_PATTERNS, AUGMENTATION_PATTERNS)
        )
        bases.append((denominator, automation, augmentation))
    return _collaboration_of_all(rows, bases)


def _collaboration_of_all(
    rows: list[tuple[str, str, str, float | None]], bases: list[tuple[str, float, float]]
) -> ExactCollaboration:
    """The exact collaboration of the node `all`, without counts."""
    everything = {
        "node_type": pl.lit("all"),
        "node_id": pl.lit("all"),
        "conversation_count": pl.lit(None, dtype=pl.Float64),
        "account_count": pl.lit(None, dtype=pl.Int64),
    }
    shares = pl.DataFrame(
        rows, schema=["denominator", "collaboration_pattern", "row_kind", "pattern_share"], orient="row"
    ).with_columns(account_share=pl.lit(None, dtype=pl.Float64), **everything)
    buckets = pl.DataFrame(bases, schema=["denominator", "automation_share", "augmentation_share"], orient="row")
    nothing = ExactTable(pl.DataFrame(), pl.DataFrame())
    return ExactCollaboration(nothing, nothing, shares, buckets.with_columns(**everything))


def _validated(rows: pl.DataFrame, schema: type[dy.Schema], name: str) -> pl.DataFrame:
    """Validate rows made of an input."""
    try:
        return schema.validate(rows.sort(schema.primary_key()), cast=True)
    except (dy.exc.ValidationError, dy.exc.SchemaError, pl.exceptions.InvalidOperationError) as error:
        raise InputUnusableError(
            f"expected {name} in the published format, found rows that are not ({type(error).__name__}): "
            "check codes, ids and empty cells"
        ) from error
