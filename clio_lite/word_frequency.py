"""How common a word is in a language, from the lists of the package wordfreq.

The lists are kept, public and frozen (2021): a word that they do not know is rare, a name, or younger. The words come
from public texts, so names are in them as well: frequency alone does not tell a name.
"""

import math
from functools import cache
from typing import Final

import wordfreq

ABSENT: Final = 0.0
"""Frequency of a word that no list holds."""


@cache
def _lists(language: str) -> dict[str, float]:
    """Share of each word in the texts of a language; empty where there is no list."""
    if language not in wordfreq.available_languages("best"):
        return {}
    frequencies: dict[str, float] = wordfreq.get_frequency_dict(language, "best")
    return frequencies


def word_frequency(word: str, language: str | None) -> float:
    """How common a word is, on the Zipf scale: 6 is once in a thousand words, 3 once in a million, 0 in no list.

    Args:
        word: One word in any case.
        language: ISO 639-1 code; None is read as English.
    """
    share = _lists(language or "en").get(word.casefold(), 0.0)
    return max(ABSENT, math.log10(share) + 9) if share else ABSENT


def has_list(language: str | None) -> bool:
    """Whether the words of a language are known.

    Args:
        language: ISO 639-1 code; None is read as English.
    """
    return (language or "en") in wordfreq.available_languages("best")
