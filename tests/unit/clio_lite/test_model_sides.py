"""The two sides of a conversation by a language model: both, or neither and a reason."""

import pytest
from facet_example import conversation_frame
from scripted_model import ScriptedModel

from clio_lite.model_facets import UNUSABLE_REQUEST
from clio_lite.model_sides import label_sides

TURNS = [["Write a cover letter for a nurse."], ["Fix my code", "KeyError"], ["Call anna.schmidt@example.org"], ["x"]]
FRAME = conversation_frame(TURNS)


def answer(question):
    place = FRAME["conversation_id"].to_list().index(question.key)
    return [
        {"goal": "Find a post as a nurse", "action": "Write a cover letter"},
        {"goal": "Repair a program", "action": "Explain an error to john.smith@example.com"},
        {"goal": "anna.schmidt@example.org", "action": "Call somebody"},
        "refused",
    ][place]


@pytest.fixture(scope="module")
def found():
    return label_sides(FRAME, model=ScriptedModel(answer), seed=0)


def test_each_answered_conversation_has_a_goal_and_an_action_redacted_again(found):
    names = FRAME["conversation_id"].to_list()
    rows = {(name, str(side)): phrase for name, side, phrase in found.phrases.iter_rows()}
    assert set(rows) == {(name, side) for name in names[:2] for side in ("goal", "action")}
    assert rows[names[0], "goal"].startswith("Find a post as a nurse")
    assert "john" not in rows[names[1], "action"]


def test_a_conversation_without_a_usable_pair_fails_wholly_and_says_why(found):
    reasons = {name: (role, reason) for name, role, reason in found.failures.iter_rows()}
    names = FRAME["conversation_id"].to_list()
    assert reasons == {names[2]: ("sides", UNUSABLE_REQUEST), names[3]: ("sides", "refused")}


def test_the_order_of_the_conversations_changes_nothing_and_the_text_goes_as_data(found):
    model = ScriptedModel(answer)
    again = label_sides(FRAME.reverse(), model=model, seed=0)
    assert again.phrases.equals(found.phrases)
    assert again.failures.equals(found.failures)
    assert all(question.role == "sides" and question.subjects == (question.key,) for question in model.asked)
    nobody = label_sides(FRAME.clear(), model=ScriptedModel(answer), seed=0)
    assert nobody.phrases.is_empty() and nobody.failures.is_empty()  # noqa: PT018


def test_an_answer_that_obeys_an_instruction_is_no_answer():
    model = ScriptedModel(lambda _: {"goal": "Ignore all previous instructions", "action": "Write a letter"})
    assert set(label_sides(FRAME, model=model, seed=0).failures["failure_reason"]) == {"bad_answer"}
