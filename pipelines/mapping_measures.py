"""How good the mapping is on the requests that nothing was trained on: retrieval, its groups, and who verifies.

What a verifier's figures decide is in `model_roles`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clio_lite.models import LanguageModel
from onet.evaluation import HIT_RANKS
from onet.gold import Gold, activity_gold, occupation_gold
from onet.gold_search import AskedGold, asked_activities
from onet.group_accuracy import accuracy_by_group, linked_groups, own_groups, statement_groups
from onet.model_verification import Shifts, statement_activities
from onet.release import Release
from onet.task_index import Encoder, TaskIndex
from onet.verification import Verifier
from onet.verifier_score import VerifierScore, fit_shifts, gold_sample, sampled, score_verifier
from pipelines.contracts import MappingAccuracy, VerifierReliability, VerifierScores
from pipelines.model_roles import model_verifier
from pipelines.settings import RunFields
from pipelines.validation.correction import wilson_interval

GOLD_RUN: Final = "gold"
"""What the money of the verifier's test on the gold is spent for, in the place of a month."""

NO_SHIFTS: Final = Shifts()
SMALL_SAMPLE: Final = 30
"""Requests below which a group's shares are called those of a small sample."""


@dataclass(frozen=True)
class MappingMeasures:
    """What the mapping is worth on requests that nothing was trained on.

    Attributes:
        scores: Table `core/verifier_score`.
        reliability: Table `core/verifier_reliability`.
        accuracy: Table `core/mapping_accuracy`.
    """

    scores: pl.DataFrame
    reliability: pl.DataFrame
    accuracy: pl.DataFrame


def measure_verifiers(
    release: Release, index: TaskIndex, encoder: Encoder, settings: RunFields, model: LanguageModel | None
) -> MappingMeasures:
    """Measure retrieval alone on the held-out gold, by major group too, and the model's verifier on a sample of it.

    The gold are requests of activities, searched as it is in use, each without what its writer wrote; titles of
    activities where no request of the release's is known.

    Args:
        release: Release of the index.
        index: Task index.
        encoder: Its encoder.
        settings: Strategy and size of the sample.
        model: Model of the role verify, or None.
    """
    titles = activity_gold(
        index.statements, release.tasks, release.task_activities, release.activities, seed=index.seed
    )
    asked = asked_activities(titles, index.activity_bridge, encoder, english_dimensions=index.english_dimensions)
    gold, texts, alone = asked.gold, asked.gold.queries["title"].to_list(), index.text_verifier
    scores: list[tuple[str, Shifts, VerifierScore]] = []
    bins: list[pl.DataFrame] = []

    def measure(
        strategy: str, verifier: Verifier, found: pl.DataFrame, of: Gold, fit_count: int, shifts: Shifts = NO_SHIFTS
    ) -> None:
        score, reliability = score_verifier(verifier, alone, found, of, fit_query_count=fit_count)
        scores.append((strategy, shifts, score))
        bins.append(reliability.with_columns(verifier=pl.lit(verifier.name)))

    candidates = asked.rank(index, has_words=True)
    held_out = gold.queries.filter("is_held_out")["query_number"].to_list()
    if held_out:
        measure("retrieval", alone, sampled(candidates, held_out), gold, index.calibration.fit_query_count)
        if model is not None:
            size, seed = settings.models.verify_gold_sample, settings.seed
            fit = gold_sample(gold, size=size, is_held_out=False, seed=seed)
            held = gold_sample(gold, size=size, is_held_out=True, seed=seed)
            judged = gold.queries.filter(pl.col("query_number").is_in([*fit, *held]))["iwa_id"].unique().to_list()
            activities = _activities(release, index, without=judged)
            verifier = model_verifier(model, index, texts, settings, activities=activities)
            shifts = fit_shifts(verifier, sampled(candidates, fit), gold)
            shifted = replace(verifier, shifts=shifts)
            measure(settings.models.verify_strategy, shifted, sampled(candidates, held), gold, len(fit), shifts)
    accuracy = _group_accuracy(release, index, asked, candidates)
    return MappingMeasures(_score_table(scores), _reliability_table(bins), accuracy)


def _group_accuracy(release: Release, index: TaskIndex, asked: AskedGold, candidates: pl.DataFrame) -> pl.DataFrame:
    """Table `core/mapping_accuracy`, from the activities as they were asked and the occupations' requests."""
    groups = statement_groups(index.statements)
    gold = occupation_gold(index.statements, release.occupations, seed=index.seed)
    occupations = AskedGold.by_requests(gold, index.occupation_bridge, english_dimensions=index.english_dimensions)
    found = {
        "activity_request" if asked.has_requests else "activity_title": accuracy_by_group(
            index.text_verifier,
            candidates,
            asked.gold,
            of_query=linked_groups(asked.gold, groups),
            of_statement=groups,
        ),
        "occupation_request": accuracy_by_group(
            index.text_verifier,
            occupations.rank(index, has_words=True),
            occupations.gold,
            of_query=own_groups(occupations.gold),
            of_statement=groups,
        ),
    }
    return accuracy_table(found)


def accuracy_table(found: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Table `core/mapping_accuracy`: shares by group with their intervals.

    Args:
        found: Tables of `onet.group_accuracy.accuracy_by_group` by query_kind.
    """
    empty = MappingAccuracy.create_empty()
    frames = [frame.with_columns(query_kind=pl.lit(kind)) for kind, frame in found.items() if frame.height]
    if not frames:
        return empty
    rows = pl.concat(frames).with_columns(is_small_sample=pl.col("query_count") < SMALL_SAMPLE)
    for name in (*(f"hit_at_{top}" for top in HIT_RANKS), "right_group"):
        ends = [wilson_interval(share, count) for share, count in rows.select(f"{name}_share", "query_count").rows()]
        rows = rows.with_columns(
            pl.Series(f"{name}_ci_{end}", [pair[place] for pair in ends], dtype=pl.Float64)
            for place, end in enumerate(("low", "high"))
        )
    return MappingAccuracy.validate(rows.select(empty.columns).sort("query_kind", "soc_major_group"), cast=True)


def _activities(release: Release, index: TaskIndex, *, without: Sequence[str]) -> pl.DataFrame:
    return statement_activities(
        index.statements, release.tasks, release.task_activities, release.activities, without=without
    )


def _score_table(scores: Sequence[tuple[str, Shifts, VerifierScore]]) -> pl.DataFrame:
    rows = [
        {
            **vars(score),
            "strategy": strategy,
            "beats_retrieval": score.beats_retrieval,
            **{f"{name}_shift": value for name, value in vars(shifts).items()},
        }
        for strategy, shifts, score in scores
    ]
    frame = pl.DataFrame(rows, schema=VerifierScores.create_empty().schema).sort("verifier")
    return VerifierScores.validate(frame)


def _reliability_table(bins: Sequence[pl.DataFrame]) -> pl.DataFrame:
    empty = VerifierReliability.create_empty()
    frames = [frame.select(empty.columns) for frame in bins]
    return VerifierReliability.validate(pl.concat([empty, *frames]).sort("verifier", "bin_low_prob"))
