"""What the assets hand to the libraries, and what of the models' work is published."""

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder
from scripted_model import ScriptedModel

from clio_lite.embedding import with_request
from clio_lite.models import ModelUse, Question
from onet.model_verification import OptionQuestion
from pipelines.errors import PublicationRefusedError
from pipelines.mapping import index_embeddings, stacked_vectors
from pipelines.model_roles import PromptedChooser, cluster_texts, refuse_unlabelled, summed_use
from pipelines.publish.making import Making, making_tables

FAILURES = pl.DataFrame(
    {
        "conversation_id": [f"c{number}" for number in range(12)],
        "role": ["screen"] * 4 + ["facets"] * 8,
        "failure_reason": ["refused"] * 6 + ["bad_answer"] * 6,
    }
)


def test_more_failures_than_allowed_stop_publication_with_the_figures() -> None:
    refuse_unlabelled(FAILURES, 240, max_failure_share=0.05)
    refuse_unlabelled(FAILURES.clear(), 0, max_failure_share=0.0)
    with pytest.raises(PublicationRefusedError, match=r"12 \(6\.0%\).*: 6 bad_answer \(facets\), 4 refused") as error:
        refuse_unlabelled(FAILURES, 200, max_failure_share=0.05)
    assert error.value.exit_code == 5
    assert "c1" not in str(error.value)


def test_published_failures_are_rounded_counts_without_ids_and_the_use_of_all_steps_is_one_table() -> None:
    use = {name: 0 for name in ModelUse.column_names() if name.endswith("_count")} | {"cost_usd": 1.2345}
    key = {"role": "label", "provider": "openai", "model": "m", "prompt": "label", "prompt_version": "1"}
    row = pl.DataFrame(
        [key | use | {"question_count": 1234, "input_token_count": 123_456}], schema=ModelUse.create_empty().schema
    )
    tables = making_tables(Making(failures=FAILURES), vintage_id="v")
    assert tables["meta/labelling_failure"].select("role", "failure_reason", "conversation_count").rows() == [
        ("facets", "bad_answer", 5),
        ("facets", "refused", 5),
        ("screen", "refused", 5),
    ]
    (found,) = summed_use([row, row]).to_dicts()
    assert (found["question_count"], found["input_token_count"], found["cost_usd"]) == (2468, 246_912, 2.469)
    assert all(table.is_empty() for table in making_tables(Making(), vintage_id="v").values())


def test_a_model_chooses_by_number_and_a_number_beyond_the_options_is_no_answer() -> None:
    def rule(question: Question) -> dict[str, object] | str:
        return {"choice": 3} if "sort mail" in question.user else {"choice": 2}

    model = ScriptedModel(rule)
    chooser = PromptedChooser(model, {"sort mail": ("c1",)})
    asked = [OptionQuestion(f"k{n}", "task_choice", text, ("one", "two")) for n, text in enumerate(("sort mail", "x"))]
    assert chooser.choose(asked) == [None, 1]
    assert [question.subjects for question in model.asked] == [("c1",), ("k1",)]
    assert "1. one\n2. two" in model.asked[0].user
    assert chooser.prompt_version("task_choice").startswith("1-")


def test_a_cluster_is_verified_by_its_name_else_by_its_commonest_request() -> None:
    clusters = pl.DataFrame(
        {"cluster_id": ["a", "b"], "name": ["Sort mail", None], "description": ["It is mail.", None]}
    )
    members = pl.DataFrame(
        {"conversation_id": ["1", "2", "3", "4"], "cluster_level": [0] * 4, "cluster_id": ["a", "b", "b", "b"]}
    )
    facets = pl.DataFrame({"conversation_id": ["1", "2", "3", "4"], "request": ["q", "rare", "often", "often"]})
    texts, subjects = cluster_texts(["a", "b"], clusters, members, facets)
    assert texts == ["Sort mail. It is mail.", "often"]
    assert subjects == {"often": ("3", "4")}


def test_a_conversation_without_a_request_is_in_no_cluster() -> None:
    facets = pl.DataFrame({"is_occupational": [True, True, False], "request": ["x", "", "y"]})
    assert with_request(facets)["request"].to_list() == ["x"]


def test_requests_are_encoded_anew_only_where_the_index_has_another_encoder() -> None:
    encoder = WordEncoder(dimensions=4)
    dtype = pl.Array(pl.Float32, 4)
    embeddings = pl.DataFrame(
        {"conversation_id": ["b", "a"], "embedding": pl.Series(np.zeros((2, 4), dtype=np.float32), dtype=dtype)}
    )
    facets = pl.DataFrame({"conversation_id": ["a", "b"], "request": ["cut wood", "sew"]})
    assert index_embeddings(embeddings, facets, encoder, "words") is embeddings
    anew = index_embeddings(embeddings, facets, encoder, "another")
    assert anew["conversation_id"].to_list() == ["b", "a"]
    assert np.array_equal(stacked_vectors(anew), encoder.encode(["sew", "cut wood"]))
