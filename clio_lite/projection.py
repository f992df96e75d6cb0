"""Projections: a linear change of a sentence encoder's space, kept as one file, that draws together what asks the same.

Here belong reading, writing and applying them, and their training, which is a regression of a kind: the multiple
negatives ranking loss (arXiv 1705.00652) on texts that ask for the same and on documents that answer them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.embedding import Vectors
from clio_lite.errors import ProjectionMismatchError

DIMENSIONS: Final = 256
EPOCHS: Final = 40
BATCH_GROUPS: Final = 512
LEARNING_RATE: Final = 1e-3
SCALE: Final = 20.0
DOCUMENT_WEIGHT: Final = 0.5
PENALTY: Final = 0.01
"""On the squared distance from the principal axes of the texts, which is where the training begins."""


@dataclass(frozen=True)
class Projection:
    """Weights, shape (dimensions of the source, dimensions), and the name of the encoder that they belong to."""

    source: str
    weights: Vectors

    @property
    def digest(self) -> str:
        """Digest of the source and of every number."""
        content = np.ascontiguousarray(self.weights, dtype="<f4").tobytes()
        return hashlib.blake2b(self.source.encode() + content, digest_size=6).hexdigest()

    def apply(self, vectors: Vectors) -> Vectors:
        """Project vectors, shape (n, dimensions of the source), to unit vectors, shape (n, dimensions)."""
        found = vectors @ self.weights
        lengths: Vectors = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.where(lengths > 0, lengths, 1), dtype=np.float32)


@dataclass(frozen=True)
class AskedAlike:
    """Numbers of texts that ask for the same, at least two, and of the documents that answer them, at least one."""

    texts: tuple[int, ...]
    documents: tuple[int, ...]


def train_projection(
    groups: Sequence[AskedAlike],
    text_vectors: Vectors,
    document_vectors: Vectors,
    *,
    source: str,
    dimensions: int = DIMENSIONS,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> Projection:
    """Train a projection.

    In each batch a text of a group is drawn to another of its texts and to one of its documents, away from those of the
    other groups.

    Args:
        groups: Texts that ask alike.
        text_vectors: Unit vectors of the texts, shape (texts, dimensions of the source).
        document_vectors: Unit vectors of the documents.
        source: Name of the encoder of both.
        dimensions: Length of a projected vector; as many axes of the texts are kept at the beginning.
        epochs: Times that each group is drawn.
        seed: Seed of every draw.

    Returns:
        The projection, its numbers rounded to 16 bits.
    """
    import torch

    normalize, cross_entropy = torch.nn.functional.normalize, torch.nn.functional.cross_entropy
    axes = np.linalg.svd(text_vectors.astype(np.float64), full_matrices=False)[2][:dimensions].T
    begin = torch.from_numpy(np.ascontiguousarray(axes, dtype=np.float32))
    weights = torch.nn.Parameter(begin.clone())
    texts, documents = torch.from_numpy(text_vectors), torch.from_numpy(document_vectors)
    optimizer = torch.optim.AdamW([weights], lr=LEARNING_RATE, weight_decay=0.0)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(groups))
        for start in range(0, len(groups), BATCH_GROUPS):
            chosen = [groups[number] for number in order[start : start + BATCH_GROUPS]]
            pairs = np.array([rng.choice(group.texts, 2, replace=False) for group in chosen])
            answers = np.array([rng.choice(group.documents) for group in chosen])
            asked = normalize(texts[pairs[:, 0]] @ weights, dim=1) * SCALE
            right = torch.arange(len(chosen))
            loss = cross_entropy(asked @ normalize(texts[pairs[:, 1]] @ weights, dim=1).T, right)
            loss = loss + DOCUMENT_WEIGHT * cross_entropy(
                asked @ normalize(documents[answers] @ weights, dim=1).T, right
            )
            loss = loss + PENALTY * torch.square(weights - begin).sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return Projection(source, weights.detach().half().float().numpy())


def write_projection(projection: Projection, path: Path) -> None:
    """Write a projection as one safetensors file, weights in 16 bits.

    Args:
        projection: Projection.
        path: File to write; its folder is made when missing.
    """
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    weights: NDArray[np.float16] = np.ascontiguousarray(projection.weights, dtype=np.float16)
    save_file({"weights": weights}, path, metadata={"source": projection.source})


def read_projection(path: Path, *, source: str) -> Projection:
    """Read a projection that `write_projection` wrote.

    Args:
        path: File.
        source: Name of the encoder that it is to be used with.

    Raises:
        ProjectionMismatchError: It belongs to another encoder.
    """
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        found = file.metadata()["source"]
        weights = file.get_tensor("weights").astype(np.float32)
    if found != source:
        raise ProjectionMismatchError(
            f"expected a projection of {source}, found one of {found} in {path.name}: train it anew with 'make adapter'"
        )
    return Projection(found, weights)
