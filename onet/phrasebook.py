"""The phrasebook: requests as people type them, each written for one detailed work activity.

How its lines are written and reviewed is in `phrasebook.md`; what it is used for, in `hubs`.
"""

from functools import cache
from importlib import resources
from typing import Final

import polars as pl

PHRASEBOOK_SCHEMA: Final = {
    "iwa_id": pl.String,
    "dwa_id": pl.String,
    "language": pl.String,
    "style": pl.String,
    "request": pl.String,
}


@cache
def read_phrasebook() -> pl.DataFrame:
    """Read the phrasebook.

    Returns:
        iwa_id, dwa_id, language (ISO 639-1), style (terse or chatty) and request, sorted by all of them.
    """
    content = (resources.files("onet") / "phrasebook.csv").read_bytes()
    return pl.read_csv(content, schema=PHRASEBOOK_SCHEMA)
