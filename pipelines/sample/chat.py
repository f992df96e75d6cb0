"""Talk outside any occupation: feelings, jokes, games, the weather and the like, in English.

Here belongs how such a talk runs; topics and phrases are in `data/sample/chat.toml`.
"""

import random

from pipelines.sample.conversation import Message
from pipelines.sample.draws import Deck, Slots, capital
from pipelines.sample.planting import Planter
from pipelines.sample.pools import ChatTopic, Pools
from pipelines.sample.scene import casual, join_sentences

_LETTERS = "ABCDFGHLMPRST"


def chat_messages(
    topic: ChatTopic, rng: random.Random, pools: Pools, planter: Planter, *, has_private: bool
) -> tuple[Message, ...]:
    """Write the turns of a talk.

    Args:
        topic: What it is about.
        rng: Source of the choices.
        pools: Phrases.
        planter: Makes the sentence with a private detail.
        has_private: Whether there is one.
    """
    slots = _slots(rng, pools)
    tails = Deck(rng, pools.frames["chat.tails"])
    opening = slots.fill(rng.choice(topic.lines["openers"]))
    tail_count = rng.choice((0, 1, 1, 2))
    private = planter.sentence(pools.frames["private.chat"]) if has_private else None
    first = join_sentences((opening, *(slots.fill(tails.draw()) for _ in range(tail_count)), private))
    turns = [
        Message("user", casual(first) if rng.random() < 0.3 else first),
        Message("assistant", rng.choice(topic.lines["replies"])),
    ]
    for says, answers in rng.sample(topic.exchanges, rng.choice((0, 1, 1, 2))):
        turns.append(Message("user", slots.fill(says)))
        turns.append(Message("assistant", slots.fill(answers)))
    return tuple(turns)


def _slots(rng: random.Random, pools: Pools) -> Slots:
    """One value per slot for the whole talk, so that a dog stays a dog; numbers change."""
    fixed = {name: rng.choice(values) for name, values in pools.chat_slots.items()}
    fixed |= {"Person": capital(fixed["person"]), "letter": rng.choice(_LETTERS)}
    return Slots(fixed, {"n": lambda: str(rng.randint(3, 25))})
