"""Previews show published rows, and of restricted tables only distributions with small groups hidden."""

import base64

import polars as pl
import pytest

from pipelines.contracts import RESTRICTED_TABLES
from pipelines.preview import markdown_table, preview

SECRET = "Zanzibarbara"


def test_restricted_tables_never_show_a_text_or_an_id() -> None:
    facets = pl.DataFrame(
        {
            "conversation_id": [f"{SECRET}-{i}" for i in range(40)],
            "request": [f"Write to {SECRET}"] * 40,
            "is_occupational": [True] * 40,
            "collaboration_pattern": ["directive"] * 30 + ["learning"] * 10,
            "use_case": ["work"] * 40,
            "language": ["en"] * 40,
            "concern_grade": [1] * 40,
        }
    )
    shown = preview("core/facets", facets)
    assert SECRET not in shown
    assert "| directive | 30 |" in shown
    assert "| learning | <15 |" in shown


@pytest.mark.parametrize("name", sorted(RESTRICTED_TABLES))
def test_no_restricted_table_previews_free_text_columns(name: str) -> None:
    schema = RESTRICTED_TABLES[name]
    if name == "raw/ingest_count":
        return
    sample = schema.sample(3)
    texts = [
        value
        for column in ("conversation_id", "account_key", "content_hash", "request", "name", "description", "detail")
        if column in sample.columns
        for value in sample.get_column(column).drop_nulls().to_list()
        if len(value) > 3
    ]
    shown = preview(name, sample)
    assert not [text for text in texts if text in shown]


def test_a_table_nobody_listed_shows_nothing_when_it_is_restricted() -> None:
    assert preview("core/new_table", pl.DataFrame({"text": [SECRET]})) == ""


def test_published_rows_come_with_the_largest_share_first() -> None:
    table = pl.DataFrame(
        {
            "soc_major_group": ["11", "15"],
            "title": ["M", "C"],
            "usage_share": [0.1, 0.4],
            "employment_share": [None, 0.2],
            "representation_ratio": [None, 2.0],
        }
    )
    lines = [line for line in preview("idx/major_group_month", table).splitlines() if line.startswith("|")]
    assert lines[2].startswith("| 15 |")


def test_cells_cannot_break_the_table() -> None:
    assert "a\\|b" in markdown_table(pl.DataFrame({"x": ["a|b\nc"]}))


def test_bars_are_drawn_for_shares_that_are_published() -> None:
    table = pl.DataFrame({"use_case": ["work", "<b>&", "personal"], "usage_share": [0.5, 0.25, None]})
    shown = preview("idx/use_case_month", table)
    image = shown.split("base64,")[1].split(")")[0]
    svg = base64.b64decode(image).decode()
    assert "50.0 %" in svg
    assert "&lt;b&gt;&amp;" in svg
    assert "personal" not in svg
    assert "| work | 0.5 |" in shown
