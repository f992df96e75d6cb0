"""A month is validated from the command line: sheet, page in a real browser, answers of two raters, figures."""

import csv
import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, FLAGS
from index_run import MONTH, Run
from playwright.sync_api import sync_playwright

pytestmark = pytest.mark.slow
ITEMS = 40


def usage_index(folder: Path, *options: str, fails: bool = False) -> Any:
    command = [sys.executable, "-m", "pipelines.cli", *options, "--json", "--store", str(folder / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == (3 if fails else 0), done.stdout + done.stderr
    return json.loads(done.stdout)


def read_rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, finished_run: Run) -> Path:
    folder = tmp_path_factory.mktemp("validate")
    shutil.copytree(finished_run.folder, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def sheet(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = usage_index(folder, "validate", "sheet", "--month", MONTH, "--count", str(ITEMS))
    return found


def test_the_sheet_and_the_page_are_restricted_and_the_same_again(folder: Path, sheet: dict[str, Any]) -> None:
    before = Path(sheet["sheet"]).read_bytes()
    assert sheet["items"] == ITEMS
    assert sum(row["items"] for row in sheet["tables"]["allocation"]) == ITEMS
    for path in (Path(sheet["sheet"]), Path(sheet["page"])):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    usage_index(folder, "validate", "sheet", "--month", MONTH, "--count", str(ITEMS))
    assert Path(sheet["sheet"]).read_bytes() == before


def test_a_month_without_an_index_is_refused(folder: Path) -> None:
    failed = usage_index(folder, "validate", "sheet", "--month", "2026-09", fails=True)
    assert "run 'usage-index run --month 2026-09' first" in failed["message"]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one to fill in the page")
def test_the_page_is_filled_in_by_keyboard_and_its_export_is_scored(folder: Path, sheet: dict[str, Any]) -> None:
    errors: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: requests.append(request.url))
        page.goto(Path(sheet["page"]).as_uri())
        assert page.locator("#progress").inner_text() == f"0 of {ITEMS} complete"
        for section in page.locator("section").all():
            for name, value in (("base", "no"), ("middle", "no"), ("top", "no")):
                radio = section.locator(f'input[name$="acceptable_{name}"][value={value}]')
                if radio.count():
                    radio.focus()
                    page.keyboard.press("Space")
            section.locator("select").select_option("15")
            section.locator('input[name$="pattern_is_right"][value=yes]').focus()
            page.keyboard.press("Space")
        assert page.locator("#progress").inner_text() == f"{ITEMS} of {ITEMS} complete"
        page.reload()
        assert page.locator("section.done").count() == ITEMS
        with page.expect_download() as download:
            page.keyboard.press("e")
        download.value.save_as(folder / "page.csv")
        browser.close()
    assert not errors
    assert {url.split(":")[0] for url in requests} <= {"file", "blob"}
    original, exported = read_rows(sheet["sheet"]), read_rows(folder / "page.csv")
    assert [row["conversation"] for row in exported] == [row["conversation"] for row in original]
    scored = score(folder, folder / "page.csv")
    accuracy = {(row["facet"], row["level"]): row["accuracy"] for row in scored["tables"]["Accuracy"]}
    assert accuracy["task", "top"] == 0
    assert accuracy["collaboration_pattern", "pattern"] == 1


def score(folder: Path, *sheets: Path, fails: bool = False) -> Any:
    options = ["--month", MONTH, "--out", str(folder / "out")]
    return usage_index(folder, "validate", "score", *options, *(str(path) for path in sheets), fails=fails)


def test_answers_of_two_raters_become_figures(folder: Path, sheet: dict[str, Any]) -> None:
    rows = read_rows(sheet["sheet"])
    filled = [{**row, "acceptable_middle": "yes", "acceptable_top": "yes", "pattern_is_right": "yes"} for row in rows]
    for rater in (1, 2):
        answers = [
            {**row, "acceptable_base": "no" if number % 4 < rater else "yes"} for number, row in enumerate(filled)
        ]
        write_rows(folder / f"rater{rater}.csv", answers)
    scored = score(folder, folder / "rater1.csv", folder / "rater2.csv")
    assert scored["answered"] == f"{ITEMS} of {ITEMS}"
    written = json.loads((folder / "out" / "validation" / f"{MONTH}.json").read_text())
    assert {row["statistic"] for row in written["agreement"]} == {"cohen_kappa", "fleiss_kappa", "krippendorff_alpha"}
    assert all(row["share_corrected"] is None for row in written["shares"] if row["obs_status"] == "Q")
    filled[3]["acceptable_base"] = "perhaps"
    for row in (*filled[:3], *filled[4:]):
        row["acceptable_base"] = "yes"
    write_rows(folder / "wrong.csv", filled)
    failed = score(folder, folder / "wrong.csv", fails=True)
    assert "row 5: acceptable_base: expected yes or no, found 'perhaps'" in failed["message"]
