"""The projection draws together what asks the same, and belongs to one encoder."""

from pathlib import Path

import numpy as np
import pytest

import onet
from clio_lite.errors import ProjectionMismatchError
from clio_lite.multilingual import MultilingualEncoder
from clio_lite.projection import AskedAlike, Projection, read_projection, train_projection, write_projection

KINDS, EACH, SIGNS = 12, 6, 8


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def asked() -> tuple[list[AskedAlike], np.ndarray, np.ndarray, np.ndarray]:
    """Groups of texts that agree in eight weak numbers and differ in eight loud ones; of each the last is unseen."""
    rng = np.random.default_rng(0)
    signs = rng.normal(size=(KINDS, SIGNS))
    kinds = np.repeat(np.arange(KINDS), EACH)
    texts = _unit(np.hstack([signs[kinds], 3 * rng.normal(size=(KINDS * EACH, 8))]))
    documents = _unit(np.hstack([signs, 3 * rng.normal(size=(KINDS, 8))]))
    groups = [AskedAlike(tuple(range(kind * EACH, kind * EACH + EACH - 1)), (kind,)) for kind in range(KINDS)]
    return groups, texts, documents, kinds


def _rightly_nearest(texts: np.ndarray, kinds: np.ndarray) -> float:
    """Part of the unseen texts whose nearest other text is of their kind."""
    unseen = np.arange(EACH - 1, len(texts), EACH)
    scores = texts[unseen] @ texts.T
    scores[np.arange(len(unseen)), unseen] = -np.inf
    return float((kinds[scores.argmax(axis=1)] == kinds[unseen]).mean())


def test_training_draws_unseen_texts_to_those_that_ask_the_same(asked: tuple) -> None:
    groups, texts, documents, kinds = asked
    found = train_projection(groups, texts, documents, source="tongues/1", dimensions=16, epochs=400)
    assert found.weights.shape == (16, 16)
    assert _rightly_nearest(found.apply(texts), kinds) > _rightly_nearest(texts, kinds) + 0.3
    again = train_projection(groups, texts, documents, source="tongues/1", dimensions=16, epochs=400)
    assert again.digest == found.digest


def test_a_projection_is_read_back_and_refused_for_another_encoder(tmp_path: Path) -> None:
    weights = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float16).astype(np.float32)
    kept = Projection("tongues/1", weights)
    write_projection(kept, tmp_path / "new" / "projection.safetensors")
    again = read_projection(tmp_path / "new" / "projection.safetensors", source="tongues/1")
    assert again.digest == kept.digest
    assert np.array_equal(again.weights, weights)
    with pytest.raises(ProjectionMismatchError, match=r"of tongues/2, found one of tongues/1 .*'make adapter'"):
        read_projection(tmp_path / "new" / "projection.safetensors", source="tongues/2")


def test_the_projection_of_the_package_belongs_to_the_multilingual_encoder() -> None:
    path = Path(onet.__file__).parent / "adapter" / "projection.safetensors"
    assert read_projection(path, source=MultilingualEncoder().name).weights.shape == (512, 256)
