"""Conversations, an encoder without a model and heads trained on it, for tests of the facets."""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from clio_lite.heads import Heads
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


@cache
def word_heads() -> Heads:
    """Heads of that encoder, trained once per process."""
    return train_heads(DEFINITIONS_DIR, WordEncoder(), seed=0)


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
