"""The Dagster UI on a store that the command line has filled: what it shows, and what can be done from it."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from browser import CHROMIUM, FLAGS
from compose_services import PROJECT
from dagster_servers import DagsterGraph, free_port, running, wait_for
from index_run import MONTH, Run
from playwright.sync_api import Page, expect, sync_playwright

from pipelines.contracts import IDX_TABLES, META_TABLES

pytestmark = pytest.mark.slow

EARLIER = "2026-09"
RAW_TABLES = ("raw/conversations", "raw/quarantine", "raw/ingest_count")
INDEX_TABLES = (*IDX_TABLES, *META_TABLES)
_REPOSITORY = """
query Repository($repository: RepositorySelector!) {
  repositoryOrError(repositorySelector: $repository) {
    ... on Repository { jobs { name } assetNodes { groupName description assetKey { path } } }
  }
}"""
_ASSET = """
query Asset($key: AssetKeyInput!, $partitions: [String!]) {
  assetNodeOrError(assetKey: $key) { ... on AssetNode {
    assetMaterializations(limit: 1, partitions: $partitions) {
      metadataEntries { label ... on IntMetadataEntry { intValue } ... on MarkdownMetadataEntry { mdStr } }
    }
    assetChecksOrError { ... on AssetChecks { checks {
      name description blocking executionForLatestMaterialization { status }
    } } }
  } }
}"""


@dataclass(frozen=True)
class Ui:
    """The running UI, its store, its log and the backfill that runs beside the other tests."""

    graph: DagsterGraph
    folder: Path
    log: Path
    backfill: str

    def asset(self, name: str) -> dict[str, Any]:
        """Metadata of the last materialisation of the month, and the checks."""
        node = self.graph.ask(_ASSET, key={"path": name.split("/")}, partitions=[MONTH])["assetNodeOrError"]
        entries = node["assetMaterializations"][0]["metadataEntries"]
        return {
            "metadata": {entry["label"]: entry.get("intValue") or entry.get("mdStr") for entry in entries},
            "checks": {check["name"]: check for check in node["assetChecksOrError"]["checks"]},
        }

    def sdc_policies(self) -> list[tuple[int, bool]]:
        """Least conversations of a cell by the tables of the month, as now in the store."""
        table = pl.read_parquet(self.folder / "store" / "tables" / "meta" / "sdc_policy" / f"{MONTH}.parquet")
        return table.select("min_conversations", "is_default").rows()


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory, finished_run: Run, conversations: tuple[Path, Path]) -> Iterator[Ui]:
    folder = tmp_path_factory.mktemp("ui")
    shutil.copytree(finished_run.folder, folder, dirs_exist_ok=True)
    program = str(Path(sys.executable).with_name("usage-index"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("USAGE_INDEX", "DAGSTER"))}
    environment |= {"USAGE_INDEX_CONVERSATIONS": str(conversations[0]), "OMP_NUM_THREADS": "1"}
    places = ["--store", str(folder / "store"), "--out", str(folder / "out")]
    places += ["--config", str(PROJECT / "data" / "sample" / "config.toml")]
    port, log = free_port(), folder / "ui.log"
    command = [program, "ui", *places, "--port", str(port)]
    with running(command, environment=environment, log=log, cwd=folder) as process:
        graph = DagsterGraph(f"http://127.0.0.1:{port}", "pipelines.definitions")
        wait_for(graph.is_up, what="the UI answers", seconds=120, log=log, process=process)
        yield Ui(graph, folder, log, graph.launch_backfill([EARLIER, MONTH], RAW_TABLES))


@pytest.fixture(scope="module")
def page(ui: Ui, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path: install one to see the UI in a browser")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            headless=True,
            args=list(FLAGS),
            base_url=ui.graph.url,
            viewport={"width": 1400, "height": 900},
        )
        context.set_default_timeout(60_000)
        yield context.new_page()
        context.close()


def test_every_asset_is_served_with_its_group_and_description(ui: Ui) -> None:
    found = ui.graph.ask(_REPOSITORY, repository=ui.graph.repository)["repositoryOrError"]
    assert "monthly_index" in {job["name"] for job in found["jobs"]}
    assert {node["groupName"] for node in found["assetNodes"]} == {
        "taxonomy",
        "labour_statistics",
        "conversations",
        "facets",
        "clusters",
        "mapping",
        "index",
        "publication",
    }
    assert [node["assetKey"]["path"] for node in found["assetNodes"] if not node["description"]] == []


@pytest.mark.parametrize("name", ["core/facets", "idx/major_group_month", "qa/conservation"])
def test_what_the_command_line_made_shows_its_rows_preview_and_passed_checks(ui: Ui, name: str) -> None:
    shown = ui.asset(name)
    assert shown["metadata"]["dagster/row_count"] > 0
    assert shown["metadata"]["preview"].count("|") > 10
    assert shown["checks"]
    for check in shown["checks"].values():
        assert check["description"]
        assert check["blocking"]
        assert check["executionForLatestMaterialization"]["status"] == "SUCCEEDED"


def test_graph_is_drawn_with_its_groups_and_without_a_dialogue_of_the_vendor(page: Page, tmp_path: Path) -> None:
    page.goto("/asset-groups")
    for group in ("conversations", "labour_statistics", "publication"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.screenshot(path=tmp_path / "graph.png")


def test_asset_page_shows_description_columns_and_checks(page: Page, tmp_path: Path) -> None:
    page.goto("/assets/idx/job_zone_month")
    expect(page.get_by_text("Usage by O*NET job zone.").first).to_be_visible()
    expect(page.get_by_text("representation_ratio").or_(page.get_by_text("usage_share")).first).to_be_attached()
    page.screenshot(path=tmp_path / "asset.png")
    page.goto("/assets/idx/job_zone_month?view=checks")
    expect(page.get_by_text("thresholds", exact=True).first).to_be_visible()
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    page.screenshot(path=tmp_path / "checks.png")


def test_month_is_made_again_from_the_launchpad_with_an_edited_threshold(ui: Ui) -> None:
    assert ui.sdc_policies() == [(3, False)]
    vintages = pl.read_parquet(ui.folder / "store" / "tables" / "meta" / "vintage" / f"{MONTH}.parquet")
    run_id = ui.graph.launch(MONTH, {"min_conversations": 4}, assets=INDEX_TABLES)
    ui.graph.wait_for_run(run_id, seconds=180, log=ui.log)
    assert ui.sdc_policies() == [(4, False)]
    again = pl.read_parquet(ui.folder / "store" / "tables" / "meta" / "vintage" / f"{MONTH}.parquet")
    assert again.item(0, "vintage_id") != vintages.item(0, "vintage_id"), "another threshold is another build"
    assert ui.asset("idx/task_month")["checks"]["thresholds"]["executionForLatestMaterialization"]["status"] == (
        "SUCCEEDED"
    )


def test_two_months_are_backfilled(ui: Ui) -> None:
    assert ui.graph.backfilled(ui.backfill, seconds=240, log=ui.log) == [EARLIER, MONTH]
    counts = ui.folder / "store" / "tables" / "raw" / "ingest_count"
    outcomes = {month: dict(pl.read_parquet(counts / f"{month}.parquet").rows()) for month in (EARLIER, MONTH)}
    assert outcomes[MONTH]["accepted"] > 100
    assert outcomes[EARLIER]["other_month"] > 100
