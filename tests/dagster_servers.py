"""Real Dagster processes for tests: start, wait, ask over GraphQL as the UI does, and end in every case."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

T = TypeVar("T")
_LAUNCH = """
mutation LaunchPipelineExecution($executionParams: ExecutionParams!) {
  launchPipelineExecution(executionParams: $executionParams) {
    __typename
    ... on LaunchRunSuccess { run { id } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on InvalidSubsetError { message }
    ... on PythonError { message stack }
  }
}"""
_DEFAULTS = """
query Defaults($selector: PipelineSelector!) {
  runConfigSchemaOrError(selector: $selector, mode: "default") { ... on RunConfigSchema { rootDefaultYaml } }
}"""
_CHECKS = """
query Checks($assetKeys: [AssetKeyInput!]) {
  assetNodes(assetKeys: $assetKeys) {
    assetKey { path }
    assetChecksOrError { ... on AssetChecks { checks { name } } }
  }
}"""
_BACKFILL = """
mutation LaunchPartitionBackfill($backfillParams: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfillParams) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message stack }
  }
}"""
_RUN = """
query Run($runId: ID!) {
  runOrError(runId: $runId) { __typename ... on Run { status } }
}"""
_FAILURES = """
query Failures($runId: ID!) {
  logsForRun(runId: $runId) {
    ... on EventConnection { events {
      __typename
      ... on MessageEvent { message stepKey }
      ... on ErrorEvent { error { message causes { message } } }
    } }
  }
}"""
_BACKFILL_STATUS = """
query Backfill($backfillId: String!) {
  partitionBackfillOrError(backfillId: $backfillId) {
    __typename
    ... on PartitionBackfill { status runs(limit: 10) { id status tags { key value } } error { message } }
  }
}"""
_DONE = {"SUCCESS", "FAILURE", "CANCELED"}


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, cwd: Path, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own group, which is ended with all it started when the block is left.

    Args:
        command: What to run, found on the PATH of the environment.
        environment: The whole environment.
        log: File that gets what it prints.
        cwd: Its folder.
        user: User to run as; None for the one of the tests.
    """
    as_user: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_user,
        )
        try:
            yield process
        finally:
            for signal_, patience in ((signal.SIGINT, 8), (signal.SIGTERM, 4), (signal.SIGKILL, 10)):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal_)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
                if process.poll() is not None:
                    break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(
    condition: Callable[[], T | None],
    *,
    what: str,
    seconds: float,
    log: Path,
    process: subprocess.Popen[bytes] | None = None,
    every: float = 0.5,
) -> T:
    """First result of a condition that is neither None nor false.

    Args:
        condition: Asked again and again.
        what: What is waited for, for the message of the failure.
        seconds: Time after which the test fails.
        log: File whose end the failure shows.
        process: The test fails at once when this process has ended.
        every: Seconds between two questions.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        if process is not None and process.poll() is not None:
            break
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds:.0f} s\n{log.read_text(errors='replace')[-4000:]}")


class DagsterGraph:
    """The GraphQL interface of a web server, asked as the UI asks it."""

    def __init__(self, url: str, location: str) -> None:
        """Keep where it is.

        Args:
            url: Address of the web server.
            location: Name of the code location.
        """
        self.url = url
        self.repository = {"repositoryLocationName": location, "repositoryName": "__repository__"}

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Data of a query or mutation; its errors fail the test."""
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        document = answer.json()
        assert "errors" not in document, document["errors"]
        return dict(document["data"])

    def is_up(self) -> bool:
        """Whether the web server answers."""
        try:
            return httpx.get(f"{self.url}/server_info", timeout=5).is_success
        except httpx.TransportError:
            return False

    def launch(self, month: str, settings: Mapping[str, object], *, assets: Sequence[str] = ()) -> str:
        """Launch one month as the launchpad does: its defaults with some of them edited.

        Args:
            month: Partition.
            settings: Settings edited in the launchpad.
            assets: Tables to make, with their checks; none for the job of the whole index.

        Returns:
            Id of the run.
        """
        job = "__ASSET_JOB" if assets else "monthly_index"
        keys = [{"path": name.split("/")} for name in assets]
        named = {**self.repository, "pipelineName": job}
        selector = {**named, "assetSelection": keys, "assetCheckSelection": self._checks_of(keys) if keys else []}
        config = yaml.safe_load(self.ask(_DEFAULTS, selector=named)["runConfigSchemaOrError"]["rootDefaultYaml"])
        config["resources"]["settings"]["config"].update(settings)
        tags = {"dagster/partition": month, "dagster/partition_set": f"{job}_partition_set", "dagster/from_ui": "true"}
        answer = self.ask(
            _LAUNCH,
            executionParams={
                "mode": "default",
                "selector": selector,
                "runConfigData": yaml.safe_dump(config),
                "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
            },
        )["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["id"])

    def _checks_of(self, keys: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        nodes = self.ask(_CHECKS, assetKeys=list(keys))["assetNodes"]
        return [
            {"name": check["name"], "assetKey": node["assetKey"]}
            for node in nodes
            for check in node["assetChecksOrError"]["checks"]
        ]

    def run_status(self, run_id: str) -> str:
        """Status of a run."""
        return str(self.ask(_RUN, runId=run_id)["runOrError"]["status"])

    def run_failures(self, run_id: str) -> list[str]:
        """What a run says about its failures."""
        events = self.ask(_FAILURES, runId=run_id)["logsForRun"]["events"]
        return [
            f"{event.get('stepKey')}: {event.get('message')} {event.get('error') or ''}"
            for event in events
            if event["__typename"] in {"ExecutionStepFailureEvent", "RunFailureEvent"}
        ]

    def ended(self, run_id: str, *, seconds: float, log: Path) -> str:
        """Status of a run when it has ended."""
        return wait_for(
            lambda: found if (found := self.run_status(run_id)) in _DONE else None,
            what=f"run {run_id} ends",
            seconds=seconds,
            log=log,
            every=1,
        )

    def wait_for_run(self, run_id: str, *, seconds: float, log: Path) -> None:
        """Wait until a run has ended, and fail with its own words when it has not succeeded."""
        status = self.ended(run_id, seconds=seconds, log=log)
        assert status == "SUCCESS", "\n".join([status, *self.run_failures(run_id)])

    def launch_backfill(self, months: Sequence[str], assets: Sequence[str]) -> str:
        """Launch a backfill of months of some tables as the UI does.

        Returns:
            Its id.
        """
        launched = self.ask(
            _BACKFILL,
            backfillParams={
                "partitionNames": list(months),
                "assetSelection": [{"path": name.split("/")} for name in assets],
                "tags": [],
            },
        )["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def backfilled(self, backfill_id: str, *, seconds: float, log: Path) -> list[str]:
        """Wait for the end of a backfill, at which the daemon looks every thirty seconds.

        Returns:
            The months of its runs, all of which succeeded.
        """

        def ended() -> dict[str, Any] | None:
            state = self.ask(_BACKFILL_STATUS, backfillId=backfill_id)["partitionBackfillOrError"]
            return state if state["status"] not in {"REQUESTED", "CANCELING", "FAILING"} else None

        state = wait_for(ended, what="the backfill ends", seconds=seconds, log=log, every=1)
        assert state["status"] == "COMPLETED_SUCCESS", state
        tags = [{tag["key"]: tag["value"] for tag in run["tags"]} for run in state["runs"]]
        return sorted(tag["dagster/partition"] for tag in tags)
