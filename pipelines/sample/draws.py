"""Seeded choices: a random source per conversation or account, drawing without repetition, filling in frames.

Here belongs what every part of the generator needs to choose by chance and yet reproducibly; no phrases.
"""

import random
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


def stable_id(*parts: object, size: int = 8) -> str:
    """Hash the parts into a content-free id: blake2b, `2 * size` hexadecimal digits."""
    return blake2b("|".join(map(str, parts)).encode(), digest_size=size).hexdigest()


def seeded(*parts: object) -> random.Random:
    """A random source that depends on the parts alone."""
    return random.Random(int(stable_id(*parts), 16))


@dataclass(frozen=True)
class Weighted(Generic[T]):
    """Items with weights, ready to be drawn from; the weights are kept as running sums."""

    items: tuple[T, ...]
    sums: tuple[float, ...]

    def draw(self, rng: random.Random) -> T:
        """Draw one item with probability proportional to its weight."""
        return self.items[bisect(self.sums, rng.random() * self.sums[-1], 0, len(self.sums) - 1)]


def weighted(items: Iterable[T], weights: Iterable[float]) -> Weighted[T]:
    """Pair items with weights.

    Args:
        items: What is drawn.
        weights: One positive weight per item.

    Raises:
        ValueError: No items, or not one weight for each.
    """
    kept, sums = tuple(items), tuple(accumulate(weights))
    if not kept or len(kept) != len(sums):
        raise ValueError(f"expected one weight per item, found {len(kept)} items and {len(sums)} weights")
    return Weighted(kept, sums)


class Deck:
    """Texts drawn in random order, none twice before all were drawn."""

    def __init__(self, rng: random.Random, texts: Sequence[str], first: frozenset[int] = frozenset()) -> None:
        """Shuffle the texts.

        Args:
            rng: Source of the order.
            texts: What is drawn.
            first: Positions that come before all others, mostly.
        """
        order = list(range(len(texts)))
        rng.shuffle(order)
        if first and rng.random() < 0.8:
            order.sort(key=lambda position: position not in first)
        self._texts = [texts[position] for position in order]
        self._next = 0

    def draw(self) -> str:
        """Take the next text, from the beginning again after the last."""
        text = self._texts[self._next % len(self._texts)]
        self._next += 1
        return text

    @property
    def left(self) -> int:
        """Texts that were not drawn yet."""
        return max(0, len(self._texts) - self._next)


class Slots(dict[str, str]):
    """Values for the slots of a frame; a slot without a fixed value is drawn when the frame asks for it."""

    def __init__(self, fixed: Mapping[str, str], drawn: Mapping[str, Callable[[], str]]) -> None:
        super().__init__(fixed)
        self._drawn = drawn

    def __missing__(self, name: str) -> str:
        return self._drawn[name]()

    def fill(self, frame: str) -> str:
        """Fill in a frame; `{Name}` is `{name}` with a capital letter.

        Raises:
            KeyError: The frame has a slot that nothing fills.
        """
        return frame.format_map(self) if "{" in frame else frame


def capital(text: str) -> str:
    """Raise the first letter."""
    return text[:1].upper() + text[1:]
