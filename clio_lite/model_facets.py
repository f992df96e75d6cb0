"""Screen and facets by a language model, in the table of the embedded ones.

The embedded facets are made first: the language, and whatever no model is asked for, stays theirs. A model's answers
then take the place of the screen, or of request, pattern, use case, concern and skills. A conversation that has finally
no usable answer is not classified, its reason in a table of its own; it is never filled up from the embedded heads.
It stays in the occupational base unless an answered or embedded screen put it outside, because in doubt a conversation
counts; without a request it reaches no cluster and no task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal

import dataframely as dy
import polars as pl
from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from clio_lite.conversation import Turn
from clio_lite.definition_files import read_definition
from clio_lite.embedding import Encoder
from clio_lite.facets import extract_facets
from clio_lite.heads import Heads
from clio_lite.model_text import MAX_REQUEST_LENGTH, published_phrase, published_request
from clio_lite.models import Answer, LanguageModel, Option, Prompt, Question, load_prompt, pose
from clio_lite.tables import FacetFailure, Facets

QUESTION_ROWS: Final = 10_000
"""Conversations that are asked about together: the texts of so many are held at once."""

UNUSABLE_REQUEST: Final = "unusable_request"
"""Reason beside those of `clio_lite.models`: nothing is left of the model's request once it is redacted again."""


@cache
def _options(facet: str, kind: str = "class") -> tuple[Option, ...]:
    """What a facet may be, with the definition of each."""
    return tuple(Option(entry["name"], entry["definition"]) for entry in read_definition(f"{facet}.toml")[kind])


SKILLS: Final = tuple(option.value for option in _options("skills", "skill"))

MAX_SKILLS: Final = 6


def _known_skill(name: str) -> str:
    if name not in SKILLS:
        raise ValueError("no such skill")
    return name


Skill = Annotated[str, AfterValidator(_known_skill), WithJsonSchema({"type": "string", "enum": list(SKILLS)})]
"""A skill in an answer."""


class ScreenAnswer(BaseModel):
    """Answer to the prompt `screen`."""

    is_occupational: bool
    confidence: int = Field(ge=0, le=100)


class FacetsAnswer(BaseModel):
    """Answer to the prompt `facets`."""

    request: Annotated[
        str,
        AfterValidator(published_phrase(MAX_REQUEST_LENGTH)),
        WithJsonSchema({"type": "string", "maxLength": MAX_REQUEST_LENGTH}),
    ]
    collaboration_pattern: Literal["directive", "feedback_loop", "task_iteration", "learning", "validation", "none"]
    pattern_confidence: int = Field(ge=0, le=100)
    use_case: Literal["work", "coursework", "personal"]
    use_case_grade: Literal["explicit", "likely", "possible"]
    concern_grade: Literal[1, 2, 3, 4, 5]
    skills: Annotated[list[Skill], Field(max_length=MAX_SKILLS)]


@dataclass(frozen=True)
class FacetModels:
    """The models that are asked; None: the embedded heads answer.

    Attributes:
        screen: Is the conversation about an occupational task?
        facets: Request, pattern, use case, concern, skills.
    """

    screen: LanguageModel | None = None
    facets: LanguageModel | None = None


@dataclass(frozen=True)
class LabelledFacets:
    """Facets with what became of the conversations that no model could label.

    Attributes:
        facets: One row per conversation.
        failures: One row per conversation that finally failed.
    """

    facets: dy.DataFrame[Facets]
    failures: dy.DataFrame[FacetFailure]


def label_facets(
    conversations: pl.DataFrame | pl.LazyFrame,
    *,
    encoder: Encoder,
    heads: Heads,
    skills: pl.DataFrame | None,
    models: FacetModels,
    seed: int,
) -> LabelledFacets:
    """Facets of redacted conversations, by language models where there are any.

    Every conversation is asked about, those outside the occupational base too, since use cases are counted over all.
    One whose screen failed is not asked for its facets.

    Args:
        conversations: Rows of `RedactedConversation`, as `extract_facets` takes them.
        encoder: The encoder that the heads were trained with.
        heads: The trained heads.
        skills: Skills of the release, to which the skills are restricted; None or empty for all 35.
        models: Who is asked.
        seed: Seed of the orders of the option lists.

    Returns:
        One row per conversation, sorted by its id, whatever the order of the input, and the failures.
    """
    embedded = extract_facets(conversations, encoder=encoder, heads=heads, skills=skills)
    if models.screen is None and models.facets is None:
        return LabelledFacets(embedded, FacetFailure.create_empty())
    allowed = None if skills is None or skills.is_empty() else set(skills["skill"].unique())
    chosen = conversations.select("conversation_id", "messages")
    ordered = chosen.sort("conversation_id").lazy() if isinstance(chosen, pl.DataFrame) else chosen
    failed: dict[str, tuple[str, str]] = {}
    answers: dict[str, dict[str, Any]] = {}
    for start in range(0, embedded.height, QUESTION_ROWS):
        batch = ordered.slice(start, QUESTION_ROWS).collect()
        turns = {
            name: [Turn(message["role"], message["content"]) for message in messages]
            for name, messages in batch.select("conversation_id", "messages").iter_rows()
        }
        _ask_batch(turns, models, seed, answers, failed)
    rows = [
        _row(row, answers[row["conversation_id"]], failed.get(row["conversation_id"]), models, allowed)
        for row in embedded.iter_rows(named=True)
    ]
    table = pl.DataFrame(rows, schema=embedded.schema)
    failures = [(name, *failed[name]) for name in sorted(failed)]
    return LabelledFacets(
        Facets.validate(table),
        FacetFailure.validate(pl.DataFrame(failures, schema=FacetFailure.create_empty().schema, orient="row")),
    )


def _ask_batch(
    turns: Mapping[str, Sequence[Turn]],
    models: FacetModels,
    seed: int,
    answers: dict[str, dict[str, Any]],
    failed: dict[str, tuple[str, str]],
) -> None:
    """Ask about some conversations; writes what was answered and what failed, by conversation."""
    answers.update({name: {} for name in turns})
    if models.screen is not None:
        prompt = load_prompt("screen")
        asked = [
            pose(prompt, key=name, answer_schema=ScreenAnswer, seed=seed, turns=said, subjects=(name,))
            for name, said in turns.items()
        ]
        for answer in models.screen.ask(asked):
            _note(answer, "screen", answers, failed)
    if models.facets is not None:
        waiting = {name: said for name, said in turns.items() if name not in failed}
        for answer in models.facets.ask([_facets_question(name, said, seed) for name, said in waiting.items()]):
            _note(answer, "facets", answers, failed)


def _note(answer: Answer, role: str, answers: dict[str, dict[str, Any]], failed: dict[str, tuple[str, str]]) -> None:
    value = answer.value
    if isinstance(value, FacetsAnswer):
        value = value.model_copy(update={"request": published_request(value.request)})
        if not value.request:
            failed[answer.key] = (role, UNUSABLE_REQUEST)
            return
    if value is None:
        failed[answer.key] = (role, str(answer.failure_reason))
    else:
        answers[answer.key][role] = value


def _facets_question(name: str, turns: Sequence[Turn], seed: int) -> Question:
    return pose(
        load_prompt("facets"),
        key=name,
        answer_schema=FacetsAnswer,
        seed=seed,
        turns=turns,
        options={
            "patterns": _options("collaboration_pattern"),
            "use_cases": _options("use_case"),
            "skills": tuple(Option(skill) for skill in SKILLS),
        },
        facts={"concern": "\n".join(f"{option.value}: {option.text}" for option in _options("concern"))},
        subjects=(name,),
    )


def _row(
    embedded: dict[str, Any],
    answered: Mapping[str, Any],
    failure: tuple[str, str] | None,
    models: FacetModels,
    allowed: set[str] | None,
) -> dict[str, Any]:
    """The row of one conversation: embedded, with what the models said in its place, or not classified."""
    row = {**embedded, "facet_version": facet_version(embedded["facet_version"], models)}
    screen: ScreenAnswer | None = answered.get("screen")
    if screen is not None:
        half = screen.confidence / 200
        row["is_occupational"] = screen.is_occupational
        row["occupational_prob"] = 0.5 + half if screen.is_occupational else 0.5 - half
    elif models.screen is not None:
        row |= {"is_occupational": True, "occupational_prob": 0.5}
    if failure is not None:
        return row | {
            "request": "",
            "collaboration_pattern": "not_classified",
            "collaboration_prob": 0.0,
            "use_case": "not_classified",
            "use_case_grade": None,
            "concern_grade": None,
            "skills": [],
        }
    facets: FacetsAnswer | None = answered.get("facets")
    if facets is not None:
        row |= {
            "request": facets.request,
            "collaboration_pattern": facets.collaboration_pattern,
            "collaboration_prob": facets.pattern_confidence / 100,
            "use_case": facets.use_case,
            "use_case_grade": facets.use_case_grade,
            "concern_grade": facets.concern_grade,
            "skills": sorted(set(facets.skills) & allowed if allowed is not None else set(facets.skills)),
        }
    return row


def facet_version(embedded: str, models: FacetModels) -> str:
    """Version of what makes a row: the heads, and each model with its prompt.

    Args:
        embedded: Version of the heads.
        models: Who is asked.
    """
    asked: list[tuple[LanguageModel | None, Prompt]] = [
        (models.screen, load_prompt("screen")),
        (models.facets, load_prompt("facets")),
    ]
    return " + ".join(
        [embedded, *(f"{model.name} {prompt.id}/{prompt.version}" for model, prompt in asked if model is not None)]
    )
