"""The linear map from vectors of the multilingual encoder into the space of the encoder for English.

It is fitted on English texts, which both encoders read; since the multilingual one puts a text beside its translation,
the map carries over to the other languages. Fitting, keeping and loading belong here; encoding is in `multilingual`.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.embedding import Vectors, model_of
from clio_lite.errors import LanguageMapError

MAP_DIR: Final = Path(__file__).parent / "trained"
PENALTY: Final = 1.0
"""Of the ridge regression; from 0.3 to 10 hardly anything changes."""

FOLDS: Final = 10
"""One text in ten is held out to be measured on."""


@dataclass(frozen=True)
class LanguageMap:
    """Multilingual vectors to vectors of the English encoder's space, before they are scaled to length 1.

    Attributes:
        source: Name of the multilingual encoder, with the digest of its weights.
        target: Name of the encoder for English that it was fitted to; another backend of the same model will do.
        weights: Shape (dimensions of the source, dimensions of the target).
        offset: Shape (dimensions of the target,).
        quality: Mean cosine between mapped and true vectors of held-out English texts by kind of text, and the numbers
            of texts.
    """

    source: str
    target: str
    weights: Vectors
    offset: Vectors
    quality: Mapping[str, float]

    @property
    def digest(self) -> str:
        """Digest of the numbers of the map."""
        digest = hashlib.blake2b(digest_size=6)
        for part in (self.weights, self.offset):
            digest.update(np.ascontiguousarray(part, dtype="<f4").tobytes())
        return digest.hexdigest()

    def apply(self, vectors: Vectors) -> Vectors:
        """Map vectors, shape (n, source dimensions), to unit vectors, shape (n, target dimensions)."""
        mapped = vectors @ self.weights + self.offset
        mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
        return mapped


def is_held_out(text: str) -> bool:
    """Whether a text is kept for measuring: one in ten, by a hash of it."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()[-1] % FOLDS == 0


def fit_language_map(
    texts: Mapping[str, list[str]],
    source_vectors: Mapping[str, Vectors],
    target_vectors: Mapping[str, Vectors],
    *,
    source: str,
    target: str,
) -> LanguageMap:
    """Fit the map by ridge regression on the texts that are not held out.

    A regression draws what it is unsure of towards the mean, so that mapped vectors would lie closer together than true
    ones. Their spread around the mean is stretched to that of the true ones; directions from the mean stay.

    Args:
        texts: English texts by kind.
        source_vectors: Unit vectors of the multilingual encoder, by kind, shape (texts, source dimensions).
        target_vectors: Unit vectors of the encoder for English, by kind.
        source: Name of the multilingual encoder.
        target: Name of the encoder for English.

    Returns:
        The map, its numbers as they are kept on disk.
    """
    kinds = sorted(texts)
    held_out = {kind: np.array([is_held_out(text) for text in texts[kind]], dtype=bool) for kind in kinds}
    known = np.concatenate([source_vectors[kind][~held_out[kind]] for kind in kinds]).astype(np.float64)
    wanted = np.concatenate([target_vectors[kind][~held_out[kind]] for kind in kinds]).astype(np.float64)
    known_mean, wanted_mean = known.mean(axis=0), wanted.mean(axis=0)
    known, wanted = known - known_mean, wanted - wanted_mean
    penalties = PENALTY * np.eye(known.shape[1])
    weights = np.linalg.solve(known.T @ known + penalties, known.T @ wanted)
    weights *= np.sqrt(np.square(wanted).sum() / np.square(known @ weights).sum())
    # Kept in 16 bits: the digest and the quality are those of what is read back.
    kept = weights.astype(np.float16).astype(np.float32)
    offset = (wanted_mean - known_mean @ kept).astype(np.float32)
    plain = LanguageMap(source, target, kept, offset, {})
    quality: dict[str, float] = {"fitted_texts": len(known)}
    for kind in kinds:
        rows = held_out[kind]
        if rows.any():
            cosines = (plain.apply(source_vectors[kind][rows]) * target_vectors[kind][rows]).sum(axis=1)
            quality[f"{kind}_cosine"] = round(float(cosines.mean()), 4)
            quality[f"{kind}_held_out"] = int(rows.sum())
    return LanguageMap(source, target, kept, offset, quality)


def save_language_map(language_map: LanguageMap, folder: Path) -> None:
    """Write a map as `language_map.npz`, weights in 16 bits, and a readable `language_map.json`.

    Args:
        language_map: What `fit_language_map` returned.
        folder: Made when missing.
    """
    buffer = io.BytesIO()
    np.savez(buffer, weights=language_map.weights.astype(np.float16), offset=language_map.offset)
    facts = {
        "source": language_map.source,
        "target": language_map.target,
        "digest": language_map.digest,
        "quality": dict(language_map.quality),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "language_map.npz").write_bytes(buffer.getvalue())
    (folder / "language_map.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def load_language_map(folder: Path, *, source: str, target: str) -> LanguageMap:
    """Read a map that `save_language_map` wrote, for these encoders.

    Args:
        folder: Its folder.
        source: Name of the multilingual encoder that it is to be used with.
        target: Name of the encoder for English; another backend of the same model will do.

    Raises:
        LanguageMapError: There is none, or it belongs to other encoders.
    """
    remedy = "fit it anew with 'make languages ONET=PATH'"
    if not (folder / "language_map.json").is_file() or not (folder / "language_map.npz").is_file():
        raise LanguageMapError(f"expected language_map.json and language_map.npz in {folder}, found none: {remedy}")
    facts = json.loads((folder / "language_map.json").read_text(encoding="utf-8"))
    if facts["source"] != source:
        raise LanguageMapError(f"the language map was fitted from {facts['source']}, asked for {source}: {remedy}")
    if model_of(facts["target"]) != model_of(target):
        raise LanguageMapError(f"the language map was fitted to {facts['target']}, asked for {target}: {remedy}")
    with np.load(folder / "language_map.npz", allow_pickle=False) as arrays:
        weights: NDArray[np.float32] = arrays["weights"].astype(np.float32)
        found = LanguageMap(source, facts["target"], weights, arrays["offset"], facts["quality"])
    if found.digest != facts["digest"]:
        raise LanguageMapError(
            f"expected a language map with digest {facts['digest']}, found {found.digest} in {folder}: {remedy}"
        )
    return found
