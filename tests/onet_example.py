"""A small invented release, its files in both distributions, and an encoder without a model."""

import hashlib
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest

Table = tuple[list[str], list[list[str]]]
Files = dict[str, Table]


class WordEncoder:
    """Bag of hashed words: the same text always has the same unit vector, shared words bring texts near."""

    def __init__(self, name: str = "words", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().replace(".", " ").split() or ["(nothing)"]:
                digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
                vectors[row, int.from_bytes(digest, "big") % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def small_files() -> Files:
    """Four occupations, seven task rows, one statement shared by two occupations, one emerging task."""
    code = "O*NET-SOC Code"
    return {
        "Occupation Data": (
            [code, "Title", "Description"],
            [
                ["15-1252.00", "Software Developers", "Develop software."],
                ["15-1299.08", "Computer Systems Engineers", "Design systems."],
                ["15-1299.09", "Project Managers", "Manage projects."],
                ["29-1223.00", "Psychiatrists", "Treat patients."],
            ],
        ),
        "Job Zones": ([code, "Job Zone", "Date"], [["15-1252.00", "4", "08/2023"], ["29-1223.00", "5", "08/2023"]]),
        "Task Statements": (
            [code, "Task ID", "Task", "Task Type", "Incumbents Responding"],
            [
                ["15-1252.00", "101", "Write program code.", "Core", "40"],
                ["15-1252.00", "99", "Test  Program Code.", "Supplemental", "n/a"],
                ["15-1299.08", "100", "test program code.", "n/a", "n/a"],
                ["15-1299.08", "102", 'Design "open" systems.', "Core", "12"],
                ["15-1299.09", "103", "Plan project schedules.", "Core", "12"],
                ["29-1223.00", "104", "Examine patients.", "Core", "12"],
                ["29-1223.00", "105", "Prescribe medication.", "Core", "12"],
            ],
        ),
        "Tasks to DWAs": (
            [code, "Task ID", "DWA ID"],
            [
                ["15-1252.00", "101", "4.A.1.I01.D01"],
                ["15-1252.00", "101", "4.A.1.I01.D02"],
                ["15-1252.00", "99", "4.A.1.I01.D02"],
                ["29-1223.00", "104", "4.A.2.I01.D01"],
            ],
        ),
        "DWA Reference": (
            ["Element ID", "IWA ID", "DWA ID", "DWA Title"],
            [
                ["4.A.1", "4.A.1.I01", "4.A.1.I01.D01", "Write code."],
                ["4.A.1", "4.A.1.I01", "4.A.1.I01.D02", "Test code."],
                ["4.A.2", "4.A.2.I01", "4.A.2.I01.D01", "Examine patients."],
            ],
        ),
        "IWA Reference": (
            ["Element ID", "IWA ID", "IWA Title"],
            [["4.A.1", "4.A.1.I01", "Program computers."], ["4.A.2", "4.A.2.I01", "Examine people."]],
        ),
        "Content Model Reference": (
            ["Element ID", "Element Name", "Description"],
            [["4.A.1", "Working with Computers", "Using computers."], ["4.A.2", "Caring for Others", "n/a"]],
        ),
        "Alternate Titles": (
            [code, "Alternate Title", "Short Title"],
            [
                ["15-1252.00", "Coder", "n/a"],
                ["15-1252.00", "Coder", "C"],
                ["29-1223.00", "Psychiatric Physician", "n/a"],
            ],
        ),
        "Sample of Reported Titles": ([code, "Reported Job Title", "Shown"], [["15-1252.00", "Coder", "Y"]]),
        "Emerging Tasks": ([code, "Task", "Category"], [["15-1252.00", "Review generated code.", "New"]]),
    }


def large_files(activity_count: int = 240) -> Files:
    """Many activities with three statements each, so that a calibration can be fitted and held out."""
    files = small_files()
    tasks, links, dwas, iwas = [], [], [], []
    for number in range(activity_count):
        iwa, dwa = f"4.A.1.I{number // 2:03}", f"4.A.1.I{number // 2:03}.D{number % 2}"
        dwas.append(["4.A.1", iwa, dwa, f"Do work{number} on thing{number % 17} part{number % 5}."])
        if number % 2 == 0:
            iwas.append(["4.A.1", iwa, f"Work{number} in general."])
        for copy in range(3):
            task_id = str(1000 + 3 * number + copy)
            # The third statement has no word of its own: it can only be guessed.
            own = f"work{number}" if copy < 2 else f"chore{copy}"
            tool = f"tool{copy}{number % 11}" if copy < 2 else f"tool{number}"
            text = f"Do {own} on thing{number % 17} part{number % 5} with {tool}."
            tasks.append(["15-1252.00", task_id, text, "Core", "12"])
            links.append(["15-1252.00", task_id, dwa])
    files["Task Statements"] = (files["Task Statements"][0], tasks)
    files["Tasks to DWAs"] = (files["Tasks to DWAs"][0], links)
    files["DWA Reference"] = (files["DWA Reference"][0], dwas)
    files["IWA Reference"] = (files["IWA Reference"][0], iwas)
    return files


def skill_rows() -> Table:
    header = ["O*NET-SOC Code", "Element ID", "Element Name", "Scale ID", "Data Value"]
    return header, [
        ["15-1252.00", "2.B.3.e", "Programming", "IM", "4.5"],
        ["15-1252.00", "2.B.3.e", "Programming", "LV", "5.25"],
        ["29-1223.00", "2.B.1.a", "Social Perceptiveness", "IM", "4"],
    ]


def rating_rows() -> Table:
    header = ["O*NET-SOC Code", "Task ID", "Scale ID", "Category", "Data Value"]
    return header, [
        ["15-1252.00", "101", "FT", "1", "3.5"],
        ["15-1252.00", "101", "IM", "n/a", "4.2"],
        ["15-1252.00", "101", "RT", "n/a", "87.5"],
    ]


def write_text(folder: Path, files: Files, *, first_line: str = "O*NET 29.1 Database") -> Path:
    """Write the text distribution, with Windows line ends as O*NET does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Read Me.txt").write_text(first_line + "\n", encoding="utf-8")
    for name, (header, rows) in files.items():
        lines = ["\t".join(row) for row in [header, *rows]]
        (folder / f"{name}.txt").write_bytes(("\r\n".join(lines) + "\r\n").encode())
    return folder


def write_excel(folder: Path, files: Files, *, first_line: str = "O*NET 29.1 Database") -> Path:
    """Write the Excel distribution: a title column more, and empty cells where the text has n/a."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Read Me.txt").write_text(first_line + "\n", encoding="utf-8")
    titles = {row[0]: row[1] for row in files["Occupation Data"][1]}
    for name, (header, rows) in files.items():
        table = [header, *rows]
        if header[0] == "O*NET-SOC Code" and "Title" not in header:
            table = [[row[0], titles.get(row[0], "Title"), *row[1:]] for row in table]
        cells = [["" if cell == "n/a" else cell for cell in row] for row in table]
        (folder / f"{name}.xlsx").write_bytes(workbook_bytes({"Sheet": cells}))
    return folder


def zip_folder(folder: Path, target: Path, *, inner: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inner}{file.name}")
    return target


def workbook_bytes(sheets: dict[str, list[list[str]]]) -> bytes:
    """A minimal Excel workbook: numbers as numbers, other cells as inline text."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(f'<Override PartName="/xl/s{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in numbers)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(f'<Relationship Id="r{n}" Type="{relation}/worksheet" Target="s{n}.xml"/>' for n in numbers)
        + "</Relationships>",
    }
    for n, rows in zip(numbers, sheets.values(), strict=True):
        lines = "".join(f"<row>{''.join(_cell(cell) for cell in row)}</row>" for row in rows)
        parts[f"xl/s{n}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return buffer.getvalue()


def _cell(text: str) -> str:
    if text.replace(".", "", 1).isdigit():
        return f"<c><v>{text}</v></c>"
    return "<c/>" if not text else f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def shared_data() -> Path:
    """Folder of the public data, or skip."""
    folder = os.environ.get("INDEX_SHARED_DATA")
    if not folder:
        pytest.skip("INDEX_SHARED_DATA is not set: no public data to test on")
    return Path(folder)
