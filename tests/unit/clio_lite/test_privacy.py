"""The gate for counts and texts, the vocabulary and the auditor."""

import tomllib
from pathlib import Path

import polars as pl
import pytest

import clio_lite
from clio_lite.auditor import grade_text
from clio_lite.name_lists import common_given_names
from clio_lite.privacy import DisclosurePolicy, cell_rule, text_rule, text_support_rule
from clio_lite.vocabulary import (
    person_names,
    public_vocabulary,
    refused_tokens,
    refused_words,
    split_words,
    stop_words,
    word_uses,
)


@pytest.mark.parametrize(
    "thresholds",
    [{"min_conversations": 0}, {"min_text_accounts": 0}, {"account_cap": 0}],
)
def test_a_threshold_that_protects_nobody_is_refused(thresholds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        DisclosurePolicy(**thresholds)


@pytest.mark.parametrize("shares", [{"max_top_account_share": 0.0}, {"max_top_two_account_share": 1.1}])
def test_a_dominance_share_outside_its_range_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="dominance"):
        DisclosurePolicy(**shares)


def test_the_policy_id_names_every_threshold() -> None:
    assert DisclosurePolicy().policy_id == "c15a5-t50a25-d0.5-0.85-cap30"
    assert DisclosurePolicy(account_cap=31).policy_id != DisclosurePolicy().policy_id


def test_rules_name_themselves_without_a_frame_of_their_own() -> None:
    row = pl.DataFrame(
        {
            "conversation_count": [0],
            "account_count": [0],
            "top_account_share": [0.0],
            "top_two_account_share": [0.0],
            "privacy_grade": pl.Series([None], dtype=pl.Int64),
        }
    )
    policy = DisclosurePolicy()
    rules = row.select(cell=cell_rule(policy), support=text_support_rule(policy), text=text_rule(policy)).row(0)
    assert rules == (None, "too_few_conversations", "too_few_conversations")


def test_the_public_vocabulary_holds_none_of_the_commonest_given_names() -> None:
    assert not public_vocabulary().words & {name.casefold() for name in common_given_names()}


def test_names_that_are_public_words_are_words() -> None:
    assert not public_vocabulary().words & person_names()
    assert {"patricia", "marisol", "hoekstra"} <= person_names()


def test_the_public_vocabulary_is_lower_case_words_that_the_word_rule_keeps_whole() -> None:
    words = public_vocabulary().words
    assert all(split_words(word) == [word] for word in words)


def test_the_public_vocabulary_lists_each_word_of_a_group_once() -> None:
    path = Path(clio_lite.__file__).parent / "definitions" / "vocabulary.toml"
    for name, text in tomllib.loads(path.read_text(encoding="utf-8"))["public"].items():
        words = text.split()
        assert len(words) == len(set(words)), name


def test_stop_words_are_those_of_english_and_of_the_conversations_language() -> None:
    assert "the" in stop_words("fr")
    assert "car" in stop_words("fr")
    assert "car" not in stop_words("en")
    assert stop_words(None) == stop_words("en") == stop_words("xx")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix O’Brien's lawyer", ["fix", "o", "brien", "s", "lawyer"]),
        ("State-of-the-art C++ code", ["state-of-the-art", "c", "code"]),
        ("mail bob@example.org [email] www.example.org v2 room101 now", ["mail", "now"]),
        ("ＦＵＬＬ width", ["full", "width"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("翻译合同 データ", ["翻译", "译合", "合同", "データ"]),
        ("…  ", []),
    ],
)
def test_texts_are_cut_into_words_in_any_script(text: str, expected: list[str]) -> None:
    assert split_words(text) == expected


def test_a_request_without_words_has_no_rows() -> None:
    requests = pl.DataFrame(
        {"conversation_id": ["a", "b"], "request": ["[email] 42", "Draft it"], "language": ["en", "en"]}
    )
    uses = word_uses(requests).select("conversation_id", "word_number", "word", "is_stop", "verb")
    assert uses.rows() == [("b", 0, "draft", False, "draft"), ("b", 1, "it", True, None)]


def test_a_request_is_cut_into_its_verb_and_its_nouns_with_what_stands_before_them() -> None:
    requests = pl.DataFrame(
        {"conversation_id": ["a"], "request": ["Write a short cover letter for our new clients"], "language": ["en"]}
    )
    nouns = word_uses(requests).filter("is_head").select("word", "is_direct", "has_article", "link", "pair", "triple")
    assert nouns.rows() == [
        ("letter", True, True, None, "cover letter", "short cover letter"),
        ("clients", False, False, "for", None, None),
    ]


def test_every_language_name_and_english_verb_of_an_opener_is_public() -> None:
    public = public_vocabulary()
    assert {name.lower() for name in public.languages.values()} <= public.words
    assert {verb for verbs in public.openers.values() for verb in verbs.values()} <= public.verbs


def test_tokens_with_digits_addresses_and_placeholders_are_refused_even_if_everybody_used_them() -> None:
    text = "Draft letters to [name] at bob@example.org about agent47"
    assert refused_tokens(text) == ["[name]", "agent47", "bob@example.org"]
    assert refused_words(text, {"agent": 99}, min_accounts=2) == ["[name]", "agent47", "bob@example.org"]


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("Draft letters", 5),
        ("Draft zebulonium letters", 5),
        ("Draft tax letters", 4),
        ("Draft rare letters", 3),
        ("Draft letters on Tax", 3),
        ("Draft letters on Zebulonium", 5),
        ("Draft letters. Tax questions are common", 4),
        ("Draft letters to patricia", 3),
        ("Draft 7 letters", 2),
        ("Draft letters to [email]", 2),
        ("Draft letters to bob.miller@example.org", 1),
    ],
)
def test_the_auditor_grades_by_its_stated_rules(text: str, grade: int) -> None:
    counts = {"zebulonium": 8, "tax": 4, "rare": 3, "patricia": 50}
    assert grade_text(text, counts, min_accounts=4) == grade
