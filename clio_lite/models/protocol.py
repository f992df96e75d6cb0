"""What the language work asks of a model and what it gets back; who answers is decided elsewhere.

Here belong the question, the answer, the reasons why there is none, and the protocol. Prompts are in `prompts`, and the
model behind a service in `served`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pydantic import BaseModel

ROLES: Final = ("screen", "facets", "label", "hierarchy", "verify", "sides")
FAILURE_REASONS: Final = (
    "refused",
    "empty_answer",
    "bad_answer",
    "cut_off",
    "too_long",
    "rejected",
    "timed_out",
    "rate_limited",
    "service_error",
    "spending_limit",
)
"""Why a question has no answer: the model declined; it said nothing; it did not fit the schema however often it was
asked; it ran out of output tokens; the question is longer than the model's context; the service called the request
wrong; no answer in time; too many requests; the service failed or could not be reached; the money is spent."""


@dataclass(frozen=True)
class Question:
    """One question to a language model, complete as it is sent.

    Attributes:
        role: Role that asks, of `ROLES`.
        key: What the question is about, such as a conversation id; content-free and unique among the questions asked
            together. It is not sent.
        prompt: Id of the prompt.
        prompt_version: Its declared version and the digest of its file.
        system: Instructions.
        user: What is asked, with the data between its delimiters.
        answer_schema: The shape of the answer.
        seed: Seed of the order of the option lists; also the model's seed where it draws.
        options: Values of each option list in the order in which they are shown.
        subjects: Conversations whose text is in the question, so that their answers can be forgotten.
    """

    role: str
    key: str
    prompt: str
    prompt_version: str
    system: str = field(repr=False)
    user: str = field(repr=False)
    answer_schema: type[BaseModel]
    seed: int = 0
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came of one question: a value or the reason why there is none, never both, never neither.

    Attributes:
        key: Key of the question.
        value: An instance of the question's schema, or None.
        failure_reason: A value of `FAILURE_REASONS`, or None.
        input_tokens: Tokens that were read for it in this call; 0 where nothing was sent.
        output_tokens: Tokens that were written for it in this call.
        is_cached: It was made from replies that were there before; nothing was sent or paid.
    """

    key: str
    value: BaseModel | None = field(repr=False)
    failure_reason: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    is_cached: bool = False


class LanguageModel(Protocol):
    """Anything that answers questions."""

    @property
    def name(self) -> str:
        """Provider and model, as they appear in the rows."""
        ...

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer questions.

        Args:
            questions: Questions with distinct keys.

        Returns:
            One answer per question, in order. A question that finally fails has its reason; it raises nothing.
        """
        ...
