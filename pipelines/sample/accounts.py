"""Who writes the sample conversations: accounts of very different activity, each with habits of its own.

The number of accounts grows with the number of conversations, and one heavy account writes a fixed share of all.
"""

import random
from dataclasses import dataclass
from typing import Final

from pipelines.sample.draws import seeded, stable_id
from pipelines.sample.pools import Language, Occupation, Pools

_FIRST_ACCOUNTS: Final = 500
_FLATNESS: Final = 20.0  # ranks up to here are about equally busy (Zipf and Mandelbrot's law)
HEAVY_RANK: Final = 0


@dataclass(frozen=True)
class Account:
    """An account and its habits; language null means English only."""

    user_id: str
    is_heavy: bool
    country: str
    language: Language | None
    occupation: Occupation
    model: str


def account_rank(number: int, rng: random.Random, heavy_share: float) -> int:
    """Draw the rank of the account that writes the conversation of this number.

    Args:
        number: Number of the conversation, from 0.
        rng: Source of the choice.
        heavy_share: Share of the conversations of the heavy account, which has rank 0.
    """
    if rng.random() < heavy_share:
        return HEAVY_RANK
    reach = (_FIRST_ACCOUNTS + number) / _FLATNESS + 1
    return 1 + int(_FLATNESS * (reach ** rng.random() - 1))


def account_of_rank(rank: int, seed: int, pools: Pools) -> Account:
    """Make the account of a rank; the same for every conversation and month of a seed.

    Args:
        rank: Rank by activity, 0 for the heavy account.
        seed: Seed of the sample.
        pools: What accounts choose from.
    """
    rng = seeded(seed, "account", rank)
    is_heavy = rank == HEAVY_RANK
    user_id = f"user-{stable_id(seed, 'user', rank, size=6)}"
    model = pools.models.draw(rng)
    if is_heavy:
        return Account(user_id, is_heavy, "US", None, pools.occupations[pools.heavy[0]], model)
    language = pools.languages.draw(rng) if rng.random() < pools.shares["other_language"] * 1.25 else None
    country = rng.choice(language.countries) if language else pools.countries.draw(rng)
    occupation = pools.groups[pools.group_draw.draw(rng)].draw(rng)
    return Account(user_id, is_heavy, country, language, occupation, model)
