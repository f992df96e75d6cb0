"""Source files of published task shares: reading them, and what is asked of every column."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from onet.errors import LabourFormatError
from onet.soc import load_soc_structure
from pipelines.errors import InputUnusableError

TASK_SHARE_COLUMNS: Final = ("task_name", "pct")
ONET_TASK_COLUMNS: Final = ("O*NET-SOC Code", "Title", "Task ID", "Task")
COLLABORATION_COLUMNS: Final = ("interaction_type", "pct")
WAGE_COLUMNS: Final = ("SOCcode", "JobZone", "MedianSalary")
EMPLOYMENT_COLUMNS: Final = ("SOC or O*NET-SOC 2019 Title", "bls_distribution")


@dataclass(frozen=True)
class PublishedSources:
    """Source files as frames, with the columns that the files have.

    Attributes:
        task_shares: `task_name`, `pct`.
        onet_tasks: `O*NET-SOC Code`, `Title`, `Task ID`, `Task`; `Task Type` and `Incumbents Responding` if present.
        soc: `onet.tables.SocGroup`.
        collaboration: `interaction_type`, `pct`; None: not given.
        wages: `SOCcode`, `JobZone`, `MedianSalary`; None: not given.
        employment: Title of the major group and `bls_distribution`; None: not given.
    """

    task_shares: pl.DataFrame
    onet_tasks: pl.DataFrame
    soc: pl.DataFrame
    collaboration: pl.DataFrame | None = None
    wages: pl.DataFrame | None = None
    employment: pl.DataFrame | None = None


def read_sources(
    task_shares: Path,
    onet_tasks: Path,
    soc: Path,
    *,
    collaboration: Path | None = None,
    wages: Path | None = None,
    employment: Path | None = None,
) -> PublishedSources:
    """Read the source files of published task shares.

    Args:
        task_shares: Percentages by task statement.
        onet_tasks: O*NET task statements, comma- or tab-separated.
        soc: SOC structure.
        collaboration: Percentages by collaboration pattern.
        wages: Median wages and job zones by O*NET-SOC code.
        employment: Employment by title of the SOC major group.

    Raises:
        InputUnusableError: A file is missing, is no table, or lacks a column.
    """
    if not soc.is_file():
        raise InputUnusableError(f"expected the SOC structure at {soc.name}, found no such file: check the path")
    try:
        groups = load_soc_structure(soc)
    except LabourFormatError as error:
        raise InputUnusableError(str(error)) from error
    return PublishedSources(
        task_shares=read_table(task_shares, TASK_SHARE_COLUMNS),
        onet_tasks=read_table(onet_tasks, ONET_TASK_COLUMNS),
        soc=groups,
        collaboration=None if collaboration is None else read_table(collaboration, COLLABORATION_COLUMNS),
        wages=None if wages is None else read_table(wages, WAGE_COLUMNS),
        employment=None if employment is None else read_table(employment, EMPLOYMENT_COLUMNS),
    )


def read_table(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """Read a comma- or tab-separated file as text and look for its columns.

    Args:
        path: The file; `.txt` and `.tsv` are tab-separated.
        columns: Columns that it must have.

    Raises:
        InputUnusableError: It is missing, is no table, or lacks a column.
    """
    if not path.is_file():
        raise InputUnusableError(f"expected a table at {path.name}, found no such file: check the path")
    is_tabbed = path.suffix.lower() in {".txt", ".tsv"}
    try:
        # O*NET's text files have no quoting; its statements may hold quotation marks.
        table = pl.read_csv(
            path, infer_schema=False, separator="\t" if is_tabbed else ",", quote_char=None if is_tabbed else '"'
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise InputUnusableError(f"{path.name} is not a readable table: {type(error).__name__}") from error
    return require_columns(table, columns, path.name)


def require_columns(table: pl.DataFrame, columns: tuple[str, ...], name: str) -> pl.DataFrame:
    """Return a table that has its columns and at least one row.

    Args:
        table: Table as read.
        columns: Columns that it must have.
        name: What the table is, for the message.

    Raises:
        InputUnusableError: A column is missing, or there is no row.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputUnusableError(
            f"expected the columns {', '.join(columns)} in {name}, {', '.join(missing)} missing: "
            "give the file in the published format"
        )
    if table.is_empty():
        raise InputUnusableError(f"expected rows in {name}, found none: give the published file")
    return table


def read_numbers(table: pl.DataFrame, column: str, name: str) -> pl.Series:
    """A column as numbers, none of them missing, infinite or negative.

    Args:
        table: Table as read.
        column: Column of the numbers.
        name: What the table is, for the message.

    Raises:
        InputUnusableError: A row has no such number.
    """
    values = table[column].cast(pl.Float64, strict=False)
    bad = int((~values.is_finite().fill_null(value=False) | (values < 0).fill_null(value=True)).sum())
    if bad:
        raise InputUnusableError(
            f"expected numbers of at least 0 in column {column} of {name}, {bad} of {table.height} rows have none: "
            "correct the file"
        )
    return values.alias(column)


def shares_digest(task_shares: pl.DataFrame) -> str:
    """Digest of task shares, whatever the order of their rows.

    Args:
        task_shares: `task_name`, `pct`.
    """
    digest = hashlib.blake2b(digest_size=16)
    rows = task_shares.select("task_name", pl.col("pct").cast(pl.Float64, strict=False)).sort("task_name", "pct")
    for name, pct in rows.iter_rows():
        digest.update(f"{name}\x1f{pct!r}\x1e".encode())
    return digest.hexdigest()
