"""The files behind an input path: a file, a folder of files or an export's zip, opened as streams of raw records.

Which files count, how they are opened and how rows are taken from them; nothing here knows what a record means.
"""

import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped, unused-ignore]

from clio_lite.conversation import Rejected
from clio_lite.errors import ConversationFormatError
from clio_lite.readers.json_stream import Cut, Uncut, cut_records

SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz", ".parquet", ".zip")
_EXPORT_FILE: Final = re.compile(r"conversations(-\d+)?\.json")
_ROWS_AT_ONCE: Final = 256
_GZIP_MARK: Final = b"\x1f\x8b"
_PARQUET_MARK: Final = b"PAR1"
_ZIP_MARK: Final = b"PK\x03\x04"

RawRecord = tuple[int, dict[str, object]]


@dataclass(frozen=True)
class Source:
    """One readable file.

    Attributes:
        path: File on disk.
        member: Name inside the zip, or None.
        name: How the quarantine table calls it: the file's name, with the member's for a zip.
    """

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """File name without folders; a zip's member after a colon."""
        return self.path.name if self.member is None else f"{self.path.name}:{self.member}"

    @property
    def is_export_file(self) -> bool:
        """The file is called as the conversations of an account export are."""
        return _EXPORT_FILE.fullmatch(Path(self.member or self.path.name).name) is not None


def find_sources(path: Path) -> list[Source]:
    """List the files to read, sorted by name.

    Of a folder: its files with a known suffix, not those in folders below. Where it holds an unpacked account export
    (`conversations.json`), the export's other `.json` files are passed over. Of a zip: the export's conversations.

    Args:
        path: File or folder.

    Raises:
        ConversationFormatError: Nothing is there, or nothing that can be read.
    """
    if path.is_file():
        return _sources_of_file(path)
    if not path.is_dir():
        raise ConversationFormatError(f"expected a file or a folder of conversations at {path}, found nothing")
    files = sorted(
        file
        for file in path.iterdir()
        if file.is_file() and file.name.lower().endswith(SUFFIXES) and not file.name.startswith(".")
    )
    if any(Source(file).is_export_file for file in files):
        files = [file for file in files if file.suffix != ".json" or Source(file).is_export_file]
    if not files:
        raise ConversationFormatError(
            f"expected files ending in {', '.join(SUFFIXES)} in {path}, found none: "
            "point at a file, or at the folder that directly holds the files"
        )
    return [source for file in files for source in _sources_of_file(file)]


def siblings(source: Source) -> list[Source]:
    """List the files that make up the same account export as this one, itself included."""
    if not source.is_export_file:
        return [source]
    if source.member is not None:
        return _sources_of_file(source.path)
    files = (Source(file) for file in sorted(source.path.parent.glob("conversations*.json")))
    return [file for file in files if file.is_export_file]


def read_sibling(source: Source, name: str, *, max_bytes: int) -> bytes | None:
    """Read a small file that lies beside an export's conversations, or None where there is none.

    Args:
        source: File of the export.
        name: Name of the other file.
        max_bytes: Most bytes to read.
    """
    if not source.is_export_file:
        return None
    if source.member is None:
        file = source.path.with_name(name)
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            return stream.read(max_bytes)
    with zipfile.ZipFile(source.path) as archive:
        member = str(Path(source.member).with_name(name))
        if member not in archive.namelist():
            return None
        with archive.open(member) as inner:
            return inner.read(max_bytes)


def raw_records(source: Source, *, fields: frozenset[str] | None) -> Iterator[RawRecord | Rejected]:
    """Yield the number and object of each record of a file, or why it is none.

    Args:
        source: File to read.
        fields: Columns worth reading from a Parquet file; None for all.

    Raises:
        ConversationFormatError: A Parquet file that cannot be read.
    """
    if _first_bytes(source.path).startswith(_PARQUET_MARK):
        yield from _parquet_records(source, fields)
        return
    for number, cut in cut_source(source):
        yield _parse(source, number, cut)


def cut_source(source: Source) -> Iterator[tuple[int, Cut]]:
    """Yield the number and bytes of each record of a JSON file, packed or not.

    A packed file that is damaged ends with one `Uncut` there.

    Args:
        source: File to read.
    """
    number = -1
    with ExitStack() as stack:
        stream = _open(source, stack)
        try:
            for number, cut in cut_records(stream):
                yield number, cut
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile):
            yield number + 1, Uncut("not_json", "the packed file is damaged from here on")


def _open(source: Source, stack: ExitStack) -> IO[bytes]:
    if source.member is not None:
        archive = stack.enter_context(zipfile.ZipFile(source.path))
        return stack.enter_context(archive.open(source.member))
    if _first_bytes(source.path).startswith(_GZIP_MARK):
        return cast("IO[bytes]", stack.enter_context(gzip.open(source.path, "rb")))
    return stack.enter_context(source.path.open("rb"))


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4)


def _sources_of_file(path: Path) -> list[Source]:
    if not _first_bytes(path).startswith(_ZIP_MARK):
        return [Source(path)]
    try:
        with zipfile.ZipFile(path) as archive:
            sources = [Source(path, info.filename) for info in archive.infolist() if not info.flag_bits & 1]
    except zipfile.BadZipFile as error:
        raise ConversationFormatError(f"{path.name} is a damaged zip: download the export again") from error
    sources = [source for source in sources if source.is_export_file]
    if not sources:
        raise ConversationFormatError(
            f"expected an account export with conversations.json in {path.name}, found none that can be opened: "
            "unpack the zip and point at the file of conversations"
        )
    return sorted(sources, key=lambda source: source.name)


def _parse(source: Source, number: int, cut: Cut) -> RawRecord | Rejected:
    if isinstance(cut, Uncut):
        return Rejected(source.name, number, None, cut.reason, cut.detail)
    try:
        value = json.loads(cut.decode())
    except UnicodeDecodeError as error:
        return Rejected(source.name, number, None, "not_utf8", f"byte {error.start} of the record is not UTF-8")
    except (ValueError, RecursionError):
        return Rejected(source.name, number, None, "not_json", f"expected a JSON object, found {len(cut)} other bytes")
    if not isinstance(value, dict):
        return Rejected(source.name, number, None, "not_an_object", "expected a JSON object, found another value")
    return number, value


def _parquet_records(source: Source, fields: frozenset[str] | None) -> Iterator[RawRecord | Rejected]:
    number = 0
    try:
        with pq.ParquetFile(source.path) as file:
            names = [name for name in file.schema_arrow.names if fields is None or name in fields]
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=names):
                rows = _in_microseconds(batch)
                for row in range(rows.num_rows):
                    yield _parquet_record(source, number, rows.slice(row, 1))
                    number += 1
    except (pa.ArrowException, OSError) as error:
        raise ConversationFormatError(
            f"{source.name} is no readable Parquet file after row {number}: write or download it again"
        ) from error


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cut dates to microseconds; Python's datetime holds no finer ones."""
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields), safe=False)


def _parquet_record(source: Source, number: int, row: pa.RecordBatch) -> RawRecord | Rejected:
    try:
        return number, row.to_pylist()[0]
    except UnicodeDecodeError:
        return Rejected(source.name, number, None, "not_utf8", "a text of the row is not UTF-8")
    except (ValueError, OverflowError):
        return Rejected(source.name, number, None, "bad_date", "a date of the row lies outside the years 1 to 9999")
