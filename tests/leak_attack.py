"""Private strings in first turns, through `usage-index facets`, and what ordinary requests lose.

The carriers were written before the patterns were read; half of them were set aside while the patterns were mended.
As a script it prints the table of docs/privacy.md: `python tests/leak_attack.py`; with `--show developed` what leaks.
"""

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from pipelines.cli import app

QUALITY = Path(__file__).parent / "quality"
_PLANTED = re.compile(r"⟦([^⟧]+)⟧")
_MARKED = re.compile(
    r"\b(?:someone|an? (?:e-mail address|number|card|account|identifier|address|link|key|date|place|name))\b"
    r"|\[[a-z]{2,8}\]",
    re.IGNORECASE,
)
_COMMON = frozenset(
    [
        "calle", "rua", "rue", "via", "ulica", "straße", "lane", "road", "drive", "street", "london", "milano",
        "primary", "hotel", "animal", "clinic", "roofing", "frau", "herrn", "flat", "https", "www", "com", "net",
        "org", "github", "linkedin", "google", "docs", "document", "edit", "reset", "app", "user", "users", "desktop",
        "documents", "telegram", "discord"
    ]
)  # fmt: skip
"""Words that tell nobody who it is."""


@dataclass(frozen=True)
class Carrier:
    """A first turn with private strings in it.

    Attributes:
        kind: What kind of string is planted; `ordinary` where none is.
        language: ISO 639-1 code, `in` and `au` for countries.
        text: The turn.
        planted: The strings.
    """

    kind: str
    language: str
    text: str
    planted: tuple[str, ...]

    @property
    def is_set_aside(self) -> bool:
        """Whether it lies in the half that was not looked at."""
        return blake2b(self.text.encode(), digest_size=1).digest()[0] % 2 == 1


def read_carriers() -> list[Carrier]:
    """Read the carriers and the ordinary requests."""
    rows = [line.split("|", 2) for line in (QUALITY / "leak_carriers.psv").read_text().splitlines()]
    found = [
        Carrier(kind, language, _PLANTED.sub(r"\1", text), tuple(_PLANTED.findall(text)))
        for kind, language, text in rows
    ]
    ordinary = (QUALITY / "leak_ordinary.txt").read_text().splitlines()
    return [*found, *(Carrier("ordinary", "", text, ()) for text in ordinary)]


def parts_left(planted: str, text: str) -> list[str]:
    """Telling parts of a planted string that a text still holds: words, runs of four digits, signs of a script.

    Args:
        planted: The string.
        text: A request.
    """
    text = _MARKED.sub("·", text)
    words = [word for word in re.findall(r"[^\W_]+", planted) if word.lower() not in _COMMON]
    left = [
        word
        for word in words
        if _is_telling(word) and re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text, re.I)
    ]
    digits, shown = re.sub(r"\D", "", planted), re.sub(r"(?<=\d)[ ./()-]{1,2}(?=\d)", "", text)
    left += [run for run in {digits[place : place + 4] for place in range(len(digits) - 3)} if run in shown]
    if not planted.isascii():
        left += [
            run
            for word in words
            if re.match(r"[\u3040-\u9fff\uac00-\ud7a3]", word)
            for run in [word[:2]]
            if run in text
        ]
    return sorted(set(left))


def _is_telling(word: str) -> bool:
    return (len(word) >= 3 and not word.isdigit()) or len(word) >= 4


def facets_of(conversations: Sequence[Sequence[str]], work_dir: Path) -> pl.DataFrame:
    """The facets of conversations through the command line, in their order.

    Args:
        conversations: The user's turns of each; a plain reply follows every turn.
        work_dir: Folder for files.
    """
    source, target = work_dir / "conversations.jsonl", work_dir / "facets.parquet"
    lines = [
        {
            "conversation_id": f"c{number:05d}",
            "user_id": f"u{number:05d}",
            "messages": [
                {"role": role, "content": text}
                for turn in turns
                for role, text in (("user", turn), ("assistant", "Here is a draft that you can adapt."))
            ],
        }
        for number, turns in enumerate(conversations)
    ]
    source.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    result = CliRunner().invoke(app, ["facets", "--conversations", str(source), "--out", str(target)])
    if result.exit_code:
        raise RuntimeError(f"facets ended with {result.exit_code}")
    return pl.read_parquet(target).sort("conversation_id")


def main() -> None:
    """Print the share of carriers that leak, per kind and half."""
    carriers = read_carriers()
    with tempfile.TemporaryDirectory() as folder:
        requests = facets_of([[carrier.text] for carrier in carriers], Path(folder))["request"].to_list()
    shown = "developed" in sys.argv or "all" in sys.argv
    counts: dict[str, list[int]] = {}
    for carrier, request in zip(carriers, requests, strict=True):
        row = counts.setdefault(carrier.kind, [0, 0, 0, 0])
        if carrier.kind == "ordinary":
            left = _MARKED.findall(request)
        else:
            left = [part for planted in carrier.planted for part in parts_left(planted, request)]
        row[2 * carrier.is_set_aside] += bool(left)
        row[2 * carrier.is_set_aside + 1] += 1
        if shown and left and ("all" in sys.argv or not carrier.is_set_aside):
            sys.stdout.write(f"{carrier.kind:9s} {left} <- {request}\n      {carrier.text}\n")
    for kind, row in sorted(counts.items()):
        sys.stdout.write(f"{kind:10s} developed {row[0]:3d}/{row[1]:<3d} set aside {row[2]:3d}/{row[3]:<3d}\n")
    private = [row for kind, row in counts.items() if kind != "ordinary"]
    sums = [sum(row[place] for row in private) for place in range(4)]
    sys.stdout.write(f"all        developed {sums[0]}/{sums[1]} set aside {sums[2]}/{sums[3]}\n")


if __name__ == "__main__":
    main()
