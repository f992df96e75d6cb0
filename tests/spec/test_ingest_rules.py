"""The rules of ingest on duplicates, conflicts, accounts, dates and months, as one table.

Each record is written id / content / account / date. The month asked for is 2026-10. Contents are ordered by hash: of
the two used here, `LOW` has the lower one.
"""

import json
from pathlib import Path

import pytest

from clio_lite.conversation import Turn, content_hash
from clio_lite.ingest import ingest_conversations

LOW, HIGH = sorted(["Hello", "Good day"], key=lambda text: content_hash([Turn("user", text)]))
IN, OUT = "2026-10-05T00:00:00Z", "2026-09-05T00:00:00Z"
Row = tuple[str, str, str | None, str | None]

# rule: (records, kept as (id, content, has_account, has_date), counts that differ from zero)
RULES: dict[str, tuple[list[Row], list[tuple[str, str, bool, bool]], dict[str, int]]] = {
    "same id, same content: one is kept": (
        [("a", LOW, "u", IN), ("a", LOW, "u", IN), ("a", LOW, "u", IN)],
        [("a", LOW, True, True)],
        {"read": 3, "accepted": 1, "duplicate": 2},
    ),
    "same id, other content: the lower hash is kept, the others are quarantined": (
        [("a", HIGH, "u", IN), ("a", LOW, "u", IN), ("a", HIGH, "v", IN)],
        [("a", LOW, True, True)],
        {"read": 3, "accepted": 1, "quarantined_conflicting_id": 2},
    ),
    "a duplicate of what is kept is no conflict": (
        [("a", HIGH, "u", IN), ("a", LOW, "u", IN), ("a", LOW, "u", IN)],
        [("a", LOW, True, True)],
        {"read": 3, "accepted": 1, "duplicate": 1, "quarantined_conflicting_id": 1},
    ),
    "same content, other id: both are kept": (
        [("a", LOW, "u", IN), ("b", LOW, "u", IN)],
        [("a", LOW, True, True), ("b", LOW, True, True)],
        {"read": 2, "accepted": 2},
    ),
    "no account: kept, marked": (
        [("a", LOW, None, IN), ("b", LOW, "", IN)],
        [("a", LOW, False, True), ("b", LOW, False, True)],
        {"read": 2, "accepted": 2, "no_account": 2},
    ),
    "no date: takes the month asked for, marked": (
        [("a", LOW, "u", None)],
        [("a", LOW, True, False)],
        {"read": 1, "accepted": 1, "no_date": 1},
    ),
    "another month: counted, no error": (
        [("a", LOW, "u", OUT), ("b", LOW, "u", IN)],
        [("b", LOW, True, True)],
        {"read": 2, "accepted": 1, "other_month": 1},
    ),
    "the month is that of UTC": (
        [("a", LOW, "u", "2026-11-01T01:00:00+02:00"), ("b", LOW, "u", "2026-10-31T23:00:00-02:00")],
        [("a", LOW, True, True)],
        {"read": 2, "accepted": 1, "other_month": 1},
    ),
    "of duplicates the one that names account and date is kept": (
        [("a", LOW, None, None), ("a", LOW, "u", IN), ("b", LOW, "u", None), ("b", LOW, "u", IN)],
        [("a", LOW, True, True), ("b", LOW, True, True)],
        {"read": 4, "accepted": 2, "duplicate": 2},
    ),
    "of duplicates in two months the earlier is kept, so that a conversation counts in one month only": (
        [("a", LOW, "u", IN), ("a", LOW, "u", OUT)],
        [],
        {"read": 2, "duplicate": 1, "other_month": 1},
    ),
    "a conflict is settled before the month is looked at": (
        [("a", LOW, "u", OUT), ("a", HIGH, "u", IN)],
        [],
        {"read": 2, "other_month": 1, "quarantined_conflicting_id": 1},
    ),
}


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str, is_reversed: bool, tmp_path: Path) -> None:
    rows, kept, counts = RULES[rule]
    records = [
        {
            "conversation_id": name,
            "user_id": account,
            "started_at": when,
            "messages": [{"role": "user", "content": text}],
        }
        for name, text, account, when in (rows[::-1] if is_reversed else rows)
    ]
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records))
    result = ingest_conversations(
        path, month="2026-10", account_secret=b"0" * 16, work_dir=tmp_path / "work", batch_size=2
    )
    found = [
        (row["conversation_id"], row["messages"][0]["content"], row["has_account"], row["has_date"])
        for row in result.conversations.collect().iter_rows(named=True)
    ]
    assert found == kept
    assert {outcome: count for outcome, count in result.counts.iter_rows() if count} == counts


def test_every_month_is_kept_where_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [
        {
            "conversation_id": "a",
            "started_at": "2026-09-03T10:00:00Z",
            "messages": [{"role": "user", "content": "one"}],
        },
        {
            "conversation_id": "b",
            "started_at": "2026-10-03T10:00:00Z",
            "messages": [{"role": "user", "content": "two"}],
        },
        {"conversation_id": "c", "messages": [{"role": "user", "content": "three"}]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    read = ingest_conversations(
        path, month=None, undated_month="2026-01", account_secret=b"s" * 16, work_dir=tmp_path / "w"
    )
    months = read.conversations.select("conversation_id", "month").collect()
    assert months.rows() == [("a", "2026-09"), ("b", "2026-10"), ("c", "2026-01")]


def test_an_undated_conversation_belongs_to_one_month_of_a_range(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"conversation_id": "c", "messages": [{"role": "user", "content": "three"}]}))
    found = {
        month: ingest_conversations(
            path, month=month, undated_month="2026-09", account_secret=b"s" * 16, work_dir=tmp_path / month
        )
        .conversations.collect()
        .height
        for month in ("2026-09", "2026-10")
    }
    assert found == {"2026-09": 1, "2026-10": 0}
