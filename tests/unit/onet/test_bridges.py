"""Requests as bridges: what a statement gains from requests known to ask for it."""

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder

from onet.bridges import NEAREST_WEIGHT, REQUEST_SCHEMA, WORDS_WEIGHT, Bridge
from onet.grid import STEPS, on_grid

REQUESTS = [
    ("bake", "a", "why is my loaf flat"),
    ("bake", "b", "sourdough starter smells of acetone"),
    ("brew", "a", "the wort will not cool down"),
    ("weld", "c", "porosity in my tig bead"),
]
OWNERS = (("bake",), ("brew", "bake"), ("unknown",), ("weld",), ())
ENCODER = WordEncoder(dimensions=256)


@pytest.fixture
def bridge() -> Bridge:
    rows = pl.DataFrame(REQUESTS, schema=REQUEST_SCHEMA, orient="row")
    return Bridge(rows, ENCODER.encode(rows["request"].to_list()), OWNERS)


def gains(bridge: Bridge, text: str, *, has_words: bool = True) -> np.ndarray:
    queries = bridge.prepare([text] if has_words else None)
    return queries.block_scores(on_grid(ENCODER.encode([text])), 0)[0]


def test_a_statement_gains_what_its_best_owner_is_nearer_than_owners_are_on_average(bridge: Bridge) -> None:
    text = "why is my loaf flat"
    nearest = [1.0, 0.0, (ENCODER.encode([text]) @ ENCODER.encode([REQUESTS[3][2]]).T).item()]
    words = bridge.lexical.prepare_queries([text]).block_scores(0, 1)[0]
    near = NEAREST_WEIGHT * np.array(nearest) + WORDS_WEIGHT * words
    near -= near.mean()
    expected = [near[0], max(near[0], near[1]), 0, near[2], 0]
    assert gains(bridge, text) == pytest.approx(expected, abs=1e-3)
    assert words[0] > 0
    assert words[1:].tolist() == [0, 0]


def test_without_texts_only_the_nearest_request_counts(bridge: Bridge) -> None:
    with_words, without = (gains(bridge, "wort cool", has_words=has_words) for has_words in (True, False))
    assert with_words[1] > without[1] > 0


def test_what_a_writer_wrote_can_be_left_out(bridge: Bridge) -> None:
    left = bridge.without("a")
    assert left.owners == ["bake", "weld"]
    assert gains(left, "the wort will not cool down")[1] < gains(bridge, "the wort will not cool down")[1]
    assert bridge.without("nobody").requests.equals(bridge.requests)


def test_an_empty_bridge_gives_nothing(bridge: Bridge) -> None:
    empty = Bridge(bridge.requests.clear(), bridge.vectors[:0], OWNERS)
    assert gains(empty, "why is my loaf flat").tolist() == [0] * len(OWNERS)


def test_requests_without_order_or_vector_are_refused(bridge: Bridge) -> None:
    with pytest.raises(ValueError, match="one vector per request"):
        Bridge(bridge.requests.reverse(), bridge.vectors, OWNERS)
    with pytest.raises(ValueError, match="one vector per request"):
        Bridge(bridge.requests, bridge.vectors[1:], OWNERS)


def test_products_on_the_grid_are_exact_in_any_order() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(300, 384))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    gridded = on_grid(rows)
    exact = (gridded.astype(np.float64) @ gridded.astype(np.float64).T).astype(np.float32)
    assert np.array_equal(gridded @ gridded.T, exact)
    shuffled = rng.permutation(384)
    assert np.array_equal(gridded[:, shuffled] @ gridded[:, shuffled].T, exact)
    assert np.abs(gridded - rows).max() <= 0.5 / STEPS + 1e-9
