"""What the explorer is told: published clusters, withheld ones as counts alone, facets as the table has them."""

import dataclasses
import json
import re

import polars as pl
import pytest
from many_clusters import many_clusters

from pipelines.report.content import page_content
from pipelines.report.explorer import explorer_data, has_explorer
from pipelines.report.page import render_explorer
from pipelines.report.sections import TREE_ROWS, cluster_section
from pipelines.report.tables import read_month


@pytest.fixture(scope="module")
def month(example_warehouse):
    return read_month(example_warehouse)


@pytest.fixture(scope="module")
def many(month):
    return many_clusters(month, 500)


def test_withheld_clusters_are_counted_and_never_listed(many):
    data = explorer_data(many)
    clusters = data["clusters"]
    withheld = many["idx/request_cluster_month"].filter((pl.col("row_kind") == "value") & (pl.col("obs_status") == "Q"))
    assert withheld.height > 0
    assert not set(withheld["cluster_id"]) & set(clusters["id"])
    assert sum(clusters["withheldBelow"]) == withheld.height
    assert data["levels"][-1] == {
        "level": 0, "name": "Narrow", "withheldCount": withheld.height, "withheld": "1.2%", "outside": "3.0%"
    }  # fmt: skip


def test_a_withheld_cluster_above_a_published_one_is_listed_without_values(month):
    table = month["idx/request_cluster_month"]
    hidden = table.with_columns(
        obs_status=pl.when(pl.col("cluster_id") == "mid-3").then(pl.lit("Q")).otherwise(pl.col("obs_status")),
        **{
            name: pl.when(pl.col("cluster_id") != "mid-3").then(pl.col(name))
            for name in ("usage_share", "name", "description", "map_x", "map_y")
        },
    )
    clusters = explorer_data(dataclasses.replace(month, tables={**month.tables, "idx/request_cluster_month": hidden}))[
        "clusters"
    ]
    place = clusters["id"].index("mid-3")
    assert (clusters["share"][place], clusters["name"][place]) == (None, None)
    assert clusters["id"][clusters["parent"][clusters["id"].index("base-4")]] == "mid-3"


def test_facets_are_those_of_the_table_with_withheld_values_null(month):
    data = explorer_data(month)
    facet = next(facet for facet in data["facets"] if facet["id"] == "use_case")
    parts = facet["parts"][data["clusters"]["id"].index("base-2")]
    found = {facet["values"][number]: share for number, share in zip(parts[::2], parts[1::2], strict=True)}
    table = month["idx/cluster_facet_month"].filter(
        (pl.col("cluster_id") == "base-2") & (pl.col("facet") == "use_case") & (pl.col("row_kind") != "suppressed")
    )
    assert found == dict(table.select("facet_value", "usage_share").iter_rows())
    assert None in found.values()


def test_a_cluster_says_what_it_continues_and_since_when(month):
    clusters = explorer_data(month)["clusters"]
    story = dict(zip(clusters["id"], clusters["story"], strict=True))
    assert story["top-1"] == "Continues “Build and fix software” of the month before, there since September 2026."
    assert story["top-2"] == "New this month."
    assert story["base-2"] is None  # its relation is withheld


def test_no_text_of_a_cluster_can_become_markup(month):
    page = render_explorer(page_content(month), month)
    assert "Debug programs in Python & <script>" not in page
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page).group(1)
    assert "Debug programs in Python & <script>" in json.loads(data)["clusters"]["name"]
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|https?://", page)


def test_the_report_shows_the_levels_it_has_room_for_and_leads_to_the_rest(many):
    section = cluster_section(many)
    shown = sum(1 + len(root.children) for root in section.tree)
    assert 12 < shown <= TREE_ROWS
    assert not any(child.children for root in section.tree for child in root.children)
    assert "500" not in section.link[1]
    assert "526 clusters" in section.link[1]


def test_a_vintage_without_clusters_has_no_explorer(month):
    none = month["idx/request_cluster_month"].clear()
    empty = dataclasses.replace(month, tables={**month.tables, "idx/request_cluster_month": none})
    assert not has_explorer(empty)
    assert cluster_section(empty) is None
