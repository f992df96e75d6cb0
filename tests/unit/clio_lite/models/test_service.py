"""What is sent, and how a reply is read."""

import json
from typing import Any

import pytest
from model_example import PRIVATE, Pattern, question
from pydantic import BaseModel, field_validator

from clio_lite.errors import ModelUnusableError
from clio_lite.models import AnthropicService, OpenAIService, Pace
from clio_lite.models.service import Reply, call_failure, read_answer, repair_note, strict_schema

PACE = Pace(requests_per_minute=0, now=lambda: 0.0)


class Graded(BaseModel):
    grade: int
    words: list[Pattern] = []

    @field_validator("grade")
    @classmethod
    def small(cls, value: int) -> int:
        if value > 5:
            raise ValueError(f"not {value}")
        return value


def openai_body(**given: Any) -> dict[str, Any]:
    return dict(OpenAIService(model="m", pace=PACE, **given).body(question(1), ""))


def test_the_schema_goes_with_the_request_in_each_service_s_own_form() -> None:
    body = openai_body()
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"]["additionalProperties"] is False
    plain = openai_body(answer_format="json_object")
    assert plain["response_format"] == {"type": "json_object"}
    assert '"enum": ["directive", "learning", "validation"]' in plain["messages"][0]["content"]
    tool = AnthropicService(model="m", pace=PACE).body(question(1), "")
    assert tool["tool_choice"]["name"] == tool["tools"][0]["name"]
    assert tool["tools"][0]["input_schema"] == strict_schema(Pattern)


def test_decoding_parameters_are_sent_under_the_names_that_the_service_knows() -> None:
    assert openai_body(max_tokens=7)["max_completion_tokens"] == 7
    assert openai_body(max_tokens=7, base_url="http://a/v1")["max_tokens"] == 7
    assert "seed" not in openai_body()
    assert openai_body(temperature=0.5)["seed"] == 0
    assert "temperature" not in openai_body(temperature=-1)
    assert AnthropicService(model="m", pace=PACE, temperature=-1).body(question(1), "").get("temperature") is None


def test_every_field_of_a_strict_schema_is_required_and_no_other_allowed() -> None:
    schema = strict_schema(Graded)
    assert schema["required"] == ["grade", "words"]
    assert schema["$defs"]["Pattern"]["additionalProperties"] is False
    assert "default" not in json.dumps(schema)


@pytest.mark.parametrize(
    ("text", "reason", "named"),
    [
        ('{"number": 3, "pattern": "learning"}', None, ""),
        (f'{{"number": 3, "pattern": "{PRIVATE}"}}', "bad_answer", "pattern: Input should be"),
        (f'{{"number": "{PRIVATE}", "pattern": "learning"}}', "bad_answer", "number: Input should be"),
        (f"Here you are: {PRIVATE}", "bad_answer", "Invalid JSON"),
        ("I can’t assist with that request.", "refused", ""),
        (" \n", "empty_answer", "empty"),
    ],
)
def test_what_was_wrong_is_named_and_nothing_is_quoted(text: str, reason: str | None, named: str) -> None:
    value, found, problem = read_answer(Reply(text, "complete", 1, 1), Pattern)
    assert found == reason
    assert (value is None) == (reason is not None)
    assert named in problem
    assert PRIVATE not in problem
    assert PRIVATE not in repr(Reply(text, "complete", 1, 1))


def test_names_and_messages_of_the_models_own_making_are_not_repeated() -> None:
    text = json.dumps({"grade": 7, "words": [{"number": 1, "pattern": {PRIVATE: 2}}]})
    _, _, problem = read_answer(Reply(text, "complete", 1, 1), Graded)
    assert "grade: it is not allowed" in problem
    assert PRIVATE not in problem
    assert "attempt 2" in repair_note(problem, 2)


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (400, {"error": {"code": "content_filter"}}, "refused"),
        (400, {"message": "prompt is too long: 9 tokens"}, "too_long"),
        (422, None, "rejected"),
        (408, None, "timed_out"),
        (409, None, "service_error"),
        (529, None, "service_error"),
        (429, {"message": "request too large for your tier"}, "rate_limited"),
    ],
)
def test_each_status_has_its_reason(status: int, said: object, reason: str) -> None:
    assert call_failure(status, said, provider="openai", model="m").reason == reason


def test_a_configuration_that_cannot_work_is_said_once_and_for_all() -> None:
    with pytest.raises(ModelUnusableError, match="permission"):
        call_failure(403, None, provider="openai", model="m")
