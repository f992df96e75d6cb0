from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder, large_files, write_text

from onet.evaluation import calibration_gap, coverage_share
from onet.matching import match_texts, match_vectors
from onet.pair_features import FEATURE_NAMES
from onet.release import Release, load_release
from onet.rerank_training import OccupationRequest, split_gold, train_reranker, training_questions
from onet.reranking import (
    BLOCK_TEXTS,
    Reranker,
    RerankVerifier,
    load_reranker,
    pair_scores,
    read_reranker,
    write_reranker,
)
from onet.retrieval import retrieve_tasks
from onet.task_index import TaskIndex, build_task_index, load_task_index, save_task_index, with_reranker

ENCODER = WordEncoder()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return load_release(write_text(tmp_path_factory.mktemp("large"), large_files()))


@pytest.fixture(scope="module")
def plain(release: Release) -> TaskIndex:
    return build_task_index(release, ENCODER, seed=0, is_plain=True)


@pytest.fixture(scope="module")
def trained(release: Release, plain: TaskIndex) -> Reranker:
    return train_reranker(release, plain, ENCODER)


def following(feature: str, sign: float = 1.0) -> Reranker:
    """A model that orders by one feature alone."""
    weights = tuple(sign * 1000.0 if name == feature else 0.0 for name in FEATURE_NAMES)
    return replace(load_reranker(), weights=weights, intercept=0.0)


def measured(index: TaskIndex, model: Reranker, release: Release) -> TaskIndex:
    gold = split_gold(release, index)
    return with_reranker(index, model, gold, ENCODER.encode(gold.queries["title"].to_list()))


def asked(release: Release, count: int) -> pl.DataFrame:
    texts = release.tasks["task"].to_list()[:count]
    return pl.DataFrame({"id": [f"{number:04}" for number in range(len(texts))], "text": texts})


def test_a_model_that_is_worse_than_retrieval_is_measured_and_not_used(plain: TaskIndex, release: Release) -> None:
    index = measured(plain, following("score", sign=-1.0), release)
    assert index.rerank_evaluation is not None
    assert index.alone_evaluation is not None
    assert index.rerank_evaluation.hit_at_1_share < index.alone_evaluation.hit_at_1_share
    assert index.reranker is None
    assert index.text_verifier.name.startswith("calibrated-retrieval/")


def test_a_trained_model_knows_no_held_out_activity(plain: TaskIndex, release: Release, trained: Reranker) -> None:
    held_out = {question.dwa_id for question in training_questions(release, plain) if question.is_held_out}
    spoiled = pl.col("title").str.replace_all("work", "play")
    changed = pl.when(pl.col("activity_id").is_in(held_out)).then(spoiled).otherwise("title").alias("title")
    other = replace(release, activities=release.activities.with_columns(changed))
    assert len(held_out) > 50
    assert train_reranker(other, plain, ENCODER) == trained


def test_requests_with_an_occupation_teach_the_probability_and_not_the_order(
    plain: TaskIndex, release: Release, trained: Reranker
) -> None:
    texts = release.tasks["task"].to_list()[:60]
    told = train_reranker(release, plain, ENCODER, [OccupationRequest(text, "99-9999.00") for text in texts])
    assert (told.weights, told.other) == (trained.weights, trained.other)
    assert told.first_weights != trained.first_weights


def test_with_an_occupation_only_its_statements_are_right(plain: TaskIndex, release: Release) -> None:
    questions = training_questions(release, plain)
    assert {question.kind for question in questions} == {"title", "title_occupation"}
    assert all(question.answers for question in questions)


def test_the_first_is_chosen_by_the_model_and_retrieval_rank_stays(plain: TaskIndex, release: Release) -> None:
    verifier = RerankVerifier(following("score", sign=-1.0), accept_score=0.0)
    rows = match_texts(asked(release, 5), index=plain, encoder=ENCODER, verifier=verifier, top=3)
    assert rows.group_by("id").len()["len"].to_list() == [3] * 5
    assert rows["rank"].to_list() == [1, 2, 3] * 5
    assert (rows.filter(pl.col("rank") == 1)["retrieval_rank"] > 3).all()
    assert rows["match_prob"].is_between(0, 1).all()
    assert rows.filter(pl.col("rank") == 1)["verdict"].to_list() == ["accepted"] * 5
    falls = rows.select(pl.col("match_prob").diff().over("id").fill_null(0.0) <= 0)
    assert falls["match_prob"].all()


def test_neither_order_nor_blocks_of_texts_decide(plain: TaskIndex, release: Release, trained: Reranker) -> None:
    verifier = RerankVerifier(trained, accept_score=0.1)
    texts = asked(release, 2 * BLOCK_TEXTS + 7)
    whole = match_texts(texts, index=plain, encoder=ENCODER, verifier=verifier, top=4)
    turned = match_texts(texts.reverse(), index=plain, encoder=ENCODER, verifier=verifier, top=4)
    part = match_texts(texts.tail(9), index=plain, encoder=ENCODER, verifier=verifier, top=4)
    assert turned.equals(whole)
    assert part.equals(whole.join(texts.tail(9).select("id"), on="id", how="semi").sort("id", "rank"))


def test_a_text_without_any_known_word_has_finite_features(plain: TaskIndex) -> None:
    texts = ["zzz qqq", "the"]
    vectors = ENCODER.encode(texts)
    found = retrieve_tasks(plain, vectors, top=50, texts=texts)
    features = pair_scores(plain.pairs, np.eye(len(FEATURE_NAMES)), texts, vectors, found)
    assert features.shape == (100, len(FEATURE_NAMES))
    assert np.isfinite(features).all()
    assert (features[:, FEATURE_NAMES.index("words")] == 0).all()
    assert pair_scores(plain.pairs, np.eye(len(FEATURE_NAMES)), [], vectors[:0], found.clear()).shape[0] == 0


def test_a_reranker_is_refused_for_vectors_alone(plain: TaskIndex) -> None:
    verifier = RerankVerifier(load_reranker(), accept_score=0.1)
    with pytest.raises(ValueError, match="judges texts"):
        match_vectors(pl.Series("id", ["a"]), ENCODER.encode(["do"]), index=plain, verifier=verifier, top=1)


def test_a_model_survives_writing_and_an_index_keeps_it(
    plain: TaskIndex, release: Release, trained: Reranker, tmp_path: Path
) -> None:
    write_reranker(trained, tmp_path / "model.json")
    assert read_reranker((tmp_path / "model.json").read_text()) == trained
    index = replace(measured(plain, trained, release), reranker=trained)
    save_task_index(index, tmp_path / "index.parquet")
    loaded = load_task_index(tmp_path / "index.parquet", release_digest=release.digest, encoder_name=ENCODER.name)
    assert (loaded.reranker, loaded.rerank_evaluation) == (trained, index.rerank_evaluation)
    assert np.array_equal(loaded.own_vectors, index.own_vectors)
    assert loaded.text_verifier.name.startswith("reranked-retrieval/onet-")


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="retrain it"):
        replace(load_reranker(), features=("score",))


@pytest.mark.parametrize(
    ("probs", "outcomes", "gap", "coverage"),
    [
        ([0.95, 0.95, 0.05, 0.05], [1, 1, 0, 0], 0.05, 0.5),
        ([0.95, 0.95, 0.95, 0.95], [1, 1, 1, 0], 0.2, 0.0),
        ([0.9, 0.1], [0, 1], 0.9, 0.0),
    ],
)
def test_calibration_gap_and_coverage(probs: list[float], outcomes: list[int], gap: float, coverage: float) -> None:
    assert calibration_gap(pl.Series(probs), pl.Series(outcomes)) == pytest.approx(gap)
    assert coverage_share(pl.Series(probs), pl.Series(outcomes)) == coverage
