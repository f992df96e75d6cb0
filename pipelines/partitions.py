"""Calendar months as Dagster partitions and as date ranges."""

import re
from datetime import UTC, date, datetime

import dagster as dg

from pipelines.errors import SettingsError

FIRST_MONTH = "2022-01"
monthly = dg.MonthlyPartitionsDefinition(start_date=FIRST_MONTH, fmt="%Y-%m")

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def parse_month(month: str) -> date:
    """First day of a month written YYYY-MM.

    Raises:
        SettingsError: The text is no month.
    """
    match = _MONTH.match(month)
    if not match:
        raise SettingsError(f"expected a month as YYYY-MM, found {month!r}: write for example 2026-10")
    return date(int(match[1]), int(match[2]), 1)


def next_month(first: date) -> date:
    """First day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_period(month: str) -> tuple[date, date]:
    """First day of a month, and first day after it."""
    first = parse_month(month)
    return first, next_month(first)


def previous_month(month: str) -> str:
    """The month before, as YYYY-MM."""
    first = parse_month(month)
    return f"{first.year - (first.month == 1):04d}-{(first.month - 2) % 12 + 1:02d}"


def parse_months(text: str, *, today: date) -> list[str]:
    """Months of a range `A..B`, or the one month given.

    Args:
        text: `2026-10` or `2026-08..2026-10`.
        today: Months that are not over by this day are refused.

    Raises:
        SettingsError: No month, an empty range, or a month before the first partition or not yet over.
    """
    ends = text.split("..")
    if len(ends) > 2:
        raise SettingsError(f"expected a month or a range A..B, found {text!r}: write for example 2026-08..2026-10")
    first, last = parse_month(ends[0]), parse_month(ends[-1])
    if first > last:
        raise SettingsError(f"the range {text!r} ends before it begins: put the earlier month first")
    if first < parse_month(FIRST_MONTH):
        raise SettingsError(f"the first month that can be asked for is {FIRST_MONTH}, found {ends[0]}")
    if next_month(last) > today:
        raise SettingsError(f"month {ends[-1]} is not over on {today:%Y-%m-%d}: ask for an earlier one")
    months = []
    while first <= last:
        months.append(f"{first:%Y-%m}")
        first = next_month(first)
    return months


def today_utc() -> date:
    """Today's date, UTC; the one place that reads the clock for partitions."""
    return datetime.now(tz=UTC).date()
