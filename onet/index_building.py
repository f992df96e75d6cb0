"""Building a task index: encode a release and the requests beside it, then fit and measure the embedded verifier."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.bridges import FURTHER_WEIGHT, Bridge
from onet.calibration import (
    DEFAULT_TEXT_LOGITS,
    DEFAULT_VECTOR_LOGITS,
    Calibration,
    Logit,
    accept_score,
    fit_calibration,
)
from onet.context import context_vectors
from onet.evaluation import evaluate_verifier
from onet.gold import Gold, activity_gold, occupation_gold
from onet.gold_search import AskedGold, asked_activities
from onet.hubs import bank_requests, hub_scores
from onet.lexical import LexicalIndex, build_lexical_index, statement_documents
from onet.non_work import NON_WORK_TEXTS
from onet.phrasebook import has_phrased_activities, read_occupation_requests, read_phrasebook
from onet.release import Release
from onet.retrieval import retrieve_tasks
from onet.task_index import (
    Encoder,
    ParallelEncoder,
    TaskIndex,
    distinct_statements,
    document_parts,
    encode_checked,
)
from onet.verification import CalibratedVerifier


@dataclass(frozen=True)
class _Searched:
    """What `retrieval.retrieve_tasks` searches, before there is an index."""

    english_dimensions: int
    vectors: NDArray[np.float32]
    lexical: LexicalIndex
    hub_scores: NDArray[np.float64]
    vector_hub_scores: NDArray[np.float64]
    bridges: tuple[Bridge, ...]


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
    codes = occupations["onet_soc_code"]
    described = (statements["task"], occupations["title"], occupations["description"])
    encoded = (document_parts(encoder, texts.to_list()) for texts in described)
    vectors = np.hstack([context_vectors(statements, codes, *parts) for parts in zip(*encoded, strict=True)])
    documents = statement_documents(statements, occupations, release.titles)
    lexical = build_lexical_index(documents)
    bank = bank_requests()
    bank_vectors = encode_checked(encoder, bank)
    searched = _Searched(
        encoder.english_dimensions if isinstance(encoder, ParallelEncoder) else encoder.dimensions,
        vectors,
        lexical,
        hub_scores=hub_scores(vectors, bank_vectors, lexical=lexical.prepare_queries(bank)),
        vector_hub_scores=hub_scores(vectors, bank_vectors),
        bridges=(_activity_bridge(release, statements, encoder), _occupation_bridge(statements, encoder)),
    )
    activity_bridge, occupation_bridge = searched.bridges
    return TaskIndex(
        statements=statements,
        english_dimensions=searched.english_dimensions,
        vectors=vectors,
        documents=tuple(documents),
        hub_scores=searched.hub_scores,
        vector_hub_scores=searched.vector_hub_scores,
        activity_bridge=activity_bridge,
        occupation_bridge=occupation_bridge,
        onet_version=release.version,
        release_digest=release.digest,
        encoder_name=encoder.name,
        seed=seed,
        **_measured(release, statements, searched, encoder, seed=seed),
    )


def _activity_bridge(release: Release, statements: pl.DataFrame, encoder: Encoder) -> Bridge:
    """Requests of the release's linked activities; none where its activities are not those of the phrasebook."""
    keys = release.tasks.select("task_id", "task_key").unique()
    linked = release.task_activities.select("task_id", "dwa_id").join(keys, on="task_id")
    requests = read_phrasebook().rename({"dwa_id": "owner"})
    is_known = pl.col("owner").is_in(linked["dwa_id"].unique().implode()) & has_phrased_activities(release.activities)
    return _encoded_bridge(requests.filter(is_known), _owners(statements, linked), encoder)


def _owners(statements: pl.DataFrame, linked: pl.DataFrame) -> pl.Series:
    """Activities of each statement, sorted."""
    by_key = linked.group_by("task_key").agg(pl.col("dwa_id").unique().sort())
    joined = statements.select("task_key").join(by_key, on="task_key", how="left", maintain_order="left")
    return joined["dwa_id"].fill_null([])


def _occupation_bridge(statements: pl.DataFrame, encoder: Encoder) -> Bridge:
    """Requests of the occupations that have statements."""
    requests = read_occupation_requests().rename({"onet_soc_code": "owner"})
    known = statements["onet_soc_codes"].explode().unique().implode()
    return _encoded_bridge(requests.filter(pl.col("owner").is_in(known)), statements["onet_soc_codes"], encoder)


def _encoded_bridge(requests: pl.DataFrame, owners: pl.Series, encoder: Encoder) -> Bridge:
    ordered = requests.select("owner", "writer", "request").sort("owner", "writer", "request")
    first, *others = document_parts(encoder, ordered["request"].to_list())
    return Bridge(
        ordered, np.hstack([first, *(np.float32(FURTHER_WEIGHT) * part for part in others)]), owners.to_list()
    )


@dataclass(frozen=True)
class _Refused:
    """Texts that are not about work, in the part of English or in that of the other languages."""

    vectors: NDArray[np.float32]
    texts: list[str]

    def calibrate(
        self, index: _Searched, found: pl.DataFrame, gold: Gold, default: tuple[Logit, Logit], *, has_words: bool
    ) -> Calibration:
        refused = retrieve_tasks(index, self.vectors, top=1, texts=self.texts if has_words else None)
        return fit_calibration(found, gold, default=default, accept_score=accept_score(refused))


def _refused(encoder: Encoder) -> tuple[_Refused, _Refused | None]:
    """In other languages, which share no words with statements, they are the same texts read by the other encoder."""
    texts = list(NON_WORK_TEXTS)
    english = _Refused(encode_checked(encoder, texts), texts)
    if not isinstance(encoder, ParallelEncoder):
        return english, None
    parts = document_parts(encoder, texts)
    return english, _Refused(np.hstack([np.zeros_like(parts[0]), *parts[1:]]), [""] * len(texts))


def _measured(
    release: Release, statements: pl.DataFrame, searched: _Searched, encoder: Encoder, *, seed: int
) -> dict[str, Any]:
    """Calibrations and evaluations of an index.

    Titles are searched without bridges, which know activities under test, and have a calibration of their own. Requests
    are searched as in use, without what their own writers wrote; where none of activities is known, titles stand in.
    """
    gold = activity_gold(statements, release.tasks, release.task_activities, release.activities, seed=seed)
    plain, (english, further) = replace(searched, bridges=()), _refused(encoder)
    activity_bridge, occupation_bridge = searched.bridges
    spoken = searched.english_dimensions
    titles = AskedGold.by_titles(gold, encoder).rank(plain, has_words=True)
    of_titles = english.calibrate(plain, titles, gold, DEFAULT_TEXT_LOGITS, has_words=True)
    asked = asked_activities(gold, activity_bridge, encoder, english_dimensions=spoken)
    others = AskedGold.by_requests(gold, activity_bridge, english_dimensions=spoken, is_english=False)
    found = {has_words: asked.rank(searched, has_words=has_words) for has_words in (False, True)}
    found_further = {has_words: others.rank(searched, has_words=has_words) for has_words in (False, True)}

    def calibrated(*, has_words: bool) -> Calibration:
        default = DEFAULT_TEXT_LOGITS if has_words else DEFAULT_VECTOR_LOGITS
        own = english.calibrate(searched, found[has_words], asked.gold, default, has_words=has_words)
        if further is None:
            return own
        of_others = further.calibrate(searched, found_further[has_words], others.gold, default, has_words=has_words)
        return replace(own, further=of_others)

    calibration = calibrated(has_words=True)
    verifier = CalibratedVerifier(calibration)
    titled = occupation_gold(statements, release.occupations, seed=seed)
    occupations = AskedGold.by_requests(titled, occupation_bridge, english_dimensions=spoken)
    return {
        "calibration": calibration,
        "vector_calibration": calibrated(has_words=False),
        "evaluation": evaluate_verifier(CalibratedVerifier(of_titles), titles, gold),
        "request_evaluation": evaluate_verifier(verifier, found[True], asked.gold) if asked.has_requests else None,
        "further_evaluation": evaluate_verifier(verifier, found_further[True], others.gold) if further else None,
        "occupation_evaluation": evaluate_verifier(
            verifier, occupations.rank(searched, has_words=True), occupations.gold
        ),
    }
