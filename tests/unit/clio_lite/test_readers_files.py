"""Files of every kind give the same records: lines, arrays, gzip, Parquet, folders and export zips."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clio_lite.conversation import Record, Rejected
from clio_lite.errors import ConversationFormatError
from clio_lite.readers import detect_format, read_records
from clio_lite.readers.json_stream import Uncut, cut_records

ROWS = [
    {"conversation_id": f"c{i}", "messages": [{"role": "user", "content": f'He said: "[{i}]", {{ok}}\\ \n'}]}
    for i in range(3)
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def write_parquet(path: Path) -> None:
    pl.DataFrame(ROWS).write_parquet(path)


KINDS: dict[str, Callable[[Path], object]] = {
    "a.jsonl": lambda path: path.write_bytes(LINES),
    "crlf.ndjson": lambda path: path.write_bytes(LINES.replace(b"\n", b"\r\n")),
    "bom.jsonl": lambda path: path.write_bytes(b"\xef\xbb\xbf" + LINES),
    "no_end.jsonl": lambda path: path.write_bytes(LINES.rstrip()),
    "array.json": lambda path: path.write_text("  \n" + json.dumps(ROWS, indent=2) + "\n"),
    "packed.jsonl.gz": lambda path: path.write_bytes(gzip.compress(LINES)),
    "packed.json.gz": lambda path: path.write_bytes(gzip.compress(json.dumps(ROWS).encode())),
    "rows.parquet": write_parquet,
    "no_suffix": lambda path: path.write_bytes(LINES),
}


def contents(path: Path) -> list[tuple[str, str]]:
    items = list(read_records(path))
    return [(item.conversation_id, item.turns[0].content) for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_gives_the_same_records(name: str, tmp_path: Path) -> None:
    KINDS[name](tmp_path / name)
    assert contents(tmp_path / name) == [(row["conversation_id"], row["messages"][0]["content"]) for row in ROWS]
    assert detect_format(tmp_path / name) == "usage_index"


def test_a_folder_is_read_by_name_without_other_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(LINES.splitlines()[1])
    (tmp_path / "a.jsonl").write_bytes(LINES.splitlines()[0])
    (tmp_path / ".hidden.jsonl").write_bytes(LINES)
    (tmp_path / "README.md").write_text("no conversations")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "c.jsonl").write_bytes(LINES)
    items = [item for item in read_records(tmp_path) if isinstance(item, Record)]
    assert [(item.source_file, item.conversation_id) for item in items] == [("a.jsonl", "c0"), ("b.jsonl", "c1")]


def test_blank_lines_hold_no_record_but_count_as_places(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"\n\n" + LINES.splitlines()[0] + b"\n\n\n" + LINES.splitlines()[1] + b"\n  \n")
    assert [item.record_number for item in read_records(path)] == [0, 3]


@pytest.mark.parametrize("content", [b"", b" \n", b"[]", b" [ ] "])
def test_an_empty_file_has_no_record_and_no_format(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(content)
    assert list(read_records(path)) == []
    with pytest.raises(ConversationFormatError):
        detect_format(path)


def test_a_path_with_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversationFormatError, match="found nothing"):
        list(read_records(tmp_path / "absent"))
    with pytest.raises(ConversationFormatError, match="expected files ending in"):
        list(read_records(tmp_path))


def test_a_cut_off_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl.gz"
    many = b"".join(json.dumps(ROWS[0] | {"conversation_id": f"c{i}"}).encode() + b"\n" for i in range(40_000))
    path.write_bytes(gzip.compress(many)[:-2_000])
    *good, last = read_records(path)
    assert len(good) > 1_000
    assert isinstance(last, Rejected)
    assert (last.reason, last.record_number) == ("not_json", len(good))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    write_parquet(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ConversationFormatError, match=r"f\.parquet is no readable Parquet file"):
        list(read_records(path))


def test_parquet_dates_and_foreign_columns_are_read_and_bad_bytes_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    texts = pa.Array.from_buffers(
        pa.string(),
        3,
        [None, pa.py_buffer(pa.array([0, 2, 4, 6], pa.int32()).buffers()[1]), pa.py_buffer(b"ok\xff\xfeok")],
    )
    dates = pa.array([1_790_000_000_123_456_789, 2, 3], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"prompt": texts, "started_at": dates, "scores": [[1.0], [2.0], [3.0]]}), path)
    first, bad, _ = read_records(path)
    assert isinstance(first, Record)
    assert first.started_at == datetime.fromtimestamp(1_790_000_000, tz=UTC).replace(microsecond=123456)
    assert isinstance(bad, Rejected)
    assert bad.reason == "not_utf8"


def test_a_parquet_date_beyond_the_calendar_is_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    dates = pa.array([2**62, 0], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"prompt": ["Hello", "Hello"], "started_at": dates}), path)
    bad, good = read_records(path)
    assert isinstance(bad, Rejected)
    assert bad.reason == "bad_date"
    assert isinstance(good, Record)


def test_wildchat_parquet_is_read(tmp_path: Path) -> None:
    turn = {"content": "Hello", "country": "Chile", "hashed_ip": "ip", "role": "user", "turn_identifier": 5}
    when = datetime(2026, 10, 1, tzinfo=UTC)
    pl.DataFrame([{"conversation_hash": "h", "timestamp": when, "conversation": [turn], "toxic": False}]).write_parquet(
        tmp_path / "train-0.parquet"
    )
    (item,) = read_records(tmp_path)
    assert isinstance(item, Record)
    assert (item.conversation_id, item.started_at, item.country) == ("h-5", when, "Chile")


def chatgpt(name: str) -> dict[str, object]:
    message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hello " + name]}}
    return {
        "id": name,
        "create_time": 1.7e9,
        "current_node": "n",
        "mapping": {"n": {"parent": None, "message": message}},
    }


def write_zip(path: Path, **members: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in members.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), json.dumps(value))
    return path


def accounts(path: Path) -> set[str | None]:
    return {item.user_id for item in read_records(path) if isinstance(item, Record)}


def test_an_export_belongs_to_the_account_named_beside_it(tmp_path: Path) -> None:
    export = [chatgpt("a"), chatgpt("b")]
    packed = write_zip(tmp_path / "e.zip", user_json={"id": "user-1", "email": "x"}, conversations_json=export)
    assert accounts(packed) == {"chatgpt_export:user-1"}
    assert {item.source_file for item in read_records(packed)} == {"e.zip:conversations.json"}
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / "conversations.json").write_text(json.dumps(export))
    (folder / "user.json").write_text(json.dumps({"id": "user-1"}))
    (folder / "message_feedback.json").write_text(json.dumps([{"rating": "good"}]))
    assert accounts(folder) == accounts(folder / "conversations.json") == {"chatgpt_export:user-1"}


def test_an_export_that_names_no_account_is_one_account_whatever_its_order(tmp_path: Path) -> None:
    export = [chatgpt("a"), chatgpt("b")]
    paths = [
        write_zip(tmp_path / "1.zip", conversations_json=export),
        write_zip(tmp_path / "2.zip", conversations_json=export[::-1], user_json=["unreadable", "shape"]),
        write_zip(tmp_path / "3.zip", conversations_json=[chatgpt("c")]),
    ]
    first, second, third = (accounts(path) for path in paths)
    assert len(first) == 1
    assert first == second != third


def test_an_export_in_several_files_is_one_account(tmp_path: Path) -> None:
    members = {"conversations-000_json": [chatgpt("a")], "conversations-001_json": [chatgpt("b")]}
    packed = write_zip(tmp_path / "e.zip", **members)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    assert len(accounts(packed)) == 1
    assert accounts(folder) == accounts(packed)


def test_a_claude_export_without_accounts_takes_the_one_of_its_users_file(tmp_path: Path) -> None:
    record = {"uuid": "c", "chat_messages": [{"sender": "human", "text": "Hello"}]}
    packed = write_zip(tmp_path / "e.zip", data__conversations_json=[record], data__users_json=[{"uuid": "u1"}])
    assert accounts(packed) == {"claude_export:u1"}
    (tmp_path / "conversations.json").write_text(json.dumps([record]))
    (tmp_path / "users.json").write_text("no json")
    assert next(iter(accounts(tmp_path / "conversations.json")) or "").startswith("claude_export:digest-")


def test_a_zip_without_conversations_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversationFormatError, match="expected an account export"):
        list(read_records(write_zip(tmp_path / "e.zip", other_json=[])))
    damaged = write_zip(tmp_path / "d.zip", conversations_json=[chatgpt("a")])
    damaged.write_bytes(damaged.read_bytes()[:-30])
    with pytest.raises(ConversationFormatError, match="damaged zip"):
        list(read_records(damaged))


def test_an_absurdly_long_record_is_passed_over_without_being_held() -> None:
    long = b'{"a": "' + b"x" * 5_000 + b'"}'
    for stream in (b"1\n" + long + b"\n2\n" + long, b"[1," + long + b",2," + long + b"]"):
        cuts = [cut for _, cut in cut_records(io.BytesIO(stream), max_bytes=100)]
        assert [cut if isinstance(cut, bytes) else cut.reason for cut in cuts] == [b"1", "too_long", b"2", "too_long"]


def test_a_missing_element_is_a_record_of_its_own() -> None:
    assert [cut for _, cut in cut_records(io.BytesIO(b"[1,,2]"))] == [b"1", b"", b"2"]


def test_a_line_beyond_several_reads_is_passed_over() -> None:
    stream = io.BytesIO(b"x" * 3_000_000 + b"\n1\n" + b"y" * 3_000_000)
    cuts = [cut for _, cut in cut_records(stream, max_bytes=1_000)]
    assert [cut.reason if isinstance(cut, Uncut) else cut for cut in cuts] == ["too_long", b"1", "too_long"]


def test_leading_white_space_beyond_one_read_is_passed_over() -> None:
    assert list(cut_records(io.BytesIO(b" " * 3_000_000 + b"[7]"))) == [(0, b"7")]
