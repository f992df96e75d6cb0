"""A language model behind a service: replies from the cache or the service, within limits, every question counted."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from clio_lite.models.batches import BatchedRequest, BatchPlan, BatchRun
from clio_lite.models.cache import ReplyCache
from clio_lite.models.pace import attempts
from clio_lite.models.protocol import Answer, Question
from clio_lite.models.service import (
    Body,
    CallFailedError,
    NoReplyError,
    Reply,
    Service,
    Session,
    read_answer,
    repair_note,
    request_key,
)
from clio_lite.models.spending import Budget, Limits, Prices
from clio_lite.models.use import QuestionUse, UseAccount

MAX_FAILURES_IN_A_ROW: Final = 30
"""After so many failures of the service one after the other no more is asked: it is down, and waiting helps nobody."""
_SERVICE_FAILURES: Final = frozenset({"timed_out", "rate_limited", "service_error"})


@dataclass
class _Tally:
    """What one question has used so far."""

    run: str
    call_count: int = 0
    reply_count: int = 0
    sent_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    now_tokens: list[int] = field(default_factory=lambda: [0, 0])
    retried_count: int = 0

    def use(self, failure_reason: str | None) -> QuestionUse:
        return QuestionUse(
            failure_reason,
            self.call_count,
            self.reply_count,
            self.input_tokens,
            self.output_tokens,
            self.cost_usd,
            self.retried_count,
        )


@dataclass
class _Round:
    """What the questions of one call of `ask` share."""

    session: Session
    cache: ReplyCache
    budget: Budget
    locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    batch_failed: dict[str, str] = field(default_factory=dict)
    failures_in_a_row: int = 0


@dataclass(frozen=True)
class ServedModel:
    """A `LanguageModel` behind a service.

    Attributes:
        service: The model at its provider.
        cache_path: File of the replies.
        run: Run that pays; its limits hold over kills and new starts.
        now: Monotonic clock in seconds.
        utc_now: Time, UTC.
        prices: What tokens cost.
        limits: What may be spent.
        max_tokens: Most tokens of one answer, for the estimate of its cost.
        max_concurrency: Requests under way at once.
        max_retries: Times that a question whose answer did not fit is asked again.
        batch: How batches are waited for; None: questions are asked one by one.
        account: What was used.
    """

    service: Service
    cache_path: Path
    run: str
    now: Callable[[], float]
    utc_now: Callable[[], datetime]
    prices: Prices = field(default_factory=Prices)
    limits: Limits = field(default_factory=Limits)
    max_tokens: int = 1024
    max_concurrency: int = 8
    max_retries: int = 3
    batch: BatchPlan | None = None
    account: UseAccount = field(default_factory=UseAccount, repr=False)

    @property
    def name(self) -> str:
        """Provider and model."""
        return f"{self.service.provider}/{self.service.model}"

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer questions; see `LanguageModel.ask`.

        Args:
            questions: Questions with distinct keys.

        Raises:
            ValueError: Two questions have the same key.
            ModelUnusableError: The service refuses this configuration altogether; what was answered is kept.
        """
        if len({question.key for question in questions}) < len(questions):
            raise ValueError("questions: expected distinct keys, found one twice")
        if not questions:
            return []
        with ReplyCache(self.cache_path) as cache:
            return asyncio.run(self._ask(questions, cache))

    def use_table(self) -> pl.DataFrame:
        """What has been asked so far: rows of `clio_lite.models.use.ModelUse`."""
        return self.account.table()

    async def _ask(self, questions: Sequence[Question], cache: ReplyCache) -> list[Answer]:
        answers: list[Answer | None] = [None] * len(questions)
        role = questions[0].role
        async with self.service.session() as session:
            budget = Budget(
                self.limits,
                self.prices,
                max_tokens=self.max_tokens,
                role_spent=cache.spent(self.run, role),
                run_spent=cache.spent(self.run),
            )
            shared = _Round(session, cache, budget)
            if self.batch:
                await self._fetch_batches(questions, shared, self.batch)
            waiting: Iterator[tuple[int, Question]] = iter(enumerate(questions))

            async def work() -> None:
                for place, question in waiting:
                    answers[place] = await self._answer(question, shared)

            workers = [asyncio.create_task(work()) for _ in range(min(self.max_concurrency, len(questions)))]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        return [answer for answer in answers if answer is not None]

    async def _answer(self, question: Question, shared: _Round) -> Answer:
        tally = _Tally(self.run)
        value, reason, note = None, None, ""
        try:
            for attempt in range(1, self.max_retries + 2):
                reply = await self._reply(question, self.service.body(question, note), shared, tally)
                value, reason, problem = read_answer(reply, question.answer_schema)
                if reason in {None, "refused"}:
                    break
                note = repair_note(problem, attempt + 1)
        except CallFailedError as error:
            reason = error.reason
        key = (question.role, self.service.provider, self.service.model, question.prompt, question.prompt_version)
        self.account.note(key, question.key, tally.use(reason))
        read, written = tally.now_tokens
        is_cached = tally.reply_count > 0 and tally.sent_count == 0
        return Answer(question.key, value, reason, read, written, is_cached=is_cached)

    async def _reply(self, question: Question, body: Body, shared: _Round, tally: _Tally) -> Reply:
        """Reply to a request, from the cache or for money; requests that are alike wait for one another."""
        key = request_key(self.service, question, body)
        async with shared.locks[key]:
            stored = shared.cache.get(key)
            if stored is None:
                reply = await self._paid_reply(key, question, body, shared, tally)
                stored = shared.cache.get(key)
                tally.now_tokens[0] += reply.input_tokens
                tally.now_tokens[1] += reply.output_tokens
                tally.sent_count += 1
            else:
                reply = stored.reply
                shared.cache.add_subjects(key, question.subjects)
        tally.reply_count += 1
        if stored is not None and stored.run == self.run and self.account.is_payer(key, question.key):
            tally.call_count += 1
            tally.input_tokens += reply.input_tokens
            tally.output_tokens += reply.output_tokens
            tally.cost_usd += stored.cost_usd
        return reply

    async def _paid_reply(self, key: str, question: Question, body: Body, shared: _Round, tally: _Tally) -> Reply:
        if key in shared.batch_failed:
            raise CallFailedError(shared.batch_failed[key])
        if shared.failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            raise CallFailedError("service_error")
        async with shared.budget.held(_size(body)) as paid:
            reply = await self._called(body, shared, tally)
            paid.append(reply)
            self._store(shared.cache, key, question, reply, is_batch=False)
        return reply

    async def _called(self, body: Body, shared: _Round, tally: _Tally) -> Reply:
        """Call the service; a response that is no reply is asked for again, as a failed one is by its library."""
        seen: list[int] = []
        attempts.set(seen)
        reason = "service_error"
        try:
            for _ in range(self.max_retries + 1):
                try:
                    reply = await shared.session.call(body)
                except NoReplyError:
                    continue
                shared.failures_in_a_row = 0
                return reply
        except CallFailedError as error:
            reason = error.reason
        finally:
            tally.retried_count += max(len(seen) - 1, 0)
        shared.failures_in_a_row = shared.failures_in_a_row + 1 if reason in _SERVICE_FAILURES else 0
        raise CallFailedError(reason)

    def _store(self, cache: ReplyCache, key: str, question: Question, reply: Reply, *, is_batch: bool) -> None:
        cache.put(
            key,
            reply,
            question=question,
            run=self.run,
            provider=self.service.provider,
            model=self.service.model,
            cost_usd=self.prices.cost_usd(reply.input_tokens, reply.output_tokens, is_batch=is_batch),
            now=self.utc_now(),
        )

    async def _fetch_batches(self, questions: Sequence[Question], shared: _Round, plan: BatchPlan) -> None:
        """Bring first replies into the cache; what then has to be asked again is asked one by one."""
        requests: dict[str, BatchedRequest] = {}
        for question in questions:
            body = self.service.body(question, "")
            key = request_key(self.service, question, body)
            if shared.cache.get(key) is None:
                requests[key] = BatchedRequest(question, body, _size(body))
        if not requests:
            return
        run = BatchRun(
            shared.session,
            shared.cache,
            address=f"{self.service.provider}|{self.service.address}|{self.service.model}",
            plan=plan,
            now=self.now,
            utc_now=self.utc_now,
            store=lambda key, question, reply: self._store(shared.cache, key, question, reply, is_batch=True),
        )
        try:
            shared.batch_failed = await run.fetch(requests, shared.budget)
        except CallFailedError as error:
            shared.batch_failed = dict.fromkeys(requests, error.reason)


def _size(body: Body) -> int:
    return len(json.dumps(body, ensure_ascii=False))
