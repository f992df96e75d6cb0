"""Which level of the taxonomy a month's usage is read at first: the finest whose figures are precise enough.

With few conversations most task shares are noise while shares of wider groups hold, so the coarser levels are the
headline there and task rows appear where their precision allows. This is decided from published rows alone, in the view
`v_level_precision`.
"""

from typing import Final

import polars as pl

PRECISE_CLASSES: Final = ("A", "B", "C")
"""Standard error under a third of the share."""

WITHOUT_ERRORS: Final = "not_available"
"""Account basis of published shares."""

LEAST_PRECISE_SHARE: Final = 0.5
"""A level is read first where its precise rows hold at least this part of the matched usage."""

LEVELS: Final = ("major_group", "gwa", "iwa", "task")
"""From the coarsest, which is read where no level is precise, to the finest."""

LEVEL_TITLES: Final = {
    "major_group": "SOC major groups",
    "gwa": "generalized work activities",
    "iwa": "intermediate work activities",
    "task": "task statements",
}
_SOURCES: Final = {
    "major_group": ("latest.major_group_month", "TRUE"),
    "gwa": ("latest.activity_month", "label_rule = 'single' AND activity_level = 'gwa'"),
    "iwa": ("latest.activity_month", "label_rule = 'single' AND activity_level = 'iwa'"),
    "task": ("latest.task_month", "TRUE"),
}


def is_precise() -> pl.Expr:
    """Whether a row is precise enough to be read by itself: its error is stated and small enough.

    Published shares have no sampling error to state and are precise. A row whose error is not known is not.
    """
    is_known = pl.col("precision_class").cast(pl.String).is_in(list(PRECISE_CLASSES)).fill_null(value=False)
    return is_known | (pl.col("account_basis").cast(pl.String) == WITHOUT_ERRORS)


def is_precise_sql(alias: str = "") -> str:
    """The same as `is_precise` in SQL; of a row of unknown error null, which a filter takes as false.

    Args:
        alias: Prefix of the columns, such as `t.`.
    """
    classes = ", ".join(f"'{name}'" for name in PRECISE_CLASSES)
    return f"({alias}precision_class IN ({classes}) OR {alias}account_basis = '{WITHOUT_ERRORS}')"


def level_precision_sql() -> str:
    """Query of `v_level_precision`."""
    parts = [
        f"SELECT period_start, vintage_id, channel, population, '{level}' AS mapping_level, {place} AS level_order, "
        f"count(*) FILTER (row_kind = 'value' AND usage_share > 0) AS stated_row_count, "
        f"count(*) FILTER (row_kind = 'value' AND usage_share > 0 AND {is_precise_sql()}) AS precise_row_count, "
        f"coalesce(sum(usage_share) FILTER (row_kind = 'value' AND {is_precise_sql()}), 0) / "
        f"nullif(coalesce(sum(usage_share) FILTER (row_kind IN ('value', 'suppressed')), 0), 0) AS precise_share "
        f"FROM {table} WHERE {where} GROUP BY ALL"
        for place, (level, (table, where)) in enumerate(_SOURCES.items())
    ]
    return f"""
SELECT * EXCLUDE (level_order), row_number() OVER (
         PARTITION BY vintage_id, period_start, channel, population
         ORDER BY coalesce(precise_share, 0) >= {LEAST_PRECISE_SHARE} DESC,
                  CASE WHEN precise_share >= {LEAST_PRECISE_SHARE} THEN -level_order ELSE level_order END
       ) = 1 AS is_headline
FROM ({" UNION ALL ".join(parts)})
ORDER BY period_start, channel, population, level_order"""
