"""The language of a text as an ISO 639-1 code, by lingua with a fixed set of languages."""

# ruff: noqa: E501  (a list of words is easier to check whole than wrapped)

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

MIN_LETTERS: Final = 3
"""Fewer letters than this in a script that many languages share say nothing."""

MIN_CONFIDENCE: Final = 0.4

SHORT_LETTERS: Final = 120
"""Up to so many letters the slower and better detector reads a text."""

CHARACTER_LIMIT: Final = 600

_NOT_LANGUAGE = re.compile(r"```.*?(?:```|\Z)|`[^`]*`|\[[a-z]+\]|https?://\S+|[{}<>|=_/\\#*]", re.DOTALL)

LANGUAGES: Final = (
    "ARABIC", "BENGALI", "CHINESE", "CZECH", "DANISH", "DUTCH", "ENGLISH", "FINNISH", "FRENCH", "GERMAN", "GREEK", "HEBREW", "HINDI",
    "HUNGARIAN", "INDONESIAN", "ITALIAN", "JAPANESE", "KOREAN", "BOKMAL", "PERSIAN", "POLISH", "PORTUGUESE", "ROMANIAN", "RUSSIAN",
    "SPANISH", "SWEDISH", "TAMIL", "THAI", "TURKISH", "UKRAINIAN", "URDU", "VIETNAMESE",
)  # fmt: skip

PRIORS: Final = {"en": 12.0, "es": 3.0, "fr": 3.0, "de": 3.0, "pt": 3.0, "it": 2.0, "nl": 1.5}
"""How much more often a language occurs than the rest: only short texts, where the letters decide little, notice."""


@cache
def detector() -> Any:
    """Build the detector with small models once per process; they are loaded when they are first needed."""
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, name) for name in LANGUAGES]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


@cache
def short_detector() -> Any:
    """Build the slower detector for short texts; loading its large models takes seconds and half a gigabyte."""
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*[getattr(Language, name) for name in LANGUAGES]).build()


def prose_of(text: str) -> str:
    """A text without code, marks of redaction and addresses, white space folded, cut at 600 characters."""
    return " ".join(_NOT_LANGUAGE.sub(" ", text[: 4 * CHARACTER_LIMIT]).split())[:CHARACTER_LIMIT]


def find_languages(texts: Sequence[str]) -> list[str | None]:
    """Find the language of each text; equal texts are read once, several at the same time.

    Code, marks of redaction and addresses are left out; the first 600 characters of the rest are read.

    Args:
        texts: Any texts.

    Returns:
        ISO 639-1 code of each, in order, Norwegian as `no`; None where too little is left or no language is likely
        enough.
    """
    known: dict[str, str | None] = dict.fromkeys(texts)
    short, long = {}, {}
    for text in known:
        prose = prose_of(text)
        letters = sum(map(str.isalpha, prose))
        if letters > SHORT_LETTERS:
            long[text] = prose
        elif letters >= MIN_LETTERS or any(ord(letter) > 0x2E80 for letter in prose):
            short[text] = prose
    for build, chosen in ((short_detector, short), (detector, long)):
        if chosen:
            found = build().compute_language_confidence_values_in_parallel(list(chosen.values()))
            known |= zip(chosen, map(_likely_language, found), strict=True)
    return [known[text] for text in texts]


def weighted_shares(values: Sequence[Any]) -> list[tuple[str, float]]:
    """Languages of one text by falling share, with the priors; none where nothing is likely.

    Args:
        values: What the detector found.

    Returns:
        ISO 639-1 codes and their shares, which sum to 1.
    """
    rated = [(str(value.language.iso_code_639_1.name).lower(), value.value) for value in values]
    weighted = sorted(((value * PRIORS.get(code, 1.0), code) for code, value in rated), reverse=True)
    total = sum(weight for weight, _ in weighted)
    return [(code, weight / total) for weight, code in weighted] if total > 0 else []


def _likely_language(values: Sequence[Any]) -> str | None:
    """The likeliest language of one text; None where it is not likely enough."""
    shares = weighted_shares(values)
    if not shares or shares[0][1] < MIN_CONFIDENCE:
        return None
    return "no" if shares[0][0] == "nb" else shares[0][0]
