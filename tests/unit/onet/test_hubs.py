import numpy as np
import pytest
from onet_example import WordEncoder

from onet.hubs import HUB_NEIGHBOURS, HUB_WEIGHT, bank_requests, hub_scores
from onet.lexical import build_lexical_index
from onet.phrasebook import read_phrasebook
from onet.retrieval import BLOCK_QUERIES, LEXICAL_WEIGHT, rank_vectors


def unit_rows(count: int, *, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_bank_asks_once_for_each_detailed_activity_in_english() -> None:
    book, bank = read_phrasebook(), bank_requests()
    asked = book.filter(book["request"].is_in(bank))
    assert set(asked["language"]) == {"en"}
    assert len(bank) == asked["dwa_id"].n_unique() == book.filter(language="en")["dwa_id"].n_unique()


@pytest.mark.parametrize("bank_size", [3, BLOCK_QUERIES + 40])
def test_hub_scores_are_the_centred_mean_of_the_nearest_requests(bank_size: int) -> None:
    vectors, bank = unit_rows(20, seed=1), unit_rows(bank_size, seed=2)
    nearest = np.sort(bank.astype(np.float64) @ vectors.T.astype(np.float64), axis=0)[-HUB_NEIGHBOURS:].mean(axis=0)
    assert np.allclose(hub_scores(vectors, bank), HUB_WEIGHT * (nearest - nearest.mean()), atol=2e-6)


def test_words_of_the_bank_count_as_they_do_in_a_search() -> None:
    texts, documents = ["bake bread", "bake cake", "fell trees"], ["bake", "bread cake", "write"]
    encoder = WordEncoder()
    vectors, bank = encoder.encode(documents), encoder.encode(texts)
    words = build_lexical_index(documents).prepare_queries(texts)
    mixed = (1 - LEXICAL_WEIGHT) * bank @ vectors.T + LEXICAL_WEIGHT * words.block_scores(0, 3)
    nearness = HUB_WEIGHT * mixed.mean(axis=0)
    assert np.allclose(hub_scores(vectors, bank, lexical=words), nearness - nearness.mean(), atol=2e-6)


def test_a_hub_no_longer_comes_first_for_every_request() -> None:
    own = np.eye(4, dtype=np.float32)
    hub = np.full((1, 4), 0.5, dtype=np.float32)
    vectors = np.vstack([hub, own])
    queries = 0.45 * np.eye(4, dtype=np.float32) + np.float32(0.25)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    assert rank_vectors(vectors, queries, top=1)["statement_number"].to_list() == [0, 0, 0, 0]
    corrected = rank_vectors(vectors, queries, top=1, hubs=hub_scores(vectors, queries))
    assert corrected["statement_number"].to_list() == [1, 2, 3, 4]


def test_hub_scores_that_do_not_fit_the_statements_are_refused() -> None:
    with pytest.raises(ValueError, match="one hub score per statement, found"):
        rank_vectors(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), top=1, hubs=np.zeros(2))
