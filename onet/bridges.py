"""Requests as bridges: what people type, known to ask for an activity or to come from an occupation, beside statements.

People do not ask in O*NET's words. A text gains on the statements of an activity, or of an occupation, by its nearest
request known to ask for it and by the words that it shares with all of them. What it brought is in `docs/mapping.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.grid import grid_products, on_grid
from onet.lexical import LexicalIndex, LexicalQueries, build_lexical_index

# What the nearest request and the shared words add to a score, beside vectors and words of the statement.
NEAREST_WEIGHT: Final = 0.5
WORDS_WEIGHT: Final = 0.4
# How often the nearest request counts to a text in another language than English, which shares few words with any.
FURTHER_WEIGHT: Final = 2.0

REQUEST_SCHEMA: Final = {"owner": pl.String, "writer": pl.String, "request": pl.String}


@dataclass(frozen=True)
class Bridge:
    """Requests by their owners, which are activities or occupations, and the owners of each statement.

    Attributes:
        requests: REQUEST_SCHEMA, sorted by owner.
        vectors: Their vectors as documents, shape (requests, dimensions).
        statement_owners: Owners of each statement; those without a request count for nothing.
    """

    requests: pl.DataFrame
    vectors: NDArray[np.float32]
    statement_owners: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        """Check that requests and vectors belong together."""
        if len(self.vectors) != self.requests.height or not self.requests["owner"].is_sorted():
            raise ValueError("expected one vector per request, sorted by owner")

    def without(self, writer: str) -> Self:
        """The bridge as if a writer had written nothing."""
        is_kept = self.requests["writer"] != writer
        return type(self)(self.requests.filter(is_kept), self.vectors[is_kept.to_numpy()], self.statement_owners)

    def queries(self, rows: NDArray[np.intp], *, english_dimensions: int) -> NDArray[np.float32]:
        """Vectors of some requests as those of queries: in the part of their own language alone.

        Args:
            rows: Numbers of the requests.
            english_dimensions: Numbers of a vector that texts in English fill.

        Returns:
            Unit vectors, shape (rows, dimensions).
        """
        vectors = self.vectors[rows]
        is_english = vectors[:, :english_dimensions].any(axis=1)
        vectors[:, english_dimensions:] /= np.float32(FURTHER_WEIGHT)
        vectors[is_english, english_dimensions:] = 0
        return vectors

    def prepare(self, texts: Sequence[str] | None) -> "BridgeQueries":
        """Queries ready to be scored block by block.

        Args:
            texts: The queries' texts, where they are known; without them shared words count for nothing.
        """
        has_words = texts is not None and self.requests.height > 0
        return BridgeQueries(self, self.lexical.prepare_queries(texts or ()) if has_words else None)

    @cached_property
    def owners(self) -> list[str]:
        """Owners that have a request, sorted."""
        return self.requests["owner"].unique().sort().to_list()

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """First request of each owner."""
        return self.requests["owner"].search_sorted(pl.Series(self.owners, dtype=pl.String)).to_numpy().astype(np.intp)

    @cached_property
    def grid_vectors(self) -> NDArray[np.float32]:
        """The vectors, for exact products."""
        return on_grid(self.vectors)

    @cached_property
    def lexical(self) -> LexicalIndex:
        """Words of each owner's requests."""
        joined = self.requests.group_by("owner", maintain_order=True).agg(pl.col("request").str.join(" "))
        return build_lexical_index(joined["request"].to_list())

    @cached_property
    def places(self) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Statements that have a first, second, ... owner with a request, and that owner's number."""
        number = {owner: place for place, owner in enumerate(self.owners)}
        known = [[number[owner] for owner in owners if owner in number] for owners in self.statement_owners]
        depth = max(map(len, known), default=0)
        chosen = [[row for row, places in enumerate(known) if len(places) > level] for level in range(depth)]
        return [(np.array(rows), np.array([known[row][level] for row in rows])) for level, rows in enumerate(chosen)]


@dataclass(frozen=True)
class BridgeQueries:
    """Queries of a bridge.

    Attributes:
        bridge: Bridge.
        words: The queries' words, where they are known.
    """

    bridge: Bridge
    words: LexicalQueries | None

    def block_scores(self, vectors: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """What each statement gains; each row depends on its query only.

        An owner gains by how much nearer it is than owners are on average, a statement by the best of its owners;
        one without an owner that has a request gains nothing.

        Args:
            vectors: Unit vectors of a block of queries, on the grid of exact products, shape (block, dimensions).
            start: Number of the block's first query.

        Returns:
            Shape (block, statements).
        """
        gains = np.zeros((len(vectors), len(self.bridge.statement_owners)), dtype=np.float32)
        if not self.bridge.places:
            return gains
        products = grid_products(vectors, self.bridge.grid_vectors)
        near = np.float32(NEAREST_WEIGHT) * np.maximum.reduceat(products, self.bridge.starts, axis=1)
        if self.words is not None:
            near += np.float32(WORDS_WEIGHT) * self.words.block_scores(start, start + len(vectors))
        near -= near.mean(axis=1, keepdims=True)
        first, *others = self.bridge.places
        gains[:, first[0]] = near[:, first[1]]
        for rows, owners in others:
            gains[:, rows] = np.maximum(gains[:, rows], near[:, owners])
        return gains
