"""Words that a text shares with a statement and the titles of its occupations.

A request often names the occupation in one clause ("I am a foster care worker"), which its vector hardly shows. How
words and vectors are mixed is decided in `retrieval`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer


@dataclass(frozen=True)
class LexicalQueries:
    """Texts as weighted words, ready to be scored block by block."""

    queries: csr_matrix
    postings: csr_matrix

    def block_scores(self, start: int, stop: int) -> NDArray[np.float32]:
        """Cosines of the word weights, 0 to 1, shape (stop - start, statements); each row depends on its text only."""
        products = csr_matrix(self.queries[start:stop] @ self.postings)
        return np.asarray(products.astype(np.float32).toarray(), dtype=np.float32)


@dataclass(frozen=True)
class LexicalIndex:
    """Vocabulary and weights of the statements' documents."""

    vectorizer: TfidfVectorizer
    postings: csr_matrix

    def prepare_queries(self, texts: Sequence[str]) -> LexicalQueries:
        """Weigh the words of texts; a text without a known word scores 0 everywhere."""
        if not texts:
            return LexicalQueries(csr_matrix((0, self.postings.shape[0])), self.postings)
        return LexicalQueries(csr_matrix(self.vectorizer.transform(texts)), self.postings)


def build_lexical_index(documents: Sequence[str]) -> LexicalIndex:
    """Weigh the words of documents: logarithmic counts, inverse document frequency, length 1.

    Args:
        documents: One per statement, in the order of the statements.

    Returns:
        The index.
    """
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    return LexicalIndex(vectorizer, csr_matrix(vectorizer.fit_transform(documents).T))


def statement_documents(statements: pl.DataFrame, occupations: pl.DataFrame, titles: pl.DataFrame) -> list[str]:
    """Each statement followed by the distinct words of the titles of its occupations, alternate titles included.

    Args:
        statements: Statements of a task index.
        occupations: OnetOccupation of the release.
        titles: OccupationTitle of the release.

    Returns:
        One document per statement, in their order.
    """
    named = pl.concat([occupations.select("onet_soc_code", "title"), titles.select("onet_soc_code", "title")])
    words: dict[str, set[str]] = {}
    for code, title in named.iter_rows():
        words.setdefault(code, set()).update(title.lower().split())
    return [
        " ".join([task, *sorted(set().union(*(words.get(code, set()) for code in codes)))])
        for task, codes in statements.select("task", "onet_soc_codes").iter_rows()
    ]
