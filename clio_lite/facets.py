"""The facets of conversations in the embedded default: no generative model, only vectors, structure and small heads."""

from collections.abc import Sequence
from typing import Final

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray

from clio_lite.embedding import Encoder
from clio_lite.english import find_foreign
from clio_lite.heads import ConversationFeatures, Heads, conversation_features
from clio_lite.languages import find_languages
from clio_lite.requests import extract_request
from clio_lite.steering import without_orders
from clio_lite.structure import FEATURE_NAMES, PURPOSE_CUES, first_window
from clio_lite.tables import Facets

BATCH_ROWS: Final = 2_000
LIKELY_PROB: Final = 0.75
"""From this probability an unstated use case is graded likely."""

IDLE_PROB: Final = 0.25
"""Below this probability of an occupational task an unstated use case is personal."""

UNDETERMINED: Final = "und"
"""Code of ISO 639-2 for a language that is not determined."""

Probs = NDArray[np.float64]


def extract_facets(
    conversations: pl.DataFrame | pl.LazyFrame, *, encoder: Encoder, heads: Heads, skills: pl.DataFrame | None
) -> dy.DataFrame[Facets]:
    """Extract the facets of redacted conversations.

    Args:
        conversations: Rows of `RedactedConversation`; `conversation_id` and `messages` are read. A lazy frame must be
            sorted by id; it is read one batch at a time.
        encoder: The encoder that the heads were trained with.
        heads: The trained heads.
        skills: Skills of the release, with a column `skill`, to which the skills are restricted; None or empty for
            all 35 of the definitions.

    Returns:
        One row per conversation, sorted by its id, whatever the order of the input.
    """
    allowed = None if skills is None or skills.is_empty() else set(skills["skill"].unique())
    chosen = conversations.select("conversation_id", "messages")
    ordered = chosen.sort("conversation_id").lazy() if isinstance(chosen, pl.DataFrame) else chosen
    row_count = ordered.select(pl.len()).collect().item()
    batches = [
        _batch_facets(ordered.slice(start, BATCH_ROWS).collect(), encoder, heads, allowed)
        for start in range(0, row_count, BATCH_ROWS)
    ]
    table = pl.concat([pl.DataFrame(schema=Facets.create_empty().schema), *batches])
    return Facets.validate(table)


def _batch_facets(batch: pl.DataFrame, encoder: Encoder, heads: Heads, allowed: set[str] | None) -> pl.DataFrame:
    """Extract the facets of one batch."""
    said = [_user_turns(messages) for messages in batch["messages"].to_list()]
    asked = [[without_orders(turn) for turn in conversation] for conversation in said]
    # A turn that holds nothing but orders says what it says: heads read it, no request is made of it.
    turns = [[kept or turn for kept, turn in zip(*pair, strict=True)] for pair in zip(asked, said, strict=True)]
    replies = [_replies(messages) for messages in batch["messages"].to_list()]
    features = conversation_features(turns, encoder, heads.words, replies=replies)
    told = [_language_text(conversation) for conversation in turns]
    languages = find_languages(told)
    codes = request_languages(told, languages)
    occupational = _probs_of(heads, "occupational_screen", features)[:, 1:]
    patterns, pattern_probs = _patterns(heads, features)
    use_cases, grades = _use_cases(heads, features, occupational[:, 0])
    screen = heads.linear["occupational_screen"]
    shown = heads.skills.skill_names(features.first)
    columns = {
        "conversation_id": batch["conversation_id"],
        "is_occupational": (occupational[:, 0] >= screen.min_prob).tolist(),
        "occupational_prob": occupational[:, 0],
        "request": [extract_request(texts, code) for texts, code in zip(asked, codes, strict=True)],
        "collaboration_pattern": patterns,
        "collaboration_prob": pattern_probs,
        "use_case": use_cases,
        "use_case_grade": grades,
        "language": languages,
        "concern_grade": _concern_grades(heads, features),
        "skills": [[name for name in names if allowed is None or name in allowed] for names in shown],
        "facet_version": [heads.version] * batch.height,
    }
    return pl.DataFrame(columns, schema=Facets.create_empty().schema, strict=False)


def _user_turns(messages: Sequence[dict[str, str]]) -> list[str]:
    """The turns by the user that say something; one empty turn where none does."""
    turns = [message["content"] for message in messages if message["role"] == "user" and message["content"].strip()]
    return turns or [""]


def _replies(messages: Sequence[dict[str, str]]) -> list[str]:
    """The turns by the assistant that say something."""
    return [message["content"] for message in messages if message["role"] == "assistant" and message["content"].strip()]


def _language_text(user_turns: Sequence[str]) -> str:
    """The text whose language counts: the first turn, with the next where it is short."""
    first = first_window(user_turns[0])
    return first if len(first) >= 40 else " ".join(turn[:200] for turn in user_turns[:2])


def request_languages(texts: Sequence[str], languages: Sequence[str | None]) -> list[str | None]:
    """Languages by which requests are extracted: undetermined, not English, where only English can be ruled out.

    Args:
        texts: Texts.
        languages: Language of each as `find_languages` found it.

    Returns:
        The same languages, `und` in place of None where a text is plainly not English.
    """
    open_texts = [text for text, language in zip(texts, languages, strict=True) if language is None]
    foreign = dict(zip(open_texts, find_foreign(open_texts), strict=True))
    return [
        UNDETERMINED if language is None and foreign[text] else language
        for text, language in zip(texts, languages, strict=True)
    ]


def _probs_of(heads: Heads, facet: str, features: ConversationFeatures) -> Probs:
    """Probabilities of the screen: the second column is `occupational`."""
    head = heads.linear[facet]
    order = [number for number, name in enumerate(head.classes) if name != "occupational"]
    order += [number for number, name in enumerate(head.classes) if name == "occupational"]
    return head.class_probs(features)[:, order]


def _patterns(heads: Heads, features: ConversationFeatures) -> tuple[list[str], list[float]]:
    """The collaboration pattern of each conversation with its probability."""
    head = heads.linear["collaboration_pattern"]
    probs = head.class_probs(features)
    best = probs.argmax(axis=1)
    chosen = probs.max(axis=1, initial=0.0)
    names = [
        head.classes[number] if prob >= head.min_prob else "not_classified"
        for number, prob in zip(best, chosen, strict=True)
    ]
    return names, chosen.tolist()


def _use_cases(
    heads: Heads, features: ConversationFeatures, occupational: NDArray[np.float64]
) -> tuple[list[str], list[str | None]]:
    """The use case of each conversation with its grade.

    Explicit where the user names the purpose, likely from 0.75 of probability, possible below. Where no task of an
    occupation is in sight and no purpose is named, it is personal.
    """
    head = heads.linear["use_case"]
    probs = head.class_probs(features)
    names: list[str] = []
    grades: list[str | None] = []
    places = {cue: FEATURE_NAMES.index(f"any_{cue}") for cue in PURPOSE_CUES}
    for row, structure, task_prob in zip(probs, features.structure, occupational, strict=True):
        number = int(row.argmax())
        name = head.classes[number]
        if task_prob < IDLE_PROB and not any(structure[place] > 0 for place in places.values()):
            names.append("personal")
            grades.append("likely" if 1 - task_prob >= LIKELY_PROB and name == "personal" else "possible")
            continue
        if row[number] < head.min_prob:
            names.append("not_classified")
            grades.append(None)
            continue
        names.append(name)
        likely = "likely" if row[number] >= LIKELY_PROB else "possible"
        grades.append("explicit" if structure[places[name]] > 0 else likely)
    return names, grades


def _concern_grades(heads: Heads, features: ConversationFeatures) -> list[int]:
    """The concern of each conversation: the highest grade that is, with those above it, probable enough; else 1."""
    head = heads.linear["concern"]
    probs = head.class_probs(features)
    found = np.ones(len(probs), dtype=np.int64)
    for grade in range(2, len(head.classes) + 1):
        at_least = probs[:, [int(name) >= grade for name in head.classes]].sum(axis=1)
        found[at_least >= head.min_prob] = grade
    return [int(grade) for grade in found]
