from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder, large_files, small_files, write_text

from onet.calibration import DEFAULT_TEXT_LOGITS, DEFAULT_VECTOR_LOGITS
from onet.errors import TaskIndexMismatchError
from onet.index_building import build_task_index
from onet.index_form import LAYOUT, NUMBERS, form_digest, index_form
from onet.phrasebook import request_files
from onet.release import Release, load_release
from onet.task_index import bridge_path, encode_checked, load_task_index, save_task_index
from pipelines.release_tables import ensure_task_index, task_index_path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return load_release(write_text(tmp_path_factory.mktemp("small"), small_files()))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return load_release(write_text(tmp_path_factory.mktemp("large"), large_files()))


class OneVector:
    """Encoder that answers with a fixed array, whatever it is asked."""

    name = "fixed"
    dimensions = 2

    def __init__(self, answer: list[list[float]]) -> None:
        self.answer = np.array(answer, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.answer


def test_a_shared_statement_is_indexed_once_with_all_its_tasks_and_occupations(small: Release) -> None:
    statements = build_task_index(small, WordEncoder(), seed=0).statements
    assert statements.height == 6
    assert statements["task_key"].is_sorted()
    shared = statements.row(by_predicate=pl.col("task_key") == "test program code.", named=True)
    assert shared == {
        "statement_task_id": "99",
        "task_key": "test program code.",
        "task": "Test  Program Code.",
        "task_ids": ["99", "100"],
        "onet_soc_codes": ["15-1252.00", "15-1299.08"],
    }


def test_a_small_catalogue_takes_the_default_calibration_and_says_so(small: Release) -> None:
    index = build_task_index(small, WordEncoder(), seed=0)
    for calibration, logits in (
        (index.calibration, DEFAULT_TEXT_LOGITS),
        (index.vector_calibration, DEFAULT_VECTOR_LOGITS),
    ):
        assert calibration.basis == "default"
        assert (calibration.first, calibration.other) == logits


def test_a_release_without_links_has_no_evaluation(tmp_path: Path) -> None:
    files = small_files()
    files["Tasks to DWAs"] = (files["Tasks to DWAs"][0], [])
    index = build_task_index(load_release(write_text(tmp_path / "r", files)), WordEncoder(), seed=0)
    assert index.evaluation is None
    assert index.calibration.basis == "default"


def test_a_release_without_statements_cannot_be_indexed(tmp_path: Path) -> None:
    files = small_files()
    for name in ("Task Statements", "Tasks to DWAs"):
        files[name] = (files[name][0], [])
    with pytest.raises(ValueError, match="no task statement"):
        build_task_index(load_release(write_text(tmp_path / "r", files)), WordEncoder(), seed=0)


def test_building_twice_gives_the_same_index(large: Release) -> None:
    one, other = (build_task_index(large, WordEncoder(), seed=3) for _ in range(2))
    assert one.statements.equals(other.statements)
    assert np.array_equal(one.vectors, other.vectors)
    assert (one.calibration, one.vector_calibration) == (other.calibration, other.vector_calibration)
    assert one.evaluation == other.evaluation


def test_a_stored_index_comes_back_as_it_was(large: Release, small: Release, tmp_path: Path) -> None:
    for release in (large, small):
        index = build_task_index(release, WordEncoder(), seed=3)
        save_task_index(index, tmp_path / "deep" / "index.parquet")
        loaded = load_task_index(
            tmp_path / "deep" / "index.parquet", release_digest=release.digest, encoder_name="words"
        )
        assert loaded.statements.equals(index.statements)
        assert np.array_equal(loaded.vectors, index.vectors)
        assert np.array_equal(loaded.hub_scores, index.hub_scores)
        assert np.array_equal(loaded.vector_hub_scores, index.vector_hub_scores)
        assert (loaded.calibration, loaded.evaluation) == (index.calibration, index.evaluation)
        assert (loaded.documents, loaded.vector_calibration) == (index.documents, index.vector_calibration)
        assert (loaded.seed, loaded.onet_version) == (3, "29.1")
        for ours, theirs in zip(loaded.bridges, index.bridges, strict=True):
            assert ours.requests.equals(theirs.requests)
            assert np.array_equal(ours.vectors, theirs.vectors)
            assert ours.statement_owners == theirs.statement_owners
    assert sorted(file.name for file in (tmp_path / "deep").iterdir()) == ["index-requests.parquet", "index.parquet"]


@pytest.mark.parametrize(
    ("digest", "encoder", "message"),
    [("another", "words", "has release_digest"), (None, "other words", "has encoder_name 'words'")],
)
def test_an_index_of_another_release_or_encoder_is_refused(
    small: Release, tmp_path: Path, digest: str | None, encoder: str, message: str
) -> None:
    save_task_index(build_task_index(small, WordEncoder(), seed=0), tmp_path / "index.parquet")
    with pytest.raises(TaskIndexMismatchError, match=f"{message}.*rebuild it with 'usage-index onet'"):
        load_task_index(tmp_path / "index.parquet", release_digest=digest or small.digest, encoder_name=encoder)


def test_an_index_of_older_code_is_refused(small: Release, tmp_path: Path) -> None:
    small.tasks.write_parquet(tmp_path / "index.parquet", metadata={"form": "onet-task-index-1"})
    with pytest.raises(TaskIndexMismatchError, match=r"has form 'onet-task-index-1'.*rebuild it"):
        load_task_index(tmp_path / "index.parquet", release_digest=small.digest, encoder_name="words")


def test_a_file_that_is_no_index_is_refused(small: Release, tmp_path: Path) -> None:
    path = tmp_path / "index.parquet"
    for content in (None, b"junk"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(TaskIndexMismatchError, match="not a readable part of a task index"):
            load_task_index(path, release_digest=small.digest, encoder_name="words")
    small.tasks.write_parquet(path)
    with pytest.raises(TaskIndexMismatchError, match="has form None"):
        load_task_index(path, release_digest=small.digest, encoder_name="words")


def test_a_form_is_another_after_any_edit_of_requests_or_weights() -> None:
    digests = {
        form_digest(requests, numbers)
        for requests, numbers in (
            ([b"a", b"b"], {"weight": 0.5}),
            ([b"a.", b"b"], {"weight": 0.5}),
            ([b"a", b"b."], {"weight": 0.5}),
            ([b"ab", b""], {"weight": 0.5}),
            ([b"a", b"b"], {"weight": 0.4}),
        )
    }
    assert len(digests) == 5
    assert index_form() == f"{LAYOUT}-{form_digest(request_files(), NUMBERS)}"


def restamped(path: Path, **changed: str) -> None:
    """Write a file of an index again with other metadata."""
    metadata = {key: value for key, value in pl.read_parquet_metadata(path).items() if key != "ARROW:schema"}
    pl.read_parquet(path).write_parquet(path, metadata=metadata | changed)


@pytest.mark.parametrize(
    ("names", "changed", "message"),
    [
        (
            ("index.parquet", "index-requests.parquet"),
            {"form": "other"},
            f"has form 'other'.*asked for '{index_form()}'",
        ),
        (("index-requests.parquet",), {"form": "other"}, "expected the requests of index.parquet.*form 'other'"),
        (("index-requests.parquet",), {"calibration": "{}"}, "expected the requests of index.parquet.*other measures"),
        (("index-requests.parquet",), None, "index-requests.parquet is not a readable part"),
    ],
)
def test_an_index_of_other_requests_is_refused_and_built_anew(
    small: Release, tmp_path: Path, names: tuple[str, ...], changed: dict[str, str] | None, message: str
) -> None:
    path = tmp_path / "index.parquet"
    save_task_index(build_task_index(small, WordEncoder(), seed=0), path)
    for name in names:
        (tmp_path / name).unlink() if changed is None else restamped(tmp_path / name, **changed)
    with pytest.raises(TaskIndexMismatchError, match=f"{message}.*rebuild it with 'usage-index onet'"):
        load_task_index(path, release_digest=small.digest, encoder_name="words")
    folder = tmp_path / "cache"
    stored = task_index_path(folder, small.digest, "words")
    assert index_form() in stored.name
    folder.mkdir()
    for name, place in (("index.parquet", stored), ("index-requests.parquet", bridge_path(stored))):
        if (tmp_path / name).is_file():
            (tmp_path / name).rename(place)
    assert ensure_task_index(small, WordEncoder(), folder, seed=0).statements.height == 6
    load_task_index(stored, release_digest=small.digest, encoder_name="words")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([[1, 0], [0, 1]], "expected vectors of shape"),
        ([[3, 4]], "not of length 1"),
        ([[np.nan, 1]], "not of length 1"),
    ],
)
def test_an_encoder_that_breaks_its_promise_is_refused(answer: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_checked(OneVector(answer), ["one text"])
