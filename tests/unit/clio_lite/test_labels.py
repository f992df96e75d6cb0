"""Labels made of terms: which words are chosen, how they become a name, and in any language."""

import polars as pl
import pytest

from clio_lite.labels import label_clusters, word_account_counts
from clio_lite.naming import Label
from clio_lite.vocabulary import public_vocabulary, refused_words, split_words, word_uses

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


def labels_in(requests: dict[str, list[str]]) -> dict[str, Label]:
    """Label one cluster of requests in several languages."""
    rows = [
        (f"{language}-{number}", request, language, "a", f"{language}-{number}")
        for language, texts in requests.items()
        for number, request in enumerate(texts)
    ]
    names = ["conversation_id", "request", "language", "cluster_id", "account_key"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return label_clusters(word_uses(frame), frame, {"a": 0.6}, min_accounts=K)


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
    assert found["a"].name == "Draft lesson plans about biology"
    assert found["b"].name == "Debug parser scripts"


def test_two_verbs_that_are_both_typical_open_the_name() -> None:
    found = labels_of(
        {"a": ["Draft the contract", "Revise a contract", "Draft my contract", "Revise the contract"] * 2}
    )
    assert found["a"].name == "Draft and revise contracts"


def test_a_word_of_every_cluster_gives_way_to_one_of_its_own() -> None:
    common = ["Write a report on {}"] * 4
    found = labels_of({word: [text.format(word) for text in common] for word in ("geology", "botany", "optics")})
    assert [found[word].name for word in ("botany", "geology", "optics")] == [
        "Write reports on botany",
        "Write reports on geology",
        "Write reports on optics",
    ]


def test_the_description_has_two_sentences_on_terms_and_breadth() -> None:
    requests = {"a": ["Draft lesson plans"] * K}
    texts = {breadth: labels_of(requests, cohesion=breadth)["a"].description for breadth in (0.9, 0.6, 0.2)}
    assert texts[0.9] == (
        "The requests mostly ask to draft and often mention lesson plans. "
        "Their wording is closely similar across the cluster."
    )
    assert "moderately varied" in texts[0.6]
    assert "widely varied" in texts[0.2]


def test_a_public_verb_behind_stop_words_opens_the_name_too() -> None:
    assert labels_of({"a": ["Could you please translate the contract"] * K})["a"].name == "Translate contracts"


def test_requests_without_a_verb_are_asked_about() -> None:
    assert labels_of({"a": ["What is the capital gains tax"] * K})["a"].name == "Ask about capital gains tax"


def test_nothing_in_common_gets_a_general_name_of_public_words() -> None:
    label = labels_of({"a": ["Qwerty", "Asdfgh", "Zxcvbn"]})["a"]
    assert label.name == "Various requests"
    assert refused_words(f"{label.name}. {label.description}", {}, min_accounts=K) == []


def test_a_preposition_stands_where_the_verb_needs_one() -> None:
    assert labels_of({"a": ["Reply to the customer letter"] * K})["a"].name.startswith("Reply to customer letters")


def test_a_public_word_of_a_single_account_is_not_chosen() -> None:
    found = labels_of({"a": ["Draft the contract"] * K + ["Draft the divorce survey"]})
    assert "survey" not in found["a"].description


def test_words_of_conversations_without_an_account_are_not_chosen() -> None:
    assert labels_of({"a": ["Draft zebulonium"] * 5}, accounts=[None] * 5)["a"].name == "Various requests"


def test_a_given_name_is_not_chosen_however_many_used_it() -> None:
    label = labels_of({"a": ["Draft letters to Patricia"] * 20})["a"]
    assert "patricia" not in f"{label.name} {label.description}".lower()


@pytest.mark.parametrize("token", ["agent47", "bob@example.org", "[email]", "https://example.org/zebulonium", "4111"])
def test_tokens_that_never_may_be_published_are_not_words(token: str) -> None:
    label = labels_of({"a": [f"Draft letters about {token}"] * 20})["a"]
    assert label.name == "Draft letters"
    assert label.description.startswith("The requests mostly ask to draft and often mention letters.")


def test_equal_names_are_told_apart_by_further_terms() -> None:
    requests = [*["Draft contract"] * 40, *["Draft survey"] * 2]
    found = labels_of({"a": requests, "b": requests})
    assert (found["a"].name, found["b"].name) == ("Draft contracts", "Draft contracts and surveys")


def test_a_name_that_no_term_can_tell_apart_says_that_it_is_related_and_then_stays_equal() -> None:
    found = labels_of({name: ["Draft contract"] * K for name in ("a", "b", "c")})
    assert [found[name].name for name in ("a", "b", "c")] == [
        "Draft contracts",
        "Draft contracts and related requests",
        "Draft contracts and related requests",
    ]


def test_a_second_object_keeps_the_preposition_that_its_users_wrote() -> None:
    assert labels_of({"a": ["Write a parser with retries"] * K})["a"].name == "Write a parser with retries"


def test_nouns_of_an_aside_behind_the_request_are_not_chosen() -> None:
    label = labels_of({"a": ["Draft a contract, my boss wants a zebra"] * K})["a"]
    assert label.name == "Draft contracts"
    assert "zebra" not in label.description


def test_adverbs_adjectives_and_forms_of_verbs_are_no_objects() -> None:
    found = labels_of({"a": ["Review this critically"] * K, "b": ["Make it careful and joyful before seeing"] * K})
    assert found["a"].name == "Various requests to review"
    assert found["b"].name == "Various requests to make"


def test_a_frame_of_the_request_facet_is_nobodys_verb() -> None:
    assert labels_of({"a": ["Respond to: the capital gains tax"] * K})["a"].name == "Ask about capital gains tax"
    assert labels_of({"a": ["Respond to: We have to choose a lawyer"] * K})["a"].name == "Choose a lawyer"


def test_the_programming_language_go_is_a_word() -> None:
    assert labels_of({"a": ["Write a Go function"] * 2 * K})["a"].name == "Write Go functions"


def test_a_capital_needs_twice_the_accounts_that_the_auditor_asks_for() -> None:
    names = {count: labels_of({"a": ["Debug the Python parser"] * count})["a"].name for count in (K, 2 * K)}
    assert names == {K: "Debug python parser", 2 * K: "Debug Python parser"}


def test_words_come_from_the_main_language_alone() -> None:
    mixed = {"es": ["Redacta un contrato para el cliente"] * 5, "fr": ["Traduis la lettre commerciale"] * 4}
    label = labels_in(mixed)["a"]
    assert label.name == "Write contrato and cliente (Spanish)"
    assert "lettre" not in label.description
    assert "mostly in Spanish" in label.description


def test_a_cluster_without_a_main_language_is_named_by_its_languages() -> None:
    mixed = {
        "es": ["Redacta un contrato"] * 4,
        "fr": ["Rédige un contrat"] * 4,
        "de": ["Schreibe einen Vertrag"] * 2,
    }
    label = labels_in(mixed)["a"]
    assert label.name == "Various requests in Spanish and French to write"
    assert "in Spanish and French" in label.description


def test_a_language_of_too_few_accounts_is_not_said() -> None:
    label = labels_of({"a": ["Redacta un contrato"] * (K - 1)}, language="es")["a"]
    assert "Spanish" not in f"{label.name} {label.description}"


def test_an_upper_level_is_named_from_what_its_parts_share() -> None:
    rows = [
        (f"{part}{number}", f"Draft a contract on {topic}", "en", "top", f"{part}{number}", part)
        for part, topic in (("x", "geology"), ("y", "optics"))
        for number in range(2 * K)
    ]
    rows += [(f"z{number}", "Plan the garden", "en", "other", f"z{number}", "z") for number in range(K)]
    names = ["conversation_id", "request", "language", "cluster_id", "account_key", "part_id"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    found = label_clusters(word_uses(frame), frame, {"top": 0.5}, min_accounts=K)
    assert found["top"].name.startswith("Draft contracts")


def test_a_name_beside_a_near_duplicate_takes_a_further_term() -> None:
    requests = [*["Draft a contract"] * 6, *["Draft a survey"] * 4]
    alone = labels_of({"a": requests})["a"].name
    rows = [(f"a{number}", text, "en", "a", f"a{number}") for number, text in enumerate(requests)]
    names = ["conversation_id", "request", "language", "cluster_id", "account_key"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    taken = {"parent": f"{alone}"}
    found = label_clusters(
        word_uses(frame), frame, {"a": 0.5}, min_accounts=K, neighbours={"a": ["parent"]}, taken=taken
    )
    assert found["a"].name != alone
    assert found["a"].name.startswith("Draft")


@pytest.mark.parametrize(
    ("language", "request_text", "expected"),
    [
        ("es", "Redacta un contrato para el cliente", "Write contrato and cliente (Spanish)"),
        ("de", "Schreibe einen Vertrag über die Miete", "Write vertrag and miete (German)"),
        ("fr", "Rédige une lettre commerciale", "Write lettre commerciale (French)"),
        ("ru", "Напиши договор для клиента", "Write договор and клиента (Russian)"),
        ("hi", "अनुबंध लिखें", "Work on"),
        ("ar", "اكتب عقد العمل", "Work on"),
    ],
)
def test_another_language_lends_its_nouns_to_an_english_verb(language: str, request_text: str, expected: str) -> None:
    label = labels_of({"a": [request_text] * K}, language=language)["a"]
    assert label.name.startswith(expected)
    assert f"mostly in {public_vocabulary().languages[language]}" in label.description
    counts = dict.fromkeys(split_words(request_text), K)
    assert refused_words(f"{label.name}. {label.description}", counts, min_accounts=K) == []


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


def test_a_cluster_that_no_object_stands_for_says_various_and_gives_examples() -> None:
    objects = ("invoices", "recipes", "contracts", "poems", "budgets", "letters", "essays", "maps")
    found = labels_of({"a": [f"{verb} {noun}" for noun in objects for verb in ("Write", "Review", "Write")]})
    assert found["a"].name.startswith("Write and review various topics, such as ")
    assert refused_words(found["a"].name, dict.fromkeys(objects, K), min_accounts=K) == []
    narrow = labels_of({"a": ["Write invoices"] * 3 + [f"Review {noun}" for noun in objects]})
    assert "invoices" in narrow["a"].name
    assert "various" not in narrow["a"].name


@pytest.mark.parametrize("verb", ["Break", "Walk", "Figure"])
def test_a_verb_that_needs_its_particle_opens_no_name(verb: str) -> None:
    found = labels_of({"a": [f"{verb} down the French past tense"] * 4})
    assert verb.lower() not in found["a"].name.lower().split(" ")


def test_a_mixture_of_languages_in_which_no_verb_is_shared_is_named_by_its_languages_alone() -> None:
    mixed = {language: [f"contrat{ending}" for ending in "abc"] for language in ("es", "fr", "it")}
    assert labels_in(mixed)["a"].name == "Various requests in Spanish, French and Italian"
