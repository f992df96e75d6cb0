"""Text that a language model wrote and that may become public: what form it must have before anything uses it.

The privacy of such a text is judged elsewhere: redaction, the k-anonymous vocabulary, the auditors. Here is only what
shows that a text is an answer to our question and not something that a conversation put into the model's mouth.
"""

from collections.abc import Callable
from typing import Final

import regex

from clio_lite.redaction import redact_text
from clio_lite.requests import shown_plain

MAX_REQUEST_LENGTH: Final = 200
_MIN_LETTERS: Final = 3
_RESIDUE: Final = regex.compile(
    r"</?\s*data\b|[<>{}‹›⁅]|```|\[(?:turn|/?INST)|\[\.\.\.|\|im_|\b(?:ignore|disregard|forget|override)\b[^.]{0,30}"
    r"\b(?:instructions?|rules|prompts?|above|previous)\b|\bsystem (?:prompt|message)\b|\bas an? (?:AI|language model)"
    r"|\bas instructed\b|\bdelimiters?\b.{0,20}\bdata\b|^\s*(?:I(?:'|’)?m sorry|I can(?:not|'t|’t))",
    regex.IGNORECASE,
)


def published_phrase(max_length: int) -> Callable[[str], str]:
    """Check of a sentence or phrase in an answer, for a pydantic validator; its errors quote nothing.

    Args:
        max_length: Most characters.

    Returns:
        A function that returns the phrase with white space folded, and raises ValueError where it is empty, too long,
        or holds signs of a delimiter, of an instruction or of a refusal.
    """

    def check(text: str) -> str:
        folded = " ".join(text.split()).strip("\"'“”« »")
        if len(regex.findall(r"\p{L}", folded)) < _MIN_LETTERS:
            raise ValueError("expected some words")
        if len(folded) > max_length:
            raise ValueError("too long")
        if not folded.isprintable() or _RESIDUE.search(folded):
            raise ValueError("expected a plain phrase, without instructions or delimiters")
        return folded

    return check


def published_request(text: str) -> str:
    """Redact a model's request again and give it the form of the embedded ones.

    Args:
        text: Request that passed `published_phrase`.

    Returns:
        The request with private strings as plain words; empty where no word of its own is left.
    """
    redacted = redact_text(text).text
    if not regex.search(r"\p{L}{2,}", regex.sub(r"\[[a-z]+\]", "", redacted)):
        return ""
    return shown_plain(redacted, None)
