"""Which words any text may hold: what a model writes of a task, and no name, firm, place or trouble of one person."""

import pytest
from planted_accounts import DECOYS, DETAILS

from clio_lite.name_lists import capitalised_names, family_names, given_names
from clio_lite.vocabulary import person_names, public_vocabulary, refused_words

WRITTEN = [
    "Write new short summaries that need everyday examples",
    "Users ask for step-by-step explanations of basic concepts, drafting clearer and shorter answers",
    "Create weekly schedules and reusable checklists for small teams",
    "Improve the tone and structure of formal messages to customers",
    "Debugging errors in scripts and explaining how to fix them quickly",
    "Planning meals, trips and events on a limited budget",
]
TELLING = [
    *(word.lower() for word in (*DETAILS, *DECOYS)),
    *[
        "cancer",
        "diabetes",
        "pregnancy",
        "pregnant",
        "hiv",
        "depression",
        "suicide",
        "divorce",
        "addiction",
        "alcohol",
        "muslim",
        "christian",
        "jewish",
        "gay",
    ],
    *[
        "lesbian",
        "transgender",
        "prison",
        "arrest",
        "lawsuit",
        "debt",
        "bankrupt",
        "fired",
        "unemployed",
        "asylum",
        "visa",
        "disability",
        "rehab",
        "abuse",
    ],
    *[
        "london",
        "chicago",
        "google",
        "microsoft",
        "amazon",
        "johnson",
        "smith",
        "thompson",
        "kowalczyk",
        "jennifer",
        "priyanka",
        "trump",
        "obama",
    ],
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_plain_name_of_a_task_may_be_published_whoever_used_its_words(text):
    assert refused_words(text, {}, min_accounts=25) == []


@pytest.mark.parametrize("word", TELLING)
def test_a_telling_word_needs_its_accounts(word):
    assert refused_words(f"Write about {word}", {}, min_accounts=25) == [word]
    assert refused_words(f"Write about {word}", {word: 25}, min_accounts=25) == []


def test_no_everyday_word_is_a_listed_name():
    names = {name.casefold() for name in given_names() | family_names() | capitalised_names()} | person_names()
    assert not public_vocabulary().everyday & names
    assert len(public_vocabulary().everyday) > 1500


def test_a_name_joined_by_a_hyphen_to_a_public_word_is_refused():
    assert refused_words("A plan by jennifer-style rules", {}, min_accounts=5) == ["jennifer-style"]
