"""The task index: the distinct task statements of a release, their vectors, the requests beside them, its calibration.

Building and measuring it is in `index_building`, searching it in `retrieval`, matching texts in `matching`.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.bridges import REQUEST_SCHEMA, Bridge
from onet.calibration import Calibration, Logit
from onet.errors import TaskIndexMismatchError
from onet.evaluation import Evaluation
from onet.index_form import index_form
from onet.lexical import LexicalIndex, build_lexical_index
from onet.verification import CalibratedVerifier

STATEMENT_COLUMNS: Final = ("statement_task_id", "task_key", "task", "task_ids", "onet_soc_codes")
REMEDY: Final = "rebuild it with 'usage-index onet'"
UNIT_TOLERANCE: Final = 1e-3
BRIDGES: Final = ("activity", "occupation")
CALIBRATIONS: Final = ("calibration", "vector_calibration")
EVALUATIONS: Final = ("evaluation", "request_evaluation", "further_evaluation", "occupation_evaluation")


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


@runtime_checkable
class ParallelEncoder(Encoder, Protocol):
    """An encoder whose texts in English fill the first numbers of a vector and whose other texts fill the rest.

    A document fills both, so that a text is compared with it by the encoder of its language.
    """

    @property
    def english_dimensions(self) -> int:
        """Numbers that texts in English fill."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode what is searched, shape (texts, dimensions): each part of length 1, or 0 if it cannot read it."""
        ...


@dataclass(frozen=True)
class TaskIndex:
    """Statements (statement_task_id, task_key, task, task_ids, onet_soc_codes; sorted by key), ready to be searched.

    Attributes:
        statements: As above.
        english_dimensions: Numbers of a vector that texts in English fill.
        vectors: Each statement mixed with its occupations (`context`), no part of it longer than 1.
        documents: Each statement with the words of its occupations' titles.
        hub_scores: What each statement loses in searches with texts (`hubs`).
        vector_hub_scores: The same in searches by vectors alone.
        activity_bridge: Requests of activities; none where the release has other activities than the phrasebook.
        occupation_bridge: Requests of occupations.
        onet_version: Version of the release.
        release_digest: Digest of the release.
        encoder_name: Encoder of all vectors.
        seed: Seed of the split.
        calibration: Of searches with texts.
        vector_calibration: Of searches by vectors alone.
        evaluation: Retrieval of titles of held-out activities without bridges, which may know these; None where the
            release links too few.
        request_evaluation: Retrieval of requests of held-out activities as it is used, what their writers wrote left
            out; None without an activity bridge.
        further_evaluation: The same for requests in other languages than English; None without a part for these.
        occupation_evaluation: The same for requests from occupations; right is any statement of the occupation.
    """

    statements: pl.DataFrame
    english_dimensions: int
    vectors: NDArray[np.float32]
    documents: tuple[str, ...]
    hub_scores: NDArray[np.float64]
    vector_hub_scores: NDArray[np.float64]
    activity_bridge: Bridge
    occupation_bridge: Bridge
    onet_version: str
    release_digest: str
    encoder_name: str
    seed: int
    calibration: Calibration
    vector_calibration: Calibration
    evaluation: Evaluation | None
    request_evaluation: Evaluation | None
    further_evaluation: Evaluation | None
    occupation_evaluation: Evaluation | None

    @property
    def text_verifier(self) -> CalibratedVerifier:
        """The embedded verifier of searches with texts."""
        return CalibratedVerifier(self.calibration)

    @property
    def bridges(self) -> tuple[Bridge, ...]:
        """What searches use beside the statements."""
        return self.activity_bridge, self.occupation_bridge

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


def document_parts(encoder: Encoder, texts: Sequence[str]) -> list[NDArray[np.float32]]:
    """Encode texts that are searched, and check what the encoder promises.

    Args:
        encoder: Encoder.
        texts: Texts.

    Returns:
        Vectors of each part of the encoder's space, shape (texts, dimensions of the part); side by side they have its
        dimensions. An encoder that is not a `ParallelEncoder` has one part.

    Raises:
        ValueError: The shape is wrong, a value is not finite, or a part is neither of length 1 nor 0.
    """
    if not isinstance(encoder, ParallelEncoder):
        return [encode_checked(encoder, texts)]
    whole = np.ascontiguousarray(encoder.encode_documents(texts), dtype=np.float32)
    if whole.shape != (len(texts), encoder.dimensions):
        raise ValueError(f"expected vectors of shape {(len(texts), encoder.dimensions)}, found {whole.shape}")
    parts = np.split(whole, [encoder.english_dimensions], axis=1)
    for part in parts:
        lengths = np.linalg.norm(part, axis=1)
        if not np.all((np.abs(lengths - 1) <= UNIT_TOLERANCE) | (lengths == 0)):
            raise ValueError(f"the encoder {encoder.name} returned vectors that are not of length 1")
    return parts


def save_task_index(index: TaskIndex, path: Path) -> None:
    """Write an index as one Parquet file, and its requests as another with the same metadata; complete or not at all.

    Args:
        index: Index.
        path: File to write; the requests lie beside it (`bridge_path`).
    """
    dtype = pl.Array(pl.Float32, index.vectors.shape[1])
    metadata = {
        "form": index_form(),
        "onet_version": index.onet_version,
        "release_digest": index.release_digest,
        "encoder_name": index.encoder_name,
        "seed": str(index.seed),
        "english_dimensions": str(index.english_dimensions),
        **{name: _as_json(getattr(index, name)) for name in (*CALIBRATIONS, *EVALUATIONS)},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    requests = pl.concat(
        bridge.requests.with_columns(vector=pl.Series(bridge.vectors, dtype=dtype), kind=pl.lit(kind))
        for kind, bridge in zip(BRIDGES, index.bridges, strict=True)
    )
    _write_whole(requests, bridge_path(path), metadata)
    statements = index.statements.with_columns(
        pl.Series("vector", index.vectors, dtype=dtype),
        pl.Series("document", index.documents),
        pl.Series("hub_score", index.hub_scores),
        pl.Series("vector_hub_score", index.vector_hub_scores),
        pl.Series("dwa_ids", index.activity_bridge.statement_owners, dtype=pl.List(pl.String)),
    )
    _write_whole(statements, path, metadata)


def bridge_path(path: Path) -> Path:
    """File of the requests of the index in `path`."""
    return path.with_name(f"{path.stem}-requests{path.suffix}")


def _write_whole(table: pl.DataFrame, path: Path, metadata: dict[str, str]) -> None:
    partial = path.with_suffix(f".partial-{os.getpid()}")
    try:
        table.write_parquet(partial, metadata=metadata)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def index_metadata(path: Path, *, release_digest: str, encoder_name: str) -> dict[str, str]:
    """What stands beside the tables of an index, which must be of this form, release and encoder.

    Args:
        path: File that `save_task_index` wrote.
        release_digest: Digest of the release in use.
        encoder_name: Name of the encoder in use.

    Raises:
        TaskIndexMismatchError: A file is no part of an index of this form (layout, requests and weights), or of another
            release or encoder, or the requests are those of another index.
    """
    metadata = _metadata(path)
    for key, expected in {"form": index_form(), "release_digest": release_digest, "encoder_name": encoder_name}.items():
        if metadata.get(key) != expected:
            raise TaskIndexMismatchError(
                f"task index {path.name} has {key} {metadata.get(key)!r} (O*NET {metadata.get('onet_version')}), "
                f"asked for {expected!r}: {REMEDY}"
            )
    requests_path = bridge_path(path)
    of_requests = _metadata(requests_path)
    if of_requests != metadata:
        raise TaskIndexMismatchError(
            f"expected the requests of {path.name} in {requests_path.name}, found those of an index with form "
            f"{of_requests.get('form')!r}, release {of_requests.get('release_digest')!r}, encoder "
            f"{of_requests.get('encoder_name')!r} and other measures: {REMEDY}"
        )
    return metadata


def load_task_index(path: Path, *, release_digest: str, encoder_name: str) -> TaskIndex:
    """Load an index and make sure that it belongs to this release, this encoder and this code.

    Args:
        path: File that `save_task_index` wrote.
        release_digest: Digest of the release in use.
        encoder_name: Name of the encoder in use.

    Returns:
        The index.

    Raises:
        TaskIndexMismatchError: See `index_metadata`.
    """
    metadata = index_metadata(path, release_digest=release_digest, encoder_name=encoder_name)
    table, requests = pl.read_parquet(path), pl.read_parquet(bridge_path(path))
    return TaskIndex(
        statements=table.select(STATEMENT_COLUMNS),
        vectors=_vectors(table),
        documents=tuple(table["document"]),
        hub_scores=table["hub_score"].to_numpy(),
        vector_hub_scores=table["vector_hub_score"].to_numpy(),
        activity_bridge=_stored_bridge(requests, "activity", table["dwa_ids"]),
        occupation_bridge=_stored_bridge(requests, "occupation", table["onet_soc_codes"]),
        onet_version=metadata["onet_version"],
        release_digest=release_digest,
        encoder_name=encoder_name,
        seed=int(metadata["seed"]),
        english_dimensions=int(metadata["english_dimensions"]),
        calibration=_calibration(json.loads(metadata["calibration"])),
        vector_calibration=_calibration(json.loads(metadata["vector_calibration"])),
        evaluation=_evaluation(metadata["evaluation"]),
        request_evaluation=_evaluation(metadata["request_evaluation"]),
        further_evaluation=_evaluation(metadata["further_evaluation"]),
        occupation_evaluation=_evaluation(metadata["occupation_evaluation"]),
    )


def _metadata(path: Path) -> dict[str, str]:
    """What `save_task_index` wrote beside a table."""
    try:
        return {key: value for key, value in pl.read_parquet_metadata(path).items() if key != "ARROW:schema"}
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TaskIndexMismatchError(f"{path.name} is not a readable part of a task index: {REMEDY}") from error


def _vectors(table: pl.DataFrame) -> NDArray[np.float32]:
    return np.ascontiguousarray(table["vector"].to_numpy(), dtype=np.float32)


def _stored_bridge(requests: pl.DataFrame, kind: str, owners: pl.Series) -> Bridge:
    chosen = requests.filter(pl.col("kind") == kind)
    return Bridge(chosen.select(list(REQUEST_SCHEMA)), _vectors(chosen), owners.to_list())


def _as_json(value: Calibration | Evaluation | None) -> str:
    return json.dumps(None if value is None else asdict(value))


def _evaluation(text: str) -> Evaluation | None:
    fields = json.loads(text)
    return None if fields is None else Evaluation(**fields)


def _calibration(fields: dict[str, Any]) -> Calibration:
    parts = {name: Logit(**fields[name]) for name in ("first", "other")}
    further = None if fields["further"] is None else _calibration(fields["further"])
    return Calibration(**{**fields, **parts, "further": further})
