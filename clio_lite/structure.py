"""The structure of a dialogue as numbers: turns, lengths, code, errors, questions, and words that show what a turn does.

Together with the vectors of the user's turns these are what the heads see. Only what the user says is read; of the
assistant only how often it speaks.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import math
import re
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

HEAD_CHARACTERS: Final = 300
TAIL_CHARACTERS: Final = 160
LATER_CHARACTERS: Final = 160
LATER_EACH_END: Final = 3
MAX_PHRASE: Final = 4

CUES: Final = (
    "failure", "edit", "asking", "checking", "own_work", "making", "thanks", "chatting", "same_again", "work", "coursework",
    "personal", "harm",
)  # fmt: skip
LATER_CUES: Final = ("failure", "edit", "asking", "checking", "making", "thanks", "chatting", "same_again")
PURPOSE_CUES: Final = ("work", "coursework", "personal")

FEATURE_NAMES: Final = (
    "user_turns", "is_one_turn", "is_two_turns", "is_three_or_more", "first_length", "later_length", "has_code_first", "has_error_first",
    "is_question_first", "has_material_first", "is_tiny_first", "later_code", "later_error", "later_question", "later_tiny", "later_long",
    *(f"first_{cue}" for cue in CUES),
    "opens_making", "opens_asking", "opens_checking", "opens_chatting",
    *(f"later_{cue}" for cue in LATER_CUES),
    *(f"any_{cue}" for cue in PURPOSE_CUES),
    "later_goes_on", "is_question_on_material",
)  # fmt: skip

_CODE = re.compile(
    r"```|^\s*(?:def|class|import|from|SELECT|function|const|let|var|public|#include)\b|;\s*$|=>|\)\s*\{|</\w+>", re.M
)
_ERROR = re.compile(
    r"traceback|exception|\berror\b|\b\w+Error\b|errno|segfault|#VALUE!|#REF!|stack trace|undefined|\b[45]\d\d\b (?:error|status)",
    re.I,
)
_QUESTION = re.compile(r"[?？¿؟]")
_MATERIAL = re.compile(r"[:：]\s+\S.{20,}|\n\s*\S.{20,}|[\"“«].{30,}[\"”»]", re.S)
_QUOTED = re.compile(r"['‘].{15,}['’]")
_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_GREETING = re.compile(
    r"^\W*(?:hi|hey|hello|good (?:morning|afternoon|evening)|hola|bonjour|salut|hallo|ciao|olá|oi|hoi|привет)\b[\s,!.]*(?:there\b)?[\s,!.]*",
    re.I,
)


@cache
def _phrases() -> tuple[dict[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """Read the cues: phrases of spaced scripts with their cues, and of unspaced scripts as pairs."""
    text = (resources.files("clio_lite") / "definitions" / "cues.toml").read_text(encoding="utf-8")
    spaced: dict[str, set[str]] = {}
    unspaced: list[tuple[str, str]] = []
    for cue, phrases in tomllib.loads(text)["cues"].items():
        for phrase in phrases:
            if _UNSPACED.search(phrase):
                unspaced.append((phrase, cue))
            else:
                spaced.setdefault(" ".join(_words(phrase)), set()).add(cue)
    return {phrase: tuple(sorted(cues)) for phrase, cues in spaced.items()}, tuple(unspaced)


def _words(text: str) -> list[str]:
    """Split into lower-case words, with one kind of apostrophe."""
    return _WORDS.findall(text.lower().replace("’", "'"))


def find_cues(text: str) -> dict[str, int]:
    """Count the phrases of each cue in a text.

    Args:
        text: A turn.

    Returns:
        Counts by cue, without zeros.
    """
    spaced, unspaced = _phrases()
    counts: dict[str, int] = {}
    words = _words(text)
    for start in range(len(words)):
        for size in range(1, min(MAX_PHRASE, len(words) - start) + 1):
            for cue in spaced.get(" ".join(words[start : start + size]), ()):
                counts[cue] = counts.get(cue, 0) + 1
    if _UNSPACED.search(text):
        for phrase, cue in unspaced:
            if phrase in text:
                counts[cue] = counts.get(cue, 0) + 1
    return counts


def first_window(text: str) -> str:
    """The part of a first turn that is read: its beginning and, of a long one, its end.

    Args:
        text: The turn.
    """
    text = text.strip()
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return f"{text[:HEAD_CHARACTERS]} … {text[-TAIL_CHARACTERS:]}"


def later_windows(user_turns: Sequence[str]) -> list[str]:
    """The parts of the later turns that are read: the beginnings of the first three and the last three.

    Args:
        user_turns: All turns by the user.
    """
    later = [turn.strip()[:LATER_CHARACTERS] for turn in user_turns[1:]]
    if len(later) <= 2 * LATER_EACH_END:
        return later
    return later[:LATER_EACH_END] + later[-LATER_EACH_END:]


def dialogue_features(user_turns: Sequence[str]) -> NDArray[np.float32]:
    """Describe the structure of a dialogue.

    Args:
        user_turns: Turns by the user, in order; at least one.

    Returns:
        One number per name in `FEATURE_NAMES`.
    """
    first = first_window(user_turns[0])
    later = later_windows(user_turns)
    count = len(user_turns)
    first_cues = find_cues(first)
    later_cues = [find_cues(turn) for turn in later]
    body = _GREETING.sub("", first)
    opening = find_cues(" ".join(body.split()[:4])) if not _UNSPACED.search(body) else find_cues(body[:30])
    values = [
        math.log1p(count), count == 1, count == 2, count >= 3,
        math.log1p(len(first)) / 5, math.log1p(sum(map(len, later)) / max(len(later), 1)) / 5,
        bool(_CODE.search(first)), bool(_ERROR.search(first)), bool(_QUESTION.search(first)),
        bool(_MATERIAL.search(first)), len(first) < 25,
        _share(later, lambda turn: bool(_CODE.search(turn))), _share(later, lambda turn: bool(_ERROR.search(turn))),
        _share(later, lambda turn: bool(_QUESTION.search(turn))), _share(later, lambda turn: len(turn) < 15),
        _share(later, lambda turn: len(turn) > 100),
        *(min(first_cues.get(cue, 0), 3) / 2 for cue in CUES),
        *(cue in opening for cue in ("making", "asking", "checking", "chatting")),
        *(sum(cue in cues for cues in later_cues) / max(len(later_cues), 1) for cue in LATER_CUES),
        *(min(sum(cues.get(cue, 0) for cues in (first_cues, *later_cues)), 4) / 2 for cue in PURPOSE_CUES),
        sum(not _is_closing(turn, cues) for turn, cues in zip(later, later_cues, strict=True)) / max(len(later), 1),
        bool(_QUESTION.search(first)) and bool(_MATERIAL.search(first) or _CODE.search(first) or _QUOTED.search(first)),
    ]  # fmt: skip
    return np.array(values, dtype=np.float32)


def _is_closing(turn: str, cues: dict[str, int]) -> bool:
    """Tell a turn that only thanks, or hands over the next task of the same kind, from one that goes on."""
    return "same_again" in cues or ("thanks" in cues and len(turn.split()) <= 5)


def _share(turns: Sequence[str], test: Callable[[str], bool]) -> float:
    """Share of turns that pass a test; 0 without turns."""
    return sum(map(test, turns)) / max(len(turns), 1)
