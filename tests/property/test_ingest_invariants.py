"""What holds of ingest whatever the input: order decides nothing, nothing is lost, cutting is parsing."""

import io
import json
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from clio_lite.conversation import Turn, content_hash, storable_text
from clio_lite.errors import NoUsableConversationError
from clio_lite.ingest import ingest_conversations
from clio_lite.readers.json_stream import cut_records

MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "nobody"]),
        "content": st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["caf\u00e9", "cafe\u0301", "Hi"])),
    }
)
RECORD = st.fixed_dictionaries(
    {
        "conversation_id": st.sampled_from(["a", "b", "c", "d"]),
        "user_id": st.sampled_from([None, "u", "v"]),
        "started_at": st.sampled_from([None, "2026-10-01", "2026-10-02", "2026-09-30", "never"]),
        "model": st.sampled_from([None, "m", "n"]),
        "messages": st.lists(MESSAGE, max_size=2),
    }
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(['"', "\\", '\\"', "],[", "}{,"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


class Dripping(io.BytesIO):
    """A stream that gives a few bytes at each read, so that every boundary is met."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self._step = step

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._step)


def outcome(records: list[dict[str, object]], batch_size: int) -> tuple[list[bytes], dict[str, int]] | None:
    """Bytes of the Parquet files and the counts; None where nothing is usable."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.jsonl"
        path.write_text("\n".join(json.dumps(record) for record in records))
        try:
            result = ingest_conversations(
                path, month="2026-10", account_secret=b"0" * 16, work_dir=Path(folder) / "w", batch_size=batch_size
            )
        except NoUsableConversationError:
            return None
        conversations = result.conversations.collect()
        reasons = result.quarantine.height
        counts = dict(result.counts.iter_rows())
        assert sum(count for name, count in counts.items() if name.startswith("quarantined_")) == reasons
        assert counts["accepted"] == conversations.height
        assert conversations["conversation_id"].is_sorted()
        assert conversations.filter(pl.col("month") != "2026-10").is_empty()
        files = sorted((Path(folder) / "w" / "conversations").iterdir())
        return [file.read_bytes() for file in files], counts


@settings(max_examples=40)
@given(st.data(), st.lists(RECORD, max_size=8))
def test_the_order_of_records_and_the_batch_size_change_no_byte(
    data: st.DataObject, records: list[dict[str, object]]
) -> None:
    shuffled = data.draw(st.permutations(records))
    assert outcome(records, 100) == outcome(shuffled, 2)


@settings(max_examples=40)
@given(st.lists(RECORD, min_size=1, max_size=8))
def test_every_record_read_has_exactly_one_outcome(records: list[dict[str, object]]) -> None:
    found = outcome(records, 3)
    if found is not None:
        _, counts = found
        settled = [name for name in counts if name not in ("read", "no_account", "no_date")]
        assert counts["read"] == len(records) == sum(counts[name] for name in settled)


@settings(deadline=None)
@given(st.lists(JSON, max_size=5), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_cutting_an_array_gives_what_parsing_it_whole_gives(
    values: list[object], step: int, indent: int | None, is_ascii: bool
) -> None:
    stream = Dripping(json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode(), step)
    cuts = [cut for _, cut in cut_records(stream)]
    assert [json.loads(cut) for cut in cuts if isinstance(cut, bytes)] == values
    assert len(cuts) == len(values)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=2), max_size=5), st.integers(1, 40))
def test_cutting_lines_gives_what_was_written(values: list[dict[str, object]], step: int) -> None:
    stream = Dripping("\n".join(json.dumps(value) for value in values).encode(), step)
    assert [json.loads(cut) for _, cut in cut_records(stream) if isinstance(cut, bytes)] == values


@given(st.binary(max_size=60), st.integers(1, 8), st.integers(1, 30))
def test_arbitrary_bytes_are_cut_without_failing_and_within_the_limit(content: bytes, step: int, limit: int) -> None:
    for head in (b"", b"["):
        for _, cut in cut_records(Dripping(head + content, step), max_bytes=limit):
            assert not isinstance(cut, bytes) or len(cut) <= limit


@given(st.text(alphabet=st.characters(), max_size=20))
def test_a_stored_text_can_be_encoded_and_is_stable(text: str) -> None:
    stored = storable_text(text)
    assert stored.encode().decode() == stored == storable_text(stored)
    assert content_hash([Turn("user", stored)]) == content_hash([Turn("user", storable_text(stored))])
