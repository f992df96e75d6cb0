"""Words that show what a turn does, and words by which concern shows, read from their definition files.

Here belong the lists and how they are found in a text; what is counted of them is in `clio_lite.structure`.
"""

import re
from functools import cache
from typing import Final

from clio_lite.definition_files import read_definition

MAX_PHRASE: Final = 4
UNSPACED: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""Letters of scripts that put no space between words."""

_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LINK: Final = r"^\W*(?:(?:so|and|but|ok|then|hm+|ah|well|just|also|y|et|und|e|a|и|а)\W+)?"


@cache
def openings() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How an open question begins, and how one that is answered by yes or no."""
    lists = read_definition("cues.toml")["openings"]
    patterns = [
        re.compile(
            _LINK
            + "(?:"
            + "|".join(re.escape(word) + ("" if UNSPACED.search(word) else r"(?!\w)") for word in lists[name])
            + ")",
            re.IGNORECASE,
        )
        for name in ("open_question", "closed_question")
    ]
    return patterns[0], patterns[1]


@cache
def reply_cues() -> dict[str, tuple[str, ...]]:
    """What the assistant's turns show: the lists of words, in lower case."""
    return {name: tuple(words) for name, words in read_definition("cues.toml")["replies"].items()}


def has_phrase(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase between word boundaries; within words only in scripts that put no space.

    Args:
        text: A text in lower case.
        phrase: The same.
    """
    start = text.find(phrase)
    if start < 0 or UNSPACED.search(phrase):
        return start >= 0
    while start >= 0:
        end = start + len(phrase)
        if not _is_word(text[start - 1 : start]) and not _is_word(text[end : end + 1]):
            return True
        start = text.find(phrase, start + 1)
    return False


def _is_word(character: str) -> bool:
    """Whether a character, or none, goes on with a word."""
    return character.isalnum() or character == "_"


@cache
def _phrases() -> tuple[dict[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """Read the lists: phrases of spaced scripts with their cues, and of unspaced scripts as pairs."""
    signs = read_definition("concern_signs.toml")
    lists = {
        **read_definition("cues.toml")["cues"],
        **{f"sign_{name}": phrases for name, phrases in signs["signs"].items()},
        **{f"calm_{name}": phrases for name, phrases in signs["calm"].items()},
    }
    spaced: dict[str, set[str]] = {}
    unspaced: list[tuple[str, str]] = []
    for cue, phrases in lists.items():
        for phrase in phrases:
            if UNSPACED.search(phrase):
                unspaced.append((phrase, cue))
            else:
                spaced.setdefault(" ".join(words_of(phrase)), set()).add(cue)
    return {phrase: tuple(sorted(cues)) for phrase, cues in spaced.items()}, tuple(unspaced)


def words_of(text: str) -> list[str]:
    """Split into lower-case words, with one kind of apostrophe."""
    return _WORDS.findall(text.lower().replace("’", "'"))


def find_cues(text: str) -> dict[str, int]:
    """Count the phrases of each cue in a text.

    Args:
        text: A turn.

    Returns:
        Counts by cue, without zeros; signs of concern are called `sign_` and `calm_` with their name.
    """
    spaced, unspaced = _phrases()
    counts: dict[str, int] = {}
    words = words_of(text)
    for start in range(len(words)):
        for size in range(1, min(MAX_PHRASE, len(words) - start) + 1):
            for cue in spaced.get(" ".join(words[start : start + size]), ()):
                counts[cue] = counts.get(cue, 0) + 1
    if UNSPACED.search(text):
        for phrase, cue in unspaced:
            if phrase in text:
                counts[cue] = counts.get(cue, 0) + 1
    return counts
