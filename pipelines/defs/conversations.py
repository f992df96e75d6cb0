"""Assets of the conversations: read, validate, quarantine, redact. All restricted."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import polars as pl

from clio_lite.ingest import ingest_conversations
from clio_lite.redaction import redact_conversations
from pipelines.defs.declare import TableSpec, tables
from pipelines.erasure import erased_accounts
from pipelines.sources import conversations_path

GROUP = "conversations"
_READ = ("conversations", "conversation_format", "undated_month")


@tables(
    TableSpec("raw/conversations", GROUP, settings=_READ),
    TableSpec("raw/quarantine", GROUP, settings=_READ),
    TableSpec("raw/ingest_count", GROUP, settings=_READ),
)
def ingest(context: dg.AssetExecutionContext, scratch: Path) -> Mapping[str, pl.DataFrame | pl.LazyFrame]:
    """Read the month's conversations, and put aside what cannot be used with its reason."""
    settings, store = context.resources.settings, context.resources.store
    result = ingest_conversations(
        conversations_path(settings, store),
        month=context.partition_key,
        account_secret=store.account_secret(),
        work_dir=scratch,
        undated_month=settings.undated_month or None,
        source_format=settings.conversation_format or None,
        is_erased=erased_accounts(store),
    )
    return {
        "raw/conversations": result.conversations,
        "raw/quarantine": result.quarantine,
        "raw/ingest_count": result.counts,
    }


@tables(
    TableSpec("core/conversations", GROUP, settings=("account_cap", "seed"), kinds=("polars", "parquet")),
    upstream={"conversations": "raw/conversations"},
)
def redacted(context: dg.AssetExecutionContext, conversations: pl.LazyFrame, scratch: Path) -> pl.LazyFrame:
    """Replace private strings by their kind before anything else sees a text, and cap heavy accounts."""
    settings = context.resources.settings
    return redact_conversations(conversations, account_cap=settings.account_cap, seed=settings.seed, work_dir=scratch)
