"""Each format is told by its fields and read into the same record."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from clio_lite.conversation import Record, RecordError, Rejected, Turn, content_hash, read_date, storable_text
from clio_lite.errors import ConversationFormatError
from clio_lite.readers import FORMATS, detect_format, read_records

ASK, ANSWER = Turn("user", "Write a haiku."), Turn("assistant", "Leaves fall.")
MESSAGES = [{"role": "user", "content": "Write a haiku."}, {"role": "assistant", "content": "Leaves fall."}]
WHEN = datetime(2026, 10, 5, 12, 30, tzinfo=UTC)


def node(parent: str | None, role: str, text: str, **more: object) -> dict[str, object]:
    message = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}, **more}
    return {"parent": parent, "children": [], "message": message}


CHATGPT = {
    "title": "not read",
    "conversation_id": "c1",
    "create_time": WHEN.timestamp(),
    "current_node": "answer",
    "default_model_slug": "auto",
    "mapping": {
        "root": {"parent": None, "children": ["ask"], "message": None},
        "ask": node("root", "user", "Write a haiku."),
        "dropped": node("ask", "assistant", "First try.", create_time=9e9),
        "answer": node("ask", "assistant", "Leaves fall.", metadata={"model_slug": "gpt-5"}),
    },
}
CLAUDE = {
    "uuid": "c1",
    "name": "not read",
    "created_at": "2026-10-05T12:30:00.000000Z",
    "account": {"uuid": "a1"},
    "chat_messages": [
        {"sender": "human", "text": "Write a haiku.", "content": []},
        {
            "sender": "assistant",
            "text": "shown otherwise",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Leaves fall."}],
        },
    ],
}
SAMPLES: dict[str, tuple[dict[str, object], Record]] = {
    "usage_index": (
        {
            "conversation_id": "c1",
            "user_id": 7,
            "started_at": "2026-10-05T14:30:00+02:00",
            "model": "m",
            "country": "US",
            "messages": MESSAGES,
        },
        Record("f.jsonl", 0, "usage_index", "c1", (ASK, ANSWER), "7", WHEN, "m", "US"),
    ),
    "wildchat": (
        {
            "conversation_hash": "h",
            "timestamp": "2026-10-05 12:30:00+00:00",
            "model": "gpt-4",
            "language": "English",
            "conversation": [
                MESSAGES[0] | {"turn_identifier": 12, "hashed_ip": "ip", "country": "France"},
                MESSAGES[1] | {"turn_identifier": 12},
            ],
        },
        Record("f.jsonl", 0, "wildchat", "h-12", (ASK, ANSWER), "wildchat:ip", WHEN, "gpt-4", "France"),
    ),
    "lmsys": (
        {"conversation_id": "c1", "model": "vicuna", "conversation": MESSAGES, "turn": 1, "language": "English"},
        Record("f.jsonl", 0, "lmsys", "c1", (ASK, ANSWER), model="vicuna"),
    ),
    "sharegpt": (
        {
            "id": "c1",
            "conversations": [
                {"from": "system", "value": "Be short."},
                {"from": "human", "value": "Write a haiku."},
                {"from": "gpt", "value": "Leaves fall."},
            ],
        },
        Record("f.jsonl", 0, "sharegpt", "c1", (Turn("system", "Be short."), ASK, ANSWER)),
    ),
    "kura": (
        {"chat_id": "c1", "created_at": "2026-10-05T12:30:00", "messages": MESSAGES, "metadata": {"model": "m"}},
        Record("f.jsonl", 0, "kura", "c1", (ASK, ANSWER), started_at=WHEN, model="m"),
    ),
    "claude_export": (
        CLAUDE,
        Record("f.jsonl", 0, "claude_export", "c1", (ASK, ANSWER), "claude_export:a1", WHEN),
    ),
    "prompts": (
        {"uid": "c1", "cluster": "poems", "prompt": "Write a haiku."},
        Record("f.jsonl", 0, "prompts", "c1", (ASK,)),
    ),
}


def write_lines(folder: Path, *records: object, name: str = "f.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def read_one(folder: Path, record: object, source_format: str | None = None) -> Record | Rejected:
    (item,) = read_records(write_lines(folder, record), source_format=source_format)
    return item


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("is_named", [False, True])
def test_each_format_is_detected_or_named_and_read(name: str, is_named: bool, tmp_path: Path) -> None:
    record, expected = SAMPLES[name]
    assert detect_format(write_lines(tmp_path, record)) == name
    assert read_one(tmp_path, record, name if is_named else None) == expected


def test_the_branch_that_was_shown_last_is_read_from_a_chatgpt_export(tmp_path: Path) -> None:
    found = read_one(tmp_path, CHATGPT)
    assert isinstance(found, Record)
    assert found.turns == (ASK, ANSWER)
    assert (found.conversation_id, found.started_at, found.model) == ("c1", WHEN, "gpt-5")
    assert set(FORMATS) == set(SAMPLES) | {"chatgpt_export"}


def test_without_a_current_node_the_latest_leaf_ends_the_branch(tmp_path: Path) -> None:
    found = read_one(tmp_path, CHATGPT | {"current_node": None})
    assert isinstance(found, Record)
    assert found.turns == (ASK, Turn("assistant", "First try."))
    assert found.model == "auto"


def test_hidden_messages_and_standing_instructions_are_not_turns_and_tool_calls_are_the_tools(tmp_path: Path) -> None:
    mapping = {
        "a": node(None, "system", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        "b": node("a", "user", "about me") | {},
        "c": node("b", "user", "Write a haiku."),
        "d": node("c", "assistant", "search('haiku')", recipient="browser"),
        "e": {"parent": "d", "message": {"author": {"role": "assistant"}, "content": None}},
        "f": node("e", "assistant", "Leaves fall.", recipient="all"),
    }
    mapping["b"]["message"]["content"]["content_type"] = "user_editable_context"  # type: ignore[index]
    mapping["d"]["message"]["content"] = {"content_type": "code", "text": "search('haiku')"}  # type: ignore[index]
    found = read_one(tmp_path, {"id": "c1", "mapping": mapping, "current_node": "f"})
    assert isinstance(found, Record)
    assert found.turns == (ASK, Turn("tool", "search('haiku')"), ANSWER)


def test_a_tree_with_a_circle_ends(tmp_path: Path) -> None:
    mapping = {"a": node("b", "user", "Write a haiku."), "b": node("a", "assistant", "Leaves fall.")}
    found = read_one(tmp_path, {"id": "c1", "mapping": mapping, "current_node": "b"})
    assert isinstance(found, Record)
    assert found.turns == (ASK, ANSWER)


def test_wildchat_conversations_with_one_hash_stay_apart_and_the_first_edition_is_read(tmp_path: Path) -> None:
    record = SAMPLES["wildchat"][0]
    other = record | {"conversation": [MESSAGES[0] | {"turn_identifier": 13}], "hashed_ip": "own", "country": "Peru"}
    old = {"conversation_id": "c9", "timestamp": "2023-04-09T00:00:00", "conversation": MESSAGES}
    found = [item for item in read_records(write_lines(tmp_path, record, other, old)) if isinstance(item, Record)]
    assert [item.conversation_id for item in found] == ["h-12", "h-13", "c9"]
    assert [item.user_id for item in found] == ["wildchat:ip", "wildchat:own", None]
    assert [item.country for item in found] == ["France", "Peru", None]
    assert {item.source_format for item in found} == {"wildchat"}


def test_a_missing_id_comes_from_the_content_where_the_format_has_none(tmp_path: Path) -> None:
    path = write_lines(tmp_path, {"prompt": "Write a haiku."}, {"prompt": "Write a haiku."}, {"prompt": "Hello."})
    ids = [item.conversation_id for item in read_records(path)]
    assert ids[0] == ids[1] == f"content-{content_hash([ASK])}" != ids[2]


def test_empty_null_and_block_contents_are_handled(tmp_path: Path) -> None:
    messages = [
        None,
        {"role": "system", "content": None},
        {"role": "human", "content": [{"type": "text", "text": "Write"}, {"type": "image"}, "a haiku."]},
        {"role": "Assistant", "content": "  "},
        {"role": "function", "content": "42"},
    ]
    found = read_one(tmp_path, {"conversation_id": "c1", "messages": messages})
    assert isinstance(found, Record)
    assert found.turns == (Turn("user", "Write\na haiku."), Turn("tool", "42"))


def test_formats_may_be_mixed_in_one_file(tmp_path: Path) -> None:
    path = write_lines(tmp_path, *(record for record, _ in SAMPLES.values()), {"foo": 1})
    items = list(read_records(path))
    assert [item.source_format for item in items if isinstance(item, Record)] == list(SAMPLES)
    assert isinstance(items[-1], Rejected)
    assert items[-1].reason == "missing_field"


def test_an_unknown_format_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    path = write_lines(tmp_path, {"secret words": "here"})
    for call in (lambda: detect_format(path), lambda: list(read_records(path))):
        with pytest.raises(
            ConversationFormatError, match=r"f\.jsonl: expected records of one of usage_index.*convert"
        ) as e:
            call()
        assert "secret" not in str(e.value)


def test_a_named_format_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path, SAMPLES["kura"][0])
    with pytest.raises(ConversationFormatError, match="expected records of format lmsys, found kura"):
        list(read_records(path, source_format="lmsys"))
    with pytest.raises(ConversationFormatError, match="expected records of one of"):
        list(read_records(write_lines(tmp_path, {"foo": 1}), source_format="lmsys"))
    with pytest.raises(ValueError, match="source format"):
        list(read_records(path, source_format="csv"))


def test_the_content_hash_is_of_normalised_text_and_cannot_be_confused() -> None:
    assert content_hash([Turn("user", "caf\u00e9")]) == content_hash([Turn("user", "cafe\u0301")])
    spellings = [
        [Turn("user", "ab"), Turn("user", "c")],
        [Turn("user", "a"), Turn("user", "bc")],
        [Turn("user", "abc")],
        [Turn("assistant", "abc")],
    ]
    assert len({content_hash(turns) for turns in spellings}) == len(spellings)


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert storable_text("a\ud83d b") == "a\ufffd b"
    assert storable_text("\ud83d\ude00") == "\U0001f600"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("2026-10-05", datetime(2026, 10, 5, tzinfo=UTC)),
        ("2026-10-05 12:30:00 UTC", WHEN),
        ("2026-10-05T07:30:00-05:00", WHEN),
        (WHEN.timestamp(), WHEN),
        (WHEN.timestamp() * 1000, WHEN),
        (WHEN.replace(tzinfo=None), WHEN),
        (date(2026, 10, 5), datetime(2026, 10, 5, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_utc(value: object, expected: datetime | None) -> None:
    assert read_date(value, "started_at") == expected


@pytest.mark.parametrize("value", ["soon", "2026-13-01", True, [], float("nan"), 1e300, "0001-01-01T00:00:00+05:00"])
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(RecordError) as error:
        read_date(value, "started_at")
    assert error.value.reason == "bad_date"


DATA = os.environ.get("INDEX_SHARED_DATA")


@pytest.mark.skipif(DATA is None, reason="INDEX_SHARED_DATA names no folder of public data")
@pytest.mark.parametrize(
    ("name", "source_format", "count", "turn_count"),
    [("kura_load_test.jsonl", "kura", 1000, 4), ("arena_hard_v0_1_questions.jsonl", "prompts", 500, 1)],
)
def test_public_files_are_read_whole(name: str, source_format: str, count: int, turn_count: int) -> None:
    path = Path(str(DATA)) / "conversations" / name
    items = list(read_records(path))
    assert detect_format(path) == source_format
    assert len(items) == count
    assert all(isinstance(item, Record) and 1 <= len(item.turns) <= turn_count for item in items)
