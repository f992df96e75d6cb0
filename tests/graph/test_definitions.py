"""The graph is what its golden says: assets, inputs, partitions, checks, jobs, schedules, sensors."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.contracts import IDX_TABLES, JUDGED_TABLES, PUBLISHED_TABLES, TABLES
from pipelines.definitions import build_definitions
from pipelines.settings import Settings
from pipelines.storage import RESTRICTED_ZONES

GOLDEN = Path(__file__).parent.parent / "golden" / "graph.json"
GROUPS = {
    "taxonomy",
    "labour_statistics",
    "conversations",
    "facets",
    "clusters",
    "mapping",
    "index",
    "publication",
}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(Settings(home=str(tmp_path_factory.mktemp("store")), out="out"))


def described(definitions: dg.Definitions) -> dict[str, Any]:
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    assets = {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "from": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "monthly": graph.get(key).partitions_def is not None,
            "checks": sorted(check.name for check in graph.get(key).check_keys),
        }
        for key in graph.get_all_asset_keys()
    }
    return {
        "assets": dict(sorted(assets.items())),
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": {schedule.name: schedule.cron_schedule for schedule in repository.schedule_defs},
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    }


def test_the_graph_is_the_golden(definitions: dg.Definitions, request: pytest.FixtureRequest) -> None:
    found = json.dumps(described(definitions), indent=1) + "\n"
    if request.config.getoption("--write-golden"):
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text(), "the graph changed: if that is meant, run 'make golden' and read the difference"


def test_every_table_of_the_contracts_is_an_asset_and_the_other_way_round(definitions: dg.Definitions) -> None:
    names = set(described(definitions)["assets"])
    assert set(TABLES) - set(JUDGED_TABLES) <= names
    zones = {name.split("/")[0] for name in names - set(TABLES)}
    assert zones <= {*RESTRICTED_ZONES, "publication"}, "a published table needs a schema in the contracts"


def test_every_asset_has_a_group_a_description_an_owner_and_kinds(definitions: dg.Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {node.group_name for node in nodes} == GROUPS
    assert not [node.key for node in nodes if not node.description or not node.owners or not node.kinds]


def test_every_published_table_shows_its_columns_and_has_its_schema_checked(definitions: dg.Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    for name, schema in PUBLISHED_TABLES.items():
        node = graph.get(dg.AssetKey(name.split("/")))
        columns = node.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == schema.column_names()
        assert all(column.description for column in columns), name
        assert "schema" in {check.name for check in node.check_keys}


def test_published_tables_come_from_restricted_ones_only_through_the_one_door(definitions: dg.Definitions) -> None:
    assets = described(definitions)["assets"]
    readers = {name for name, asset in assets.items() if any(p.startswith("core/conversation") for p in asset["from"])}
    published = {name for name in readers if name.split("/")[0] not in RESTRICTED_ZONES}
    assert published - {"meta/vintage"} == {name for name in assets if assets[name]["group"] == "index"} - {
        "meta/vintage"
    }
    assert set(IDX_TABLES) <= published


def test_the_schedule_asks_on_the_fifth_for_the_month_before(definitions: dg.Definitions) -> None:
    from datetime import UTC, datetime

    schedule = definitions.resolve_schedule_def("monthly_refresh")
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 6, 5, 6, tzinfo=UTC),
        repository_def=definitions.get_repository_def(),
    )
    requests = schedule.evaluate_tick(context).run_requests or []
    assert [request.partition_key for request in requests] == ["2026-05"]
