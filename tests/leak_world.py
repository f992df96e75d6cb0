"""A month of short conversations full of planted private strings, and the search for them in what a run left behind."""

# ruff: noqa: E501  (a topic a line)

import base64
import json
import random
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import polars as pl
from private_strings import MAKERS, carriers, make_string

TOPICS: Final = (
    ("Draft a lesson plan on {}", ("fractions", "photosynthesis", "the water cycle", "verb tenses", "map reading", "ancient Rome")),
    ("Debug a Python script that {}", ("parses logs", "merges tables", "sends reports", "renames files", "reads sensors", "plots sales")),
    ("Write a marketing email for {}", ("a bakery", "a gym", "a hotel", "a bookshop", "a bike rental", "a flower shop")),
    ("Summarize the contract about {}", ("office rent", "software licences", "cleaning services", "freight", "catering", "security guards")),
    ("Prepare a budget spreadsheet for {}", ("a school trip", "a clinic", "a warehouse", "a theatre", "a farm", "a film shoot")),
    ("Explain the test results of {}", ("a blood count", "a liver panel", "a thyroid check", "a kidney panel", "an allergy test", "a lung scan")),
    ("Translate the manual of {}", ("a washing machine", "a forklift", "a printer", "a drill press", "a heat pump", "a tractor")),
    ("Write interview questions for {}", ("a nurse", "a welder", "a data analyst", "a cook", "a bus driver", "an accountant")),
    ("Plan the maintenance of {}", ("an elevator", "a pump station", "a conveyor belt", "a boiler", "a wind turbine", "a greenhouse")),
    ("Review the SQL query that {}", ("joins orders", "counts visits", "finds duplicates", "sums invoices", "ranks stores", "cleans dates")),
    ("Create slides about {}", ("fire safety", "onboarding", "customer service", "cyber security", "waste sorting", "first aid")),
    ("Answer the customer complaint about {}", ("late delivery", "a broken lamp", "a wrong size", "a double charge", "noise", "cold food")),
)  # fmt: skip
TASK_LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("Schreibe einen Unterrichtsplan zum Thema Brüche.", "Prüfe die SQL-Abfrage für Rechnungen."),
    "es": ("Redacta un plan de clase sobre fracciones.", "Revisa la consulta SQL de facturas."),
    "fr": ("Rédige un plan de cours sur les fractions.", "Vérifie la requête SQL des factures."),
    "pt": ("Escreva um plano de aula sobre frações.", "Revise a consulta SQL das faturas."),
    "it": ("Scrivi un piano di lezione sulle frazioni.", "Controlla la query SQL delle fatture."),
    "nl": ("Schrijf een lesplan over breuken.", "Controleer de SQL-query van facturen."),
    "pl": ("Napisz plan lekcji o ułamkach.", "Sprawdź zapytanie SQL o faktury."),
    "ru": ("Напиши план урока о дробях.",),
    "zh": ("请写一份关于分数的教案。",),
    "ja": ("分数の授業計画を書いてください。",),
}
RARE: Final = ("Quimbletharp", "Zovrandelka", "Thessimbroy")
"""Invented names, unknown to every list, that k - 1 accounts of one topic use as its most distinctive word."""

_SYLLABLES: Final = (
    "bra",
    "cho",
    "dre",
    "fla",
    "gru",
    "kli",
    "mo",
    "nu",
    "pli",
    "quo",
    "ri",
    "ska",
    "tro",
    "vu",
    "wem",
    "xi",
    "yar",
    "zel",
)
LEAST: Final = 7
"""Shortest part of a planted string that is searched for on its own."""


@dataclass(frozen=True)
class LeakWorld:
    """Conversations and what was planted in them.

    Attributes:
        records: Lines of the input file.
        planted: Each planted string by its kind, `rare_name` and `user_id` among them.
    """

    records: list[dict[str, object]]
    planted: list[tuple[str, str]]

    def write(self, path: Path) -> None:
        """Write the input file."""
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in self.records))


def coined(rng: random.Random) -> str:
    """A surname that nobody has and that is in no list."""
    return "".join(rng.choice(_SYLLABLES) for _ in range(4)).capitalize()


def make_leak_world(
    count: int, *, private: int, accounts: int, rare_accounts: int, seed: int, month: str = "2026-10"
) -> LeakWorld:
    """Generate conversations.

    Args:
        count: How many.
        private: How many of them hold a planted string of one to three accounts.
        accounts: Distinct accounts, each known by an e-mail address.
        rare_accounts: Accounts that use each rare name, in one topic.
        seed: Seed.
        month: Month of all of them.
    """
    rng = random.Random(seed)
    users = [f"{coined(rng).lower()}.{number}@accounts.example" for number in range(accounts)]
    planted: list[tuple[str, str]] = [("user_id", user) for user in users]
    kinds = [(kind, language) for kind in MAKERS for language in carriers()[kind]]
    records: list[dict[str, object]] = []
    reused: tuple[str, str, str] | None = None
    for number in range(count):
        topic = number % len(TOPICS)
        form, things = TOPICS[topic]
        text, reply = f"{form.format(rng.choice(things))}.", "Here is a first version."
        if number < private:
            if reused is None or rng.random() > 0.1:
                kind, language = kinds[number % len(kinds)]
                reused = (kind, language, _string(rng, kind, language))
                planted.append((kind, reused[2]))
            kind, language, value = reused
            sentence = rng.choice(carriers()[kind][language]).replace("{x}", value)
            if language in TASK_LANGUAGES:
                text = rng.choice(TASK_LANGUAGES[language])
            where = rng.random()
            if where < 0.6:
                text = f"{text} {sentence}" if rng.random() < 0.7 else f"{sentence}\n{text}"
            elif where < 0.8:
                reply = f"{reply} {sentence}"
            else:
                text = f"{text}\n```\n2026-10-04 12:00:01 ERROR {sentence}\n```"
        records.append(_record(number, rng.choice(users), text, reply, month))
    for place, name in enumerate(RARE):
        form, things = TOPICS[place]
        planted.append(("rare_name", name))
        for turn, user in enumerate(rng.sample(users, rare_accounts)):
            text = f"{form.format(things[0])} for {name}, the {name if turn % 2 else name.lower()} way."
            records.append(_record(len(records), user, text, "Here is a first version.", month))
    return LeakWorld(records, planted)


def _string(rng: random.Random, kind: str, language: str) -> str:
    """A private string; family names are coined, so that no list holds them."""
    value = make_string(rng, kind, language)
    if kind in ("name", "name_lower") and language not in ("zh", "ja"):
        family = coined(rng)
        value = f"{value.split()[0]} {family.lower() if kind == 'name_lower' else family}"
    return value


def _record(number: int, user: str, text: str, reply: str, month: str) -> dict[str, object]:
    return {
        "conversation_id": f"chat-{number:06d}-{user}",
        "user_id": user,
        "started_at": f"{month}-{1 + number % 28:02d}T10:00:00Z",
        "model": "assistant-1",
        "country": "US",
        "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": reply}],
    }


def folded(text: str) -> str:
    """Letters and digits alone, case folded: neither spaces, punctuation nor escapes can hide a string."""
    return re.sub(r"[\W_]+", "", text.casefold())


def needles(planted: Iterable[tuple[str, str]]) -> dict[bytes, tuple[str, str]]:
    """What to search for: every string as it is, in other codes, folded, and the long words of names."""
    found: dict[bytes, tuple[str, str]] = {}
    for kind, value in planted:
        forms = {value.encode(), value.encode("utf-16-le"), folded(value).encode()}
        forms |= {base64.b64encode(value.encode())[:-4], json.dumps(value)[1:-1].encode()}
        if kind in ("name", "name_lower", "rare_name"):
            forms.add(folded(value.split()[-1]).encode())
        if kind == "user_id":
            forms.add(folded(value.split("@")[0]).encode())
        least = 4 if not value.isascii() else LEAST
        found |= {form: (kind, value) for form in forms if len(form) >= least}
    return found


class Search:
    """Finds many byte strings in large contents at once."""

    def __init__(self, wanted: Iterable[bytes]) -> None:
        """Sort the strings by their first bytes.

        Args:
            wanted: The strings.
        """
        self._short = sorted(one for one in wanted if len(one) < 8)
        self._long: dict[int, list[bytes]] = {}
        for one in wanted:
            if len(one) >= 8:
                self._long.setdefault(int.from_bytes(one[:8], "little"), []).append(one)
        self._heads = np.array(sorted(self._long), dtype=np.uint64)

    def find(self, content: bytes) -> set[bytes]:
        """The strings that occur; digits alone count only where no further digit or point touches them."""
        found = {one for one in self._short if _occurs(one, content)}
        for offset in range(min(8, max(0, len(content) - 7))):
            usable = (len(content) - offset) // 8 * 8
            words = np.frombuffer(content, dtype="<u8", count=usable // 8, offset=offset)
            place = np.searchsorted(self._heads, words).clip(max=len(self._heads) - 1)
            for index in np.flatnonzero(self._heads[place] == words).tolist():
                start = offset + 8 * index
                found |= {
                    one
                    for one in self._long[int(words[index])]
                    if content.startswith(one, start) and _is_whole(one, content, start)
                }
        return found


def _is_whole(one: bytes, content: bytes, start: int) -> bool:
    """A run of digits is not part of a longer number."""
    if not one.isdigit():
        return True
    around = content[max(0, start - 1) : start] + content[start + len(one) : start + len(one) + 1]
    return not re.search(rb"[\d.]", around)


def _occurs(one: bytes, content: bytes) -> bool:
    start = content.find(one)
    while start >= 0:
        if _is_whole(one, content, start):
            return True
        start = content.find(one, start + 1)
    return False


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds: its bytes, and the values behind compression or pages, plain and folded.

    Args:
        path: Parquet, DuckDB, SQLite, text, or another file, of which only the bytes are read.
    """
    raw = path.read_bytes()
    yield raw
    is_table = raw[:4] == b"PAR1" or raw[:15] == b"SQLite format 3" or path.suffix == ".duckdb"
    if not is_table and b"\0" in raw[:4096]:
        return
    text = _values(path, raw) if is_table else raw.decode("utf-8", errors="ignore")
    yield text.encode()
    yield folded(text).encode()


def _values(path: Path, raw: bytes) -> str:
    """Every distinct value of a table file as text."""
    if raw[:4] == b"PAR1":
        return _frame_values(pl.read_parquet(path))
    if raw[:15] == b"SQLite format 3":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as lite:
            names = [row[0] for row in lite.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return "\n".join(str(row) for name in names for row in lite.execute(f'SELECT * FROM "{name}"'))
    with duckdb.connect(str(path), read_only=True) as duck:
        names = duck.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        rows = [_frame_values(duck.sql(f'SELECT * FROM "{schema}"."{name}"').pl()) for schema, name in names]
        comments = duck.execute("SELECT comment FROM duckdb_tables() UNION SELECT comment FROM duckdb_columns()")
        return "\n".join([*rows, str(comments.fetchall())])


def _frame_values(frame: pl.DataFrame) -> str:
    """Distinct values per column, nested ones as JSON."""
    return "\n".join(
        "\n".join(str(value) for value in frame.get_column(name).unique().to_list())
        for name, dtype in frame.schema.items()
        if not dtype.is_float()
    )


def find_planted(paths: Iterable[Path], wanted: Mapping[bytes, tuple[str, str]]) -> dict[str, set[str]]:
    """Kinds of the planted strings that occur in each file that holds one.

    Args:
        paths: Files to search.
        wanted: What `needles` returned.
    """
    search = Search(wanted)
    hits: dict[str, set[str]] = {}
    for path in paths:
        for content in contents(path):
            for one in search.find(content):
                hits.setdefault(str(path), set()).add(wanted[one][0])
    return hits
