"""The words of the user's turns as sparse features, over a vocabulary that the heads were trained with.

Sentence vectors tell what a conversation is about; single words and how a turn opens tell what is done with it and
what for. Here belong how a text is cut into words and how words become numbers; what they weigh is in `heads`.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from clio_lite.cues import UNSPACED

STEM: Final = 4
"""Longer words count with their beginning too, so that their forms meet."""

MIN_CONVERSATIONS: Final = 2
"""A word is kept that at least so many of the conversations learned from use."""

_WORDS = re.compile(r"[^\W_]+|[?!¿？]")


def wording(text: str) -> set[str]:
    """Cut a text into words, pairs of neighbours, beginnings of long words, and pairs of letters of unspaced scripts.

    Args:
        text: What the user says; empty for nothing.

    Returns:
        Distinct words in lower case; a pair holds a space, `^` for the start and `$` for the end; a beginning ends
        with `*`.
    """
    if not text:
        return set()
    text = text.lower()
    words = _WORDS.findall(text)
    found = {*words, *map(" ".join, zip(["^", *words], [*words, "$"], strict=True))}
    found.update([f"{word[:STEM]}*" for word in words if len(word) > STEM])
    if UNSPACED.search(text):
        found.update(word[start : start + 2] for word in words for start in range(len(word) - 1))
    return found


@dataclass(frozen=True)
class Vocabulary:
    """Words with the numbers of conversations that use them.

    Attributes:
        counts: Conversations by word, sorted by word.
        conversations: Conversations counted.
    """

    counts: Mapping[str, int]
    conversations: int

    @cached_property
    def _places(self) -> dict[str, tuple[int, float]]:
        """Place and weight of each word: the rarer, the heavier."""
        return {
            word: (place, math.log((1 + self.conversations) / (1 + count)) + 1)
            for place, (word, count) in enumerate(self.counts.items())
        }

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """Weigh the words of texts.

        Args:
            texts: One for each row.

        Returns:
            Shape (n, words), float32; rows of length 1, or zero where no word is known.
        """
        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for text in texts:
            known = sorted(self._places[word] for word in wording(text) if word in self._places)
            length = math.sqrt(sum(weight * weight for _, weight in known)) or 1.0
            columns += [place for place, _ in known]
            values += [weight / length for _, weight in known]
            ends.append(len(columns))
        shape = (len(texts), len(self.counts))
        return csr_matrix((np.array(values, dtype=np.float32), np.array(columns, dtype=np.intp), ends), shape=shape)


def learn_vocabulary(texts: Sequence[str]) -> Vocabulary:
    """Keep the words that enough texts use.

    Args:
        texts: One for each conversation.
    """
    counts = Counter(word for text in texts for word in wording(text))
    kept = {word: count for word, count in sorted(counts.items()) if count >= MIN_CONVERSATIONS}
    return Vocabulary(kept, len(texts))
