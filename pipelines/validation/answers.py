"""Reads filled label sheets back: every row is checked, every problem named by its row."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clio_lite.tables import COLLABORATION_PATTERNS
from onet.soc import SOC_MAJOR_GROUPS
from pipelines.errors import InputUnusableError
from pipelines.validation.sheet import ANSWERS

_YES_NO: Final = {"yes": True, "y": True, "no": False, "n": False}
_SHOWN_PROBLEMS: Final = 12
_SHORT: Final = 14
_LEVELS: Final = ("acceptable_base", "acceptable_middle", "acceptable_top")


@dataclass(frozen=True)
class Answer:
    """One rater's judgement of one item.

    Attributes:
        base: The statement is acceptable; None where nothing was assigned.
        middle: One of its occupations is.
        top: One of its major groups is.
        better_candidate: Letter of a better candidate, `none` or empty.
        better_group: SOC major group, `none`, or empty.
        pattern: The right collaboration pattern.
        pattern_is_right: The predicted one is right.
    """

    base: bool | None
    middle: bool | None
    top: bool | None
    better_candidate: str
    better_group: str
    pattern: str
    pattern_is_right: bool


class _RowProblemError(Exception):
    """What is wrong with one row."""


def sheet_label_set(path: Path) -> str:
    """Label set that a sheet names.

    Args:
        path: CSV.

    Raises:
        InputUnusableError: No such file, not a label sheet, or several label sets.
    """
    names = {row["label_set"].strip() for _, row in _read_rows(path)}
    if len(names) != 1:
        raise InputUnusableError(
            f"{path.name}: expected one label set in the column label_set, found {len(names)}: score them separately"
        )
    return names.pop()


def read_answers(path: Path, items: Mapping[str, Mapping[str, Any]]) -> dict[str, Answer]:
    """Answers of one rater by item; items without any answer are left out.

    Args:
        path: CSV as exported by the page, or filled in a spreadsheet (comma or semicolon).
        items: Rows of `core/validation_item` by item id.

    Raises:
        InputUnusableError: Rows do not fit; the first problems are listed with their row numbers (1 is the header).
    """
    found: dict[str, Answer] = {}
    first_row: dict[str, int] = {}
    problems = []
    for number, row in _read_rows(path):
        item_id = row["item_id"].strip()
        try:
            if item_id not in items:
                raise _RowProblemError("the item_id is not one of the label set: restore it from the sheet")
            if item_id in first_row:
                raise _RowProblemError(f"the item is already in row {first_row[item_id]}: keep one of them")
            first_row[item_id] = number
            values = {name: (row.get(name) or "").strip() for name in ANSWERS}
            if any(values.values()):
                found[item_id] = _answer(values, items[item_id])
        except _RowProblemError as problem:
            problems.append(f"row {number}: {problem}")
    if problems:
        rest = len(problems) - _SHOWN_PROBLEMS
        more = f"\n  and {rest} more" if rest > 0 else ""
        listed = "\n  ".join(problems[:_SHOWN_PROBLEMS])
        raise InputUnusableError(
            f"{path.name}: {len(problems)} rows do not fit (row 1 is the header):\n  {listed}{more}"
        )
    if not found:
        raise InputUnusableError(f"{path.name}: expected answers, found none: fill in the sheet first")
    return found


def _read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise InputUnusableError(f"expected a filled label sheet, found nothing at {path}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputUnusableError(f"{path.name}: expected UTF-8: save the sheet as 'CSV UTF-8'") from None
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ","
    )
    missing = [name for name in ("label_set", "item_id", *ANSWERS) if name not in (reader.fieldnames or ())]
    if missing:
        raise InputUnusableError(f"{path.name}: expected a label sheet, found no column {', '.join(missing)}")
    rows = [
        (number, {name: value or "" for name, value in row.items() if isinstance(name, str)})
        for number, row in enumerate(reader, start=2)
    ]
    rows = [(number, row) for number, row in rows if any(row.values())]
    if not rows:
        raise InputUnusableError(f"{path.name}: expected one row per item, found only the header")
    return rows


def _said(value: str) -> str:
    """A short answer as it was found; a longer one may be text that must not be repeated."""
    if not value:
        return "nothing"
    return repr(value) if len(value) <= _SHORT else f"a text of {len(value)} characters"


def _choice(values: Mapping[str, str], name: str, choices: Sequence[str], *, upper: bool = False) -> str:
    value = values[name].upper() if upper and values[name].lower() != "none" else values[name].lower()
    if value and value not in choices:
        raise _RowProblemError(f"{name}: expected one of {', '.join(choices)}, found {_said(values[name])}")
    return value


def _yes_no(values: Mapping[str, str], name: str) -> bool:
    value = values[name].lower()
    if value not in _YES_NO:
        raise _RowProblemError(f"{name}: expected yes or no, found {_said(values[name])}")
    return _YES_NO[value]


def _answer(values: Mapping[str, str], item: Mapping[str, Any]) -> Answer:
    letters = [candidate["letter"] for candidate in item["candidates"]]
    candidate = _choice(values, "better_candidate", [*letters, "none"], upper=True)
    group = values["better_group"].split(" ")[0].lower()
    group = _choice({"better_group": group}, "better_group", [*SOC_MAJOR_GROUPS, "none"])
    base = middle = top = None
    if item["statement_task_id"] == "not_classified":
        if any(values[name] for name in _LEVELS):
            raise _RowProblemError("nothing was assigned: leave acceptable_base, _middle and _top empty")
    else:
        base, middle, top = (_yes_no(values, name) for name in _LEVELS)
        if middle and not top:
            raise _RowProblemError(
                "acceptable_middle is yes but acceptable_top is no: an occupation lies in its major group"
            )
    if not top and candidate in ("", "none") and not group:
        raise _RowProblemError(
            "the major group is not settled: name a better candidate, or give better_group (two digits, or none)"
        )
    is_right = _yes_no(values, "pattern_is_right")
    pattern = _choice(values, "right_pattern", COLLABORATION_PATTERNS)
    predicted = str(item["collaboration_pattern"])
    if is_right and pattern not in ("", predicted):
        raise _RowProblemError("pattern_is_right is yes but right_pattern names another: clear one of them")
    if not is_right and pattern in ("", predicted):
        raise _RowProblemError("pattern_is_right is no: give another pattern in right_pattern")
    return Answer(base, middle, top, candidate, group, predicted if is_right else pattern, is_right)


def judged_groups(answer: Answer, item: Mapping[str, Any]) -> dict[str, float]:
    """Major groups that a rater gives a conversation, with weights that sum to 1.

    Those of the assigned statement where acceptable at the top, else the named group, else those of the better
    candidate.

    Args:
        answer: The answer.
        item: Row of `core/validation_item`.
    """
    if answer.top:
        return {part["soc_major_group"]: part["weight"] for part in item["groups"]}
    if answer.better_group:
        return {answer.better_group: 1.0}
    better = next(c for c in item["candidates"] if c["letter"] == answer.better_candidate)
    return {part["soc_major_group"]: part["weight"] for part in better["groups"]}
