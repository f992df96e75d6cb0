"""The language of a text as an ISO 639-1 code, by lingua with a fixed set of languages."""

# ruff: noqa: E501  (a list of words is easier to check whole than wrapped)

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

MIN_LETTERS: Final = 3
"""Fewer letters than this in a script that many languages share say nothing."""

MIN_CONFIDENCE: Final = 0.4

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
def _detector() -> Any:
    """Build the detector once per process; loading its models takes a second."""
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, name) for name in LANGUAGES]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


@cache
def _short_detector() -> Any:
    """Build the slower detector for short texts."""
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*[getattr(Language, name) for name in LANGUAGES]).build()


def find_language(text: str) -> str | None:
    """Find the language of a text.

    Code, marks of redaction and addresses are left out; the first 600 characters of the rest are read.

    Args:
        text: Any text.

    Returns:
        ISO 639-1 code, Norwegian as `no`; None where too little is left or no language is likely enough.
    """
    prose = " ".join(_NOT_LANGUAGE.sub(" ", text[: 4 * CHARACTER_LIMIT]).split())[:CHARACTER_LIMIT]
    letters = sum(letter.isalpha() for letter in prose)
    if letters < MIN_LETTERS and not any(ord(letter) > 0x2E80 for letter in prose):
        return None
    detector = _detector() if letters > 120 else _short_detector()
    values = [
        (str(value.language.iso_code_639_1.name).lower(), value.value)
        for value in detector.compute_language_confidence_values(prose)
    ]
    weighted = sorted(((value * PRIORS.get(code, 1.0), code) for code, value in values), reverse=True)
    total = sum(weight for weight, _ in weighted)
    if total <= 0 or weighted[0][0] / total < MIN_CONFIDENCE:
        return None
    return "no" if weighted[0][1] == "nb" else weighted[0][1]


def find_languages(texts: Sequence[str]) -> list[str | None]:
    """Find the language of each text; equal texts are read once.

    Args:
        texts: Any texts.

    Returns:
        One code or None per text, in order.
    """
    known = {text: find_language(text) for text in sorted(set(texts))}
    return [known[text] for text in texts]
