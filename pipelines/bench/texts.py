"""Texts to encode and to match, from generated conversations."""

from itertools import islice
from typing import Final

from clio_lite.requests import extract_request
from pipelines.sample import generate_conversations

CONVERSATIONS_PER_TEXT: Final = 4
"""Conversations gone through for each distinct request wanted; first turns make up for the rest."""

TURN_CHARACTERS: Final = 200


def first_turns(count: int, *, seed: int) -> list[str]:
    """First user turns of generated conversations."""
    conversations = islice(generate_conversations(count, seed=seed), count)
    return [one.record.messages[0].content for one in conversations]


def distinct_texts(count: int, *, seed: int) -> list[str]:
    """Distinct short texts: requests of generated conversations, then beginnings of their first turns.

    Args:
        count: How many.
        seed: Seed of the generator.

    Raises:
        ValueError: The generator has not as many.
    """
    turns = first_turns(CONVERSATIONS_PER_TEXT * count, seed=seed)
    texts: dict[str, None] = {}
    for turn in turns:
        texts[extract_request([turn], "en")] = None
        if len(texts) > count:
            break
    for turn in turns:
        texts[turn[:TURN_CHARACTERS]] = None
    found = [text for text in texts if text.strip()][:count]
    if len(found) < count:
        raise ValueError(f"expected {count} distinct texts, found {len(found)}")
    return found
