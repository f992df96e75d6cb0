"""The task index: the distinct task statements of a release, their vectors, and the calibration measured on its links.

Searching it is in `retrieval`, matching texts in `matching`.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.calibration import (
    DEFAULT_TEXT_LOGITS,
    DEFAULT_VECTOR_LOGITS,
    Calibration,
    Logit,
    accept_score,
    fit_calibration,
)
from onet.context import context_vectors
from onet.errors import TaskIndexMismatchError
from onet.evaluation import Evaluation, evaluate_verifier, evaluation_depth
from onet.gold import Gold, activity_gold
from onet.hubs import bank_requests, hub_scores
from onet.lexical import LexicalIndex, build_lexical_index, statement_documents
from onet.non_work import NON_WORK_TEXTS
from onet.pair_features import PairFeatures
from onet.release import Release
from onet.reranking import (
    RERANK_DEPTH,
    SPLIT_SEED,
    Reranker,
    RerankVerifier,
    load_reranker,
    read_reranker,
    rerank_candidates,
)
from onet.retrieval import rank_vectors
from onet.verification import CalibratedVerifier, Verifier

FORMAT: Final = "onet-task-index-5"
STATEMENT_COLUMNS: Final = ("statement_task_id", "task_key", "task", "task_ids", "onet_soc_codes")
UNIT_TOLERANCE: Final = 1e-3


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Model, backend and digest: vectors of one name are comparable."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts, shape (texts, dimensions), rows of length 1."""
        ...


@dataclass(frozen=True)
class TaskIndex:
    """Statements (statement_task_id, task_key, task, task_ids, onet_soc_codes; sorted by key), ready to be searched.

    `vectors`: each statement mixed with its occupations (`context`), not longer than 1; `own_vectors`: each alone.
    `documents`: each statement with the words of its occupations' titles. `hub_scores`, `vector_hub_scores`: what each
    statement loses in searches with texts and in those by vectors alone (`hubs`). `calibration` belongs to searches
    with texts, `vector_calibration` to those by vectors alone. `evaluation`, of retrieval with texts, is measured on
    held-out activities only, and is None where the release links too few. `reranker`: the learned verifier of searches
    with texts, where it beats retrieval alone; `alone_evaluation` and `rerank_evaluation` measured both on the
    activities that it was not trained on.
    """

    statements: pl.DataFrame
    vectors: NDArray[np.float32]
    own_vectors: NDArray[np.float32]
    documents: tuple[str, ...]
    hub_scores: NDArray[np.float64]
    vector_hub_scores: NDArray[np.float64]
    onet_version: str
    release_digest: str
    encoder_name: str
    seed: int
    calibration: Calibration
    vector_calibration: Calibration
    evaluation: Evaluation | None
    reranker: Reranker | None = None
    alone_evaluation: Evaluation | None = None
    rerank_evaluation: Evaluation | None = None

    @property
    def text_verifier(self) -> Verifier:
        """The embedded verifier of searches with texts: learned where it is better, else calibrated retrieval."""
        if self.reranker is None:
            return CalibratedVerifier(self.calibration)
        return RerankVerifier(self.reranker, self.calibration.accept_score)

    @cached_property
    def pairs(self) -> PairFeatures:
        """Features of texts and statements; made when texts are first reranked."""
        return PairFeatures(self.statements, self.vectors, self.own_vectors, self.documents, self.hub_scores)

    @cached_property
    def lexical(self) -> LexicalIndex:
        """Words of the documents; made when texts are first searched."""
        return build_lexical_index(self.documents)


def distinct_statements(tasks: pl.DataFrame) -> pl.DataFrame:
    """One row per task key, with every task id and occupation that shares it.

    Args:
        tasks: Rows of OnetTask.

    Returns:
        statement_task_id, task_key, task (wording of the lowest task id), task_ids, onet_soc_codes; sorted by task_key.
    """
    by_id = tasks.sort("task_key", pl.col("task_id").str.len_chars(), "task_id", "onet_soc_code")
    return (
        by_id.group_by("task_key", maintain_order=True)
        .agg(
            pl.col("statement_task_id").first(),
            pl.col("task").first(),
            pl.col("task_id").unique(maintain_order=True).alias("task_ids"),
            pl.col("onet_soc_code").unique().sort().alias("onet_soc_codes"),
        )
        .select(STATEMENT_COLUMNS)
    )


def build_task_index(release: Release, encoder: Encoder, *, seed: int, is_plain: bool = False) -> TaskIndex:
    """Encode the statements of a release, then fit and measure the embedded verifier on its links.

    Args:
        release: Release.
        encoder: Encoder; also encodes occupations, the titles of the detailed activities, the non-work texts and a part
            of the phrasebook.
        seed: Decides which activities are held out.
        is_plain: Without the reranker, as its training needs it.

    Returns:
        The index.

    Raises:
        ValueError: The release has no statement, or the encoder does not return unit vectors of its dimensions.
    """
    statements = distinct_statements(release.tasks)
    if statements.is_empty():
        raise ValueError("the release has no task statement to index")
    occupations = release.occupations
    own_vectors = encode_checked(encoder, statements["task"].to_list())
    vectors = context_vectors(
        statements,
        occupations["onet_soc_code"],
        own_vectors,
        encode_checked(encoder, occupations["title"].to_list()),
        encode_checked(encoder, occupations["description"].to_list()),
    )
    documents = statement_documents(statements, occupations, release.titles)
    lexical = build_lexical_index(documents)
    gold = activity_gold(statements, release.tasks, release.task_activities, release.activities, seed=seed)
    bank = bank_requests()
    bank_vectors = encode_checked(encoder, bank)
    hubs = hub_scores(vectors, bank_vectors, lexical=lexical.prepare_queries(bank))
    vector_hubs = hub_scores(vectors, bank_vectors)
    gold_vectors = encode_checked(encoder, gold.queries["title"].to_list())
    non_work = encode_checked(encoder, NON_WORK_TEXTS)
    non_work_words = lexical.prepare_queries(NON_WORK_TEXTS)
    candidates = retrieve_gold(vectors, gold_vectors, gold, lexical=lexical, hubs=hubs)
    calibration = fit_calibration(
        candidates,
        gold,
        default=DEFAULT_TEXT_LOGITS,
        accept_score=accept_score(rank_vectors(vectors, non_work, top=1, lexical=non_work_words, hubs=hubs)),
    )
    vector_calibration = fit_calibration(
        retrieve_gold(vectors, gold_vectors, gold, lexical=None, hubs=vector_hubs),
        gold,
        default=DEFAULT_VECTOR_LOGITS,
        accept_score=accept_score(rank_vectors(vectors, non_work, top=1, hubs=vector_hubs)),
    )
    index = TaskIndex(
        statements=statements,
        vectors=vectors,
        own_vectors=own_vectors,
        documents=tuple(documents),
        hub_scores=hubs,
        vector_hub_scores=vector_hubs,
        onet_version=release.version,
        release_digest=release.digest,
        encoder_name=encoder.name,
        seed=seed,
        calibration=calibration,
        vector_calibration=vector_calibration,
        evaluation=evaluate_verifier(CalibratedVerifier(calibration), candidates, gold),
    )
    if is_plain:
        return index
    split = activity_gold(statements, release.tasks, release.task_activities, release.activities, seed=SPLIT_SEED)
    return with_reranker(index, load_reranker(), split, gold_vectors)


def with_reranker(index: TaskIndex, model: Reranker, gold: Gold, title_vectors: NDArray[np.float32]) -> TaskIndex:
    """Measure a reranker beside retrieval alone, and take it into the index where it is better.

    Better is: its first choice is right more often, and its probabilities are no worse.

    Args:
        index: Index without one.
        model: Trained model.
        gold: Gold of the release, of which the held-out activities had no part in the training.
        title_vectors: Vectors of the titles of its activities.
    """
    titles = gold.queries["title"].to_list()
    lexical = index.lexical.prepare_queries(titles)
    found = rank_vectors(index.vectors, title_vectors, top=RERANK_DEPTH, lexical=lexical, hubs=index.hub_scores)
    alone = evaluate_verifier(CalibratedVerifier(index.calibration), found, gold)
    scored = rerank_candidates(model, index.pairs, titles, title_vectors, found)
    verifier = RerankVerifier(model, index.calibration.accept_score)
    measured = evaluate_verifier(verifier, scored, gold, depth=RERANK_DEPTH)
    is_better = (
        alone is not None
        and measured is not None
        and measured.hit_at_1_share > alone.hit_at_1_share
        and measured.brier <= alone.brier
    )
    return replace(index, reranker=model if is_better else None, alone_evaluation=alone, rerank_evaluation=measured)


def retrieve_gold(
    vectors: NDArray[np.float32],
    query_vectors: NDArray[np.float32],
    gold: Gold,
    *,
    lexical: LexicalIndex | None,
    hubs: NDArray[np.float64] | None = None,
) -> pl.DataFrame:
    """Candidates of every activity title, deep enough for `evaluate_verifier`."""
    words = None if lexical is None else lexical.prepare_queries(gold.queries["title"].to_list())
    return rank_vectors(vectors, query_vectors, top=evaluation_depth(gold), lexical=words, hubs=hubs)


def encode_checked(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Encode texts and check what the encoder promises.

    Args:
        encoder: Encoder.
        texts: Texts.

    Returns:
        Unit vectors, float32, shape (texts, dimensions).

    Raises:
        ValueError: The shape is wrong, a value is not finite, or a row is not of length 1.
    """
    if not texts:
        return np.zeros((0, encoder.dimensions), dtype=np.float32)
    vectors = np.ascontiguousarray(encoder.encode(texts), dtype=np.float32)
    if vectors.shape != (len(texts), encoder.dimensions):
        raise ValueError(f"expected vectors of shape {(len(texts), encoder.dimensions)}, found {vectors.shape}")
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=UNIT_TOLERANCE):
        raise ValueError(f"the encoder {encoder.name} returned vectors that are not of length 1")
    return vectors


def save_task_index(index: TaskIndex, path: Path) -> None:
    """Write an index as one Parquet file with its metadata, complete or not at all.

    Args:
        index: Index.
        path: File to write.
    """
    vectors = pl.Series("vector", index.vectors, dtype=pl.Array(pl.Float32, index.vectors.shape[1]))
    metadata = {
        "format": FORMAT,
        "onet_version": index.onet_version,
        "release_digest": index.release_digest,
        "encoder_name": index.encoder_name,
        "seed": str(index.seed),
        "calibration": json.dumps(asdict(index.calibration)),
        "vector_calibration": json.dumps(asdict(index.vector_calibration)),
        "evaluation": _as_json(index.evaluation),
        "reranker": _as_json(index.reranker),
        "alone_evaluation": _as_json(index.alone_evaluation),
        "rerank_evaluation": _as_json(index.rerank_evaluation),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".partial-{os.getpid()}")
    try:
        index.statements.with_columns(
            vectors,
            pl.Series("own_vector", index.own_vectors, dtype=vectors.dtype),
            pl.Series("document", index.documents),
            pl.Series("hub_score", index.hub_scores),
            pl.Series("vector_hub_score", index.vector_hub_scores),
        ).write_parquet(partial, metadata=metadata)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_task_index(path: Path, *, release_digest: str, encoder_name: str) -> TaskIndex:
    """Load an index and make sure that it belongs to this release and this encoder.

    Args:
        path: File that `save_task_index` wrote.
        release_digest: Digest of the release in use.
        encoder_name: Name of the encoder in use.

    Returns:
        The index.

    Raises:
        TaskIndexMismatchError: The file is no index of this format, or of another release or encoder.
    """
    remedy = "rebuild it with 'usage-index onet'"
    try:
        metadata = pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TaskIndexMismatchError(f"{path.name} is not a readable task index: {remedy}") from error
    for key, expected in {"format": FORMAT, "release_digest": release_digest, "encoder_name": encoder_name}.items():
        if metadata.get(key) != expected:
            raise TaskIndexMismatchError(
                f"task index {path.name} has {key} {metadata.get(key)!r} (O*NET {metadata.get('onet_version')}), "
                f"asked for {expected!r}: {remedy}"
            )
    table = pl.read_parquet(path)
    return TaskIndex(
        statements=table.select(STATEMENT_COLUMNS),
        vectors=np.ascontiguousarray(table["vector"].to_numpy(), dtype=np.float32),
        own_vectors=np.ascontiguousarray(table["own_vector"].to_numpy(), dtype=np.float32),
        documents=tuple(table["document"]),
        hub_scores=table["hub_score"].to_numpy(),
        vector_hub_scores=table["vector_hub_score"].to_numpy(),
        onet_version=metadata["onet_version"],
        release_digest=release_digest,
        encoder_name=encoder_name,
        seed=int(metadata["seed"]),
        calibration=_calibration(json.loads(metadata["calibration"])),
        vector_calibration=_calibration(json.loads(metadata["vector_calibration"])),
        evaluation=_evaluation(metadata["evaluation"]),
        reranker=None if metadata["reranker"] == "null" else read_reranker(metadata["reranker"]),
        alone_evaluation=_evaluation(metadata["alone_evaluation"]),
        rerank_evaluation=_evaluation(metadata["rerank_evaluation"]),
    )


def _as_json(value: Evaluation | Reranker | None) -> str:
    return json.dumps(None if value is None else asdict(value))


def _evaluation(text: str) -> Evaluation | None:
    fields = json.loads(text)
    return None if fields is None else Evaluation(**fields)


def _calibration(fields: dict[str, Any]) -> Calibration:
    return Calibration(**{**fields, "first": Logit(**fields["first"]), "other": Logit(**fields["other"])})
