from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder, large_files, write_text

from onet.calibration import (
    DEFAULT_TEXT_LOGITS,
    Calibration,
    Logit,
    accept_score,
    fit_calibration,
    match_prob_expr,
)
from onet.evaluation import brier_score, evaluate_verifier, evaluation_depth, hit_share
from onet.gold import Gold, activity_gold, is_held_out, judge_candidates, without_linked
from onet.index_building import build_task_index
from onet.release import Release, load_release
from onet.retrieval import rank_vectors
from onet.verification import CalibratedVerifier

PLAIN = Calibration("release", 1, first=Logit(0.0, 4.0, 2.0), other=Logit(-1.0, 4.0, 0.0), accept_score=0.25)
fit = partial(fit_calibration, default=DEFAULT_TEXT_LOGITS, accept_score=0.25)


def candidates(*scores: float, query: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "query_number": [query] * len(scores),
            "retrieval_rank": range(1, len(scores) + 1),
            "statement_number": range(len(scores)),
            "retrieval_score": scores,
        }
    )


class LastFirst:
    """A verifier that is wrong on purpose: it turns the order round and accepts what was last."""

    name = "last-first"

    def verify(self, rows: pl.DataFrame) -> pl.DataFrame:
        rank = pl.len().over("query_number") + 1 - pl.col("retrieval_rank")
        return rows.with_columns(
            rank=rank, match_score=-pl.col("retrieval_score"), match_prob=pl.lit(0.5)
        ).with_columns(verdict=pl.when(pl.col("rank") == 1).then(pl.lit("accepted")).otherwise(pl.lit("none_fits")))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return load_release(write_text(tmp_path_factory.mktemp("large"), large_files()))


@pytest.fixture(scope="module")
def gold_and_candidates(release: Release) -> tuple[Gold, pl.DataFrame]:
    index = build_task_index(release, WordEncoder(), seed=0)
    gold = activity_gold(index.statements, release.tasks, release.task_activities, release.activities, seed=0)
    titles = gold.queries["title"].to_list()
    vectors = WordEncoder().encode(titles)
    lexical = index.lexical.prepare_queries(titles)
    return gold, rank_vectors(index.vectors, vectors, top=evaluation_depth(gold), lexical=lexical)


def test_no_intermediate_activity_is_on_both_sides_of_the_split(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    queries = gold_and_candidates[0].queries
    assert queries.group_by("iwa_id").agg(pl.col("is_held_out").n_unique())["is_held_out"].to_list() == [1] * 120
    assert 0.3 < queries["is_held_out"].sum() / queries.height < 0.7


def test_the_seed_decides_the_split() -> None:
    ids = [f"4.A.1.I{number:02}" for number in range(40)]
    sides = [[is_held_out(activity, seed=seed) for activity in ids] for seed in (0, 0, 1)]
    assert sides[0] == sides[1] != sides[2]


def test_gold_holds_the_linked_statements_and_the_near_ones(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    gold = gold_and_candidates[0]
    assert gold.links.group_by("query_number").len()["len"].to_list() == [3] * 240
    assert gold.near.group_by("query_number").len()["len"].to_list() == [6] * 240


def test_held_out_activities_have_no_part_in_the_fit(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    gold, ranked = gold_and_candidates
    held_out = gold.queries.filter("is_held_out").select("query_number")
    spoiled_links = pl.concat(
        [
            gold.links.join(held_out, on="query_number", how="anti"),
            held_out.with_columns(statement_number=pl.lit(0, pl.Int64)),
        ]
    )
    assert fit(ranked, Gold(gold.queries, spoiled_links, gold.near)) == fit(ranked, gold)


def test_the_fit_beats_a_constant_on_held_out_activities_where_scores_tell_right_from_wrong() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.3, 0.9, size=600)
    is_right = rng.random(600) < 1 / (1 + np.exp(-12 * (scores - 0.6)))
    numbers = pl.Series("query_number", range(600), dtype=pl.Int64)
    queries = pl.DataFrame({"query_number": numbers, "is_held_out": [number % 2 == 1 for number in range(600)]})
    # The right statement is number 0, first where retrieval is right and second where it is not.
    links = pl.DataFrame({"query_number": numbers, "statement_number": pl.Series([0] * 600, dtype=pl.Int64)})
    ranked = pl.DataFrame(
        {
            "query_number": [number for number in range(600) for _ in range(3)],
            "retrieval_rank": [1, 2, 3] * 600,
            "statement_number": [place for right in is_right for place in ((0, 1, 2) if right else (1, 0, 2))],
            "retrieval_score": [score - drop for score in scores for drop in (0.0, 0.1, 0.2)],
        }
    )
    gold = Gold(queries, links, links)
    calibration = fit(ranked, gold)
    measured = evaluate_verifier(CalibratedVerifier(calibration), ranked, gold)
    assert (calibration.basis, calibration.fit_query_count) == ("release", 300)
    assert measured is not None
    assert measured.brier < 0.8 * measured.constant_brier
    assert measured.is_no_worse_than_retrieval


def test_gold_that_cannot_be_told_apart_gives_the_default(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    gold, ranked = gold_and_candidates
    unlinked = Gold(gold.queries, gold.links.clear(), gold.near)
    assert fit(ranked, unlinked).basis == "default"


def test_a_verifier_worse_than_retrieval_is_seen_to_be(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    gold, ranked = gold_and_candidates
    measured = evaluate_verifier(LastFirst(), ranked, gold)
    assert measured is not None
    assert measured.hit_at_1_share < measured.retrieval_hit_at_1_share
    assert not measured.is_no_worse_than_retrieval
    assert measured.absent_none_fits_share == 0.0


def test_only_held_out_activities_are_measured(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    gold, ranked = gold_and_candidates
    measured = evaluate_verifier(CalibratedVerifier(replace(PLAIN, accept_score=2.0)), ranked, gold)
    assert measured is not None
    assert measured.query_count == gold.queries["is_held_out"].sum()
    # Nothing scores above 1: all are refused, and shares of the accepted have no denominator.
    assert (measured.accepted_share, measured.accepted_linked_share, measured.absent_none_fits_share) == (
        0.0,
        None,
        1.0,
    )
    fitting_only = Gold(gold.queries.with_columns(is_held_out=pl.lit(False)), gold.links, gold.near)
    assert evaluate_verifier(CalibratedVerifier(PLAIN), ranked, fitting_only) is None


def test_taking_out_the_linked_statements_ranks_the_rest_anew(gold_and_candidates: tuple[Gold, pl.DataFrame]) -> None:
    gold, ranked = gold_and_candidates
    judged = judge_candidates(ranked, gold)
    rest = without_linked(judged)
    assert rest.filter(pl.col("is_linked")).is_empty()
    assert ranked.group_by("query_number").len()["len"].unique().to_list() == [evaluation_depth(gold)]
    assert rest.filter(pl.col("retrieval_rank") == 1).height == gold.queries.height


def test_probabilities_follow_score_and_lead_and_never_rise_with_rank() -> None:
    rows = pl.concat([candidates(0.8, 0.6, 0.5), candidates(0.8, 0.79, query=1), candidates(0.8, query=2)])
    probs = rows.with_columns(match_prob_expr(PLAIN).alias("prob"))["prob"].to_list()
    assert probs[0] == pytest.approx(0.973403, abs=1e-6)  # log-odds 4 x 0.8 + 2 x 0.2
    assert probs[1] == pytest.approx(0.802184, abs=1e-6)  # log-odds 4 x 0.6 - 1
    assert probs[3] < probs[0]  # the same score with a smaller lead
    assert probs[5] == pytest.approx(0.960834, abs=1e-6)  # alone: no lead
    steep = Calibration("release", 1, first=Logit(-9.0, 0.0, 0.0), other=Logit(9.0, 0.0, 0.0), accept_score=0.0)
    capped = candidates(0.8, 0.6).with_columns(match_prob_expr(steep).alias("prob"))["prob"]
    assert capped[1] == capped[0]


def test_the_first_candidate_is_accepted_above_the_accepted_score_and_none_up_to_it() -> None:
    rows = candidates(0.8, 0.6)
    for score, first in ((0.799999, "accepted"), (0.8, "none_fits")):
        judged = CalibratedVerifier(replace(PLAIN, accept_score=score)).verify(rows)
        assert judged["verdict"].to_list() == [first, "none_fits"]
        assert judged["rank"].to_list() == [1, 2]


def test_the_accepted_score_is_the_median_of_the_first_candidates_of_non_work_texts() -> None:
    rows = pl.concat([candidates(score, 0.01, query=query) for query, score in enumerate((0.1, 0.2, 0.6))])
    assert accept_score(rows) == 0.2


def test_the_name_of_a_verifier_tells_its_basis_and_accepted_score() -> None:
    assert CalibratedVerifier(PLAIN).name == "calibrated-retrieval/release/0.25"


def test_hits_are_counted_per_query() -> None:
    judged = pl.concat([candidates(0.9, 0.8), candidates(0.9, 0.8, query=1)]).with_columns(
        is_linked=pl.Series([False, True, False, False])
    )
    assert (hit_share(judged, top=1), hit_share(judged, top=2)) == (0.0, 0.5)
    with pytest.raises(ValueError, match="no query"):
        hit_share(judged.clear(), top=1)


def test_brier_is_the_mean_squared_error() -> None:
    assert brier_score(pl.Series([0.5, 1.0]), pl.Series([1.0, 1.0])) == 0.125
    for probs, outcomes in (([], []), ([0.5], [1.0, 0.0])):
        with pytest.raises(ValueError, match="as many probabilities as outcomes"):
            brier_score(pl.Series(probs, dtype=pl.Float64), pl.Series(outcomes, dtype=pl.Float64))
