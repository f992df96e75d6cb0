"""The account of a model's use: how often, how many tokens, how much money, what failed. No text, no ids."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import dataframely as dy
import polars as pl

from clio_lite.models.protocol import FAILURE_REASONS


class ModelUse(dy.Schema):
    """One row per role, model and prompt version: what a run asked of language models and what it cost."""

    role = dy.String(primary_key=True, description="Role that asked: screen, facets, label, hierarchy or verify.")
    provider = dy.String(primary_key=True, description="Interface of the service: openai (or compatible) or anthropic.")
    model = dy.String(primary_key=True, description="Name of the model at its service.")
    prompt = dy.String(primary_key=True, description="Id of the prompt.")
    prompt_version = dy.String(primary_key=True, description="Declared version and digest of the prompt's file.")
    question_count = dy.Int64(min=0, description="Questions asked.")
    answered_count = dy.Int64(min=0, description="Questions with a usable answer.")
    reused_count = dy.Int64(min=0, description="Questions whose replies an earlier run or another question had paid.")
    call_count = dy.Int64(min=0, description="Replies that this run paid, those asked again and killed runs included.")
    retried_count = dy.Int64(min=0, description="Further attempts after an error of the service or the connection.")
    input_token_count = dy.Int64(min=0, description="Tokens read in these replies.")
    output_token_count = dy.Int64(min=0, description="Tokens written in these replies.")
    cost_usd = dy.Float64(min=0, description="Cost of these replies at the configured prices; 0 where none are set.")
    refused_count = dy.Int64(min=0, description="Questions without answer: the model declined.")
    empty_answer_count = dy.Int64(min=0, description="Questions without answer: the model said nothing.")
    bad_answer_count = dy.Int64(min=0, description="Questions without answer: none that fits, however often asked.")
    cut_off_count = dy.Int64(min=0, description="Questions without answer: it ran out of output tokens.")
    too_long_count = dy.Int64(min=0, description="Questions without answer: longer than the model's context.")
    rejected_count = dy.Int64(min=0, description="Questions without answer: the service called the request wrong.")
    timed_out_count = dy.Int64(min=0, description="Questions without answer: none came in time.")
    rate_limited_count = dy.Int64(min=0, description="Questions without answer: too many requests.")
    service_error_count = dy.Int64(min=0, description="Questions without answer: the service failed.")
    spending_limit_count = dy.Int64(min=0, description="Questions without answer: the money was spent.")


@dataclass(frozen=True)
class QuestionUse:
    """What one question used.

    Attributes:
        failure_reason: Why it has no answer, or None.
        call_count: Replies that this run paid for it.
        reply_count: Replies that it used, whoever paid.
        input_tokens: Tokens read in the paid ones.
        output_tokens: Tokens written in the paid ones.
        cost_usd: Their cost.
        retried_count: Further attempts.
    """

    failure_reason: str | None
    call_count: int = 0
    reply_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    retried_count: int = 0


UseKey = tuple[str, str, str, str, str]
"""Role, provider, model, prompt, prompt version."""
_KEY: Final = ("role", "provider", "model", "prompt", "prompt_version")


class UseAccount:
    """Use of one model in one process, by question, so that one asked twice counts once."""

    def __init__(self) -> None:
        self._by_question: dict[tuple[UseKey, str], QuestionUse] = {}
        self._payers: dict[str, str] = {}

    def is_payer(self, request_key: str, question_key: str) -> bool:
        """Whether a question is the one that a reply is counted for; of questions that share one it is the first.

        Args:
            request_key: Key of the request.
            question_key: Key of the question.
        """
        return self._payers.setdefault(request_key, question_key) == question_key

    def note(self, key: UseKey, question_key: str, use: QuestionUse) -> None:
        """Record a question.

        Args:
            key: Where it belongs.
            question_key: The question's key.
            use: What it used.
        """
        before = self._by_question.get((key, question_key))
        if before is not None and before.retried_count:
            use = QuestionUse(**{**vars(use), "retried_count": use.retried_count + before.retried_count})
        self._by_question[key, question_key] = use

    def table(self) -> pl.DataFrame:
        """Rows of `ModelUse`, sorted by key; none where nothing was asked."""
        grouped: dict[UseKey, list[QuestionUse]] = {}
        for (key, _), use in self._by_question.items():
            grouped.setdefault(key, []).append(use)
        rows = [_row(key, grouped[key]) for key in sorted(grouped)]
        return ModelUse.validate(pl.DataFrame(rows, schema=ModelUse.create_empty().schema))


def _row(key: UseKey, uses: list[QuestionUse]) -> dict[str, Any]:
    failures = Counter(use.failure_reason for use in uses)
    return {
        **dict(zip(_KEY, key, strict=True)),
        "question_count": len(uses),
        "answered_count": failures[None],
        "reused_count": sum(bool(use.reply_count) and not use.call_count for use in uses),
        "call_count": sum(use.call_count for use in uses),
        "retried_count": sum(use.retried_count for use in uses),
        "input_token_count": sum(use.input_tokens for use in uses),
        "output_token_count": sum(use.output_tokens for use in uses),
        "cost_usd": round(sum(sorted(use.cost_usd for use in uses)), 9),
        **{f"{reason}_count": failures[reason] for reason in FAILURE_REASONS},
    }
