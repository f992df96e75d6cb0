"""What runs the graph: the monthly job, its schedule, the sensor of new files, the notice of failed runs."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg

from pipelines.erasure import remove_expired
from pipelines.errors import InputUnusableError
from pipelines.freshness import source_digest
from pipelines.notify import notify_failure
from pipelines.partitions import previous_month, today_utc
from pipelines.settings import RunResource
from pipelines.sources import conversations_path
from pipelines.storage import Store

LAUNCHER_TAG = "usage-index/launched-by"
SETTLE_SECONDS = 10
"""Files that changed this recently may still be copied."""
_MONTH_IN_NAME = re.compile(r"(?<!\d)(20\d{2}-(?:0[1-9]|1[0-2]))(?!\d)")

monthly_index = dg.define_asset_job(
    "monthly_index",
    selection=dg.AssetSelection.all(),
    description="The whole index of one month: conversations in, warehouse, package and report out.",
)


@dg.op(name="remove_expired_tables", required_resource_keys={"store", "settings"})
def remove_expired_tables(context: dg.OpExecutionContext) -> None:
    """Remove restricted tables of months whose period is over; without a period nothing is removed."""
    settings = context.resources.settings
    removed = remove_expired(
        context.resources.store,
        today=today_utc(),
        raw_days=settings.retention_days_raw,
        core_days=settings.retention_days_core,
    )
    context.log.info("; ".join(f"{zone}: {count} tables removed" for zone, count in removed.items()))


@dg.job(description="Keeps the retention periods of the restricted zone.")
def retention() -> None:
    """Keep the retention periods."""
    remove_expired_tables()


def build_retention_schedule(status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Schedule that keeps the retention periods, every day at 04:00 UTC.

    Args:
        status: Whether it runs without being switched on in the UI.
    """
    return dg.ScheduleDefinition(
        job=retention,
        name="daily_retention",
        description="Every day: remove restricted tables whose period is over.",
        cron_schedule="0 4 * * *",
        execution_timezone="UTC",
        default_status=status,
    )


def build_schedule(status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Schedule that asks for the month just ended, on the fifth of each month at 06:00 UTC.

    Args:
        status: Whether it runs without being switched on in the UI.
    """

    @dg.schedule(
        job=monthly_index,
        name="monthly_refresh",
        description="On the fifth of each month: the index of the month before.",
        cron_schedule="0 6 5 * *",
        execution_timezone="UTC",
        default_status=status,
    )
    def monthly_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        month = previous_month(f"{context.scheduled_execution_time:%Y-%m}")
        return dg.RunRequest(run_key=month, partition_key=month)

    return monthly_refresh


def months_of_files(path: Path, *, default: str) -> list[str]:
    """Months named in the file names under a path (as 2026-10); the default where none is named.

    Args:
        path: File or folder.
        default: Month to ask for when no name carries one.
    """
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    months = {match for file in files for match in _MONTH_IN_NAME.findall(file.name)}
    return sorted(months) or [default]


def newest_change(path: Path) -> float:
    """Seconds since the epoch at which a file under a path last changed."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return max((file.stat().st_mtime for file in files), default=0.0)


def build_file_sensor(status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Sensor that asks for a run when the conversation files have changed.

    Args:
        status: Whether it runs without being switched on in the UI.
    """

    @dg.sensor(
        job=monthly_index,
        name="new_conversation_files",
        description="Runs the index when conversation files arrive or change; months are read from the file names.",
        minimum_interval_seconds=60,
        default_status=status,
    )
    def new_conversation_files(
        context: dg.SensorEvaluationContext, settings: RunResource, store: dg.ResourceParam[Store]
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        try:
            path = conversations_path(settings, store)
        except InputUnusableError:
            yield dg.SkipReason("no conversation files yet")
            return
        if newest_change(path) > time.time() - SETTLE_SECONDS:
            yield dg.SkipReason("conversation files are still being written")
            return
        digest = source_digest(str(path))
        if digest == context.cursor:
            yield dg.SkipReason("no conversation file has changed")
            return
        last = previous_month(f"{today_utc():%Y-%m}")
        for month in months_of_files(path, default=last):
            if month <= last:
                yield dg.RunRequest(run_key=f"{digest}-{month}", partition_key=month)
        context.update_cursor(digest)

    return new_conversation_files


@dg.run_failure_sensor(
    name="notify_failed_run",
    description="Calls the configured command or webhook when a run of the UI, a schedule or a sensor fails.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def notify_failed_run(context: dg.RunFailureSensorContext, settings: RunResource) -> None:
    """Tell the operator about a failed run; runs of the command line tell themselves."""
    if context.dagster_run.tags.get(LAUNCHER_TAG) == "command line":
        return
    lines = notify_failure(
        settings,
        {
            "job": context.dagster_run.job_name,
            "run_id": context.dagster_run.run_id,
            "month": context.dagster_run.tags.get("dagster/partition"),
            "steps": [event.step_key for event in context.get_step_failure_events()],
        },
    )
    context.log.info("; ".join(lines) or "no command or webhook is configured")


MONTHLY_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=40), warn_window=timedelta(days=36))
