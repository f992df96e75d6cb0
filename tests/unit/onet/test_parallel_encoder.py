"""Texts in English and in other languages fill parts of a vector of their own; documents fill both."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder, small_files, write_text

from onet.bridges import FURTHER_WEIGHT, REQUEST_SCHEMA, Bridge
from onet.grid import grid_products, on_grid
from onet.index_building import build_task_index
from onet.release import Release, load_release
from onet.retrieval import retrieve_tasks
from onet.task_index import document_parts

FOREIGN = "xx "


class ParallelWords(WordEncoder):
    """Words hashed into the first 64 numbers, or into the last 32 where the text begins like another language."""

    english_dimensions = 64

    def __init__(self) -> None:
        super().__init__("parallel", 96)
        self.english, self.other = WordEncoder(dimensions=64), WordEncoder(dimensions=32)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        is_foreign = np.array([text.startswith(FOREIGN) for text in texts], dtype=bool)[:, None]
        bare = [text.removeprefix(FOREIGN) for text in texts]
        return np.hstack([~is_foreign * self.english.encode(bare), is_foreign * self.other.encode(bare)])

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        vectors = self.encode(texts)
        vectors[:, 64:] = self.other.encode([text.removeprefix(FOREIGN) for text in texts])
        return vectors


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return load_release(write_text(tmp_path_factory.mktemp("release") / "db", small_files()))


def test_a_text_in_another_language_finds_its_statement_whatever_is_asked_beside_it(release: Release) -> None:
    encoder = ParallelWords()
    index = build_task_index(release, encoder, seed=0)
    texts = [f"{FOREIGN}examine patients.", "Write program code.", f"{FOREIGN}plan project schedules."]
    vectors = encoder.encode(texts)
    found = retrieve_tasks(index, vectors, top=1, texts=texts)
    tasks = index.statements["task"].gather(found["statement_number"].to_list()).to_list()
    assert tasks == ["Examine patients.", "Write program code.", "Plan project schedules."]
    for number in range(3):
        alone = retrieve_tasks(index, vectors[[number]], top=1, texts=[texts[number]])
        assert alone["retrieval_score"].item() == found["retrieval_score"][number]


def test_documents_of_parallel_encoders_are_checked_part_by_part() -> None:
    encoder = ParallelWords()
    english, other = document_parts(encoder, ["one text", f"{FOREIGN}another"])
    assert (english.shape, other.shape) == ((2, 64), (2, 32))
    assert np.linalg.norm(english, axis=1).tolist() == pytest.approx([1, 0])
    encoder.other = WordEncoder(dimensions=31)
    with pytest.raises(ValueError, match=r"\(1, 96\)"):
        document_parts(encoder, ["one text"])

    class Long(ParallelWords):
        def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
            return 2 * super().encode_documents(texts)

    with pytest.raises(ValueError, match="not of length 1"):
        document_parts(Long(), ["one text"])


def test_a_request_of_a_bridge_is_asked_by_the_vector_that_the_encoder_gives_it() -> None:
    encoder, asked = ParallelWords(), ["mend a pump", f"{FOREIGN}mend a pump"]
    english, other = document_parts(encoder, asked)
    requests = pl.DataFrame([("pump", "h", text) for text in asked], schema=REQUEST_SCHEMA, orient="row")
    bridge = Bridge(requests, np.hstack([english, np.float32(FURTHER_WEIGHT) * other]), [["pump"]])
    before = bridge.vectors.copy()
    found = bridge.queries(np.array([1, 0]), english_dimensions=encoder.english_dimensions)
    assert np.array_equal(found, encoder.encode(asked).astype(np.float32)[::-1])
    assert np.array_equal(bridge.vectors, before)


def test_numbers_that_no_query_has_change_no_product() -> None:
    rng = np.random.default_rng(0)
    queries, targets = (on_grid(rng.uniform(-0.2, 0.2, size=(rows, 12))) for rows in (4, 9))
    queries[:, :5], queries[:, 10:] = 0, 0
    assert np.array_equal(grid_products(queries, targets), queries @ targets.T)
    assert not grid_products(np.zeros_like(queries), targets).any()
