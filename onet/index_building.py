"""Building a task index: encode a release and the requests beside it, then fit and measure the embedded verifier."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.bridges import Bridge
from onet.calibration import (
    DEFAULT_TEXT_LOGITS,
    DEFAULT_VECTOR_LOGITS,
    accept_score,
    fit_calibration,
)
from onet.context import context_vectors
from onet.evaluation import evaluate_verifier, evaluation_depth
from onet.gold import Gold, activity_gold, asked_gold, occupation_gold
from onet.hubs import bank_requests, hub_scores
from onet.lexical import LexicalIndex, build_lexical_index, statement_documents
from onet.non_work import NON_WORK_TEXTS
from onet.phrasebook import MEASURING_WRITERS, has_phrased_activities, read_occupation_requests, read_phrasebook
from onet.release import Release
from onet.retrieval import RETRIEVAL_SCHEMA, rank_vectors
from onet.task_index import Encoder, TaskIndex, distinct_statements, encode_checked
from onet.verification import CalibratedVerifier

NOBODY: Final = ""
"""Writer of what is in no bridge."""


@dataclass(frozen=True)
class _Searched:
    """What a search needs: statements with their words, hubs by kind of search, bridges, and the encoder."""

    vectors: NDArray[np.float32]
    lexical: LexicalIndex
    hubs: Mapping[bool, NDArray[np.float64]]
    bridges: tuple[Bridge, ...]
    encoder: Encoder

    def rank(self, texts: list[str], vectors: NDArray[np.float32], *, top: int, has_words: bool) -> pl.DataFrame:
        """Candidates of texts, or of their vectors alone."""
        return rank_vectors(
            self.vectors,
            vectors,
            top=top,
            lexical=self.lexical.prepare_queries(texts) if has_words else None,
            hubs=self.hubs[has_words],
            bridges=[bridge.prepare(vectors, texts if has_words else None) for bridge in self.bridges],
        )

    def accept_score(self, *, has_words: bool) -> float:
        """Score that half of the texts that are not about work reach."""
        texts = list(NON_WORK_TEXTS)
        return accept_score(self.rank(texts, encode_checked(self.encoder, texts), top=1, has_words=has_words))

    def rank_requests(self, gold: Gold, writers: pl.Series, *, has_words: bool) -> pl.DataFrame:
        """Candidates of a gold's queries, each without what its writer wrote; deep enough to be evaluated."""
        texts = gold.queries["title"].to_list()
        vectors, depth = encode_checked(self.encoder, texts), evaluation_depth(gold)
        frames = [pl.DataFrame(schema=RETRIEVAL_SCHEMA)]
        for writer in writers.unique().sort():
            rows = (writers == writer).arg_true().to_numpy()
            others = replace(self, bridges=tuple(bridge.without(writer) for bridge in self.bridges))
            found = others.rank([texts[row] for row in rows], vectors[rows], top=depth, has_words=has_words)
            own = pl.Series(rows[found["query_number"].to_numpy()], dtype=pl.Int64)
            frames.append(found.with_columns(query_number=own))
        return pl.concat(frames).sort("query_number", "retrieval_rank")


def build_task_index(release: Release, encoder: Encoder, *, seed: int) -> TaskIndex:
    """Encode the statements of a release and the requests beside them, then fit and measure the embedded verifier.

    Args:
        release: Release.
        encoder: Encoder; also encodes occupations, titles of activities, non-work texts and the phrasebook.
        seed: Decides which activities are held out.

    Returns:
        The index.

    Raises:
        ValueError: The release has no statement, or the encoder does not return unit vectors of its dimensions.
    """
    statements = distinct_statements(release.tasks)
    if statements.is_empty():
        raise ValueError("the release has no task statement to index")
    occupations = release.occupations
    vectors = context_vectors(
        statements,
        occupations["onet_soc_code"],
        encode_checked(encoder, statements["task"].to_list()),
        encode_checked(encoder, occupations["title"].to_list()),
        encode_checked(encoder, occupations["description"].to_list()),
    )
    documents = statement_documents(statements, occupations, release.titles)
    lexical = build_lexical_index(documents)
    bank = bank_requests()
    bank_vectors = encode_checked(encoder, bank)
    hubs = {
        True: hub_scores(vectors, bank_vectors, lexical=lexical.prepare_queries(bank)),
        False: hub_scores(vectors, bank_vectors),
    }
    bridges = _activity_bridge(release, statements, encoder), _occupation_bridge(statements, encoder)
    searched = _Searched(vectors, lexical, hubs, bridges, encoder)
    return TaskIndex(
        statements=statements,
        vectors=vectors,
        documents=tuple(documents),
        hub_scores=hubs[True],
        vector_hub_scores=hubs[False],
        activity_bridge=bridges[0],
        occupation_bridge=bridges[1],
        onet_version=release.version,
        release_digest=release.digest,
        encoder_name=encoder.name,
        seed=seed,
        **_measured(release, statements, searched, seed=seed),
    )


def _activity_bridge(release: Release, statements: pl.DataFrame, encoder: Encoder) -> Bridge:
    """Requests of the release's linked activities; none where its activities are not those of the phrasebook."""
    keys = release.tasks.select("task_id", "task_key").unique()
    linked = release.task_activities.select("task_id", "dwa_id").join(keys, on="task_id")
    requests = read_phrasebook().rename({"dwa_id": "owner"})
    is_known = pl.col("owner").is_in(linked["dwa_id"].unique().implode()) & has_phrased_activities(release.activities)
    return _bridge(requests.filter(is_known), _owners(statements, linked), encoder)


def _owners(statements: pl.DataFrame, linked: pl.DataFrame) -> pl.Series:
    """Activities of each statement, sorted."""
    by_key = linked.group_by("task_key").agg(pl.col("dwa_id").unique().sort())
    joined = statements.select("task_key").join(by_key, on="task_key", how="left", maintain_order="left")
    return joined["dwa_id"].fill_null([])


def _occupation_bridge(statements: pl.DataFrame, encoder: Encoder) -> Bridge:
    """Requests of the occupations that have statements."""
    requests = read_occupation_requests().rename({"onet_soc_code": "owner"})
    known = statements["onet_soc_codes"].explode().unique().implode()
    return _bridge(requests.filter(pl.col("owner").is_in(known)), statements["onet_soc_codes"], encoder)


def _bridge(requests: pl.DataFrame, owners: pl.Series, encoder: Encoder) -> Bridge:
    ordered = requests.select("owner", "writer", "request").sort("owner", "writer", "request")
    return Bridge(ordered, encode_checked(encoder, ordered["request"].to_list()), tuple(map(tuple, owners)))


def _measured(release: Release, statements: pl.DataFrame, searched: _Searched, *, seed: int) -> dict[str, Any]:
    """Calibrations and evaluations of an index.

    Titles are searched without bridges, which know activities under test. Requests are searched as in use, without what
    their own writer wrote; where none of activities is known, titles stand in for them.
    """
    gold = activity_gold(statements, release.tasks, release.task_activities, release.activities, seed=seed)
    plain = replace(searched, bridges=())
    titles = gold.queries["title"].to_list()
    title_vectors, depth = encode_checked(searched.encoder, titles), evaluation_depth(gold)
    found = plain.rank(titles, title_vectors, top=depth, has_words=True)
    by_title = fit_calibration(
        found, gold, default=DEFAULT_TEXT_LOGITS, accept_score=plain.accept_score(has_words=True)
    )
    evaluation = evaluate_verifier(CalibratedVerifier(by_title), found, gold)
    of_activities, of_occupations = (_measuring(bridge.requests) for bridge in searched.bridges)
    titled = gold, pl.Series("writer", [NOBODY] * gold.queries.height, dtype=pl.String)
    asked, writers = titled if of_activities.is_empty() else asked_gold(gold, of_activities)
    calibrations = {}
    for has_words, default in ((False, DEFAULT_VECTOR_LOGITS), (True, DEFAULT_TEXT_LOGITS)):
        candidates = searched.rank_requests(asked, writers, has_words=has_words)
        accept = searched.accept_score(has_words=has_words)
        calibrations[has_words] = fit_calibration(candidates, asked, default=default, accept_score=accept)
    verifier = CalibratedVerifier(calibrations[True])
    jobs, writers_of_jobs = asked_gold(occupation_gold(statements, release.occupations, seed=seed), of_occupations)
    of_jobs = searched.rank_requests(jobs, writers_of_jobs, has_words=True)
    return {
        "calibration": calibrations[True],
        "vector_calibration": calibrations[False],
        "title_calibration": by_title,
        "evaluation": evaluation,
        "request_evaluation": None if of_activities.is_empty() else evaluate_verifier(verifier, candidates, asked),
        "occupation_evaluation": evaluate_verifier(verifier, of_jobs, jobs),
    }


def _measuring(requests: pl.DataFrame) -> pl.DataFrame:
    """Requests that took no part in any training."""
    return requests.filter(pl.col("writer").is_in(MEASURING_WRITERS))
