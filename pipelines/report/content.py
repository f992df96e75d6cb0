"""What the page says: warnings, headline figures and sections, from the tables of one vintage."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.figures.numbers import NOT_AVAILABLE, WITHHELD, percent, points
from pipelines.headline_levels import LEVEL_TITLES, LEVELS
from pipelines.report.blocks import Section
from pipelines.report.method import limits_section, method_section, provenance_section, withheld_section
from pipelines.report.sections import (
    change_section,
    cluster_section,
    collaboration_section,
    depth_section,
    major_group_section,
    mix_section,
    occupation_section,
    wage_section,
)
from pipelines.report.tables import MonthTables

CARDS: Final = (
    "conversation_count",
    "occupational_share",
    "augmentation_share",
    "automation_share",
    "top_major_group_share",
    "coverage_25_share",
    "used_task_count",
    "withheld_task_share",
)


@dataclass(frozen=True)
class Card:
    """One headline figure: what it is, its value, the change, and how it is computed."""

    label: str
    value: str
    change: str
    formula: str
    is_missing: bool


@dataclass(frozen=True)
class Content:
    """Everything on the page.

    Attributes:
        title: Title of the page.
        month: Month in words.
        summary: Two or three sentences that can be quoted.
        warnings: What must be said before any number.
        cards: Headline figures.
        sections: Sections in order; those without data are left out.
        vintage: Row of `meta.vintage`.
    """

    title: str
    month: str
    summary: tuple[str, ...]
    warnings: tuple[str, ...]
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    vintage: dict[str, Any]


def page_content(tables: MonthTables) -> Content:
    """Say what the page holds.

    Args:
        tables: Tables of one vintage.
    """
    month = month_words(str(tables.vintage["reference_month"]))
    sections = (
        major_group_section(tables),
        occupation_section(tables),
        depth_section(tables),
        collaboration_section(tables),
        wage_section(tables),
        mix_section(tables),
        change_section(tables),
        cluster_section(tables),
        withheld_section(tables),
        method_section(tables),
        limits_section(tables),
        provenance_section(tables),
    )
    return Content(
        title="Open economic-usage index",
        month=month,
        summary=summary(tables, month),
        warnings=warnings(tables),
        cards=headline_cards(tables),
        sections=tuple(section for section in sections if section),
        vintage=tables.vintage,
    )


def month_words(month: str) -> str:
    """Month in words, such as October 2026.

    Args:
        month: YYYY-MM.
    """
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def warnings(tables: MonthTables) -> tuple[str, ...]:
    """What must be said before any number.

    Args:
        tables: Tables of one vintage.
    """
    found = []
    if tables.vintage["onet_version"] == "starter":
        found.append(
            "Starter catalogue: usage is counted against a small catalogue in this project's own words with stand-in "
            "labour figures, made to try the software. Do not cite these numbers; run with an O*NET release for that."
        )
    policy = tables.policy
    if not policy["is_default"]:
        found.append(
            f"Thresholds other than the default: a cell is shown from {policy['min_conversations']} conversations of "
            f"{policy['min_accounts']} accounts, a text from {policy['min_text_conversations']} of "
            f"{policy['min_text_accounts']}. The default is 15 and 5, and 50 and 25."
        )
    bases = tables["idx/headline_month"].get_column("account_basis").unique().to_list()
    if "assumed_per_conversation" in bases:
        found.append(
            "Conversations without an account were counted as one account each; account figures are upper bounds."
        )
    if not tables["qa/conservation"].get_column("is_conserved").all():
        found.append("Some tables do not add up to one; see the published check in qa.conservation.")
    return tuple(found)


def summary(tables: MonthTables, month: str) -> tuple[str, ...]:
    """Sentences that can be quoted; a number that is not published is left out.

    Args:
        tables: Tables of one vintage.
        month: Month in words.
    """
    found = []
    top = _top_group(tables)
    if top:
        beside = f", beside {percent(top['employment_share'])} of employment" if top["employment_share"] else ""
        found.append(
            f"In {month}, {top['title']} occupations took {percent(top['usage_share'])} of matched usage{beside}."
        )
    level = tables.changes["v_level_precision"].filter("is_headline")
    name = level.item(0, "mapping_level") if level.height else LEVELS[-1]
    if name != LEVELS[-1]:
        found.append(f"This month is to be read by {LEVEL_TITLES[name]}: finer shares are too unsure.")
    values = dict(tables["idx/headline_month"].select("metric_id", "value").iter_rows())
    augmentation, automation = values.get("augmentation_share"), values.get("automation_share")
    if augmentation is not None and automation is not None:
        more, less = ("augmented", "automated") if augmentation >= automation else ("automated", "augmented")
        found.append(
            f"AI {more} work in {percent(max(augmentation, automation))} of classified conversations and {less} it in "
            f"{percent(min(augmentation, automation))}."
        )
    depth = values.get("coverage_25_share")
    if depth == 0:
        found.append("No occupation used AI for at least a quarter of its tasks.")
    elif depth is not None:
        found.append(f"{percent(depth)} of occupations used AI for at least a quarter of their tasks.")
    return tuple(found)


def _top_group(tables: MonthTables) -> dict[str, Any] | None:
    """The major group with the largest published share."""
    groups = tables["idx/major_group_month"].filter(
        (pl.col("row_kind") == "value") & pl.col("usage_share").is_not_null()
    )
    if groups.is_empty():
        return None
    return groups.sort("usage_share", "title", descending=[True, False]).row(0, named=True)


def headline_cards(tables: MonthTables) -> tuple[Card, ...]:
    """Headline figures: the usual ones first, those that are not available last or left out.

    Args:
        tables: Tables of one vintage.
    """
    changes = tables.changes["v_headline_change"].select("metric_id", "previous_period_start", "value_change")
    headlines = tables["idx/headline_month"].join(changes, on="metric_id", how="left")
    rows = headlines.join(tables["meta/metric"], on="metric_id", how="left").to_dicts()
    by_metric = {row["metric_id"]: row for row in rows if row["value"] is not None or row["obs_status"] == "Q"}
    usual = [name for name in CARDS if name in by_metric]
    top = _top_group(tables)
    if top and "top_major_group_share" in by_metric:
        by_metric["top_major_group_share"]["label"] = f"Largest major group: {top['title']}"
    return tuple(_card(by_metric[name]) for name in usual or sorted(by_metric)[: len(CARDS)])


def _card(row: dict[str, Any]) -> Card:
    is_share = row["unit"] == "share"
    value = row["value"]
    if value is None:
        text = WITHHELD if row["obs_status"] == "Q" else NOT_AVAILABLE
    else:
        text = percent(value) if is_share else f"{value:,.0f}" if row["unit"] == "count" else f"{value:.2f}"
    change = ""
    if row["value_change"] is not None:
        stated = points(row["value_change"]) if is_share else f"{row['value_change']:+,.0f}".replace("-", "−")
        change = f"{stated} on {row['previous_period_start']:%b %Y}"
    return Card(
        str(row["label"] or row["metric_id"]), text, change, str(row["formula"] or ""), is_missing=value is None
    )
