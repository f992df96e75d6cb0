"""What one conversation is about, decided before a word of it is written.

Here belongs the `Scene` that the dialogue modules turn into messages, and the assembling of turns that they share.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.sample.planting import Planter
from pipelines.sample.pools import Ask, Occupation, Pools, Task


@dataclass(frozen=True)
class Scene:
    """An occupational conversation in English: who asks what, and how the two work together."""

    rng: random.Random
    pools: Pools
    occupation: Occupation
    task: Task
    ask: Ask
    pattern: str
    use_case: str
    planter: Planter
    has_private: bool

    @property
    def is_at_work(self) -> bool:
        """The details of the occupation are the speaker's own."""
        return self.use_case == "work"


def join_sentences(parts: Iterable[str | None], between: str = " ") -> str:
    """Join sentences, leaving out what is empty; a part that ends a paragraph keeps its line break."""
    text = ""
    for part in parts:
        if not part:
            continue
        gap = "" if not text or text.endswith("\n") else between
        text += gap + part
    return text.strip()


def casual(text: str) -> str:
    """Begin with a small letter, as hurried people write, unless the first word needs its capital."""
    first = text.split(maxsplit=1)[0].strip(".,!?") if text else ""
    keeps = first in ("I", "I'm", "I'd", "I've") or not first[1:].islower()
    return text if keeps else text[:1].lower() + text[1:]
