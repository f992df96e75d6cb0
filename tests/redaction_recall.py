"""How much redaction finds of planted strings, per kind and language, and how often it changes what is not private.

Run as a script it prints the tables of docs/privacy.md: `python tests/redaction_recall.py`.
"""

import random
import re
import sys
from dataclasses import dataclass

from private_strings import LANGUAGES, carriers, make_string

from clio_lite.redaction import redact_text

REPEATS = 12
"""Strings per sentence."""


@dataclass(frozen=True)
class Recall:
    """Found and planted strings per kind and language; changed and all of the sentences without private strings."""

    found: dict[tuple[str, str], tuple[int, int]]
    changed: int
    public: int

    def share(self, kind: str) -> float:
        """Share found of a kind over all languages."""
        rows = [count for (name, _), count in self.found.items() if name == kind]
        return sum(row[0] for row in rows) / sum(row[1] for row in rows)


def measure(*, unseen: bool) -> Recall:
    """Redact every sentence with strings planted in it.

    Args:
        unseen: The sentences that were not looked at while the patterns were written, else the others.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    changed = public = 0
    for kind, by_language in carriers().items():
        for language, sentences in by_language.items():
            chosen = sentences[int(unseen) :: 2]
            if kind == "public":
                public += len(chosen)
                changed += sum(redact_text(sentence).text != sentence for sentence in chosen)
                continue
            rng = random.Random(f"{kind}-{language}-{int(unseen)}")
            planted = [(sentence, make_string(rng, kind, language)) for sentence in chosen for _ in range(REPEATS)]
            hits = sum(
                not is_left(kind, value, redact_text(text.replace("{x}", value)).text) for text, value in planted
            )
            found[kind, language] = (hits, len(planted))
    return Recall(found, changed, public)


def is_left(kind: str, value: str, text: str) -> bool:
    """Tell whether a telling part of a planted string is still in a text."""
    if kind == "secret":
        parts = [part for part in re.findall(r"[A-Za-z0-9_-]{12,}", value) if re.search(r"\d", part)]
    elif kind == "address":
        parts = [value[: max(6, len(value) // 2)]]
    else:
        least = 2 if kind == "name" else 4
        parts = [part for part in re.split(r"[\s,]+", value) if len(part) >= least]
    return any(part in text for part in parts)


def table(recall: Recall) -> str:
    """The figures as Markdown, in per cent."""
    kinds = list(dict.fromkeys(kind for kind, _ in recall.found))
    lines = ["| kind | " + " | ".join(LANGUAGES) + " | all |", "|---" * (len(LANGUAGES) + 2) + "|"]
    for kind in kinds:
        cells = [recall.found.get((kind, language)) for language in LANGUAGES]
        shown = ["" if cell is None else f"{100 * cell[0] / cell[1]:.0f}" for cell in cells]
        lines.append(f"| {kind} | " + " | ".join(shown) + f" | {100 * recall.share(kind):.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    for unseen in (False, True):
        result = measure(unseen=unseen)
        sys.stdout.write("unseen sentences\n" if unseen else "sentences that were looked at\n")
        sys.stdout.write(table(result) + "\n")
        sys.stdout.write(f"changed without need: {result.changed} of {result.public}\n\n")
