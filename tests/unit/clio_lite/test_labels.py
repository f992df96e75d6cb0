"""Labels made of terms: which words are chosen, how they become a name, and in any language."""

import polars as pl
import pytest

from clio_lite.labels import Label, label_clusters, word_account_counts
from clio_lite.vocabulary import refused_words, word_uses

K = 3


def labels_of(
    requests: dict[str, list[str]],
    *,
    language: str | None = "en",
    cohesion: float = 0.6,
    accounts: list[str | None] | None = None,
) -> dict[str, Label]:
    """Label clusters whose n-th request comes from the n-th account."""
    rows = [
        (f"{name}-{number}", request, language, name, accounts[number] if accounts else f"{name}-{number}")
        for name, texts in requests.items()
        for number, request in enumerate(texts)
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "conversation_id": pl.String,
            "request": pl.String,
            "language": pl.String,
            "cluster_id": pl.String,
            "account_key": pl.String,
        },
        orient="row",
    )
    return label_clusters(word_uses(frame), frame, dict.fromkeys(requests, cohesion), min_accounts=K)


def test_a_name_is_a_verb_and_the_most_distinctive_objects() -> None:
    found = labels_of(
        {
            "a": [
                "Draft lesson plans for biology",
                "Draft lesson plans about biology",
                "Draft lesson plans on biology",
            ],
            "b": ["Debug the parser script", "Debug this parser script", "Debug a parser script"],
        }
    )
    assert found["a"].name == "Draft biology and lesson plans"
    assert found["b"].name == "Debug parser script"


def test_two_verbs_that_are_both_typical_open_the_name() -> None:
    found = labels_of(
        {"a": ["Draft the contract", "Revise a contract", "Draft my contract", "Revise the contract"] * 2}
    )
    assert found["a"].name == "Draft and revise contract"


def test_a_word_of_every_cluster_gives_way_to_one_of_its_own() -> None:
    common = ["Write a report on {}"] * 4
    found = labels_of({word: [text.format(word) for text in common] for word in ("geology", "botany", "optics")})
    assert [found[word].name for word in ("botany", "geology", "optics")] == [
        "Write botany and report",
        "Write geology and report",
        "Write optics and report",
    ]


def test_the_description_has_two_sentences_on_terms_and_breadth() -> None:
    requests = {"a": ["Draft lesson plans"] * K}
    texts = {breadth: labels_of(requests, cohesion=breadth)["a"].description for breadth in (0.9, 0.6, 0.2)}
    assert texts[0.9] == (
        "The requests typically ask to draft and commonly mention lesson plans. "
        "Their wording is closely similar across the cluster."
    )
    assert "moderately varied" in texts[0.6]
    assert "widely varied" in texts[0.2]


def test_a_public_verb_behind_stop_words_opens_the_name_too() -> None:
    assert labels_of({"a": ["Could you please translate the contract"] * K})["a"].name == "Translate contract"


def test_requests_without_a_verb_are_asked_about() -> None:
    assert labels_of({"a": ["What is the capital gains tax"] * K})["a"].name == "Ask about capital gains and tax"


def test_nothing_in_common_gets_a_general_name_of_public_words() -> None:
    label = labels_of({"a": ["Qwerty", "Asdfgh", "Zxcvbn"]})["a"]
    assert label.name == "Handle various requests"
    assert refused_words(f"{label.name}. {label.description}", {}, min_accounts=K) == []


def test_a_preposition_stands_where_the_verb_needs_one() -> None:
    assert labels_of({"a": ["Reply to the customer letter"] * K})["a"].name.startswith("Reply to customer letter")


def test_a_public_word_of_a_single_account_is_not_chosen() -> None:
    found = labels_of({"a": ["Draft the contract"] * K + ["Draft the divorce survey"]})
    assert "survey" not in found["a"].description


def test_words_of_conversations_without_an_account_are_not_chosen() -> None:
    assert labels_of({"a": ["Draft zebulonium"] * 5}, accounts=[None] * 5)["a"].name == "Handle various requests"


def test_a_given_name_is_not_chosen_however_many_used_it() -> None:
    label = labels_of({"a": ["Draft letters to Patricia"] * 20})["a"]
    assert "patricia" not in f"{label.name} {label.description}".lower()


@pytest.mark.parametrize("token", ["agent47", "bob@example.org", "[email]", "https://example.org/zebulonium", "4111"])
def test_tokens_that_never_may_be_published_are_not_words(token: str) -> None:
    label = labels_of({"a": [f"Draft letters about {token}"] * 20})["a"]
    assert label.name == "Draft letters"
    assert label.description.startswith("The requests typically ask to draft and commonly mention letters.")


def test_equal_names_are_told_apart_by_further_terms() -> None:
    requests = [*["Draft contract"] * 40, *["Draft survey"] * 2]
    found = labels_of({"a": requests, "b": requests})
    assert (found["a"].name, found["b"].name) == ("Draft contract", "Draft contract and survey")


def test_names_that_cannot_be_told_apart_stay_equal() -> None:
    found = labels_of({"a": ["Draft contract"] * K, "b": ["Draft contract"] * K})
    assert {label.name for label in found.values()} == {"Draft contract"}


@pytest.mark.parametrize(
    ("language", "request_text", "expected"),
    [
        ("es", "Redacta un contrato para el cliente", {"redacta", "contrato", "cliente"}),
        ("de", "Schreibe einen Vertrag über die Miete", {"schreibe", "vertrag", "miete"}),
        ("fr", "Rédige un contrat pour le client", {"rédige", "contrat", "client"}),
        ("ru", "Напиши договор для клиента", {"напиши", "договор", "клиента"}),
        ("hi", "अनुबंध लिखें", {"अनुबंध", "लिखें"}),
        ("ar", "اكتب عقد العمل", {"اكتب", "عقد", "العمل"}),
    ],
)
def test_labels_take_whatever_words_there_are(language: str, request_text: str, expected: set[str]) -> None:
    label = labels_of({"a": [request_text] * K}, language=language)["a"]
    text = f"{label.name} {label.description}".casefold()
    assert all(word in text for word in expected)


def test_chinese_is_cut_into_pairs_of_characters() -> None:
    found = labels_of({"a": ["翻译合同"] * K}, language="zh")["a"]
    assert "合同" in found.description


def test_accounts_are_counted_per_cluster_and_word() -> None:
    frame = pl.DataFrame(
        {
            "conversation_id": ["1", "2", "3"],
            "request": ["Draft draft letters", "Draft letters", "Draft"],
            "language": [None, None, None],
            "cluster_id": ["a", "a", "b"],
            "account_key": ["x", "x", None],
        },
        schema_overrides={"language": pl.String},
    )
    assert word_account_counts(word_uses(frame), frame) == {"a": {"draft": 1, "letters": 1}, "b": {}}
