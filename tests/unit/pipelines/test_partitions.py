"""Months and ranges of months."""

from datetime import date

import pytest

from pipelines.errors import SettingsError
from pipelines.partitions import month_period, parse_months, previous_month

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2026-10", ["2026-10"]),
        ("2026-08..2026-10", ["2026-08", "2026-09", "2026-10"]),
        ("2025-12..2026-01", ["2025-12", "2026-01"]),
        ("2022-01", ["2022-01"]),
    ],
)
def test_ranges_hold_both_ends(text: str, months: list[str]) -> None:
    assert parse_months(text, today=TODAY) == months


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-13", "YYYY-MM"),
        ("October", "YYYY-MM"),
        ("2026-10..2026-08", "ends before"),
        ("2026-08..2026-09..2026-10", "range A..B"),
        ("2021-12", "first month"),
        ("2026-11", "not over"),
        ("", "YYYY-MM"),
    ],
)
def test_what_is_no_finished_month_is_refused_with_the_remedy(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_months(text, today=TODAY)


def test_a_month_is_asked_for_from_the_day_after_it() -> None:
    assert parse_months("2026-10", today=date(2026, 11, 1)) == ["2026-10"]


def test_periods_are_half_open() -> None:
    assert month_period("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))


@pytest.mark.parametrize(("month", "before"), [("2026-01", "2025-12"), ("2026-10", "2026-09")])
def test_the_month_before_crosses_years(month: str, before: str) -> None:
    assert previous_month(month) == before
