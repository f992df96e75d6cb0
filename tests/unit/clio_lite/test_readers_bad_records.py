"""Every reason for quarantine, from the bytes that cause it; no text of a record gets into what is reported."""

import json
from pathlib import Path

import pytest

from clio_lite.conversation import Record, Rejected
from clio_lite.readers import read_records
from clio_lite.tables import QUARANTINE_REASONS

GOOD = b'{"conversation_id": "good", "messages": [{"role": "user", "content": "Hello"}]}'
SECRET = "xyzzy"


def ours(**fields: object) -> bytes:
    record = {"conversation_id": "c1", "messages": [{"role": "user", "content": SECRET}]} | fields
    return json.dumps(record).encode()


def message(**fields: object) -> list[object]:
    return [{"role": "user", "content": SECRET} | fields]


BAD: dict[str, tuple[bytes, str]] = {
    "truncated": (ours()[:-5], "not_json"),
    "bare word": (SECRET.encode(), "not_json"),
    "nested beyond reason": (b'{"messages":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "not_json"),
    "number of 5,000 digits": (b'{"messages":' + b"1" * 5_000 + b"}", "not_json"),
    "latin-1": (
        '{"conversation_id": "c1", "messages": [{"role": "user", "content": "é"}]}'.encode("latin-1"),
        "not_utf8",
    ),
    "list": (b'["xyzzy"]', "not_an_object"),
    "null": (b"null", "not_an_object"),
    "no id": (b'{"messages": [{"role": "user", "content": "xyzzy"}]}', "missing_field"),
    "empty id": (ours(conversation_id=" "), "missing_field"),
    "no messages": (ours(messages=None), "missing_field"),
    "no role": (ours(messages=[{"content": SECRET}]), "missing_field"),
    "fields of no format": (b'{"text": "xyzzy"}', "missing_field"),
    "messages are text": (ours(messages=SECRET), "wrong_type"),
    "a message is text": (ours(messages=[SECRET]), "wrong_type"),
    "content is a number": (ours(messages=message(content=1)), "wrong_type"),
    "role is a number": (ours(messages=message(role=1)), "wrong_type"),
    "id is a list": (ours(conversation_id=[SECRET]), "wrong_type"),
    "id is true": (ours(conversation_id=True), "wrong_type"),
    "prompt is a list": (b'{"prompt": ["xyzzy"]}', "wrong_type"),
    "tree is a list": (b'{"id": "c1", "mapping": ["xyzzy"]}', "wrong_type"),
    "node is text": (b'{"id": "c1", "mapping": {"a": "xyzzy"}, "current_node": "a"}', "wrong_type"),
    "unknown role": (ours(messages=message(role=SECRET)), "wrong_role"),
    "only the assistant": (ours(messages=message(role="assistant")), "no_user_turn"),
    "empty user among others": (
        ours(messages=[{"role": "user", "content": " "}, {"role": "assistant", "content": SECRET}]),
        "no_user_turn",
    ),
    "no message": (ours(messages=[]), "empty"),
    "blank content": (ours(messages=message(content=" \n")), "empty"),
    "null content": (ours(messages=message(content=None)), "empty"),
    "empty tree": (b'{"id": "c1", "mapping": {}}', "empty"),
    "too much text": (ours(messages=message(content=SECRET * 300)), "too_long"),
    "endless id": (ours(conversation_id=SECRET * 300), "too_long"),
    "no date": (ours(started_at="the fifth of xyzzy"), "bad_date"),
    "impossible date": (ours(started_at="2026-02-30"), "bad_date"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_record_is_rejected_with_its_reason_and_its_neighbours_are_kept(case: str, tmp_path: Path) -> None:
    line, reason = BAD[case]
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"\n".join([GOOD, line, GOOD]) + b"\n")
    first, bad, last = read_records(path, max_characters=1_000)
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(bad, Rejected)
    assert (bad.reason, bad.record_number, bad.source_file) == (reason, 1, "f.jsonl")
    assert bad.detail
    assert SECRET not in repr(bad)


def test_every_reason_but_the_conflicting_id_is_met_here() -> None:
    assert {reason for _, reason in BAD.values()} == set(QUARANTINE_REASONS) - {"conflicting_id"}


def test_a_rejected_record_keeps_its_id_where_it_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"\n".join([ours(messages=[]), b'{"uid": [1], "id": "p1", "prompt": 3}']))
    assert [item.conversation_id for item in read_records(path)] == ["c1", "p1"]


@pytest.mark.parametrize("case", [case for case in BAD if case not in ("truncated", "nested beyond reason")])
def test_a_bad_element_of_an_array_spoils_no_other(case: str, tmp_path: Path) -> None:
    element, reason = BAD[case]
    path = tmp_path / "f.json"
    path.write_bytes(b"[" + b",\n".join([GOOD, element, GOOD]) + b"]")
    first, bad, last = read_records(path, max_characters=1_000)
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(bad, Rejected)
    assert (bad.reason, bad.record_number) == (reason, 1)


@pytest.mark.parametrize("end", [b",", b", ", b',{"conversation_id": "cut', b"", b"] trailing"])
def test_a_truncated_array_keeps_what_came_before(end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(b"[" + GOOD + b"," + GOOD + end)
    items = list(read_records(path))
    assert [type(item) for item in items[:2]] in ([Record, Record], [Record, Rejected])
    assert isinstance(items[-1], Rejected)
    assert items[-1].reason == "not_json"
