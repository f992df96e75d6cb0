"""A language model in this process that answers by a rule, for unit tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from clio_lite.models import Answer, Question


@dataclass
class ScriptedModel:
    """Answers with what the rule gives: fields of the answer, or a reason why there is none.

    Fields that do not fit the schema are a bad answer, as they would be behind a service.
    """

    rule: Callable[[Question], dict[str, object] | str]
    name: str = "fake/m"
    asked: list[Question] = field(default_factory=list)

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        assert len({question.key for question in questions}) == len(questions)
        self.asked += questions
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        given = self.rule(question)
        if isinstance(given, str):
            return Answer(question.key, None, given)
        value: BaseModel | None = None
        try:
            value = question.answer_schema.model_validate(given)
        except ValidationError:
            return Answer(question.key, None, "bad_answer")
        return Answer(question.key, value)
