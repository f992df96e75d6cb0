"""Plant made-up private details in the user's words of a conversation.

Here belongs which details are planted and in which sentence; how they are made up is in `private_strings`.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipelines.sample.conversation import PrivateString
from pipelines.sample.draws import Slots, weighted
from pipelines.sample.pools import Pools
from pipelines.sample.private_strings import KINDS, make_private_string

_KIND_WEIGHTS: Final = (30, 20, 14, 9, 6, 4, 5, 6, 3, 3)
_KIND_DRAW: Final = weighted(KINDS, _KIND_WEIGHTS)


@dataclass
class Planter:
    """Makes sentences with private details and remembers each detail that it gave out."""

    rng: random.Random
    pools: Pools
    planted: list[PrivateString] = field(default_factory=list)

    def sentence(self, frames: Sequence[str]) -> str:
        """Fill one of the frames with fresh details."""
        return self._slots().fill(self.rng.choice(frames))

    def work_sentence(self) -> str:
        """A sentence in English with one detail of any kind."""
        return self.sentence(self.pools.frames[f"private.{_KIND_DRAW.draw(self.rng)}"])

    def echo(self) -> str | None:
        """A sentence of the assistant that repeats a planted name, where there is one."""
        name = next((one.value for one in self.planted if one.kind == "name"), None)
        return self.rng.choice(self.pools.frames["private.echo"]).format(name=name) if name else None

    def _slots(self) -> Slots:
        return Slots({}, {kind: self._maker(kind) for kind in KINDS})

    def _maker(self, kind: str) -> Callable[[], str]:
        def make() -> str:
            one = make_private_string(kind, self.rng, self.pools.name_parts)
            self.planted.append(one)
            return one.value

        return make
