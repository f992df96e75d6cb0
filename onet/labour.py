"""Labour statistics: OEWS employment and wages, and their join to the occupations of a release.

SOC groups and titles are in `soc`; shares and ratios of employment are computed by the tables that publish them.
"""

import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from onet.errors import LabourFormatError, ReleaseFormatError
from onet.release import Release
from onet.release_files import read_workbook
from onet.soc import SOC_MAJOR_GROUPS
from onet.tables import Occupation, Oews

OEWS_COLUMNS: Final = ("OCC_CODE", "OCC_TITLE", "O_GROUP", "TOT_EMP", "A_MEDIAN", "H_MEDIAN")
DESCRIPTIONS: Final = "Field Descriptions"
# OEWS technical notes: annual wages are hourly wages times a year-round, full-time figure of 2,080 hours.
HOURS_PER_YEAR: Final = 2080
# Published ceiling of annual wages since May 2022, for a file that does not state it ($115.00 per hour).
TOP_CODE_USD: Final = 239_200
WAGE_NOT_AVAILABLE: Final = "*"
TOP_CODE: Final = "#"
EMPLOYMENT_NOT_AVAILABLE: Final = "**"
MARKS: Final = (WAGE_NOT_AVAILABLE, TOP_CODE, EMPLOYMENT_NOT_AVAILABLE)


def load_oews(path: Path) -> dy.DataFrame[Oews]:
    """Load the national, cross-industry OEWS estimates of one May.

    Marks: `**` employment and `*` wage are null; `#` is the published ceiling, flagged; where only an hourly median is
    published, the annual one is 2,080 times it, flagged.

    Args:
        path: Official zip, the workbook in it, or a CSV with the same columns; its name tells the year.

    Returns:
        One row per group, sorted by code and level.

    Raises:
        LabourFormatError: The file cannot be read, lacks a column, or holds a value that is neither number nor mark.
    """
    rows, name, top_code = _read_estimates(path)
    if missing := [column for column in OEWS_COLUMNS if column not in rows.columns]:
        raise LabourFormatError(
            f"{path.name} lacks the column {', '.join(missing)}: expected the national OEWS file, "
            "such as national_M2024_dl.xlsx"
        )
    hourly, annual = _amount(rows, "H_MEDIAN", path.name), _amount(rows, "A_MEDIAN", path.name)
    employment = _amount(rows, "TOT_EMP", path.name)
    is_top_coded = (pl.col("A_MEDIAN") == TOP_CODE) | (annual.is_null() & (pl.col("H_MEDIAN") == TOP_CODE))
    table = rows.select(
        pl.lit(_year(name, path)).alias("oews_year"),
        pl.col("OCC_CODE").str.strip_chars().alias("soc_code"),
        pl.col("O_GROUP").str.strip_chars().str.to_lowercase().alias("soc_group_level"),
        pl.col("OCC_TITLE").alias("title"),
        employment.cast(pl.Int64).alias("employment_count"),
        pl.when(is_top_coded)
        .then(pl.lit(float(top_code)))
        .otherwise(annual.fill_null((hourly * HOURS_PER_YEAR).round(2)))
        .alias("median_wage_usd"),
        is_top_coded.fill_null(False).alias("is_wage_top_coded"),
        (annual.is_null() & hourly.is_not_null() & ~is_top_coded.fill_null(False)).alias("is_wage_from_hourly"),
    )
    try:
        return Oews.validate(table.sort("soc_code", "soc_group_level"), cast=True)
    except dy.exc.ValidationError as error:
        raise LabourFormatError(f"{path.name} breaks the rules of the table Oews: {error}") from error


def _read_estimates(path: Path) -> tuple[pl.DataFrame, str, int]:
    """Rows as text, the name that tells the year, and the ceiling of annual wages."""
    try:
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, infer_schema=False), path.stem, TOP_CODE_USD
        name, data = _workbook(path)
        rows = read_workbook(data, path.name)
        notes = read_workbook(data, path.name, DESCRIPTIONS)
    except (pl.exceptions.PolarsError, zipfile.BadZipFile, zlib.error, OSError, ReleaseFormatError) as error:
        raise LabourFormatError(
            f"cannot read {path.name} ({str(error).splitlines()[0]}): "
            "give the official OEWS zip, the national workbook in it, or a CSV with its columns"
        ) from error
    text = " ".join(str(cell) for row in notes.rows() for cell in row)
    stated = re.search(r"\$([\d,]+) per year", text)
    return rows, name, int(stated.group(1).replace(",", "")) if stated else TOP_CODE_USD


def _workbook(path: Path) -> tuple[str, bytes]:
    if path.suffix.lower() != ".zip":
        return path.stem, path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = [name for name in sorted(archive.namelist()) if re.search(r"national.*\.xlsx$", name, re.IGNORECASE)]
        if len(members) != 1:
            raise LabourFormatError(
                f"{path.name} holds {len(members)} national workbooks: expected one, as in oesm24nat.zip from bls.gov"
            )
        return members[0], archive.read(members[0])


def _year(name: str, path: Path) -> int:
    if match := re.search(r"(20\d{2})", name):
        return int(match.group(1))
    if match := re.search(r"oesm(\d{2})", path.name):
        return 2000 + int(match.group(1))
    raise LabourFormatError(
        f"cannot tell the year of {path.name}: keep the official name (oesm24nat.zip, national_M2024_dl.xlsx)"
    )


def _amount(rows: pl.DataFrame, column: str, name: str) -> pl.Series:
    text = rows[column].str.strip_chars().str.replace_all(",", "")
    numbers = text.cast(pl.Float64, strict=False)
    is_bad = numbers.is_null() & text.is_not_null() & ~text.is_in(["", *MARKS])
    if is_bad.any():
        raise LabourFormatError(
            f"{name} has {is_bad.sum()} values in {column} that are neither a number nor *, ** or #"
        )
    return numbers


def occupations_with_labour(release: Release, oews: dy.DataFrame[Oews] | None = None) -> dy.DataFrame[Occupation]:
    """Occupations of a release with employment and median wage.

    An occupation takes the detailed OEWS row of its SOC code, else the broad one, else the minor one, and says which.
    `employment_count * employment_split_weight` sums without double count: codes that share a detailed row share it
    evenly; those that fall back on a broad or minor row share evenly what the finer rows do not already count.

    Args:
        release: Release.
        oews: Estimates of one year; None leaves the labour columns null.

    Returns:
        One row per occupation, sorted by code.

    Raises:
        ValueError: The estimates are of more than one year.
    """
    estimates = Oews.create_empty() if oews is None else oews
    if estimates["oews_year"].n_unique() > 1:
        raise ValueError("the OEWS estimates are of more than one year: pass one May")
    task_counts = release.tasks.group_by("onet_soc_code").agg(pl.len().cast(pl.Int64).alias("task_count"))
    base = release.occupations.join(task_counts, on="onet_soc_code", how="left").with_columns(
        pl.col("task_count").fill_null(0),
        pl.lit(release.version).alias("onet_version"),
        pl.col("soc_major_group").replace_strict(SOC_MAJOR_GROUPS, default=None).alias("soc_major_group_title"),
    )
    joined = _add_estimates(base, estimates)
    weights = _split_weights(joined)
    table = joined.join(weights, on="onet_soc_code", how="left").select(Occupation.column_names()).sort("onet_soc_code")
    return Occupation.validate(table, cast=True)


def _add_estimates(occupations: pl.DataFrame, oews: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of the finest OEWS row, its level and its code (`oews_code`)."""
    values = ["employment_count", "median_wage_usd", "is_wage_top_coded", "is_wage_from_hourly", "oews_year"]
    levels = {"detailed": "soc_code", "broad": "soc_broad_code", "minor": "soc_minor_group"}
    rows = oews.with_columns(pl.col("soc_group_level").cast(pl.String))
    found = [
        occupations.select("onet_soc_code", oews_code=column).join(
            rows.filter(pl.col("soc_group_level") == level).select(
                *values, pl.lit(level).alias("oews_level"), pl.col("soc_code").alias("oews_code")
            ),
            on="oews_code",
        )
        for level, column in levels.items()
    ]
    finest = pl.concat(found).unique("onet_soc_code", keep="first", maintain_order=True)
    return occupations.join(finest, on="onet_soc_code", how="left")


def _split_weights(occupations: pl.DataFrame) -> pl.DataFrame:
    """Weight per occupation, so that employment times weight counts every worker once."""
    figures = occupations.group_by("oews_level", "oews_code").agg(
        pl.col("employment_count", "soc_broad_code", "soc_minor_group").first(), pl.len().alias("code_count")
    )
    counted = figures.clear().with_columns(worth=pl.col("employment_count"))
    # From fine to coarse: a coarser figure is worth what the finer ones inside it do not already count.
    for level, group in (("detailed", "oews_code"), ("broad", "soc_broad_code"), ("minor", "soc_minor_group")):
        finer = counted.group_by(group).agg(pl.col("worth").sum().alias("finer"))
        rows = figures.filter(pl.col("oews_level") == level).join(finer, on=group, how="left")
        worth = (pl.col("employment_count") - pl.col("finer").fill_null(0)).clip(lower_bound=0)
        counted = pl.concat([counted, rows.with_columns(worth.alias("worth")).select(counted.columns)])
    has_workers = pl.col("employment_count") > 0
    part = pl.when(has_workers).then(pl.col("worth") / pl.col("employment_count")).otherwise(1.0)
    weights = counted.select("oews_level", "oews_code", (part / pl.col("code_count")).alias("employment_split_weight"))
    return (
        occupations.select("onet_soc_code", "soc_code", "oews_level", "oews_code")
        .join(weights, on=["oews_level", "oews_code"], how="left")
        .select("onet_soc_code", pl.col("employment_split_weight").fill_null(1 / pl.len().over("soc_code")))
    )
