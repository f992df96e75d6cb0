"""The Dagster code location: every asset, check, job, schedule, sensor and resource."""

import dagster as dg

import pipelines.defs
from pipelines.defs.automation import (
    build_file_sensor,
    build_retention_schedule,
    build_schedule,
    monthly_index,
    notify_failed_run,
    retention,
)
from pipelines.defs.resources import build_resources
from pipelines.progress import Reporter, SilentReporter
from pipelines.settings import Settings, load_settings


def build_definitions(settings: Settings, reporter: Reporter | None = None) -> dg.Definitions:
    """Definitions for given settings.

    Args:
        settings: Settings of the process.
        reporter: What is told about the progress of steps; None: nothing.
    """
    on = settings.automation
    scheduled = dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED
    return dg.Definitions(
        assets=dg.load_assets_from_package_module(pipelines.defs),
        jobs=[monthly_index, retention],
        schedules=[build_schedule(scheduled), build_retention_schedule(scheduled)],
        sensors=[
            build_file_sensor(dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED),
            notify_failed_run,
        ],
        # One process per run, as on the command line: a process per step would load torch and the encoder each time.
        executor=dg.in_process_executor,
        resources={
            **build_resources(settings),
            "reporter": dg.ResourceDefinition.hardcoded_resource(reporter or SilentReporter()),
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -m pipelines.definitions` serves: settings from the environment and its TOML file."""
    return build_definitions(load_settings())
