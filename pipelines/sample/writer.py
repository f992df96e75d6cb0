"""Write generated conversations and their truth as JSONL files, each complete or not there at all."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pipelines.sample.conversation import JsonValue
from pipelines.sample.generator import generate_conversations
from pipelines.settings import SAMPLE, STARTER


@dataclass(frozen=True)
class SampleSummary:
    """What was written."""

    conversation_count: int
    occupational_count: int
    private_string_count: int


def write_sample(
    count: int,
    *,
    seed: int,
    out: Path,
    truth: Path | None = None,
    month: str = "2026-10",
    private_share: float = 0.12,
    sample_dir: Path = SAMPLE,
    starter_dir: Path = STARTER,
) -> SampleSummary:
    """Generate conversations into a file, and their truth into another.

    Both files are written under temporary names and renamed when complete. Equal arguments give equal bytes.

    Args:
        count: How many conversations.
        seed: Seed of every choice.
        out: JSONL file of conversations in our own format.
        truth: JSONL file with one line of truth per conversation; null for none.
        month: Calendar month of the conversations, YYYY-MM.
        private_share: Share of conversations with made-up private details.
        sample_dir: Folder of the phrases.
        starter_dir: Folder of the starter catalogue.

    Raises:
        ValueError: Count, month or share are out of range.
        InputUnusableError: The phrases or the catalogue are missing or do not fit together.
    """
    conversations = generate_conversations(
        count,
        seed=seed,
        month=month,
        private_share=private_share,
        sample_dir=sample_dir,
        starter_dir=starter_dir,
    )
    targets = [out] if truth is None else [out, truth]
    partial = [target.with_name(f".{target.name}.partial") for target in targets]
    occupational = private = 0
    for target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("w", encoding="utf-8", newline="\n")) for path in partial]
            for one in conversations:
                files[0].write(_line(one.record.to_json()))
                if truth is not None:
                    files[1].write(_line(one.truth.to_json()))
                occupational += one.truth.is_occupational
                private += len(one.truth.private_strings)
        for path, target in zip(partial, targets, strict=True):
            path.replace(target)
    finally:
        for path in partial:
            path.unlink(missing_ok=True)
    return SampleSummary(count, occupational, private)


def _line(values: Mapping[str, JsonValue]) -> str:
    """One line of JSON."""
    return json.dumps(values, ensure_ascii=False) + "\n"
