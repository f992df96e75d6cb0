"""What can be said of a text and a retrieved statement beside the retrieval score: the reranker's features.

All are computed over blocks of texts, and those of a text depend on this text and its candidates only. What the model
makes of them is in `reranking`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import TfidfVectorizer

from onet.context import DESCRIPTION_WEIGHT, PEERS_WEIGHT, TITLE_WEIGHT

FEATURE_NAMES: Final = (
    "score",
    "lead",
    "top_lead",
    "log_rank",
    "own",
    "own_lead",
    "words",
    "words_lead",
    "text_cover",
    "statement_cover",
    "occupation",
    "occupation_lead",
    "hub",
    "consensus",
    "density",
    "occupation_votes",
    "group_votes",
    "log_occupations",
    "log_length",
    "statement_rarity",
    "log_text_length",
    "text_rarity",
    "best",
    "margin",
    "best_own",
    "named",
    "named_lead",
    "best_named",
    "named_occupation",
    "named_votes",
    "named_own",
    "length_own",
    "length_occupation",
    "length_words",
    "first_word",
)
VOTERS: Final = 20
CONSENSUS_TOP: Final = 10
CONSENSUS_SHARPNESS: Final = 20.0
# About the mean of the logarithm of the number of words: interactions with length are centred here.
CENTRE_LOG_LENGTH: Final = 2.5
CONTEXT_WEIGHT: Final = TITLE_WEIGHT + DESCRIPTION_WEIGHT + PEERS_WEIGHT
Block = NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """Weighted words of documents: TF-IDF rows, the same rows as ones, and what maps texts to such rows."""

    vectorizer: TfidfVectorizer
    weights: csr_matrix
    present: csr_matrix

    @cached_property
    def rarity(self) -> NDArray[np.float64]:
        """Sum of the inverse document frequencies of each document's words."""
        return np.asarray(self.present @ self.vectorizer.idf_)


def weigh_words(documents: list[str]) -> Words:
    """Weigh the words of documents; where none has a word that counts, nothing matches anything."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    weights = csr_matrix(vectorizer.fit_transform([*documents, "nothing"]))[:-1]
    return Words(vectorizer, csr_matrix(weights), _ones(weights))


class PairFeatures:
    """Features of pairs over one catalogue."""

    def __init__(
        self,
        statements: pl.DataFrame,
        vectors: NDArray[np.float32],
        own_vectors: NDArray[np.float32],
        documents: tuple[str, ...],
        hub_scores: NDArray[np.float64],
    ) -> None:
        """Prepare a catalogue.

        Args:
            statements: Statements of a task index.
            vectors: Their vectors with the context of their occupations.
            own_vectors: Their unit vectors without it.
            documents: Their documents: the statement followed by the words of its occupations' titles.
            hub_scores: What each loses in searches with texts.
        """
        tasks = statements["task"].to_list()
        codes = statements["onet_soc_codes"].to_list()
        self._vectors, self._own, self._hubs = vectors, own_vectors, hub_scores
        self._words = weigh_words(tasks)
        titles = [document[len(task) :] for document, task in zip(documents, tasks, strict=True)]
        numbers = {text: number for number, text in enumerate(dict.fromkeys(titles))}
        self._titled = np.array([numbers[text] for text in titles])
        self._titles = weigh_words(list(numbers))
        self._occupation = np.unique([shared[0] for shared in codes], return_inverse=True)[1]
        self._group = np.unique([shared[0][:2] for shared in codes], return_inverse=True)[1]
        self._log_occupations = np.log([len(shared) for shared in codes])
        self._log_length = np.log1p([len(task.split()) for task in tasks])
        counts = np.diff(self._words.present.indptr)
        self._rarity = self._words.rarity / np.maximum(counts, 1)
        analyze = self._words.vectorizer.build_analyzer()
        vocabulary = self._words.vectorizer.vocabulary_
        firsts = [analyze(task)[:1] for task in tasks]
        columns = [vocabulary[words[0]] if words else len(vocabulary) for words in firsts]
        shape = (len(tasks), len(vocabulary) + 1)
        marked = csr_matrix((np.ones(len(tasks)), (np.arange(len(tasks)), columns)), shape=shape)
        self._first = csr_matrix(marked[:, :-1])

    def block(self, texts: list[str], queries: NDArray[np.float32], rows: NDArray[np.int64], scores: Block) -> Block:
        """Features of a block of texts with equally many candidates each.

        Args:
            texts: Texts.
            queries: Their unit vectors, shape (texts, dimensions).
            rows: Statement numbers, the nearest first, shape (texts, candidates).
            scores: Their retrieval scores.

        Returns:
            Shape (texts, candidates, features), in the order of FEATURE_NAMES.
        """
        found = self._by_vectors(queries, rows, scores) | self._by_words(texts, rows)
        found |= self._by_title(texts, rows)
        length = found["log_text_length"] - CENTRE_LOG_LENGTH
        found["named_occupation"] = found["best_named"] * found["occupation_lead"]
        found["named_votes"] = found["best_named"] * found["occupation_votes"]
        found["named_own"] = found["best_named"] * found["own_lead"]
        found["length_own"] = length * found["own_lead"]
        found["length_occupation"] = length * found["occupation_lead"]
        found["length_words"] = length * found["words_lead"]
        return np.stack([np.broadcast_to(found[name], rows.shape) for name in FEATURE_NAMES], axis=2)

    def _by_vectors(self, queries: NDArray[np.float32], rows: NDArray[np.int64], scores: Block) -> dict[str, Block]:
        near = self._own[rows]
        own = _products(near, queries)
        mixed = _products(self._vectors[rows], queries)
        occupation = ((1 + CONTEXT_WEIGHT) * mixed - own) / TITLE_WEIGHT
        occupations, groups = self._occupation[rows], self._group[rows]
        best = scores[:, :1]
        return {
            "score": scores,
            "lead": scores - best,
            "top_lead": scores - scores[:, :CONSENSUS_TOP].mean(axis=1, keepdims=True),
            "log_rank": np.log1p(np.arange(rows.shape[1], dtype=np.float64))[None],
            "own": own,
            "own_lead": _lead(own),
            "best_own": own.max(axis=1, keepdims=True),
            "occupation": occupation,
            "occupation_lead": _lead(occupation),
            "hub": self._hubs[rows],
            "consensus": _consensus(near, scores),
            "density": _products(near, near.mean(axis=1)),
            "occupation_votes": _votes(occupations),
            "group_votes": _votes(groups),
            "log_occupations": self._log_occupations[rows],
            "best": best,
            "margin": best - scores[:, min(1, rows.shape[1] - 1)][:, None],
        }

    def _by_words(self, texts: list[str], rows: NDArray[np.int64]) -> dict[str, Block]:
        weights = csr_matrix(self._words.vectorizer.transform(texts))
        present = _ones(weights)
        counted = csr_matrix(present @ diags(self._words.vectorizer.idf_))
        total = np.asarray(counted.sum(axis=1)).reshape(-1, 1)
        count = np.diff(present.indptr).reshape(-1, 1)
        words = _pairs(weights, self._words.weights, rows)
        shared = _pairs(counted, self._words.present, rows)
        return {
            "words": words,
            "words_lead": _lead(words),
            "text_cover": shared / np.maximum(total, 1e-9),
            "statement_cover": shared / np.maximum(self._words.rarity[rows], 1e-9),
            "statement_rarity": self._rarity[rows],
            "log_length": self._log_length[rows],
            "log_text_length": np.log1p([len(text.split()) for text in texts]).reshape(-1, 1),
            "text_rarity": total / np.maximum(count, 1),
            "first_word": _pairs(present, self._first, rows),
        }

    def _by_title(self, texts: list[str], rows: NDArray[np.int64]) -> dict[str, Block]:
        weights = csr_matrix(self._titles.vectorizer.transform(texts))
        every = np.asarray((weights @ self._titles.weights.T).toarray())
        named = np.take_along_axis(every, self._titled[rows], axis=1)
        best = every.max(axis=1, keepdims=True)
        return {"named": named, "named_lead": named - best, "best_named": best}


def _ones(matrix: csr_matrix) -> csr_matrix:
    ones = csr_matrix(matrix, copy=True)
    ones.data[:] = 1.0
    return ones


def _pairs(texts: csr_matrix, statements: csr_matrix, rows: NDArray[np.int64]) -> Block:
    """Dot product of each text with each of its candidates."""
    owners = np.repeat(np.arange(len(rows)), rows.shape[1])
    products: Any = texts[owners].multiply(statements[rows.ravel()]).sum(axis=1)
    return np.asarray(products, dtype=np.float64).reshape(rows.shape)


def _products(near: NDArray[np.float32], queries: NDArray[np.float32]) -> Block:
    return np.asarray(np.einsum("qkd,qd->qk", near, queries), dtype=np.float64)


def _lead(values: Block) -> Block:
    return np.asarray(values - values.max(axis=1, keepdims=True), dtype=np.float64)


def _votes(labels: NDArray[np.int64]) -> Block:
    """Share of the first VOTERS candidates with the same label."""
    return np.asarray((labels[:, :, None] == labels[:, None, :VOTERS]).mean(axis=2), dtype=np.float64)


def _consensus(near: NDArray[np.float32], scores: Block) -> Block:
    """Mean cosine to the first CONSENSUS_TOP candidates, the best counting most, itself left out; 0 if alone."""
    first = min(CONSENSUS_TOP, near.shape[1])
    weights = np.exp(CONSENSUS_SHARPNESS * (scores[:, :first] - scores[:, :1]))
    sums = _products(near, np.einsum("qk,qkd->qd", weights.astype(np.float32), near[:, :first]))
    totals = np.repeat(weights.sum(axis=1, keepdims=True), near.shape[1], axis=1)
    sums[:, :first] -= weights
    totals[:, :first] -= weights
    return np.asarray(np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 1e-9), dtype=np.float64)
