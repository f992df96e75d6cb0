"""The report: what the page says of its tables, and that nothing on it comes from elsewhere."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_example import ExampleVintage, write_example

from pipelines import figures
from pipelines.contracts import IDX_TABLES
from pipelines.figures.numbers import percent, points, stated_percent
from pipelines.report import render_page, write_report
from pipelines.report.blocks import Column, make_table
from pipelines.report.content import page_content, warnings
from pipelines.report.page import safe_json
from pipelines.report.tables import read_month
from pipelines.report.tree import UNNAMED, cluster_tree
from pipelines.warehouse import build_warehouse


@pytest.fixture(scope="module")
def month(example_warehouse):
    return read_month(example_warehouse)


@pytest.fixture(scope="module")
def content(month):
    return page_content(month)


@pytest.fixture(scope="module")
def page(example_warehouse, tmp_path_factory):
    target = tmp_path_factory.mktemp("report")
    write_report(example_warehouse, target)
    assert sorted(path.name for path in target.iterdir()) == ["explorer.html", "index.html"]
    return (target / "index.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.texts, self._inside = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data):
        if self._inside not in {"script", "style"}:
            self.texts.append(data)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.3722, "37.2%"),
        (0.0343, "3.4%"),
        (0.00996, "1.0%"),
        (0.0034, "0.34%"),
        (0.000342, "0.034%"),
        (0.0000042, "0.00042%"),
        (1.0, "100.0%"),
    ],
)
def test_percent_has_sensible_digits(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [(None, "–"), (0.0, "0 pp"), (0.0123, "+1.23 pp"), (-0.0123, "−1.23 pp"), (-0.00001, "under 0.01 pp")],
)
def test_points_carry_their_sign(change, text):
    assert points(change) == text


def test_withheld_zero_and_not_available_read_differently():
    assert len({stated_percent(None, "Q"), stated_percent(None, "M"), stated_percent(0.0, "A")}) == 3


@given(st.text())
def test_no_text_can_close_the_script_element(text):
    stated = str(safe_json({"text": text}))
    assert not set("<>&") & set(stated)
    assert json.loads(stated) == {"text": text}


def test_the_page_is_self_contained_and_small_enough_to_forward(page):
    elements = Elements(page)
    linked = [attrs for _, attrs in elements.found if {"src", "srcset", "data"} & set(attrs)]
    outward = [attrs for _, attrs in elements.found if not attrs.get("href", "#").startswith("#")]
    assert (linked, outward) == ([], [{"href": "explorer.html"}])  # the page beside it
    assert not [tag for tag, _ in elements.found if tag in {"link", "iframe", "img"}]
    assert len(page.encode()) < 6_000_000


def test_every_figure_has_words_and_a_table_beside_it(page, content):
    elements = Elements(page)
    plots = [attrs for tag, attrs in elements.found if attrs.get("role") == "img"]
    blocks = [block for section in content.sections for block in section.figures]
    assert len(plots) == len(blocks) >= 9
    assert all(len(attrs["aria-label"]) > 30 for attrs in plots)
    assert all(block.table.rows for block in blocks)
    assert sum(tag == "figcaption" for tag, _ in elements.found) == len(plots)


def test_cluster_names_are_escaped(page):
    assert "Debug programs in Python &amp; &lt;script&gt;" in page
    assert "Python & <script>" not in page


def test_month_vintage_and_warnings_come_before_the_numbers(page):
    text = "".join(Elements(page).texts)
    order = [text.index(word) for word in ("October 2026", "2026-10-a", "Starter catalogue", "Thresholds other", "58.")]
    assert order == sorted(order)


def test_a_real_release_with_default_thresholds_has_no_warning(tmp_path):
    write_example(tmp_path / "v", (ExampleVintage(onet_version="29.1", has_default_thresholds=True),))
    build_warehouse(tmp_path / "v", tmp_path / "i.duckdb")
    month = read_month(tmp_path / "i.duckdb")
    assert warnings(month) == ()
    assert "warning" not in {attrs.get("class") for _, attrs in Elements(render_page(page_content(month))).found}


def test_tables_that_do_not_add_up_and_assumed_accounts_are_said(month):
    conservation = month["qa/conservation"].with_columns(is_conserved=pl.lit(value=False))
    headlines = month["idx/headline_month"].with_columns(account_basis=pl.lit("assumed_per_conversation"))
    changed = {**month.tables, "qa/conservation": conservation, "idx/headline_month": headlines}
    assert len(warnings(dataclasses.replace(month, tables=changed))) == 4


def test_a_month_can_be_asked_for_and_a_missing_one_is_named(example_warehouse):
    assert read_month(example_warehouse, "2026-09").vintage["vintage_id"] == "2026-09-again"
    with pytest.raises(ValueError, match="2026-09, 2026-10"):
        read_month(example_warehouse, "2025-01")


def test_the_first_month_states_no_change(example_warehouse):
    first = page_content(read_month(example_warehouse, "2026-09"))
    assert "change" not in {section.section_id for section in first.sections}
    assert {card.change for card in first.cards} == {""}


def test_tables_without_rows_leave_their_section_out_and_the_page_stands(month):
    empty = {name: frame.clear() if name in IDX_TABLES else frame for name, frame in month.tables.items()}
    changes = {name: frame.clear() for name, frame in month.changes.items()}
    bare = page_content(dataclasses.replace(month, tables=empty, changes=changes))
    assert [section.section_id for section in bare.sections] == ["withheld", "method", "limits", "provenance"]
    assert bare.cards == bare.summary == ()
    assert "<h1>" in render_page(bare)


def test_withheld_cells_say_so_on_the_page(month):
    rows = month["idx/task_month"].filter(pl.col("obs_status") == "Q").head(2)
    table = make_table("t", [Column("usage_share", "u", "share"), Column("task", "t")], rows)
    assert [row[0].text for row in table.rows] == ["withheld", "withheld"]
    assert all(row[0].is_missing and not row[1].is_missing for row in table.rows)


def test_bars_in_a_table_are_measured_against_the_highest():
    frame = pl.DataFrame({"s": [0.2, 0.1, None], "obs_status": ["A", "A", "Q"]})
    table = make_table("t", [Column("s", "s", "bar")], frame)
    assert [row[0].bar for row in table.rows] == [100.0, 50.0, None]


def test_the_tree_nests_by_parent_orders_by_size_and_names_what_is_withheld(month):
    roots = cluster_tree(month["idx/request_cluster_month"])
    assert [root.name for root in roots] == ["Build and fix software", "Write and edit documents"]
    below = roots[0].children[0]
    assert [child.name for child in below.children] == ["Explain error messages of a data script", UNNAMED]


def test_a_cluster_whose_parent_is_not_published_stands_at_the_top(month):
    frame = month["idx/request_cluster_month"].filter(pl.col("cluster_id") != "top-1")
    assert [root.name for root in cluster_tree(frame)][:3] == [
        "Write and edit documents",
        "Debug programs in Python & <script>",
        "Design web pages",
    ]


def test_the_same_tables_give_the_same_page(page, example_warehouse, tmp_path):
    write_report(example_warehouse, tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == page


def _drawn(name, frame):
    group = {"label": "title", "subject": "category"}
    return {
        "groups": lambda: figures.beside_employment_figure(frame, **group),
        "automation": lambda: figures.automation_figure(frame, **group),
        "change": lambda: figures.change_figure(frame, **group),
        "bars": lambda: figures.share_bar_figure(frame, axis="Share", **group),
        "patterns": lambda: figures.pattern_figure(frame),
        "wages": lambda: figures.wage_scatter_figure(frame),
        "depth": lambda: figures.coverage_figure(frame),
    }[name]()


ROWS = pl.DataFrame(
    {
        "title": ["Legal", "Production", "Sales"],
        "usage_share": [0.5, 0.0, None],
        "employment_share": [0.1, None, 0.2],
        "automation_share": [0.05, 0.4, None],
        "augmentation_share": [0.95, 0.6, None],
        "usage_share_change": [0.01, -0.02, None],
        "median_wage_usd": [90_000.0, 40_000.0, None],
        "collaboration_pattern": ["directive", "learning", "none"],
        "pattern_share": [0.4, None, 0.1],
        "floor_count": [15, 15, 30],
        "coverage_cut": [0.25, 0.3, 0.3],
        "occupation_share": [0.4, None, 0.2],
        "obs_status": ["A", "A", "Q"],
    }
)


@pytest.mark.parametrize("name", ["groups", "automation", "change", "bars", "patterns", "wages", "depth"])
@pytest.mark.parametrize("rows", [0, 3])
def test_every_figure_stands_on_no_rows_and_on_rows_with_nulls(name, rows):
    figure = _drawn(name, ROWS.head(rows))
    assert figures.alt_text(figure).endswith(".")
    json.loads(figure.to_json())


@pytest.mark.parametrize("name", ["groups", "automation", "change", "bars"])
def test_the_description_says_withheld_where_there_is_no_value(name):
    assert "Sales withheld" in figures.alt_text(_drawn(name, ROWS))


def test_no_label_reads_as_a_formula(page):
    blocks = re.findall(r'<script type="application/json" id="data-[^"]*">(.*?)</script>', page, flags=re.DOTALL)
    assert blocks
    assert not re.search(r'"[^"]*\$[^"$]*\$[^"]*"', "".join(blocks))


def test_columns_in_which_nothing_is_stated_are_left_out_but_withheld_ones_stay():
    frame = pl.DataFrame({"t": ["a"], "gone": [None], "held": [None], "obs_status": ["M"]})
    columns = [Column("t", "t"), Column("gone", "gone", "count")]
    assert [column.name for column in make_table("t", columns, frame).columns] == ["t"]
    held = make_table(
        "t", [Column("t", "t"), Column("held", "held", "share")], frame.with_columns(obs_status=pl.lit("Q"))
    )
    assert [column.name for column in held.columns] == ["t", "held"]


def test_usage_without_employment_is_drawn_without_it():
    figure = _drawn("groups", ROWS.with_columns(employment_share=pl.lit(None, dtype=pl.Float64)))
    assert "employment" not in figures.alt_text(figure)
    assert "employment" not in {annotation.text for annotation in figure.layout.annotations}


def test_a_build_from_published_shares_says_so_and_claims_no_withholding(month):
    shares = dataclasses.replace(month, vintage={**month.vintage, "source": "published_shares"})
    text = "".join(Elements(render_page(page_content(shares))).texts)
    assert "from published task shares" in text
    assert "nothing is withheld here" in text
    assert "Conversations are screened" not in text


def test_a_published_share_shows_its_interval_and_one_without_shows_none():
    frame = pl.DataFrame(
        {"kind": ["a", "b", "c"], "usage_share": [0.4, 0.0, None], "employment_share": [0.1, 0.2, 0.3],
         "obs_status": ["A", "A", "Q"], "ci_low": [0.35, 0.0, None], "ci_high": [0.47, 0.02, None]}
    )  # fmt: skip
    bars = figures.share_bar_figure(frame, label="kind", subject="x", axis="Share")
    dots = figures.beside_employment_figure(frame, label="kind", subject="x")
    patterns = figures.pattern_figure(
        frame.rename({"usage_share": "pattern_share"}).with_columns(
            collaboration_pattern=pl.Series(["directive", "learning", "validation"])
        )
    )
    for mark in (bars.data[0], dots.data[-1]):
        assert list(mark.error_x.array) == [pytest.approx(0.07), pytest.approx(0.02), None]
        assert list(mark.error_x.arrayminus) == [pytest.approx(0.05), 0, None]
        assert mark.error_x.visible
        assert mark.text[0].endswith("(95 % interval 35.0% to 47.0%)")
        assert "interval" not in mark.text[2]
    assert dots.data[-2].error_x.array is None, "employment is no sample of ours"
    assert list(patterns.data[0].error_x.array)[:2] == [pytest.approx(0.07), pytest.approx(0.02)]
    assert bars.layout.annotations[0].x == pytest.approx(0.47), "the figure stands behind the whisker"
    plain = figures.share_bar_figure(frame.drop("ci_low", "ci_high"), label="kind", subject="x", axis="Share")
    assert not plain.data[0].error_x.visible
