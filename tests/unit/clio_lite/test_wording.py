"""Words of the user's turns as numbers: forms of a word meet, rare words weigh more, unknown ones nothing."""

import numpy as np

from clio_lite.wording import Vocabulary, learn_vocabulary, wording


def test_words_come_with_their_neighbours_and_the_beginnings_of_long_ones():
    assert wording("Shorten it?") == {
        "shorten", "it", "?", "^ shorten", "shorten it", "it ?", "? $", "shor*",
    }  # fmt: skip
    assert wording("") == set()


def test_scripts_without_spaces_are_cut_into_pairs_of_letters():
    assert {"請解", "解釋"} <= wording("請解釋")


def test_words_that_one_conversation_alone_uses_are_not_kept():
    vocabulary = learn_vocabulary(["why so", "why not", ""])
    assert vocabulary == Vocabulary({"^ why": 2, "why": 2}, 3)


def test_rows_have_length_one_rare_words_weigh_more_and_unknown_words_nothing():
    vocabulary = Vocabulary({"common": 9, "rare": 2}, 10)
    matrix = vocabulary.matrix(["rare common", "other words", "common"]).toarray()
    assert np.allclose(np.linalg.norm(matrix, axis=1), [1, 0, 1])
    assert matrix[0, 1] > matrix[0, 0] > 0
    assert vocabulary.matrix([]).shape == (0, 2)
