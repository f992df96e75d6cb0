"""The request: one short sentence, verb first, without courtesies and without the person."""

# ruff: noqa: E501  (one case a line)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clio_lite.requests import MAX_WORDS, NO_REQUEST, extract_request


@pytest.mark.parametrize(
    ("turns", "request_text"),
    [
        (["Hi there, can you please help me to write a cover letter for a nurse?"], "Write a cover letter for a nurse"),
        (["I need you to translate this contract into German. Thanks!"], "Translate this contract into German"),
        (["How do I join two tables in SQL?"], "Explain how to join two tables in SQL"),
        (["What is accrual accounting?"], "Explain accrual accounting"),
        (["hello", "Draft an invoice for [name] and send it to [email]"], "Draft an invoice for someone and send it to an e-mail address"),
        (["I'm a teacher in a small town. Create a lesson plan on fractions."], "Create a lesson plan on fractions"),
        (["I get an error when I start the server"], "Resolve an error when I start the server"),
        (["```python\nprint(1)\n```\nExplain this code"], "Explain this code"),
        (["I want a logo brief for a bakery"], "Create a logo brief for a bakery"),
        (["Why did the Roman Republic fall?"], "Explain why the Roman Republic fall"),
        (["Is this translation correct?"], "Check whether this translation is correct"),
    ],
)  # fmt: skip
def test_the_request_begins_with_the_verb_of_the_task(turns, request_text):
    assert extract_request(turns, "en") == request_text


def test_other_languages_keep_their_sentence():
    assert (
        extract_request(["Hola, ¿puedes redactar un informe de ventas?"], "es")
        == "¿puedes redactar un informe de ventas"
    )
    assert extract_request(["请帮我写一封邮件。谢谢"], "zh") == "请帮我写一封邮件"


def test_a_greeting_alone_is_no_request():
    assert extract_request(["hi"], "en") == NO_REQUEST
    assert extract_request([""], None) == NO_REQUEST


@given(st.lists(st.text(max_size=300), min_size=1, max_size=3), st.sampled_from([None, "en", "de", "zh"]))
def test_a_request_is_never_empty_and_never_long(turns, language):
    request_text = extract_request(turns, language)
    assert request_text
    assert len(request_text.split()) <= MAX_WORDS
    assert "\n" not in request_text
