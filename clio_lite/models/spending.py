"""What a question may cost, and when no more are asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from clio_lite.models.service import CallFailedError, Reply

_MILLION: Final = 1_000_000
_CHARACTERS_PER_TOKEN: Final = 3
"""An estimate on the high side for European languages; what is paid is counted by what the service says."""


@dataclass(frozen=True)
class Prices:
    """Dollars per million tokens, and what a batch costs as a share of that."""

    input_usd_per_million: float = 0.0
    output_usd_per_million: float = 0.0
    batch_price_share: float = 1.0

    def cost_usd(self, input_tokens: int, output_tokens: int, *, is_batch: bool = False) -> float:
        """Cost of a reply.

        Args:
            input_tokens: Tokens read.
            output_tokens: Tokens written.
            is_batch: It came through a batch.
        """
        full = input_tokens * self.input_usd_per_million + output_tokens * self.output_usd_per_million
        return full / _MILLION * (self.batch_price_share if is_batch else 1.0)


@dataclass(frozen=True)
class Limits:
    """Most that may be spent for one run; 0: no limit.

    Attributes:
        max_usd: Dollars of the role.
        max_tokens: Tokens of the role, read and written.
        run_max_usd: Dollars of all roles.
        run_max_tokens: Tokens of all roles.
    """

    max_usd: float = 0.0
    max_tokens: int = 0
    run_max_usd: float = 0.0
    run_max_tokens: int = 0


class Budget:
    """Money and tokens of one role in one run, with what is under way set aside."""

    def __init__(
        self,
        limits: Limits,
        prices: Prices,
        *,
        max_tokens: int,
        role_spent: tuple[int, float],
        run_spent: tuple[int, float],
    ) -> None:
        """Begin with what has been spent.

        Args:
            limits: What may be spent.
            prices: What it costs.
            max_tokens: Most tokens of one answer.
            role_spent: Tokens and dollars that the role has spent in the run.
            run_spent: The same for all roles.
        """
        self._prices = prices
        self._max_tokens = max_tokens
        self._token_room = _least(
            [(limits.max_tokens, role_spent[0]), (limits.run_max_tokens, run_spent[0])],
        )
        self._usd_room = _least([(limits.max_usd, role_spent[1]), (limits.run_max_usd, run_spent[1])])
        self._under_way = 0
        self._changed = asyncio.Condition()

    def _estimate(self, characters: int, *, is_batch: bool) -> tuple[float, float]:
        read = characters // _CHARACTERS_PER_TOKEN + 1
        return read + self._max_tokens, self._prices.cost_usd(read, self._max_tokens, is_batch=is_batch)

    def _fits(self, tokens: float, usd: float) -> bool:
        return tokens <= self._token_room and usd <= self._usd_room

    def reserve(self, characters: int) -> bool:
        """Set aside the estimate of a request that goes into a batch; False: it does not fit.

        Args:
            characters: Length of the request.
        """
        tokens, usd = self._estimate(characters, is_batch=True)
        if not self._fits(tokens, usd):
            return False
        self._take(tokens, usd)
        return True

    def settle(self, characters: int, reply: Reply | None) -> None:
        """Put what a batched request really cost in the place of its estimate.

        Args:
            characters: As reserved.
            reply: What came, or None.
        """
        tokens, usd = self._estimate(characters, is_batch=True)
        self._take(-tokens, -usd)
        if reply:
            paid = self._prices.cost_usd(reply.input_tokens, reply.output_tokens, is_batch=True)
            self._take(reply.input_tokens + reply.output_tokens, paid)

    def _take(self, tokens: float, usd: float) -> None:
        self._token_room -= tokens
        self._usd_room -= usd

    @asynccontextmanager
    async def held(self, characters: int) -> AsyncIterator[list[Reply]]:
        """Set aside the estimate of a request while it is under way, waiting for others to end where it does not fit.

        Args:
            characters: Length of the request.

        Yields:
            A list: append the reply, so that it is counted.

        Raises:
            CallFailedError: It does not fit into what is left (spending_limit).
        """
        tokens, usd = self._estimate(characters, is_batch=False)
        async with self._changed:
            while not self._fits(tokens, usd) and self._under_way:
                await self._changed.wait()
            if not self._fits(tokens, usd):
                raise CallFailedError("spending_limit")
            self._take(tokens, usd)
            self._under_way += 1
        paid: list[Reply] = []
        try:
            yield paid
        finally:
            async with self._changed:
                self._under_way -= 1
                self._take(-tokens, -usd)
                for reply in paid:
                    self._take(
                        reply.input_tokens + reply.output_tokens,
                        self._prices.cost_usd(reply.input_tokens, reply.output_tokens),
                    )
                self._changed.notify_all()


def _least(limits: list[tuple[float, float]]) -> float:
    return min((limit - spent for limit, spent in limits if limit), default=float("inf"))
