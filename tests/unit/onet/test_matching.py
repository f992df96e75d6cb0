import polars as pl
import pytest
from onet_example import WordEncoder, small_files, write_text

from onet.grid import on_grid
from onet.index_building import build_task_index
from onet.matching import MATCH_COLUMNS, match_texts, match_vectors
from onet.release import load_release
from onet.task_index import TaskIndex
from onet.verification import CalibratedVerifier

ENCODER = WordEncoder(dimensions=256)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TaskIndex:
    return build_task_index(load_release(write_text(tmp_path_factory.mktemp("r"), small_files())), ENCODER, seed=0)


def match(index: TaskIndex, texts: pl.DataFrame, *, top: int = 3) -> pl.DataFrame:
    verifier = CalibratedVerifier(index.calibration)
    return match_texts(texts, index=index, encoder=ENCODER, verifier=verifier, top=top)


def test_a_text_finds_its_statement_with_all_ids_and_occupations(index: TaskIndex) -> None:
    rows = match(index, pl.DataFrame({"id": ["x"], "text": ["test program code"]}))
    assert tuple(rows.columns) == MATCH_COLUMNS
    first = rows.row(0, named=True)
    assert (first["id"], first["rank"], first["retrieval_rank"]) == ("x", 1, 1)
    assert (first["task_ids"], first["onet_soc_codes"]) == (["99", "100"], ["15-1252.00", "15-1299.08"])
    assert (first["verdict"], first["statement_task_id"]) == ("accepted", "99")
    assert first["verifier"] == f"calibrated-retrieval/default/{index.calibration.accept_score:.4g}"
    assert rows["rank"].to_list() == [1, 2, 3]


def test_a_text_like_no_statement_fits_none(index: TaskIndex) -> None:
    rows = match(index, pl.DataFrame({"id": ["x"], "text": ["sing me a lullaby"]}))
    assert rows["verdict"].cast(pl.String).to_list() == ["none_fits"] * 3


def test_vectors_without_texts_are_matched_and_judged_by_themselves(index: TaskIndex) -> None:
    verifier = CalibratedVerifier(index.vector_calibration)
    vectors = ENCODER.encode(["test program code"])
    rows = match_vectors(pl.Series("id", ["x"]), vectors, index=index, verifier=verifier, top=1)
    assert rows.select("task_key", "verdict").row(0) == ("test program code.", "accepted")
    gains = sum(bridge.prepare(None).block_scores(on_grid(vectors), 0) for bridge in index.bridges)
    scores = vectors @ index.vectors.T - index.vector_hub_scores + gains
    assert rows["match_score"][0] == pytest.approx(float(scores.max()), abs=1e-3)


def test_the_order_of_texts_does_not_change_the_matches(index: TaskIndex) -> None:
    texts = pl.DataFrame({"id": ["b", "a", "c"], "text": ["examine patients", "plan schedules", "design systems"]})
    assert match(index, texts).equals(match(index, texts.reverse()))


def test_no_texts_give_an_empty_table_of_the_same_columns(index: TaskIndex) -> None:
    rows = match(index, pl.DataFrame(schema={"id": pl.String, "text": pl.String}))
    full = match(index, pl.DataFrame({"id": ["x"], "text": ["plan"]}))
    assert rows.is_empty()
    assert rows.schema == full.schema


@pytest.mark.parametrize(
    ("ids", "texts", "message"),
    [
        (["a", "b"], ["plan", " "], "1 of 2 texts are blank"),
        (["a", "b"], ["plan", None], "1 of 2 texts are blank"),
        (["a", "a"], ["plan", "test"], "ids must be distinct"),
        (["a", None], ["plan", "test"], "ids must be distinct"),
    ],
)
def test_blank_texts_and_repeated_ids_are_refused(
    index: TaskIndex, ids: list[str | None], texts: list[str | None], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        match(index, pl.DataFrame({"id": ids, "text": texts}))


def test_an_encoder_other_than_the_indexs_is_refused(index: TaskIndex) -> None:
    with pytest.raises(ValueError, match="the index was built with words"):
        match_texts(
            pl.DataFrame({"id": ["a"], "text": ["plan"]}),
            index=index,
            encoder=WordEncoder(name="others", dimensions=256),
            verifier=CalibratedVerifier(index.calibration),
            top=1,
        )


def test_ids_and_vectors_must_be_as_many(index: TaskIndex) -> None:
    with pytest.raises(ValueError, match="one vector per id"):
        match_vectors(
            pl.Series("id", ["a"]),
            index.vectors[:2],
            index=index,
            verifier=CalibratedVerifier(index.calibration),
            top=1,
        )
