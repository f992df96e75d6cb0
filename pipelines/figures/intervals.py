"""The 95 % interval of a share as a whisker, and in words where the pointer rests."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.figures.numbers import percent
from pipelines.figures.style import INK


def whiskers(rows: Sequence[Mapping[str, Any]], share: str) -> dict[str, Any]:
    """Plotly's `error_x` of rows; a row without an interval has none.

    Args:
        rows: The share, and `ci_low` and `ci_high` where intervals are stated.
        share: Column that the interval is of.
    """
    pairs = [(row, _interval(row, share)) for row in rows]
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if ends is None else max(ends[1] - row[share], 0.0) for row, ends in pairs],
        "arrayminus": [None if ends is None else max(row[share] - ends[0], 0.0) for row, ends in pairs],
        "color": INK,
        "thickness": 1.2,
        "width": 4,
        "visible": any(ends is not None for _, ends in pairs),
    }


def with_interval_text(text: str, row: Mapping[str, Any], share: str) -> str:
    """A text for the pointer with the interval behind it, where one is stated.

    Args:
        text: What is said of the row.
        row: The row.
        share: Column that the interval is of.
    """
    found = _interval(row, share)
    return text if found is None else f"{text} (95 % interval {percent(found[0])} to {percent(found[1])})"


def upper_end(row: Mapping[str, Any], share: str) -> float:
    """Where a row's mark ends: the upper end of its interval, else its share, else 0.

    Args:
        row: The row.
        share: Column that the interval is of.
    """
    found = _interval(row, share)
    return float(row[share] or 0) if found is None else max(found[1], row[share])


def _interval(row: Mapping[str, Any], share: str) -> tuple[float, float] | None:
    low, high = row.get("ci_low"), row.get("ci_high")
    return None if row[share] is None or low is None or high is None else (low, high)
