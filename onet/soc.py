"""SOC codes: the groups above an occupation and their titles.

The roll-up of a code is arithmetic on its digits with the exceptions of the 2010 and 2018 SOC; no table is needed.
Employment and wages by SOC are in `labour`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import dataframely as dy
import polars as pl

from onet.errors import LabourFormatError
from onet.tables import SOC_CODE, Oews, SocGroup

if TYPE_CHECKING:
    from onet.release import Release

# 2018 Standard Occupational Classification, titles of the major groups.
SOC_MAJOR_GROUPS: Final[dict[str, str]] = {
    "11": "Management Occupations",
    "13": "Business and Financial Operations Occupations",
    "15": "Computer and Mathematical Occupations",
    "17": "Architecture and Engineering Occupations",
    "19": "Life, Physical, and Social Science Occupations",
    "21": "Community and Social Service Occupations",
    "23": "Legal Occupations",
    "25": "Educational Instruction and Library Occupations",
    "27": "Arts, Design, Entertainment, Sports, and Media Occupations",
    "29": "Healthcare Practitioners and Technical Occupations",
    "31": "Healthcare Support Occupations",
    "33": "Protective Service Occupations",
    "35": "Food Preparation and Serving Related Occupations",
    "37": "Building and Grounds Cleaning and Maintenance Occupations",
    "39": "Personal Care and Service Occupations",
    "41": "Sales and Related Occupations",
    "43": "Office and Administrative Support Occupations",
    "45": "Farming, Fishing, and Forestry Occupations",
    "47": "Construction and Extraction Occupations",
    "49": "Installation, Maintenance, and Repair Occupations",
    "51": "Production Occupations",
    "53": "Transportation and Material Moving Occupations",
    "55": "Military Specific Occupations",
}
STRUCTURE_COLUMNS: Final = {
    "major": "Major Group",
    "minor": "Minor Group",
    "broad": "Broad Occupation",
    "detailed": "Detailed Occupation",
}
STRUCTURE_TITLE: Final = "SOC or O*NET-SOC 2019 Title"


# Groups whose code does not follow from the digits alone: the minor groups of computer occupations (2010 and 2018
# SOC), home health aides and assemblers, and the physicians, whose broad group spans two tens.
MINOR_EXCEPTIONS: Final = ("15-11", "15-12", "31-11", "51-51")
BROAD_EXCEPTIONS: Final[dict[str, str]] = {"29-122": "29-1210"}


def soc_columns(code: str = "onet_soc_code") -> list[pl.Expr]:
    """Roll a SOC or O*NET-SOC code up the SOC.

    Args:
        code: Column that holds the codes.

    Returns:
        Expressions for soc_code, soc_broad_code, soc_minor_group (nn-nnnn) and soc_major_group (two digits).
    """
    text = pl.col(code)
    tens = text.str.slice(0, 6)
    return [
        text.str.slice(0, 7).alias("soc_code"),
        tens.replace_strict(BROAD_EXCEPTIONS, default=tens + "0").alias("soc_broad_code"),
        pl.when(text.str.slice(0, 5).is_in(MINOR_EXCEPTIONS))
        .then(text.str.slice(0, 5) + "00")
        .otherwise(text.str.slice(0, 4) + "000")
        .alias("soc_minor_group"),
        text.str.slice(0, 2).alias("soc_major_group"),
    ]


def load_soc_structure(path: Path) -> dy.DataFrame[SocGroup]:
    """Load the SOC structure: one line per group, its code in the column of its level.

    Rows of O*NET-SOC detail are left out: they are occupations, not SOC groups.

    Args:
        path: CSV with the columns Major Group, Minor Group, Broad Occupation, Detailed Occupation and
            SOC or O*NET-SOC 2019 Title.

    Returns:
        One row per group, sorted by code.

    Raises:
        LabourFormatError: A column is missing, or a row does not hold one well-formed code and a title.
    """
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise LabourFormatError(f"{path.name} is not a CSV table: {str(error).splitlines()[0]}") from error
    wanted = [*STRUCTURE_COLUMNS.values(), STRUCTURE_TITLE]
    if missing := [column for column in wanted if column not in rows.columns]:
        raise LabourFormatError(
            f"{path.name} lacks the column {', '.join(missing)}: "
            "expected the SOC structure file with one column per level"
        )
    levels = [
        rows.filter(pl.col(column).is_not_null()).select(
            _code=pl.col(column), soc_group_level=pl.lit(level), title=pl.col(STRUCTURE_TITLE)
        )
        for level, column in STRUCTURE_COLUMNS.items()
    ]
    groups = pl.concat(levels)
    malformed = groups.filter(~pl.col("_code").str.contains(SOC_CODE) | pl.col("title").is_null())
    if malformed.height or not groups.height:
        raise LabourFormatError(
            f"{path.name} has {malformed.height} of {groups.height} rows without a code such as 15-1252 and a title"
        )
    return _with_parents(groups, path.name)


def soc_groups(
    release: "Release",
    oews: dy.DataFrame[Oews] | None = None,
    structure: dy.DataFrame[SocGroup] | None = None,
) -> dy.DataFrame[SocGroup]:
    """Groups of the SOC with titles from the best source at hand.

    Major groups always have their title. The others take it from the structure file, else from OEWS, else (detailed
    occupations only) from the release; a minor or broad group that none of them names has a null title.

    Args:
        release: Release whose occupations must find their groups.
        oews: National estimates, for titles.
        structure: SOC structure, for titles and for groups without occupations.

    Returns:
        Every group of the structure and every group above an occupation of the release, sorted by code.
    """
    ladder = {"minor": "soc_minor_group", "broad": "soc_broad_code", "detailed": "soc_code"}
    needed = [
        release.occupations.select(_code=pl.col(column), soc_group_level=pl.lit(level))
        for level, column in ladder.items()
    ]
    majors = pl.DataFrame(
        {
            "_code": [f"{code}-0000" for code in SOC_MAJOR_GROUPS],
            "soc_group_level": "major",
            "title": SOC_MAJOR_GROUPS.values(),
        }
    )
    sources = [majors]
    if structure is not None:
        sources.append(_long_codes(structure))
    if oews is not None:
        sources.append(
            oews.sort("oews_year", descending=True)
            .with_columns(pl.col("soc_group_level").cast(pl.String))
            .select("soc_group_level", "title", _code=pl.col("soc_code"))
        )
    sources.append(
        release.occupations.sort("onet_soc_code").select(
            pl.lit("detailed").alias("soc_group_level"), "title", _code=pl.col("soc_code")
        )
    )
    columns = ["_code", "soc_group_level", "title"]
    titles = pl.concat([source.select(columns) for source in sources]).unique(
        ["_code", "soc_group_level"], keep="first", maintain_order=True
    )
    known = [majors.select(columns[:2])] + ([] if structure is None else [_long_codes(structure).select(columns[:2])])
    groups = pl.concat([*known, *needed]).unique(maintain_order=True)
    # A code of two levels (a broad group with itself as its only detailed occupation) is one group: the higher one.
    groups = groups.unique("_code", keep="first", maintain_order=True)
    return _with_parents(groups.join(titles, on=columns[:2], how="left"), "the SOC groups")


def _long_codes(structure: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("soc_group_code")
    return structure.select(
        pl.when(code.str.len_chars() == 2).then(code + "-0000").otherwise(code).alias("_code"),
        pl.col("soc_group_level").cast(pl.String),
        "title",
    )


def _with_parents(groups: pl.DataFrame, source: str) -> dy.DataFrame[SocGroup]:
    level = pl.col("soc_group_level")
    rolled = groups.with_columns(soc_columns("_code"))
    table = rolled.select(
        pl.when(level == "major").then(pl.col("soc_major_group")).otherwise(pl.col("_code")).alias("soc_group_code"),
        level,
        "title",
        pl.when(level == "minor")
        .then(pl.col("soc_major_group"))
        .when(level == "broad")
        .then(pl.col("soc_minor_group"))
        .when(level == "detailed")
        .then(pl.col("soc_broad_code"))
        .alias("parent_code"),
    ).sort("soc_group_code")
    try:
        return SocGroup.validate(table, cast=True)
    except dy.exc.ValidationError as error:
        raise LabourFormatError(f"{source} break the rules of the SOC table: {error}") from error
