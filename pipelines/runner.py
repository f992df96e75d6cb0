"""Running the graph in this process: what is stale, in order, with progress, and what each failure means."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster import DagsterInstance
from dagster._core.errors import DagsterAssetCheckFailedError
from filelock import FileLock, Timeout
from rich.console import Console

from clio_lite.errors import ClioLiteError, HierarchyFailedError, ModelUnusableError
from onet.errors import OnetError, ReleaseDownloadError, VerifierRefusedError
from pipelines.definitions import build_definitions
from pipelines.defs.automation import LAUNCHER_TAG, monthly_index
from pipelines.errors import (
    InputUnusableError,
    PipelineError,
    PublicationRefusedError,
    ServiceFailedError,
    SettingsError,
)
from pipelines.freshness import fingerprint, upstream_fingerprints
from pipelines.progress import StepCost, TerminalReporter
from pipelines.settings import Settings
from pipelines.storage import Store, replaced

_DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
  pools:
    default_limit: 1
"""
PUBLICATION = "publication"


@dataclass(frozen=True)
class StepPlan:
    """One step of the graph: the tables it makes and whether they are up to date."""

    keys: tuple[str, ...]
    is_fresh: bool


def dagster_home(store: Store) -> Path:
    """DAGSTER_HOME of the process, else of the store, with its configuration written on first use."""
    home = Path(os.environ.get("DAGSTER_HOME") or store.dagster_home)
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.is_file():
        with replaced(config) as temporary:
            temporary.write_text(_DAGSTER_YAML)
    return home


def _in_order(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Steps so that each comes after those it needs."""
    made_by = {key: assets_def for assets_def in assets for key in assets_def.keys}
    ordered: list[dg.AssetsDefinition] = []

    def visit(step: dg.AssetsDefinition) -> None:
        if step in ordered:
            return
        for key in sorted(step.dependency_keys, key=str):
            visit(made_by[key])
        ordered.append(step)

    for step in sorted(assets, key=lambda item: min(key.to_user_string() for key in item.keys)):
        visit(step)
    return ordered


def plan_steps(assets: Sequence[dg.AssetsDefinition], store: Store, settings: Settings, month: str) -> list[StepPlan]:
    """Which steps are up to date for a month: made by this code from these settings and inputs.

    Publication is never taken as fresh: it is quick, and its files lie outside the store.
    """
    fresh: set[str] = set()
    plans = []
    for step in _in_order(assets):
        keys = tuple(sorted(key.to_user_string() for key in step.keys))
        upstream = [key.to_user_string() for key in step.dependency_keys]
        partition = month if step.partitions_def else None
        metadata = {name: step.metadata_by_key[dg.AssetKey(name.split("/"))] for name in keys}
        looked_at = next(iter(metadata.values()))
        needed = [*upstream, *looked_at.get("month_beside", [])]
        made_from = upstream_fingerprints(store, needed, partition, looked_at.get("month_before", []))
        is_fresh = all(name in fresh for name in upstream) and all(
            store.read_state(name, partition)
            == fingerprint(
                name,
                partition,
                settings=settings,
                used=metadata[name]["settings"],
                upstream=made_from,
            )
            for name in keys
        )
        if is_fresh and not any(name.startswith(f"{PUBLICATION}/") for name in keys):
            fresh.update(keys)
        plans.append(StepPlan(keys, is_fresh=set(keys) <= fresh))
    return plans


def _needed(
    plans: Sequence[StepPlan], assets: Sequence[dg.AssetsDefinition], targets: Sequence[str] | None
) -> set[str]:
    """Names of the targets and of all they are made from; everything where no target is named."""
    if targets is None:
        return {name for plan in plans for name in plan.keys}
    dependencies = {
        key.to_user_string(): [above.to_user_string() for above in step.dependency_keys]
        for step in assets
        for key in step.keys
    }
    found: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += dependencies[name]
    return found


def run_month(
    settings: Settings,
    store: Store,
    month: str,
    console: Console,
    *,
    targets: Sequence[str] | None = None,
    on_cost: Callable[[str, StepCost], None] | None = None,
) -> dict[str, StepCost]:
    """Materialise what is stale for one month, in this process, recorded in the store's Dagster instance.

    Args:
        settings: Settings of the run.
        store: The store.
        month: Month, YYYY-MM.
        console: Where progress is shown.
        targets: Tables to make with all they need; None for the whole index.
        on_cost: Is told what each step took as it ends, by its first table.

    Returns:
        What each step that was run took, by its first table.

    Raises:
        PipelineError: The run failed or was refused; its exit code says how.
    """
    assets = [item for item in build_definitions(settings).assets or [] if isinstance(item, dg.AssetsDefinition)]
    plans = plan_steps(assets, store, settings, month)
    needed = _needed(plans, assets, targets)
    stale = [plan for plan in plans if not plan.is_fresh and needed & set(plan.keys)]
    kept = sum(plan.is_fresh for plan in plans)
    if kept and stale:
        console.print(f"  [dim]{kept} of {len(plans)} steps are up to date[/dim]")
    if not stale:
        return {}
    os.environ["DAGSTER_HOME"] = str(dagster_home(store))
    with (
        only_run(store),
        TerminalReporter(console, title=month, total=len(stale), on_cost=on_cost) as reporter,
        DagsterInstance.get() as instance,
    ):
        definitions = build_definitions(settings, reporter)
        _execute(definitions, instance, settings, month, [name for plan in stale for name in plan.keys])
        return dict(reporter.costs)


@contextmanager
def only_run(store: Store) -> Iterator[None]:
    """Hold the store for one run of the command line at a time; the lock ends with the process that holds it.

    Args:
        store: The store.

    Raises:
        SettingsError: Another run holds it.
    """
    lock = FileLock(store.root / ".run.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise SettingsError(
            f"expected the store {store.root} to be free, found another run at work in it: wait, or use another --store"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _execute(
    definitions: dg.Definitions, instance: DagsterInstance, settings: Settings, month: str, names: Sequence[str]
) -> None:
    job = definitions.resolve_job_def(monthly_index.name)
    try:
        job.execute_in_process(
            instance=instance,
            partition_key=month,
            asset_selection=[dg.AssetKey(name.split("/")) for name in names],
            run_config={
                "resources": {"settings": {"config": settings.run_fields()}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            tags={LAUNCHER_TAG: "command line"},
            raise_on_error=True,
        )
    except PipelineError:
        raise
    except (ReleaseDownloadError, ModelUnusableError, HierarchyFailedError) as error:
        raise ServiceFailedError(str(error)) from error
    except VerifierRefusedError as error:
        raise PublicationRefusedError(str(error)) from error
    except (OnetError, ClioLiteError) as error:
        raise InputUnusableError(str(error)) from error
    except DagsterAssetCheckFailedError as error:
        raise PublicationRefusedError(f"a check refused to go on: {error}") from error
