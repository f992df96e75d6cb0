"""Given names that stand alone, with a capital or in lower case, and names behind an introduction in lower case.

The rules of names that other words point to are in `names`; what a list holds is in `name_lists`.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from clio_lite.name_lists import (
    capitalised_names,
    common_given_names,
    family_names,
    given_names,
    not_names,
    sign_words,
    unmistakable_names,
)

_WORDS: Final = re.compile(r"[^\W\d_]{3,}")
_NOT_BEFORE: Final = frozenset("@/._\\-$#&?={")
_NOT_BEHIND: Final = frozenset("@/_\\=(-")
_SENTENCE_END: Final = frozenset(".!?:;\n\"“«¿¡*>•-–—([|,'")
_SECOND: Final = re.compile(r"[ \u00a0]([^\W\d_]{2,}(?:-[^\W\d_]+)?)(?=[.,;!?\n]|$)")
_AND: Final = r" (?:and|but|from|i|y|e|et|und|aus|en|и|из)\b"


@cache
def _lower(kind: str) -> frozenset[str]:
    """Listed names in lower case."""
    lists = {
        "unmistakable": unmistakable_names,
        "capitalised": capitalised_names,
        "common": common_given_names,
        "given": given_names,
        "family": family_names,
    }
    return frozenset(name.lower() for name in lists[kind]())


@cache
def _pointed_names() -> frozenset[str]:
    """Given names that are taken in lower case only behind a sign."""
    return _lower("given") - not_names()


@cache
def _spoken_names() -> frozenset[str]:
    """Given names that are taken in lower case behind any sign; the others only behind a relation."""
    return _lower("capitalised") | _lower("unmistakable")


@cache
def _introductions() -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Hints and pattern of "my name is" and its like, with what follows."""
    words = tuple(sorted(sign_words()["lower_introductions"], key=lambda word: (-len(word), word)))
    word = r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*"
    signs = "|".join(re.escape(word) for word in words)
    form = rf"(?<!\w)(?:{signs})[ \u00a0]+(?P<first>{word})(?:[ \u00a0](?P<second>{word})(?=[.,;!?\n]|$|{_AND}))?"
    return words, re.compile(form)


@cache
def _signs() -> re.Pattern[str]:
    """Relations and words of speaking with the word behind them."""
    signs = sign_words()
    lower = "|".join(re.escape(word) for word in sorted(signs["lower_signs"], key=lambda word: (-len(word), word)))
    relations = "|".join(
        re.escape(word.lower()) for word in sorted(signs["relations"], key=lambda word: (-len(word), word))
    )
    return re.compile(rf"(?<!\w)(?:(?P<relation>{relations})|{lower}),?[ \n](?P<name>[^\W\d_]{{3,}})(?![\w@/(=])")


def is_unmistakable(name: str) -> bool:
    """Tell a given name that is no ordinary word.

    Args:
        name: One word, with a capital.
    """
    return name in unmistakable_names()


def find_lone_names(text: str, lower: str) -> Iterator[str]:
    """Find listed given names without any sign, and names in lower case.

    Args:
        text: One text.
        lower: The same in lower case.

    Yields:
        Names in the letters of the text.
    """
    words = set(_WORDS.findall(text))
    for word in words & unmistakable_names():
        yield from _lone(text, word)
    for word in {word.capitalize() for word in words if word.isupper()} & unmistakable_names():
        yield from _lone(text, word.upper())
    for word in words & capitalised_names():
        yield from _lone(text, word, inside=True)
    for word in words & _lower("unmistakable"):
        yield from _lone(text, word)
    hints, introductions = _introductions()
    if any(hint in lower for hint in hints):
        yield from _introduced(lower, introductions)
    if words & _pointed_names():
        yield from _pointed_at(lower, words)


def _lone(text: str, word: str, *, inside: bool = False) -> Iterator[str]:
    """The word where it stands outside identifiers, addresses and paths, with a family name that follows it.

    Args:
        text: The text.
        word: The word as it is written there.
        inside: Only inside a sentence.
    """
    end = 0
    while (start := text.find(word, end)) >= 0:
        end = start + len(word)
        before, behind = text[start - 1 : start] if start else "", text[end : end + 1]
        if (
            before.isalnum()
            or (before in _NOT_BEFORE and before)
            or behind.isalnum()
            or (behind in _NOT_BEHIND and behind)
        ):
            continue
        if behind == "." and text[end + 1 : end + 2].isalnum():
            continue
        if inside and (not (lead := text[:start].rstrip(" \u00a0")) or lead[-1] in _SENTENCE_END):
            continue
        yield word
        follows = _WORDS.match(text, end + 1) if behind in (" ", "\u00a0") and behind else None
        if follows and word.islower() and follows[0] in _lower("family"):
            yield f"{word} {follows[0]}"


def _introduced(lower: str, introductions: re.Pattern[str]) -> Iterator[str]:
    """Names in lower case behind an introduction."""
    for match in introductions.finditer(lower):
        first, second = match["first"], match["second"]
        if first in not_names():
            continue
        yield first
        if second and second not in not_names():
            yield f"{first} {second}"


def _pointed_at(lower: str, words: set[str]) -> Iterator[str]:
    """Listed names in lower case behind a relation or a word of speaking, with what ends the clause behind them."""
    for match in _signs().finditer(lower):
        name = match["name"]
        if name not in words or name in not_names():
            continue
        if name in _spoken_names() or (match["relation"] and name in _lower("given")):
            yield name
            second = _SECOND.match(lower, match.end())
            if second and second[1] not in not_names():
                yield f"{name} {second[1]}"
