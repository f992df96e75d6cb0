"""Filled sheets are read row by row; what does not fit is named by its row."""

from pathlib import Path

import pytest
from label_example import filled_csv, good_answer, label_set

from pipelines.errors import InputUnusableError
from pipelines.validation.answers import judged_groups, read_answers, sheet_label_set

_, ITEMS, ROWS = label_set()
BY_ID = {row["item_id"]: row for row in ITEMS.iter_rows(named=True)}
ASSIGNED = [n for n, row in enumerate(ROWS) if not row["assigned_statement"].startswith("(")]
UNDECIDED = [n for n, row in enumerate(ROWS) if row["assigned_statement"] == "(not decided)"]


def written(tmp_path: Path, rows: list[dict[str, str]], **options: str) -> Path:
    path = tmp_path / "rater.csv"
    path.write_text(filled_csv(rows, **options), encoding="utf-8")
    return path


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_filled_sheet_is_read_whole_and_blank_rows_are_unanswered(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, [good_answer(row) for row in ROWS[:-2]] + ROWS[-2:], delimiter=delimiter)
    found = read_answers(path, BY_ID)
    assert list(found) == [row["item_id"] for row in ROWS[:-2]]
    assert sheet_label_set(path) == ITEMS.item(0, "label_set")


NO = {"acceptable_base": "no", "acceptable_middle": "no", "acceptable_top": "no"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"acceptable_base": "maybe"}, "acceptable_base: expected yes or no, found 'maybe'"),
        ({"acceptable_top": ""}, "acceptable_top: expected yes or no, found nothing"),
        ({"acceptable_top": "no"}, "acceptable_middle is yes but acceptable_top is no"),
        ({"better_candidate": "F"}, "better_candidate: expected one of A, B, C, D, E, none, found 'F'"),
        (NO, "the major group is not settled"),
        ({**NO, "better_group": "99"}, "better_group: expected one of 11, 13"),
        ({"pattern_is_right": "no"}, "give another pattern in right_pattern"),
        ({"pattern_is_right": "no", "right_pattern": "chat"}, "right_pattern: expected one of directive"),
        ({"right_pattern": "validation"}, "pattern_is_right is yes but right_pattern names another"),
        ({"pattern_is_right": "The user said secret things"}, "found a text of 27 characters"),
        ({"item_id": "0"}, "the item_id is not one of the label set"),
        ({"item_id": ROWS[ASSIGNED[1]]["item_id"]}, "the item is already in row"),
    ],
)
def test_what_does_not_fit_is_named_by_its_row(tmp_path: Path, change: dict[str, str], message: str) -> None:
    rows = [good_answer(row) for row in ROWS]
    place = next(n for n in ASSIGNED[2:] if ROWS[n]["collaboration_pattern"] != "validation")
    rows[place] |= change
    with pytest.raises(InputUnusableError) as error:
        read_answers(written(tmp_path, rows), BY_ID)
    assert f"row {place + 2}: " in str(error.value)
    assert message in str(error.value)
    assert "secret" not in str(error.value)


def test_many_problems_are_counted_and_the_first_listed(tmp_path: Path) -> None:
    rows = [{**good_answer(row), "pattern_is_right": "x"} for row in ROWS]
    with pytest.raises(InputUnusableError, match=r"60 rows do not fit[\s\S]*and 48 more"):
        read_answers(written(tmp_path, rows), BY_ID)


def named(path: Path, _: object) -> str:
    return sheet_label_set(path)


def test_files_that_are_no_filled_sheet_are_refused(tmp_path: Path) -> None:
    for content, message in (
        ("a,b\n1,2\n", "found no column label_set"),
        (filled_csv([]), "found only the header"),
        (filled_csv(ROWS), "expected answers, found none"),
        (filled_csv([ROWS[0], {**ROWS[1], "label_set": "other"}]), "found 2: score them separately"),
    ):
        path = tmp_path / "x.csv"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputUnusableError, match=message):
            (read_answers if message == "expected answers, found none" else named)(path, BY_ID)
    (tmp_path / "latin.csv").write_bytes(b"label_set\n\xe9\n")
    with pytest.raises(InputUnusableError, match="expected UTF-8"):
        sheet_label_set(tmp_path / "latin.csv")
    with pytest.raises(InputUnusableError, match="found nothing at"):
        sheet_label_set(tmp_path / "absent.csv")


def test_the_judged_group_is_the_named_one_else_that_of_the_better_candidate(tmp_path: Path) -> None:
    rows = [good_answer(row) for row in ROWS]
    first, second, third = ASSIGNED[:3]
    rows[first] |= {**NO, "better_candidate": "b", "better_group": ""}
    rows[second] |= {**NO, "better_candidate": "A", "better_group": "43 Office"}
    found = read_answers(written(tmp_path, rows), BY_ID)

    def groups(place: int) -> dict[str, float]:
        name = ROWS[place]["item_id"]
        return judged_groups(found[name], BY_ID[name])

    better = BY_ID[ROWS[first]["item_id"]]["candidates"][1]["groups"]
    assert groups(first) == {part["soc_major_group"]: part["weight"] for part in better}
    assert groups(second) == {"43": 1.0}
    assert sum(groups(third).values()) == pytest.approx(1)


def test_an_undecided_item_takes_no_level(tmp_path: Path) -> None:
    assert UNDECIDED
    rows = [good_answer(row) for row in ROWS]
    rows[UNDECIDED[0]] |= {"acceptable_base": "yes"}
    with pytest.raises(InputUnusableError, match="nothing was assigned"):
        read_answers(written(tmp_path, rows), BY_ID)
