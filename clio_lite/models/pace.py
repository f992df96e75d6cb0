"""How fast a service is asked: requests begun per minute, pauses that it asks for, and the longest time of a request.

Every attempt of the client libraries, retries included, passes `PacedClient.send`; so the limits hold for all of them.
"""

import asyncio
import math
from collections.abc import Callable
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

MAX_PAUSE_SECONDS: Final = 600.0
"""A longer pause than this is not waited for: the question fails, and a later run asks it again."""
_ASKS_FOR_PAUSE: Final = frozenset({429, 503, 529})

attempts: ContextVar[list[int] | None] = ContextVar("attempts", default=None)
"""One entry per attempt of the call under way, for the account."""


class Pace:
    """When the next request may begin; shared by all requests to one model."""

    def __init__(self, *, requests_per_minute: int, now: Callable[[], float]) -> None:
        """Start without having asked anything.

        Args:
            requests_per_minute: Requests begun per minute, evenly spaced; 0: no limit.
            now: Monotonic clock in seconds.
        """
        self._interval = 60 / requests_per_minute if requests_per_minute else 0.0
        self._now = now
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait until a request may begin."""
        while (wait := self._free_at - self._now()) > 0:
            await asyncio.sleep(wait)
        self._free_at = self._now() + self._interval

    def pause(self, seconds: float) -> None:
        """Let no request begin for a time.

        Args:
            seconds: As the service asked for; beyond `MAX_PAUSE_SECONDS` it is not kept.
        """
        if 0 < seconds <= MAX_PAUSE_SECONDS:
            self._free_at = max(self._free_at, self._now() + seconds)


def retry_after_seconds(response: httpx2.Response) -> float:
    """Seconds that a response asks to wait: `Retry-After` in seconds, or as a date against its own `Date`; else 0.

    Args:
        response: Any response.
    """
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (
                parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("date", ""))
            ).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return seconds if math.isfinite(seconds) else 0.0


class PacedClient(httpx2.AsyncClient):
    """HTTP client that keeps a pace and ends a request after its time, however slowly bytes drip."""

    def __init__(self, pace: Pace, *, timeout_seconds: float, max_connections: int) -> None:
        """Make a client.

        Args:
            pace: Shared pace.
            timeout_seconds: Longest time of one attempt from its beginning to the last byte of the answer.
            max_connections: Most connections at once.
        """
        super().__init__(
            timeout=httpx2.Timeout(timeout_seconds),
            limits=httpx2.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
        )
        self._pace = pace
        self._seconds = timeout_seconds

    async def send(self, request: httpx2.Request, **given: Any) -> httpx2.Response:
        """Send one attempt in its turn.

        Raises:
            httpx2.ReadTimeout: It took too long.
        """
        await self._pace.turn()
        seen = attempts.get()
        try:
            async with asyncio.timeout(self._seconds):
                response = await super().send(request, **given)
        except TimeoutError:
            response = None
        finally:
            if seen is not None:
                seen.append(0)
        if response is None:
            raise httpx2.ReadTimeout("the answer took too long", request=request)
        if response.status_code in _ASKS_FOR_PAUSE:
            self._pace.pause(retry_after_seconds(response))
        return response
