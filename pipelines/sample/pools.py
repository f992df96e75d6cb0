"""The fixed pools that sample conversations are composed of, read from TOML files and the starter catalogue.

Here belong reading, checking and indexing the phrases. Choosing among them is the business of the other modules.
"""

import csv
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pipelines.errors import InputUnusableError
from pipelines.sample.draws import Weighted, weighted

_WORD: Final = re.compile(r"[a-z]{4,}")
_OWN: Final = frozenset({"my", "our", "me", "us", "we", "i", "mine", "myself", "ourselves", "this", "these", "boss"})
_OTHERS: Final = frozenset(
    [
        "client", "clients", "customer", "customers", "crew", "staff", "guest", "guests",
        "patient", "patients", "supervisor", "supervisors", "team", "company", "employee", "employees",
        "student", "students", "resident", "residents", "colleague", "colleagues", "department", "manager",
        "office", "school", "tenant", "tenants", "trainee", "supplier", "class", "classroom",
        "board", "hospital", "hotel", "clinic", "cook", "cooks", "shop", "firm",
        "buyer", "buyers",
    ]
)  # fmt: skip
_TURNED: Final[Mapping[str, str]] = {
    "my": "your",
    "our": "your",
    "me": "you",
    "us": "you",
    "we": "you",
    "i": "you",
    "mine": "yours",
    "myself": "yourself",
    "am": "are",
}


@dataclass(frozen=True)
class Ask:
    """One task phrase, beginning with a verb.

    Attributes:
        text: The phrase as the user says it.
        turned: The same towards the user, "your" for "my".
        kind: produce, grasp or solve: whether a text, an insight or a solution is wanted.
        is_neutral: It names nothing of the speaker's own, so it can be an exercise.
        is_private: It also names no client, colleague or employer, so it can be one's own affair.
        related: Per pool (things, details, answers), positions that share a word with it.
    """

    text: str
    turned: str
    kind: str
    is_neutral: bool
    is_private: bool
    related: Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Task:
    """One task of the starter catalogue with its phrases; `task_ids` are all ids of its statement."""

    task_id: str
    task_ids: tuple[str, ...]
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Occupation:
    """Phrases of one occupation; earlier tasks are drawn more often."""

    code: str
    title: str
    titles: tuple[str, ...]
    things: tuple[str, ...]
    details: tuple[str, ...]
    answers: tuple[str, ...]
    tasks: Weighted[Task]


@dataclass(frozen=True)
class CodeCase:
    """A programming exchange: request, code, what went wrong, and changes asked for."""

    language: str
    requests: tuple[str, ...]
    code: str
    note: str
    rounds: tuple[tuple[str, str, str], ...]
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChatTopic:
    """Talk outside any occupation."""

    name: str
    pattern: str
    lines: Mapping[str, tuple[str, ...]]
    exchanges: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Subject:
    """A subject in another language, tied to one task."""

    task_id: str
    lines: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Language:
    """Another language: its frames by name, its subjects, the countries of its speakers."""

    code: str
    countries: tuple[str, ...]
    frames: Mapping[str, tuple[str, ...]]
    subjects: tuple[Subject, ...]


@dataclass(frozen=True)
class Pools:
    """Everything that conversations are composed of.

    Attributes:
        frames: English frames by dotted name; `name:plain` holds those without a detail or thing of the occupation.
        questions: Questions of learners, each with the beginning of its answer.
        shares: How often things occur, as fractions.
        patterns: Collaboration patterns of occupational conversations.
        groups: SOC major groups, each with its occupations.
        group_draw: Their codes, ascending, with their weights.
        occupations: Occupations by code.
        home_codes: Occupations whose tasks people do for themselves.
        heavy: Occupation of the heavy account, and its share of that account's conversations.
        courses: Name of a course by major group.
        cases: Programming exchanges by task id.
        nouns: Words for the things programs deal with.
        chat: Topics outside any occupation.
        chat_slots: Values for their slots.
        languages: Other languages.
        models: Assistant models.
        countries: Countries of accounts that write English.
    """

    frames: Mapping[str, tuple[str, ...]]
    questions: tuple[tuple[str, str], ...]
    shares: Mapping[str, float]
    patterns: Weighted[str]
    groups: Mapping[str, Weighted[Occupation]]
    group_draw: Weighted[str]
    occupations: Mapping[str, Occupation]
    home_codes: frozenset[str]
    heavy: tuple[str, float]
    courses: Mapping[str, str]
    cases: Mapping[str, CodeCase]
    nouns: tuple[str, ...]
    chat: tuple[ChatTopic, ...]
    chat_slots: Mapping[str, tuple[str, ...]]
    languages: Weighted[Language]
    models: Weighted[str]
    countries: Weighted[str]

    @cached_property
    def by_task(self) -> Mapping[str, tuple[Occupation, Task]]:
        """Occupation and task of each task id."""
        return {task.task_id: (one, task) for one in self.occupations.values() for task in one.tasks.items}

    @cached_property
    def name_parts(self) -> Mapping[str, tuple[str, ...]]:
        """Name parts, streets, towns and the like, for made-up private details."""
        return {
            name.removeprefix("people."): texts
            for name, texts in self.frames.items()
            if name.startswith("people.") and not name.endswith(":plain")
        }

    @property
    def group_order(self) -> tuple[str, ...]:
        """Codes of the major groups, ascending."""
        return self.group_draw.items


def load_pools(sample_dir: Path, starter_dir: Path) -> Pools:
    """Read all phrase files and check them against the starter catalogue.

    Args:
        sample_dir: Folder with dialogue.toml, code.toml, chat.toml, languages.toml and phrases/.
        starter_dir: Folder of the starter catalogue.

    Raises:
        InputUnusableError: A file is missing or broken, or phrases and catalogue do not fit together.
    """
    dialogue = _read_toml(sample_dir / "dialogue.toml")
    code, chat = _read_toml(sample_dir / "code.toml"), _read_toml(sample_dir / "chat.toml")
    occupations = _occupations(sample_dir / "phrases", starter_dir, dialogue)
    frames = _frames({name: dialogue[name] for name in dialogue if name not in ("courses", "popular")})
    frames.update({f"logs.{name}": tuple(texts) for name, texts in code["logs"].items()})
    frames.update({f"code.{name}": tuple(texts) for name, texts in code["talk"].items()})
    frames["chat.tails"] = tuple(chat["tails"]["texts"])
    by_group: dict[str, list[Occupation]] = defaultdict(list)
    for occupation in occupations:
        by_group[occupation.code[:2]].append(occupation)
    groups = {
        group: _by_rank(_popular_first(found, dialogue["popular"].get(group, []))) for group, found in by_group.items()
    }
    records, languages = dialogue["records"], _languages(_read_toml(sample_dir / "languages.toml"))
    return Pools(
        frames=frames,
        questions=_pairs(dialogue["follow"]["learning"]["pairs"]),
        shares=dialogue["shares"],
        patterns=weighted(dialogue["patterns"], dialogue["patterns"].values()),
        groups=groups,
        group_draw=weighted(sorted(groups), [dialogue["groups"][group] for group in sorted(groups)]),
        occupations={occupation.code: occupation for occupation in occupations},
        home_codes=frozenset(dialogue["at_home"]["codes"]),
        heavy=(dialogue["heavy"]["code"], dialogue["heavy"]["share"]),
        courses=dialogue["courses"],
        cases={task: _code_case(case) for case in code["case"] for task in case["tasks"]},
        nouns=tuple(code["slots"]["noun"]),
        chat=tuple(
            ChatTopic(one["name"], one["pattern"], _lines(one), _pairs(one["exchanges"])) for one in chat["topic"]
        ),
        chat_slots={name: tuple(values) for name, values in chat["slots"].items()},
        languages=languages,
        models=weighted(records["models"], records["model_weights"]),
        countries=weighted(records["countries"], records["country_weights"]),
    )


def _read_toml(path: Path) -> dict[str, Any]:
    """Read one phrase file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputUnusableError(f"expected phrases in {path}, found no file: restore data/sample") from None
    except tomllib.TOMLDecodeError as error:
        raise InputUnusableError(f"expected TOML in {path}: {error}: correct the file") from None


def _read_catalogue(path: Path) -> list[dict[str, str]]:
    """Read one tab-separated file of the starter catalogue."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    except FileNotFoundError:
        raise InputUnusableError(
            f"expected the starter catalogue's {path}, found no file: restore data/starter"
        ) from None


def _frames(tree: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Flatten nested tables of text lists to dotted names, each with its plain variant."""
    frames: dict[str, tuple[str, ...]] = {}
    for name, value in tree.items():
        dotted = prefix + name.removesuffix("texts").removesuffix(".")
        if isinstance(value, dict):
            frames.update(_frames(value, f"{dotted}."))
        elif isinstance(value, list) and value and isinstance(value[0], str):
            key = dotted.removesuffix(".")
            frames[key] = tuple(value)
            frames[f"{key}:plain"] = tuple(text for text in value if "{detail}" not in text and "{thing}" not in text)
    return frames


def _lines(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The text lists of a table by name; a single text counts as a list of one."""
    lines = {name: (value,) for name, value in table.items() if isinstance(value, str)}
    return lines | {
        name: tuple(value)
        for name, value in table.items()
        if isinstance(value, list) and value and isinstance(value[0], str)
    }


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    """What is said and what is answered."""
    return tuple((says, answers) for says, answers in rows)


def _by_rank(items: list[Occupation]) -> Weighted[Occupation]:
    """Weights that fall with the rank (Zipf)."""
    return weighted(items, [1 / rank for rank in range(1, len(items) + 1)])


def _popular_first(occupations: list[Occupation], popular: list[str]) -> list[Occupation]:
    """Put the popular occupations first, in the order given."""
    rank = {code: position for position, code in enumerate(popular)}
    return sorted(occupations, key=lambda occupation: (rank.get(occupation.code, len(rank)), occupation.code))


def _code_case(case: Mapping[str, Any]) -> CodeCase:
    """Read one programming exchange."""
    return CodeCase(
        language=case["language"],
        requests=tuple(case["requests"]),
        code=case["code"],
        note=case["note"],
        rounds=tuple((error, reason, fix) for error, reason, fix in case["rounds"]),
        changes=_pairs(case["changes"]),
    )


def _languages(tables: Mapping[str, Any]) -> Weighted[Language]:
    """Read the other languages with their weights."""
    found = [
        Language(
            code=table["code"],
            countries=tuple(table["countries"]),
            frames=_lines(table),
            subjects=tuple(Subject(subject["task"], _lines(subject)) for subject in table["subject"]),
        )
        for table in tables["language"]
    ]
    return weighted(found, [table["weight"] for table in tables["language"]])


def _occupations(phrases_dir: Path, starter_dir: Path, dialogue: Mapping[str, Any]) -> list[Occupation]:
    """Read the phrases of every occupation, in the order of their codes."""
    statements = _read_catalogue(starter_dir / "Task Statements.txt")
    names = {row["O*NET-SOC Code"]: row["Title"] for row in _read_catalogue(starter_dir / "Occupation Data.txt")}
    titles: dict[str, list[str]] = defaultdict(list)
    for row in _read_catalogue(starter_dir / "Alternate Titles.txt"):
        if row["Alternate Title"].replace(" ", "").replace("-", "").isalpha():
            titles[row["O*NET-SOC Code"]].append(with_article(row["Alternate Title"]))
    same: dict[str, list[str]] = defaultdict(list)
    for row in statements:
        same[_statement_key(row["Task"])].append(row["Task ID"])
    task_ids = {row["Task ID"]: tuple(sorted(same[_statement_key(row["Task"])])) for row in statements}
    tables = [table for path in sorted(phrases_dir.glob("*.toml")) for table in _read_toml(path)["occupation"]]
    unknown = {task for table in tables for task in table["asks"]} - task_ids.keys()
    if unknown or not tables:
        raise InputUnusableError(
            f"expected phrases in {phrases_dir} for tasks of the catalogue in {starter_dir}, found {len(tables)} "
            f"occupations and {len(unknown)} unknown task ids: use the folders that belong together"
        )
    return [
        _occupation(table, names[table["code"]], titles[table["code"]], task_ids, dialogue["verbs"])
        for table in sorted(tables, key=lambda table: str(table["code"]))
    ]


def _occupation(
    table: Mapping[str, Any],
    name: str,
    titles: list[str],
    task_ids: Mapping[str, tuple[str, ...]],
    verbs: Mapping[str, list[str]],
) -> Occupation:
    """Read the phrases of one occupation."""
    pools = {pool: tuple(table[pool]) for pool in ("things", "details", "answers")}
    stems = {pool: [_stems(text) for text in texts] for pool, texts in pools.items()}
    tasks = [
        Task(task, task_ids[task], tuple(_ask(text, verbs, stems) for text in texts))
        for task, texts in table["asks"].items()
    ]
    return Occupation(
        code=table["code"],
        title=name,
        titles=tuple(titles),
        tasks=weighted(tasks, [1 / rank for rank in range(1, len(tasks) + 1)]),
        **pools,
    )


def _ask(text: str, verbs: Mapping[str, list[str]], pool_stems: Mapping[str, list[set[str]]]) -> Ask:
    """Classify one task phrase and find what is related to it."""
    words = text.lower().replace(",", "").split()
    stems = _stems(text)
    related = {
        pool: frozenset(position for position, other in enumerate(others) if stems & other)
        for pool, others in pool_stems.items()
    }
    kind = next((kind for kind, first in verbs.items() if words[0] in first), "solve")
    is_neutral = not _OWN & set(words)
    turned = " ".join(_TURNED.get(word.lower(), word) for word in text.split())
    return Ask(text, turned, kind, is_neutral, is_neutral and not _OTHERS & set(words), related)


def _stems(text: str) -> set[str]:
    """Beginnings of the longer words, to tell whether two texts are about the same thing."""
    return {word[:5] for word in _WORD.findall(text.lower())} - {
        "their",
        "there",
        "about",
        "with",
        "that",
        "from",
        "have",
    }


def _statement_key(statement: str) -> str:
    """Statements are the same when they agree after NFC, lower case and folded white space."""
    return " ".join(unicodedata.normalize("NFC", statement).lower().split())


def with_article(title: str) -> str:
    """Turn "Branch Manager" into "a branch manager"; abbreviations and brand names keep their capitals."""
    words = [word if _keeps_capitals(word) else word.lower() for word in title.split()]
    first = words[0]
    letter_by_letter = first.split("-")[0].isupper() and first not in ("CAD",)
    vowel = first[0] in "AEFHILMNORSX" if letter_by_letter else first[0].lower() in "aeio"
    return f"{'an' if vowel else 'a'} {' '.join(words)}"


def _keeps_capitals(word: str) -> bool:
    """Tell abbreviations (HR, API), brand names (WordPress) and proper adjectives from plain words."""
    return sum(letter.isupper() for letter in word.replace("-", "")) > 1 or word in ("English",)
