"""The two sides of a conversation by a language model: what the person wants done, and what the assistant does.

Two sentences per conversation, in the form of a request and redacted again. There is no embedded form: the embedded
request is the person's words alone, and nothing that was measured tells an assistant's activity from its topic.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import dataframely as dy
import polars as pl
from pydantic import AfterValidator, BaseModel, WithJsonSchema

from clio_lite.conversation import Turn
from clio_lite.model_facets import QUESTION_ROWS, UNUSABLE_REQUEST
from clio_lite.model_text import MAX_REQUEST_LENGTH, published_phrase, published_request
from clio_lite.models import LanguageModel, load_prompt, pose
from clio_lite.tables import SIDES, FacetFailure, SidePhrase

ROLE: Final = "sides"
Phrase = Annotated[
    str,
    AfterValidator(published_phrase(MAX_REQUEST_LENGTH)),
    WithJsonSchema({"type": "string", "maxLength": MAX_REQUEST_LENGTH}),
]


class SidesAnswer(BaseModel):
    """Answer to the prompt `sides`."""

    goal: Phrase
    action: Phrase


@dataclass(frozen=True)
class LabelledSides:
    """Sides with what became of the conversations that have none.

    Attributes:
        phrases: Two rows per conversation that was answered.
        failures: One row per conversation that finally failed.
    """

    phrases: dy.DataFrame[SidePhrase]
    failures: dy.DataFrame[FacetFailure]


def label_sides(conversations: pl.DataFrame | pl.LazyFrame, *, model: LanguageModel, seed: int) -> LabelledSides:
    """Ask a model for the goal and the action of each conversation.

    Args:
        conversations: `conversation_id` and `messages`, redacted.
        model: Who is asked.
        seed: Seed of the questions.

    Returns:
        Phrases and failures, sorted, whatever the order of the input.
    """
    ordered = conversations.lazy().select("conversation_id", "messages").sort("conversation_id")
    count = ordered.select(pl.len()).collect().item()
    found: list[tuple[str, str, str]] = []
    failed: list[tuple[str, str, str]] = []
    prompt = load_prompt(ROLE)
    for start in range(0, count, QUESTION_ROWS):
        questions = [
            pose(
                prompt,
                key=name,
                answer_schema=SidesAnswer,
                seed=seed,
                turns=[Turn(message["role"], message["content"]) for message in messages],
                subjects=(name,),
            )
            for name, messages in ordered.slice(start, QUESTION_ROWS).collect().iter_rows()
        ]
        for answer in model.ask(questions):
            value = answer.value
            if not isinstance(value, SidesAnswer):
                failed.append((answer.key, ROLE, str(answer.failure_reason)))
                continue
            phrases = [(answer.key, side, published_request(getattr(value, side))) for side in SIDES]
            if all(phrase for _, _, phrase in phrases):
                found += phrases
            else:
                failed.append((answer.key, ROLE, UNUSABLE_REQUEST))
    return LabelledSides(
        SidePhrase.validate(_table(SidePhrase, found), cast=True), FacetFailure.validate(_table(FacetFailure, failed))
    )


def _table(schema: type[dy.Schema], rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    names = dict.fromkeys(schema.column_names(), pl.String)
    return pl.DataFrame(rows, schema=names, orient="row").sort(schema.primary_key())
