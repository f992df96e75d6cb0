"""Reads the files of a release as tables of text, from a zip or a folder, tab-separated or Excel.

Knows the two distributions and nothing of what the columns mean; that is in `release_tables`.
"""

import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import fastexcel
import polars as pl

from onet.errors import ReleaseFormatError, ReleaseNotFoundError

SourceKind = Literal["text", "excel"]
REQUIRED_FILES: Final = (
    "Occupation Data",
    "Task Statements",
    "Tasks to DWAs",
    "DWA Reference",
    "IWA Reference",
    "Content Model Reference",
    "Job Zones",
    "Alternate Titles",
    "Sample of Reported Titles",
)
OPTIONAL_FILES: Final = ("Skills", "Task Ratings")
README: Final = "Read Me.txt"
SUFFIXES: Final[dict[SourceKind, str]] = {"text": ".txt", "excel": ".xlsx"}
NULL_MARK: Final = "n/a"


@dataclass(frozen=True)
class ReleaseFiles:
    """Content of the files of one release, by their official names without suffix."""

    version: str
    source_kind: SourceKind
    content: dict[str, bytes]


@dataclass(frozen=True)
class FileRows:
    """Rows of one file as text, and how many rows the file itself has."""

    name: str
    rows: pl.DataFrame
    file_row_count: int


def open_release(path: Path) -> ReleaseFiles:
    """Read the files of a release from a zip or a folder, official or unpacked.

    The files may lie at the root or in one inner folder. Text wins where both distributions are present.

    Args:
        path: Official text or Excel zip, or a folder of the unpacked files.

    Returns:
        Content of the files that the library reads, with the version and the kind of distribution.

    Raises:
        ReleaseNotFoundError: Nothing lies at `path`.
        ReleaseFormatError: The zip is damaged, a required file is missing, or the version cannot be told.
    """
    if path.is_dir():
        found = {
            file.name: file.read_bytes() for file in sorted(_release_folder(path).iterdir()) if _is_wanted(file.name)
        }
    elif path.is_file():
        found = _read_zip(path)
    else:
        raise ReleaseNotFoundError(
            f"no O*NET release at {path}: give the official text or Excel zip, a folder of its files, "
            "or a version such as 29.1"
        )
    source_kind: SourceKind = "text" if "Task Statements.txt" in found else "excel"
    suffix = SUFFIXES[source_kind]
    content = {
        name.removesuffix(suffix): data for name, data in found.items() if name.endswith(suffix) and name != README
    }
    missing = [name for name in REQUIRED_FILES if name not in content]
    if missing:
        raise ReleaseFormatError(
            f"{path.name} lacks {', '.join(name + suffix for name in missing)}: "
            "expected the complete text or Excel distribution of an O*NET release; download it again"
        )
    return ReleaseFiles(version=_version(path, found.get(README)), source_kind=source_kind, content=content)


def _is_wanted(name: str) -> bool:
    stem, _, suffix = name.rpartition(".")
    return name == README or ("." + suffix in SUFFIXES.values() and stem in REQUIRED_FILES + OPTIONAL_FILES)


def _release_folder(path: Path) -> Path:
    if any(_is_wanted(file.name) for file in path.iterdir()):
        return path
    inner = [folder for folder in sorted(path.iterdir()) if folder.is_dir()]
    return inner[0] if len(inner) == 1 else path


def _read_zip(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {PurePosixPath(name).name: name for name in sorted(archive.namelist())}
            return {name: archive.read(member) for name, member in members.items() if _is_wanted(name)}
    except (zipfile.BadZipFile, zlib.error) as error:
        raise ReleaseFormatError(f"{path.name} is not a readable zip ({error}): download the release again") from error


def _version(path: Path, readme: bytes | None) -> str:
    first_line = (readme or b"").decode("utf-8-sig", errors="replace").split("\n", 1)[0]
    if match := re.search(r"(\d+\.\d+)", first_line):
        return match.group(1)
    if match := re.search(r"db_(\d+)_(\d+)", path.name):
        return f"{match.group(1)}.{match.group(2)}"
    if "starter" in first_line.lower() or "starter" in path.name.lower():
        return "starter"
    raise ReleaseFormatError(
        f"cannot tell the version of {path.name}: expected '{README}' that begins with 'O*NET 29.1 Database', "
        "or a name such as db_29_1_text"
    )


def read_rows(files: ReleaseFiles, name: str, columns: Sequence[str]) -> FileRows:
    """Read the named columns of one file as text; `n/a` and empty cells are null.

    Other columns are dropped, among them the titles that the Excel distribution repeats.

    Args:
        files: Content of the release.
        name: Official name of the file without suffix.
        columns: Columns to keep, by their official names.

    Returns:
        The rows, all columns String, with the row count of the file.

    Raises:
        ReleaseFormatError: The file is not UTF-8, not a table, lacks a column, or rows were lost in reading.
    """
    label = name + SUFFIXES[files.source_kind]
    if files.source_kind == "text":
        rows, file_row_count = _read_text(files.content[name], label)
    else:
        rows = read_workbook(files.content[name], label)
        file_row_count = rows.height
    missing = [column for column in columns if column not in rows.columns]
    if missing:
        raise ReleaseFormatError(
            f"{label} lacks the column {', '.join(missing)}: found {', '.join(rows.columns)}; "
            "expected the file of an O*NET release"
        )
    if rows.height != file_row_count:
        raise ReleaseFormatError(f"{label} has {file_row_count} rows but {rows.height} were read: the file is damaged")
    kept = rows.select(
        pl.when(pl.col(column).str.strip_chars().is_in(["", NULL_MARK]))
        .then(None)
        .otherwise(pl.col(column))
        .alias(column)
        for column in columns
    )
    return FileRows(name=label, rows=kept, file_row_count=file_row_count)


def _read_text(data: bytes, label: str) -> tuple[pl.DataFrame, int]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReleaseFormatError(f"{label} is not UTF-8 at byte {error.start}: download the release again") from error
    lines = [line for line in text.split("\n") if line.strip("\r")]
    cell_count = lines[0].count("\t") if lines else 0
    if ragged := [number for number, line in enumerate(lines, start=1) if line.count("\t") != cell_count]:
        raise ReleaseFormatError(
            f"{label} has {len(ragged)} rows without {cell_count + 1} cells, the first in line {ragged[0]}: "
            "the file is damaged; download the release again"
        )
    try:
        rows = pl.read_csv("\n".join(lines).encode(), separator="\t", quote_char=None, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise ReleaseFormatError(
            f"{label} is not a tab-separated table: {_first_line(error)}; download the release again"
        ) from error
    rows = rows.rename(lambda column: column.strip("\r")).with_columns(pl.all().str.strip_chars_end("\r"))
    return rows, len(lines) - 1


def read_workbook(data: bytes, label: str, sheet: str | None = None) -> pl.DataFrame:
    """Read one sheet of an Excel workbook as text, the first where no sheet is named.

    Args:
        data: Content of the workbook.
        label: Name for messages.
        sheet: Name of the sheet.

    Returns:
        All rows, every column String.

    Raises:
        ReleaseFormatError: The workbook or the sheet cannot be read.
    """
    try:
        workbook = fastexcel.read_excel(data)
        rows: pl.DataFrame = workbook.load_sheet(0 if sheet is None else sheet, dtypes="string").to_polars()
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise ReleaseFormatError(f"{label} is not a readable Excel workbook: {_first_line(error)}") from error
    return rows


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
