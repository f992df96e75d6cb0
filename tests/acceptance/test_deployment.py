"""The deployed services, as plain processes on this machine: PostgreSQL, code location, web server, daemon.

The commands, environments and health checks are those of docker-compose.yml; only paths, hosts and ports differ.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest
from compose_services import PROJECT, Service, services_here
from dagster_servers import DagsterGraph, free_port, running, wait_for
from local_postgres import Postgres, local_postgres, postgres_programs

pytestmark = pytest.mark.slow

MONTH = "2026-10"
SAMPLE = PROJECT / "data" / "sample" / "conversations.jsonl"
_SECRETS = {"DAGSTER_POSTGRES_PASSWORD": "p4ss", "USAGE_INDEX_ACCOUNT_SECRET": "a secret of the tests"}
_AUTOMATION = """
query Automation($repository: RepositorySelector!) {
  schedulesOrError(repositorySelector: $repository) { ... on Schedules { results { name scheduleState { status } } } }
  sensorsOrError(repositorySelector: $repository) { ... on Sensors { results { name sensorState { status } } } }
}"""
_RUNS_OF_SENSOR = """
query RunsOfSensor($filter: RunsFilter!) {
  runsOrError(filter: $filter) { ... on Runs { results { id status tags { key value } } } }
}"""
_TERMINATE = """
mutation Terminate($runId: String!) {
  terminateRun(runId: $runId, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename }
}"""


@dataclass(frozen=True)
class Deployment:
    """What a test needs of the running services."""

    graph: DagsterGraph
    folder: Path
    database: Postgres
    log: Path


@contextmanager
def _healthy_service(name: str, service: Service, folder: Path) -> Iterator[None]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**service.environment, "PATH": path, "HOME": str(folder), "OMP_NUM_THREADS": "1"}
    log = folder / f"{name}.log"

    def is_healthy() -> bool:
        done = subprocess.run(service.healthcheck, env=environment, cwd=PROJECT, capture_output=True, check=False)
        return done.returncode == 0

    with running(service.command, environment=environment, log=log, cwd=PROJECT) as process:
        wait_for(is_healthy, what=f"{name} is healthy", seconds=120, log=log, process=process)
        yield


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here (no postgres on the PATH nor in /usr/lib/postgresql)")
    folder = tmp_path_factory.mktemp("deployment")
    for name in ("dagster", "logs", "data", "inputs/conversations"):
        (folder / name).mkdir(parents=True)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / "deploy" / name, folder / "dagster")
    shutil.copy(PROJECT / "data" / "sample" / "config.toml", folder / "inputs")
    code_port, web_port = str(free_port()), str(free_port())
    with ExitStack() as stack:
        database = stack.enter_context(local_postgres(programs, _SECRETS["DAGSTER_POSTGRES_PASSWORD"]))
        services = services_here(
            {**_SECRETS, "USAGE_INDEX_CONFIG": "/inputs/config.toml"},
            {
                **{f"/{name}": str(folder / name) for name in ("dagster", "logs", "data", "inputs")},
                **{"0.0.0.0": "127.0.0.1", "code": "127.0.0.1", "postgres": "127.0.0.1"},
                **{"4000": code_port, "3000": web_port, "5432": str(database.port)},
            },
        )
        for name in ("code", "webserver", "daemon"):
            stack.enter_context(_healthy_service(name, services[name], folder))
        graph = DagsterGraph(f"http://127.0.0.1:{web_port}", "usage_index")
        yield Deployment(graph, folder, database, folder / "daemon.log")


def _runs_of_sensor(graph: DagsterGraph) -> list[dict[str, str]]:
    wanted = {"tags": [{"key": "dagster/sensor_name", "value": "new_conversation_files"}]}
    found = graph.ask(_RUNS_OF_SENSOR, filter=wanted)["runsOrError"]["results"]
    return [{"id": run["id"], **{tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]


def test_schedule_and_sensors_run_without_being_switched_on(deployment: Deployment) -> None:
    state = deployment.graph.ask(_AUTOMATION, repository=deployment.graph.repository)
    found = {item["name"]: item["scheduleState"]["status"] for item in state["schedulesOrError"]["results"]}
    found |= {item["name"]: item["sensorState"]["status"] for item in state["sensorsOrError"]["results"]}
    names = ("daily_retention", "monthly_refresh", "new_conversation_files", "notify_failed_run")
    assert found == dict.fromkeys(names, "RUNNING")


def test_month_is_made_through_queue_and_code_location_and_new_files_ask_for_a_run(deployment: Deployment) -> None:
    graph, folder = deployment.graph, deployment.folder
    assert not _runs_of_sensor(graph), "the sensor asked for a run although nothing had arrived"
    run_id = graph.launch(MONTH, {"conversations": str(SAMPLE), "seed": 7})
    arrived = folder / "inputs" / "conversations" / f"conversations-{MONTH}.jsonl"
    shutil.copy(SAMPLE, arrived)

    graph.wait_for_run(run_id, seconds=300, log=deployment.log)
    asked = wait_for(lambda: _runs_of_sensor(graph), what="the sensor asks for a run", seconds=90, log=deployment.log)
    graph.ask(_TERMINATE, runId=asked[0]["id"])

    assert [run["dagster/partition"] for run in asked] == [MONTH]
    with duckdb.connect(folder / "data" / "out" / "index.duckdb", read_only=True) as warehouse:
        vintage = warehouse.sql("SELECT reference_month, dagster_run_id, seed FROM meta.vintage").fetchall()
        used = warehouse.sql("SELECT count(*) > 0 FROM idx.task_month WHERE usage_share > 0").fetchall()
    assert vintage == [(MONTH, run_id, 7)]
    assert used == [(True,)]
    assert (folder / "data" / "out" / "report" / "index.html").is_file()
    assert (folder / "data" / "out" / "package" / "datapackage.json").is_file()
    assert (folder / "data" / "store").stat().st_mode & 0o777 == 0o700


def test_dagsters_storage_and_logs_hold_no_conversation_text_and_no_account_id(deployment: Deployment) -> None:
    records = pl.read_ndjson(SAMPLE)
    texts = records.explode("messages").select(pl.col("messages").struct.field("content")).to_series()
    private = {text[:60] for text in texts.drop_nulls() if len(text) >= 30}
    private |= set(records.get_column("user_id").drop_nulls())
    assert len(private) > 1_000
    connection = deployment.database.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT event FROM event_logs UNION ALL SELECT run_body FROM runs")
        kept = [row[0] for row in cursor.fetchall()]
    connection.close()
    kept += [file.read_text(errors="replace") for file in sorted(deployment.folder.glob("logs/**/*")) if file.is_file()]
    kept += [file.read_text(errors="replace") for file in sorted(deployment.folder.glob("*.log"))]
    assert len(kept) > 100
    everything = "\n".join(kept)
    assert [text for text in sorted(private) if text in everything] == []
