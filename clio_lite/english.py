"""Whether a text is English, for the choice of the encoder that reads it; in doubt it is.

Cheap signs come first: the script, and words that only English has against those of other languages. Where they leave
it open, the language identification of `languages` is asked for the share of English among what it thinks likely: its
small models settle what they find plainly English, its large ones the rest. Which language another one is, does not
matter here.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import stop_words as stop_word_lists

from clio_lite.languages import detector, prose_of, short_detector, weighted_shares
from clio_lite.vocabulary import public_vocabulary

LATIN_END: Final = "\u024f"
"""Last letter of the Latin blocks; what lies behind is Greek, Cyrillic and further."""

UNSPACED_START: Final = "\u2e80"
UNSPACED_WORTH: Final = 3
"""A character of Chinese, Japanese or Korean says as much as three letters."""

OTHER_LATIN: Final = (
    "cs", "da", "de", "es", "fi", "fr", "hu", "id", "it", "nb", "nl", "pl", "pt", "ro", "sv", "tr",
)  # fmt: skip
"""Languages in Latin script whose stop words speak against English."""

SURE_SHARE: Final = 0.2
SURE_WORDS: Final = 2
SMALL_SHARE: Final = 0.97
"""From this share of English in the small models a text is English; large models see the others."""

FOREIGN_SHARE: Final = 0.3
WORD_WEIGHT: Final = 0.7
"""What a function word of English, or of another language, adds to the log-odds of English or takes from them."""

MIN_WORDS: Final = 2
"""A single word without accents says too little: it is English."""

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class _Signs:
    """Words of a text that speak for a language.

    Attributes:
        words: Number of its words.
        english: Function words that only English has.
        foreign: Stop words of other languages that English does not have.
        known: Words of the English public vocabulary, function words among them.
        is_other_script: Most letters are of another script than the Latin one.
    """

    words: int
    english: int
    foreign: int
    known: int
    is_other_script: bool

    @property
    def is_surely_english(self) -> bool:
        """Whether no model needs to be asked."""
        beyond = self.known - self.foreign
        has_several = beyond >= SURE_WORDS and self.english >= self.foreign
        return self.words == 0 or has_several or beyond >= SURE_SHARE * self.words


@cache
def _word_lists() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """English function words, English words, and foreign stop words, each without what another of them has."""
    public = public_vocabulary()
    lists = (stop_word_lists.get_stop_words(language) for language in OTHER_LATIN)
    others = frozenset(word.casefold() for words in lists for word in words)
    foreign = frozenset(word for word in others - public.function_words if len(word) > 1)
    return public.function_words - others, public.words - others, foreign


def _signs(prose: str) -> _Signs:
    """Count what speaks for a language."""
    english, known, foreign = _word_lists()
    words = _WORD.findall(prose.casefold())
    return _Signs(
        words=len(words),
        english=sum(word in english for word in words),
        foreign=sum(word in foreign for word in words),
        known=sum(word in known for word in words),
        is_other_script=not prose.isascii() and _is_other_script("".join(words)),
    )


def _is_other_script(letters: str) -> bool:
    """Whether at least half of the letters are not Latin."""
    elsewhere = sum(UNSPACED_WORTH if letter > UNSPACED_START else 1 for letter in letters if letter > LATIN_END)
    return 0 < elsewhere >= sum(letter <= LATIN_END for letter in letters)


def find_foreign(texts: Sequence[str]) -> list[bool]:
    """Tell of each text whether it is in another language than English; equal texts are read once.

    It reads what `languages.prose_of` leaves of a text. What a text is told depends on that text alone.

    Args:
        texts: Any texts.

    Returns:
        True where the text is plainly not English, in order.
    """
    told: dict[str, bool] = dict.fromkeys(texts, False)
    open_cases: dict[str, tuple[str, _Signs]] = {}
    for text in told:
        prose = prose_of(text)
        signs = _signs(prose)
        if signs.is_other_script:
            told[text] = True
        elif not signs.is_surely_english and (signs.words >= MIN_WORDS or not prose.isascii()):
            open_cases[text] = prose, signs
    plain = _english_shares(detector, [prose for prose, _ in open_cases.values()])
    doubtful = {
        text: case for (text, case), share in zip(open_cases.items(), plain, strict=True) if share < SMALL_SHARE
    }
    shares = _english_shares(short_detector, [prose for prose, _ in doubtful.values()])
    for (text, (_, signs)), share in zip(doubtful.items(), shares, strict=True):
        odds = _log_odds(share) + WORD_WEIGHT * (signs.english - signs.foreign)
        told[text] = odds < _log_odds(FOREIGN_SHARE)
    return [told[text] for text in texts]


def _english_shares(build: Any, proses: Sequence[str]) -> list[float]:
    """Share of English among the likely languages of each text; 1 where nothing is likely."""
    if not proses:
        return []
    found = build().compute_language_confidence_values_in_parallel(list(proses))
    return [dict(weighted_shares(values)).get("en", 0.0) if len(values) else 1.0 for values in found]


def _log_odds(share: float) -> float:
    bounded = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
