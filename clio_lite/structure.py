"""The structure of a dialogue as numbers: turns, lengths, code, errors, questions, and words that show what a turn does.

Together with the vectors of the user's turns these are what the heads see. What the assistant's turns show is told by
`clio_lite.replies`.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import math
import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.cues import UNSPACED, find_cues, openings, words_of
from clio_lite.replies import REPLY_FEATURES, reply_features

HEAD_CHARACTERS: Final = 300
TAIL_CHARACTERS: Final = 160
LATER_CHARACTERS: Final = 160
LATER_EACH_END: Final = 3

CUES: Final = (
    "failure", "edit", "asking", "checking", "own_work", "making", "thanks", "chatting", "same_again", "work", "coursework",
    "personal", "harm",
)  # fmt: skip
LATER_CUES: Final = ("failure", "edit", "asking", "checking", "making", "thanks", "chatting", "same_again")
PURPOSE_CUES: Final = ("work", "coursework", "personal")

SIGNS: Final = (
    "self_harm", "violence", "weapon", "fraud", "intrusion", "secrecy", "drugs", "sexual", "minor", "hate", "dishonest",
    "distress", "politics", "victim",
)  # fmt: skip
CALM: Final = ("prevention", "fiction", "computing", "study", "trade")
HARMS: Final = ("self_harm", "violence", "weapon", "fraud", "intrusion", "drugs", "sexual", "hate", "dishonest")
CONCERN_FEATURES: Final = (
    *(f"sign_{name}" for name in SIGNS), *(f"calm_{name}" for name in CALM),
    "harm_without_calm", "several_harms", "harm_in_secret", "sexual_with_minor", "severe_without_calm", "violence_to_somebody",
    "crime_without_calm", "intrusion_on_somebody", "distress_without_calm",
)  # fmt: skip
"""What only the head of the concern sees: words of harm, words that calm, and how they meet."""

FEATURE_NAMES: Final = (
    "user_turns", "is_one_turn", "is_two_turns", "is_three_or_more", "first_length", "later_length", "has_code_first", "has_error_first",
    "is_question_first", "has_material_first", "is_tiny_first", "later_code", "later_error", "later_question", "later_tiny", "later_long",
    *(f"first_{cue}" for cue in CUES),
    "opens_making", "opens_asking", "opens_checking", "opens_chatting",
    *(f"later_{cue}" for cue in LATER_CUES),
    *(f"any_{cue}" for cue in PURPOSE_CUES),
    "later_goes_on", "is_question_on_material",
    "opens_open_question", "opens_closed_question", "later_open_question", "later_closed_question", "later_same_opening", "has_figures_first",
    "is_first_person", "is_unspaced", "has_quote_first",
    *CONCERN_FEATURES,
    *REPLY_FEATURES,
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
_QUOTES = re.compile(r"[\"“«„「].{5,}[\"”»“」]|:\s*['‘].{3,}['’]", re.S)
_GREETING = re.compile(
    r"^\W*(?:hi|hey|hello|good (?:morning|afternoon|evening)|hola|bonjour|salut|hallo|ciao|olá|oi|hoi|привет)\b[\s,!.]*(?:there\b)?[\s,!.]*",
    re.I,
)
_EQUATION = re.compile(r"\d\s*[=+*/^×÷<>≤≥-]\s*[\dxyn(]|[xyn]\s*=\s*-?\d|\b[a-z]\(\w\)\s*=", re.I)
_FIRST_PERSON = re.compile(
    r"\b(?:i|i'm|i've|im|ive|my|me|we|our|mi|mis|yo|mon|ma|mes|je|j'ai|ich|mein\w*|mio|mia|meu|minha|eu|mijn|ik|moj\w*|мой|моя|моё|мне|я|у меня)\b|我|私|僕|나|내",
    re.I,
)


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


def dialogue_features(user_turns: Sequence[str], replies: Sequence[str] = ()) -> NDArray[np.float32]:
    """Describe the structure of a dialogue.

    Args:
        user_turns: Turns by the user, in order; at least one.
        replies: Turns by the assistant, in order; none where only the user's are known.

    Returns:
        One number per name in `FEATURE_NAMES`.
    """
    first = first_window(user_turns[0])
    later = later_windows(user_turns)
    count = len(user_turns)
    first_cues = find_cues(first)
    later_cues = [find_cues(turn) for turn in later]
    body = _GREETING.sub("", first)
    opening = find_cues(" ".join(body.split()[:4])) if not UNSPACED.search(body) else find_cues(body[:30])
    opens_open, opens_closed = openings()
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
        bool(opens_open.match(body)), bool(opens_closed.match(body)),
        _share(later, lambda turn: bool(opens_open.match(turn))), _share(later, lambda turn: bool(opens_closed.match(turn))),
        _share(later, lambda turn: _opening_word(turn) == _opening_word(body) != ""), bool(_EQUATION.search(first)),
        bool(_FIRST_PERSON.search(first)), bool(UNSPACED.search(first)), bool(_QUOTED.search(first) or _QUOTES.search(first)),
        *_concern_features([first_cues, *later_cues]),
        *reply_features(replies),
    ]  # fmt: skip
    return np.array(values, dtype=np.float32)


def _concern_features(turns: Sequence[dict[str, int]]) -> list[float]:
    """Count the signs of concern over all turns, and where they meet; in the order of `CONCERN_FEATURES`."""
    names = [*(f"sign_{name}" for name in SIGNS), *(f"calm_{name}" for name in CALM)]
    counts = {name: sum(cues.get(name, 0) for cues in turns) for name in names}
    found = {name for name in names if counts[name]}
    harms = [name for name in HARMS if f"sign_{name}" in found]
    is_calm = any(f"calm_{name}" in found for name in CALM)
    has_victim, is_violent = "sign_victim" in found, "sign_violence" in found
    is_crime = not found.isdisjoint(("sign_fraud", "sign_intrusion"))
    is_severe = not found.isdisjoint(("sign_self_harm", "sign_weapon", "sign_violence"))
    return [
        *(min(counts[name], 2) / 2 for name in names),
        bool(harms) and not is_calm, len(harms) >= 2, bool(harms) and "sign_secrecy" in found,
        found >= {"sign_sexual", "sign_minor"}, is_severe and not is_calm, is_violent and has_victim,
        is_crime and not is_calm, "sign_intrusion" in found and has_victim, "sign_distress" in found and not is_calm,
    ]  # fmt: skip


def _opening_word(turn: str) -> str:
    """The first word of a turn, in lower case; empty where there is none."""
    return next(iter(words_of(turn[:40])), "")


def _is_closing(turn: str, cues: dict[str, int]) -> bool:
    """Tell a turn that only thanks, or hands over the next task of the same kind, from one that goes on."""
    return "same_again" in cues or ("thanks" in cues and len(turn.split()) <= 5)


def _share(turns: Sequence[str], test: Callable[[str], bool]) -> float:
    """Share of turns that pass a test; 0 without turns."""
    return sum(map(test, turns)) / max(len(turns), 1)
