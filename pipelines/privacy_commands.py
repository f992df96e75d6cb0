"""What the commands about people's rights do: erase an account, change the secret, remove what is past its period."""

from pathlib import Path

import polars as pl

from pipelines.defs.resources import open_store
from pipelines.erasure import erase_account, remove_expired, rotate_secret
from pipelines.errors import InputUnusableError, SettingsError
from pipelines.partitions import today_utc
from pipelines.runner import only_run
from pipelines.settings import Settings, load_settings
from pipelines.sources import conversations_path
from pipelines.storage import Store
from pipelines.summary import Summary


def erase_account_command(user_id: str, **given: object) -> Summary:
    """Erase one account from the restricted zone; its id is never shown.

    Args:
        user_id: Raw account id.
        **given: Settings of the command line.

    Raises:
        SettingsError: The id is empty, or a run is using the store.
    """
    if not user_id.strip():
        raise SettingsError(
            "expected an account id, found an empty one: pass --account ID, or the id on standard input"
        )
    settings = load_settings(**given)
    store = open_store(settings)
    with only_run(store):
        done = erase_account(store, user_id.strip(), source=_source(settings, store))
    rows = sorted(done.row_counts.items())
    return Summary(
        title="Erased one account",
        facts={
            "months to build again": ", ".join(done.months) or "none",
            "rows removed": sum(done.row_counts.values()),
            "label sheets removed": done.removed_files,
            "model replies removed": done.reply_count,
            "source files that still hold it": "not looked at"
            if done.source_file_count is None
            else done.source_file_count,
            "published vintages": "unchanged: aggregates; the next build of each month does without the account",
        },
        tables={"rows": pl.DataFrame(rows, schema={"table": pl.String, "removed": pl.Int64}, orient="row")},
    )


def _source(settings: Settings, store: Store) -> Path | None:
    """Where the conversations come from, or None where nothing is there now."""
    try:
        return conversations_path(settings, store)
    except InputUnusableError:
        return None


def rotate_secret_command(*, is_forgetting: bool, **given: object) -> Summary:
    """Replace the account secret of the store.

    Args:
        is_forgetting: Remove old secrets too.
        **given: Settings of the command line.
    """
    store = open_store(load_settings(**given))
    with only_run(store):
        kept = rotate_secret(store, is_forgetting=is_forgetting)
    return Summary(
        title="Account secret replaced",
        facts={
            "old secrets kept for erasure": kept,
            "from now on": "months that are read get other account keys; accounts cannot be followed across the change",
        },
        tables={},
    )


def remove_expired_command(**given: object) -> Summary:
    """Remove what is past its period from the restricted zone.

    Args:
        **given: Settings of the command line.

    Raises:
        SettingsError: No period is set.
    """
    settings = load_settings(**given)
    if not (settings.retention_days_raw or settings.retention_days_core):
        raise SettingsError(
            "expected a period, found none: set retention_days_raw or retention_days_core in --config, the environment "
            "or by --raw-days and --core-days"
        )
    store = open_store(settings)
    with only_run(store):
        removed = remove_expired(
            store, today=today_utc(), raw_days=settings.retention_days_raw, core_days=settings.retention_days_core
        )
    return Summary(
        title="Retention",
        facts={f"{zone} tables removed": count for zone, count in removed.items()},
        tables={},
    )
