"""Verification by a language model: it is shown candidates and chooses one, or none; what that is worth is measured.

Three strategies. `choice`: one question with all candidates. `two_step`: first the activity, then the task within it.
`pairwise`: two candidates at a time, the better one goes on. In each, `none of these` is an option, the options are in
an order drawn per question, and with the order swapped every question is asked a second time in reversed order: answers
that differ are no answer. How probable a choice is to be right comes from `verifier_score`, never from the model.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal, Protocol

import polars as pl

from onet.calibration import PROB_DECIMALS, Calibration, match_prob_expr
from onet.verification import VERDICTS

PROMPTS_DIR: Final = Path(__file__).parent / "prompts"
STRATEGY_PROMPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "choice": ("task_choice",),
    "two_step": ("task_activity", "task_choice"),
    "pairwise": ("task_pair",),
}
NONE: Final = "none"
NONE_TEXT: Final = "None of these"
OTHER_ACTIVITY: Final = "Another activity"
Strategy = Literal["choice", "two_step", "pairwise"]


@dataclass(frozen=True)
class OptionQuestion:
    """A question with numbered options.

    Attributes:
        key: What it is about; says nothing and is unique among the questions asked together.
        prompt: Name of a prompt in `onet/prompts`.
        text: The request: untrusted.
        options: Texts in the order in which they are shown; trusted.
    """

    key: str
    prompt: str
    text: str = field(repr=False)
    options: tuple[str, ...] = field(repr=False)


class OptionChooser(Protocol):
    """A language model that chooses among numbered options."""

    @property
    def name(self) -> str:
        """Provider and model."""
        ...

    def prompt_version(self, prompt: str) -> str:
        """Version of a prompt of `onet/prompts`."""
        ...

    def choose(self, questions: Sequence[OptionQuestion]) -> list[int | None]:
        """Place of the chosen option of each question, from 0; None where there is no usable answer."""
        ...


@dataclass(frozen=True)
class Shifts:
    """What a judgement adds to the log-odds that retrieval gave the candidate, fitted on gold; 0 adds nothing.

    Attributes:
        first: Of the chosen candidate, where it was first in retrieval.
        other: Of the chosen candidate, where it was not.
        none: Of every candidate, where the answer was none of them.
        abstained: Of every candidate, where there was no judgement.
    """

    first: float = 0.0
    other: float = 0.0
    none: float = 0.0
    abstained: float = 0.0


@dataclass(frozen=True)
class _Ask:
    """One thing to ask: options by value, in any order."""

    key: str
    prompt: str
    text: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Item:
    """A text with its candidates in the order of retrieval."""

    key: str
    text: str
    statements: tuple[int, ...]


@dataclass(frozen=True)
class LanguageModelVerifier:
    """A `verification.Verifier` that asks a language model.

    Attributes:
        chooser: The model.
        texts: Text of each query number.
        statements: Text of each statement number.
        calibration: How probable retrieval is right.
        strategy: See the module.
        candidate_count: Candidates that are shown, the first of retrieval.
        has_order_swap: Every question is asked in two orders.
        activities: `statement_number`, `activity_id`, `title`: activities of the statements, for `two_step`.
        shifts: From the gold.
        seed: Seed of the orders.
    """

    chooser: OptionChooser
    texts: Sequence[str] = field(repr=False)
    statements: Sequence[str] = field(repr=False)
    calibration: Calibration
    strategy: Strategy = "choice"
    candidate_count: int = 8
    has_order_swap: bool = True
    activities: pl.DataFrame | None = field(default=None, repr=False)
    shifts: Shifts = Shifts()
    seed: int = 0

    @property
    def name(self) -> str:
        """Model, strategy and the versions of its prompts."""
        swapped = "+swap" if self.has_order_swap else ""
        prompts = "+".join(f"{name}/{self.chooser.prompt_version(name)}" for name in STRATEGY_PROMPTS[self.strategy])
        return f"{self.chooser.name} {self.strategy}{swapped} {prompts}"

    def verify(self, candidates: pl.DataFrame) -> pl.DataFrame:
        """See `Verifier.verify`; texts that are alike are asked about once."""
        judged = candidates.with_columns(match_prob_expr(self.calibration).alias("retrieval_prob"))
        chosen = self._judgements(judged)
        outcome = pl.Series("outcome", [chosen[query] for query in judged["query_number"]], dtype=pl.String)
        marked = judged.with_columns(outcome)
        is_chosen = pl.col("statement_number").cast(pl.String) == pl.col("outcome").fill_null("")
        ranked = marked.with_columns(is_chosen=is_chosen).sort(
            "query_number", pl.col("is_chosen").not_(), "retrieval_rank"
        )
        return self._with_verdicts(ranked).select(*candidates.columns, "rank", "match_score", "match_prob", "verdict")

    def _with_verdicts(self, ranked: pl.DataFrame) -> pl.DataFrame:
        is_first = pl.col("retrieval_rank") == 1
        has_choice = pl.col("is_chosen").any().over("query_number")
        shift = (
            pl.when(pl.col("outcome").is_null())
            .then(self.shifts.abstained)
            .when(pl.col("outcome") == NONE)
            .then(self.shifts.none)
            .when(is_first)
            .then(self.shifts.first)
            .otherwise(self.shifts.other)
        )
        own = shifted_prob_expr(pl.col("retrieval_prob"), shift)
        best = own.filter(pl.col("is_chosen")).first().over("query_number")
        prob = (
            pl.when(pl.col("is_chosen") | has_choice.not_())
            .then(own)
            .otherwise(pl.min_horizontal(pl.col("retrieval_prob"), 1 - best))
        )
        verdict = (
            pl.when(pl.col("outcome").is_null())
            .then(pl.lit("abstained"))
            .when(pl.col("is_chosen"))
            .then(pl.lit("accepted"))
            .otherwise(pl.lit("none_fits"))
        )
        highest = pl.col("retrieval_score").max().over("query_number")
        return ranked.with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("query_number"),
            match_score=pl.when(pl.col("is_chosen")).then(highest).otherwise(pl.col("retrieval_score")),
            match_prob=prob.cum_min().over("query_number").round(PROB_DECIMALS),
            verdict=verdict.cast(pl.Enum(VERDICTS)),
        )

    def _judgements(self, candidates: pl.DataFrame) -> dict[int, str | None]:
        """Chosen statement number as text, NONE, or None for no judgement, by query number."""
        shown = candidates.filter(pl.col("retrieval_rank") <= self.candidate_count)
        items: dict[str, _Item] = {}
        keys: dict[int, str] = {}
        for query, numbers in shown.group_by("query_number", maintain_order=True).agg("statement_number").iter_rows():
            text = self.texts[query]
            names = "|".join(self.statements[number] for number in numbers)
            key = blake2b(f"{text}|{names}".encode(), digest_size=12).hexdigest()
            items.setdefault(key, _Item(key, text, tuple(numbers)))
            keys[query] = key
        ordered = [items[key] for key in sorted(items)]
        by_strategy = {"choice": self._by_choice, "two_step": self._by_two_steps, "pairwise": self._by_pairs}
        found = dict(zip((item.key for item in ordered), by_strategy[self.strategy](ordered), strict=True))
        return {query: found[key] for query, key in keys.items()}

    def _statements_ask(self, item: _Item, numbers: Sequence[int], prompt: str, step: str) -> _Ask:
        options = tuple((str(number), self.statements[number]) for number in numbers)
        return _Ask(f"{item.key}|{step}", prompt, item.text, options)

    def _by_choice(self, items: Sequence[_Item]) -> list[str | None]:
        return self._answered([self._statements_ask(item, item.statements, "task_choice", "task") for item in items])

    def _by_two_steps(self, items: Sequence[_Item]) -> list[str | None]:
        groups = [self._activity_groups(item) for item in items]
        first = self._answered(
            [
                _Ask(f"{item.key}|activity", "task_activity", item.text, tuple((name, name) for name in own))
                for item, own in zip(items, groups, strict=True)
            ]
        )
        going_on = [place for place, answer in enumerate(first) if answer not in {NONE, None}]
        second = self._answered(
            [
                self._statements_ask(items[place], groups[place][str(first[place])], "task_choice", "task")
                for place in going_on
            ]
        )
        for place, answer in zip(going_on, second, strict=True):
            first[place] = answer
        return first

    def _activity_groups(self, item: _Item) -> dict[str, list[int]]:
        """Candidates by the titles of their activities; those without any together."""
        if self.activities is None:
            raise ValueError("two_step needs the activities of the statements")
        titles: dict[int, list[str]] = {}
        rows = self.activities.filter(pl.col("statement_number").is_in(list(item.statements)))
        for number, title in rows.select("statement_number", "title").sort("statement_number", "title").iter_rows():
            titles.setdefault(number, []).append(title)
        groups: dict[str, list[int]] = {}
        for number in item.statements:
            for title in titles.get(number, [OTHER_ACTIVITY]):
                groups.setdefault(title, []).append(number)
        return groups

    def _by_pairs(self, items: Sequence[_Item]) -> list[str | None]:
        """Rounds of pairs, neighbours in the order of retrieval first; where the answers differ the earlier goes on."""
        left = [list(item.statements) for item in items]
        last: list[str | None] = [NONE] * len(items)
        number = 0
        while any(len(numbers) > 1 for numbers in left) or number == 0:
            pairs = [
                (place, left[place][start : start + 2])
                for place in range(len(items))
                if len(left[place]) > 1 or number == 0
                for start in range(0, len(left[place]), 2)
            ]
            answers = self._answered(
                [self._statements_ask(items[place], pair, "task_pair", f"{number}.{pair[0]}") for place, pair in pairs]
            )
            kept: dict[int, list[int]] = {place: [] for place, _ in pairs}
            for (place, pair), answer in zip(pairs, answers, strict=True):
                last[place] = answer
                if answer is None:
                    kept[place].append(pair[0])
                elif answer != NONE:
                    kept[place].append(int(answer))
            for place, numbers in kept.items():
                left[place] = numbers
            number += 1
        return [
            (None if last[place] is None else str(numbers[0])) if numbers else NONE
            for place, numbers in enumerate(left)
        ]

    def _answered(self, asks: Sequence[_Ask]) -> list[str | None]:
        """Value chosen in each, NONE, or None where there is no answer or the two orders differ."""
        orders = [self._order(ask) for ask in asks]
        questions = [self._question(ask, order, "a") for ask, order in zip(asks, orders, strict=True)]
        if self.has_order_swap:
            questions += [self._question(ask, order[::-1], "b") for ask, order in zip(asks, orders, strict=True)]
        places = self.chooser.choose(questions)
        answers = [None if place is None else order[place][0] for place, order in zip(places, orders, strict=False)]
        if not self.has_order_swap:
            return answers
        again = [
            None if place is None else order[::-1][place][0]
            for place, order in zip(places[len(asks) :], orders, strict=True)
        ]
        return [one if one == other else None for one, other in zip(answers, again, strict=True)]

    def _order(self, ask: _Ask) -> list[tuple[str, str]]:
        order = [*ask.options, (NONE, NONE_TEXT)]
        random.Random(f"{self.seed}|{ask.key}").shuffle(order)
        return order

    def _question(self, ask: _Ask, order: Sequence[tuple[str, str]], suffix: str) -> OptionQuestion:
        return OptionQuestion(f"{ask.key}|{suffix}", ask.prompt, ask.text, tuple(text for _, text in order))


def shifted_prob_expr(prob: pl.Expr, shift: pl.Expr) -> pl.Expr:
    """Probability whose log-odds are those of another plus a shift.

    Args:
        prob: Probability.
        shift: Added to the log-odds.
    """
    kept = prob.clip(1e-6, 1 - 1e-6)
    return 1 / (1 + (1 - kept) / kept * (-shift).exp())


def fitted_shift(probs: Sequence[float], outcomes: Sequence[bool]) -> float:
    """Shift of the log-odds that makes the mean probability that of the outcomes, with one of each kind added.

    Args:
        probs: Probabilities by retrieval.
        outcomes: Whether each was right.

    Returns:
        A shift within 6 either way; 0 where there is nothing to fit on.
    """
    if not probs:
        return 0.0
    log_odds = [
        0.0,
        *(math.log(min(max(prob, 1e-6), 1 - 1e-6) / (1 - min(max(prob, 1e-6), 1 - 1e-6))) for prob in probs),
    ]
    right = sum(outcomes) + 0.5
    low, high = -6.0, 6.0
    for _ in range(50):
        middle = (low + high) / 2
        if sum(1 / (1 + math.exp(-odds - middle)) for odds in log_odds) < right:
            low = middle
        else:
            high = middle
    return round((low + high) / 2, 4)


def statement_activities(
    statements: pl.DataFrame,
    tasks: pl.DataFrame,
    links: pl.DataFrame,
    activities: pl.DataFrame,
    *,
    without: Sequence[str] = (),
) -> pl.DataFrame:
    """Intermediate activities of each statement, for the two-step form.

    Args:
        statements: Statements of a task index, in its order.
        tasks: OnetTask of the release.
        links: TaskActivity of the release.
        activities: Activity of the release.
        without: Intermediate activities whose links are left out, because queries made from them are being judged.

    Returns:
        `statement_number`, `activity_id`, `title`, sorted.
    """
    numbers = statements.select("task_key", statement_number=pl.int_range(pl.len(), dtype=pl.Int64))
    return (
        links.filter(~pl.col("iwa_id").is_in(list(without)))
        .select("task_id", activity_id="iwa_id")
        .join(tasks.select("task_id", "task_key").unique(), on="task_id")
        .join(numbers, on="task_key")
        .join(activities.select("activity_id", "title"), on="activity_id")
        .select("statement_number", "activity_id", "title")
        .unique()
        .sort("statement_number", "activity_id")
    )
