"""The month's conversations, the quarantine and the counts of an input."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from clio_lite.accounts import account_key
from clio_lite.errors import NoUsableConversationError
from clio_lite.ingest import OUTCOMES, IngestResult, ingest_conversations
from clio_lite.tables import Conversation, IngestCount, Quarantine

SECRET = b"0123456789abcdef"


def ours(name: str, text: str = "Hello", **fields: object) -> dict[str, object]:
    return {"conversation_id": name, "messages": [{"role": "user", "content": text}], **fields}


def ingest(folder: Path, *records: object, name: str = "f.jsonl", **options: object) -> IngestResult:
    path = folder / name
    lines = (record if isinstance(record, bytes) else json.dumps(record).encode() for record in records)
    path.write_bytes(b"\n".join(lines))
    settings: dict[str, object] = {"month": "2026-10", "account_secret": SECRET, "work_dir": folder / "work"}
    return ingest_conversations(path, **(settings | options))  # type: ignore[arg-type]


def counts(result: IngestResult) -> dict[str, int]:
    return {outcome: count for outcome, count in result.counts.iter_rows() if count}


def test_accepted_conversations_have_the_schema_and_are_sorted(tmp_path: Path) -> None:
    result = ingest(
        tmp_path,
        ours("b", user_id="u", started_at="2026-10-31T23:59:59Z", model="m", country="US"),
        ours("a"),
    )
    frame = result.conversations.collect()
    assert Conversation.is_valid(frame)
    assert Quarantine.is_valid(result.quarantine)
    assert IngestCount.is_valid(result.counts)
    assert frame["conversation_id"].to_list() == ["a", "b"]
    assert frame["has_date"].to_list() == frame["has_account"].to_list() == [False, True]
    assert frame["account_key"].to_list() == [None, account_key(SECRET, "u")]
    assert [moment.isoformat() for moment in frame["started_at"]] == [
        "2026-10-01T00:00:00+00:00",
        "2026-10-31T23:59:59+00:00",
    ]
    assert frame["month"].unique().to_list() == ["2026-10"]
    assert frame["messages"][0].to_list() == [{"role": "user", "content": "Hello"}]
    assert counts(result) == {"read": 2, "accepted": 2, "no_account": 1, "no_date": 1}
    assert result.counts["outcome"].to_list() == list(OUTCOMES)


def test_the_raw_account_id_and_the_rejected_text_are_stored_nowhere(tmp_path: Path) -> None:
    result = ingest(
        tmp_path, ours("a", user_id="ann@example.org"), {"conversation_id": "b", "messages": "hidden words"}
    )
    stored = [result.conversations.collect(), result.quarantine, result.counts]
    text = "".join(frame.write_json() for frame in stored)
    assert "ann@example" not in text
    assert "hidden words" not in text
    assert "wrong_type" in text


def test_quarantined_records_are_listed_by_place_with_their_id_and_counted_by_reason(tmp_path: Path) -> None:
    result = ingest(tmp_path, b"{oops", ours("a"), b"\xff", ours("b", " "), ours("c", started_at="soon"), batch_size=2)
    rows = result.quarantine.select("record_number", "conversation_id", "reason").rows()
    assert rows == [(0, None, "not_json"), (2, None, "not_utf8"), (3, "b", "empty"), (4, "c", "bad_date")]
    assert counts(result) == {
        "read": 5,
        "accepted": 1,
        "no_account": 1,
        "no_date": 1,
        "quarantined_not_json": 1,
        "quarantined_not_utf8": 1,
        "quarantined_empty": 1,
        "quarantined_bad_date": 1,
    }


@pytest.mark.parametrize("records", [[], [b"{oops"], [b"{oops", ours("a", " ")]])
def test_an_input_without_a_usable_record_is_refused(records: list[object], tmp_path: Path) -> None:
    with pytest.raises(NoUsableConversationError, match=r"f\.jsonl: expected at least one usable") as error:
        ingest(tmp_path, *records)
    assert "oops" not in str(error.value)


def test_an_input_of_another_month_only_gives_an_empty_table(tmp_path: Path) -> None:
    result = ingest(tmp_path, ours("a", started_at="2026-09-30T23:59:59Z"), ours("b", started_at="2026-11-01"))
    assert Conversation.is_valid(result.conversations.collect())
    assert result.conversations.collect().is_empty()
    assert counts(result) == {"read": 2, "other_month": 2}


def test_nothing_staged_is_left_behind_and_the_folder_is_private(tmp_path: Path) -> None:
    ingest(tmp_path, *(ours(f"c{i}") for i in range(5)), batch_size=2)
    work = tmp_path / "work"
    assert [path.name for path in work.iterdir()] == ["conversations"]
    assert work.stat().st_mode & 0o777 == 0o700
    with pytest.raises(NoUsableConversationError):
        ingest(tmp_path, b"{oops")
    assert [path.name for path in work.iterdir()] == ["conversations"]


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    ingest(tmp_path, ours("a"), ours("b"))
    assert ingest(tmp_path, ours("c")).conversations.collect()["conversation_id"].to_list() == ["c"]


def test_many_batches_and_parts_give_what_one_gives(tmp_path: Path) -> None:
    records = [ours(f"c{i * 7919 % 400}", "x" * 100_000, user_id=str(i % 3)) for i in range(400)]
    one = ingest(tmp_path, *records, work_dir=tmp_path / "one")
    many = ingest(tmp_path, *records, work_dir=tmp_path / "many", batch_size=7)
    assert len(list((tmp_path / "many" / "conversations").iterdir())) == 3
    assert one.conversations.collect().equals(many.conversations.collect())
    ids = many.conversations.select("conversation_id").collect()["conversation_id"]
    assert ids.is_sorted()
    assert len(ids) == 400


def test_an_argument_out_of_range_is_a_value_error(tmp_path: Path) -> None:
    for options in ({"month": "2026-13"}, {"month": "2026-10\n"}, {"batch_size": 0}, {"account_secret": b"short"}):
        with pytest.raises(ValueError, match="expected"):
            ingest(tmp_path, ours("a", user_id="u"), **options)


DATA = os.environ.get("INDEX_SHARED_DATA")


@pytest.mark.skipif(DATA is None, reason="INDEX_SHARED_DATA names no folder of public data")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kura_load_test.jsonl", {"read": 1000, "accepted": 1000, "no_account": 1000}),
        ("arena_hard_v0_1_questions.jsonl", {"read": 500, "accepted": 500, "no_account": 500, "no_date": 500}),
    ],
)
def test_public_files_are_accepted_whole(name: str, expected: dict[str, int], tmp_path: Path) -> None:
    path = Path(str(DATA)) / "conversations" / name
    result = ingest_conversations(path, month="2025-06", account_secret=SECRET, work_dir=tmp_path)
    assert counts(result) == expected
    assert result.conversations.select(pl.col("messages").list.len().min()).collect().item() >= 1
