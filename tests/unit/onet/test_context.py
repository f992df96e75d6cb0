import numpy as np
import polars as pl
import pytest

from onet.context import DESCRIPTION_WEIGHT, PEERS_WEIGHT, TITLE_WEIGHT, context_vectors
from onet.lexical import statement_documents

CODES = ["15-1252.00", "29-1223.00"]


def test_a_statement_is_mixed_with_the_mean_of_its_occupations() -> None:
    statements = pl.DataFrame({"onet_soc_codes": [[CODES[0]], CODES]})
    axes = np.eye(6, dtype=np.float32)
    mixed = context_vectors(statements, pl.Series(CODES), axes[:2], axes[2:4], axes[4:6])
    total = 1 + TITLE_WEIGHT + DESCRIPTION_WEIGHT + PEERS_WEIGHT
    both, one = PEERS_WEIGHT / np.sqrt(2), PEERS_WEIGHT
    expected = [
        [1 + both, both, TITLE_WEIGHT, 0, DESCRIPTION_WEIGHT, 0],
        [both / 2, 1 + (both + one) / 2, *[TITLE_WEIGHT / 2] * 2, *[DESCRIPTION_WEIGHT / 2] * 2],
    ]
    assert mixed.tolist() == pytest.approx(np.array(expected) / total, abs=1e-6)
    assert np.linalg.norm(mixed, axis=1).max() <= 1


def test_an_occupation_without_statements_changes_nothing() -> None:
    statements = pl.DataFrame({"onet_soc_codes": [[CODES[0]]]})
    axes = np.eye(3, dtype=np.float32)
    alone = context_vectors(statements, pl.Series(CODES[:1]), axes[:1], axes[1:2], axes[2:3])
    beside = context_vectors(statements, pl.Series(CODES), axes[:1], axes[[1, 1]], axes[[2, 2]])
    assert np.array_equal(alone, beside)


def test_a_document_holds_the_words_of_all_titles_once() -> None:
    statements = pl.DataFrame({"task": ["Write code."], "onet_soc_codes": [[CODES[0]]]})
    occupations = pl.DataFrame({"onet_soc_code": CODES, "title": ["Software Developers", "Psychiatrists"]})
    titles = pl.DataFrame({"onet_soc_code": [CODES[0]], "title": ["Software Coder"]})
    assert statement_documents(statements, occupations, titles) == ["Write code. coder developers software"]
