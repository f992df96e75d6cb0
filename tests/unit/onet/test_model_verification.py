"""A language model as verifier: strategies, orders, abstention, and the measure that decides whether it is used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import pytest

from onet.calibration import Calibration, Logit
from onet.errors import VerifierRefusedError
from onet.gold import Gold
from onet.model_verification import (
    NONE_TEXT,
    OTHER_ACTIVITY,
    LanguageModelVerifier,
    OptionQuestion,
    Shifts,
    fitted_shift,
)
from onet.verification import CalibratedVerifier
from onet.verifier_score import (
    fit_shifts,
    gold_sample,
    refuse_weak,
    sampled,
    score_verifier,
)

PLAIN = Calibration("release", 1, first=Logit(0.0, 1.0, 0.0), other=Logit(-1.0, 1.0, 0.0), accept_score=0.25)
STATEMENTS = [f"Do thing {number}." for number in range(200)]


@dataclass
class Chooser:
    """Answers by a rule on the text and the options as shown, and remembers what it was asked."""

    rule: Callable[[OptionQuestion], int | None]
    name: str = "fake/m"
    asked: list[OptionQuestion] = field(default_factory=list)

    def prompt_version(self, prompt: str) -> str:
        return "1"

    def choose(self, questions: Sequence[OptionQuestion]) -> list[int | None]:
        assert len({question.key for question in questions}) == len(questions)
        self.asked += questions
        return [self.rule(question) for question in questions]


def wants(text: str) -> Callable[[OptionQuestion], int | None]:
    return lambda question: (
        question.options.index(text) if text in question.options else question.options.index(NONE_TEXT)
    )


def rows(queries: int = 1, count: int = 8) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "query_number": [query for query in range(queries) for _ in range(count)],
            "retrieval_rank": [rank for _ in range(queries) for rank in range(1, count + 1)],
            "statement_number": [number for _ in range(queries) for number in range(count)],
            "retrieval_score": [1 - rank / 100 for _ in range(queries) for rank in range(1, count + 1)],
        }
    )


def verifier(rule: Callable[[OptionQuestion], int | None], **given: Any) -> LanguageModelVerifier:
    texts = given.pop("texts", ["a request", "another"])
    return LanguageModelVerifier(Chooser(rule), texts, STATEMENTS, PLAIN, **given)


ACTIVITIES = pl.DataFrame(
    [(number, f"a{number // 2}", f"Activity {number // 2}") for number in range(6)],
    schema=["statement_number", "activity_id", "title"],
    orient="row",
)


@pytest.mark.parametrize("strategy", ["choice", "pairwise"])
@pytest.mark.parametrize("has_order_swap", [True, False])
def test_the_models_choice_comes_first_and_is_accepted(strategy: Any, has_order_swap: bool) -> None:
    judged = verifier(wants(STATEMENTS[5]), strategy=strategy, has_order_swap=has_order_swap).verify(rows())
    assert judged["statement_number"].to_list() == [5, 0, 1, 2, 3, 4, 6, 7]
    assert judged["rank"].to_list() == list(range(1, 9))
    assert judged["verdict"].cast(pl.String).to_list() == ["accepted"] + ["none_fits"] * 7
    assert judged["match_prob"].is_sorted(descending=True)
    assert judged["match_score"].is_sorted(descending=True)


def test_two_steps_choose_the_activity_first_and_then_the_task() -> None:
    def rule(question: OptionQuestion) -> int | None:
        return question.options.index("Activity 2" if question.prompt == "task_activity" else STATEMENTS[5])

    judge = verifier(rule, strategy="two_step", activities=ACTIVITIES)
    assert judge.verify(rows())["statement_number"][0] == 5
    first, _, second, _ = judge.chooser.asked
    assert {*first.options} == {"Activity 0", "Activity 1", "Activity 2", OTHER_ACTIVITY, NONE_TEXT}
    assert {*second.options} == {STATEMENTS[4], STATEMENTS[5], NONE_TEXT}
    with pytest.raises(ValueError, match="activities"):
        verifier(rule, strategy="two_step").verify(rows())


@pytest.mark.parametrize("strategy", ["choice", "two_step", "pairwise"])
def test_none_of_these_is_always_offered_and_no_candidate_is_accepted_then(strategy: Any) -> None:
    judge = verifier(wants(NONE_TEXT), strategy=strategy, activities=ACTIVITIES)
    judged = judge.verify(rows())
    assert set(judged["verdict"].cast(pl.String)) == {"none_fits"}
    assert judged["statement_number"].to_list() == list(range(8))
    assert all(NONE_TEXT in question.options for question in judge.chooser.asked)


@pytest.mark.parametrize("strategy", ["choice", "two_step", "pairwise"])
@pytest.mark.parametrize("rule", [lambda _: 0, lambda _: None])
def test_a_model_that_minds_the_place_or_gives_no_answer_leaves_the_text_without_a_judgement(
    strategy: Any, rule: Callable[[OptionQuestion], int | None]
) -> None:
    judged = verifier(rule, strategy=strategy, activities=ACTIVITIES).verify(rows())
    assert set(judged["verdict"].cast(pl.String)) == {"abstained"}
    assert judged["rank"].to_list() == judged["retrieval_rank"].to_list()


def test_every_question_is_asked_in_two_orders_that_mirror_each_other_and_hide_the_rank() -> None:
    judge = verifier(lambda _: 0, texts=[f"request {number}" for number in range(40)])
    judge.verify(rows(40))
    asked = judge.chooser.asked
    assert len(asked) == 80
    for one, other in zip(asked[:40], asked[40:], strict=True):
        assert one.options == other.options[::-1]
    places = {question.options.index(STATEMENTS[0]) for question in asked[:40]}
    assert places == set(range(9))


def test_texts_that_are_alike_are_asked_about_once_and_their_order_does_not_count() -> None:
    judge = verifier(wants(STATEMENTS[3]), texts=["same", "same"])
    judged = judge.verify(rows(2))
    assert len(judge.chooser.asked) == 2
    assert judged.filter(pl.col("rank") == 1)["statement_number"].to_list() == [3, 3]
    one = verifier(lambda _: 0, texts=["x", "y"])
    other = verifier(lambda _: 0, texts=["y", "x"])
    one.verify(rows(2))
    other.verify(rows(2))
    assert one.chooser.asked == other.chooser.asked


def test_no_candidates_give_an_empty_table_of_the_same_columns() -> None:
    judge = verifier(lambda _: 0)
    assert judge.verify(rows().clear()).schema == judge.verify(rows()).schema


def gold(count: int = 120) -> tuple[Gold, pl.DataFrame, list[str]]:
    """Queries whose linked statement is first in a half of them and third in the others."""
    queries = pl.DataFrame(
        {
            "query_number": range(count),
            "dwa_id": [f"d{number:03}" for number in range(count)],
            "iwa_id": [f"i{number:03}" for number in range(count)],
            "title": [f"title {number}" for number in range(count)],
            "is_held_out": [number % 4 < 2 for number in range(count)],
        }
    )
    links = pl.DataFrame(
        {"query_number": range(count), "statement_number": [0 if number % 2 else 2 for number in range(count)]}
    )
    return Gold(queries, links, links), rows(count), queries["title"].to_list()


def right(share: float) -> Callable[[OptionQuestion], int | None]:
    """A model that is right in a share of the texts and names the first statement else."""

    def rule(question: OptionQuestion) -> int | None:
        number = int(question.text.split()[1])
        is_right = (number * 7919) % 100 < share * 100
        return question.options.index(STATEMENTS[0 if number % 2 else 2] if is_right else STATEMENTS[4])

    return rule


@pytest.mark.parametrize(("share", "is_better"), [(0.95, True), (0.2, False)])
def test_a_verifier_is_measured_on_held_out_activities_beside_retrieval_alone(share: float, is_better: bool) -> None:
    truth, candidates, texts = gold()
    fit = gold_sample(truth, size=50, is_held_out=False, seed=1)
    held = gold_sample(truth, size=50, is_held_out=True, seed=1)
    assert len(fit) == len(held) == 50
    assert not set(fit) & set(held)
    judge = verifier(right(share), texts=texts)
    judge = replace(judge, shifts=fit_shifts(judge, sampled(candidates, fit), truth))
    score, bins = score_verifier(
        judge, CalibratedVerifier(PLAIN), sampled(candidates, held), truth, fit_query_count=len(fit)
    )
    assert score.beats_retrieval == is_better
    assert score.retrieval_right_share == pytest.approx(0.5, abs=0.15)
    assert score.right_share == pytest.approx(share, abs=0.12)
    assert score.coverage_at_90_share == (1.0 if is_better else pytest.approx(0.2, abs=0.1))
    assert bins["query_count"].sum() == 50
    gap = (bins["query_count"] * (bins["mean_prob"] - bins["right_share"]).abs()).sum() / 50
    assert gap < 0.15
    if is_better:
        refuse_weak(score, is_forced=False)
    else:
        refuse_weak(score, is_forced=True)
        with pytest.raises(VerifierRefusedError, match=r"% right beside .*force_verifier"):
            refuse_weak(score, is_forced=False)


def test_every_kind_of_judgement_has_its_own_worth() -> None:
    truth, candidates, texts = gold()

    def rule(question: OptionQuestion) -> int | None:
        number = int(question.text.split()[1])
        wanted = [STATEMENTS[0], STATEMENTS[2], NONE_TEXT, None][number % 4]
        return None if wanted is None else question.options.index(wanted)

    shifts = fit_shifts(verifier(rule, texts=texts), candidates, truth)
    assert shifts.first < 0 < shifts.abstained
    assert shifts.none < 0
    assert shifts.other < 0


def test_a_shift_moves_the_mean_probability_to_the_outcomes() -> None:
    assert fitted_shift([], []) == 0
    assert fitted_shift([0.5] * 99, [True] * 33 + [False] * 66) == pytest.approx(-0.7, abs=0.05)
    assert fitted_shift([0.5], [True]) > 0
    with pytest.raises(ValueError, match="no query"):
        score_verifier(verifier(lambda _: 0), CalibratedVerifier(PLAIN), rows().clear(), gold()[0], fit_query_count=0)
    assert Shifts() == Shifts(0, 0, 0, 0)
