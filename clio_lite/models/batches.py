"""Requests through a provider's batch interface: handed in once, looked for after a kill, collected when they end.

A batch is recorded before it is handed in, with the requests in it; after a kill its requests are waited for and not
paid again, even where the process ended before the provider's id was known.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from clio_lite.models.cache import OpenBatch, ReplyCache
from clio_lite.models.protocol import Question
from clio_lite.models.service import Body, CallFailedError, Reply, Session
from clio_lite.models.spending import Budget

MAX_BATCH_REQUESTS: Final = 5_000
"""Requests of one batch; well below what the providers take, so that a download fits into one request's time."""


@dataclass(frozen=True)
class BatchPlan:
    """How batches are waited for.

    Attributes:
        poll_seconds: Time between two looks.
        wait_seconds: Longest wait in this run; what has not ended by then is picked up by a later one.
    """

    poll_seconds: float
    wait_seconds: float


@dataclass(frozen=True)
class BatchedRequest:
    """A request that goes into a batch."""

    question: Question
    body: Body
    size: int


Store = Callable[[str, Question, Reply], None]


class BatchRun:
    """One round of batches for the requests of one call of `ask`."""

    def __init__(
        self,
        session: Session,
        cache: ReplyCache,
        *,
        address: str,
        plan: BatchPlan,
        now: Callable[[], float],
        utc_now: Callable[[], datetime],
        store: Store,
    ) -> None:
        """Prepare a round.

        Args:
            session: Open session.
            cache: Where batches are recorded.
            address: Service and model.
            plan: How long to wait.
            now: Monotonic clock in seconds.
            utc_now: Time, UTC.
            store: Writes a reply to the cache at the price of a batch.
        """
        self._session, self._cache, self._address = session, cache, address
        self._plan, self._now, self._utc_now, self._store = plan, now, utc_now, store

    async def fetch(self, requests: Mapping[str, BatchedRequest], budget: Budget) -> dict[str, str]:
        """Bring the replies to requests into the cache.

        Args:
            requests: Requests without a reply, by key.
            budget: What may be spent.

        Returns:
            Reason of failure by key, for those without a reply.
        """
        failed: dict[str, str] = {}
        await self._adopt(requests)
        lying = self._cache.open_batches(self._address, requests)
        fresh: list[str] = []
        for key in sorted(set(requests) - set(lying)):
            if self._cache.get(key) is not None:
                continue
            if budget.reserve(requests[key].size):
                fresh.append(key)
            else:
                failed[key] = "spending_limit"
        for start in range(0, len(fresh), MAX_BATCH_REQUESTS):
            failed |= await self._submit(fresh[start : start + MAX_BATCH_REQUESTS], requests)
        failed |= await self._wait(requests)
        for key in fresh:
            found = self._cache.get(key)
            budget.settle(requests[key].size, found.reply if found else None)
        return failed

    async def _adopt(self, requests: Mapping[str, BatchedRequest]) -> None:
        """Find the provider's id of batches whose id was not recorded; drop those that never reached it."""
        nameless = {
            batch.label: batch
            for batch in self._cache.open_batches(self._address, requests).values()
            if batch.batch_id is None
        }
        for batch in nameless.values():
            found = await self._session.find_batches(label=batch.label, size=batch.size, since=batch.begun_at)
            known = self._cache.batch_ids()
            for batch_id in found:
                if batch_id not in known and await self._is_ours(batch_id, batch, requests):
                    self._cache.name_batch(batch.label, batch_id)
                    break
            else:
                self._cache.end_batch(batch.label)

    async def _is_ours(self, batch_id: str, batch: OpenBatch, requests: Mapping[str, BatchedRequest]) -> bool:
        state = await self._until_ended([batch_id])
        if batch_id not in state:
            raise CallFailedError("timed_out")
        replies = await self._session.batch_replies(batch_id)
        lying = self._cache.open_batches(self._address, requests)
        mine = {key for key, other in lying.items() if other.label == batch.label}
        return bool(mine & set(replies))

    async def _submit(self, keys: list[str], requests: Mapping[str, BatchedRequest]) -> dict[str, str]:
        now = self._utc_now()
        label = blake2b("|".join([now.isoformat(), *keys]).encode(), digest_size=16).hexdigest()
        self._cache.begin_batch(label, address=self._address, request_keys=keys, now=now)
        try:
            batch_id = await self._session.submit_batch({key: requests[key].body for key in keys}, label=label)
        except CallFailedError as error:
            if error.reason in {"rejected", "too_long", "rate_limited"}:
                self._cache.end_batch(label)
            return dict.fromkeys(keys, error.reason)
        self._cache.name_batch(label, batch_id)
        return {}

    async def _until_ended(self, batch_ids: Iterable[str]) -> dict[str, bool]:
        """Whether the provider took each batch, by id, for those that end in time."""
        waiting, ended = sorted(batch_ids), dict[str, bool]()
        until = self._now() + self._plan.wait_seconds
        while waiting:
            for batch_id in list(waiting):
                try:
                    state = await self._session.batch_state(batch_id)
                except CallFailedError:
                    continue
                if state.is_ended:
                    waiting.remove(batch_id)
                    ended[batch_id] = not state.is_failed
            if not waiting or self._now() + self._plan.poll_seconds > until:
                break
            await asyncio.sleep(self._plan.poll_seconds)
        return ended

    async def _wait(self, requests: Mapping[str, BatchedRequest]) -> dict[str, str]:
        lying = self._cache.open_batches(self._address, requests)
        batches = {batch.batch_id: batch.label for batch in lying.values() if batch.batch_id is not None}
        ended = await self._until_ended(batches)
        failed: dict[str, str] = {}
        for batch_id in sorted(ended):
            mine = sorted(key for key, batch in lying.items() if batch.batch_id == batch_id)
            replies = await self._session.batch_replies(batch_id) if ended[batch_id] else {}
            for key in mine:
                reply = replies.get(key, "service_error")
                if isinstance(reply, str):
                    failed[key] = reply
                elif self._cache.get(key) is None:
                    self._store(key, requests[key].question, reply)
            # Requests of the batch that are not asked now stay in it: their replies are paid and may be asked for.
            if self._cache.leave_batch(batches[batch_id], mine) == 0:
                self._cache.end_batch(batches[batch_id])
                await self._forget(batch_id)
        late = {key for key, batch in lying.items() if batch.batch_id is not None and batch.batch_id not in ended}
        return {**failed, **dict.fromkeys(sorted(late), "timed_out")}

    async def _forget(self, batch_id: str) -> None:
        try:
            await self._session.forget_batch(batch_id)
        except CallFailedError:
            return
