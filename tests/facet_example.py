"""Conversations, an encoder without a model and heads trained on it, for tests of the facets."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from filelock import FileLock

from clio_lite.composing import LINEAR_FACETS, WRITTEN_FILES
from clio_lite.heads import Heads, load_heads, save_heads
from clio_lite.heads.training import DEFINITIONS_DIR, train_heads


class WordEncoder:
    """Hashed bags of words: quick, deterministic, and near for texts that share words."""

    name = "words/fake/0"
    dimensions = 48

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for number, text in enumerate(texts):
            for word in text.lower().split():
                vectors[number, hashlib.blake2b(word.encode(), digest_size=2).digest()[0] % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def few_definitions(folder: Path) -> Path:
    """The definitions with forty conversations of each labelled file, copied into a new folder."""
    shutil.copytree(DEFINITIONS_DIR, folder)
    for file in folder.glob("conversations_*.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(lines[:: len(lines) // 40][:40]), encoding="utf-8")
    return folder


def fewest_definitions(folder: Path) -> Path:
    """The definitions with ten conversations of two labelled files and one file of the first hand: quick to learn."""
    shutil.copytree(DEFINITIONS_DIR, folder)
    for file in sorted(folder.glob("conversations_*.jsonl"))[2:] + sorted(folder.glob(WRITTEN_FILES))[1:]:
        file.unlink()
    for file in folder.glob("conversations_*.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(lines[:: len(lines) // 10][:10]), encoding="utf-8")
    return folder


def train_word_heads(definitions_dir: Path) -> Heads:
    """Heads of that encoder from few composed conversations."""
    return train_heads(definitions_dir, WordEncoder(), seed=1, per_class=dict.fromkeys(LINEAR_FACETS, 20))


@cache
def word_heads() -> Heads:
    """Heads of that encoder, trained once for all processes of the tests."""
    folder = Path(os.environ["USAGE_INDEX_PUBLIC_CACHE"]) / "word_heads"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "heads").is_dir():
            save_heads(train_word_heads(few_definitions(folder / "definitions")), folder / "heads")
    return load_heads(folder / "heads", encoder_name=WordEncoder.name)


def conversation_frame(conversations: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Conversations c0, c1, ... of some turns by the user, each answered with ok."""
    rows = [
        {
            "conversation_id": f"c{number}",
            "messages": [
                {"role": role, "content": text}
                for turn in turns
                for role, text in (("user", turn), ("assistant", "ok"))
            ],
        }
        for number, turns in enumerate(conversations)
    ]
    return pl.DataFrame(
        rows, schema_overrides={"messages": pl.List(pl.Struct({"role": pl.String, "content": pl.String}))}
    )
