"""Occupations between editions of the O*NET-SOC taxonomy: the official crosswalk and its weights.

What became of single task statements is in `lineage`.
"""

from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from onet.errors import ReleaseFormatError, ReleaseNotFoundError
from onet.tables import SocCrosswalk

EQUAL_WEIGHT: Final = "equal"
_SYSTEM: Final = r"^(O\*NET-SOC \d{4}) Code$"


def load_crosswalk(path: Path) -> dy.DataFrame[SocCrosswalk]:
    """Load an O*NET-SOC crosswalk as the official site distributes it.

    An occupation that became several gives each an equal part: the file has no weights, and employment by O*NET-SOC
    code is not published.

    Args:
        path: CSV with two columns named like `O*NET-SOC 2010 Code` and `O*NET-SOC 2019 Code`, the older first.

    Returns:
        One row per pair of codes, sorted; `crosswalk_weight` sums to 1 per older code.

    Raises:
        ReleaseNotFoundError: No file lies at `path`.
        ReleaseFormatError: The file has no two such columns, a code is malformed or a pair is repeated.
    """
    if not path.is_file():
        raise ReleaseNotFoundError(f"expected an O*NET-SOC crosswalk, found no file at {path}: check the path")
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise ReleaseFormatError(f"{path.name} is not a readable CSV ({type(error).__name__})") from error
    names = [name for name in table.columns if pl.Series([name]).str.contains(_SYSTEM).item()]
    if len(names) != 2:
        raise ReleaseFormatError(
            f"expected two columns like 'O*NET-SOC 2010 Code' in {path.name}, found {', '.join(table.columns)}: "
            "give the official crosswalk file"
        )
    older, newer = names
    rows = table.select(
        pl.lit(older.removesuffix(" Code")).alias("from_system"),
        pl.col(older).str.strip_chars().alias("from_code"),
        pl.lit(newer.removesuffix(" Code")).alias("to_system"),
        pl.col(newer).str.strip_chars().alias("to_code"),
    ).with_columns(
        (1 / pl.len().over("from_code")).alias("crosswalk_weight"), pl.lit(EQUAL_WEIGHT).alias("weight_basis")
    )
    good, failure = SocCrosswalk.filter(rows)
    if len(failure):
        raise ReleaseFormatError(
            f"expected one row per pair of O*NET-SOC codes in {path.name}, {len(failure)} rows are not: "
            f"{', '.join(sorted(failure.counts()))}"
        )
    return SocCrosswalk.validate(good.sort("from_code", "to_code"))
