"""From an input path to the month's conversations, the quarantine and the counts, with memory bounded by one batch.

Three passes over disk: every record is staged in arrival order, its text in one file per batch and its keys beside it;
the keys alone decide duplicates, conflicting ids and months; the kept texts are dealt into ranges of ids, and each
range is sorted and written. Reading formats is in `clio_lite.readers`.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from clio_lite.accounts import account_key, check_secret
from clio_lite.conversation import Record, Rejected, content_hash
from clio_lite.errors import NoUsableConversationError
from clio_lite.readers import MAX_CHARACTERS, read_records
from clio_lite.tables import MONTH, QUARANTINE_REASONS, Conversation, IngestCount, Quarantine

OUTCOMES: Final = (
    "read",
    "accepted",
    "duplicate",
    "other_month",
    "erased",
    "no_account",
    "no_date",
    *(f"quarantined_{reason}" for reason in QUARANTINE_REASONS),
)
_BATCH_CHARACTERS: Final = 16_000_000
_DEAL_BYTES: Final = 32_000_000
_MAX_PARTS: Final = 128  # bounds the number of staged files, which is parts times deals
_KEY_SCHEMA: Final = pl.Schema(
    [
        ("position", pl.Int64),
        ("conversation_id", pl.String),
        ("content_hash", pl.String),
        ("account_key", pl.String),
        ("started_at", pl.Datetime("us", "UTC")),
        ("model", pl.String),
        ("country", pl.String),
        ("source_format", pl.String),
        ("source_file", pl.String),
        ("record_number", pl.Int64),
        ("character_count", pl.Int64),
    ]
)
_TEXT_SCHEMA: Final = pl.Schema(
    [
        ("position", pl.Int64),
        ("messages", pl.List(pl.Struct({"role": pl.String, "content": pl.String}))),
    ]
)
_QUARANTINE_SCHEMA: Final = pl.Schema(
    [
        ("source_file", pl.String),
        ("record_number", pl.Int64),
        ("conversation_id", pl.String),
        ("reason", pl.String),
        ("detail", pl.String),
    ]
)
# Among records with the same id: the lowest content hash, then the one that says most, then any fixed order.
_PRECEDENCE: Final = ("content_hash", "account_key", "started_at", "model", "country", "source_format")


@dataclass(frozen=True)
class IngestResult:
    """What was read of one input for one month.

    Attributes:
        conversations: Lazy scan of the accepted conversations, schema `Conversation`, sorted by conversation_id; it
            reads files in the work folder, which must stay until it is collected.
        quarantine: Rejected records.
        counts: One row per outcome, all of them, zeros included. read = accepted + duplicate + other_month + erased +
            the quarantined; no_account and no_date are among the accepted.
    """

    conversations: pl.LazyFrame
    quarantine: dy.DataFrame[Quarantine]
    counts: dy.DataFrame[IngestCount]


def ingest_conversations(
    path: Path,
    *,
    month: str | None,
    account_secret: bytes,
    work_dir: Path,
    undated_month: str | None = None,
    source_format: str | None = None,
    max_characters: int = MAX_CHARACTERS,
    batch_size: int = 2_000,
    is_erased: Callable[[str], bool] | None = None,
) -> IngestResult:
    """Read an input, settle duplicates, conflicts, accounts and dates, and keep the conversations of one month.

    Same id and content: one is kept. Same id, other content: the lowest content hash is kept, the others are
    quarantined. Without a date: the month to keep, or `undated_month`. The order of records and files changes no byte
    of the result but the places named in the quarantine.

    Args:
        path: File, folder of files or export zip.
        month: Month to keep, YYYY-MM, UTC; None keeps every month.
        account_secret: Secret of the account keys, at least 16 bytes.
        work_dir: Folder for `conversations/` and, while this runs, staged text; made with mode 0700 where absent.
        undated_month: Month of the records without a date; None: the month to keep.
        source_format: A value of `readers.FORMATS`, or None to detect it.
        max_characters: A conversation with more text is quarantined.
        batch_size: Most records held at once.
        is_erased: Whether a raw account id was erased on request: its records are counted and left out.

    Raises:
        ConversationFormatError: The input is not there, or of another format.
        NoUsableConversationError: No record of the input can be used, whatever its month.
        ValueError: An argument is out of its range.
    """
    check_secret(account_secret)
    undated = undated_month or month or ""
    if re.fullmatch(MONTH, undated) is None or re.fullmatch(MONTH, month or undated) is None or batch_size < 1:
        raise ValueError("expected a month as YYYY-MM for dated or undated records and a batch size of at least 1")
    months = _Months(month, undated)
    work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work_dir, prefix="staged-") as folder:
        staging = _Staging(Path(folder), months, account_secret)
        records = read_records(path, source_format=source_format, max_characters=max_characters)
        erased_count = 0
        for record in records:
            if is_erased and isinstance(record, Record) and record.user_id and is_erased(record.user_id):
                erased_count += 1
                continue
            staging.add(record)
            if staging.is_full(batch_size):
                staging.flush()
        staging.flush()
        quarantine = staging.quarantine()
        if staging.record_count + erased_count == 0:
            raise NoUsableConversationError(_nothing_usable(path, quarantine))
        outcomes = _resolve(staging.keys(), months)
        conflicting = _conflicting(staging.keys(), outcomes)
        target = work_dir / "conversations"
        _write_conversations(outcomes.filter(pl.col("outcome") == "accepted"), staging, target, undated)
    rejected = Quarantine.validate(pl.concat([quarantine, conflicting]).sort("source_file", "record_number"), cast=True)
    return IngestResult(
        conversations=pl.scan_parquet(sorted(target.glob("*.parquet"))),
        quarantine=rejected,
        counts=_count_outcomes(outcomes, rejected, erased_count),
    )


@dataclass(frozen=True)
class _Months:
    """Which records are of the month to keep."""

    kept: str | None
    undated: str

    def holds(self, started_at: datetime | None) -> bool:
        """Whether a record with this date is kept."""
        return self.kept in {None, self.undated if started_at is None else started_at.isoformat()[:7]}

    def holds_expr(self) -> pl.Expr:
        """The same for the column `started_at`."""
        if self.kept is None:
            return pl.lit(value=True)
        return pl.col("started_at").dt.strftime("%Y-%m").fill_null(self.undated) == self.kept


@dataclass
class _Staging:
    """Records on disk in arrival order: keys and texts in numbered files, at most one batch in memory."""

    folder: Path
    months: _Months
    secret: bytes
    record_count: int = 0
    _keys: list[tuple[object, ...]] = field(default_factory=list)
    _texts: list[tuple[int, list[dict[str, str]]]] = field(default_factory=list)
    _rejected: list[Rejected] = field(default_factory=list)
    _rejected_frames: list[pl.DataFrame] = field(default_factory=list)
    _characters: int = 0
    _file_count: int = 0

    def add(self, record: Record | Rejected) -> None:
        """Take one record; of one of another month the text is not kept."""
        if isinstance(record, Rejected):
            self._rejected.append(record)
            return
        position = self.record_count
        self.record_count += 1
        characters = sum(len(turn.content) for turn in record.turns)
        self._keys.append(
            (
                position,
                record.conversation_id,
                content_hash(record.turns),
                None if record.user_id is None else account_key(self.secret, record.user_id),
                record.started_at,
                record.model,
                record.country,
                record.source_format,
                record.source_file,
                record.record_number,
                characters,
            )
        )
        if self.months.holds(record.started_at):
            self._texts.append((position, [{"role": t.role, "content": t.content} for t in record.turns]))
            self._characters += characters

    def is_full(self, batch_size: int) -> bool:
        """Whether what is held should go to disk."""
        held = max(len(self._keys), len(self._rejected))
        return held >= batch_size or self._characters >= _BATCH_CHARACTERS

    def flush(self) -> None:
        """Write what is held."""
        number = f"{self._file_count:08d}"
        keys = pl.DataFrame(self._keys, schema=_KEY_SCHEMA, orient="row")
        keys.write_parquet(self.folder / f"keys-{number}.parquet")
        texts = pl.DataFrame(self._texts, schema=_TEXT_SCHEMA, orient="row")
        texts.write_parquet(self.folder / f"texts-{number}.parquet", compression="lz4")
        self._rejected_frames.append(_quarantine_frame(self._rejected))
        self._keys, self._texts, self._rejected, self._characters = [], [], [], 0
        self._file_count += 1

    def keys(self) -> pl.LazyFrame:
        """Scan the keys of all records."""
        return pl.scan_parquet(self.folder / "keys-*.parquet")

    def text_batches(self) -> Iterator[pl.DataFrame]:
        """Yield keys and texts of the records whose text was kept, several files at a time."""
        held: list[pl.DataFrame] = []
        for number in range(self._file_count):
            texts, keys = (pl.read_parquet(self.folder / f"{kind}-{number:08d}.parquet") for kind in ("texts", "keys"))
            held.append(keys.join(texts, on="position"))
            if sum(frame.estimated_size() for frame in held) >= _DEAL_BYTES:
                yield pl.concat(held)
                held = []
        if held:
            yield pl.concat(held)

    def quarantine(self) -> pl.DataFrame:
        """Rejected records so far."""
        return pl.concat(self._rejected_frames)


def _quarantine_frame(rejected: list[Rejected]) -> pl.DataFrame:
    rows = [(r.source_file, r.record_number, r.conversation_id, r.reason, r.detail) for r in rejected]
    return pl.DataFrame(rows, schema=_QUARANTINE_SCHEMA, orient="row")


def _resolve(keys: pl.LazyFrame, months: _Months) -> pl.DataFrame:
    """Give each record its outcome: accepted, duplicate, conflicting or other_month.

    Only records whose id occurs more than once are compared, and only what the next steps need is kept in memory.

    Returns:
        position, conversation_id, character_count, has_account, has_date, outcome.
    """
    repeated = keys.group_by("conversation_id").agg(count=pl.len()).filter(pl.col("count") > 1)
    ranked = (
        keys.join(repeated, on="conversation_id", how="semi")
        .sort("conversation_id", *_PRECEDENCE, "source_file", "record_number", nulls_last=True)
        .select(
            "position",
            is_first=pl.int_range(pl.len()).over("conversation_id") == 0,
            is_same=pl.col("content_hash") == pl.col("content_hash").first().over("conversation_id"),
        )
    )
    outcome = (
        pl.when(pl.col("is_same").not_())
        .then(pl.lit("conflicting"))
        .when(pl.col("is_first").not_())
        .then(pl.lit("duplicate"))
        .when(months.holds_expr().not_())
        .then(pl.lit("other_month"))
        .otherwise(pl.lit("accepted"))
    )
    return (
        keys.join(ranked, on="position", how="left")
        .select(
            "position",
            "conversation_id",
            "character_count",
            has_account=pl.col("account_key").is_not_null(),
            has_date=pl.col("started_at").is_not_null(),
            outcome=outcome.cast(pl.Enum(["conflicting", "duplicate", "other_month", "accepted"])),
        )
        .collect(engine="streaming")
    )


def _conflicting(keys: pl.LazyFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    losers = outcomes.lazy().filter(pl.col("outcome") == "conflicting")
    return (
        keys.join(losers, on="position", how="semi")
        .select(
            "source_file",
            "record_number",
            "conversation_id",
            reason=pl.lit("conflicting_id"),
            detail=pl.lit("expected one content for each id, found another with a lower hash"),
        )
        .collect()
    )


def _write_conversations(accepted: pl.DataFrame, staging: _Staging, target: Path, undated: str) -> None:
    """Write the accepted conversations sorted by id, one file per range of ids.

    Each range is gathered in small files first, so that at most one range is held when it is sorted.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    part_characters = max(_BATCH_CHARACTERS, int(accepted["character_count"].sum()) // _MAX_PARTS)
    part = pl.col("character_count").cum_sum() // part_characters
    places = accepted.sort("conversation_id").select("position", part=part)
    for deal, batch in enumerate(staging.text_batches()):
        for rows in batch.join(places, on="position").partition_by("part"):
            rows.drop("part").write_parquet(staging.folder / f"part-{rows['part'][0]:08d}-{deal:08d}.parquet")
    first_instant = datetime.fromisoformat(f"{undated}-01").replace(tzinfo=UTC)
    for number in sorted(places["part"].unique()):
        conversations = (
            pl.read_parquet(sorted(staging.folder.glob(f"part-{number:08d}-*.parquet")))
            .with_columns(
                pl.col("started_at").fill_null(first_instant),
                has_account=pl.col("account_key").is_not_null(),
                has_date=pl.col("started_at").is_not_null(),
                month=pl.col("started_at").dt.strftime("%Y-%m").fill_null(undated),
            )
            .select(Conversation.column_names())
            .sort("conversation_id")
        )
        Conversation.validate(conversations, cast=True).write_parquet(target / f"{number:08d}.parquet")
    if places.is_empty():
        Conversation.create_empty().write_parquet(target / f"{0:08d}.parquet")


def _count_outcomes(outcomes: pl.DataFrame, quarantine: pl.DataFrame, erased_count: int) -> dy.DataFrame[IngestCount]:
    accepted = outcomes.filter(pl.col("outcome") == "accepted")
    unread = quarantine.filter(pl.col("reason") != "conflicting_id").height
    counts = dict.fromkeys(OUTCOMES, 0) | {
        "read": outcomes.height + unread + erased_count,
        "erased": erased_count,
        "no_account": accepted.filter(~pl.col("has_account")).height,
        "no_date": accepted.filter(~pl.col("has_date")).height,
    }
    for outcome in ("accepted", "duplicate", "other_month"):
        counts[outcome] = outcomes.filter(pl.col("outcome") == outcome).height
    for reason, count in quarantine.group_by("reason").len().iter_rows():
        counts[f"quarantined_{reason}"] = count
    frame = pl.DataFrame(list(counts.items()), schema=["outcome", "record_count"], orient="row")
    return IngestCount.validate(frame, cast=True)


def _nothing_usable(path: Path, quarantine: pl.DataFrame) -> str:
    reasons = quarantine.group_by("reason").len().sort("reason").iter_rows()
    found = ", ".join(f"{row[1]} {row[0]}" for row in reasons) or "no record at all"
    return f"{path.name}: expected at least one usable conversation, found {found}: check the file or name its format"
