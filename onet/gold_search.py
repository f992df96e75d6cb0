"""Searching for a gold's queries as texts are searched in use, each without what its own writer wrote.

What is fitted and measured on the candidates found is in `calibration`, `evaluation` and `verifier_score`.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.bridges import Bridge
from onet.evaluation import evaluation_depth
from onet.gold import Gold, asked_gold
from onet.phrasebook import ENGLISH_MEASURING_WRITERS, MEASURING_WRITERS
from onet.retrieval import CANDIDATE_SCHEMA, Searchable, retrieve_tasks
from onet.task_index import Encoder, encode_checked

NOBODY: Final = ""
"""Writer of what is in no bridge."""


@dataclass(frozen=True)
class AskedGold:
    """A gold's queries with their vectors and writers.

    Attributes:
        gold: Gold.
        vectors: Unit vectors of the queries.
        writers: Who wrote each query; NOBODY wrote titles.
        has_requests: The queries are requests, not titles.
    """

    gold: Gold
    vectors: NDArray[np.float32]
    writers: pl.Series
    has_requests: bool

    @classmethod
    def by_titles(cls, gold: Gold, encoder: Encoder) -> Self:
        """The titles of a gold.

        Args:
            gold: Activities or occupations.
            encoder: Encoder of the index to be searched.
        """
        titles = gold.queries["title"].to_list()
        return cls(gold, encode_checked(encoder, titles), pl.Series([NOBODY] * len(titles), dtype=pl.String), False)

    @classmethod
    def by_requests(cls, gold: Gold, bridge: Bridge, *, english_dimensions: int, is_english: bool = True) -> Self:
        """A request of each activity or occupation, of a writer whose requests nothing is trained on; maybe none.

        Args:
            gold: Activities or occupations.
            bridge: Requests of those.
            english_dimensions: Numbers of a vector that texts in English fill.
            is_english: Requests in English, or those in other languages.
        """
        writers = [name for name in MEASURING_WRITERS if (name in ENGLISH_MEASURING_WRITERS) == is_english]
        requests = bridge.requests.with_row_index("row").filter(pl.col("writer").is_in(writers))
        asked, rows = asked_gold(gold, requests)
        numbers = rows["row"].to_numpy().astype(np.intp)
        return cls(asked, bridge.queries(numbers, english_dimensions=english_dimensions), rows["writer"], True)

    def rank(self, index: Searchable, *, has_words: bool) -> pl.DataFrame:
        """Candidates of each query without what its writer wrote, deep enough to be evaluated.

        Args:
            index: Task index.
            has_words: Search with the queries' texts, not by vectors alone.

        Returns:
            The table of `retrieval.retrieve_tasks`.
        """
        texts, depth = self.gold.queries["title"].to_list(), evaluation_depth(self.gold)
        frames = [pl.DataFrame(schema=CANDIDATE_SCHEMA)]
        for writer in self.writers.unique().sort():
            rows = (self.writers == writer).arg_true().to_numpy()
            own_texts = [texts[row] for row in rows] if has_words else None
            others = [bridge.without(writer) for bridge in index.bridges]
            found = retrieve_tasks(index, self.vectors[rows], top=depth, texts=own_texts, bridges=others)
            own = pl.Series(rows[found["query_number"].to_numpy()], dtype=pl.Int64)
            frames.append(found.with_columns(query_number=own))
        return pl.concat(frames).sort("query_number", "retrieval_rank")


def asked_activities(gold: Gold, bridge: Bridge, encoder: Encoder, *, english_dimensions: int) -> AskedGold:
    """Activities as people ask for them; by their titles where no request of them is known.

    Args:
        gold: Activities.
        bridge: Requests of activities.
        encoder: Encoder of the index to be searched.
        english_dimensions: Numbers of a vector that texts in English fill.
    """
    asked = AskedGold.by_requests(gold, bridge, english_dimensions=english_dimensions)
    return asked if asked.gold.queries.height else AskedGold.by_titles(gold, encoder)
