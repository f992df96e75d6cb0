"""Definition files of the facets, and the training conversations composed from them or written out in them.

A definition file says in words what each class is, with rules and examples, and holds the templates of its user turns;
`{piece}` in a template is filled from the lists of `composition.toml`. The files `written_*.toml` hold conversations
as people type them, in groups that share their labels; the files `conversations_*.jsonl`, each by another writer, hold
conversations with the assistant's turns and labels of their own. What is learned from the result is in `heads`.
"""

import hashlib
import json
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clio_lite.redaction import redact_texts

LINEAR_FACETS: Final = ("collaboration_pattern", "occupational_screen", "use_case", "concern")
DEFINITION_FILES: Final = (
    *(f"{facet}.toml" for facet in LINEAR_FACETS),
    "skills.toml",
    "composition.toml",
    "cues.toml",
    "concern_signs.toml",
)

WRITTEN_FILES: Final = "written_*.toml"
WRITTEN_FIELDS: Final = {
    "collaboration_pattern": "pattern", "occupational_screen": "screen", "use_case": "use_case", "concern": "concern",
}  # fmt: skip
"""What the label of each facet is called in the written files; a facet that is not named there is undecided."""

LABELLED_FILES: Final = "conversations_*.jsonl"
TEMPLATES: Final = "templates"
"""The writer of composed conversations."""

FIRST_HAND: Final = "first"
"""The writer of the files `written_*.toml`; the writers of labelled files are named by these."""

HARMLESS: Final = "1"
"""The concern of a written conversation whose group names none."""

_SLOT = re.compile(r"\{(\w+)\}")
_OPENINGS = ("", "", "", "", "", "", "Hi, ", "Hello! ", "Hey, ", "Good morning. ")
_ENDINGS = ("", "", "", "", "", "", "", " Thanks!", " Thank you.", " please")
_REPLIES = ("Here is a version.", "Sure, here you go.", "Of course.")


@dataclass(frozen=True)
class ClassDefinition:
    """One class of a facet: what it means, and what its conversations look like."""

    name: str
    definition: str
    examples: tuple[tuple[str, ...], ...]
    first: tuple[str, ...]
    later: tuple[str, ...]
    later_turns: tuple[int, ...]


@dataclass(frozen=True)
class FacetDefinition:
    """One facet: its classes, the probability below which none is given, and the share of turns put into a context."""

    facet: str
    min_prob: float
    context_share: float
    classes: tuple[ClassDefinition, ...]
    pieces: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class SkillDefinition:
    """One skill: its published name, our words for it, and the skills that its examples show beside it."""

    name: str
    definition: str
    examples: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True)
class ComposedConversation:
    """A training conversation: its user turns, its class, its family, who wrote it, and the assistant's turns if known.

    The family is the template of its first turn, or the group in which it is written.
    """

    user_turns: tuple[str, ...]
    class_name: str
    family: str
    writer: str = TEMPLATES
    replies: tuple[str, ...] = ()

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation with a stock reply after each user turn."""
        return [
            message
            for number, turn in enumerate(self.user_turns)
            for message in (
                {"role": "user", "content": turn},
                {"role": "assistant", "content": _REPLIES[number % len(_REPLIES)]},
            )
        ]


def load_facet_definition(definitions_dir: Path, facet: str) -> FacetDefinition:
    """Read the definition of a facet with the pieces that its templates name.

    Args:
        definitions_dir: Folder of the definition files.
        facet: Name of the facet, which is the name of its file.

    Raises:
        ValueError: A template names a piece that no list fills.
    """
    raw = tomllib.loads((definitions_dir / f"{facet}.toml").read_text(encoding="utf-8"))
    shared = tomllib.loads((definitions_dir / "composition.toml").read_text(encoding="utf-8"))["pieces"]
    pieces = {name: tuple(lines) for name, lines in {**shared, **raw.get("pieces", {})}.items()}
    classes = tuple(
        ClassDefinition(
            name=entry["name"],
            definition=entry["definition"],
            examples=tuple(
                tuple(turns) for turns in [*entry["positive"], *(example["turns"] for example in entry["borderline"])]
            ),
            first=tuple(entry["first"]),
            later=tuple(entry["later"]),
            later_turns=tuple(entry["later_turns"]),
        )
        for entry in raw["class"]
    )
    templates = [template for entry in classes for template in (*entry.first, *entry.later)]
    unknown = sorted({slot for template in templates for slot in _SLOT.findall(template)} - pieces.keys())
    if unknown:
        raise ValueError(f"{facet}.toml: expected pieces of composition.toml in braces, found {', '.join(unknown)}")
    return FacetDefinition(facet, float(raw["min_prob"]), float(raw.get("context_share", 0)), classes, pieces)


def load_skill_definitions(definitions_dir: Path) -> tuple[tuple[SkillDefinition, ...], int]:
    """Read the skills, and how many a conversation may show."""
    raw = tomllib.loads((definitions_dir / "skills.toml").read_text(encoding="utf-8"))
    skills = tuple(
        SkillDefinition(entry["name"], entry["definition"], tuple(entry["examples"]), tuple(entry.get("also", ())))
        for entry in raw["skill"]
    )
    return skills, int(raw["max_skills"])


def load_written_skills(definitions_dir: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Read the first turns of written conversations whose group names its skills; talk without a task shows none.

    Args:
        definitions_dir: Folder of the definition files.

    Returns:
        Turn and skills, in the order of the files.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for path in sorted(definitions_dir.glob(WRITTEN_FILES)):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        for group in raw["group"]:
            if "skills" in group or raw.get("pattern") == "none":
                turns = [entry if isinstance(entry, str) else entry[0] for entry in group["conversations"]]
                found += [(turn, tuple(group.get("skills", ()))) for turn in turns]
    return found


def definitions_digest(definitions_dir: Path) -> str:
    """Digest the definition files that the heads are trained from."""
    digest = hashlib.blake2b(digest_size=6)
    written = [path.name for pattern in (WRITTEN_FILES, LABELLED_FILES) for path in definitions_dir.glob(pattern)]
    for name in sorted((*DEFINITION_FILES, *written)):
        digest.update(name.encode() + b"\0" + (definitions_dir / name).read_bytes())
    return digest.hexdigest()


def load_written_conversations(definitions_dir: Path, facet: str) -> list[ComposedConversation]:
    """Read the written conversations that have a label of a facet.

    A label of a group goes before that of its file.

    Args:
        definitions_dir: Folder of the definition files.
        facet: Name of the facet.

    Returns:
        The conversations in the order of the files, which are sorted by name; the family is file and group.
    """
    field = WRITTEN_FIELDS[facet]
    found: list[ComposedConversation] = []
    for path in sorted(definitions_dir.glob(WRITTEN_FILES)):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        for group in raw["group"]:
            label = group.get(field, raw.get(field, HARMLESS if facet == "concern" else None))
            if label is None:
                continue
            family = f"{path.stem}/{group['name']}"
            for entry in group["conversations"]:
                turns = (entry,) if isinstance(entry, str) else tuple(entry)
                found.append(ComposedConversation(turns, label, family, FIRST_HAND))
    return found


def load_labelled_conversations(definitions_dir: Path) -> list[tuple[ComposedConversation, Mapping[str, str]]]:
    """Read the labelled conversations of all writers, redacted as conversations are before their facets are extracted.

    Args:
        definitions_dir: Folder of the definition files.

    Returns:
        Conversations, whose class is open, with their class by facet; in the order of the files and lines.

    Raises:
        ValueError: A line lacks a field, or its user says nothing.
    """
    found: list[tuple[ComposedConversation, Mapping[str, str]]] = []
    for path in sorted(definitions_dir.glob(LABELLED_FILES)):
        writer = path.stem.removeprefix("conversations_")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            row = json.loads(line)
            if not {"group", "messages", "screen", "pattern", "use_case", "concern"} <= row.keys():
                raise ValueError(
                    f"{path.name}, line {number}: expected group, messages, screen, pattern, use_case, concern"
                )
            texts = [redaction.text for redaction in redact_texts([turn["content"] for turn in row["messages"]])]
            pairs = [(turn["role"], text) for turn, text in zip(row["messages"], texts, strict=True) if text.strip()]
            turns = tuple(text for role, text in pairs if role == "user")
            if not turns:
                raise ValueError(f"{path.name}, line {number}: expected a turn by the user, found none")
            replies = tuple(text for role, text in pairs if role == "assistant")
            conversation = ComposedConversation(turns, "", f"{writer}/{row['group']}", writer, replies)
            found.append((conversation, _labels(row)))
    return found


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    """The class of each facet that a labelled conversation has."""
    labels = {
        "collaboration_pattern": row["pattern"],
        "occupational_screen": "occupational" if row["screen"] else "not_occupational",
        "use_case": row["use_case"],
        "concern": str(row["concern"]),
    }
    return {facet: label for facet, label in labels.items() if label}


def compose_conversations(
    definition: FacetDefinition, *, per_class: int | Mapping[str, int], seed: int
) -> list[ComposedConversation]:
    """Compose training conversations for every class of a facet.

    The examples of the file come in as they are; the rest is composed, each template of first turns equally often.

    Args:
        definition: The facet.
        per_class: Conversations per class, one number for all or one by name.
        seed: Seed of all choices.

    Returns:
        So many conversations for each class, in the order of the classes.
    """
    composed: list[ComposedConversation] = []
    for entry in definition.classes:
        generator = random.Random(f"{seed}/{definition.facet}/{entry.name}")
        seen = {turns: ComposedConversation(turns, entry.name, f"example {turns[0]}") for turns in entry.examples}
        wanted = per_class if isinstance(per_class, int) else per_class[entry.name]
        attempts = 0
        while len(seen) < wanted and attempts < 20 * wanted:
            template = entry.first[attempts % len(entry.first)]
            attempts += 1
            turns = _compose_turns(template, entry, definition, generator)
            seen.setdefault(turns, ComposedConversation(turns, entry.name, template))
        composed += seen.values()
    return composed


def _compose_turns(
    template: str, entry: ClassDefinition, definition: FacetDefinition, generator: random.Random
) -> tuple[str, ...]:
    """Fill one conversation: a first turn, maybe in a context, and as many later ones as the class has."""
    pieces = definition.pieces
    first = _fill(template, pieces, generator)
    opening = generator.choice(_OPENINGS)
    first = f"{opening}{first}{generator.choice(_ENDINGS)}" if not first.endswith("```") else f"{opening}{first}"
    if generator.random() < 0.6:
        first = first[:1].upper() + first[1:]
    if definition.context_share and generator.random() < definition.context_share:
        first = _in_context(first, pieces["context"], generator)
    count = generator.choice(entry.later_turns)
    later = tuple(_fill(generator.choice(entry.later), pieces, generator) for _ in range(count))
    return (first, *later)


def _in_context(turn: str, contexts: Sequence[str], generator: random.Random) -> str:
    """Put one to four sentences that belong to no class before and after a turn."""
    sentences = generator.sample(contexts, generator.randint(1, 4))
    place = generator.randint(0, len(sentences))
    end = "" if turn[-1:] in ".?!`\n" else "."
    return " ".join([*sentences[:place], turn + end, *sentences[place:]]).strip()


def _fill(template: str, pieces: Mapping[str, Sequence[str]], generator: random.Random) -> str:
    """Replace each piece by one of its lines."""
    return _SLOT.sub(lambda match: generator.choice(pieces[match[1]]), template)
