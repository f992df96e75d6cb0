"""What the assistant's turns show of a dialogue, as numbers: what it hands over, explains, corrects, asks or declines.

Only the beginnings and ends of the turns are read, by word lists, and nothing of them is encoded. A dialogue of which
only the user's side is known gives zeros; the words themselves are in `definitions/cues.toml`.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

from clio_lite.cues import has_phrase, reply_cues

HEAD_CHARACTERS: Final = 240
TAIL_CHARACTERS: Final = 120
LATER_REPLIES: Final = 3

REPLY_CUES: Final = (
    "hands_over", "explains", "tries", "judges", "corrects", "declines", "cares", "chats", "changes",
)  # fmt: skip
REPLY_FEATURES: Final = (
    "has_reply", "reply_length", "reply_is_tiny", "reply_code", "reply_list", "reply_asks", "reply_quotes",
    *(f"reply_{cue}" for cue in REPLY_CUES),
    "later_reply_length", "later_reply_code", "later_reply_list", "later_reply_asks",
    *(f"later_reply_{cue}" for cue in REPLY_CUES),
)  # fmt: skip
"""What is known of the first reply, and of the first later ones on average; all zero where nobody replies."""

_LIST = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+\S", re.M)
_ASKS = re.compile(r"[?？؟][\s\"')»”]*$")
_QUOTES = re.compile(r"[\"“«„「].{12,}[\"”»“」]|^>|^Subject:|^Dear\b", re.S | re.M)


def reply_features(replies: Sequence[str]) -> list[float]:
    """Describe the assistant's turns.

    Args:
        replies: Its turns in order; none where only the user's are known.

    Returns:
        One number per name in `REPLY_FEATURES`.
    """
    said = [reply.strip() for reply in replies if reply.strip()]
    if not said:
        return [0.0] * len(REPLY_FEATURES)
    first, later = said[0], said[1 : 1 + LATER_REPLIES]
    shapes = [_shape(reply) for reply in later]
    cues = [_found(reply) for reply in later]
    count = max(len(later), 1)
    return [
        1.0, *_shape(first)[:1], float(len(first) < 60), *_shape(first)[1:], float(bool(_QUOTES.search(first[:600]))),
        *_found(first),
        *(sum(shape[place] for shape in shapes) / count for place in range(4)),
        *(sum(found[place] for found in cues) / count for place in range(len(REPLY_CUES))),
    ]  # fmt: skip


def _shape(reply: str) -> tuple[float, float, float, float]:
    """Length, code, list, and whether it ends by asking."""
    return (
        math.log1p(len(reply)) / 5,
        float("```" in reply),
        float(bool(_LIST.search(reply[:1_500]))),
        float(bool(_ASKS.search(reply[-TAIL_CHARACTERS:]))),
    )


def _found(reply: str) -> list[float]:
    """Whether each list of words is met at the beginning or the end, in the order of `REPLY_CUES`."""
    text = (
        reply
        if len(reply) <= HEAD_CHARACTERS + TAIL_CHARACTERS
        else reply[:HEAD_CHARACTERS] + "\n" + reply[-TAIL_CHARACTERS:]
    )
    text, lists = text.lower(), reply_cues()
    return [float(any(has_phrase(text, phrase) for phrase in lists[cue])) for cue in REPLY_CUES]
