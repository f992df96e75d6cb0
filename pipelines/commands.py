"""What each command of the command line does; the options are in `cli`, the work in the libraries and the graph."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from rich.console import Console

from clio_lite.facets import extract_facets
from clio_lite.ingest import ingest_conversations
from clio_lite.redaction import redact_conversations
from onet.matching import match_texts
from pipelines.defs.resources import open_encoder, open_heads, open_index_encoder, open_store
from pipelines.erasure import erased_accounts, remove_expired
from pipelines.errors import InputUnusableError, PipelineError, SettingsError
from pipelines.notify import notify_failure
from pipelines.partitions import FIRST_MONTH, parse_month, parse_months, today_utc
from pipelines.progress import StepCost, TerminalReporter
from pipelines.provenance import archive_tables
from pipelines.published_shares import build_tables
from pipelines.release_tables import stored_task_index
from pipelines.runner import dagster_home, run_month
from pipelines.sample import write_sample
from pipelines.settings import Settings, load_settings
from pipelines.storage import Store, replaced
from pipelines.summary import IndexSummary, Summary, headline_table, index_summary
from pipelines.warehouse import build_warehouse

RELEASE_TARGETS = ("core/task_index", "ref/occupation")
INTERNAL_COLUMNS = ("statement_task_id", "task_key")
"""Columns of a match that the matches file does not have."""


def run_index(months: str, console: Console, **given: object) -> IndexSummary:
    """Run the whole index for a month or a range; on failure tell whom the settings name.

    Args:
        months: `2026-10` or `A..B`.
        console: Where progress is shown.
        **given: Settings of the command line; None means not given.

    Returns:
        What to show of the last month.

    Raises:
        PipelineError: A run failed or was refused.
    """
    wanted = parse_months(months, today=today_utc())
    settings = load_settings(**given)
    _prepare_out(Path(settings.out))
    if len(wanted) > 1 and not settings.undated_month:
        settings = settings.model_copy(update={"undated_month": wanted[0]})
    store = open_store(settings)
    costs: dict[str, StepCost] = {}
    for month in wanted:
        console.print(f"[bold]{month}[/bold]")
        try:
            for name, cost in run_month(settings, store, month, console).items():
                costs[name] = costs[name] + cost if name in costs else cost
        except PipelineError as error:
            summary = {
                "month": month,
                "error": type(error).__name__,
                "message": str(error),
                "exit_code": error.exit_code,
            }
            for line in notify_failure(settings, summary):
                console.print(f"  {line}")
            raise
    remove_expired(
        store, today=today_utc(), raw_days=settings.retention_days_raw, core_days=settings.retention_days_core
    )
    return index_summary(Path(settings.out), store, wanted[-1], costs)


def serve_ui(host: str, port: int, **given: object) -> None:
    """Replace this process by the Dagster UI and daemon on the same store and settings.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        **given: Settings of the command line; None means not given.
    """
    settings = load_settings(**given)
    store = open_store(settings)
    environment = dict(os.environ)
    environment["DAGSTER_HOME"] = str(dagster_home(store).resolve())
    environment["USAGE_INDEX_HOME"] = str(store.root.resolve())
    for name, value in given.items():
        if value is not None and name != "home":
            environment[f"USAGE_INDEX_{name.upper()}"] = str(value)
    dagster = Path(sys.executable).with_name("dagster")
    command = [str(dagster), "dev", "-m", "pipelines.definitions", "-h", host, "-p", str(port)]
    sys.stdout.write(f"Dagster UI on http://{host}:{port}, store {store.root}\n")
    sys.stdout.flush()
    os.execve(str(dagster), command, environment)  # noqa: S606 - a server started on purpose


def _prepare_out(out: Path) -> None:
    """Make the folder of the outputs before anything is computed.

    Raises:
        SettingsError: It cannot be made or written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise SettingsError(
            f"expected a folder that can be written, found {type(error).__name__} at {out}: check --out"
        ) from error


def _prepare_release(settings: Settings, store: Store, console: Console) -> dict[str, StepCost]:
    return run_month(settings, store, FIRST_MONTH, console, targets=RELEASE_TARGETS)


def load_release_command(source: str, console: Console, **given: object) -> Summary:
    """Load, validate and index an O*NET release.

    Args:
        source: File, folder or version.
        console: Where progress is shown.
        **given: Settings of the command line.
    """
    settings = load_settings(onet=source, **given)
    store = open_store(settings)
    _prepare_release(settings, store, console)
    manifest, index = store.read_table("core/release"), store.read_table("core/task_index")
    return Summary(
        title=f"O*NET {manifest.item(0, 'onet_version')}",
        facts={
            "release": manifest.item(0, "onet_version"),
            "kind": manifest.item(0, "source_kind"),
            "digest": manifest.item(0, "release_digest"),
            **{f"index {name}": value for name, value in index.row(0, named=True).items() if name != "release_digest"},
        },
        tables={"rows read": manifest.drop("onet_version", "source_kind", "release_digest")},
    )


def write_facets(
    conversations: Path, out: Path, console: Console, *, conversation_format: str | None, **given: object
) -> Summary:
    """Write one row of facets per conversation of any month, mode 0600.

    Args:
        conversations: File or folder.
        out: Parquet file to write.
        console: Where progress and the warning are shown.
        conversation_format: Format; None: detected.
        **given: Settings of the command line.
    """
    settings = load_settings(conversation_format=conversation_format, **given)
    store = open_store(settings)
    if not conversations.exists():
        raise InputUnusableError(f"expected a file or folder of conversations, found nothing at {conversations}")
    with (
        tempfile.TemporaryDirectory(prefix=".scratch-", dir=store.root) as scratch,
        TerminalReporter(console, title="facets", total=3) as reporter,
    ):
        with reporter.step(["read"]):
            read = ingest_conversations(
                conversations,
                month=None,
                account_secret=store.account_secret(),
                work_dir=Path(scratch),
                undated_month=FIRST_MONTH,
                source_format=settings.conversation_format or None,
                is_erased=erased_accounts(store),
            )
        with reporter.step(["redact"]):
            redacted = redact_conversations(
                read.conversations, account_cap=settings.account_cap, seed=settings.seed, work_dir=Path(scratch)
            )
        with reporter.step(["facets"]):
            encoder = open_encoder(settings, store)
            facets = extract_facets(redacted, encoder=encoder, heads=open_heads(settings, encoder), skills=None)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replaced(out) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            facets.write_parquet(file, compression="zstd")
    console.print(
        f"[yellow]restricted:[/yellow] {out} has one row per conversation; keep it where the conversations are"
    )
    return Summary(
        title="Facets",
        facts={"rows": facets.height, "file": str(out)},
        tables={"reading": read.counts, "patterns": _shares(facets, "collaboration_pattern", counted="conversations")},
    )


def _shares(frame: pl.DataFrame, column: str, *, counted: str) -> pl.DataFrame:
    counts = frame.group_by(column).len(counted).sort(counted, column, descending=[True, False])
    return counts.with_columns((pl.col(counted) / pl.col(counted).sum()).round(4).alias("share"))


def _read_texts(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InputUnusableError(f'expected a JSONL file of {{"id", "text"}}, found nothing at {path}')
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise InputUnusableError(f"{path.name} is not UTF-8 text: convert it") from None
    rows: list[Mapping[str, object]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise InputUnusableError(f"{path.name} line {number} is not JSON: write one object per line") from None
        if (
            not isinstance(row, dict)
            or not isinstance(row.get("text"), str)
            or "id" not in row
            or not row["text"].strip()
        ):
            raise InputUnusableError(
                f'{path.name} line {number} lacks "id" or a text: expected {{"id": ..., "text": ...}}'
            )
        rows.append({"id": str(row["id"]), "text": row["text"]})
    frame = pl.DataFrame(rows, schema={"id": pl.String, "text": pl.String})
    if frame.is_empty():
        raise InputUnusableError(f"{path.name} holds no text: expected one JSON object per line")
    if frame.get_column("id").is_duplicated().any():
        raise InputUnusableError(f"{path.name} has ids that occur more than once: make them unique")
    return frame


def write_matches(texts: Path, out: Path, console: Console, *, top: int, **given: object) -> Summary:
    """Write the ranked task statements of each text.

    Args:
        texts: JSONL with `id` and `text`.
        out: Parquet file to write.
        console: Where progress is shown.
        top: Rows per text.
        **given: Settings of the command line.
    """
    settings = load_settings(**given)
    store = open_store(settings)
    frame = _read_texts(texts)
    _prepare_release(settings, store, console)
    manifest = store.read_table("core/task_index")
    encoder = open_index_encoder(settings, store, manifest)
    index = stored_task_index(manifest, encoder, store.task_indexes)
    verifier = index.text_verifier
    matches = match_texts(frame, index=index, encoder=encoder, verifier=verifier, top=top).drop(INTERNAL_COLUMNS)
    with replaced(out) as temporary:
        matches.write_parquet(temporary, compression="zstd")
    first = matches.filter(pl.col("rank") == 1)
    return Summary(
        title=f"Matches to O*NET {index.onet_version}",
        facts={"texts": frame.height, "rows": matches.height, "verifier": verifier.name, "file": str(out)},
        tables={"verdicts": _shares(first, "verdict", counted="texts")},
    )


def aggregate_shares(*, out: Path, **files: Path | None) -> Summary:
    """Write the index tables made from published task shares.

    Args:
        out: DuckDB file to write.
        **files: Inputs by the names of the options.
    """
    for name, path in files.items():
        if path is not None and not path.is_file():
            raise InputUnusableError(f"expected a file, found nothing at {path}: check --{name.replace('_', '-')}")
    tables = build_tables(**files, published_at=datetime.now(tz=UTC))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        archive_tables(tables, Path(folder) / tables["meta/vintage"].item(0, "vintage_id"))
        rows = build_warehouse(Path(folder), out)
    labels = tables["meta/metric"].select("metric_id", "unit", headline="label")
    headline = tables["idx/headline_month"].join(labels, on="metric_id").sort("metric_id")
    groups = tables["idx/major_group_month"].select("soc_major_group", "title", "usage_share", "employment_share")
    return Summary(
        title="Index tables from published shares",
        facts={"file": str(out), "tables": rows.height, "rows": int(rows.get_column("row_count").sum())},
        tables={
            "headlines": headline_table(headline),
            "major groups": groups.sort("usage_share", descending=True, nulls_last=True),
        },
    )


def write_sample_command(count: int, *, seed: int, month: str, out: Path, truth: Path | None) -> Summary:
    """Write synthetic conversations and their truth.

    Args:
        count: How many.
        seed: Seed.
        month: Month, YYYY-MM.
        out: JSONL file of conversations.
        truth: JSONL file of the truth, or None.
    """
    parse_month(month)
    written = write_sample(count, seed=seed, month=month, out=out, truth=truth)
    return Summary(
        title="Synthetic conversations",
        facts={**asdict(written), "file": str(out), "truth": str(truth) if truth else "not written"},
        tables={},
    )


def diagnose(**given: object) -> Summary:
    """Say what is installed, reachable and configured."""
    from pipelines.doctor import examine

    return examine(load_settings(**given))
